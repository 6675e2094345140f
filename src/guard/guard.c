/* The guards of a run: which of them refuses an action, by what its server, tool and arguments are. */
#include <stdlib.h>
#include <string.h>

#include "guard/inner.h"

static const struct {
	const char *word, *why;
} guards[GUARDS] = {
#define GUARD(id, word, why) [GUARD_##id] = { word, why },
#include "guard/guards.def"
#undef GUARD
};

const char *guard_word(enum guard g)
{
	must(g < GUARDS);
	return guards[g].word;
}

const char *guard_why(enum guard g)
{
	must(g < GUARDS);
	return guards[g].why;
}

int guards_new(struct guards **out, struct err *e)
{
	struct guards *g = calloc(1, sizeof(*g));

	if (!g)
		return err_sys(e, "memory for the guards");
	if (lexicon_fill(g, e) < 0) {
		guards_free(g);
		return -1;
	}
	*out = g;
	return 0;
}

void guards_free(struct guards *g)
{
	if (!g)
		return;
	while (g->kept_count > 0)
		free(g->kept[--g->kept_count].path);
	free(g->kept);
	free(g->entries);
	free(g);
}

int guards_keep(struct guards *g, const char *path, bool secret, struct err *e)
{
	struct kept *more = realloc(g->kept, (g->kept_count + 1) * sizeof(*more));

	if (!more)
		return err_sys(e, "memory for the guards");
	g->kept = more;
	g->kept[g->kept_count] = (struct kept){ strdup(path), secret };
	if (!g->kept[g->kept_count].path)
		return err_sys(e, "memory for the guards");
	g->kept_count++;
	return 0;
}

bool tell(struct told *t, enum guard g)
{
	if (!t->found)
		*t->which = g;
	t->found = true;
	return true;
}

static unsigned mean(const struct told *t, const char *text, bool last_only)
{
	struct words w;

	words_of(&w, text ? text : "", text ? strnlen(text, SHORT) : 0);
	return last_only && w.count > 0 ? words_span(t->g, &w, w.count - 1, w.count)
					: words_mean(t->g, &w);
}

/* What is done is known only when all was looked through: if that is more than reading, it is looked through as that. */
static void walk_all(struct told *t)
{
	bool read = t->reads;

	walk(t, t->a->args, 0, 0);
	t->values = 0;
	if (read && !t->reads && !t->found)
		walk(t, t->a->args, 0, 0);
}

bool guards_pass(const struct guards *g, const struct action *a, bool executes, enum guard *which)
{
	struct told t = { .g = g, .a = a, .executes = executes, .which = which };

	t.name = mean(&t, a->tool, false) | mean(&t, a->category, false);
	/* A name may call it reading and another change: then it is not reading. */
	t.reads = ((t.name | mean(&t, a->category, true)) & READS) && !(t.name & CHANGES);
	if (a->kind != ACTION_TOOL_CALL)
		t.reads = true;
	if (a->kind != ACTION_TOOL_CALL && a->tool)
		own_in_text(&t, a->tool, strlen(a->tool));
	walk_all(&t);
	if (!t.reads && (t.name & GRANT_ITSELF))
		tell(&t, GUARD_ADMIN_ROLE);
	if (!t.reads && ((t.name & FACTOR) || ((t.said & FACTOR) && ((t.name | t.said) & WEAKENS))))
		tell(&t, GUARD_SECOND_FACTOR);
	return !t.found;
}

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

/* "operation": "reset" beside "target": "mfa", "method": "DELETE" beside a URL: said wherever it stands on top. */
static unsigned said(const struct told *t)
{
	const char *name, *text;
	unsigned all = 0;
	json_t *value;

	json_object_foreach(t->a->args, name, value) {
		text = json_string_value(value);
		if (text && strlen(text) <= WORD_SIZE && (mean(t, name, false) & CHOOSES))
			all |= mean(t, text, false);
	}
	return all;
}

bool guards_pass(const struct guards *g, const struct action *a, bool executes, enum guard *which)
{
	struct told t = { .g = g, .a = a, .executes = executes, .which = which };

	t.name = mean(&t, a->tool, false) | mean(&t, a->category, false);
	t.said = said(&t);
	/* A name may call it reading and another change: then it is not reading. */
	t.reads = ((t.name | mean(&t, a->category, true)) & READS) && !((t.name | t.said) & CHANGES);
	if (a->kind != ACTION_TOOL_CALL)
		t.reads = true;
	if (!t.reads && ((t.name & GRANT_ITSELF) || ((t.name | t.said) & FACTOR)))
		tell(&t, t.name & GRANT_ITSELF ? GUARD_ADMIN_ROLE : GUARD_SECOND_FACTOR);
	if (!t.found && a->kind != ACTION_TOOL_CALL && a->tool)
		own_in_text(&t, a->tool, strlen(a->tool));
	walk(&t, a->args, 0, 0);
	return !t.found;
}

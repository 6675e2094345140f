/* A pack is JSON, since people write it: every question in it is read when it is, so that a typo shows nothing silently. */
#include "audit/controls.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct json_member members[] = {
	{ "reeve", JSON_STRING, JSON_MUST }, { "pack", JSON_STRING, JSON_MUST },  { "name", JSON_STRING, JSON_MUST },
	{ "about", JSON_STRING, JSON_MAY },  { "items", JSON_ARRAY, JSON_MUST }, { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member item_members[] = {
	{ "id", JSON_STRING, JSON_MUST },
	{ "about", JSON_STRING, JSON_MUST },
	{ "shows", JSON_ARRAY, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member shows_members[] = {
	{ "about", JSON_STRING, JSON_MUST },
	{ "expect", JSON_STRING, JSON_MUST },
	{ "where", JSON_ARRAY, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const char *const words[] = { [EXPECT_ANY] = "any", [EXPECT_SOME] = "some", [EXPECT_NONE] = "none" };

const char *expect_word(enum expect x)
{
	return words[x];
}

/* PREFIX/libexec/reeve/reeve-audit has its packs in PREFIX/share/reeve/controls. */
int packs_folder(char out[PACK_PATH], const char *given, struct err *e)
{
	char program[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
	int levels;

	if (given) {
		if (snprintf(out, PACK_PATH, "%s", given) >= PACK_PATH)
			return err_set(e, ERR_INPUT, "--packs: name too long");
		return 0;
	}
	program[size > 0 ? size : 0] = '\0';
	for (levels = 0; levels < 3 && strrchr(program, '/'); levels++)
		*strrchr(program, '/') = '\0';
	if (snprintf(out, PACK_PATH, "%s/share/reeve/controls", program) >= PACK_PATH || access(out, R_OK | X_OK) < 0)
		return err_set(e, ERR_INPUT, "no packs are installed beside this program: give --packs DIR");
	return 0;
}

static int read_shows(struct shows *s, const struct pack *p, const json_t *from, const char *at, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	const char *text, *expect = json_text(from, "expect");
	size_t i, word;

	if (json_members(&p->file, at, shows_members, e) < 0)
		return -1;
	*s = (struct shows){ .about = json_text(from, "about"), .where = json_object_get(from, "where") };
	for (word = 0; word < count_of(words) && strcmp(words[word], expect) != 0; word++)
		;
	if (word == count_of(words))
		return json_wrong(&p->file, at, false, e, "\"expect\": expected some, none or any, not \"%.40s\"", expect);
	s->expect = (enum expect)word;
	if (json_array_size(s->where) == 0)
		return json_wrong(&p->file, at, false, e, "\"where\": expected at least one text such as \"verdict=refuse\"");
	json_array_foreach(s->where, i, from) {
		text = json_string_value(from);
		if (!text || question_where(&s->question, text, &why) < 0)
			return json_wrong(&p->file, at, false, e, "%s", text ? why.text : "\"where\": expected texts");
	}
	return 0;
}

int pack_item(struct item *out, const struct pack *p, size_t at, struct err *e)
{
	const json_t *from = json_array_get(p->items, at), *shows = json_object_get(from, "shows"), *one;
	char pointer[64];
	size_t i;

	snprintf(pointer, sizeof(pointer), "/items/%zu", at);
	if (json_members(&p->file, pointer, item_members, e) < 0)
		return -1;
	*out = (struct item){ .pack = json_text(p->file.root, "pack"), .id = json_text(from, "id"), .about = json_text(from, "about") };
	if (json_array_size(shows) == 0 || json_array_size(shows) > ITEM_SHOWS)
		return json_wrong(&p->file, pointer, false, e, "\"shows\": expected 1 to %d questions", ITEM_SHOWS);
	json_array_foreach(shows, i, one) {
		snprintf(pointer, sizeof(pointer), "/items/%zu/shows/%zu", at, i);
		if (read_shows(&out->shows[i], p, one, pointer, e) < 0)
			return -1;
		out->count++;
	}
	return 0;
}

static int check(const struct pack *p, const char *name, struct err *e)
{
	struct item item;
	size_t i;

	if (json_members(&p->file, "", members, e) < 0)
		return -1;
	if (strcmp(json_text(p->file.root, "reeve"), "controls/1") != 0)
		return json_wrong(&p->file, "/reeve", false, e, "expected \"controls/1\"");
	if (strcmp(json_text(p->file.root, "pack"), name) != 0)
		return json_wrong(&p->file, "/pack", false, e, "expected \"%s\", as the file is called", name);
	for (i = 0; i < pack_count(p); i++)
		if (pack_item(&item, p, i, e) < 0)
			return -1;
	return 0;
}

int pack_load(struct pack *out, const char *folder, const char *name, struct err *e)
{
	*out = (struct pack){ .items = NULL };
	if (!*name || strchr(name, '/') || snprintf(out->path, sizeof(out->path), "%s/%s.json", folder, name) >= PACK_PATH)
		return err_set(e, ERR_INPUT, "\"%.80s\" is no name of a pack; reeve audit controls lists them", name);
	if (access(out->path, F_OK) < 0)
		return err_set(e, ERR_INPUT, "there is no pack %.80s in %.200s; reeve audit controls lists them", name, folder);
	if (json_file_load(&out->file, out->path, PACK_MOST, e) < 0)
		return -1;
	out->items = json_object_get(out->file.root, "items");
	return check(out, name, e);
}

void pack_free(struct pack *p)
{
	json_file_free(&p->file);
}

size_t pack_count(const struct pack *p)
{
	return json_array_size(p->items);
}

int pack_find(size_t *at, const struct pack *p, const char *id, struct err *e)
{
	for (*at = 0; *at < pack_count(p); *at += 1)
		if (strcmp(json_text(json_array_get(p->items, *at), "id"), id) == 0)
			return 0;
	return err_set(e, ERR_INPUT, "pack %s has no item \"%.80s\"; reeve audit controls --control %s lists them",
		       json_text(p->file.root, "pack"), id, json_text(p->file.root, "pack"));
}

int item_between(struct item *i, const struct options *o, struct err *e)
{
	const struct options times = { .from = o->from, .to = o->to };
	struct question q;
	size_t at;

	if (question_read(&q, &times, e) < 0)
		return -1;
	for (at = 0; at < i->count; at++) {
		memcpy(i->shows[at].question.from, q.from, sizeof(q.from));
		memcpy(i->shows[at].question.to, q.to, sizeof(q.to));
	}
	return 0;
}

struct asking {
	struct shows *shows;
	int (*hit)(void *to, const struct joined *j, struct err *e);
	void *to;
};

static int found(void *to, const struct joined *j, struct err *e)
{
	struct asking *a = to;

	a->shows->found++;
	return a->hit ? a->hit(a->to, j, e) : 0;
}

int item_ask(struct item *i, struct asked_ledger *a, int (*hit)(void *to, const struct joined *j, struct err *e), void *to,
	     struct err *e)
{
	size_t at;

	for (at = 0; at < i->count; at++) {
		struct asking asking = { &i->shows[at], hit, to };

		if (asked_each(a, &i->shows[at].question, found, &asking, e) < 0)
			return -1;
	}
	return 0;
}

bool shows_met(const struct shows *s)
{
	return s->expect == EXPECT_ANY || (s->found > 0) == (s->expect == EXPECT_SOME);
}

bool item_met(const struct item *i)
{
	size_t at;

	for (at = 0; at < i->count && shows_met(&i->shows[at]); at++)
		;
	return at == i->count;
}

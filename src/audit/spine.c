/*
 * The spine knows every ledger by its origin and key, and how far it came. So a ledger that is gone, shorter, other, or under
 * another key shows; each is proved as verify does, under the key that the spine has, and held against all that it has seen.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/sightings.h"
#include "base/fd.h"
#include "base/text.h"

enum { ORIGINS = 4096, PATH = 4096 };

struct origin {
	struct seal_verifier key;
	struct sightings seen;
	uint64_t other_key;	/* the record of the spine that names another one; 0: none does */
	char path[PATH];	/* of the ledger; empty: there is none */
};

struct spine {
	struct origin **all;	/* owned, densely */
	size_t count;
	const char *own;	/* origin of the spine itself */
};

static void spine_free(struct spine *s)
{
	for (; s->count > 0; s->count--) {
		sightings_free(&s->all[s->count - 1]->seen);
		free(s->all[s->count - 1]);
	}
	free(s->all);
}

static struct origin *origin_of(const struct spine *s, const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (strlen(s->all[i]->key.name) == size && memcmp(s->all[i]->key.name, name, size) == 0)
			return s->all[i];
	return NULL;
}

static struct origin *origin_new(struct spine *s, const struct seal_verifier *key, struct err *e)
{
	struct origin *o = s->count < ORIGINS ? calloc(1, sizeof(*o)) : NULL;

	if (!s->all)
		s->all = calloc(ORIGINS, sizeof(struct origin *));
	if (!o || !s->all) {
		free(o);
		err_set(e, ERR_LIMIT, "more than %d ledgers in a spine, or no memory", ORIGINS);
		return NULL;
	}
	o->key = *key;
	o->seen.unit = "record";
	s->all[s->count++] = o;
	return o;
}

static int take_anchor(struct spine *s, const struct record *r, struct err *e)
{
	const struct field_value *of = &r->value[FIELD_OF], *key = &r->value[FIELD_KEY], *root = &r->value[FIELD_ROOT];
	uint64_t n = r->value[FIELD_N].number;
	struct checkpoint at = { .size = r->value[FIELD_UPTO].number };
	struct seal_verifier v;
	struct origin *o;

	if (r->kind != RECORD_ANCHOR || !of->set)
		return 0;
	if (!key->set || !root->set || seal_verifier_read(&v, key->text, key->size, e) < 0 || strlen(v.name) != of->size ||
	    memcmp(v.name, of->text, of->size) != 0 || !seal_hash_read(at.root, root->text, root->size))
		return err_set(e, ERR_INPUT, "record %" PRIu64 ": not a ledger as a spine knows one", n);
	o = origin_of(s, of->text, of->size);
	if (!o)
		o = origin_new(s, &v, e);
	if (!o)
		return -1;
	if (memcmp(o->key.key, v.key, sizeof(v.key)) != 0) {
		o->other_key = o->other_key ? o->other_key : n;	/* the first one stands: it came before its first run */
		return 0;
	}
	return sightings_add(&o->seen, &at, n, NULL, 0, e);
}

static int take_frame(void *spine, const struct frame *f, struct err *e)
{
	char room[RECORD_MOST];
	struct record r;

	if (f->kind != RECORD_ANCHOR)
		return 0;
	return entry_read(&r, room, f->body, f->size, e) < 0 ? -1 : take_anchor(spine, &r, e);
}

static int read_spine(struct spine *s, const char *path, uint64_t records, struct err *e)
{
	scoped(journal) struct journal *j = NULL;
	size_t i;

	if (journal_open(&j, path, e) < 0 || each_frame(j, records, take_frame, s, e) < 0)
		return -1;
	for (i = 0; i < s->count; i++) {
		s->all[i]->seen.from = "the spine";
		sightings_sort(&s->all[i]->seen);
	}
	return 0;
}

/* Whose ledger lies there, by its first record; nothing of that is believed, only looked for. */
static bool origin_in(char out[SEAL_NAME], const char *path)
{
	struct err ignored = { .kind = ERR_NONE };
	scoped(journal) struct journal *j = NULL;
	char room[RECORD_MOST];
	enum frame_got got;
	struct record r;
	struct frame f;

	if (journal_open(&j, path, &ignored) < 0 || journal_frame(j, &f, &got, JOURNAL_MAGIC, &ignored) < 0 || got != FRAME_WHOLE ||
	    entry_read(&r, room, f.body, f.size, &ignored) < 0 || !r.value[FIELD_LEDGER].set || r.value[FIELD_LEDGER].size >= SEAL_NAME)
		return false;
	memcpy(out, r.value[FIELD_LEDGER].text, r.value[FIELD_LEDGER].size);
	out[r.value[FIELD_LEDGER].size] = '\0';
	return true;
}

static void tell(const char *origin, const char *word, const char *text)
{
	scoped(buf) struct buf out = BUF(8192);

	text_visible(&out, origin, strlen(origin));
	buf_printf(&out, "  %s  ", word);
	text_visible(&out, text, strlen(text));
	buf_puts(&out, "\n");
	fwrite(out.data, 1, out.size, stdout);
}

/* In a folder of its own, or beside its keys, as a service has it. */
static bool find_ledger(char path[PATH], char origin[SEAL_NAME], const char *folder, const char *name)
{
	return (snprintf(path, PATH, "%s/%s", folder, name) < PATH && origin_in(origin, path)) ||
	       (snprintf(path, PATH, "%s/%s/ledger", folder, name) < PATH && origin_in(origin, path));
}

/* Each folder of these that holds a ledger, to its origin; of one that is not in the spine that is said. */
static int find_ledgers(struct spine *s, const char *folder, struct err *e)
{
	char path[PATH], origin[SEAL_NAME];
	const struct dirent *one;
	struct origin *o;
	DIR *all = opendir(folder);

	if (!all)
		return err_sys(e, "%s", folder);
	while ((one = readdir(all))) {
		if (one->d_name[0] == '.' || !find_ledger(path, origin, folder, one->d_name) || strcmp(origin, s->own) == 0)
			continue;
		o = origin_of(s, origin, strlen(origin));
		if (!o)
			tell(origin, "unknown", "the spine has never heard of it");
		else if (!o->path[0])
			memcpy(o->path, path, sizeof(path));
	}
	closedir(all);
	return 0;
}

/* 0, or what verify would exit with for the worst of it. */
static int judge(struct origin *o, struct err *e)
{
	struct known_head known = { .sightings = &o->seen };
	const struct seen *last = &o->seen.all[o->seen.count - 1];
	struct findings f;
	char text[320];

	if (!o->path[0]) {
		snprintf(text, sizeof(text), "vanished: it had %" PRIu64 " records, by record %" PRIu64 " of the spine", last->at.size, last->where);
		tell(o->key.name, "FAILED", text);
		return EXIT_INCOMPLETE;
	}
	if (verify_ledger(&f, o->path, &o->key, &known, e) < 0)
		return -1;
	if (f.signatures.bad && (f.checkpoints == 0 || !f.integrity.bad))
		snprintf(text, sizeof(text), "not under the key that the spine has: %s", f.signatures.text);
	else
		snprintf(text, sizeof(text), "%s", f.integrity.bad ? f.integrity.text : f.completeness.text);
	if (o->other_key && !f.signatures.bad && !f.integrity.bad && !f.completeness.bad)
		snprintf(text, sizeof(text), "whole; but record %" PRIu64 " of the spine has another key for it", o->other_key);
	tell(o->key.name, f.integrity.bad || f.signatures.bad || f.completeness.bad ? "FAILED" : "ok", text);
	return f.integrity.bad ? EXIT_INTEGRITY : f.signatures.bad ? EXIT_SIGNATURE : f.completeness.bad ? EXIT_INCOMPLETE : 0;
}

static int judge_all(struct spine *s, struct err *e)
{
	int worst = 0, one;
	size_t i;

	for (i = 0; i < s->count; i++) {
		one = judge(s->all[i], e);
		if (one < 0)
			return -1;
		worst = one && (!worst || one < worst) ? one : worst;
	}
	return worst;
}

static int look(struct spine *s, const char *path, const char *folder, uint64_t records, struct err *e)
{
	if (read_spine(s, path, records, e) < 0 || find_ledgers(s, folder, e) < 0)
		return -1;
	if (s->count == 0)
		return err_set(e, ERR_INPUT, "%s knows of no other ledger: it is no spine", path);
	return judge_all(s, e);
}

int cmd_spine(const char *ledger, const struct options *o, struct err *e)
{
	struct known_head known = { .given = false };
	struct spine s = { .count = 0 };
	struct seal_verifier v;
	struct findings f;
	char folder[PATH];
	int done;

	if (!o->key) {
		err_set(e, ERR_INPUT, "spine needs --key: that of the spine, which alone says which keys the ledgers have");
		return EXIT_USAGE;
	}
	if (key_read(&v, o->key, e) < 0 || verify_ledger(&f, ledger, &v, &known, e) < 0)
		return -1;
	if (f.integrity.bad || f.signatures.bad || f.completeness.bad) {
		verify_tell(&f, o);
		return verify_exit(&f);
	}
	snprintf(folder, sizeof(folder), "%.4000s/..", ledger);
	s.own = f.origin;
	done = look(&s, ledger, o->second ? o->second : folder, f.records, e);
	spine_free(&s);
	return done;
}

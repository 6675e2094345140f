/*
 * What a witness has cosigned it has seen to go on from all it saw before. So who has cosigned so many records vouches for
 * every shorter beginning too, and a quorum reaches as far as enough of its members do: no checkpoint need have them all.
 */
#include "audit/witnesses.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct passed {
	uint64_t size;
	uint8_t root[SEAL_HASH];
};

struct witnesses {
	const struct known_head *known;
	const char *origin;
	struct passed *passed;		/* every checkpoint's tree: an anchor may be about any of them */
	size_t count, room;
	uint64_t reach[TRUST_NAMES];
	size_t used, strangers;		/* cosignatures of anchors */
	bool bad;
	char why[160];			/* of the first bad one */
};

void witnesses_free(struct witnesses *w)
{
	if (w)
		free(w->passed);
	free(w);
}

int witnesses_begin(struct witnesses **out, const struct known_head *known, const char *origin, struct err *e)
{
	struct witnesses *w = NULL;

	if (known->trust) {
		w = calloc(1, sizeof(*w));
		if (!w)
			return err_sys(e, "memory for witnesses");
		w->known = known;
		w->origin = origin;
	}
	*out = w;
	return 0;
}

int witnesses_pass(struct witnesses *w, const struct tree *t, struct err *e)
{
	struct passed *more;

	if (!w)
		return 0;
	if (w->count == w->room) {
		more = realloc(w->passed, (w->room ? 2 * w->room : 64) * sizeof(*more));
		if (!more)
			return err_sys(e, "memory for checkpoints");
		w->passed = more;
		w->room = w->room ? 2 * w->room : 64;
	}
	w->passed[w->count].size = t->size;
	tree_root(w->passed[w->count++].root, t);
	return 0;
}

static void complain(struct witnesses *w, const char *what, const char *name, uint64_t index)
{
	if (!w->bad)
		snprintf(w->why, sizeof(w->why), "record %" PRIu64 ": %s %.80s", index, what, name);
	w->bad = true;
}

static int by_size(const void *key, const void *of)
{
	const uint64_t *size = key;
	const struct passed *p = of;

	return *size < p->size ? -1 : *size > p->size ? 1 : 0;
}

/* A good cosignature, of a tree that this ledger does not have, shows two histories. */
static bool is_ours(const struct witnesses *w, uint64_t size, const char *root, size_t root_size)
{
	const struct passed *p = w->count ? bsearch(&size, w->passed, w->count, sizeof(*p), by_size) : NULL;
	char ours[SEAL_HASH_BASE64];

	if (!p)
		return false;
	seal_base64(ours, p->root);
	return strlen(ours) == root_size && memcmp(ours, root, root_size) == 0;
}

static void take_line(struct witnesses *w, const struct record *r, uint64_t index, const char *line, size_t size)
{
	const struct field_value *root = &r->value[FIELD_ROOT];
	const struct trust *t = w->known->trust;
	uint64_t upto = r->value[FIELD_UPTO].number, time;
	char text[SEAL_NAME + 128];
	enum seal_signed by = SEAL_UNSIGNED;
	size_t i;
	int text_size = snprintf(text, sizeof(text), "%s\n%" PRIu64 "\n%.*s\n", w->origin, upto, (int)root->size, root->text);

	for (i = 0; i < t->name_count && by == SEAL_UNSIGNED; i++)
		if (trust_is_witness(&t->names[i]))
			by = seal_cosigned(&time, &t->names[i].key, line, size, text, (size_t)text_size);
	if (by == SEAL_UNSIGNED) {
		w->strangers++;
		return;
	}
	i--;
	w->used++;
	if (by == SEAL_FORGED)
		complain(w, "a cosignature that is not of", t->names[i].name, index);
	else if (!is_ours(w, upto, root->text, root->size))
		complain(w, "another history than this was cosigned by", t->names[i].name, index);
	else if (upto > w->reach[i])
		w->reach[i] = upto;
}

void witnesses_take(struct witnesses *w, const struct record *r, uint64_t index)
{
	const struct field_value *lines = &r->value[FIELD_COSIGNATURE];
	const char *at = lines->text, *end;
	size_t left = lines->size, size;

	if (!w || r->kind != RECORD_ANCHOR || !lines->set || r->value[FIELD_OF].set || !r->value[FIELD_UPTO].set ||
	    !r->value[FIELD_ROOT].set || r->value[FIELD_ROOT].size >= SEAL_HASH_BASE64)
		return;
	for (; left > 0; at += size, left -= size) {
		end = memchr(at, '\n', left);
		size = end ? (size_t)(end - at) : left;
		take_line(w, r, index, at, size);
		size += end != NULL;
	}
}

int cosigned_read(struct cosigned *by, struct buf *out, const struct trust *t, const char *origin, const char *note, size_t size,
		  struct err *e)
{
	size_t i, at = 0, line_size, name = strlen(origin), mark = 4;	/* em dash and blank */
	const char *line;
	struct seal_note n;
	uint64_t time;

	memset(by, 0, sizeof(*by));
	if (seal_note_split(&n, note, size, SEAL_COSIGNED_MOST, e) < 0)
		return -1;
	for (i = 0; t && i < t->name_count; i++)
		if (trust_is_witness(&t->names[i]))
			by->by[i] = seal_note_cosigned(&time, &n, &t->names[i].key);
	buf_add(out, n.text, n.size);
	buf_puts(out, "\n");
	while (seal_note_line(&line, &line_size, &n, &at))
		if (line_size > mark + name && memcmp(line + mark, origin, name) == 0 && line[mark + name] == ' ')
			buf_add(out, line, line_size + 1);
	return out->over ? err_set(e, ERR_LIMIT, "too many signatures of the log itself") : 0;
}

/* Whoever cosigned the head from elsewhere has seen that much, if it is our history. */
static void take_given(struct witnesses *w, uint64_t records, const uint8_t known_root[SEAL_HASH])
{
	const struct known_head *k = w->known;
	const struct trust *t = k->trust;
	size_t i;

	for (i = 0; k->cosigned && i < t->name_count; i++) {
		if (k->cosigned->by[i] == SEAL_FORGED && !w->bad) {
			snprintf(w->why, sizeof(w->why), "the given checkpoint: a cosignature that is not of %.80s", t->names[i].name);
			w->bad = true;
		}
		if (k->cosigned->by[i] == SEAL_SIGNED && k->size > w->reach[i] && k->size <= records &&
		    memcmp(k->root, known_root, SEAL_HASH) == 0)
			w->reach[i] = k->size;
	}
}

void witnesses_judge(struct finding *out, struct witnesses *w, uint64_t records, const uint8_t known_root[SEAL_HASH])
{
	const struct trust *t = w->known->trust;
	const char *quorum;
	uint64_t upto;

	take_given(w, records, known_root);
	upto = trust_reach(t, w->reach);
	quorum = t->quorum < TRUST_NAMES ? t->names[t->quorum].name : "none";
	out->bad = w->bad || (t->quorum < TRUST_NAMES && upto == 0);
	if (w->bad)
		finding_say(out, "%s", w->why);
	else if (t->quorum == TRUST_NAMES)
		finding_say(out, "the trust file asks for none");
	else if (upto == 0)
		finding_say(out, "no record is witnessed by the quorum %.60s: %zu cosignatures by its witnesses, %zu by others", quorum, w->used,
		    w->strangers);
	else if (upto == records)
		finding_say(out, "all %" PRIu64 " records, by the quorum %.60s", records, quorum);
	else
		finding_say(out, "the first %" PRIu64 " records, by the quorum %.60s; %" PRIu64 " since then are unwitnessed", upto, quorum,
		    records - upto);
}

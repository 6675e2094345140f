/*
 * add-checkpoint, in the order of C2SP tlog-witness. One thread serves one request after the other, from the look at the
 * state to its being on disk; so of two that come at once the second finds what the first has left.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "witness/witness.h"

void answer_say(struct answer *a, unsigned status, const char *fmt, ...)
{
	size_t size;
	va_list ap;

	a->status = status;
	a->type = "text/plain; charset=utf-8";
	va_start(ap, fmt);
	vsnprintf(a->text, sizeof(a->text) - 1, fmt, ap);
	va_end(ap);
	size = strlen(a->text);
	memcpy(a->text + size, "\n", 2);
}

struct origin *judge_origin(struct witness *w, struct answer *a, const struct request *r)
{
	struct origin *o = origin_find(w, r->origin, r->origin_size);

	if (!o) {
		answer_say(a, 404, "this witness does not know that log");
	} else if (!o->served) {
		answer_say(a, 500, "what was cosigned of that log is not known for certain: its operator must look");
		o = NULL;
	}
	return o;
}

/* Its size, so that who asked knows where to go on; where it has another root, that it has forked. */
static void conflict(struct answer *a, const struct origin *o)
{
	answer_say(a, 409, "%" PRIu64, o->state.size);
	a->type = "text/x.tlog.size";
}

bool judge_growth(struct answer *a, const struct origin *o, const struct request *r)
{
	const struct state *s = &o->state;
	uint8_t hashes[WITNESS_HASHES][SEAL_HASH];

	if (r->old > r->size) {
		answer_say(a, 400, "it is said to have grown from %" PRIu64 " to %" PRIu64 " records", r->old, r->size);
	} else if (r->old != s->size) {
		conflict(a, o);
	} else if (r->old == r->size && memcmp(r->root, s->root, SEAL_HASH) != 0) {
		log_say("%s has forked: it signed two trees of %" PRIu64 " records", o->name, r->size);
		conflict(a, o);
	} else {
		memcpy(hashes, r->hashes, sizeof(hashes));
		if (tree_grew(s->size, s->root, r->size, r->root, hashes, r->count))
			return true;
		log_say("%s signed a tree of %" PRIu64 " records that is not shown to go on from the %" PRIu64 " known", o->name,
			r->size, s->size);
		answer_say(a, 422, "the hashes do not show that these %" PRIu64 " records begin with the %" PRIu64 " known", r->size,
			   s->size);
	}
	return false;
}

void judge_cosign(struct witness *w, struct answer *a, struct origin *o, const struct request *r, const struct state *next)
{
	scoped(buf) struct buf line = BUF(sizeof(a->text) - 1);
	bool same = next->size == o->state.size && next->epoch == o->state.epoch;
	struct err e;

	if (!same && state_write(o, w->folder, next, &e) < 0) {
		log_say("%s: %s", o->name, e.text);
		answer_say(a, 500, "that could not be written down, so it is not cosigned");
	} else if (!seal_cosign(&line, w->key, clock_wall_us() / 1000000, r->note.text, r->note.size)) {
		answer_say(a, 500, "no memory");
	} else {
		a->status = 200;
		a->type = "text/plain; charset=utf-8";
		memcpy(a->text, line.data, line.size);
		a->text[line.size] = '\0';
	}
}

enum seal_signed signed_by_root(const struct witness *w, const struct origin *o, const struct seal_note *n)
{
	enum seal_signed all = SEAL_UNSIGNED, one;
	size_t i;

	for (i = 0; i < w->logs->log_count; i++) {
		one = strcmp(w->logs->logs[i].name, o->name) == 0 ? seal_note_signed(n, &w->logs->logs[i]) : SEAL_UNSIGNED;
		all = one > all ? one : all;
	}
	return all;
}

enum seal_signed signed_in_force(const struct witness *w, const struct origin *o, const struct seal_note *n)
{
	return o->state.epoch > 0 ? seal_note_signed(n, &o->state.key) : signed_by_root(w, o, n);
}

void judge_checkpoint(struct witness *w, struct answer *a, const char *body, size_t size)
{
	struct request r = { .old = 0 };
	const char *note = NULL;
	struct origin *o;
	struct state next;
	struct err e;

	if (request_head(&r, &note, body, size, &e) < 0 ||
	    request_checkpoint(&r, note, (size_t)(body + size - note), &e) < 0) {
		answer_say(a, 400, "%s", e.text);
		return;
	}
	o = judge_origin(w, a, &r);
	if (!o)
		return;
	if (signed_in_force(w, o, &r.note) != SEAL_SIGNED) {
		answer_say(a, 403, "not signed by the key of that log that is in force here, that of epoch %" PRIu64, o->state.epoch);
		return;
	}
	if (!judge_growth(a, o, &r))
		return;
	next = o->state;
	next.size = r.size;
	memcpy(next.root, r.root, SEAL_HASH);
	judge_cosign(w, a, o, &r, &next);
}

/*
 * DESTROY: keys of payloads, and holds that keep them. A destruction is on disk as a record before it begins and after
 * it is over, with nothing between the two. A hold is in force before it is recorded, and over after that is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder/recorder.h"

enum { LINES = 60000 };

/* What was asked for. */
struct asked {
	struct recorder *r;
	struct client *c;
	uint64_t tag;
	bool dry;
	enum vault_class class;	/* VAULT_CLASSES: every one */
	unsigned first, last;
	uint64_t number;
	char class_word[16], first_text[24], last_text[16], why[VAULT_WHY];
	struct buf lines;
};

static int turn_away(const struct asked *a, const char *why)
{
	struct err e = { .kind = ERR_NONE };

	err_set(&e, ERR_INPUT, "%s", why);
	review_refuse(a->r, a->c, a->tag, &e);
	return 0;
}

static int answer(struct asked *a)
{
	struct err e = { .kind = ERR_NONE };
	struct pack p = { .room = LINES + 64 };
	scoped(mem) char *body = malloc(p.room);

	p.at = (uint8_t *)body;
	if (!body)
		return turn_away(a, "no memory to say what was done");
	pack_text(&p, a->lines.size ? a->lines.data : "", a->lines.size);
	if (wire_send(&a->c->wire, MSG_DESTROYED, a->tag, body, p.size, NULL, 0, &e) < 0)
		a->c->gone = true;
	return 0;
}

/* Durable on return. */
static int record(const struct asked *a, const char *status, const char *what, uint64_t count, const char *why,
		  struct err *e)
{
	struct record record = { .kind = RECORD_PURGE };
	uint64_t index;

	record_text(&record, FIELD_STATUS, status);
	record_text(&record, FIELD_VAULT, what);
	if (count)
		record_number(&record, FIELD_COUNT, count);
	record_number(&record, FIELD_UID, a->c->who.uid);
	record_text(&record, FIELD_WHY, why && *why ? why : NULL);
	return ledger_append(&index, a->r->ledger, &record, 0, e) < 0 ? -1 : client_commit(a->r, e);
}

static void say_days(struct asked *a, const struct vault_day *days, size_t count, const char *free_word)
{
	char day[VAULT_DAY_TEXT];
	size_t i;

	for (i = 0; i < count && a->lines.size < LINES - 128; i++) {
		vault_day_text(day, days[i].day);
		buf_printf(&a->lines, "%s %s ", vault_class_word(days[i].class), day);
		if (days[i].held)
			buf_printf(&a->lines, "held %" PRIu64 "\n", days[i].held);
		else
			buf_printf(&a->lines, "%s\n", free_word);
	}
	if (i < count)
		buf_printf(&a->lines, "%s - more %zu\n", vault_class_word(days[i].class), count - i);
}

static int do_destroy(struct asked *a, size_t due, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	size_t count = 0;
	char what[64];

	snprintf(what, sizeof(what), "%s %s", a->class_word, a->last_text);
	if (record(a, "begins", what, due, a->why, e) < 0)
		return -1;
	if (vault_destroy(&count, a->r->vault, a->class, a->last, &why) < 0)
		return record(a, "failed", what, 0, why.text, e) < 0 ? -1 : turn_away(a, why.text);
	return record(a, "done", what, count, NULL, e) < 0 ? -1 : answer(a);
}

static int destroy(struct asked *a, struct err *e)
{
	struct vault_day *days = NULL;
	size_t count = 0, due = 0, i;

	if (a->class == VAULT_CLASSES || !vault_day_read(&a->last, a->last_text, strlen(a->last_text)))
		return turn_away(a, "a purge names one class and a last day");
	if (vault_days(&days, &count, a->r->vault, a->class, a->last, e) < 0)
		return -1;
	for (i = 0; i < count; i++)
		due += days[i].held == 0;
	say_days(a, days, count, a->dry ? "due" : "destroyed");
	free(days);
	return a->dry || due == 0 ? answer(a) : do_destroy(a, due, e);
}

static int only_say(struct asked *a, struct err *e)
{
	a->dry = true;
	return destroy(a, e);
}

static int hold(struct asked *a, struct err *e)
{
	struct vault_hold h = { .index = ledger_order(a->r->ledger)->next, .class = a->class };
	struct err why = { .kind = ERR_NONE };
	char what[64];

	if (!vault_day_read(&h.first, a->first_text, strlen(a->first_text)) ||
	    !vault_day_read(&h.last, a->last_text, strlen(a->last_text)) || h.first > h.last || !a->why[0])
		return turn_away(a, "a hold has a first day, a last day that is not before it, and says what it is for");
	memcpy(h.why, a->why, sizeof(h.why));
	if (vault_hold(a->r->vault, &h, &why) < 0)
		return turn_away(a, why.text);
	snprintf(what, sizeof(what), "%s %s %s", vault_class_word(h.class), a->first_text, a->last_text);
	if (record(a, "held", what, 0, a->why, e) < 0)
		return -1;
	buf_printf(&a->lines, "%" PRIu64 " %s %s\n", h.index, what, h.why);
	return answer(a);
}

static void hold_text(char *out, size_t room, const struct vault_hold *h)
{
	char first[VAULT_DAY_TEXT], last[VAULT_DAY_TEXT];

	vault_day_text(first, h->first);
	vault_day_text(last, h->last);
	snprintf(out, room, "%s %s %s", vault_class_word(h->class), first, last);
}

static int release(struct asked *a, struct err *e)
{
	uint64_t number = strtoull(a->first_text, NULL, 10);
	const struct vault_hold *h;
	char what[64], named[96];
	size_t i;

	for (i = 0; (h = vault_hold_at(a->r->vault, i)) && h->index != number; i++)
		;
	if (!h)
		return turn_away(a, "there is no such hold; reeve ledger hold list shows them");
	hold_text(what, sizeof(what), h);
	snprintf(named, sizeof(named), "%s %" PRIu64, what, number);
	if (record(a, "released", named, 0, a->why, e) < 0 || vault_release(a->r->vault, number, e) < 0)
		return -1;
	buf_printf(&a->lines, "%" PRIu64 " %s\n", number, what);
	return answer(a);
}

static int list(struct asked *a, struct err *e)
{
	const struct vault_hold *h;
	char what[64];
	size_t i;

	(void)e;
	for (i = 0; (h = vault_hold_at(a->r->vault, i)) && a->lines.size < LINES - 256; i++) {
		hold_text(what, sizeof(what), h);
		buf_printf(&a->lines, "%" PRIu64 " %s %s\n", h->index, what, h->why);
	}
	return answer(a);
}

int purge_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	static int (*const acts[])(struct asked *, struct err *) = { destroy, only_say, hold, release, list };
	struct unpack u = { .at = m->body, .left = m->size };
	struct asked a = { .r = r, .c = c, .tag = m->tag, .class = VAULT_CLASSES, .lines = BUF(LINES) };
	uint64_t act = unpack_number(&u, 1);
	int done;

	if (!unpack_copy(&u, a.class_word, sizeof(a.class_word)) || !unpack_copy(&u, a.first_text, sizeof(a.first_text)) ||
	    !unpack_copy(&u, a.last_text, sizeof(a.last_text)) || !unpack_copy(&u, a.why, sizeof(a.why)) ||
	    !unpack_done(&u) || act >= count_of(acts))
		return err_set(e, ERR_PEER, "malformed DESTROY");
	if (!c->custodian)
		return turn_away(&a, "payloads are destroyed by the ledger's owner alone");
	if (a.class_word[0] && strcmp(a.class_word, "every") != 0 &&
	    !vault_class_read(&a.class, a.class_word, strlen(a.class_word)))
		return turn_away(&a, "there is no such class: operational, pii or compliance");
	done = acts[act](&a, e);
	buf_free(&a.lines);
	return done;
}

/*
 * Between the recorder, which says how far the ledger has come, and the places that are to know. Each gets the newest
 * checkpoint at its own pace, and is late by itself: none waits for another. What comes of it goes back as a record: that a
 * place has it, or, once for an outage and for so many outages as duty.c says, that it cannot be told.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "anchor/anchor.h"
#include "base/clock.h"

struct keep {
	struct charge *c;
	struct wire recorder;
	struct msg *msg;	/* owned */
	struct job *newest;	/* owned; size 0: nothing yet */
	bool last, settled;	/* no more comes; and that was answered */
	uint64_t last_ns;	/* until when, then, everything must be said */
};

static const uint64_t NS = 1000000000;

/* The tag of MISSED is the duty's number and one, so that the answer says which gap is open. */
static int tell_missed(struct keep *k, struct duty *d, const char *why, struct err *e)
{
	uint8_t body[512];
	struct pack p = { .at = body, .room = sizeof(body) };

	pack_number(&p, d->had, 8);
	pack_number(&p, d->outages, 8);
	pack_text(&p, d->name, strlen(d->name));
	pack_text(&p, why, strlen(why));
	d->outages = 0;
	d->missing = true;
	return wire_send(&k->recorder, MSG_MISSED, (uint64_t)(d - k->c->duties) + 1, body, p.size, NULL, 0, e);
}

static bool may_gap(const struct keep *k, struct duty *d)
{
	return duty_may_gap(d, clock_wall_us() / 1000000) || k->last;
}

/* Outages that were too many to be told then are told now: where none follows, nobody else would. */
static int report_there(struct keep *k, struct duty *d, const struct done *done, struct err *e)
{
	uint8_t body[1024];
	struct pack p = { .at = body, .room = sizeof(body) };

	if (!d->missing && d->outages && may_gap(k, d) && tell_missed(k, d, "it came and went", e) < 0)
		return -1;
	d->had = done->size;
	d->down = false;
	if (d->kind->bring == spine_bring && !d->missing)
		return 0;	/* that record stands there */
	pack_number(&p, done->size, 8);
	pack_number(&p, d->gap, 8);
	pack_text(&p, d->name, strlen(d->name));
	pack_text(&p, done->line, strlen(done->line));
	d->gap = 0;
	d->missing = false;
	return wire_send(&k->recorder, MSG_ANCHORED, 0, body, p.size, NULL, 0, e);
}

static int report_missed(struct keep *k, struct duty *d, const char *why, struct err *e)
{
	d->outages += !d->down;
	d->down = true;
	return d->missing || !may_gap(k, d) ? 0 : tell_missed(k, d, why, e);
}

static int failed(struct keep *k, struct duty *d, uint64_t size, const char *why, struct err *e)
{
	d->failed = size > d->failed ? size : d->failed;
	return report_missed(k, d, why[0] ? why : "it ended", e);
}

static int hear_duty(struct keep *k, struct duty *d, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	struct done done;
	int got = duty_hear(d, &done);

	if (got == 0)
		return 0;
	d->busy = false;
	if (got < 0)
		return failed(k, d, k->newest->size, "the process that tells it ended", e);
	if (!done.there)
		return failed(k, d, done.size, done.why, e);
	if (done.size != d->sent.size || (d->kind->check && d->kind->check(d, &d->sent, &done, &why) < 0))
		return failed(k, d, done.size, why.text, e);
	return report_there(k, d, &done, e);
}

static bool is_due(const struct keep *k, const struct duty *d)
{
	if (d->busy || k->newest->size == 0 || d->had == k->newest->size)
		return false;
	return k->last ? d->failed < k->newest->size : clock_left_ms(d->next_ns) == 0;
}

static int ask(struct keep *k, struct duty *d, struct err *e)
{
	uint64_t now = clock_mono_ns();

	d->next_ns = now + k->c->every_s * NS;
	k->newest->had = d->had;
	if (!duty_ask(d, k->newest))
		return failed(k, d, k->newest->size, "the process that tells it ended", e);
	d->busy = true;
	d->sent = *k->newest;
	d->late_ns = k->last ? k->last_ns : now + DUTY_MS * (NS / 1000);
	return 0;
}

/* What is late is told as missing; if it comes after all, that ends the gap. */
static int check_late(struct keep *k, struct duty *d, struct err *e)
{
	if (!d->busy || d->failed >= d->sent.size || clock_left_ms(d->late_ns) > 0)
		return 0;
	return failed(k, d, k->last ? k->newest->size : d->sent.size, "it does not answer in time", e);
}

/* Of witnesses it is enough that so many have it; of all else each. */
static bool all_said(const struct keep *k)
{
	size_t i, witnesses = 0, had = 0, open = 0;
	const struct duty *d;

	for (i = 0; i < k->c->count; i++) {
		d = &k->c->duties[i];
		if (d->kind->check) {
			witnesses++;
			had += d->had == k->newest->size;
		}
	}
	for (i = 0; i < k->c->count; i++) {
		d = &k->c->duties[i];
		if (d->kind->check && k->c->quorum && had >= k->c->quorum)
			continue;
		open += d->had != k->newest->size && d->failed < k->newest->size;
	}
	return open == 0;
}

static int go_on(struct keep *k, struct err *e)
{
	struct duty *d;
	size_t i;

	for (i = 0; i < k->c->count; i++) {
		d = &k->c->duties[i];
		if (check_late(k, d, e) < 0 || (is_due(k, d) && ask(k, d, e) < 0))
			return -1;
	}
	if (!k->last || k->settled || !all_said(k))
		return 0;
	k->settled = true;
	return wire_send_u64(&k->recorder, MSG_SETTLED, 0, k->newest->size, e);
}

static int on_signed(struct keep *k, struct unpack *u, struct err *e)
{
	bool last = unpack_number(u, 1) == 1;
	uint64_t handed = unpack_number(u, 8);
	size_t size = 0, i;
	const char *note = unpack_text(u, &size);
	struct sighting s;

	if (!note || !unpack_done(u) || size > SEAL_NOTE_MOST || !sighting_read(&s, note, size))
		return err_set(e, ERR_PEER, "malformed SIGNED");
	k->newest->size = s.at.size;
	k->newest->handed = handed;
	k->newest->note_size = size;
	memcpy(k->newest->note, note, size);
	k->last = last;
	k->settled = false;
	k->last_ns = clock_mono_ns() + DUTY_LAST_MS * (NS / 1000);
	for (i = 0; last && i < k->c->count; i++) {
		k->c->duties[i].failed = 0;
		k->c->duties[i].late_ns = k->last_ns;
	}
	return 0;
}

static int on_entered(struct keep *k, uint64_t tag, struct unpack *u)
{
	uint64_t index = unpack_number(u, 8);
	struct duty *d = tag > 0 && tag <= k->c->count ? &k->c->duties[tag - 1] : NULL;

	if (d && d->missing) {	/* else it is over by now */
		d->gap = index;
		d->missing = index > 0;
	}
	known_write(k->c);
	return 0;
}

/* 0: go on; 1: the recorder has ended. */
static int hear_recorder(struct keep *k, struct err *e)
{
	int got = wire_receive(&k->recorder, k->msg, false, e);
	struct unpack u = { .at = k->msg->body, .left = k->msg->size };

	if (got == WIRE_LATER)
		return 0;
	if (got <= 0)
		return got < 0 ? -1 : 1;
	return k->msg->type == MSG_SIGNED ? on_signed(k, &u, e) : on_entered(k, k->msg->tag, &u);
}

static void sooner(int *ms, uint64_t at_ns)
{
	int left = clock_left_ms(at_ns) + 1;

	*ms = *ms < 0 || left < *ms ? left : *ms;
}

static int patience(const struct keep *k)
{
	const struct duty *d;
	int ms = -1;
	size_t i;

	for (i = 0; i < k->c->count; i++) {
		d = &k->c->duties[i];
		if (d->busy && d->failed < d->sent.size)
			sooner(&ms, d->late_ns);
		else if (!d->busy && !k->last && k->newest->size && d->had != k->newest->size)
			sooner(&ms, d->next_ns);
	}
	return ms;
}

static int round_of(struct keep *k, struct err *e)
{
	struct pollfd polls[DUTIES + 1] = { { .fd = k->recorder.fd, .events = POLLIN } };
	size_t i;
	int done = 0;

	for (i = 0; i < k->c->count; i++)
		polls[i + 1] = (struct pollfd){ .fd = k->c->duties[i].fd, .events = POLLIN };
	if (poll(polls, k->c->count + 1, patience(k)) < 0 && errno != EINTR)
		return err_sys(e, "wait");
	if (polls[0].revents)
		done = hear_recorder(k, e);
	for (i = 0; done == 0 && i < k->c->count; i++)
		if (polls[i + 1].revents && hear_duty(k, &k->c->duties[i], e) < 0)
			done = -1;
	return done == 0 ? go_on(k, e) : done;
}

int keep_run(struct charge *c, struct err *e)
{
	struct keep k = { .c = c,
			  .recorder = { .fd = c->recorder, .me = ROLE_ANCHOR, .peer = ROLE_RECORDER, .now = PHASE_RUNNING } };
	uint64_t first = clock_mono_ns() + c->every_s * NS;
	int done = 0;
	size_t i;

	for (i = 0; i < c->count; i++)
		c->duties[i].next_ns = first;	/* a run that is over before leaves one record of each place, not two */
	k.msg = malloc(sizeof(*k.msg));
	k.newest = calloc(1, sizeof(*k.newest));
	if (!k.msg || !k.newest)
		done = err_sys(e, "memory");
	while (done == 0)
		done = round_of(&k, e);
	known_write(c);
	free(k.msg);
	free(k.newest);
	return done < 0 ? -1 : 0;
}

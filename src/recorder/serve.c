/*
 * Rounds. In each: hear every client that has something to say, write all of it with one
 * fdatasync, then answer. Nobody is waited for: a client is heard only while its socket has room
 * for its answers, so no send ever blocks.
 */
#include "recorder/recorder.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"

enum { DOORS = 3 };	/* what is waited for besides clients */

bool client_writable(const struct client *c)
{
	struct pollfd p = { .fd = c->wire.fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}

/* A socket that has room has it for a round's answers and some more: it is not asked every time. */
static bool has_room(struct client *c)
{
	if (c->unchecked < RECORDER_UNCHECKED && c->wire.peer != ROLE_REVIEWER)
		return true;
	if (!client_writable(c))
		return false;
	c->unchecked = 0;
	return true;
}

/* Misspeaking costs the client its connection; a failing ledger costs everything. */
static int cut_off(struct client *c, const struct err *e)
{
	if (e->kind == ERR_SYSTEM)
		return -1;
	log_say("a client was cut off: %s", e->text);
	c->gone = true;
	return 0;
}

static int hear(struct recorder *r, struct client *c, struct err *e)
{
	size_t begun = r->answer_count, messages;
	size_t most = c->wire.peer == ROLE_REVIEWER ? 1 : RECORDER_BURST;	/* a signature costs what 50 records do */
	int got;

	for (messages = 0; messages < most && c->look.kind == LOOK_NOTHING && r->answer_count - begun < RECORDER_BURST && !c->gone;
	     messages++) {
		if (ledger_pending(r->ledger) > RECORDER_ROUND)
			return 0;
		*e = (struct err){ .kind = ERR_NONE };
		got = wire_receive(&c->wire, r->msg, false, e);
		if (got == WIRE_LATER)
			return 0;
		if (got == WIRE_CLOSED || (got < 0 && e->kind == ERR_SYSTEM))
			c->gone = true;	/* an error of its socket is its own end, not ours */
		else if (got < 0 || client_message(r, c, r->msg, e) < 0) {
			if (cut_off(c, e) < 0)
				return -1;
		}
	}
	return 0;
}

static bool is_full(const struct recorder *r)
{
	return r->count - r->guest_count >= RECORDER_CLIENTS;
}

static int wait_round(struct recorder *r, struct pollfd *polls, int timeout, struct err *e)
{
	struct client *c;
	size_t i;
	int ready;

	polls[0] = (struct pollfd){ .fd = is_full(r) ? -1 : r->listener, .events = POLLIN };
	polls[1] = (struct pollfd){ .fd = r->guests, .events = POLLIN };
	polls[2] = (struct pollfd){ .fd = r->stop, .events = POLLIN };
	for (i = 0; i < r->count; i++) {
		c = r->clients[i];
		c->full = c->full || review_wants(r, c);
		polls[i + DOORS] = (struct pollfd){ .fd = c->wire.fd, .events = c->full ? POLLOUT : POLLIN };
	}
	ready = poll(polls, r->count + DOORS, timeout);
	if (ready < 0 && errno != EINTR)
		return err_sys(e, "wait for clients");
	return ready < 0 ? 0 : ready;
}

static int hear_all(struct recorder *r, const struct pollfd *polls, size_t count, struct err *e)
{
	struct client *c;
	size_t i;

	for (i = 0; i < count; i++) {
		c = r->clients[i];
		if (polls[i + DOORS].revents == 0)
			continue;
		/* One that hung up is heard to its last word, whether it reads or not. */
		c->full = !has_room(c) && !(polls[i + DOORS].revents & (POLLHUP | POLLERR));
		if (polls[i + DOORS].revents & (POLLHUP | POLLERR))
			c->look = (struct look){ .kind = LOOK_NOTHING };
		if (!c->full && hear(r, c, e) < 0)
			return -1;
	}
	return 0;
}

/* How many answers from this one on can go as one message: receipts whose tags follow one another. */
static size_t alike(const struct answer *a, size_t left)
{
	size_t count = 1;

	while (count < left && count < WIRE_RECORDS && a->type == MSG_RECEIPT &&
	       a[count].type == MSG_RECEIPT && a[count].to == a->to && a[count].tag == a->tag + count)
		count++;
	return count;
}

static int answer(const struct recorder *r, const struct answer *a, size_t count, struct err *e)
{
	uint8_t body[WIRE_RECORDS * 8];
	struct pack p = { .at = body, .room = sizeof(body) };
	size_t i;

	if (a->type == MSG_HALT)
		return !client_writable(a->to) ? -1 : wire_send_text(&a->to->wire, MSG_HALT, a->tag, r->halted, e);
	for (i = 0; i < count; i++)
		pack_number(&p, a[i].number, 8);
	if (a->type == MSG_DECIDED)
		pack_number(&p, a->state, 1);
	return wire_send(&a->to->wire, a->type, a->tag, body, p.size, NULL, 0, e);
}

static void answer_all(struct recorder *r)
{
	struct err e = { .kind = ERR_NONE };
	const struct answer *a;
	size_t i, count;

	for (i = 0; i < r->answer_count; i += count) {
		a = &r->answers[i];
		must(a->to);
		count = alike(a, r->answer_count - i);
		a->to->unchecked++;
		if (!a->to->gone)
			a->to->gone = answer(r, a, count, &e) < 0;
	}
	r->answer_count = 0;
}

/* What has changed by what is on disk now. */
static void tell_all(struct recorder *r)
{
	size_t i;

	holding_tell(r);
	for (i = 0; i < r->count; i++)
		if (r->clients[i]->wire.peer == ROLE_REVIEWER && !r->clients[i]->gone)
			review_tell(r, r->clients[i]);
	anchor_tell(r);
}

/* What the gone left open is queued for the next commit; then they are forgotten. */
static int bury(struct recorder *r, struct err *e)
{
	struct client *c;
	size_t i = 0;

	while (i < r->count) {
		c = r->clients[i];
		if (!c->gone) {
			i++;
			continue;
		}
		if (client_ended(r, c, e) < 0 || anchor_gone(r, c, e) < 0)
			return -1;
		holding_forget(r, c);
		r->guest_count -= c->guest;
		client_free(c);
		r->clients[i] = r->clients[--r->count];
	}
	return 0;
}

/* The ledger failed: nobody gets a receipt, every launcher is told to end its run. */
static int halt(struct recorder *r, const struct err *why)
{
	size_t i;

	snprintf(r->halted, sizeof(r->halted), "%s", why->text);
	r->answer_count = 0;
	for (i = 0; i < r->count; i++)
		if (r->clients[i]->wire.peer == ROLE_LAUNCHER && !r->clients[i]->gone)
			r->answers[r->answer_count++] = (struct answer){ .to = r->clients[i], .type = MSG_HALT };
	answer_all(r);
	return -1;
}

/* But where other users review, and only by this process can, it waits for what they have still to decide. */
static bool is_awaited(const struct recorder *r)
{
	const struct holds *h = ledger_holds(r->ledger);
	size_t i;

	for (i = 0; r->met_one && r->guests >= 0 && i < h->open_count; i++)
		if (h->open[i]->state == HOLD_WAITING)
			return true;
	return false;
}

/* Of the owner's, but for who only watches; where its socket stays, a reviewer too would only start it again. */
static bool is_used(const struct recorder *r)
{
	return r->count - (r->activated ? 0 : r->guest_count) > (r->anchor.is != NULL);
}

/* Runs over, nobody there: then it ends, whatever is held; the next one rebuilds that. */
static int is_over(struct recorder *r, struct err *e)
{
	if (is_used(r))
		r->until_ns = clock_mono_ns() + r->idle_ns;
	if (!is_used(r) && !is_awaited(r) && clock_left_ms(r->until_ns) == 0)
		return anchor_over(r, e);
	r->anchor.ending_ns = 0;
	return 0;
}

static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int patience(struct recorder *r)
{
	int left = is_used(r) || is_awaited(r) || r->anchor.ending_ns ? -1 : clock_left_ms(r->until_ns);

	return sooner(sooner(ledger_expire_ms(r->ledger), left), sooner(anchor_ms(r), rotate_ms(r)));
}

static int serve_round(struct recorder *r, struct pollfd *polls, struct err *e)
{
	size_t count = r->count;
	int done;

	if (wait_round(r, polls, patience(r), e) < 0)
		return -1;
	if (holding_expire(r, e) < 0 || hear_all(r, polls, count, e) < 0 || client_commit(r, e) < 0)
		return -1;
	answer_all(r);
	tell_all(r);
	if (((polls[0].revents & POLLIN) && listen_hear(r, r->listener, e) < 0) ||
	    ((polls[1].revents & POLLIN) && listen_hear(r, r->guests, e) < 0))
		return -1;
	if (bury(r, e) < 0 || client_commit(r, e) < 0 || rotate_if_due(r, e) < 0)
		return -1;
	done = is_over(r, e);
	return done < 0 ? -1 : done || (polls[2].revents & POLLIN);
}

int recorder_serve(struct recorder *r, struct err *e)
{
	struct pollfd polls[RECORDER_ALL + DOORS];
	int done = 0;

	r->answers = calloc(RECORDER_ANSWERS, sizeof(*r->answers));
	r->msg = malloc(sizeof(*r->msg));
	r->watches = calloc(RECORDER_WATCHES, sizeof(*r->watches));
	r->until_ns = clock_mono_ns() + RECORDER_LONELY_MS * UINT64_C(1000000);
	if (!r->answers || !r->msg || !r->watches)
		return err_sys(e, "memory for clients");
	while (done == 0)
		done = serve_round(r, polls, e);
	return done < 0 ? halt(r, e) : 0;
}

void recorder_free(struct recorder *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		client_free(r->clients[i]);
	fd_close(&r->listener);
	fd_close(&r->guests);
	fd_close(&r->stop);
	owners_free(r->owners);
	ledger_free(r->ledger);
	signing_free(r->signing);
	signers_free(r->signers);
	vault_free(r->vault);
	free(r->watches);
	free(r->answers);
	free(r->msg);
}

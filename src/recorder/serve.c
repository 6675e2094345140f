/*
 * Rounds. In each: hear every client that has something to say, write all of it with one
 * fdatasync, then answer. Nobody is waited for: a client is heard only while its socket has room
 * for its answers, so no send ever blocks. A round of nothing but outcomes is not worth an
 * fdatasync, behind which the next intent would have to wait: it is added to the next round, or
 * written when none comes soon.
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

static bool writable(const struct client *c)
{
	struct pollfd p = { .fd = c->wire.fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}

static int add_client(struct recorder *r, int fd, struct err *e)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return err_sys(e, "memory for a client");
	}
	c->wire = (struct wire){ .fd = fd, .me = ROLE_RECORDER, .peer = ROLE_LAUNCHER,
				 .now = PHASE_STARTING };
	r->clients[r->count++] = c;
	r->met_one = true;
	return 0;
}

static int accept_one(struct recorder *r, struct err *e)
{
	scoped(fd) int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);

	if (fd < 0)
		return 0;	/* gone again, or descriptors are short: it will try again */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || who.uid != geteuid()) {
		log_say("a connection by uid %u was dropped: only uid %u may speak here",
			(unsigned)who.uid, (unsigned)geteuid());
		return 0;
	}
	return add_client(r, fd_take(&fd), e);
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
	size_t burst;
	int got;

	for (burst = 0; burst < RECORDER_BURST && !c->gone; burst++) {
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

static int patience(const struct recorder *r)
{
	if (r->due_ns)
		return clock_left_ms(r->due_ns);
	return r->met_one ? -1 : RECORDER_LONELY_MS;
}

static int wait_round(struct recorder *r, struct pollfd *polls, struct err *e)
{
	size_t i;
	int ready;

	polls[0] = (struct pollfd){ .fd = r->count < RECORDER_CLIENTS ? r->listener : -1, .events = POLLIN };
	for (i = 0; i < r->count; i++)
		polls[i + 1] = (struct pollfd){ .fd = r->clients[i]->wire.fd,
						.events = r->clients[i]->full ? POLLOUT : POLLIN };
	ready = poll(polls, r->count + 1, patience(r));
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
		if (polls[i + 1].revents == 0)
			continue;
		/* One that hung up is heard to its last word, whether it reads or not. */
		c->full = !writable(c) && !(polls[i + 1].revents & (POLLHUP | POLLERR));
		if (!c->full && hear(r, c, e) < 0)
			return -1;
	}
	return 0;
}

static void answer_all(struct recorder *r)
{
	struct err e = { .kind = ERR_NONE };
	const struct answer *a;
	size_t i;
	int sent;

	for (i = 0; i < r->answer_count; i++) {
		a = &r->answers[i];
		must(a->to);
		if (a->to->gone)
			continue;
		if (a->type == MSG_HALT)
			sent = !writable(a->to) ? -1 : wire_send_text(&a->to->wire, MSG_HALT, a->tag, r->halted, &e);
		else
			sent = wire_send_u64(&a->to->wire, a->type, a->tag, a->number, &e);
		a->to->gone = sent < 0;
	}
	r->answer_count = 0;
	r->awaited = false;
	r->due_ns = 0;
}

static bool anyone_gone(const struct recorder *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->clients[i]->gone)
			return true;
	return false;
}

/* Put off what nobody waits for, for a while; answers are never kept for who has gone. */
static bool may_wait(struct recorder *r)
{
	uint64_t now;

	if (r->awaited || r->answer_count > RECORDER_PATIENCE || anyone_gone(r))
		return false;
	if (r->answer_count == 0)
		return ledger_pending(r->ledger) == 0;
	now = clock_mono_ns();
	if (r->due_ns == 0)
		r->due_ns = now + RECORDER_PATIENCE_MS * UINT64_C(1000000);
	return now < r->due_ns;
}

static int settle(struct recorder *r, struct err *e)
{
	if (may_wait(r))
		return 0;
	if (ledger_commit(r->ledger, e) < 0)
		return -1;
	answer_all(r);
	return 0;
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
		if (client_ended(r, c, e) < 0)
			return -1;
		close(c->wire.fd);
		free(c);
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
			r->answers[r->answer_count++] = (struct answer){ r->clients[i], MSG_HALT, 0, 0 };
	answer_all(r);
	return -1;
}

static int serve_round(struct recorder *r, struct pollfd *polls, struct err *e)
{
	size_t count = r->count;
	int ready = wait_round(r, polls, e);

	if (ready < 0)
		return -1;
	if (ready == 0 && !r->met_one)
		return 1;
	if (hear_all(r, polls, count, e) < 0 || settle(r, e) < 0)
		return -1;
	if ((polls[0].revents & POLLIN) && accept_one(r, e) < 0)
		return -1;
	if (anyone_gone(r) && (bury(r, e) < 0 || ledger_commit(r->ledger, e) < 0))
		return -1;
	return r->met_one && r->count == 0;
}

int recorder_serve(struct recorder *r, struct err *e)
{
	struct pollfd polls[RECORDER_CLIENTS + 1];
	int done = 0;

	r->answers = calloc(RECORDER_ANSWERS, sizeof(*r->answers));
	r->msg = malloc(sizeof(*r->msg));
	if (!r->answers || !r->msg)
		return err_sys(e, "memory for clients");
	while (done == 0)
		done = serve_round(r, polls, e);
	return done < 0 ? halt(r, e) : 0;
}

void recorder_free(struct recorder *r)
{
	size_t i;

	for (i = 0; i < r->count; i++) {
		close(r->clients[i]->wire.fd);
		free(r->clients[i]);
	}
	fd_close(&r->listener);
	ledger_free(r->ledger);
	free(r->answers);
	free(r->msg);
}

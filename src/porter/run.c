/* A porter from the launcher's one message to its end. One poll loop, in which nothing waits for anybody. */
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/fd.h"
#include "porter/porter.h"

enum { FIXED = 4 };

static int hear_http(struct porter *p, struct err *e)
{
	struct msg *m = &p->msg;
	struct unpack u = { .at = m->body, .left = m->size };
	size_t i;

	p->port = (uint16_t)unpack_number(&u, 2);
	p->server_count = unpack_number(&u, 2);
	for (i = 0; i < p->server_count && i < PORTER_SERVERS; i++)
		if (!unpack_copy(&u, p->servers[i], sizeof(p->servers[i])))
			break;
	if (!unpack_done(&u) || p->server_count > PORTER_SERVERS || p->port == 0)
		return err_set(e, ERR_PEER, "malformed HTTP");
	p->listener = fd_take(&m->fds[0]);
	p->broker.fd = fd_take(&m->fds[1]);
	return fcntl(p->listener, F_SETFL, O_NONBLOCK) < 0 ? err_sys(e, "the listening socket") : 0;
}

static int hear_launcher(struct porter *p, struct err *e)
{
	int got = wire_receive(&p->launcher, &p->msg, true, e);

	if (got != WIRE_MESSAGE)
		return got < 0 ? -1 : err_set(e, ERR_PEER, "the launcher ended");
	if (hear_http(p, e) < 0 || web_begin(p, e) < 0)
		return -1;
	return wire_send(&p->launcher, MSG_HEARING, 0, NULL, 0, NULL, 0, e);
}

static short caller_events(const struct caller *c)
{
	if (c->state == CALLER_HEAD || c->state == CALLER_LINGERS)
		return POLLIN;
	if (c->state == CALLER_HELD)
		return 0;
	return (c->suspended && !c->gone) || (c->state == CALLER_BODY && !c->half) ? POLLRDHUP : 0;
}

static nfds_t gather(const struct porter *p, struct pollfd *at)
{
	nfds_t n = FIXED;
	size_t i;
	short events;

	at[0] = (struct pollfd){ .fd = p->launcher.fd, .events = POLLIN };
	at[1] = (struct pollfd){ .fd = p->broker.fd, .events = p->turned_count ? POLLIN | POLLOUT : POLLIN };
	at[2] = (struct pollfd){ .fd = p->caller_count < PORTER_CALLERS ? p->listener : -1, .events = POLLIN };
	at[3] = (struct pollfd){ .fd = p->events, .events = POLLIN };
	for (i = 0; i < p->caller_count; i++) {
		events = caller_events(p->callers[i]);
		at[n++] = (struct pollfd){ .fd = events ? p->callers[i]->fd : -1, .events = events };
	}
	for (i = 0; i < p->door_count; i++)
		at[n++] = (struct pollfd){ .fd = p->doors[i]->fd, .events = door_events(p->doors[i]) };
	return n;
}

static int time_left(struct porter *p)
{
	uint64_t soonest = UINT64_MAX;
	MHD_UNSIGNED_LONG_LONG its;
	int left = -1;
	size_t i;

	if (p->woken)
		return 0;
	for (i = 0; i < p->caller_count; i++)
		if (p->callers[i]->deadline_ns && p->callers[i]->deadline_ns < soonest)
			soonest = p->callers[i]->deadline_ns;
	if (soonest != UINT64_MAX)
		left = clock_left_ms(soonest);
	if (MHD_get_timeout(p->http, &its) == MHD_YES && (left < 0 || its < (unsigned)left))
		left = its > 60000 ? 60000 : (int)its;
	return left;
}

/* Callers and doors by the numbers they had when they were gathered: both only grow at the end until they are buried. */
static void attend(struct porter *p, const struct pollfd *at, size_t callers, size_t doors)
{
	size_t i;

	for (i = 0; i < callers; i++) {
		if (!at[FIXED + i].revents)
			continue;
		if (p->callers[i]->state == CALLER_HEAD || p->callers[i]->state == CALLER_LINGERS)
			gate_attend(p->callers[i]);
		else if (p->callers[i]->state == CALLER_BODY)
			web_half(p->callers[i]);
		else
			web_gone(p->callers[i]);
	}
	for (i = 0; i < doors; i++)
		if (at[FIXED + callers + i].revents)
			door_attend(p->doors[i]);
	if (at[2].revents)
		gate_accept(p);
}

void porter_expire(struct porter *p, uint64_t now)
{
	struct caller *c;
	size_t i;

	for (i = 0; i < p->caller_count; i++) {
		c = p->callers[i];
		if (!c->deadline_ns || c->deadline_ns > now)
			continue;
		c->deadline_ns = 0;
		if (c->state == CALLER_HEAD)
			gate_turn(c, 408, "a head that does not come in time");
		else if (c->state == CALLER_LINGERS)
			c->state = CALLER_DEAD;
		else if (c->state == CALLER_BODY)
			web_cut(c);
		else
			caller_comment(c);
	}
}

static void callers_bury(struct porter *p)
{
	size_t i, kept = 0;

	for (i = 0; i < p->caller_count; i++) {
		if (p->callers[i]->state == CALLER_DEAD)
			caller_free(p->callers[i]);
		else
			p->callers[kept++] = p->callers[i];
	}
	p->caller_count = kept;
}

static int serve(struct porter *p, struct err *e)
{
	struct pollfd at[FIXED + PORTER_CALLERS + PORTER_DOORS];
	size_t callers, doors, i;
	nfds_t n;
	int heard;

	for (;;) {
		n = gather(p, at);
		callers = p->caller_count;
		doors = p->door_count;
		if (poll(at, n, time_left(p)) < 0 && errno != EINTR)
			return err_sys(e, "poll");
		if (at[0].revents)
			return 0; /* it has nothing more to say to us: the run is over */
		if ((at[1].revents & (POLLIN | POLLHUP | POLLERR)) && (heard = turned_hear(p, e)) != WIRE_LATER)
			return heard < 0 ? -1 : 0;
		attend(p, at, callers, doors);
		porter_expire(p, clock_mono_ns());
		p->woken = false;
		if (MHD_run(p->http) != MHD_YES)
			return err_set(e, ERR_SYSTEM, "libmicrohttpd gives up");
		for (i = 0; i < p->door_count; i++)
			door_flush(p->doors[i]);
		if (turned_send(p, e) < 0)
			return -1;
		doors_bury(p);
		callers_bury(p);
	}
}

int porter_run(int channel, struct err *e)
{
	struct porter *p = calloc(1, sizeof(*p));
	size_t seed = 0;

	if (!p)
		return err_sys(e, "memory for the porter");
	must(getrandom(&seed, sizeof(seed), 0) == sizeof(seed));
	json_object_seed(seed | 1); /* left to itself jansson opens a file for it */
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	p->launcher = (struct wire){ channel, ROLE_PORTER, ROLE_LAUNCHER, PHASE_STARTING };
	p->broker = (struct wire){ -1, ROLE_PORTER, ROLE_BROKER, PHASE_RUNNING };
	return hear_launcher(p, e) < 0 ? -1 : serve(p, e);
}

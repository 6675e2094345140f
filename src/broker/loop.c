/* One poll loop. It waits for nobody in particular: every descriptor is non-blocking. */
#include <errno.h>

#include "base/clock.h"
#include "broker/net.h"

void loop_watch(struct broker *b, int fd, short events,
		int (*attend)(void *whose, short what, struct err *e), void *whose)
{
	must(b->watch_count < WATCHES);
	b->polls[b->watch_count] = (struct pollfd){ .fd = fd, .events = events };
	b->watches[b->watch_count++] = (struct watch){ attend, whose };
}

/* Writing happens in flush_all(), every time round; these only wake us up for it. */
static int attend_nothing(void *whose, short what, struct err *e)
{
	(void)whose;
	(void)what;
	(void)e;
	return 0;
}

static void gather_tools(struct broker *b)
{
	struct server *s;
	struct call *c;

	for (s = b->servers; s < b->servers + b->server_count; s++) {
		if (s->out >= 0)
			loop_watch(b, s->out, POLLIN, server_attend, s);
		if (s->in >= 0 && outlet_left(&s->outlet))
			loop_watch(b, s->in, POLLOUT, attend_nothing, s);
		if (!s->exec)
			continue;
		TAILQ_FOREACH(c, &s->flying, queued)
			if (c->exec.out >= 0)
				loop_watch(b, c->exec.out, POLLIN, exec_attend, c);
	}
}

static void gather(struct broker *b)
{
	size_t i;

	b->watch_count = 0;
	loop_watch(b, b->recorder.fd, POLLIN, peers_recorder, b);
	loop_watch(b, b->launcher.fd, POLLIN, peers_launcher, b);
	gather_tools(b);
	net_gather(b);
	for (i = 0; i < b->session_count; i++)
		loop_watch(b, b->sessions[i]->fd, agent_events(b->sessions[i]), agent_attend,
			   b->sessions[i]);
	for (i = 0; i < b->listener_count && b->session_count < SESSIONS && !b->ending; i++)
		loop_watch(b, b->listeners[i].fd, POLLIN, agent_accept, &b->listeners[i]);
	if (b->porter.fd >= 0 && b->session_count < SESSIONS && !b->ending)
		loop_watch(b, b->porter.fd, POLLIN, porter_attend, b);
}

static int time_left(const struct broker *b)
{
	uint64_t soonest = commits_due(&b->commits), one = net_deadline(b);
	size_t i;

	soonest = one < soonest ? one : soonest;
	one = hold_deadline(b);
	soonest = one < soonest ? one : soonest;
	one = alert_deadline(b);
	soonest = one < soonest ? one : soonest;
	for (i = 0; i < b->server_count; i++) {
		one = server_deadline(&b->servers[i]);
		soonest = one < soonest ? one : soonest;
	}
	return soonest == UINT64_MAX ? -1 : clock_left_ms(soonest);
}

static int attend_all(struct broker *b, struct err *e)
{
	size_t i;

	for (i = 0; i < b->watch_count; i++)
		if (b->polls[i].revents &&
		    b->watches[i].attend(b->watches[i].whose, b->polls[i].revents, e) < 0)
			return -1;
	return 0;
}

static int expire_all(struct broker *b, struct err *e)
{
	uint64_t now = clock_mono_ns();
	size_t i;

	for (i = 0; i < b->server_count; i++)
		if (server_deadline(&b->servers[i]) <= now &&
		    server_expire(&b->servers[i], now, e) < 0)
			return -1;
	if (hold_deadline(b) <= now && hold_expire(b, now, e) < 0)
		return -1;
	return net_deadline(b) <= now ? net_expire(b, now, e) : 0;
}

/* Answers first: that lets an agent go on which was made to wait, in the same round. */
static int flush_all(struct broker *b, struct err *e)
{
	size_t i;

	for (i = 0; i < b->session_count; i++) {
		agent_flush(b->sessions[i]);
		if (!b->sessions[i]->gone && agent_work(b->sessions[i], e) < 0)
			return -1;
		agent_flush(b->sessions[i]);
		agent_finish(b->sessions[i]);
	}
	for (i = 0; i < b->server_count; i++)
		if (server_flush(&b->servers[i], e) < 0)
			return -1;
	agents_relieve(b);
	calls_bury(b);
	reload_tidy(b);
	return agents_bury(b, e) < 0 || alert_tell(b, e) < 0 ? -1 : commits_flush(&b->commits, b->ending, e);
}

int loop_turn(struct broker *b, int wait_ms, struct err *e)
{
	gather(b);
	if (poll(b->polls, b->watch_count, wait_ms) < 0 && errno != EINTR)
		return err_sys(e, "poll");
	return attend_all(b, e) < 0 || expire_all(b, e) < 0 ? -1 : flush_all(b, e);
}

/* How many connections did not come about: numbers, since the launcher reads no word of the agent's. */
static int say_done(struct broker *b, struct err *e)
{
	uint8_t body[16];
	struct pack p = { .at = body, .room = sizeof(body) };

	pack_number(&p, b->net ? b->net->refused : 0, 8);
	pack_number(&p, b->net ? b->net->failed : 0, 8);
	return wire_send(&b->launcher, MSG_DONE, 0, body, p.size, NULL, 0, e);
}

int loop_run(struct broker *b, struct err *e)
{
	while (!b->ending || b->commits.count > 0 || net_waits(b))
		if (loop_turn(b, time_left(b), e) < 0)
			return -1;
	return say_done(b, e);
}

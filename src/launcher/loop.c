/* One poll loop: the agent, the broker, the recorder, signals, tool processes. */
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "launcher/run.h"

enum { END_SECONDS = 15, GRACE_SECONDS = 5, HOOKS = 11, FIXED = HOOKS + HOOK_KINDS * HOOKS_AT_ONCE, EACH = 3 };

static const uint64_t SECOND = 1000000000;

/*
 * First a request, then no longer one: the same signal that a person would send. Init passes both on; one that
 * does not, because something holds it up, is ended itself, and everything inside with it.
 */
static void time_out(struct run *r)
{
	if (r->timed_out < 2)
		jail_signal(&r->agent, r->timed_out ? SIGKILL : SIGTERM);
	else
		jail_kill(&r->agent);
	r->timed_out++;
	r->deadline_ns = clock_mono_ns() + GRACE_SECONDS * SECOND;
}

static void reap_strays(const struct run *r)
{
	pid_t known[RUN_KNOWN];

	run_known(r, known);
	jail_strays_reap(known);
}

/* What is left of an agent whose init was killed, where no pid namespace ended it too. */
static void end_strays(const struct run *r)
{
	pid_t known[RUN_KNOWN];

	run_known(r, known);
	if (!r->agent.layers[LAYER_PID].obtained)
		jail_strays_end(known);
}

static int take_signals(struct run *r, struct err *e)
{
	struct signalfd_siginfo s;
	int done = 0;

	while (done == 0 && read(r->signals, &s, sizeof(s)) == sizeof(s)) {
		if (s.ssi_signo == SIGCHLD)
			reap_strays(r);
		else if (reload_wanted(r, &s))
			done = reload_now(r, e);
		else if (!terminal_signal(r, (int)s.ssi_signo))
			jail_signal(&r->agent, (int)s.ssi_signo);
	}
	return done;
}

/* The agent is gone: the broker closes what is open. Its tools are ended after it has said so. */
static int begin_end(struct run *r, struct err *e)
{
	if (!jail_ended(&r->agent, &r->status))
		return 0;
	if (events_last(r, &r->agent, NULL, e) < 0)
		return -1;
	end_strays(r);
	if (r->timed_out)
		r->status = RUN_TIMED_OUT;
	r->ending = true;
	terminal_end(r);
	r->deadline_ns = clock_mono_ns() + END_SECONDS * SECOND;
	return wire_send(&r->broker, MSG_END, 0, NULL, 0, NULL, 0, e);
}

int hear_recorder(struct run *r, struct err *e)
{
	int got = wire_receive(&r->recorder, &r->msg, false, e);

	if (got == WIRE_LATER)
		return 0;
	if (got == WIRE_CLOSED)
		return err_set(e, ERR_PEER,
			       "the recorder ended: without a ledger nothing may be done");
	if (got < 0)
		return err_in(e, "recorder");
	if (r->msg.type == MSG_NOTED && r->notes > 0) {
		r->notes--;
		return 0;
	}
	if (r->msg.type == MSG_HALT)
		return err_set(e, ERR_SYSTEM, "%.*s", (int)(r->msg.size - 4),
			       (const char *)r->msg.body + 4);
	return err_set(e, ERR_PEER, "%s from the recorder", msg_name(r->msg.type));
}

static nfds_t gather(const struct run *r, struct pollfd *at)
{
	nfds_t n = FIXED;
	size_t i;

	at[0] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
	at[1] = (struct pollfd){ .fd = r->broker.fd, .events = POLLIN };
	at[2] = (struct pollfd){ .fd = r->recorder.fd, .events = POLLIN };
	at[3] = (struct pollfd){ .fd = r->ending ? -1 : r->agent.pidfd, .events = POLLIN };
	at[4] = (struct pollfd){ .fd = events_ready(r, &r->agent) ? r->agent.control : -1, .events = POLLIN };
	at[5] = (struct pollfd){ .fd = r->terminal.control, .events = POLLIN };
	at[6] = (struct pollfd){ .fd = r->ending ? -1 : r->porter.fd, .events = POLLIN };
	at[7] = (struct pollfd){ .fd = r->ending ? -1 : r->proxy.fd, .events = POLLIN };
	at[8] = (struct pollfd){ .fd = r->ending ? -1 : r->dialer.fd, .events = POLLIN };
	at[9] = (struct pollfd){ .fd = r->ending ? -1 : r->inspector.fd, .events = POLLIN };
	at[10] = (struct pollfd){ .fd = r->anchor.end, .events = POLLIN };
	for (i = 0; i < (size_t)HOOK_KINDS * HOOKS_AT_ONCE; i++) {
		const struct hook *h = &r->hooks[i / HOOKS_AT_ONCE].at[i % HOOKS_AT_ONCE];

		at[HOOKS + i] = (struct pollfd){ .fd = h->pid > 0 ? h->pidfd : -1, .events = POLLIN };
	}
	for (i = 0; i < RUN_CHILDREN; i++) {
		const struct child *c = &r->children[i];

		at[n++] = (struct pollfd){ .fd = c->said, .events = POLLIN };
		at[n++] = (struct pollfd){ .fd = c->jail.pidfd, .events = POLLIN };
		at[n++] = (struct pollfd){ .fd = events_ready(r, &c->jail) ? c->jail.control : -1, .events = POLLIN };
	}
	return n;
}

static int attend_children(struct run *r, const struct pollfd *at, struct err *e)
{
	size_t i;

	for (i = 0; i < RUN_CHILDREN; i++) {
		struct child *c = &r->children[i];
		const struct pollfd *its = at + FIXED + EACH * i;

		if (its[0].revents)
			(void)child_listen(r, c);
		if (its[2].revents && events_hear(r, &c->jail, c->name, e) < 0)
			return -1;
		if (its[1].revents && child_ended(r, c, e) < 0)
			return -1;
	}
	return 0;
}

/* They have nothing to say: it is their end, unless all ends. */
static int attend_carriers(struct run *r, const struct pollfd *at, struct err *e)
{
	if (r->ending)
		return 0;
	if (at[6].revents && porter_hear(r, e) < 0)
		return -1;
	if (at[7].revents && net_hear(r, &r->proxy, "proxy", e) < 0)
		return -1;
	if (at[8].revents && net_hear(r, &r->dialer, "dialer", e) < 0)
		return -1;
	return at[9].revents ? net_hear(r, &r->inspector, "inspector", e) : 0;
}

/* Children before the broker: a message of its may reuse their slots, which `at` still describes.
 */
static int attend(struct run *r, const struct pollfd *at, struct err *e)
{
	if (at[0].revents && take_signals(r, e) < 0)
		return -1;
	if (at[2].revents && hear_recorder(r, e) < 0)
		return -1;
	if (attend_children(r, at, e) < 0)
		return -1;
	if (at[1].revents && serve_broker(r, e) < 0)
		return -1;
	if (at[4].revents && events_hear(r, &r->agent, NULL, e) < 0)
		return -1;
	if (at[5].revents && terminal_hear(r, e) < 0)
		return -1;
	/* An agent may end because one of them did: then that is what happened. */
	if (attend_carriers(r, at, e) < 0)
		return -1;
	return at[3].revents ? begin_end(r, e) : 0;
}

/* Until the first of them: 0 is none. */
static int time_left(const struct run *r)
{
	const uint64_t others[] = { children_deadline(r), hooks_deadline(&r->hooks[HOOK_HELD]),
				    hooks_deadline(&r->hooks[HOOK_ALERT]), r->anchor.again_ns };
	uint64_t soonest = r->deadline_ns;
	size_t i;

	for (i = 0; i < count_of(others); i++)
		if (others[i] && (!soonest || others[i] < soonest))
			soonest = others[i];
	return soonest ? clock_left_ms(soonest) : -1;
}

int loop_run(struct run *r, struct err *e)
{
	struct pollfd at[FIXED + EACH * RUN_CHILDREN];
	nfds_t n;

	while (!r->done) {
		n = gather(r, at);
		if (poll(at, n, time_left(r)) > 0 && attend(r, at, e) < 0)
			return -1;
		children_hurry(r);
		hooks_attend(&r->hooks[HOOK_HELD]);
		hooks_attend(&r->hooks[HOOK_ALERT]);
		anchor_attend(r);
		if (!r->deadline_ns || clock_left_ms(r->deadline_ns) > 0)
			continue;
		if (r->ending)
			return err_set(e, ERR_PEER, "the broker does not end");
		time_out(r);
	}
	return 0;
}

/* A dialer from the launcher's one message to its end. One poll loop, in which nothing waits for
 * anybody. */
#include <errno.h>

#include "base/clock.h"
#include "dialer/dialer.h"

enum { MESSAGES = 64 };

static int hear_launcher(struct dialer *d, struct err *e)
{
	int got = wire_receive(&d->launcher, &d->msg, true, e);
	struct unpack u = { .at = d->msg.body, .left = d->msg.size };

	if (got != WIRE_MESSAGE)
		return got < 0 ? -1 : err_set(e, ERR_PEER, "the launcher ended");
	d->broker.fd = fd_take(&d->msg.fds[0]);
	if (judge_networks(d, &u, e) < 0)
		return -1;
	return wire_send(&d->launcher, MSG_DIALING, 0, NULL, 0, NULL, 0, e);
}

static int hear_broker(struct dialer *d, struct err *e)
{
	int got = wire_receive(&d->broker, &d->msg, false, e), n;

	for (n = 1; got == WIRE_MESSAGE; n++) {
		if (dial_begin(d, &d->msg, clock_mono_ns(), e) < 0)
			return -1;
		if (n == MESSAGES) /* those under way have their turn too */
			return 0;
		got = wire_receive(&d->broker, &d->msg, false, e);
	}
	return got < 0 ? -1 : got == WIRE_CLOSED;
}

static void gather(struct dialer *d)
{
	struct watch *w = &d->watch;
	size_t i, n;

	w->at[0] = (struct pollfd){ .fd = d->launcher.fd, .events = POLLIN };
	w->at[1] = (struct pollfd){ .fd = d->broker.fd, .events = POLLIN };
	for (w->count = WATCH_FIXED, i = 0; i < d->count; i++)
		for (n = dial_watch(d->dials[i], &w->at[w->count]); n > 0; n--)
			w->whose[w->count++] = d->dials[i];
}

static int time_left(const struct dialer *d)
{
	uint64_t soonest = UINT64_MAX, now = clock_mono_ns(), due;
	size_t i;

	for (i = 0; i < d->count; i++) {
		due = dial_due(d->dials[i], now);
		soonest = due < soonest ? due : soonest;
	}
	return soonest == UINT64_MAX ? -1 : clock_left_ms(soonest);
}

static void bury(struct dialer *d)
{
	size_t i, kept = 0;

	for (i = 0; i < d->count; i++) {
		if (d->dials[i]->over)
			dial_free(d->dials[i]);
		else
			d->dials[kept++] = d->dials[i];
	}
	d->count = kept;
}

/* Nobody is freed before all were attended to: whose[] points at them. */
static void attend(struct dialer *d)
{
	const struct watch *w = &d->watch;
	uint64_t now = clock_mono_ns();
	nfds_t n;
	size_t i;

	for (n = WATCH_FIXED; n < w->count; n++)
		if (w->at[n].revents)
			dial_attend(w->whose[n], w->at[n].fd, now);
	for (i = 0; i < d->count; i++)
		if (dial_due(d->dials[i], now) <= now)
			dial_attend(d->dials[i], -1, now);
	bury(d);
}

static int turn(struct dialer *d, struct err *e)
{
	gather(d);
	if (poll(d->watch.at, d->watch.count, time_left(d)) < 0)
		return errno == EINTR ? 0 : err_sys(e, "poll");
	if (d->watch.at[0].revents)
		return 1;
	attend(d);
	return d->watch.at[1].revents ? hear_broker(d, e) : 0;
}

int dialer_serve(struct dialer *d, struct err *e)
{
	int done = hear_launcher(d, e);

	while (done == 0)
		done = turn(d, e);
	while (d->count > 0)
		dial_free(d->dials[--d->count]);
	fd_close(&d->broker.fd);
	return done < 0 ? -1 : 0;
}

int dialer_run(int channel, struct err *e)
{
	struct dialer *d = calloc(1, sizeof(*d));
	int done;

	if (!d)
		return err_sys(e, "memory for the dialer");
	d->launcher = (struct wire){ channel, ROLE_DIALER, ROLE_LAUNCHER, PHASE_STARTING };
	d->broker = (struct wire){ -1, ROLE_DIALER, ROLE_BROKER, PHASE_RUNNING };
	done = dialer_serve(d, e);
	free(d);
	return done;
}

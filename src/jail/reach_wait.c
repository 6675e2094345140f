/*
 * Questions that wait for the proxy. Init serves everybody, so it waits for nobody: each stands in a table until its
 * answer comes, the one who asked is gone, or its time is over.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "jail/reaching.h"

/*
 * Who does not want to wait for connect(2) is kept for as long as a refusal takes; after that the connection is
 * there, and what becomes of it is seen on it.
 */
enum { MOST_ERRNO = 4095 };

static const uint64_t WAIT_NS = 130ull * 1000 * 1000 * 1000, SOON_NS = 250ull * 1000 * 1000;

static void forget(struct reach *r, struct pending *p)
{
	fd_close(&p->inner);
	fd_close(&p->outer);
	*p = r->pending[--r->count];
}

static void finish(struct inside *in, struct pending *p, int error)
{
	struct question q = { .in = in, .ask = p->ask };
	int answer = error ? -error : target_put(&q, &p->target, fd_take(&p->inner), p->value);

	if (answer != NOTIFY_GONE)
		notify_answer(in, &q.ask, answer);
	forget(in->reach, p);
}

/* 1: sent; 0: no room now; -1: nobody hears. */
static int send_ask(const struct reach *r, struct pending *p)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} with = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec part = { .iov_base = &p->what, .iov_len = sizeof(p->what) };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = &with,
			    .msg_controllen = sizeof(with) };

	memcpy(CMSG_DATA(&with.head), &p->outer, sizeof(p->outer));
	if (sendmsg(r->channel, &m, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof(p->what))
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	fd_close(&p->outer);
	return 1;
}

/* Whoever asked and was killed leaves its place to others. */
static bool make_room(struct inside *in)
{
	struct reach *r = in->reach;
	struct question q = { .in = in };
	size_t i;

	for (i = r->count; r->count == count_of(r->pending) && i-- > 0;) {
		q.ask = r->pending[i].ask;
		if (!notify_still(&q))
			forget(r, &r->pending[i]);
	}
	return r->count < count_of(r->pending);
}

int reach_ask_proxy(struct question *q, const struct target *t, const struct reach_ask *what, int ends[2], int value)
{
	struct reach *r = q->in->reach;
	struct pending *p;
	int sent;

	if (r->channel < 0 || !make_room(q->in)) {
		close(ends[0]);
		close(ends[1]);
		return r->channel < 0 ? -ENETUNREACH : -EAGAIN;
	}
	p = &r->pending[r->count++];
	*p = (struct pending){ .ask = q->ask,
			       .what = *what,
			       .target = *t,
			       .inner = ends[0],
			       .outer = ends[1],
			       .value = value,
			       .until = clock_mono_ns() + (t->flags & O_NONBLOCK ? SOON_NS : WAIT_NS) };
	p->what.id = q->ask.id;
	sent = send_ask(r, p);
	if (sent >= 0)
		return NOTIFY_LATER;
	forget(r, p);
	return -ENETUNREACH;
}

static bool unsent(const struct reach *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->pending[i].outer >= 0)
			return true;
	return false;
}

struct pollfd reach_way(const struct inside *in)
{
	const struct reach *r = in->reach;
	struct pollfd way = { .fd = r ? r->channel : -1, .events = POLLIN };

	if (way.fd >= 0 && unsent(r))
		way.events |= POLLOUT;
	return way;
}

/* The proxy is gone, or talks nonsense: nothing is reached any more. */
static void hang_up(struct inside *in)
{
	struct reach *r = in->reach;

	fd_close(&r->channel);
	while (r->count > 0)
		finish(in, &r->pending[r->count - 1], ENETUNREACH);
}

static void hear_answer(struct inside *in, const struct reach_answer *a)
{
	struct reach *r = in->reach;
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->pending[i].what.id == a->id) {
			finish(in, &r->pending[i], a->error);
			return;
		}
}

static void send_unsent(struct inside *in)
{
	struct reach *r = in->reach;
	size_t i;
	int sent;

	for (i = 0; i < r->count; i++) {
		sent = r->pending[i].outer >= 0 ? send_ask(r, &r->pending[i]) : 1;
		if (sent < 0)
			hang_up(in);
		if (sent <= 0)
			return;
	}
}

void reach_hear(struct inside *in, short revents)
{
	struct reach_answer a;
	ssize_t got;

	if (revents & (POLLIN | POLLHUP | POLLERR)) {
		got = recv(in->reach->channel, &a, sizeof(a), MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got != (ssize_t)sizeof(a) || a.error < 0 || a.error > MOST_ERRNO) {
			hang_up(in);
			return;
		}
		hear_answer(in, &a);
	}
	if (in->reach->channel >= 0 && (revents & POLLOUT))
		send_unsent(in);
}

/* Out of time: who would not wait gets the connection as it is, who waited hears so. */
static void run_out(struct inside *in, struct pending *p)
{
	bool goes_on = (p->target.flags & O_NONBLOCK) && p->outer < 0;

	finish(in, p, goes_on ? 0 : ETIMEDOUT);
}

int reach_again(struct inside *in)
{
	struct reach *r = in->reach;
	uint64_t now = r && r->count ? clock_mono_ns() : 0, first = UINT64_MAX;
	size_t i;

	for (i = now ? r->count : 0; i-- > 0;)
		if (r->pending[i].until <= now)
			run_out(in, &r->pending[i]);
		else if (r->pending[i].until < first)
			first = r->pending[i].until;
	return first == UINT64_MAX ? -1 : clock_left_ms(first);
}

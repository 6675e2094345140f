/*
 * The bytes, from one end to the other. What was taken is given before more is taken, so nothing piles up: who reads
 * slowly slows down who writes. An end that says no more is passed on (shutdown), one that breaks off too (reset).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "proxy/proxy.h"

static ssize_t give_some(const struct lane *lane, int to)
{
	if (lane->held.size > 0)
		return send(to, lane->held.data, lane->held.size, MSG_NOSIGNAL | MSG_DONTWAIT);
	return splice(lane->pipe->out, NULL, to, NULL, lane->pipe->held, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
}

static void gave(struct proxy *p, struct lane *lane, size_t size)
{
	lane->moved += size;
	if (lane->held.size > 0) {
		buf_drop(&lane->held, size);
		if (lane->held.size == 0)
			buf_free(&lane->held);
		return;
	}
	lane->pipe->held -= size;
	if (lane->pipe->held == 0)
		conduit_give(p, take(&lane->pipe));
}

/* Nobody reads there any more; what that end has said itself may still be on its way. */
static void give_up(struct proxy *p, struct link *l, struct lane *lane)
{
	conduit_give(p, take(&lane->pipe));
	buf_free(&lane->held);
	lane->ended = lane->done = true;
	l->broken = true;
	l->ends[AGENT].readable = l->ends[WORLD].readable = true;
}

/* All that is held; false: later, or never. */
static bool give(struct proxy *p, struct link *l, struct lane *lane, struct end *to)
{
	ssize_t gone;

	while (lane->held.size > 0 || lane->pipe) {
		if (!to->writable)
			return false;
		gone = give_some(lane, to->watch.fd);
		if (gone > 0) {
			gave(p, lane, (size_t)gone);
		} else if (gone < 0 && errno == EAGAIN) {
			to->writable = false;
			return false;
		} else if (gone == 0 || errno != EINTR) {
			give_up(p, l, lane);
			return false;
		}
	}
	return true;
}

bool lane_stopped(struct link *l, unsigned from, ssize_t got)
{
	if (got == 0) {
		l->lanes[from].ended = true;
		return true;
	}
	if (errno == EINTR)
		return true;
	l->ends[from].readable = false;
	if (errno == EAGAIN)
		return false;
	link_over(l->proxy, l, from == AGENT ? &(struct net_over){ .status = "cancelled", .why = "the program broke it off" }
					     : &(struct net_over){ .status = "error", .why = "the other end broke it off" });
	return false;
}

static bool take_small(struct link *l, unsigned from, size_t most)
{
	struct lane *lane = &l->lanes[from];
	char bytes[PROXY_SIP];
	ssize_t got = recv(l->ends[from].watch.fd, bytes, most < sizeof(bytes) ? most : sizeof(bytes), MSG_DONTWAIT);

	if (got <= 0)
		return lane_stopped(l, from, got);
	if (!buf_add(&lane->held, bytes, (size_t)got))
		link_over(l->proxy, l, &(struct net_over){ .status = "error", .why = "no memory for it" });
	return l->state == LINK_OPEN;
}

bool lane_take(struct proxy *p, struct link *l, unsigned from, size_t most)
{
	struct conduit *c = conduit_take(p);
	ssize_t got;

	if (!c)
		return take_small(l, from, most);
	got = splice(l->ends[from].watch.fd, NULL, c->in, NULL, most < c->room ? most : c->room,
		     SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	if (got > 0) {
		c->held = (size_t)got;
		l->lanes[from].pipe = c;
		return true;
	}
	conduit_give(p, c);
	return lane_stopped(l, from, got);
}

/* True: there may be more at once. */
static bool take_more(struct proxy *p, struct link *l, unsigned from)
{
	if (from == WORLD) {
		request_status(p, l);
		return lane_take(p, l, from, PROXY_PIPE);
	}
	if (l->look == LOOK_FIRST || l->look == LOOK_SECOND || l->look == LOOK_WORD)
		return guard_look(p, l);
	return l->look == LOOK_NONE ? lane_take(p, l, from, PROXY_PIPE) : request_take(p, l);
}

/* True: its turn is over, and it has more. */
static bool lane_move(struct proxy *p, struct link *l, unsigned from)
{
	struct lane *lane = &l->lanes[from];
	struct end *to = &l->ends[!from];
	uint64_t until = lane->moved + PROXY_TURN;

	while (l->state == LINK_OPEN && !lane->done) {
		if (!give(p, l, lane, to))
			return false;
		if (lane->ended) {
			shutdown(to->watch.fd, SHUT_WR);
			lane->done = true;
		} else if (lane->moved >= until) {
			return true;
		} else if (!l->ends[from].readable || !take_more(p, l, from)) {
			return false;
		}
	}
	return false;
}

static void queue(struct proxy *p, struct link *l)
{
	if (l->again)
		return;
	l->again = true;
	TAILQ_INSERT_TAIL(&p->turns, l, turns);
}

/* The server has said all: one request was one answer. What the program may still say is read away. */
static void end_request(struct proxy *p, struct link *l)
{
	struct net_over o = { .status = "ok", .http = l->status };

	o.sent = l->lanes[AGENT].moved;
	o.received = l->lanes[WORLD].moved;
	ask_over(p, &l->asker, &o);
	link_linger(p, l);
}

void lanes_move(struct proxy *p, struct link *l)
{
	bool more = lane_move(p, l, AGENT);

	more = lane_move(p, l, WORLD) || more;
	if (l->state != LINK_OPEN)
		return;
	if (l->lanes[AGENT].done && l->lanes[WORLD].done)
		link_over(p, l, l->broken ? &(struct net_over){ .status = "error", .why = "one end broke it off" }
					  : &(struct net_over){ .status = "ok" });
	else if (l->way == NET_BY_HTTP && l->lanes[WORLD].done)
		end_request(p, l);
	else if (l->lanes[AGENT].done || l->lanes[WORLD].done)
		deadline_set(p, &l->deadline, DELAY_HALF);
	if (more && l->state == LINK_OPEN)
		queue(p, l);
}

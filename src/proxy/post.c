/* What goes to another process of ours leaves when that has room: the loop waits for nobody. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/fd.h"
#include "proxy/proxy.h"

struct post {
	TAILQ_ENTRY(post) all;
	enum msg_type type;
	uint64_t tag;
	int fd;
	size_t size;
	uint8_t body[];
};

static void channel_ready(struct proxy *p, struct watch *w, uint32_t events)
{
	struct channel *c = holder_of(w, struct channel, watch);
	unsigned turns = 64;
	int got = WIRE_MESSAGE;

	if (events & EPOLLOUT)
		post_flush(p, c);
	while (!p->err.kind && got == WIRE_MESSAGE && turns-- > 0) {
		got = wire_receive(&c->wire, &p->msg, false, &p->err);
		if (got == WIRE_MESSAGE)
			(void)!ask_hear(p, &p->msg, &p->err);
	}
	if (got == WIRE_CLOSED)
		p->over = true;
}

int channel_begin(struct proxy *p, struct channel *c, int fd, enum role peer, struct err *e)
{
	c->watch = (struct watch){ .fd = fd, .ready = channel_ready };
	c->wire = (struct wire){ fd, ROLE_PROXY, peer, PHASE_RUNNING };
	c->open = true;
	return proxy_watch(p, &c->watch, EPOLLIN) ? 0 : err_sys(e, "a channel");
}

static void want_room(struct proxy *p, struct channel *c)
{
	struct epoll_event wanted = { .events = EPOLLIN, .data.ptr = &c->watch };
	bool wants = !TAILQ_EMPTY(&c->posts);

	if (wants == c->wants_room)
		return;
	c->wants_room = wants;
	wanted.events |= wants ? EPOLLOUT : 0;
	(void)!epoll_ctl(p->loop, EPOLL_CTL_MOD, c->watch.fd, &wanted);
}

static void post_free(struct channel *c, struct post *one)
{
	TAILQ_REMOVE(&c->posts, one, all);
	fd_close(&one->fd);
	free(one);
}

void post_drop(struct channel *c)
{
	struct post *one;

	while ((one = TAILQ_FIRST(&c->posts)))
		post_free(c, one);
}

/* A channel that is broken says so when it is read from. */
void post_flush(struct proxy *p, struct channel *c)
{
	struct err ignored = { 0 };
	struct post *one;

	while ((one = TAILQ_FIRST(&c->posts))) {
		struct pollfd room = { .fd = c->watch.fd, .events = POLLOUT };

		if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT))
			break;
		if (wire_send(&c->wire, one->type, one->tag, one->body, one->size, &one->fd, one->fd >= 0,
			      &ignored) < 0) {
			post_drop(c);
			break;
		}
		post_free(c, one);
	}
	want_room(p, c);
}

bool post(struct proxy *p, struct channel *c, enum msg_type t, uint64_t tag, const struct pack *body, int fd)
{
	struct post *one = c->open ? malloc(sizeof(*one) + body->size) : NULL;

	if (!one || body->over) {
		free(one);
		fd_close(&fd);
		return false;
	}
	*one = (struct post){ .type = t, .tag = tag, .fd = fd, .size = body->size };
	memcpy(one->body, body->at, body->size);
	TAILQ_INSERT_TAIL(&c->posts, one, all);
	post_flush(p, c);
	return true;
}

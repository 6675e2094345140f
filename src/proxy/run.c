/* A proxy from the launcher's first message to its end: one epoll loop, in which nothing waits for anybody. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "proxy/proxy.h"

enum { EVENTS = 256, OTHERS = PROXY_EARS + PROXY_FLOWS + 2 * PROXY_PIPES + 64, LAST_WORDS_MS = 1000 };

bool proxy_watch(struct proxy *p, struct watch *w, uint32_t events)
{
	struct epoll_event wanted = { .events = events, .data.ptr = w };

	return epoll_ctl(p->loop, EPOLL_CTL_ADD, w->fd, &wanted) == 0;
}

int proxy_leave(struct proxy *p, struct watch *w)
{
	if (w->fd >= 0)
		(void)!epoll_ctl(p->loop, EPOLL_CTL_DEL, w->fd, NULL);
	return fd_take(&w->fd);
}

void proxy_unwatch(struct proxy *p, struct watch *w)
{
	int fd = proxy_leave(p, w);

	fd_close(&fd);
}

/* Two descriptors for each connection, and some for everything else. */
static size_t connections_possible(void)
{
	struct rlimit most = { 0 };
	size_t pairs;

	if (getrlimit(RLIMIT_NOFILE, &most) < 0 || most.rlim_cur < OTHERS + 4 * PROXY_SPARE)
		return PROXY_SPARE;
	pairs = (most.rlim_cur - OTHERS) / 2 - PROXY_SPARE;
	return pairs < NET_CONNECTIONS ? pairs : NET_CONNECTIONS;
}

static void furnish(struct proxy *p)
{
	size_t i;

	for (i = 0; i < DELAYS; i++)
		TAILQ_INIT(&p->deadlines[i]);
	TAILQ_INIT(&p->links);
	TAILQ_INIT(&p->dead);
	TAILQ_INIT(&p->turns);
	TAILQ_INIT(&p->pipes);
	TAILQ_INIT(&p->flows);
	TAILQ_INIT(&p->dead_flows);
	TAILQ_INIT(&p->errands);
	TAILQ_INIT(&p->dead_errands);
	TAILQ_INIT(&p->broker.posts);
	TAILQ_INIT(&p->inspector.posts);
	for (i = 0; i < PROXY_SEATS; i++)
		p->free_seats[p->free_count++] = (uint32_t)(PROXY_SEATS - 1 - i);
	p->broker.watch.fd = p->inspector.watch.fd = p->launcher.fd = -1;
}

struct proxy *proxy_new(struct err *e)
{
	struct proxy *p = calloc(1, sizeof(*p));

	if (!p) {
		err_sys(e, "memory for the proxy");
		return NULL;
	}
	furnish(p);
	p->link_most = connections_possible();
	p->now = clock_mono_ns();
	must(getrandom(&p->names.seed, sizeof(p->names.seed), 0) == sizeof(p->names.seed));
	p->loop = epoll_create1(EPOLL_CLOEXEC);
	if (p->loop >= 0)
		return p;
	err_sys(e, "epoll");
	free(p);
	return NULL;
}

static void free_channel(struct proxy *p, struct channel *c)
{
	post_drop(c);
	c->open = false;
	proxy_unwatch(p, &c->watch);
}

void proxy_free(struct proxy *p)
{
	struct conduit *c;
	size_t i;

	free_channel(p, &p->broker);
	free_channel(p, &p->inspector);
	while (!TAILQ_EMPTY(&p->links))
		link_die(p, TAILQ_FIRST(&p->links), true);
	flows_end(p);
	reports_drop(p);
	errands_end(p);
	buf_free(&p->untold);
	proxy_bury(p);
	flows_bury(p);
	errands_bury(p);
	for (i = 0; i < p->ear_count; i++)
		proxy_unwatch(p, &p->ears[i].watch);
	while ((c = TAILQ_FIRST(&p->pipes))) {
		TAILQ_REMOVE(&p->pipes, c, all);
		c->held = 1; /* so that it is not kept */
		conduit_give(p, c);
	}
	for (i = 0; i < p->names.count; i++)
		free(p->names.all[i]);
	fd_close(&p->loop);
	free(p);
}

/* Each that had more to move than its turn allowed has one more turn. */
static void next_turns(struct proxy *p)
{
	struct link *last = TAILQ_LAST(&p->turns, links), *l = NULL;

	while (last && l != last && (l = TAILQ_FIRST(&p->turns))) {
		TAILQ_REMOVE(&p->turns, l, turns);
		l->again = false;
		lanes_move(p, l);
	}
}

bool proxy_turn(struct proxy *p, int wait_ms)
{
	struct epoll_event events[EVENTS];
	int left = proxy_time_left(p), count, i;

	if (left < 0 || (wait_ms >= 0 && wait_ms < left))
		left = wait_ms;
	count = epoll_wait(p->loop, events, EVENTS, TAILQ_EMPTY(&p->turns) ? left : 0);
	if (count < 0 && errno != EINTR)
		err_sys(&p->err, "epoll");
	p->now = clock_mono_ns();
	for (i = 0; i < count && !p->err.kind; i++) {
		struct watch *w = events[i].data.ptr;

		if (w->fd >= 0)
			w->ready(p, w, events[i].events);
	}
	next_turns(p);
	proxy_expire(p, p->now);
	proxy_bury(p);
	flows_bury(p);
	errands_bury(p);
	return !p->over && !p->err.kind;
}

static void launcher_ended(struct proxy *p, struct watch *w, uint32_t events)
{
	(void)w;
	(void)events;
	p->over = true;
}

/* What is still open is over, and how much went through is told, if anybody still hears it. */
void proxy_end(struct proxy *p)
{
	uint64_t until = clock_mono_ns() + LAST_WORDS_MS * UINT64_C(1000000);
	struct pollfd room = { .fd = p->broker.watch.fd, .events = POLLOUT };
	struct link *l;

	while ((l = TAILQ_FIRST(&p->links)))
		link_over(p, l, &(struct net_over){ .status = "cancelled", .why = "the run ended" });
	flows_end(p);
	errands_end(p);
	while (!TAILQ_EMPTY(&p->broker.posts) && poll(&room, 1, clock_left_ms(until)) == 1 &&
	       room.revents == POLLOUT)
		post_flush(p, &p->broker);
}

int proxy_run(struct proxy *p, int channel, struct err *e)
{
	struct watch launcher = { .fd = channel, .ready = launcher_ended };

	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	p->launcher = (struct wire){ channel, ROLE_PROXY, ROLE_LAUNCHER, PHASE_STARTING };
	while (p->launcher.now == PHASE_STARTING)
		if (proxy_hear(p, e) < 0)
			return -1;
	if (!proxy_watch(p, &launcher, EPOLLIN | EPOLLRDHUP))
		return err_sys(e, "the launcher's channel");
	while (proxy_turn(p, -1))
		;
	if (p->err.kind) {
		*e = p->err;
		return -1;
	}
	proxy_end(p);
	return 0;
}

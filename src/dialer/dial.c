/*
 * One DIAL from the broker's message to its answer: an address or a name's addresses, judged; one
 * connection after another begun, a quarter of a second apart; the first that stands is handed over
 * and the others are closed.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dialer/dialer.h"

static const uint64_t MS = 1000000;

/* Bodies are the broker's own work: one that cannot be read means that it has been taken over. */
static bool unpack_dial(struct dial *out, uint64_t *ms, const struct msg *m)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t receipt = unpack_number(&u, 8), datagrams = unpack_number(&u, 1);

	out->tag = m->tag;
	out->datagrams = datagrams == 1;
	if (!unpack_copy(&u, out->host, sizeof(out->host)))
		return false;
	out->port = (uint16_t)unpack_number(&u, 2);
	*ms = unpack_number(&u, 4);
	if (!unpack_done(&u) || receipt == 0 || datagrams > 1 || *ms == 0 || *ms > DIAL_MS_MOST)
		return false;
	return out->port ? out->host[0] != '\0' : out->host[0] == '/' && !out->datagrams;
}

/* It stands, or never will, and the next may begin. */
static void finish(struct dial *a, size_t winner, int error)
{
	if (error) {
		fd_close(&a->fds[winner]);
		a->error = a->error ? a->error : error;
		a->next_ns = 0;
		return;
	}
	answer_connected(a, a->fds[winner], &a->places[winner]);
}

static int error_of(int fd)
{
	socklen_t size = sizeof(int);
	int error = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

/* On one machine both ends have agreed, or one has refused, before connect(2) comes back, though it says otherwise. */
static bool is_settled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1;
}

/* The next address, and at once the one after it where that is refused on the spot. */
static void begin_next(struct dial *a, uint64_t now)
{
	struct where w = place_where(&a->places[a->begun], a->port);
	int on = 1, error = 0, *fd = &a->fds[a->begun];

	*fd = socket(w.at.ss_family,
		     (a->datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd >= 0 && !a->datagrams)
		setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (*fd < 0 || connect(*fd, (struct sockaddr *)&w.at, w.size) < 0)
		error = errno;
	a->begun++;
	a->next_ns = now + STAGGER_MS * MS;
	if (*fd >= 0 && error == EINPROGRESS && !is_settled(*fd))
		return;
	finish(a, a->begun - 1, error == EINPROGRESS ? error_of(*fd) : error);
}

static bool is_under_way(const struct dial *a)
{
	size_t i;

	for (i = 0; i < a->begun; i++)
		if (a->fds[i] >= 0)
			return true;
	return false;
}

static void move_on(struct dial *a, uint64_t now)
{
	while (!a->over && a->begun < a->count && (now >= a->next_ns || !is_under_way(a)))
		begin_next(a, now);
	if (!a->over && a->begun == a->count && !is_under_way(a))
		answer_failed(a, a->error);
}

/* How a lookup that gave no address ended; the last row fits all. */
static const struct {
	int status;
	enum net_no no;
	const char *what;
} endings[] = {
	{ ARES_ENOTFOUND, NET_UNKNOWN, "there is no such name" },
	{ ARES_ENODATA, NET_UNKNOWN, "that name has no address" },
	{ ARES_SUCCESS, NET_UNKNOWN, "that name has no address" },
	{ ARES_ETIMEOUT, NET_LATE, "no name server answers" },
	{ ARES_ENOMEM, NET_BUSY, "too many names at once" },
	{ -1, NET_UNKNOWN, NULL },
};

static void say_nothing_found(struct dial *a)
{
	size_t i = 0;

	if (a->refused[0]) {
		answer_no(a, NET_PRIVATE, EACCES, "%s", a->refused);
		return;
	}
	while (endings[i].status >= 0 && endings[i].status != a->status)
		i++;
	answer_no(a, endings[i].no, 0, "%s",
		  endings[i].what ? endings[i].what : ares_strerror(a->status));
}

static void take_found(struct dial *a, uint64_t now)
{
	lookup_end(a);
	if (a->count == 0)
		say_nothing_found(a);
	else
		move_on(a, now);
}

static void begin_path(struct dial *a)
{
	scoped(fd) int fd = path_connect(a->host);

	if (fd < 0)
		answer_failed(a, errno);
	else
		answer_connected(a, fd, NULL);
}

static void begin_host(struct dial *a, uint64_t now)
{
	struct egress_host h;

	/* in its one form, which is what was judged: another would be judged by nobody */
	if (!egress_host(&h, a->host, strlen(a->host), false) || strcmp(h.text, a->host) != 0) {
		answer_no(a, NET_BAD, EINVAL,
			  "that is no name or address in the form it is judged in");
		return;
	}
	if (h.bits == 0) {
		lookup_begin(a);
		if (a->found)
			take_found(a, now);
		return;
	}
	memcpy(a->places[0].address, h.address, sizeof(h.address));
	a->places[0].bits = h.bits;
	a->count = judge_address(a, &a->places[0]);
	a->found = true;
	take_found(a, now);
}

int dial_begin(struct dialer *d, const struct msg *m, uint64_t now, struct err *e)
{
	struct dial *a = calloc(1, sizeof(*a));
	uint64_t ms;

	if (!a)
		return err_sys(e, "memory for a connection");
	a->dialer = d;
	memset(a->fds, -1, sizeof(a->fds));
	if (!unpack_dial(a, &ms, m)) {
		dial_free(a);
		return err_set(e, ERR_PEER, "malformed DIAL");
	}
	a->deadline_ns = now + ms * MS;
	if (d->count == DIALS)
		answer_no(a, NET_BUSY, EAGAIN, "%d connections are being made already", DIALS);
	else if (a->port == 0)
		begin_path(a);
	else
		begin_host(a, now);
	if (a->over)
		dial_free(a);
	else
		d->dials[d->count++] = a;
	return 0;
}

static void check(struct dial *a, int fd)
{
	size_t i;

	for (i = 0; i < a->begun && a->fds[i] != fd; i++)
		;
	if (i < a->begun)
		finish(a, i, error_of(fd));
}

static void say_late(struct dial *a)
{
	answer_no(a, NET_LATE, ETIMEDOUT, "%s",
		  a->lookup ? "no name server answers in time" : "nobody answers in time");
}

void dial_attend(struct dial *a, int fd, uint64_t now)
{
	if (a->over)
		return;
	if (a->lookup) {
		lookup_process(a, fd);
		if (a->found)
			take_found(a, now);
	} else {
		if (fd >= 0)
			check(a, fd);
		if (!a->over && now < a->deadline_ns)
			move_on(a, now);
	}
	if (!a->over && now >= a->deadline_ns)
		say_late(a);
}

size_t dial_watch(const struct dial *a, struct pollfd *out)
{
	size_t n = 0, i;

	if (a->lookup)
		return lookup_watch(a, out);
	for (i = 0; i < a->begun; i++)
		if (a->fds[i] >= 0)
			out[n++] = (struct pollfd){ .fd = a->fds[i], .events = POLLOUT };
	return n;
}

uint64_t dial_due(const struct dial *a, uint64_t now)
{
	struct timeval left, *of;
	uint64_t due = a->deadline_ns, then;

	if (a->lookup) {
		of = ares_timeout(a->lookup, NULL, &left);
		then = of ? now + (uint64_t)of->tv_sec * 1000 * MS + (uint64_t)of->tv_usec * 1000
			  : due;
	} else {
		then = a->begun < a->count ? a->next_ns : due;
	}
	return then < due ? then : due;
}

void dial_free(struct dial *a)
{
	size_t i;

	lookup_end(a);
	for (i = 0; i < ADDRESSES; i++)
		fd_close(&a->fds[i]);
	free(a);
}

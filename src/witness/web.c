/*
 * What strangers reach. libmicrohttpd reads and frames; here is held how much and how long: a body has a largest size, a
 * connection has so many seconds for each request, however slowly it says it, and when there are too many the one that has
 * waited longest goes.
 */
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "witness/witness.h"

enum { REQUEST_SECONDS = 30, POOL = 32 << 10, SWALLOW = 1 << 20, HEADROOM = 32 };

struct caller {
	TAILQ_ENTRY(caller) link;	/* whoever has waited longest first */
	uint64_t deadline_ns;
	int fd;
	bool cut;
	struct buf body;
	size_t swallowed;		/* of what is too long */
};

TAILQ_HEAD(callers, caller);

struct web {
	struct witness *witness;
	struct MHD_Daemon *http;
	struct callers callers;
	size_t count;
};

static const struct {
	const char *path;
	void (*judge)(struct witness *w, struct answer *a, const char *body, size_t size);
} paths[] = {
	{ "/add-checkpoint", judge_checkpoint },
	{ "/add-epoch", judge_epoch },
};

static void wait_anew(struct web *web, struct caller *c)
{
	c->deadline_ns = clock_mono_ns() + REQUEST_SECONDS * UINT64_C(1000000000);
	TAILQ_REMOVE(&web->callers, c, link);
	TAILQ_INSERT_TAIL(&web->callers, c, link);
}

static void cut(struct caller *c)
{
	c->cut = true;
	shutdown(c->fd, SHUT_RDWR);	/* libmicrohttpd finds that out, and closes it */
}

static void cut_first(struct web *web)
{
	struct caller *c;

	TAILQ_FOREACH(c, &web->callers, link)
		if (!c->cut) {
			cut(c);
			return;
		}
}

static void on_connection(void *of, struct MHD_Connection *http, void **context, enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct web *web = of;
	struct caller *c = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		c = calloc(1, sizeof(*c));
		*context = c;
		if (!c)
			return;
		c->fd = info->connect_fd;
		c->body = BUF(WITNESS_BODY);
		TAILQ_INSERT_TAIL(&web->callers, c, link);
		wait_anew(web, c);
		if (++web->count > WITNESS_CALLERS)
			cut_first(web);
	} else if (c) {
		TAILQ_REMOVE(&web->callers, c, link);
		web->count--;
		buf_free(&c->body);
		free(c);
	}
}

static enum MHD_Result reply(struct MHD_Connection *http, const struct answer *a)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(strlen(a->text), (void *)(uintptr_t)a->text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
	if (a->status == 405)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "POST");
	done = MHD_queue_response(http, a->status, r);
	MHD_destroy_response(r);
	return done;
}

/* By its head alone: what needs no body to be turned away. */
static bool turned_away(struct answer *a, struct MHD_Connection *http, size_t *path, const char *url, const char *method)
{
	const char *length = MHD_lookup_connection_value(http, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	for (*path = 0; *path < count_of(paths) && strcmp(url, paths[*path].path) != 0; ++*path)
		;
	if (*path == count_of(paths))
		answer_say(a, 404, "here is POST /add-checkpoint and POST /add-epoch: reeve-witness(8)");
	else if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
		answer_say(a, 405, "POST it");
	else if (length && strtoull(length, NULL, 10) > WITNESS_BODY)
		answer_say(a, 413, "a body of more than %d bytes", WITNESS_BODY);
	else
		return false;
	return true;
}

/* First with the head, then with each piece of the body, then when it is whole. */
static enum MHD_Result on_request(void *of, struct MHD_Connection *http, const char *url, const char *method, const char *version,
				  const char *data, size_t *size, void **begun)
{
	struct caller *c = MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	struct answer a = { .status = 0 };
	struct web *web = of;
	size_t path;

	(void)version;
	if (!c)
		return MHD_NO;
	if (turned_away(&a, http, &path, url, method))
		return *size > 0 ? MHD_NO : reply(http, &a);
	if (!*begun) {
		*begun = c;
		c->body.size = 0;
		c->body.over = false;
		c->swallowed = 0;
		return MHD_YES;
	}
	if (*size > 0) {
		if (!buf_add(&c->body, data, *size))
			c->swallowed += *size;
		*size = 0;
		return c->swallowed > SWALLOW ? MHD_NO : MHD_YES;
	}
	if (c->body.over)
		answer_say(&a, 413, "a body of more than %d bytes", WITNESS_BODY);
	else
		paths[path].judge(web->witness, &a, c->body.data ? c->body.data : "", c->body.size);
	wait_anew(web, c);
	return reply(http, &a);
}

static int time_left(struct web *web)
{
	MHD_UNSIGNED_LONG_LONG its;
	struct caller *c = TAILQ_FIRST(&web->callers);
	int left = c ? clock_left_ms(c->deadline_ns) : -1;

	if (MHD_get_timeout(web->http, &its) == MHD_YES && (left < 0 || its < (unsigned)left))
		left = its > 60000 ? 60000 : (int)its;
	return left;
}

static int serve(struct web *web, int events, struct err *e)
{
	struct pollfd at = { .fd = events, .events = POLLIN };
	struct caller *c;
	uint64_t now;

	for (;;) {
		if (poll(&at, 1, time_left(web)) < 0 && errno != EINTR)
			return err_sys(e, "poll");
		now = clock_mono_ns();
		TAILQ_FOREACH(c, &web->callers, link) {
			if (c->deadline_ns > now)
				break;
			cut(c);
			c->deadline_ns = UINT64_MAX;
		}
		if (MHD_run(web->http) != MHD_YES)
			return err_set(e, ERR_SYSTEM, "libmicrohttpd gives up");
	}
}

int web_serve(struct witness *w, int listener, struct err *e)
{
	struct web web = { .witness = w };
	const union MHD_DaemonInfo *info;
	int status;

	TAILQ_INIT(&web.callers);
	/* Without dates: for one, libc opens the file of the local time. */
	web.http = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_SUPPRESS_DATE_NO_CLOCK, 0, NULL, NULL, on_request, &web,
				    MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_NOTIFY_CONNECTION, on_connection, &web,
				    MHD_OPTION_CONNECTION_LIMIT, (unsigned)(WITNESS_CALLERS + HEADROOM),
				    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)REQUEST_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT, 1,
				    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL, MHD_OPTION_END);
	info = web.http ? MHD_get_daemon_info(web.http, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		return err_set(e, ERR_SYSTEM, "libmicrohttpd does not start");
	status = serve(&web, info->epoll_fd, e);
	MHD_stop_daemon(web.http);
	return status;
}

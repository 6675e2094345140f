/*
 * What libmicrohttpd does: it frames bodies and answers, and writes to who reads slowly. Each connection is given to it
 * with a head that was judged, carries one request, and is closed after its answer. While nothing can be said to a
 * caller it is suspended, and libmicrohttpd does not look at it; whether it hangs up meanwhile, run.c watches.
 */
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "porter/porter.h"

enum { IDLE_SECONDS = 30, POOL = 64 << 10, BLOCK = 64 << 10 };

static void pause_caller(struct caller *c)
{
	MHD_suspend_connection(c->http);
	c->suspended = true;
}

void web_wake(struct caller *c)
{
	if (!c->suspended)
		return;
	c->suspended = false;
	c->porter->woken = true;
	MHD_resume_connection(c->http);
}

void web_gone(struct caller *c)
{
	c->gone = true;
	web_wake(c);
}

/* What has arrived is still being read; libmicrohttpd does not mind that no more can come. */
void web_half(struct caller *c)
{
	uint64_t soon = clock_mono_ns() + HALF_MS * UINT64_C(1000000);

	c->half = true;
	if (c->deadline_ns > soon)
		c->deadline_ns = soon;
}

void web_cut(struct caller *c)
{
	turned_note(c->porter, REASON_BAD_HTTP,
		    c->half ? "a body that ends early" : "a body that does not come in time", c->body.size);
	c->noted = true;
	shutdown(c->fd, SHUT_RDWR);
}

/* Its events: what waits, then nothing until there is more. */
static ssize_t read_events(void *caller, uint64_t pos, char *out, size_t most)
{
	struct caller *c = caller;
	size_t left = c->answer.size - c->at;

	(void)pos;
	if (c->gone || c->answer.over)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (left > 0) {
		left = left < most ? left : most;
		memcpy(out, c->answer.data + c->at, left);
		c->at += left;
		return (ssize_t)left;
	}
	c->at = c->answer.size = 0;
	if (c->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	pause_caller(c);
	return 0;
}

static enum MHD_Result reply(struct caller *c)
{
	bool streams = c->state == CALLER_STREAMS;
	struct MHD_Response *r =
		streams ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_events, c, NULL)
			: MHD_create_response_from_buffer(c->answer.size, c->answer.data, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result done = MHD_NO;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Connection", "close");
	MHD_add_response_header(r, "Cache-Control", "no-store");
	if (streams || c->answer.size > 0)
		MHD_add_response_header(r, "Content-Type", streams ? "text/event-stream" : "application/json");
	if (c->status == 405)
		MHD_add_response_header(r, "Allow", "POST");
	if (c->greets && c->door && c->door->session[0])
		MHD_add_response_header(r, "Mcp-Session-Id", c->door->session);
	done = MHD_queue_response(c->http, streams ? 200 : c->status, r);
	MHD_destroy_response(r);
	return done;
}

/* First for its head, then for each piece of its body, then when the body is whole and whenever it is woken. */
static enum MHD_Result on_request(void *porter, struct MHD_Connection *http, const char *url, const char *method,
				  const char *version, const char *data, size_t *size, void **begun)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct caller *c = info->socket_context;

	(void)porter;
	(void)url;
	(void)method;
	(void)version;
	if (!*begun) {
		*begun = c;
		return MHD_YES;
	}
	if (*size > 0) {
		caller_body(c, data, *size);
		*size = 0;
		return c->gone ? MHD_NO : MHD_YES;
	}
	if (c->state == CALLER_BODY) {
		c->deadline_ns = 0;
		post_serve(c);
	}
	if (c->gone || c->answer.over)
		return MHD_NO;
	if (c->state == CALLER_WAITS || c->state == CALLER_HELD) {
		pause_caller(c);
		return MHD_YES;
	}
	return reply(c);
}

static void on_connection(void *porter, struct MHD_Connection *http, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct porter *p = porter;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = p->handing;
		p->handing->http = http;
	} else {
		caller_closed(*context);
	}
}

void web_take(struct caller *c)
{
	const struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct porter *p = c->porter;

	c->state = CALLER_BODY;
	p->handing = c;
	(void)!MHD_add_connection(p->http, c->fd, (const struct sockaddr *)&from, sizeof(from));
	p->handing = NULL;
	if (c->http)
		return;
	c->fd = -1; /* it has closed it */
	c->state = CALLER_DEAD;
}

int web_begin(struct porter *p, struct err *e)
{
	const union MHD_DaemonInfo *info;

	/* Without dates: for one, libc opens the file of the local time. */
	p->http = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
					   MHD_USE_SUPPRESS_DATE_NO_CLOCK,
				   0, NULL, NULL, on_request, p, MHD_OPTION_NOTIFY_CONNECTION, on_connection, p,
				   MHD_OPTION_CONNECTION_LIMIT, (unsigned)PORTER_CALLERS,
				   MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
				   MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL, MHD_OPTION_END);
	info = p->http ? MHD_get_daemon_info(p->http, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		return err_set(e, ERR_SYSTEM, "libmicrohttpd does not start");
	p->events = info->epoll_fd;
	return 0;
}

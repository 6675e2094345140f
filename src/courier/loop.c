/* Standard input on one side, libcurl on the other; nothing is waited for but both. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "courier/courier.h"

enum { READ_SIZE = 64 << 10, WAIT_MS = 60000, GOODBYE_MS = 2500 };

int courier_prepare(struct courier *c, struct err *e)
{
	struct err why = { 0 };

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_SYSTEM, "libcurl cannot be used");
	c->multi = curl_multi_init();
	if (!c->multi)
		return err_set(e, ERR_SYSTEM, "no memory for libcurl");
	curl_multi_setopt(c->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)EXCHANGES + 4);
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, 8L);
	if (address_resolve(c, &why) < 0)
		log_say("%s", why.text); /* whoever asks is told so; it may be better by then */
	return 0;
}

/* The first two messages of a session settle what all others carry. */
static bool may_take(const struct courier *c)
{
	const struct exchange *x;

	TAILQ_FOREACH(x, &c->exchanges, all)
		if ((x->initialize && !x->answered) || x->initialized)
			return false;
	return c->count < EXCHANGES;
}

static int take_lines(struct courier *c, struct err *e)
{
	const char *from, *end;
	size_t size;

	while (may_take(c) && c->in.size > c->seen) {
		from = c->in.data;
		end = memchr(from + c->seen, '\n', c->in.size - c->seen);
		if (!end) {
			c->seen = c->in.size;
			break;
		}
		size = (size_t)(end - from);
		if (take_line(c, from, size, e) < 0)
			return -1;
		buf_drop(&c->in, size + 1);
		c->seen = 0;
	}
	return 0;
}

static bool may_read(const struct courier *c)
{
	return !c->closed && may_take(c) && c->in.size < MCP_LINE + 1;
}

static int read_some(struct courier *c, struct err *e)
{
	ssize_t got;

	if (!buf_reserve(&c->in, READ_SIZE))
		return err_sys(e, "memory for what the broker says");
	got = read(0, c->in.data + c->in.size, READ_SIZE);
	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : err_sys(e, "read");
	c->in.size += (size_t)got;
	c->closed = got == 0;
	return 0;
}

static void hear_ends(struct courier *c)
{
	struct exchange *x;
	CURLMsg *m;
	int left;

	while (!c->over && (m = curl_multi_info_read(c->multi, &left)))
		if (m->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x) == CURLE_OK)
			answer_ended(x, m->data.result);
}

static void send_due(struct courier *c)
{
	uint64_t now = clock_mono_ns();
	struct exchange *x, *next;
	struct err e = { 0 };

	for (x = TAILQ_FIRST(&c->exchanges); x; x = next) {
		next = TAILQ_NEXT(x, all);
		if (!x->due_ns || x->due_ns > now || exchange_send(x, &e) == 0)
			continue;
		say_error(x->answered ? NULL : x->id, e.text);
		exchange_free(x);
	}
}

static int time_left(const struct courier *c)
{
	const struct exchange *x;
	int soonest = WAIT_MS, one;

	TAILQ_FOREACH(x, &c->exchanges, all) {
		one = x->due_ns ? clock_left_ms(x->due_ns) : WAIT_MS;
		soonest = one < soonest ? one : soonest;
	}
	return soonest;
}

static int turn(struct courier *c, struct err *e)
{
	struct curl_waitfd in = { .fd = 0, .events = CURL_WAIT_POLLIN };
	bool reads = may_read(c);
	int running;

	if (curl_multi_poll(c->multi, &in, reads, time_left(c), NULL) != CURLM_OK ||
	    curl_multi_perform(c->multi, &running) != CURLM_OK)
		return err_set(e, ERR_SYSTEM, "libcurl cannot go on");
	if (reads && in.revents && read_some(c, e) < 0)
		return -1;
	hear_ends(c);
	if (!c->over)
		send_due(c);
	return c->over ? 0 : take_lines(c, e);
}

static void end_all(struct courier *c, const char *why)
{
	struct exchange *x;

	while ((x = TAILQ_FIRST(&c->exchanges))) {
		if (why && x->id && !x->answered)
			say_error(x->id, why);
		exchange_free(x);
	}
}

/* So that the server need not find out by itself. */
static void say_goodbye(struct courier *c)
{
	uint64_t deadline = clock_mono_ns() + GOODBYE_MS * UINT64_C(1000000);
	struct exchange *x = c->session[0] ? exchange_new(c, EXCHANGE_DELETE) : NULL;
	struct err e = { 0 };
	int running;

	if (!x || exchange_send(x, &e) < 0)
		return;
	while (TAILQ_FIRST(&c->exchanges) && clock_left_ms(deadline) > 0) {
		if (curl_multi_perform(c->multi, &running) != CURLM_OK)
			return;
		hear_ends(c);
		if (TAILQ_FIRST(&c->exchanges))
			curl_multi_poll(c->multi, NULL, 0, clock_left_ms(deadline), NULL);
	}
}

int courier_run(struct courier *c, struct err *e)
{
	if (take_lines(c, e) < 0)
		return -1;
	while (!c->closed && !c->over)
		if (turn(c, e) < 0)
			return -1;
	if (c->over) {
		end_all(c,
			"the remote server has ended the session; the next call begins a new one");
		return err_set(e, ERR_PEER, "the remote server has ended the session");
	}
	end_all(c, NULL);
	say_goodbye(c);
	return 0;
}

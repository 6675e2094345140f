/*
 * Whoever listens may be slow, stopped or gone, and the run does not wait: a line that does not fit
 * now is dropped whole and counted. O_NONBLOCK is not set, because it would be set for everybody
 * who shares the descriptor's file; each single write is told not to wait instead.
 */
#include "launcher/status.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/text.h"
#include "launcher/run.h"

/* Between the quotes of a JSON string; what is not UTF-8 is made visible first. */
static void add_text(struct buf *line, const char *text)
{
	struct buf seen = BUF(STATUS_LINE);
	size_t i;

	text_visible(&seen, text, strnlen(text, STATUS_LINE / 4));
	buf_puts(line, "\"");
	for (i = 0; i < seen.size; i++) {
		if (seen.data[i] == '"' || seen.data[i] == '\\')
			buf_puts(line, "\\");
		buf_add(line, &seen.data[i], 1);
	}
	buf_puts(line, "\"");
	buf_free(&seen);
}

/* One try. Where the kernel knows no RWF_NOWAIT for it: what is writable has room for a page. */
static ssize_t try_write(int fd, const char *bytes, size_t size)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	ssize_t put = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	struct stat st;

	if (put >= 0 || errno != ENOTSOCK)
		return put;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		put = pwritev2(fd, &part, 1, -1, RWF_NOWAIT);
	if (put >= 0 || errno == EAGAIN || errno == EPIPE)
		return put;
	if (poll(&room, 1, 0) <= 0 || !(room.revents & POLLOUT))
		return -1;
	return write(fd, bytes, size);
}

static bool flush_rest(struct status_lines *s)
{
	ssize_t put = s->rest_size ? try_write(s->fd, s->rest, s->rest_size) : 0;

	if (put > 0) {
		memmove(s->rest, s->rest + put, s->rest_size - (size_t)put);
		s->rest_size -= (size_t)put;
	}
	return s->rest_size == 0;
}

static bool put_line(struct status_lines *s, struct buf *line)
{
	ssize_t put;

	_Static_assert(STATUS_LINE <= 4096, "a line fits the page that poll(2) promises");
	buf_puts(line, "}\n");
	if (line->over || !flush_rest(s))
		return false;
	put = try_write(s->fd, line->data, line->size);
	if (put < 0)
		return false;
	s->rest_size = line->size - (size_t)put;
	memcpy(s->rest, line->data + put, s->rest_size);
	return true;
}

static void say_dropped(struct status_lines *s)
{
	struct buf line = BUF(STATUS_LINE);

	buf_printf(&line, "{\"event\":\"dropped\",\"count\":%llu", (unsigned long long)s->dropped);
	if (put_line(s, &line))
		s->dropped = 0;
	buf_free(&line);
}

/* Takes the line, which lacks its end. */
static void say(struct status_lines *s, struct buf *line)
{
	if (s->dropped > 0)
		say_dropped(s);
	if (s->dropped > 0 || !put_line(s, line))
		s->dropped++;
	buf_free(line);
}

static void say_degraded(struct run *r, const char *what, const char *name)
{
	struct buf line = BUF(STATUS_LINE);

	buf_printf(&line, "{\"event\":\"degraded\",\"%s\":\"%s\"", what, name);
	say(&r->lines, &line);
}

static void add_member(struct buf *line, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	buf_printf(line, ",\"%s\":", name);
	add_text(line, text);
}

static void say_unheard(struct run *r)
{
	struct buf line = BUF(STATUS_LINE);

	buf_puts(&line, "{\"event\":\"degraded\"");
	add_member(&line, "review", r->at.review);
	say(&r->lines, &line);
}

void status_begun(struct run *r)
{
	struct buf line = BUF(STATUS_LINE);
	const char *word, *holder;
	size_t n;
	int l;

	if (r->lines.fd <= 0)
		return;
	for (l = 0; l < LAYERS; l++)
		if (r->agent.layers[l].asked && !r->agent.layers[l].obtained)
			say_degraded(r, "layer", jail_layer_word((enum jail_layer)l));
	for (n = 0; limits_holder(r, n, &word, &holder); n++)
		if (strcmp(holder, "none") == 0)
			say_degraded(r, "limit", word);
	if (r->unheard)
		say_unheard(r);
	buf_printf(&line, "{\"event\":\"ready\",\"run\":%llu,\"pid\":%d,\"ledger\":",
		   (unsigned long long)r->index, r->agent.init);
	add_text(&line, r->at.ledger);
	say(&r->lines, &line);
}

void status_refused(struct run *r, const struct jail_event *seen, const char *server)
{
	struct buf line = BUF(STATUS_LINE);
	char name[JAIL_CALL_NAME] = "other";

	if (r->lines.fd <= 0)
		return;
	buf_printf(&line, "{\"event\":\"refused\",\"count\":%llu", (unsigned long long)seen->count);
	if (seen->call != -1 || seen->error != 0) {
		jail_call_name(name, seen->arch, seen->call);
		add_member(&line, "arch", jail_arch_word(seen->arch, seen->call));
		add_member(&line, "errno", strerrorname_np(seen->error));
	}
	add_member(&line, "call", name);
	add_member(&line, "path", events_path(r, seen));
	add_member(&line, "server", server);
	say(&r->lines, &line);
}

void status_told(struct run *r, enum hook_kind of, uint64_t record, const char *what)
{
	struct buf line = BUF(STATUS_LINE);

	if (r->lines.fd <= 0)
		return;
	buf_printf(&line, of == HOOK_HELD ? "{\"event\":\"held\",\"held\":%llu" : "{\"event\":\"alert\",\"alert\":%llu",
		   (unsigned long long)record);
	add_member(&line, "what", what);
	say(&r->lines, &line);
}

void status_ended(struct run *r, const char *why)
{
	struct buf line = BUF(STATUS_LINE);

	if (r->lines.fd <= 0)
		return;
	buf_printf(&line, "{\"event\":\"exit\",\"status\":%d,\"reason\":\"%s\"",
		   why ? RUN_FAILED : r->status,
		   why            ? "failed"
		   : r->timed_out ? "timeout"
				  : "ended");
	add_member(&line, "why", why);
	say(&r->lines, &line);
}

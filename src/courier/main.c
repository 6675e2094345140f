/*
 * reeve-courier: a remote tool server's messages, from lines to HTTPS and back. It is started in a
 * jail of its own, told once where to and as whom, loads what it needs, and is then held to a list
 * of calls.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "courier/courier.h"
#include "jail/jail.h"

enum { MEMORY = 512 << 20 };

/* What is read beyond the first line is the broker's. */
static int read_words(struct courier *c, struct err *e)
{
	const char *end = NULL;
	ssize_t got = 1;
	int done;

	while (!end && got > 0) {
		if (!buf_reserve(&c->in, 65536))
			return err_sys(e, "memory");
		got = read(0, c->in.data + c->in.size, 65536);
		if (got < 0 && errno != EINTR)
			return err_sys(e, "read");
		c->in.size += got > 0 ? (size_t)got : 0;
		end = c->in.size ? memchr(c->in.data, '\n', c->in.size) : NULL;
	}
	if (!end)
		return err_set(e, ERR_INPUT,
			       "nobody says where to; it is the launcher who starts reeve-courier");
	done = words_read(&c->words, c->in.data, (size_t)(end - c->in.data), e);
	explicit_bzero(c->in.data, (size_t)(end - c->in.data));
	buf_drop(&c->in, (size_t)(end - c->in.data) + 1);
	return done;
}

static int say(const struct err *e, int status)
{
	log_say("%s", e->text);
	return status;
}

int main(int argc, char **argv)
{
	struct courier c = { .in = BUF(MCP_LINE + (256 << 10)) };
	struct err e = { 0 };

	(void)argv;
	log_name("reeve-courier");
	if (argc > 2) {
		err_set(&e, ERR_INPUT, "usage: reeve-courier SERVER, by the launcher alone");
		return say(&e, COURIER_BAD_WORDS);
	}
	TAILQ_INIT(&c.exchanges);
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	if (read_words(&c, &e) < 0)
		return say(&e, COURIER_BAD_WORDS);
	if (jail_self_memory(MEMORY, &e) < 0 || courier_prepare(&c, &e) < 0 ||
	    jail_self(JAIL_COURIER, &e) < 0)
		return say(&e, COURIER_COULD_NOT);
	if (courier_run(&c, &e) < 0)
		return say(&e, c.over ? COURIER_SESSION_OVER : COURIER_COULD_NOT);
	return COURIER_DONE;
}

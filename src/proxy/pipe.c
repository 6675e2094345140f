/*
 * Pipes, so that bytes pass without being copied. A connection has one only while bytes are in it: thousands that are idle
 * have none. Those that nobody uses are kept, up to what there may be.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "proxy/proxy.h"

static struct conduit *make(struct proxy *p)
{
	struct conduit *c = p->pipe_count < PROXY_PIPES ? calloc(1, sizeof(*c)) : NULL;
	int ends[2], room;

	if (!c || pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) {
		free(c);
		return NULL;
	}
	/* What a user may have in large pipes is bounded; then it stays as it was made. */
	room = fcntl(ends[1], F_SETPIPE_SZ, PROXY_PIPE);
	*c = (struct conduit){ .out = ends[0], .in = ends[1], .room = room > 0 ? (size_t)room : 16 << 12 };
	p->pipe_count++;
	return c;
}

struct conduit *conduit_take(struct proxy *p)
{
	struct conduit *c = TAILQ_FIRST(&p->pipes);

	if (!c)
		return make(p);
	TAILQ_REMOVE(&p->pipes, c, all);
	return c;
}

void conduit_give(struct proxy *p, struct conduit *c)
{
	if (!c)
		return;
	if (c->held == 0) {
		TAILQ_INSERT_HEAD(&p->pipes, c, all);
		return;
	}
	fd_close(&c->out);
	fd_close(&c->in);
	free(c);
	p->pipe_count--;
}

/*
 * The porter, for agents that want a URL: only where somebody asked for it, because it takes a library that
 * takes a while to load. It is given the jail's listening socket, the names that stand in its paths, and a way
 * to the broker; the launcher hears no more of it than that it listens.
 */
#include <poll.h>
#include <string.h>

#include "base/fd.h"
#include "launcher/run.h"

enum { HEARING_MS = 10000 };

int porter_begin(struct run *r, struct err *e)
{
	const char *const argv[] = { "reeve-porter", NULL };
	scoped(fd) int its = -1;
	int fds[2];

	if (!r->plan.spec.http)
		return 0;
	if (wire_pair(fds, e) < 0)
		return -1;
	r->porter.fd = fds[0];
	its = fds[1];
	return spawn_own(&r->porter_pid, r, argv, its, true, e);
}

int porter_tell(struct run *r, struct err *e)
{
	size_t count = tools_count(r->ask->tools), i;
	int *listener = &r->agent.listeners[count + 1], ways[2], fds[2], done;
	uint8_t body[8192];
	struct pack b = { .at = body, .room = sizeof(body) };

	if (r->porter.fd < 0)
		return 0;
	must(*listener >= 0);
	pack_number(&b, r->plan.spec.http, 2);
	pack_number(&b, count, 2);
	for (i = 0; i < count; i++)
		pack_text(&b, tools_server_name(r->ask->tools, i), strlen(tools_server_name(r->ask->tools, i)));
	must(!b.over);
	if (wire_pair(ways, e) < 0)
		return -1;
	fds[0] = *listener;
	fds[1] = ways[1];
	done = wire_send(&r->broker, MSG_PORTER, 0, NULL, 0, &ways[0], 1, e);
	if (done == 0)
		done = wire_send(&r->porter, MSG_HTTP, 0, body, b.size, fds, 2, e);
	fd_close(&ways[0]);
	fd_close(&ways[1]);
	fd_close(listener);
	return done;
}

int porter_await(struct run *r, struct err *e)
{
	struct pollfd in = { .fd = r->porter.fd, .events = POLLIN };
	int got;

	if (r->porter.fd < 0)
		return 0;
	if (poll(&in, 1, HEARING_MS) == 0)
		return err_set(e, ERR_PEER, "porter: it does not get ready");
	got = wire_receive(&r->porter, &r->msg, true, e);
	if (got == WIRE_MESSAGE && r->msg.type == MSG_HEARING) {
		r->porter.now = PHASE_RUNNING;
		return 0;
	}
	return got < 0 ? err_in(e, "porter") : err_set(e, ERR_PEER, "porter: it ended before it was ready");
}

int porter_hear(struct run *r, struct err *e)
{
	int got = wire_receive(&r->porter, &r->msg, false, e);

	if (got == WIRE_LATER)
		return 0;
	return got < 0 ? err_in(e, "porter")
		       : err_set(e, ERR_PEER, "the porter ended: nobody hears the agent's HTTP any more");
}

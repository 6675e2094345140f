/*
 * Tool servers and exec calls: each in a jail of its own. Their stderr is free text for people; it
 * is drained always, so that nobody blocks on it, and kept.c keeps the end of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "launcher/run.h"

enum { LEAVE_SECONDS = 2, GOODBYE_SECONDS = 3, LAST_WORDS = 300 };

static const uint64_t SECOND = 1000000000;

static struct child *free_slot(struct run *r)
{
	size_t i;

	for (i = 0; i < RUN_CHILDREN; i++)
		if (r->children[i].jail.init < 0)
			return &r->children[i];
	return NULL;
}

int child_spawn(struct run *r, uint64_t tag, const struct jail_plan *plan, int in, int out,
		size_t server, struct err *e)
{
	const char *name = tools_server_name(r->ask->tools, server);
	struct child *c = free_slot(r);
	struct jail_spec spec = plan->spec;
	scoped(fd) int its = -1;
	int fds[2];

	if (!c)
		return err_set(e, ERR_LIMIT, "%d tool processes already run", RUN_CHILDREN);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, "pipe");
	its = fds[1];
	*c = (struct child){
		.tag = tag, .server = server, .name = name, .jail = JAIL_NONE, .said = fds[0]
	};
	fcntl(its, F_SETFL, 0);
	spec.stdio[0] = in;
	spec.stdio[1] = out;
	spec.stdio[2] = its;
	spec.new_session = true;
	if (limits_server(&c->group, r, server, e) < 0) {
		fd_close(&c->said);
		return -1;
	}
	spec.cgroup = c->group ? c->group->dir : 0;
	spec.without = r->ask->without;
	spec.apart = r->at.apart;
	if (jail_start(&c->jail, &spec, e) == 0 && jail_go(&c->jail, e) == 0)
		return 0;
	jail_end(&c->jail);
	limits_server_end(&c->group);
	c->jail = JAIL_NONE;
	fd_close(&c->said);
	return -1;
}

/* Not one call of an exec tool, whose status is its caller's. */
static bool is_server(const struct run *r, const struct child *c)
{
	return tools_server_kind(r->ask->tools, c->server) != TOOLS_EXEC;
}

/* A server's standard input is closed by the broker; it may have something to put away, so it is given time. */
void child_stop(struct run *r, uint64_t tag)
{
	size_t i;

	for (i = 0; i < RUN_CHILDREN; i++) {
		struct child *c = &r->children[i];

		if (c->jail.init < 0 || c->tag != tag || c->leaves_ns)
			continue;
		if (is_server(r, c))
			c->leaves_ns = clock_mono_ns() + LEAVE_SECONDS * SECOND;
		else
			jail_signal(&c->jail, SIGKILL);
	}
}

uint64_t children_deadline(const struct run *r)
{
	uint64_t soonest = 0;
	size_t i;

	for (i = 0; i < RUN_CHILDREN; i++)
		if (r->children[i].jail.init >= 0 && r->children[i].leaves_ns &&
		    (!soonest || r->children[i].leaves_ns < soonest))
			soonest = r->children[i].leaves_ns;
	return soonest;
}

/* Asked, told, and then ended with its init. */
void children_hurry(struct run *r)
{
	uint64_t now = clock_mono_ns();
	size_t i;

	for (i = 0; i < RUN_CHILDREN; i++) {
		struct child *c = &r->children[i];

		if (c->jail.init < 0 || !c->leaves_ns || c->leaves_ns > now)
			continue;
		if (c->told < 2)
			jail_signal(&c->jail, c->told ? SIGKILL : SIGTERM);
		else
			jail_kill(&c->jail);
		c->told++;
		c->leaves_ns = now + LEAVE_SECONDS * SECOND;
	}
}

bool child_listen(struct run *r, struct child *c)
{
	char bytes[4096];
	ssize_t got = read(c->said, bytes, sizeof(bytes));

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0)
		fd_close(&c->said);
	else
		kept_add(r, c->server, bytes, (size_t)got);
	return got > 0;
}

/* Its last words: never more than a pipe holds, because nobody inside writes any more. */
static void hear_out(struct run *r, struct child *c)
{
	int i;

	for (i = 0; i < LAST_WORDS && c->said >= 0 && child_listen(r, c); i++)
		;
}

int child_ended(struct run *r, struct child *c, struct err *e)
{
	int status = 0;
	uint32_t code;

	if (!jail_ended(&c->jail, &status))
		return 0;
	if (events_last(r, &c->jail, c->name, e) < 0)
		return -1;
	hear_out(r, c);
	code = (uint32_t)status;
	if (status && !r->ending && is_server(r, c))
		log_say("tool server %s ended with status %d: reeve show %llu %s says more", c->name, status,
			(unsigned long long)r->index, c->name);
	jail_end(&c->jail);
	limits_server_end(&c->group);
	c->jail = JAIL_NONE;
	fd_close(&c->said);
	if (r->ending) /* the broker has been told that all is over, and may be gone */
		return 0;
	return wire_send(&r->broker, MSG_EXITED, c->tag, &code, 4, NULL, 0, e);
}

/* Who has a session elsewhere ends it when its standard input does, which the broker's end has closed. */
static void await_couriers(struct run *r)
{
	uint64_t deadline = clock_mono_ns() + GOODBYE_SECONDS * SECOND;
	size_t i;

	for (i = 0; i < RUN_CHILDREN; i++) {
		struct child *c = &r->children[i];
		struct pollfd end = { .fd = c->jail.pidfd, .events = POLLIN };

		if (c->jail.init >= 0 && tools_server_kind(r->ask->tools, c->server) == TOOLS_URL)
			(void)poll(&end, 1, clock_left_ms(deadline));
	}
}

/* Asked of init, not done to it: then it says how often what was refused. */
int children_silence(struct run *r, struct err *e)
{
	size_t i;

	await_couriers(r);
	for (i = 0; i < RUN_CHILDREN; i++)
		if (r->children[i].jail.init >= 0)
			jail_signal(&r->children[i].jail, SIGKILL);
	for (i = 0; i < RUN_CHILDREN; i++)
		if (r->children[i].jail.init >= 0) {
			if (events_last(r, &r->children[i].jail, r->children[i].name, e) < 0)
				return -1;
			hear_out(r, &r->children[i]);
		}
	events_tell_names(r);
	net_tell_unmade(r);
	return 0;
}

void children_end(struct run *r)
{
	size_t i;

	for (i = 0; i < RUN_CHILDREN; i++) {
		if (r->children[i].jail.init >= 0)
			jail_end(&r->children[i].jail);
		limits_server_end(&r->children[i].group);
		r->children[i].jail = JAIL_NONE;
		fd_close(&r->children[i].said);
	}
	kept_end(r);
}

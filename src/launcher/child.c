/*
 * Tool servers and exec calls: each in a jail of its own. Their stderr is free text for people; it
 * is drained always, so that nobody blocks on it, and kept up to a bound in the run's folder.
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

enum { LEAVE_SECONDS = 2, GOODBYE_SECONDS = 3 };

static const uint64_t SECOND = 1000000000;

static struct child *free_slot(struct run *r)
{
	size_t i;

	for (i = 0; i < RUN_CHILDREN; i++)
		if (r->children[i].jail.init < 0)
			return &r->children[i];
	return NULL;
}

/* runs/TENANT/N/SERVER.stderr; that it cannot be kept is no reason not to run. */
static int keep_file(const struct run *r, const char *name)
{
	char path[LAUNCH_TEXT + 128];
	struct err ignored = { 0 };

	snprintf(path, sizeof(path), "%s/%llu", r->at.runs, (unsigned long long)r->index);
	if (fd_make_dirs(path, 0700, &ignored) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/%llu/%s.stderr", r->at.runs, (unsigned long long)r->index,
		 name);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
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
		.tag = tag, .server = server, .name = name, .jail = JAIL_NONE, .said = fds[0], .kept = keep_file(r, name)
	};
	fcntl(its, F_SETFL, 0);
	spec.stdio[0] = in;
	spec.stdio[1] = out;
	spec.stdio[2] = its;
	spec.new_session = true;
	spec.without = r->ask->without;
	spec.apart = r->at.apart;
	if (jail_start(&c->jail, &spec, e) == 0 && jail_go(&c->jail, e) == 0)
		return 0;
	jail_end(&c->jail);
	c->jail = JAIL_NONE;
	fd_close(&c->said);
	fd_close(&c->kept);
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

void child_listen(struct child *c)
{
	char bytes[4096];
	ssize_t got = read(c->said, bytes, sizeof(bytes));
	struct err ignored = { 0 };

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		fd_close(&c->said);
		return;
	}
	if (c->kept >= 0 && c->kept_bytes + (size_t)got <= RUN_STDERR_MOST &&
	    fd_write_all(c->kept, bytes, (size_t)got, &ignored) == 0)
		c->kept_bytes += (size_t)got;
}

int child_ended(struct run *r, struct child *c, struct err *e)
{
	int status = 0;
	uint32_t code;

	if (!jail_ended(&c->jail, &status))
		return 0;
	if (events_last(r, &c->jail, c->name, e) < 0)
		return -1;
	while (c->said >= 0 && c->kept_bytes < RUN_STDERR_MOST) {
		size_t before = c->kept_bytes;

		child_listen(c);
		if (c->kept_bytes == before)
			break;
	}
	code = (uint32_t)status;
	if (status && !r->ending && is_server(r, c))
		log_say("tool server %s ended with status %d: see %s/%llu/%s.stderr", c->name, status,
			r->at.runs, (unsigned long long)r->index, c->name);
	jail_end(&c->jail);
	c->jail = JAIL_NONE;
	fd_close(&c->said);
	fd_close(&c->kept);
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
		if (r->children[i].jail.init >= 0 &&
		    events_last(r, &r->children[i].jail, r->children[i].name, e) < 0)
			return -1;
	events_tell_names(r);
	return 0;
}

void children_end(struct run *r)
{
	size_t i;

	for (i = 0; i < RUN_CHILDREN; i++) {
		if (r->children[i].jail.init >= 0)
			jail_end(&r->children[i].jail);
		r->children[i].jail = JAIL_NONE;
		fd_close(&r->children[i].said);
		fd_close(&r->children[i].kept);
	}
}

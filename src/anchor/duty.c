/*
 * Every place has a process of its own, which may wait, and in which what answers from there is read. The one that tells
 * it never waits, and believes what a witness's signature says when it has checked it itself.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anchor/witness.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"

const struct duty_kind duty_kinds[] = {
	{ "journal", JAIL_ANCHOR, local_read, local_begin, journal_bring, NULL },
	{ "syslog", JAIL_ANCHOR, local_read, local_begin, syslog_bring, NULL },
	{ "spine", JAIL_ANCHOR, local_read, spine_begin, spine_bring, NULL },
	{ "witness", JAIL_COURIER, witness_read, witness_begin, witness_bring, witness_check },
};

const struct duty_kind *duty_kind_of(const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < count_of(duty_kinds); i++)
		if (strlen(duty_kinds[i].name) == size && memcmp(duty_kinds[i].name, name, size) == 0)
			return &duty_kinds[i];
	return NULL;
}

static void serve(struct duty *d, int fd)
{
	struct err e;
	struct done *done = calloc(1, sizeof(*done));
	struct job *j = calloc(1, sizeof(*j));

	while (j && done && recv(fd, j, sizeof(*j), 0) == (ssize_t)sizeof(*j)) {
		e = (struct err){ .kind = ERR_NONE };
		*done = (struct done){ .size = j->size };
		done->there = d->kind->bring(d, j, done, &e) == 0;
		snprintf(done->why, sizeof(done->why), "%.*s", (int)sizeof(done->why) - 1, e.text);
		if (send(fd, done, sizeof(*done), MSG_NOSIGNAL) < 0)
			break;
	}
	free(done);
	free(j);
}

/* Who reads what comes from outside has no way to the recorder, nor to the other places. */
static void keep_only(struct charge *c, const struct duty *d)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		fd_close(&c->duties[i].fd);
	fd_close(&c->recorder);
	fd_close(&c->known);
	if (d->kind->begin != spine_begin)
		fd_close(&c->spine);
}

static bool goes_with(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static _Noreturn void become(struct duty *d, int fd, pid_t parent)
{
	struct err e = { .kind = ERR_NONE };

	if (goes_with(parent) && d->kind->begin(d, &e) == 0 && jail_self(d->kind->jail, &e) == 0)
		serve(d, fd);
	if (e.kind)
		log_say("%s: %s", d->name, e.text);
	_exit(e.kind != 0);
}

static void pause_for(unsigned *tries, uint64_t began_ns)
{
	uint64_t most = DUTY_PAUSE_MOST_S, lived = (clock_mono_ns() - began_ns) / 1000000000;
	unsigned pause;

	*tries = lived >= most ? 0 : *tries;
	pause = *tries < 10 ? 1u << (*tries)++ : DUTY_PAUSE_MOST_S;
	poll(NULL, 0, (int)(pause < most ? pause : most) * 1000);
}

/*
 * Hears nothing and says one thing: that the process which tells a place has ended, as a crash or a kill ends it. It then makes
 * another, until the one that asks has no more to say.
 */
static _Noreturn void mind(struct duty *d, int fd, pid_t parent)
{
	const struct done gone = { .why = "the process that tells it ended" };
	pid_t own = getpid(), pid;
	unsigned tries = 0;
	uint64_t began;
	int status = 0;

	if (!goes_with(parent))
		_exit(1);
	for (;;) {
		began = clock_mono_ns();
		pid = fork();
		if (pid == 0)
			become(d, fd, own);
		if (pid > 0 && (waitpid(pid, &status, 0) != pid || status == 0))
			_exit(0);
		if (send(fd, &gone, sizeof(gone), MSG_NOSIGNAL) < 0)
			_exit(0);
		fd_close(&d->of->spine);	/* that connection has said who it is */
		pause_for(&tries, began);
	}
}

int duty_start(struct charge *c, struct duty *d, struct err *e)
{
	scoped(fd) int its = -1;
	pid_t parent = getpid(), pid;
	int fds[2];

	if (wire_pair(fds, e) < 0)
		return -1;
	d->fd = fds[0];
	its = fds[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, "a process for %s", d->name);
	if (pid == 0) {
		keep_only(c, d);
		mind(d, its, parent);
	}
	return 0;
}

/* So many at once, and from then on one each ten minutes; a clock that was set back lengthens that by no more than they last. */
bool duty_may_gap(struct duty *d, uint64_t now_s)
{
	const uint64_t most = now_s + DUTY_GAPS * (uint64_t)DUTY_QUIET_S;

	d->gaps_s = d->gaps_s < now_s ? now_s : d->gaps_s > most ? most : d->gaps_s;
	if (d->gaps_s + DUTY_QUIET_S > most)
		return false;
	d->gaps_s += DUTY_QUIET_S;
	return true;
}

bool duty_ask(struct duty *d, const struct job *j)
{
	return d->fd >= 0 && send(d->fd, j, sizeof(*j), MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof(*j);
}

int duty_hear(struct duty *d, struct done *out)
{
	ssize_t got = d->fd < 0 ? 0 : recv(d->fd, out, sizeof(*out), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got != (ssize_t)sizeof(*out)) {
		fd_close(&d->fd);
		return -1;
	}
	out->why[sizeof(out->why) - 1] = out->line[sizeof(out->line) - 1] = '\0';
	return 1;
}

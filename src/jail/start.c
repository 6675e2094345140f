/* The launcher's side of a jail: start it, hear that it stands, let it go, see it end. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "jail/inside.h"

enum { END_MS = 5000 };

static const uint64_t START_NS = 10ull * 1000 * 1000 * 1000;

/* Which layers a first try may ask of clone(2), and which it must have. */
static unsigned long flags_of(uint32_t without)
{
	unsigned long flags = 0;
	enum jail_layer l;

	for (l = 0; l < LAYERS; l++)
		if ((without & (1u << l)) == 0)
			flags |= layer_flag(l);
	return flags;
}

/*
 * Not fork(3): the flags, and the pidfd without a race. No stack of its own, so it returns twice as
 * fork does; the launcher has one thread, so the child's libc is whole.
 */
static pid_t clone_with(unsigned long flags, int cgroup, int *pidfd)
{
	struct clone_args born = { .flags = flags | CLONE_PIDFD | CLONE_INTO_CGROUP,
				   .pidfd = (uintptr_t)pidfd,
				   .exit_signal = SIGCHLD,
				   .cgroup = (unsigned)cgroup };

	if (cgroup > 0)
		return (pid_t)syscall(SYS_clone3, &born, sizeof(born));
	return (pid_t)syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, NULL);
}

/* All namespaces, or, if the kernel will not, those the operator did not give up. */
static pid_t clone_inside(struct inside *in, int *pidfd)
{
	unsigned long flags = flags_of(in->off);
	enum jail_layer l;
	pid_t child;

	for (l = 0; l < LAYERS; l++)
		in->layers[l] = (struct jail_layer_state){
			.asked = true, .obtained = (in->off & (1u << l)) == 0
		};
	if (!in->spec->protect || !in->spec->protect[0])
		in->layers[LAYER_NAMES] = (struct jail_layer_state){ 0 };
	if (in->spec->host_net)
		in->layers[LAYER_NET] = (struct jail_layer_state){ 0 };
	child = clone_with(flags, in->spec->cgroup, pidfd);
	if (child < 0 && flags_of(in->spec->without | in->off) != flags) {
		flags = flags_of(in->spec->without | in->off);
		for (l = 0; l < LAYERS; l++)
			in->layers[l].obtained = layer_flag(l) == 0 || (flags & layer_flag(l)) != 0;
		child = clone_with(flags, in->spec->cgroup, pidfd);
	}
	return child;
}

/* Which of them the run needs, and the shortest way on. */
static int say_namespaces(const struct inside *in, int why, struct err *e)
{
	char words[96] = "";
	size_t used = 0;
	enum jail_layer l;

	for (l = 0; l < LAYERS && used < sizeof(words); l++)
		if (layer_flag(l) && !(in->spec->without & (1u << l)))
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
						 used ? "," : "", jail_layer_word(l));
	errno = why;
	if (why == ENOSPC || why == EUSERS)
		return err_sys(e, "namespaces (%s): raise user.max_user_namespaces and its siblings, or "
				  "add --without=LAYER; reeve doctor says which", words);
	return err_sys(e, "namespaces (%s): in a container add --without=namespaces,names; on a host see "
			  "reeve doctor", words);
}

/* Signals blocked across the clone: a handler of the launcher's must not run inside. */
static int spawn(struct jail *out, struct inside *in, struct err *e)
{
	int pair[2], why;
	sigset_t all, before;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "control socket");
	in->control = pair[1];
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	out->init = clone_inside(in, &out->pidfd);
	why = errno;
	if (out->init == 0)
		inside_main(in);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(pair[1]);
	out->control = pair[0];
	return out->init < 0 ? say_namespaces(in, why, e) : 0;
}

static int hear(struct jail *out, struct report *r, struct err *e)
{
	struct pollfd control = { .fd = out->control, .events = POLLIN };
	uint64_t deadline = clock_mono_ns() + START_NS;
	int ready;

	do
		ready = poll(&control, 1, clock_left_ms(deadline));
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return err_set(e, ERR_LIMIT, "did not stand within ten seconds");
	if (!report_take(out, r))
		return err_set(e, ERR_SYSTEM, "died before it stood");
	if (!r->failed)
		return 0;
	*e = r->error;
	return -1;
}

/* Once more for each layer that was given up and turned out not to be had when it was furnished. */
static int start(struct jail *out, struct inside *in, struct err *e)
{
	struct report r = { .layer = LAYERS };
	struct timespec boot;
	enum jail_layer l;

	if (clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
		return err_sys(e, "clock");
	in->booted_ns = (uint64_t)boot.tv_sec * 1000000000 + (uint64_t)boot.tv_nsec;
	for (l = 0; l < LAYERS; l++)
		in->outer[l] = layer_space(l, false);
	while (spawn(out, in, e) < 0 || hear(out, &r, e) < 0) {
		if (out->init < 0 || r.layer >= LAYERS || (in->off & (1u << r.layer)))
			return -1;
		jail_end(out);
		*e = (struct err){ 0 };
		in->off |= 1u << r.layer;
		r.layer = LAYERS;
	}
	memcpy(out->layers, r.layers, sizeof(out->layers));
	return 0;
}

/* A folder, or a descriptor that only names one, is a way out of any root: fchdir(2), then "..". */
static int check_stdio(const struct jail_spec *spec, struct err *e)
{
	struct stat st;
	int i, flags;

	for (i = 0; i < 3; i++) {
		if (spec->stdio[i] < 0)
			continue;
		flags = fcntl(spec->stdio[i], F_GETFL);
		if (flags < 0 || fstat(spec->stdio[i], &st) < 0)
			return err_sys(e, "descriptor %d of the program", i);
		if (S_ISDIR(st.st_mode) || (flags & O_PATH))
			return err_set(e, ERR_INPUT,
				       "descriptor %d is a directory, which would lead out of the "
				       "jail: redirect it to a file, a pipe or /dev/null",
				       i);
	}
	return 0;
}

/* Without mounts of its own a jail would write where it was promised a copy. */
static int check_copies(const struct jail_spec *spec, struct err *e)
{
	size_t i;

	for (i = 0; i < spec->mount_count; i++)
		if (spec->mounts[i].kind == JAIL_COW && (spec->without & (1u << LAYER_MOUNT)))
			return err_set(e, ERR_INPUT,
				       "%s: \"workspace\": \"cow\" takes the layer mount: leave out "
				       "--without=mount, or use \"workspace\": \"write\"",
				       spec->mounts[i].target);
	return 0;
}

/* In the host's network only Landlock says which ports, and keeps abstract sockets away: no jail without. */
static int check_network(const struct jail_spec *spec, struct err *e)
{
	if (!spec->host_net || !(spec->without & (1u << LAYER_LANDLOCK | 1u << LAYER_SECCOMP)))
		return 0;
	return err_set(e, ERR_INPUT,
		       "its network takes the layers landlock and seccomp: leave out --without, or give it no network");
}

int jail_start(struct jail *out, const struct jail_spec *spec, struct err *e)
{
	struct inside in = { .spec = spec,
			     .uid = geteuid(),
			     .gid = getegid(),
			     .base = -1,
			     .inner = -1,
			     .master = -1,
			     .slave = -1,
			     .listener = -1,
			     .off = spec->host_net ? 1u << LAYER_NET : 0,
			     .failed = LAYERS };
	struct jail made = JAIL_NONE;
	int i, rc;

	must(spec->argv && spec->argv[0]);
	for (i = 0; i < JAIL_SOCKETS; i++)
		in.listeners[i] = made.listeners[i] = -1;
	for (i = 0; i < JAIL_EARS; i++)
		in.ears[i] = made.ears[i] = -1;
	if (check_stdio(spec, e) < 0 || check_copies(spec, e) < 0 || check_network(spec, e) < 0)
		return err_in(e, "%s jail", spec->name);
	rc = (spec->without & (1u << LAYER_MOUNT)) ? apart_make(&in, e) : 0;
	if (rc == 0)
		rc = start(&made, &in, e);
	if (rc < 0 || made.layers[LAYER_MOUNT].obtained)
		apart_remove(in.apart);
	else
		memcpy(made.apart, in.apart, sizeof(made.apart));
	if (rc < 0) {
		jail_end(&made);
		return err_in(e, "%s jail", spec->name);
	}
	*out = made;
	return 0;
}

int jail_go(struct jail *j, struct err *e)
{
	const struct order go = { .what = ORDER_GO };

	if (send(j->control, &go, sizeof(go), MSG_NOSIGNAL) < 0)
		return err_sys(e, "the jail does not hear");
	return 0;
}

/* Too late is not an error: the program's end is told by jail_ended(). */
void jail_signal(struct jail *j, int signal)
{
	const struct order o = { .what = ORDER_SIGNAL, .signal = signal };

	if (j->control >= 0)
		(void)!send(j->control, &o, sizeof(o), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void jail_kill(struct jail *j)
{
	if (j->init > 0)
		syscall(SYS_pidfd_send_signal, j->pidfd, SIGKILL, NULL, 0);
}

int jail_hear(struct jail *j, struct jail_event *out)
{
	ssize_t got;

	do
		got = recv(j->control, out, sizeof(*out), MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got == (ssize_t)sizeof(*out)) {
		out->name[sizeof(out->name) - 1] = '\0';
		return 1;
	}
	j->silent = !(got < 0 && errno == EAGAIN);
	return j->silent ? -1 : 0;
}

static bool reap(struct jail *j, int *status, int how)
{
	siginfo_t end = { 0 };
	int rc;

	do
		rc = waitid(P_PIDFD, (id_t)j->pidfd, &end, WEXITED | how);
	while (rc < 0 && errno == EINTR);
	if (rc < 0 || end.si_pid == 0)
		return false;
	*status = end.si_code == CLD_EXITED ? end.si_status : 128 + end.si_status;
	j->init = -1;
	return true;
}

bool jail_ended(struct jail *j, int *status)
{
	return j->init > 0 && reap(j, status, WNOHANG);
}

/*
 * Without a pid namespace init is what ends the others, so it is asked first, by closing the way to it;
 * only if it does not, it is killed, and what it leaves is the caller's (jail_strays_end).
 */
static void let_end(struct jail *j)
{
	struct pollfd end = { .fd = j->pidfd, .events = POLLIN };

	if (j->layers[LAYER_PID].obtained)
		return;
	shutdown(j->control, SHUT_RDWR);
	while (poll(&end, 1, END_MS) < 0 && errno == EINTR)
		;
}

/* A closed control socket marks a jail that never was or is no more: its listeners are not ours
 * then. */
void jail_end(struct jail *j)
{
	int status, i;

	if (j->init > 0) {
		let_end(j);
		jail_kill(j);
		reap(j, &status, 0);
	}
	for (i = 0; j->control >= 0 && i < JAIL_SOCKETS; i++)
		fd_close(&j->listeners[i]);
	for (i = 0; j->control >= 0 && i < JAIL_EARS; i++)
		fd_close(&j->ears[i]);
	fd_close(&j->terminal);
	j->init = -1;
	fd_close(&j->pidfd);
	fd_close(&j->control);
	if (j->apart[0])
		apart_remove(j->apart);
	j->apart[0] = '\0';
}

/*
 * Process 1 of a jail. It builds the root while it still may, forks the program's process, gives up
 * every capability, and from then on only passes signals in and the end out. When its control
 * socket closes it exits, and the kernel kills whatever else lives in its pid namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/reaching.h"

enum { ABOVE_ALL = 10, DIED = 128 + SIGKILL };

/* A fresh number far from 0..3, so that no dup2 below closes what a later one needs. */
static int aside(int fd, struct err *e)
{
	int moved = fd < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fd;

	if (moved < 0)
		return err_sys(e, "/dev/null");
	moved = fcntl(moved, F_DUPFD_CLOEXEC, ABOVE_ALL);
	return moved < 0 ? err_sys(e, "descriptor") : moved;
}

/* First: what the launcher had open must not be open while anything else happens here. */
static int keep_own_descriptors(struct inside *in, struct err *e)
{
	int control = aside(in->control, e), stdio[3], i;

	if (control < 0)
		return -1;
	for (i = 0; i < 3; i++) {
		stdio[i] = aside(in->spec->stdio[i], e);
		if (stdio[i] < 0)
			return -1;
	}
	for (i = 0; i < 3; i++)
		if (dup2(stdio[i], i) < 0)
			return err_sys(e, "descriptor %d", i);
	if (dup3(control, FD_CONTROL, O_CLOEXEC) < 0)
		return err_sys(e, "control socket");
	in->control = FD_CONTROL;
	if (close_range(FD_FIRST_FREE, ~0u, 0) < 0)
		return err_sys(e, "close what is not ours");
	return 0;
}

/*
 * The launcher's handlers are code that means nothing here, and what it was told to ignore is none of
 * the agent's business. By the bare call: libc keeps signals 32 and 33 for itself and would refuse.
 * Signals stay blocked: see serve().
 */
static int forget_handlers(struct inside *in, struct err *e)
{
	/* struct sigaction as rt_sigaction(2) takes it; all zero is SIG_DFL. */
	const unsigned long plain[4] = { 0 };
	int sig;

	(void)in;
	(void)e;
	for (sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, plain, NULL, sizeof(unsigned long));
	return 0;
}

/* After the user namespace: entering one clears it. It may have died before: then the socket says
 * so. */
static int die_with_launcher(struct inside *in, struct err *e)
{
	struct pollfd control = { .fd = in->control, .events = 0 };

	/* Without a pid namespace our sudden death would leave the others: serve() hears the socket close. */
	if (in->layers[LAYER_PID].obtained && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(e, "parent death signal");
	if (!in->layers[LAYER_PID].obtained && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(e, "subreaper");
	if (poll(&control, 1, 0) != 0)
		return err_set(e, ERR_PEER, "the launcher is gone");
	return 0;
}

/* While the host's /proc is still there: a jail need not have one. */
static int look_around(struct inside *in, struct err *e)
{
	enum jail_layer l;

	(void)e;
	for (l = 0; l < LAYERS; l++)
		in->here[l] = layer_space(l, true);
	return 0;
}

/* Nothing of this may be reached from inside: not its memory, not its entries in /proc. */
static int hide(struct inside *in, struct err *e)
{
	(void)in;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(e, "non-dumpable");
	return 0;
}

/* After everything that takes a capability; the fork comes before init gives its own up. */
static int fork_program(struct inside *in, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "socket pair");
	in->program = fork();
	if (in->program < 0)
		return err_sys(e, "fork");
	in->inner = pair[in->program == 0];
	close(pair[in->program != 0]);
	if (in->program == 0)
		program_main(in);
	close_range(0, 2, 0); /* so that a pipe's other end sees the program's end, not ours */
	return 0;
}

/*
 * The launcher's command line is still ours, and anything inside may read it in /proc/1/cmdline:
 * the operator's paths and words are none of the agent's business. After the fork, because the
 * program's arguments lie in that memory. Where it lies: proc(5), fields 48 and 49 of stat.
 */
static int forget_words(struct inside *in, struct err *e)
{
	scoped(fd) int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	unsigned long from = 0, to = 0;
	char text[1024], *at;
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int field;

	(void)in;
	if (size < 0)
		return errno == ENOENT ? 0
				       : err_sys(e, "/proc/self/stat"); /* no /proc, no reader */
	text[size] = '\0';
	at = strrchr(text, ')');
	for (field = 2; at && field < 48; field++)
		at = strchr(at + 1, ' ');
	if (at) {
		from = strtoul(at, &at, 10);
		to = strtoul(at, NULL, 10);
	}
	if (from >= to)
		return err_set(e, ERR_SYSTEM, "/proc/self/stat has no argument area");
	memset((void *)from, 0, to - from); /* NOLINT: an address the kernel gave */
	return 0;
}

static int give_up(struct inside *in, struct err *e)
{
	uint32_t keep = 0;

	/*
	 * Without a user namespace the bounding set may not be ours to empty; the rest always is. In one of its
	 * own it may still read the memory of those who ask it, also where they are not dumpable.
	 */
	if (in->layers[LAYER_USER].obtained)
		keep = CAP_TO_MASK(CAP_SYS_PTRACE);
	if (capabilities_keep(keep, true, e) < 0 && capabilities_keep(keep, false, e) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "no_new_privs");
	return in->layers[LAYER_SECCOMP].obtained ? filter_init(in->reach != NULL, e) : 0;
}

/*
 * For names that are protected init opens and makes files in the program's place, beyond its Landlock: that is
 * no more than what the program may itself only in a root that holds nothing else.
 */
static int check_root(struct inside *in, struct err *e)
{
	if (in->layers[LAYER_MOUNT].obtained)
		return 0;
	return err_set(e, ERR_SYSTEM,
		       "without the mount layer names such as .git/hooks cannot be protected: add --without=names, "
		       "or have \"protect\": [] in the profile");
}

static const struct step steps[] = {
	{ "descriptors", LAYERS, keep_own_descriptors },
	{ "signals", LAYERS, forget_handlers },
	{ "user namespace", LAYER_USER, spaces_enter_user },
	{ "parent", LAYERS, die_with_launcher },
	{ "time", LAYER_TIME, spaces_enter_time },
	{ "look around", LAYERS, look_around },
	{ "hostname", LAYER_UTS, spaces_set_hostname },
	{ "loopback", LAYER_NET, spaces_raise_loopback },
	{ "processes", LAYER_LIMITS, limits_hold_processes },
	{ "root", LAYER_MOUNT, root_build },
	{ "private places", LAYERS, apart_furnish },
	{ "sockets", LAYERS, sockets_listen },
	{ "ears", LAYERS, ears_open },
	{ "seal root", LAYER_MOUNT, root_seal },
	{ "terminal", LAYERS, terminal_open },
	{ "protected names", LAYER_NAMES, check_root },
	{ "protected names", LAYER_NAMES, names_prepare },
	{ "network", LAYERS, reach_prepare },
	{ "hide", LAYERS, hide },
	{ "program", LAYERS, fork_program },
	{ "forget", LAYERS, forget_words },
	{ "give up", LAYERS, give_up },
};

/* The kernel ends whoever else lives in our pid namespace; where there is none, we do. */
static void never_returns end(const struct inside *in, int status)
{
	if (!in->layers[LAYER_PID].obtained)
		jail_strays_end(NULL);
	_exit(status);
}

/* The listener comes first, if it comes; then the report, and nothing more. */
static bool hear_once(struct inside *in, struct report *r)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} with = { 0 };
	struct iovec part = { .iov_base = r, .iov_len = sizeof(*r) };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = &with,
			    .msg_controllen = sizeof(with) };
	ssize_t got = recvmsg(in->inner, &m, MSG_CMSG_CLOEXEC);

	if (got == 1 && with.head.cmsg_type == SCM_RIGHTS && in->listener < 0) {
		memcpy(&in->listener, CMSG_DATA(&with.head), sizeof(in->listener));
		return false;
	}
	if (got != (ssize_t)sizeof(*r)) {
		*r = (struct report){ .failed = 1, .layer = LAYERS };
		(void)err_set(&r->error, ERR_SYSTEM, "program: died while it was being confined");
	}
	return true;
}

/*
 * The program's process reports the layers it put on and tried; what init knows of the rest stays. While it tries
 * them it asks: so questions are answered here too.
 */
static void hear_program(struct inside *in, struct report *r)
{
	struct pollfd ways[2];

	for (;;) {
		ways[0] = (struct pollfd){ .fd = in->inner, .events = POLLIN };
		ways[1] = (struct pollfd){ .fd = in->listener, .events = POLLIN };
		if (poll(ways, 2, -1) < 0 && errno != EINTR)
			end(in, DIED);
		if (ways[1].revents)
			notify_serve(in);
		if (ways[0].revents && hear_once(in, r))
			break;
	}
	if (!r->failed)
		memcpy(in->layers, r->layers, sizeof(in->layers));
}

static void tell_launcher(struct inside *in, struct report *r)
{
	if (!report_send(in, r))
		end(in, DIED);
}

static void obey(struct inside *in)
{
	struct order o;
	ssize_t got = recv(in->control, &o, sizeof(o), 0);

	if (got != (ssize_t)sizeof(o))
		end(in, DIED); /* closed: the run is over, and everything inside with it */
	if (o.what == ORDER_GO && send(in->inner, "", 1, MSG_NOSIGNAL) == 1)
		fd_close(&in->inner);
	if (o.what == ORDER_SIGNAL && o.signal == SIGCONT)
		in->told_stopped = false;
	if (o.what == ORDER_SIGNAL)
		kill(in->slave >= 0 && o.signal == SIGCONT ? -in->program : in->program, o.signal);
}

/*
 * ^Z on its terminal: the launcher gives the operator's back, and stops too. Once, until it goes on: who stops
 * himself over and over would fill the way to a launcher that is stopped, and then stop it as often.
 */
static void tell_stopped(struct inside *in, int signal)
{
	const struct jail_event stopped = { .what = JAIL_STOPPED, .signal = signal };

	if (in->told_stopped)
		return;
	if (send(in->control, &stopped, sizeof(stopped), MSG_NOSIGNAL) < 0)
		end(in, DIED);
	in->told_stopped = true;
}

/* Every orphan inside ends up here; only the program's own end is the jail's. */
static void reap(struct inside *in)
{
	int status;
	pid_t gone;

	while ((gone = waitpid(-1, &status, WNOHANG | (in->slave >= 0 ? WUNTRACED : 0))) > 0) {
		if (gone != in->program)
			continue;
		if (WIFSTOPPED(status)) {
			tell_stopped(in, WSTOPSIG(status));
			continue;
		}
		fold_rest(in);
		end(in, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	}
}

/* Of two times to come back, in ms; negative: never. */
static int first_of(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void serve(struct inside *in)
{
	struct signalfd_siginfo info;
	struct pollfd ways[4];
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	ways[1] = (struct pollfd){ .fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK),
				   .events = POLLIN };
	reap(in); /* what ended before the descriptor stood */
	for (;;) {
		ways[0] = (struct pollfd){ .fd = in->control, .events = POLLIN };
		ways[0].events |= fold_waits(in) ? POLLOUT : 0;
		ways[2] = (struct pollfd){ .fd = in->listener, .events = POLLIN };
		ways[3] = reach_way(in);
		if (poll(ways, 4, first_of(names_again(in), reach_again(in))) < 0) {
			if (errno != EINTR)
				end(in, DIED); /* deaf to what it is asked: then nothing inside may go on */
			continue;
		}
		if (ways[2].revents)
			notify_serve(in);
		if (ways[3].revents)
			reach_hear(in, ways[3].revents);
		if (ways[1].revents && read(ways[1].fd, &info, sizeof(info)) >= 0)
			reap(in);
		if (ways[0].revents & POLLOUT)
			fold_again(in);
		if (ways[0].revents & ~POLLOUT)
			obey(in);
	}
}

void inside_main(struct inside *in)
{
	struct report r = { .layer = LAYERS };

	if (steps_walk(in, steps, count_of(steps), &r.error) < 0)
		r = (struct report){ .failed = 1, .layer = in->failed, .error = r.error };
	else
		hear_program(in, &r);
	r.terminal = !r.failed && in->master >= 0;
	tell_launcher(in, &r);
	if (!r.failed)
		serve(in);
	end(in, DIED);
}

/* Signals to init of the jail and to what is outside, by every call that sends one: THREATS 17. That none arrives
 * outside is seen there (outside.c); that init lives, by the rows after and the end of the run. */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "threat.h"

enum { PIDFD_OPEN = 434, PIDFD_SEND_SIGNAL = 424 };

/* "init 9", "outside 10" */
static pid_t who(const char *on, int *sig)
{
	*sig = atoi(strchr(on, ' '));
	return on[0] == 'i' ? 1 : around.pid;
}

static int kills(const char *on)
{
	int sig;
	pid_t pid = who(on, &sig);

	return told(kill(pid, sig));
}

static int kills_group(const char *on)
{
	int sig;
	pid_t pid = who(on, &sig);

	return told(kill(-pid, sig));
}

static int kills_thread(const char *on)
{
	int sig;
	pid_t pid = who(on, &sig);

	return told(syscall(SYS_tgkill, pid, pid, sig));
}

static int kills_task(const char *on)
{
	int sig;
	pid_t pid = who(on, &sig);

	return told(syscall(SYS_tkill, pid, sig));
}

static int queues(const char *on)
{
	siginfo_t info = { .si_code = SI_QUEUE };
	int sig;
	pid_t pid = who(on, &sig);

	return told(syscall(SYS_rt_sigqueueinfo, pid, sig, &info));
}

static int queues_to_thread(const char *on)
{
	siginfo_t info = { .si_code = SI_QUEUE };
	int sig;
	pid_t pid = who(on, &sig);

	return told(syscall(SYS_rt_tgsigqueueinfo, pid, pid, sig, &info));
}

static int by_pidfd(const char *on)
{
	int sig, fd;

	fd = (int)syscall(PIDFD_OPEN, who(on, &sig), 0);
	return fd < 0 ? errno : told(syscall(PIDFD_SEND_SIGNAL, fd, sig, NULL, 0));
}

/* Lowered, an init that acts for us could open nothing more; so this sets what it has. */
static int limits(const char *on)
{
	unsigned long now[2];
	int sig;
	pid_t pid = who(on, &sig);

	if (syscall(SYS_prlimit64, pid, 7, NULL, now) < 0)
		return errno;
	return told(syscall(SYS_prlimit64, pid, 7, now, NULL));
}

/* A socket whose news the kernel signals to the owner it was given. */
static int owned(const char *on)
{
	int pair[2], sig;
	pid_t pid = who(on, &sig);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return BROKEN;
	if (fcntl(pair[0], F_SETOWN, pid) < 0)
		return errno;
	if (fcntl(pair[0], F_SETSIG, sig) < 0 || fcntl(pair[0], F_SETFL, O_ASYNC) < 0 || write(pair[1], "x", 1) != 1)
		return BROKEN;
	return WORKED;
}

static int owned_group(const char *on)
{
	int pair[2], sig;
	pid_t pid = who(on, &sig);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return BROKEN;
	return told(fcntl(pair[0], F_SETOWN, -pid));
}

/* Process, session and priority: other ways to reach another process by number. */
static int groups(const char *on)	{ int sig; return told(setpgid(who(on, &sig), 0)); }
static int session(const char *on)	{ int sig; return told(getsid(who(on, &sig))); }
static int slows(const char *on)	{ int sig; return told(syscall(SYS_setpriority, 0, who(on, &sig), 19)); }
static int pins(const char *on)		{ int sig; return told(syscall(SYS_sched_setaffinity, who(on, &sig), 8, (long[]){ 1 })); }
static int schedules(const char *on)
{
	int sig;
	pid_t pid = who(on, &sig);

	return told(syscall(SYS_sched_setscheduler, pid, 5, (int[]){ 0 }));
}
static int init_lives(const char *on)	{ (void)on; return told(kill(getppid(), 0)); }

static const struct attempt attempts[] = {
	{ "SIGKILL to init", kills, "init 9", EPERM, 0, NULL, NULL },
	{ "SIGSTOP to init", kills, "init 19", EPERM, 0, NULL, NULL },
	{ "SIGCHLD to init", kills, "init 17", EPERM, 0, NULL, NULL },
	{ "tgkill of init", kills_thread, "init 19", EPERM, 0, NULL, NULL },
	{ "tkill of init", kills_task, "init 19", EPERM, 0, NULL, NULL },
	{ "rt_sigqueueinfo to init", queues, "init 17", EPERM, 0, NULL, NULL },
	{ "rt_tgsigqueueinfo to init", queues_to_thread, "init 17", EPERM, 0, NULL, NULL },
	{ "pidfd_send_signal to init", by_pidfd, "init 9", EPERM, 0, NULL, NULL },
	{ "the limits of init", limits, "init 0", EPERM, 0, "prlimit64", NULL },
	{ "F_SETOWN to init: it is told nothing", owned, "init 9", WORKED, EPERM, NULL, NULL },
	{ "a priority for init", slows, "init 0", EPERM, 0, NULL, NULL },
	{ "a CPU for init", pins, "init 0", EPERM, 0, NULL, NULL },
	{ "a scheduler for init", schedules, "init 0", EPERM, 0, "sched_setscheduler", NULL },
	{ "SIGUSR1 outside", kills, "outside 10", ESRCH, 0, NULL, NULL },
	{ "SIGUSR1 to its group", kills_group, "outside 10", ESRCH, 0, NULL, NULL },
	{ "tgkill outside", kills_thread, "outside 10", ESRCH, 0, NULL, NULL },
	{ "tkill outside", kills_task, "outside 10", ESRCH, 0, NULL, NULL },
	{ "rt_sigqueueinfo outside", queues, "outside 10", ESRCH, 0, NULL, NULL },
	{ "rt_tgsigqueueinfo outside", queues_to_thread, "outside 10", ESRCH, 0, NULL, NULL },
	{ "pidfd_send_signal outside", by_pidfd, "outside 10", ESRCH, 0, NULL, NULL },
	{ "F_SETOWN outside", owned, "outside 10", ESRCH, 0, NULL, NULL },
	{ "F_SETOWN to its group", owned_group, "outside 10", ESRCH, 0, NULL, NULL },
	{ "its limits", limits, "outside 0", EPERM, 0, "prlimit64", NULL },
	{ "its group", groups, "outside 0", ESRCH, 0, NULL, NULL },
	{ "its session", session, "outside 0", ESRCH, 0, NULL, NULL },
	{ "its priority", slows, "outside 0", ESRCH, 0, NULL, NULL },
	{ "its CPU", pins, "outside 0", ESRCH, 0, NULL, NULL },
	{ "the program still has its parent", init_lives, NULL, WORKED, 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}

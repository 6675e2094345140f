#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/run.h"

/*
 * What a terminal, timeout(1) or a service manager sends to the whole process group is meant for the
 * agent, and the launcher passes it on. The broker must not die of it first: ignored before exec, so
 * that there is no moment in which it could. (The recorder has a session of its own.)
 */
static void ignore_group_signals(void)
{
	static const int meant_for_agent[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	size_t i;

	for (i = 0; i < count_of(meant_for_agent); i++)
		sigaction(meant_for_agent[i], &ignore, NULL);
}

/* Between fork and exec: nothing inherited but 0-3, no blocked signals, no way to outlive us. */
static void become(const char *path, const char *const *argv, int in, int fd, bool tied, int log,
		   pid_t parent)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	ignore_group_signals();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (tied && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent))
		_exit(RUN_FAILED);
	/* It outlives this run and serves others: it must keep nothing of ours busy. */
	if (!tied && (setsid() < 0 || chdir("/") < 0 || dup2(log < 0 ? null : log, 2) < 0))
		_exit(RUN_FAILED);
	/* Who is not tied to us answers by pipe, be it on 3 or as plain output. */
	if (null < 0 || dup2(in < 0 ? null : in, 0) < 0 || dup2(tied ? null : fd, 1) < 0 || dup2(fd, 3) < 0)
		_exit(RUN_FAILED);
	if (fd == 3)
		fcntl(3, F_SETFD, 0);
	close_range(4, ~0u, 0);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(RUN_FAILED);
}

int spawn_own(pid_t *out, const struct run *r, const char *const *argv, int fd, bool tied, struct err *e)
{
	return spawn_with(out, r, argv, -1, fd, tied, e);
}

int spawn_with(pid_t *out, const struct run *r, const char *const *argv, int in, int fd, bool tied, struct err *e)
{
	char path[LAUNCH_TEXT + 64];
	char said[LAUNCH_TEXT + 64];
	pid_t parent = getpid(), pid;
	scoped(fd) int log = -1;

	snprintf(path, sizeof(path), "%s/%s", r->at.programs, argv[0]);
	if (access(path, X_OK) < 0)
		return err_sys(e, "%s (is reeve installed whole?)", path);
	snprintf(said, sizeof(said), "%s/recorder.stderr", r->at.runs);
	if (!tied)
		log = open(said, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	pid = fork();
	if (pid < 0)
		return err_sys(e, "start %s", argv[0]);
	if (pid == 0)
		become(path, argv, in, fd, tied, log, parent);
	*out = pid;
	return 0;
}

#include "cli/review_run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/scope.h"

static void become(const char *const *argv, int in, int out, enum run_how how, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(in < 0 ? null : in, 0) < 0 || dup2(out, 1) < 0 || (how == RUN_SILENT && dup2(null, 2) < 0))
		_exit(127);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(127);
	close_range(3, ~0u, 0);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* Until it says no more. false: it took too long, or said too much. */
static bool read_all(struct buf *out, int fd, uint64_t deadline)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	char piece[4096];
	ssize_t got = 1;

	while (got > 0) {
		if (poll(&in, 1, clock_left_ms(deadline)) == 0)
			return false;
		got = read(fd, piece, sizeof(piece));
		if (got > 0 && !buf_add(out, piece, (size_t)got))
			return false;
	}
	return got == 0;
}

int run_quietly(struct buf *out, const char *const *argv, int in, enum run_how how, unsigned seconds, struct err *e)
{
	scoped(fd) int reads = -1, writes = -1;
	pid_t pid, parent = getpid();
	int fds[2], status = 0;
	bool heard;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	reads = fds[0];
	writes = fds[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, "start %s", argv[0]);
	if (pid == 0)
		become(argv, in, writes, how, parent);
	fd_close(&writes);
	heard = read_all(out, reads, clock_mono_ns() + (uint64_t)seconds * 1000000000);
	if (!heard)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (!heard)
		return err_set(e, ERR_SYSTEM, "%s did not finish within %u s", argv[0], seconds);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err_set(e, ERR_SYSTEM, "%s cannot be executed: install openssh-client", argv[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, ERR_SYSTEM, "%s failed", argv[0]);
	return 0;
}

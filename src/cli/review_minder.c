/*
 * The view changes the terminal's modes, so it runs in a child, and who minds it does nothing but wait: however the
 * child ends, the terminal is given back. If the minder is killed first, the child hears of it and does the same.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/review.h"
#include "cli/review_screen.h"

void screen_restore(const struct termios *before)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, before);
	(void)!write(STDOUT_FILENO, SCREEN_OFF, strlen(SCREEN_OFF));
}

/* What others send us is meant for the view. SIGTSTP would leave a raw terminal to the shell. */
static void minded_signals(sigset_t *out)
{
	static const int all[] = { SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGTTOU };
	size_t i;

	sigemptyset(out);
	for (i = 0; i < count_of(all); i++)
		sigaddset(out, all[i]);
}

static int mind(pid_t pid, const sigset_t *signals)
{
	int status = 0, number;

	for (;;) {
		number = sigwaitinfo(signals, NULL);
		if (number == SIGCHLD && waitpid(pid, &status, WNOHANG) == pid)
			return status;
		if (number == SIGTERM || number == SIGINT || number == SIGQUIT || number == SIGHUP)
			kill(pid, SIGTERM);
	}
}

static void be_view(const struct review_wanted *o, pid_t parent)
{
	struct err e = { 0 };
	int done;

	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(EXIT_COULD_NOT);
	done = review_screen(o, &e);
	if (done < 0)
		log_say("review: %s", e.text);
	fflush(NULL);
	_exit(done < 0 ? EXIT_COULD_NOT : done);
}

int review_minded(const struct review_wanted *o, struct err *e)
{
	pid_t pid, self = getpid();
	struct termios before;
	sigset_t signals, old;
	int status;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return err_sys(e, "the terminal");
	minded_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, &old);
	pid = fork();
	if (pid < 0)
		return err_sys(e, "start the view");
	if (pid == 0)
		be_view(o, self);
	status = mind(pid, &signals);
	if (!WIFEXITED(status))
		screen_restore(&before);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return err_set(e, ERR_SYSTEM, "the view was ended by signal %d", WTERMSIG(status));
}

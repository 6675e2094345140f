/* The launcher's side of the operator's terminal. Who carries the bytes: relay.c. */
#include "launcher/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "launcher/run.h"

enum { ANSWER_MS = 5000, DRAIN_MS = 10000 };

static int first_terminal(void)
{
	int fd;

	for (fd = 0; fd < 3; fd++)
		if (isatty(fd))
			return fd;
	return -1;
}

/* Rather stdout or stderr than stdin, which may be open for reading alone. */
static int last_terminal(void)
{
	int fd = 2;

	while (fd > 0 && !isatty(fd))
		fd--;
	return fd;
}

bool terminal_wanted(void)
{
	return first_terminal() >= 0;
}

/*
 * Where nothing is typed the operator's modes stay, and with them their treatment of line ends:
 * two treatments would be one too many.
 */
static int copy_modes(const struct terminal *t, int master, struct err *e)
{
	struct termios modes = t->before;
	struct winsize size;

	if (!t->typed)
		modes.c_oflag &= ~(tcflag_t)OPOST;
	if (tcsetattr(master, TCSANOW, &modes) < 0)
		return err_sys(e, "modes of the agent's terminal");
	if (ioctl(t->tty, TIOCGWINSZ, &size) == 0 && ioctl(master, TIOCSWINSZ, &size) < 0)
		return err_sys(e, "size of the agent's terminal");
	return fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK) < 0 ? err_sys(e, "agent's terminal") : 0;
}

/* A file of our own on it, so that not waiting is a thing between it and us, not of the operator's
 * shell. */
static int open_again(int tty, int flags)
{
	char path[FD_NAME];
	int fd = open(fd_name(path, tty), flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? fcntl(tty, F_DUPFD_CLOEXEC, 3) : fd;
}

/* Only what it works with stays open in it, at numbers that are known. */
static void become_relay(struct run *r, int control, int in, int out)
{
	const struct relay_ends ends = {
		.control = 10, .master = 11, .in = r->terminal.typed ? 12 : -1, .out = 13
	};
	int from[4] = { control, r->agent.terminal, in, out }, i;

	for (i = 0; i < 4; i++)
		from[i] = fcntl(from[i], F_DUPFD, 20);
	for (i = 0; i < 4; i++)
		if (from[i] < 0 || dup2(from[i], 10 + i) < 0)
			_exit(1);
	close_range(0, 9, 0);
	close_range(14, ~0u, 0);
	relay_main(&ends);
}

static int start_relay(struct run *r, struct err *e)
{
	scoped(fd) int its = -1, in = open_again(r->terminal.tty, O_RDONLY);
	scoped(fd) int out = open_again(last_terminal(), O_WRONLY);
	int pair[2];

	if (in < 0 || out < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "channel");
	r->terminal.control = pair[0];
	its = pair[1];
	r->terminal.relay = fork();
	if (r->terminal.relay < 0)
		return err_sys(e, "fork");
	if (r->terminal.relay == 0)
		become_relay(r, its, in, out);
	return 0;
}

/* A word, and its answer; other answers on the way are to words nobody waited for. */
static int ask(struct terminal *t, enum relay_word word, struct err *e)
{
	struct pollfd in = { .fd = t->control, .events = POLLIN };
	char said = (char)word, heard = 0;

	if (send(t->control, &said, 1, MSG_NOSIGNAL) != 1)
		return err_set(e, ERR_PEER, "it is gone");
	while (heard != said) {
		if (poll(&in, 1, ANSWER_MS) == 0)
			return err_set(e, ERR_PEER, "it does not answer");
		if (recv(t->control, &heard, 1, 0) == 0)
			return err_set(e, ERR_PEER, "it is gone");
	}
	return 0;
}

/* Now, because what a timer takes may be used up later, by somebody inside. */
static int make_timer(struct run *r, struct err *e)
{
	struct sigevent how = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT };

	if (r->ask->timeout_s && timer_create(CLOCK_MONOTONIC, &how, &r->terminal.late) < 0)
		return err_sys(e, "timer");
	return 0;
}

int terminal_begin(struct run *r, struct err *e)
{
	struct terminal *t = &r->terminal;

	if (r->agent.terminal < 0)
		return 0;
	t->tty = first_terminal();
	t->typed = t->tty == STDIN_FILENO;
	if (t->tty < 0 || tcgetattr(t->tty, &t->before) < 0)
		return err_sys(e, "terminal");
	if (make_timer(r, e) < 0 || copy_modes(t, r->agent.terminal, e) < 0 || start_relay(r, e) < 0 ||
	    ask(t, RELAY_WORK, e) < 0)
		return err_in(e, "terminal");
	fd_close(&r->agent.terminal);
	log_returns(t->typed && isatty(STDERR_FILENO));
	return 0;
}

static void resume(struct run *r)
{
	struct err ignored = { 0 };

	log_returns(r->terminal.typed && isatty(STDERR_FILENO));
	kill(r->terminal.relay, SIGCONT);
	(void)!ask(&r->terminal, RELAY_WORK, &ignored); /* the loop will hear of it */
	jail_signal(&r->agent, SIGCONT);
}

/* SIGTSTP and SIGWINCH are the terminal's own; after a stop the modes must be set anew. */
bool terminal_signal(struct run *r, int signal)
{
	char word = RELAY_WINDOW;

	if (r->terminal.control < 0)
		return false;
	if (signal == SIGWINCH)
		(void)!send(r->terminal.control, &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	else if (signal == SIGCONT)
		resume(r);
	return signal == SIGWINCH || signal == SIGCONT;
}

/* Who is stopped still has a time: a timer's SIGCONT wakes also those. 0 takes it back. */
static void wake_at(struct run *r, uint64_t deadline_ns)
{
	const struct itimerspec at = { .it_value = { .tv_sec = (time_t)(deadline_ns / 1000000000),
						     .tv_nsec = (long)(deadline_ns % 1000000000) } };

	if (r->ask->timeout_s)
		must(timer_settime(r->terminal.late, TIMER_ABSTIME, &at, NULL) == 0);
}

/*
 * By SIGTSTP with its own meaning and to the whole group, as the terminal itself would: the kernel
 * leaves a group running that no shell could continue.
 */
void terminal_stopped(struct run *r)
{
	struct err ignored = { 0 };
	sigset_t stop, before;

	if (r->terminal.control < 0)
		return;
	wake_at(r, r->deadline_ns);
	(void)!ask(&r->terminal, RELAY_PAUSE, &ignored); /* the loop will hear of it */
	log_returns(false);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, &before);
	kill(0, SIGTSTP);
	sigprocmask(SIG_SETMASK, &before, NULL);
	wake_at(r, 0);
	if (r->deadline_ns && clock_left_ms(r->deadline_ns) == 0)
		kill(0, SIGCONT); /* what was stopped with us is needed for the end */
	/* What woke us is dealt with here; told twice, it could undo a ^Z typed in between. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGCONT);
	(void)sigtimedwait(&stop, NULL, &(struct timespec){ 0 });
	resume(r);
}

int terminal_hear(struct run *r, struct err *e)
{
	char words[16];
	ssize_t got = recv(r->terminal.control, words, sizeof(words), MSG_DONTWAIT);

	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return 0;
	return err_set(e, ERR_PEER,
		       "the process that carried the terminal ended: see whether "
		       "something on this machine kills processes");
}

/* Also when the relay was killed: then the modes are still the raw ones. */
static void restore(const struct terminal *t)
{
	sigset_t out, before;
	pid_t front;

	sigemptyset(&out);
	sigaddset(&out, SIGTTOU);
	sigprocmask(SIG_BLOCK, &out, &before);
	front = tcgetpgrp(t->tty);
	if (t->typed && (front == getpgrp() || (front < 0 && errno == ENOTTY)))
		(void)tcsetattr(t->tty, TCSANOW, &t->before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void terminal_end(struct run *r)
{
	struct terminal *t = &r->terminal;
	struct pollfd in = { .fd = t->control, .events = 0 };
	char word = RELAY_FINISH;
	int status = 0;

	fd_close(&r->agent.terminal);
	if (t->relay <= 0)
		return;
	(void)!send(t->control, &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (poll(&in, 1, DRAIN_MS) == 0)
		kill(t->relay, SIGKILL);
	if (waitpid(t->relay, &status, 0) != t->relay || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0)
		restore(t);
	log_returns(false);
	fd_close(&t->control);
	t->relay = -1;
}

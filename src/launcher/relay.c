/*
 * Bytes between the operator's terminal and the agent's, in a process of its own, so that whoever
 * of the two dies first, the other restores the terminal. Nothing here looks at a byte. The
 * terminal is ours only while our job is in its foreground: behind, nothing is read and no mode is
 * set, and we look again from time to time, because no signal tells.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/jail.h"
#include "launcher/terminal.h"

enum { CHUNK = 16384, LOOK_AGAIN_MS = 200 };

/* What one side said and the other has not taken yet: while there is any, no more is read. */
struct stream {
	char bytes[CHUNK];
	size_t from, to;
};

struct relay {
	struct relay_ends at;
	pid_t group;
	bool paused, raw, finishing;
	struct termios before, ours;
	struct stream typed, shown;
};

static enum { BEHIND, IN_FRONT, GONE } place_of_job(const struct relay *r)
{
	pid_t front = tcgetpgrp(r->at.in);

	if (front < 0 && errno != ENOTTY)
		return GONE;
	/* Not our controlling terminal: then there is no job control on it to respect. */
	return front == r->group || front < 0 ? IN_FRONT : BEHIND;
}

/* From behind this would stop our job, and it must be done even then. */
static void set_modes(int tty, const struct termios *modes)
{
	sigset_t out, before;

	sigemptyset(&out);
	sigaddset(&out, SIGTTOU);
	sigprocmask(SIG_BLOCK, &out, &before);
	(void)tcsetattr(tty, TCSANOW, modes);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void take_terminal(struct relay *r)
{
	if (r->raw || r->at.in < 0 || r->paused || place_of_job(r) != IN_FRONT ||
	    tcgetattr(r->at.in, &r->before) < 0)
		return;
	r->ours = r->before;
	cfmakeraw(&r->ours);
	set_modes(r->at.in, &r->ours);
	(void)tcgetattr(r->at.in, &r->ours); /* as the kernel understood it */
	r->raw = true;
}

/* A shell that has taken the terminal since has set its own. */
static bool still_ours(const struct relay *r)
{
	struct termios now;

	return r->raw && tcgetattr(r->at.in, &now) == 0 && now.c_lflag == r->ours.c_lflag &&
	       now.c_iflag == r->ours.c_iflag && now.c_oflag == r->ours.c_oflag;
}

static void give_back(struct relay *r)
{
	if (still_ours(r))
		set_modes(r->at.in, &r->before);
	r->raw = false;
}

static void copy_window(const struct relay *r)
{
	struct winsize size;

	if (ioctl(r->at.in >= 0 ? r->at.in : r->at.out, TIOCGWINSZ, &size) == 0)
		(void)ioctl(r->at.master, TIOCSWINSZ, &size);
}

/* 1: got something; 0: nothing now; -1: hung up. */
static int fill(struct stream *s, int fd)
{
	ssize_t got;

	if (s->from != s->to)
		return 0;
	got = read(fd, s->bytes, sizeof(s->bytes));
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0)
		return -1;
	s->from = 0;
	s->to = (size_t)got;
	return 1;
}

static int empty(struct stream *s, int fd)
{
	ssize_t put = write(fd, s->bytes + s->from, s->to - s->from);

	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (put < 0) {
		s->from = s->to = 0;
		return -1;
	}
	s->from += (size_t)put;
	return 1;
}

/* The operator's terminal is gone: so is the agent's, and the kernel tells it with SIGHUP. */
static void hang_up(struct relay *r)
{
	fd_close(&r->at.master);
	r->at.in = -1;
	r->raw = false;
}

/* Behind the foreground a read is refused; only in it a refusal is a hangup. */
static void read_typed(struct relay *r)
{
	int place = place_of_job(r);

	if (place == BEHIND)
		r->raw = false;
	else if (place == GONE || (fill(&r->typed, r->at.in) < 0 && place_of_job(r) != BEHIND))
		hang_up(r);
}

static void finish(struct relay *r)
{
	give_back(r);
	_exit(0);
}

/* What was shown before a stop is shown before the shell speaks: as much as fits without waiting.
 */
static void show_now(struct relay *r)
{
	while (r->at.master >= 0) {
		if (r->shown.from == r->shown.to && fill(&r->shown, r->at.master) <= 0)
			return;
		if (empty(&r->shown, r->at.out) <= 0)
			return;
	}
}

static void obey(struct relay *r)
{
	char word;
	ssize_t got = read(r->at.control, &word, 1);

	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0)
		finish(r); /* the launcher is gone */
	r->finishing = r->finishing || word == RELAY_FINISH;
	if (word == RELAY_PAUSE) {
		r->paused = true;
		show_now(r);
		give_back(r);
	}
	if (word == RELAY_WORK) {
		r->paused = false;
		r->raw = still_ours(r);
	}
	take_terminal(r);
	copy_window(r);
	if (word != RELAY_FINISH && write(r->at.control, &word, 1) < 0)
		finish(r);
}

static void gather(struct relay *r, struct pollfd at[4])
{
	bool shows = r->shown.from != r->shown.to,
	     types = r->typed.from != r->typed.to && !r->finishing;

	at[0] = (struct pollfd){ .fd = r->at.control, .events = POLLIN };
	at[1] = (struct pollfd){ .fd = r->raw && !types && !r->finishing ? r->at.in : -1,
				 .events = POLLIN };
	at[2] = (struct pollfd){ .fd = shows ? r->at.out : -1, .events = POLLOUT };
	at[3] = (struct pollfd){ .fd = r->at.master,
				 .events = (short)((shows ? 0 : POLLIN) | (types ? POLLOUT : 0)) };
	/* A hangup is reported whether asked for or not: not before what was said is shown. */
	if (at[3].events == 0)
		at[3].fd = -1;
}

static void attend(struct relay *r, const struct pollfd at[4])
{
	if (at[1].revents)
		read_typed(r);
	if (at[2].revents)
		(void)empty(
			&r->shown,
			r->at.out); /* nobody sees it any more: the agent is not held up by that */
	if (r->at.master >= 0 && (at[3].revents & POLLOUT) && r->typed.from != r->typed.to)
		(void)empty(&r->typed, r->at.master);
	if (r->at.master >= 0 && (at[3].revents & (POLLIN | POLLHUP | POLLERR)) &&
	    fill(&r->shown, r->at.master) < 0)
		fd_close(&r->at.master); /* everything inside is gone, and everything was read */
	if (at[0].revents)
		obey(r);
}

static void work(struct relay *r)
{
	struct pollfd at[4];

	for (;;) {
		take_terminal(r);
		if (r->at.in >= 0 && place_of_job(r) == GONE)
			hang_up(r);
		gather(r, at);
		if (r->finishing && r->at.master < 0 && r->shown.from == r->shown.to)
			finish(r);
		if (poll(at, 4, r->at.in >= 0 && !r->raw && !r->paused ? LOOK_AGAIN_MS : -1) > 0)
			attend(r, at);
	}
}

/* What the job gets is the launcher's to judge; only what stops a job stops us too. */
static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGTTOU);
	sigdelset(&all, SIGTSTP);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

void relay_main(const struct relay_ends *ends)
{
	struct relay r = { .at = *ends, .group = getpgrp(), .paused = true };
	struct err e = { 0 };

	block_signals();
	if (jail_self(JAIL_TERMINAL, &e) < 0)
		_exit(1);
	work(&r);
	_exit(1);
}

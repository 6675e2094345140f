/* launcher/terminal.h - the operator's terminal lent to the agent's own, and given back on every path. */
#ifndef LAUNCHER_TERMINAL_H
#define LAUNCHER_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>
#include <time.h>

#include "base/err.h"

struct run;

struct terminal {
	timer_t late;		/* made if the run has a time: its SIGCONT comes when that is over */
	pid_t relay;		/* carries the bytes; -1: there is none */
	int control;		/* ours with it: it restores the terminal when this closes; -1: none */
	int tty;		/* the operator's, borrowed */
	bool typed;		/* stdin is it: its modes are changed and what is typed is read */
	struct termios before;	/* as it was */
};

#define TERMINAL_NONE ((struct terminal){ .relay = -1, .control = -1, .tty = -1 })

/* Is any of our stdin, stdout, stderr a terminal? Then the agent needs one of its own. */
bool terminal_wanted(void);

/* After the jail stands, before the agent begins: size, modes, and the relay at work. */
int terminal_begin(struct run *r, struct err *e) must_use;

/* Takes what is the terminal's: true. Otherwise the signal is the agent's. */
bool terminal_signal(struct run *r, int signal);
/* The agent was stopped by ^Z: stop our whole job as the shell knows it, and go on with it. */
void terminal_stopped(struct run *r);
/* The relay said something out of turn, or is gone: then the agent has no terminal, and the run ends. */
int terminal_hear(struct run *r, struct err *e) must_use;
/* Shows what is left, gives the terminal back. Once nothing runs inside; safe twice. */
void terminal_end(struct run *r);

/* --- relay.c, between terminal_begin() and the relay's own process --- */

/* One byte each way; every word but the last is answered by itself. */
enum relay_word { RELAY_WORK = 'w', RELAY_PAUSE = 'p', RELAY_WINDOW = 's', RELAY_FINISH = 'f' };

struct relay_ends {
	int control, master;
	int in, out;		/* the operator's terminal; in -1: nothing is typed here */
};

/* Never returns: 0, it gave the terminal back; anything else, it could not confine itself. */
void relay_main(const struct relay_ends *ends) __attribute__((noreturn));

#endif

/*
 * A terminal of the jail's own. Init leads the session and stays outside the program's process
 * group, because the kernel lets no stop of a terminal reach a group whose leader's parent is in
 * another session. It keeps the slave open to the end, so that the master reports a hangup once
 * everything inside is gone, and not whenever nobody happens to have it open.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

/* Whichever of the three the operator has on a terminal; pipes and files stay what they are. */
static int replace_stdio(struct inside *in, struct err *e)
{
	struct termios ignored;
	int i;

	for (i = 0; i < 3; i++)
		if (tcgetattr(i, &ignored) == 0 && dup2(in->slave, i) < 0)
			return err_sys(e, "terminal as descriptor %d", i);
	return 0;
}

static int open_pair(struct inside *in, struct err *e)
{
	int unlock = 0;

	in->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (in->master < 0 || ioctl(in->master, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, "/dev/ptmx");
	in->slave = ioctl(in->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (in->slave < 0)
		return err_sys(e, "other side of /dev/ptmx");
	return 0;
}

int terminal_open(struct inside *in, struct err *e)
{
	if (!in->spec->terminal)
		return 0;
	if (open_pair(in, e) < 0 || replace_stdio(in, e) < 0)
		return -1;
	if (setsid() < 0 || ioctl(in->slave, TIOCSCTTY, 0) < 0)
		return err_sys(e, "session on the terminal");
	return 0;
}

/* Every signal is blocked here, so taking the foreground from behind stops nobody. */
int terminal_enter(struct inside *in, struct err *e)
{
	if (setpgid(0, 0) < 0 || tcsetpgrp(in->slave, getpid()) < 0)
		return err_sys(e, "foreground of the terminal");
	fd_close(&in->master);
	fd_close(&in->slave);
	return 0;
}

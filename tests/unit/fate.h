/* tests/unit/fate.h - run a body in a child and say how it ended, for tests that cannot come back. */
#ifndef TESTS_UNIT_FATE_H
#define TESTS_UNIT_FATE_H

#include <sys/wait.h>
#include <unistd.h>

enum { FATE_NOT_RUN = -1, FATE_SIGNAL = 256 };	/* 0-255 exit code, 256+n killed by signal n */

static inline int fate_of(void (*body)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		body();
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return FATE_NOT_RUN;
	return WIFSIGNALED(status) ? FATE_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

#endif

/*
 * tests/threats/threat.h - a family of hostile attempts as rows: what, on what, what it must meet, and the record
 * that must stand in the ledger. Each row is tried in a child of its own. Printed for tests/threats/run.sh:
 *
 *   ok|not ok|skip WHAT: OUTCOME        a row
 *   record CALL ERRNO ARCH              what the ledger must hold of it; of a row without one, nothing
 */
#ifndef THREATS_THREAT_H
#define THREATS_THREAT_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define count_of(a) (sizeof(a) / sizeof((a)[0]))

enum {
	WORKED = 0,		/* otherwise the errno it met */
	LACKING = 253,		/* the machine has no such thing to attack */
	BROKEN = 254,		/* the attempt itself went wrong: never a success of the defence */
	OUT = 255,		/* it got what it must not get, by whatever way */
};

/* Which words an attempt was given by its caller: tests/threats/outside.c. */
struct around {
	int port;		/* listeners of the test outside, TCP and UDP, on the host's loopback */
	int pid;		/* the process outside that holds them */
	const char *runtime;	/* XDG_RUNTIME_DIR outside */
};

static struct around around;

struct attempt {
	const char *what;
	int (*does)(const char *on);
	const char *on;
	int meets;		/* an errno; 0: it works, because it gains nothing */
	int or;			/* or this one: kernels and users differ in order; 0: no other */
	const char *record;	/* the call as the ledger names it, and the errno if it is another than the row
				 * tells; NULL: none, the kernel itself said no */
	const char *arch;	/* of that record; NULL: the machine's own */
};

static inline int told(long rc)
{
	return rc < 0 ? errno : WORKED;
}

static inline const char *word(int met)
{
	static char text[32];

	if (met == WORKED)
		return "worked";
	if (met == OUT)
		return "GOT OUT";
	if (met == BROKEN)
		return "could not be tried";
	if (met > 1000)
		snprintf(text, sizeof(text), "died of signal %d", met - 1000);
	else
		snprintf(text, sizeof(text), "%s", strerrorname_np(met) ? strerrorname_np(met) : "?");
	return text;
}

static inline int fate(const struct attempt *a)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		errno = 0;
		_exit(a->does(a->on));
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return BROKEN;
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static inline void tell(const struct attempt *a, int met)
{
	bool as_expected = met == a->meets || (a->or && met == a->or);
	char wanted[32];

	if (met == LACKING) {
		printf("skip %s: nothing of the kind here\n", a->what);
		return;
	}
	snprintf(wanted, sizeof(wanted), "%s", word(a->meets));
	printf("%s %s: %s%s%s\n", as_expected ? "ok" : "not ok", a->what, word(met), as_expected ? "" : ", not ",
	       as_expected ? "" : wanted);
	if (a->record)
		printf("record %s%s%s %s\n", a->record, strchr(a->record, ' ') ? "" : " ",
		       strchr(a->record, ' ') ? "" : word(met), a->arch ? a->arch : "x86_64");
	fflush(stdout);
}

static inline int threat_main(const struct attempt *rows, size_t count, int argc, char **argv)
{
	size_t i;

	around.port = argc > 1 ? atoi(argv[1]) : 0;
	around.pid = argc > 2 ? atoi(argv[2]) : 0;
	around.runtime = argc > 3 ? argv[3] : "/nowhere";
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < count; i++)
		tell(&rows[i], fate(&rows[i]));
	printf("end %zu\n", count);
	return 0;
}

#endif

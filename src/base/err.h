/* base/err.h - one error, on the caller's stack, gaining context on its way up. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/attr.h"

enum err_kind {
	ERR_NONE,
	ERR_SYSTEM,	/* the kernel said no */
	ERR_INPUT,	/* bytes from outside are malformed */
	ERR_LIMIT,	/* a bound we chose was reached */
	ERR_PEER,	/* one of our own processes broke its promise */
};

struct err {
	enum err_kind kind;
	char text[248];
};

/* All three return -1, so a failing function is one line: return err_set(...). */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) printf_like(3, 4);
int err_sys(struct err *e, const char *fmt, ...) printf_like(2, 3);	/* adds strerror(errno) */
int err_in(struct err *e, const char *fmt, ...) printf_like(2, 3);	/* "policy: " + what is there */

/* A promise of our own that does not hold aborts, in every build. */
#define must(cond) ((cond) ? (void)0 : must_fail(#cond, __FILE__, __LINE__))
void must_fail(const char *what, const char *file, int line) never_returns;

#endif

/* launcher/reviewing.h - a reviewer's connection, as the files that speak by it share it. */
#ifndef LAUNCHER_REVIEWING_H
#define LAUNCHER_REVIEWING_H

#include "launcher/reviewer.h"
#include "wire/wire.h"

struct reviewer {
	struct wire wire;
	uint64_t tag;
	struct msg msg; /* what was received last */
};

/* The next message into r->msg. -1 also where it hung up, or turned us away, which is ERR_INPUT. */
int reviewer_hear(struct reviewer *r, struct err *e) must_use;
int reviewer_misspoke(const struct reviewer *r, struct err *e) must_use;	/* -1 */

#endif

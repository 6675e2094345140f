/* cli/review_run.h - a program of the system's, asked one thing. Private to cli/. */
#ifndef CLI_REVIEW_RUN_H
#define CLI_REVIEW_RUN_H

#include "base/buf.h"
#include "base/err.h"

enum run_how { RUN_SILENT, RUN_TALKS };	/* its stderr: nobody's, or ours, where it asks for what it needs */

/*
 * Found by PATH, without a shell. `in` becomes its standard input (-1: nothing); what it writes to standard output is
 * added to *out. -1 also when it fails, or takes longer than it may.
 */
int run_quietly(struct buf *out, const char *const *argv, int in, enum run_how how, unsigned seconds,
		struct err *e) must_use;

#endif

/* audit/report.h - one HTML file that carries records, the hashes before them and a checkpoint, and checks itself. */
#ifndef AUDIT_REPORT_H
#define AUDIT_REPORT_H

#include <stdio.h>

#include "audit/ask.h"

/* report_page.c: all but the data. Only what is there before it is known is named in its Content-Security-Policy. */
void report_page_begin(FILE *to);	/* up to where records may follow */
void report_page_end(FILE *to);		/* the script, and the end */

/*
 * Data between two tags, of which no reader of HTML may make more than text: "<" is written as U+0001, which JSON never
 * holds as it is.
 */
void report_data(FILE *to, const char *bytes, size_t size);

#endif

/* ledger/segments.h - the files that a journal is made of, read as one run of bytes. Private to ledger. */
#ifndef LEDGER_SEGMENTS_H
#define LEDGER_SEGMENTS_H

#include "ledger/ledger.h"

enum {
	SEGMENT_NAME = 32,
	SEGMENTS_MOST = 1 << 20,
};

struct segment {
	uint64_t begin;
	bool odd;		/* the one before it does not end where this begins */
};

struct segments {
	int dir;		/* owned; -1: the first file is all there is */
	int first;		/* journal_free() knows whose; -1: it is missing */
	int fd;			/* owned: the one that was read last, unless that is the first */
	size_t at;		/* and which that is */
	struct segment *all;	/* owned, ascending */
	size_t count, room;
};

/* "journal", or "journal.OFFSET" in 20 digits; and back. */
void segment_name(char out[SEGMENT_NAME], uint64_t begin);
bool segment_parse(uint64_t *begin, const char *stem, const char *name);

/* Which there are now. A recorder may be making more meanwhile. */
int segments_list(struct segments *s, struct err *e) must_use;
/* As many bytes as the segment has there, at most `size`; 0: it ends here, or is not there. */
int segments_read(size_t *got, struct segments *s, char *out, size_t size, uint64_t at, struct err *e) must_use;
uint64_t segments_skip(struct segments *s, uint64_t at);	/* over a hole */
/* The last one that begins there or before. */
size_t segments_find(const struct segments *s, uint64_t at);
uint64_t segments_end(const struct segments *s, size_t i);	/* of one that is not the last */
void segments_free(struct segments *s);

#endif

/* broker/lines.h - bytes of a stranger's stream cut into lines, and answers waiting to leave. */
#ifndef BROKER_LINES_H
#define BROKER_LINES_H

#include "base/buf.h"

enum { OUT_MOST = 64 << 20, OUT_PAUSE = 1 << 20 };

/* What has arrived and is not yet a whole line. */
struct lines {
	struct buf in;
	size_t most;		/* bytes of a line that is kept */
	char head[256], tail[64];	/* of one that is not */
	size_t head_size, tail_size;
	size_t at;		/* where the next line begins */
	size_t seen;		/* no newline before here */
	size_t skipped;		/* bytes of an over-long line thrown away so far */
	bool skipping;
};

enum { LINE_LARGE = 16 << 20 };	/* a tool server's: what is over MCP_LINE is cut */

#define LINES ((struct lines){ .in = BUF(MCP_LINE + (256 << 10)), .most = MCP_LINE })
#define LARGE_LINES ((struct lines){ .in = BUF(LINE_LARGE + (256 << 10)), .most = LINE_LARGE })

enum lines_got {
	LINES_NONE,	/* no whole line yet */
	LINES_LINE,
	LINES_LONG,	/* one over `most` went by: *size says how long it was; head and tail are kept */
};

/* Read once, without blocking. 1: something came; 0: nothing now; -1: the stream has ended. */
int lines_read(struct lines *l, int fd);

/* The next line, without newline; borrowed until lines_tidy(). */
enum lines_got lines_next(struct lines *l, const char **line, size_t *size);

/* Forget the lines taken; memory goes back when there was much of it. */
void lines_tidy(struct lines *l);

void lines_free(struct lines *l);

/* What is to be written, from `at` on. */
struct outlet {
	struct buf out;
	size_t at;
};

#define OUTLET ((struct outlet){ .out = BUF(OUT_MOST) })

/* Write what the other side takes now. False: it is gone, or reads too little for OUT_MOST. */
bool outlet_flush(struct outlet *o, int fd);

static inline size_t outlet_left(const struct outlet *o)
{
	return o->out.size - o->at;
}

#endif

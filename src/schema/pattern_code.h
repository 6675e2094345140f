/* schema/pattern_code.h - what a regular expression is once it is read; private to pattern*.c. */
#ifndef SCHEMA_PATTERN_CODE_H
#define SCHEMA_PATTERN_CODE_H

#include <stdint.h>

#include "schema/pattern.h"

enum { CODE_MOST = 2000, RANGES_MOST = 1000 };

enum op {
	OP_SET,		/* one code point of a set */
	OP_SPLIT,	/* go on at `x` and at `y` */
	OP_JUMP,	/* go on at `x` */
	OP_BEGIN, OP_END,
	OP_EDGE, OP_NO_EDGE,	/* between a word's character and another's */
	OP_FOUND,
};

struct code {
	enum op op;
	uint16_t x, y;		/* OP_SET: ranges from x, y of them */
	bool other;		/* OP_SET: all but those */
};

struct range {
	uint32_t from, to;
};

struct pattern {
	struct code code[CODE_MOST];
	size_t size;
	struct range ranges[RANGES_MOST];
	size_t range_count;
};

/* A pattern being read. */
struct reader {
	struct pattern *p;
	const char *at, *end;
	unsigned depth;
	struct err *e;
};

struct named_set {
	char letter;
	struct range ranges[12];
	size_t count;
};

/* pattern_set.c: what stands for one character. */
int reader_no(struct reader *r, const char *what);	/* always -1 */
int reader_emit(struct reader *r, struct code c) must_use;
bool reader_is_next(const struct reader *r, char c);
bool reader_skip(struct reader *r, const char *text);
int reader_range(struct reader *r, uint32_t from, uint32_t to) must_use;
const struct named_set *reader_set_named(char c);	/* \d \w \s and their opposites; NULL: no such */
int reader_add_set(struct reader *r, const struct named_set *s, bool other) must_use;
int reader_point(struct reader *r, uint32_t *out) must_use;
int reader_set(struct reader *r) must_use;		/* behind its [ */

#endif

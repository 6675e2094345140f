/* inspect/points.h - what kinds of code points there are, as far as texts of strangers go; private to inspect. */
#ifndef INSPECT_POINTS_H
#define INSPECT_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A table of ranges in ascending order. */
struct points {
	uint32_t from, to;
};

bool point_in(const struct points *table, size_t count, uint32_t point);

bool point_is_unseen(uint32_t point);	/* shown as nothing, or turns what follows around */
bool point_is_mark(uint32_t point);	/* drawn over the letter before it */

#endif

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

bool point_is_unseen(uint32_t point);	/* shown as nothing, or turns what follows around */
bool point_is_mark(uint32_t point);	/* drawn over the letter before it */

/* What may stand before a joiner, a variation selector or a mark of direction, or after it. */
bool point_joins(uint32_t point);		/* a letter of a script that is written joined */
bool point_is_rtl(uint32_t point);
bool point_is_emoji(uint32_t point);
bool point_ends_emoji(uint32_t point);		/* one, or what one may end with */
bool point_has_emoji_form(uint32_t point);
bool point_is_ideograph(uint32_t point);
bool point_is_sign(uint32_t point);		/* of mathematics */
bool point_is_mongolian(uint32_t point);

#endif

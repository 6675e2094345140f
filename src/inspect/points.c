#include "inspect/points.h"

#include "base/attr.h"

/* Unicode's Default_Ignorable_Code_Point, the bidi controls, and the separators of lines. */
static const struct points unseen[] = {
	{ 0xad, 0xad },       { 0x34f, 0x34f },   { 0x61c, 0x61c },     { 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f }, { 0x200b, 0x200f },   { 0x2028, 0x202e },
	{ 0x2060, 0x206f },   { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

static const struct points marks[] = {
	{ 0x300, 0x36f },   { 0x483, 0x489 },   { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
	{ 0x20d0, 0x20ff }, { 0x3099, 0x309a }, { 0xfe20, 0xfe2f },
};

bool point_in(const struct points *table, size_t count, uint32_t point)
{
	size_t i;

	for (i = 0; i < count && point >= table[i].from; i++)
		if (point <= table[i].to)
			return true;
	return false;
}

bool point_is_unseen(uint32_t point)
{
	return point_in(unseen, count_of(unseen), point);
}

bool point_is_mark(uint32_t point)
{
	return point_in(marks, count_of(marks), point);
}

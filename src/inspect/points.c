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

/* Arabic, Syriac, NKo and Mandaic; the Brahmic scripts of India and beyond; Mongolian. */
static const struct points joined[] = {
	{ 0x620, 0x6ff },     { 0x710, 0x74f },   { 0x750, 0x77f },   { 0x7c0, 0x7ff },
	{ 0x840, 0x85f },     { 0x860, 0x86f },   { 0x8a0, 0x8ff },   { 0x900, 0xdff },
	{ 0xf00, 0xfff },     { 0x1000, 0x109f }, { 0x1780, 0x17b3 }, { 0x17b6, 0x17ff },
	{ 0x1820, 0x18aa },   { 0xa800, 0xa8ff }, { 0xfb50, 0xfdff }, { 0xfe70, 0xfefc },
	{ 0x11000, 0x11fff },
};

static const struct points rtl[] = {
	{ 0x590, 0x61b },   { 0x61d, 0x8ff },     { 0xfb1d, 0xfdff },
	{ 0xfe70, 0xfefc }, { 0x10800, 0x10fff }, { 0x1e800, 0x1efff },
};

static const struct points emoji[] = {
	{ 0xa9, 0xa9 },     { 0xae, 0xae },     { 0x203c, 0x203c }, { 0x2049, 0x2049 },
	{ 0x2122, 0x2122 }, { 0x2139, 0x2139 }, { 0x2194, 0x21aa }, { 0x231a, 0x23ff },
	{ 0x24c2, 0x24c2 }, { 0x25aa, 0x25fe }, { 0x2600, 0x27bf }, { 0x2934, 0x2935 },
	{ 0x2b05, 0x2b55 }, { 0x3030, 0x303d }, { 0x3297, 0x3299 }, { 0x1f000, 0x1faff },
};

static const struct points ideographs[] = {
	{ 0x3400, 0x4dbf },
	{ 0x4e00, 0x9fff },
	{ 0xf900, 0xfaff },
	{ 0x20000, 0x3ffff },
};

static bool point_in(const struct points *table, size_t count, uint32_t point)
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

bool point_joins(uint32_t point)
{
	return point_in(joined, count_of(joined), point);
}

bool point_is_rtl(uint32_t point)
{
	return point_in(rtl, count_of(rtl), point);
}

bool point_is_emoji(uint32_t point)
{
	return point_in(emoji, count_of(emoji), point);
}

/* Skin tones are among the emoji; a selector of its form, or a keycap, comes last. */
bool point_ends_emoji(uint32_t point)
{
	return point == 0xfe0f || point_is_emoji(point);
}

bool point_has_emoji_form(uint32_t point)
{
	return (point >= '0' && point <= '9') || point == '#' || point == '*' ||
	       point_is_emoji(point);
}

bool point_is_ideograph(uint32_t point)
{
	return point_in(ideographs, count_of(ideographs), point);
}

bool point_is_sign(uint32_t point)
{
	return (point >= 0x2200 && point <= 0x22ff) || (point >= 0x2a00 && point <= 0x2aff);
}

bool point_is_mongolian(uint32_t point)
{
	return point >= 0x1820 && point <= 0x18aa;
}

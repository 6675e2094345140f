/*
 * Texts that look like other texts. A character that is shown as nothing, or that turns what
 * follows around, makes two readers see two names; so no name that holds one is judged. The ranges
 * are Unicode's Default_Ignorable_Code_Point, the bidi controls, and the separators of lines.
 */
#include "base/text.h"
#include "policy/rule.h"

struct range {
	uint32_t from, to;
};

static const struct range unseen[] = {
	{ 0xad, 0xad },       { 0x34f, 0x34f },   { 0x61c, 0x61c },     { 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f }, { 0x200b, 0x200f },   { 0x2028, 0x202e },
	{ 0x2060, 0x206f },   { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

/* Marks and letters that another text may hold as part of one character. */
static const struct range joining[] = {
	{ 0x300, 0x36f },   { 0x1100, 0x11ff }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
	{ 0x20d0, 0x20ff }, { 0x3099, 0x309a }, { 0xfe20, 0xfe2f },
};

static bool is_in(const struct range *list, size_t count, uint32_t point)
{
	size_t i;

	for (i = 0; i < count && point >= list[i].from; i++)
		if (point <= list[i].to)
			return true;
	return false;
}

/* The texts are UTF-8 already; most are ASCII, and passed over byte by byte. */
static bool has_none(const struct range *list, size_t count, const char *text, size_t size)
{
	uint32_t point;
	size_t i, step;

	for (i = 0; i < size; i += step) {
		step = 1;
		if ((unsigned char)text[i] < 0x80)
			continue;
		step = text_point(text + i, size - i, &point);
		if (step == 0 || is_in(list, count, point))
			return false;
	}
	return true;
}

bool text_is_plain(const char *text, size_t size)
{
	return has_none(unseen, count_of(unseen), text, size);
}

bool text_is_composed(const char *text, size_t size)
{
	return has_none(joining, count_of(joining), text, size);
}

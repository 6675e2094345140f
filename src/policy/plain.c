/*
 * Texts that look like other texts. A character that is shown as nothing, or that turns what
 * follows around, makes two readers see two names; so no name that holds one is judged.
 */
#include "base/text.h"
#include "inspect/inspect.h"
#include "policy/rule.h"

/* Marks and letters that another text may hold as part of one character. */
static bool is_joining(uint32_t point)
{
	static const struct {
		uint32_t from, to;
	} joining[] = {
		{ 0x300, 0x36f },   { 0x1100, 0x11ff }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
		{ 0x20d0, 0x20ff }, { 0x3099, 0x309a }, { 0xfe20, 0xfe2f },
	};
	size_t i;

	for (i = 0; i < count_of(joining) && point >= joining[i].from; i++)
		if (point <= joining[i].to)
			return true;
	return false;
}

bool text_is_plain(const char *text, size_t size)
{
	return inspect_is_seen(text, size);
}

/* The texts are UTF-8 already; most are ASCII, and passed over byte by byte. */
bool text_is_composed(const char *text, size_t size)
{
	uint32_t point;
	size_t i, step;

	for (i = 0; i < size; i += step) {
		step = 1;
		if ((unsigned char)text[i] < 0x80)
			continue;
		step = text_point(text + i, size - i, &point);
		if (step == 0 || is_joining(point))
			return false;
	}
	return true;
}

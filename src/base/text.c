#include "base/text.h"

#include <string.h>

/* Lead byte -> how many follow, which bits are value, the smallest value that needs them. */
static const struct {
	uint8_t mask, lead;
	size_t size;
	uint32_t bits, least;
} forms[] = {
	{ 0x80, 0x00, 1, 0x7f, 0 },
	{ 0xe0, 0xc0, 2, 0x1f, 0x80 },
	{ 0xf0, 0xe0, 3, 0x0f, 0x800 },
	{ 0xf8, 0xf0, 4, 0x07, 0x10000 },
};

/* What a terminal would act on or hide instead of show. */
static const struct {
	uint32_t from, to;
} hidden[] = {
	{ 0x00, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },     { 0x61c, 0x61c },
	{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
};

static bool is_whole(const char *text, size_t size, size_t form, uint32_t *point)
{
	uint32_t value = (uint8_t)text[0] & forms[form].bits;
	size_t i;

	if (size < forms[form].size)
		return false;
	for (i = 1; i < forms[form].size; i++) {
		if (((uint8_t)text[i] & 0xc0) != 0x80)
			return false;
		value = value << 6 | ((uint8_t)text[i] & 0x3f);
	}
	*point = value;
	return value >= forms[form].least && value <= 0x10ffff &&
	       (value < 0xd800 || value > 0xdfff);
}

size_t text_point(const char *text, size_t size, uint32_t *point)
{
	size_t i;

	for (i = 0; size > 0 && i < count_of(forms); i++)
		if (((uint8_t)text[0] & forms[i].mask) == forms[i].lead)
			return is_whole(text, size, i, point) ? forms[i].size : 0;
	return 0;
}

/* How many bytes of ASCII come first, eight at a time: nearly all of what is ever asked about. */
static size_t ascii(const char *text, size_t size)
{
	uint64_t word;
	size_t at;

	for (at = 0; size - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (at < size && (uint8_t)text[at] < 0x80)
		at++;
	return at;
}

bool text_is_utf8(const char *text, size_t size)
{
	uint32_t point;
	size_t step;

	for (; size > 0; text += step, size -= step) {
		step = ascii(text, size);
		if (step)
			continue;
		step = text_point(text, size, &point);
		if (step == 0)
			return false;
	}
	return true;
}

size_t text_cut(const char *text, size_t size, size_t most)
{
	if (size <= most)
		return size;
	while (most > 0 && ((uint8_t)text[most] & 0xc0) == 0x80)
		most--;
	return most;
}

static bool is_hidden(uint32_t point)
{
	size_t i;

	for (i = 0; i < count_of(hidden); i++)
		if (point >= hidden[i].from && point <= hidden[i].to)
			return true;
	return false;
}

static size_t printable(const char *text, size_t size)
{
	size_t at = 0;

	while (at < size && text[at] >= ' ' && text[at] <= '~')
		at++;
	return at;
}

bool text_visible(struct buf *out, const char *text, size_t size)
{
	uint32_t point = 0;
	size_t step;

	while (size > 0) {
		step = printable(text, size);
		if (step) {
			buf_add(out, text, step);
			text += step;
			size -= step;
			continue;
		}
		step = text_point(text, size, &point);
		if (step == 0)
			buf_printf(out, "\\x%02x", (uint8_t)text[0]);
		else if (is_hidden(point) && point < 0x100)
			buf_printf(out, "\\x%02x", point);
		else if (is_hidden(point))
			buf_printf(out, "\\u{%x}", point);
		else
			buf_add(out, text, step);
		step = step ? step : 1;
		text += step;
		size -= step;
	}
	return !out->over;
}

void text_hex(char *out, const uint8_t *bytes, size_t size)
{
	static const char digit[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < size; i++) {
		*out++ = digit[bytes[i] >> 4];
		*out++ = digit[bytes[i] & 15];
	}
	*out = '\0';
}

bool path_is_within(const char *path, const char *root)
{
	size_t size = strlen(root);

	if (strcmp(root, "/") == 0)
		return true;
	return strncmp(path, root, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

bool text_is_name(const char *text)
{
	static const char inside[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t size = strlen(text);

	return size > 0 && size < 64 && strspn(text, inside) == size && !strchr("_.-", text[0]);
}

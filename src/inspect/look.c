/* Names by what they look like. UTS #39 calls it a skeleton; ours also drops marks and folds case.
 */
#include <string.h>

#include "base/text.h"
#include "inspect/inspect.h"
#include "inspect/points.h"

static const struct {
	uint32_t from;
	const char *looks;
} looks[] = {
#define LOOKS(from, looks) { from, looks },
#include "inspect/looks.def"
#undef LOOKS
};

/* The row that begins last before this point. */
static char look_up(uint32_t point)
{
	size_t low = 0, high = count_of(looks), mid;

	while (high - low > 1) {
		mid = (low + high) / 2;
		if (looks[mid].from <= point)
			low = mid;
		else
			high = mid;
	}
	if (point < looks[low].from || point - looks[low].from >= strlen(looks[low].looks))
		return ' ';
	return looks[low].looks[point - looks[low].from];
}

static char fold_ascii(char c)
{
	static const char from[] = "01iI|", to[] = "ollll";
	const char *at = c ? strchr(from, c) : NULL;

	if (at)
		return to[at - from];
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* "rn" is read as "m", and "vv" as "w". */
static void add_letter(struct buf *out, size_t from, char c)
{
	char *last = out->size > from ? &out->data[out->size - 1] : NULL;

	if (last && *last == 'r' && c == 'n')
		*last = 'm';
	else if (last && *last == 'v' && c == 'v')
		*last = 'w';
	else
		buf_add(out, &c, 1);
}

bool inspect_skeleton(struct buf *out, const char *text, size_t size)
{
	size_t from = out->size, step;
	uint32_t point = 0;
	char look;

	for (; size > 0; text += step, size -= step) {
		step = text_point(text, size, &point);
		if (step == 0)
			step = 1, point = (uint8_t)*text;
		if (point > 0xff00 && point < 0xff5f) /* ASCII, drawn wide */
			point -= 0xfee0;
		look = point < 0x80 ? fold_ascii((char)point) : look_up(point);
		if (look != ' ' || point == ' ')
			add_letter(out, from, look);
		else if (!point_is_unseen(point) && !point_is_mark(point))
			buf_add(out, text, step);
	}
	return !out->over;
}

bool inspect_look_alike(const char *a, const char *b)
{
	scoped(buf) struct buf one = BUF(strlen(a) + 1), other = BUF(strlen(b) + 1);

	inspect_skeleton(&one, a, strlen(a));
	inspect_skeleton(&other, b, strlen(b));
	return one.size == other.size &&
	       (one.size == 0 || memcmp(one.data, other.data, one.size) == 0);
}

/* Most texts are ASCII, and passed over byte by byte. */
bool inspect_is_seen(const char *text, size_t size)
{
	uint32_t point;
	size_t i, step;

	for (i = 0; i < size; i += step) {
		step = 1;
		if ((uint8_t)text[i] < 0x80)
			continue;
		step = text_point(text + i, size - i, &point);
		if (step == 0 || point_is_unseen(point))
			return false;
	}
	return true;
}

/* An effect as text that cannot be misread: ASCII only, whatever the agent called its files. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "launcher/cow.h"

const char *cow_type_word(enum cow_type t)
{
	static const char *const words[] = { "none", "file", "folder", "link", "other" };

	return words[t];
}

const char *cow_change_word(enum cow_change c)
{
	static const char *const words[] = { "added", "changed", "removed", "mode" };

	return words[c];
}

static void put_point(struct buf *out, uint32_t point)
{
	if (point == '"' || point == '\\')
		buf_printf(out, "\\%c", (char)point);
	else if (point >= 0x20 && point < 0x7f)
		buf_add(out, &(char){ (char)point }, 1);
	else if (point < 0x10000)
		buf_printf(out, "\\u%04" PRIx32, point);
	else
		buf_printf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((point - 0x10000) >> 10),
			   0xdc00 + ((point - 0x10000) & 0x3ff));
}

void cow_member(struct buf *out, const char *name, const char *text)
{
	size_t size = strlen(text), step;
	uint32_t point = 0;

	if (!text_is_utf8(text, size)) {
		buf_printf(out, "\"%s_hex\":\"", name);
		for (; *text; text++)
			buf_printf(out, "%02x", (uint8_t)*text);
	} else {
		buf_printf(out, "\"%s\":\"", name);
		for (; *text; text += step) {
			step = text_point(text, strlen(text), &point);
			put_point(out, point);
		}
	}
	buf_puts(out, "\"");
}

static void put_state(struct buf *out, const char *prefix, const struct cow_state *s)
{
	if (s->type == COW_NONE)
		return;
	buf_printf(out, "\"%s\":{", prefix);
	if (s->digest[0])
		buf_printf(out, "\"digest\":\"%s\",", s->digest);
	buf_printf(out, "\"mode\":\"%04o\",\"size\":%" PRIu64 ",\"type\":\"%s\"", s->mode, s->size,
		   cow_type_word(s->type));
	if (s->unread)
		buf_puts(out, ",\"unread\":1");
	buf_puts(out, "},");
}

bool cow_line(struct buf *out, const struct cow_effect *effect)
{
	buf_puts(out, "{");
	put_state(out, "after", &effect->after);
	put_state(out, "before", &effect->before);
	buf_printf(out, "\"change\":\"%s\",", cow_change_word(effect->change));
	if (effect->meanwhile)
		buf_puts(out, "\"meanwhile\":1,");
	cow_member(out, "path", effect->path);
	return buf_puts(out, "}\n");
}

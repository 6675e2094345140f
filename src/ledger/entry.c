/*
 * A record's bytes. Its own small writer, because what is hashed and signed must not hang on a
 * library's idea of order, escapes and numbers. The members' table is already in RFC 8785 order.
 */
#include <string.h>

#include "base/text.h"
#include "ledger/ledger.h"

/* RFC 8785 3.2.2.2: two-character forms where JSON has them, \u00xx for the other controls. */
static void add_escaped(struct buf *out, uint8_t c)
{
	static const char *const forms[256] = {
		['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
		['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\",
	};

	if (forms[c])
		buf_puts(out, forms[c]);
	else
		buf_printf(out, "\\u%04x", c);
}

static void add_string(struct buf *out, const char *text, size_t size)
{
	size_t i, plain = 0;

	buf_puts(out, "\"");
	for (i = 0; i < size; i++) {
		if ((uint8_t)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\')
			continue;
		buf_add(out, text + plain, i - plain);
		add_escaped(out, (uint8_t)text[i]);
		plain = i + 1;
	}
	buf_add(out, text + plain, size - plain);
	buf_puts(out, "\"");
}

static void add_list(struct buf *out, const char *items, size_t size)
{
	const char *at = items, *end = items + size;
	size_t item;

	buf_puts(out, "[");
	for (; at < end; at += item + 1) {
		item = strlen(at);	/* each has its NUL */
		buf_puts(out, at > items ? "," : "");
		add_string(out, at, item);
	}
	buf_puts(out, "]");
}

static void add_number(struct buf *out, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	buf_add(out, digits + at, sizeof(digits) - at);
}

static void add_value(struct buf *out, enum field_type type, const struct field_value *v)
{
	if (type == FIELD_TYPE_NUMBER)
		add_number(out, v->number);
	else if (type == FIELD_TYPE_TEXT)
		add_string(out, v->text, v->size);
	else
		add_list(out, v->text, v->size);
}

static bool write_all(struct buf *out, const struct record *r)
{
	const struct field_info *info;
	const char *before = "{\"";
	int f;

	buf_drop(out, out->size);
	for (f = 0; f < FIELDS; f++) {
		if (!r->value[f].set)
			continue;
		info = field_info((enum field)f);
		buf_puts(out, before);
		buf_puts(out, info->name);
		buf_add(out, "\":", 2);
		add_value(out, info->type, &r->value[f]);
		before = ",\"";
	}
	return buf_puts(out, "}");
}

/* Halve the longest text that somebody sent, between code points or between items. */
static void shorten(struct record *r)
{
	struct field_value *v = NULL;
	int f, longest = 0;

	for (f = 0; f < FIELDS; f++)
		if (r->value[f].set && field_info((enum field)f)->type != FIELD_TYPE_NUMBER &&
		    field_info((enum field)f)->setter == FIELD_BY_SENDER &&
		    (!v || r->value[f].size > v->size)) {
			v = &r->value[f];
			longest = f;
		}
	must(v && v->size > 0);
	if (field_info((enum field)longest)->type == FIELD_TYPE_TEXT) {
		v->size = text_cut(v->text, v->size, v->size / 2);
		return;
	}
	for (v->size /= 2; v->size > 0 && v->text[v->size - 1] != '\0';)
		v->size--;
}

/* A buffer over the caller's own memory: it is never too small, so nothing is allocated. */
size_t entry_write(char out[RECORD_MOST], const struct record *r)
{
	struct buf line = { .data = out, .room = RECORD_MOST, .most = RECORD_MOST };
	struct record fit = *r;

	while (!write_all(&line, &fit)) {
		line.over = false;
		shorten(&fit);
	}
	return line.size;
}

/*
 * A record's members on their way to the recorder. The recorder believes nothing of what it is
 * sent: record_unpack() is its whole parser, and this is all it has to be.
 */
#include <string.h>

#include "base/text.h"
#include "model/model.h"

static const uint64_t NUMBER_END = UINT64_C(1) << 53; /* RFC 7493: what a double holds exactly */

void record_bytes(struct record *r, enum field f, const char *text, size_t size)
{
	must(field_info(f)->type == FIELD_TYPE_TEXT);
	if (memchr(text, '\0', size) || !text_is_utf8(text, size))
		return;
	r->value[f] = (struct field_value){
		.set = true,
		.text = text,
		.size = text_cut(text, size, field_info(f)->largest),
	};
}

void record_text(struct record *r, enum field f, const char *text)
{
	if (text)
		record_bytes(r, f, text, strlen(text));
}

void record_number(struct record *r, enum field f, uint64_t number)
{
	must(field_info(f)->type == FIELD_TYPE_NUMBER);
	if (number < NUMBER_END)
		r->value[f] = (struct field_value){ .set = true, .number = number };
}

void record_list(struct record *r, enum field f, const char *items, size_t size)
{
	must(field_info(f)->type == FIELD_TYPE_LIST && (size == 0 || items[size - 1] == '\0'));
	while (size > field_info(f)->largest || !text_is_utf8(items, size))
		for (size--; size > 0 && items[size - 1] != '\0'; size--)
			; /* whole items only */
	r->value[f] = (struct field_value){ .set = true, .text = items, .size = size };
}

static void put(uint8_t **at, uint64_t number, size_t bytes)
{
	for (; bytes > 0; bytes--, number >>= 8)
		*(*at)++ = (uint8_t)number;
}

static uint64_t get(const uint8_t **at, size_t bytes)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < bytes; i++)
		number |= (uint64_t)(*at)[i] << (8 * i);
	*at += bytes;
	return number;
}

size_t record_pack(uint8_t out[RECORD_MOST], const struct record *r)
{
	uint8_t *at = out;
	size_t size;
	int f;

	put(&at, r->kind, 2);
	put(&at, r->ref, 8);
	for (f = 0; f < FIELDS; f++) {
		if (!r->value[f].set)
			continue;
		size = field_info((enum field)f)->type == FIELD_TYPE_NUMBER ? 8 : r->value[f].size;
		if ((size_t)(out + RECORD_MOST - at) < 4 + size)
			return 0;
		put(&at, (uint64_t)f, 2);
		put(&at, size, 2);
		if (field_info((enum field)f)->type == FIELD_TYPE_NUMBER)
			put(&at, r->value[f].number, 8);
		else
			at = (uint8_t *)memcpy(at, r->value[f].text, size) + size;
	}
	return (size_t)(at - out);
}

static bool is_text(const char *text, size_t size)
{
	return !memchr(text, '\0', size) && text_is_utf8(text, size);
}

static bool is_list(const char *items, size_t size)
{
	return (size == 0 || items[size - 1] == '\0') && text_is_utf8(items, size);
}

static bool value_holds(struct field_value *v, const struct field_info *info)
{
	const uint8_t *at = (const uint8_t *)v->text;

	switch (info->type) {
	case FIELD_TYPE_NUMBER:
		if (v->size != 8)
			return false;
		v->number = get(&at, 8);
		return v->number < NUMBER_END;
	case FIELD_TYPE_TEXT:
		return is_text(v->text, v->size);
	case FIELD_TYPE_LIST:
		return is_list(v->text, v->size);
	}
	return false;
}

/* One member; `next` is the lowest field that may come, so order and uniqueness are one check. */
static int unpack_member(struct record *r, const uint8_t **at, const uint8_t *end, uint64_t *next,
			 struct err *e)
{
	const struct field_info *info;
	struct field_value v = { .set = true };
	uint64_t f;

	if (end - *at < 4)
		return err_set(e, ERR_PEER, "record ends inside a member");
	f = get(at, 2);
	v.size = get(at, 2);
	v.text = (const char *)*at;
	if (f < *next || f >= FIELDS)
		return err_set(e, ERR_PEER, "record has member %u out of order", (unsigned)f);
	info = field_info((enum field)f);
	if (info->setter != FIELD_BY_SENDER)
		return err_set(e, ERR_PEER, "%s is the recorder's to set", info->name);
	if (v.size > info->largest || v.size > (size_t)(end - *at) || !value_holds(&v, info))
		return err_set(e, ERR_PEER, "record has a malformed %s", info->name);
	*at += v.size;
	*next = f + 1;
	r->value[f] = v;
	return 0;
}

int record_unpack(struct record *out, const uint8_t *bytes, size_t size, struct err *e)
{
	const uint8_t *at = bytes, *end = bytes + size;
	struct record r = { 0 };
	uint64_t next = 0, kind;

	if (size < 10)
		return err_set(e, ERR_PEER, "record of %zu bytes", size);
	kind = get(&at, 2);
	if (kind >= RECORD_KINDS)
		return err_set(e, ERR_PEER, "unknown kind of record");
	r.kind = (enum record_kind)kind;
	r.ref = get(&at, 8);
	while (at < end)
		if (unpack_member(&r, &at, end, &next, e) < 0)
			return -1;
	*out = r;
	return 0;
}

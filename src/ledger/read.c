/*
 * Records back from their bytes. Not a JSON reader: it takes only what entry_write() makes, one form
 * for each value: members in the table's order, no leading zeros, the shortest escape and none where
 * none is needed. So what is read need not be written again to prove its form; tests and fuzzing do
 * that for every record they meet.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "ledger/ledger.h"

struct cursor {
	const char *at, *end;
	char *room;	/* where the next unescaped byte goes */
};

static const uint64_t NUMBER_END = UINT64_C(1) << 53;
static const uint64_t EACH = UINT64_C(0x0101010101010101);

/* The table once more, as names are looked up in it: millions of times. */
static const struct member {
	const char *name;
	uint8_t size;
	enum field_type type;
	size_t largest;
} members[FIELDS] = {
#define FIELD(id, name, type, setter, largest) { name, sizeof(name) - 1, FIELD_TYPE_##type, largest },
#include "model/fields.def"
#undef FIELD
};

static bool skip(struct cursor *c, char expected)
{
	if (c->at == c->end || *c->at != expected)
		return false;
	c->at++;
	return true;
}

static bool read_hex(struct cursor *c, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	if (c->end - c->at < 4 || c->at[0] != '0' || c->at[1] != '0' || !c->at[2] || !c->at[3])
		return false;
	high = strchr(digits, c->at[2]);
	low = strchr(digits, c->at[3]);
	if (!high || !low)
		return false;
	*out = (uint8_t)((high - digits) << 4 | (low - digits));
	c->at += 4;
	return *out != 0 && *out < 0x20 && !strchr("\b\t\n\f\r", *out);	/* those have a short form */
}

static bool read_escape(struct cursor *c, uint8_t *out)
{
	static const char names[] = "bfnrt\"\\", values[] = "\b\f\n\r\t\"\\";
	const char *name;

	if (c->at == c->end || !*c->at)
		return false;
	if (*c->at == 'u') {
		c->at++;
		return read_hex(c, out);
	}
	name = strchr(names, *c->at++);
	if (!name)
		return false;
	*out = (uint8_t)values[name - names];
	return true;
}

static uint64_t zeros_of(uint64_t word)	/* the top bit of each byte that is zero; of those above one, perhaps more */
{
	return (word - EACH * 1) & ~word & EACH * 0x80;
}

/* What stands for itself; `high` gathers the bytes, to know afterwards whether all were ASCII. Eight at a time while none of them ends it. */
static void take_plain(struct cursor *c, uint8_t *high)
{
	const char *from = c->at;
	uint64_t word, all = 0;

	for (; c->end - c->at >= 8; c->at += 8, all |= word) {
		memcpy(&word, c->at, 8);
		if (zeros_of(word ^ EACH * '"') | zeros_of(word ^ EACH * '\\') | ((word - EACH * 0x20) & ~word & EACH * 0x80))
			break;
	}
	*high |= all & EACH * 0x80 ? 0x80 : 0;
	while (c->at < c->end && (uint8_t)*c->at >= 0x20 && *c->at != '"' && *c->at != '\\')
		*high |= (uint8_t)*c->at++;
	memcpy(c->room, from, (size_t)(c->at - from));
	c->room += c->at - from;
}

/* Unescapes into the room, which is never too small: text shrinks on its way. */
static bool read_string(struct cursor *c, struct field_value *v)
{
	uint8_t byte, high = 0;

	v->text = c->room;
	if (!skip(c, '"'))
		return false;
	for (take_plain(c, &high); skip(c, '\\'); take_plain(c, &high)) {
		if (!read_escape(c, &byte))
			return false;
		*c->room++ = (char)byte;
	}
	v->size = (size_t)(c->room - v->text);
	return skip(c, '"') && (high < 0x80 || text_is_utf8(v->text, v->size));
}

static bool read_number(struct cursor *c, struct field_value *v)
{
	const char *first = c->at;

	for (v->number = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		v->number = v->number * 10 + (uint64_t)(*c->at - '0');
		if (v->number >= NUMBER_END)
			return false;
	}
	return c->at > first && (*first != '0' || c->at == first + 1);
}

static bool read_list(struct cursor *c, struct field_value *v)
{
	const char *first = c->room;
	struct field_value item;

	if (!skip(c, '['))
		return false;
	while (!skip(c, ']')) {
		if ((c->room > first && !skip(c, ',')) || !read_string(c, &item))
			return false;
		*c->room++ = '\0';
	}
	v->text = first;
	v->size = (size_t)(c->room - first);
	return true;
}

static bool (*const readers[])(struct cursor *, struct field_value *) = {
	[FIELD_TYPE_TEXT] = read_string,
	[FIELD_TYPE_NUMBER] = read_number,
	[FIELD_TYPE_LIST] = read_list,
};

/* Which member is named here, at or behind `f` in the table; FIELDS if none. */
static int read_name(struct cursor *c, int f)
{
	const char *close = c->at < c->end ? memchr(c->at + 1, '"', (size_t)(c->end - c->at - 1)) : NULL;
	const char *name = c->at + 1;

	if (!close || *c->at != '"' || close + 1 == c->end || close[1] != ':')
		return FIELDS;
	for (; f < FIELDS; f++)
		if (members[f].size == close - name && members[f].name[0] == *name &&
		    memcmp(members[f].name, name, members[f].size) == 0)
			break;
	c->at = close + 2;
	return f;
}

static int read_members(struct record *r, struct cursor *c, struct err *e)
{
	const struct member *info;
	struct field_value v;
	int f;

	for (f = 0; c->at < c->end && skip(c, f ? ',' : '{'); f++) {
		v = (struct field_value){ .set = true };
		f = read_name(c, f);
		if (f == FIELDS)
			return err_set(e, ERR_INPUT, "an unknown, repeated or misplaced member");
		info = &members[f];
		if (!readers[info->type](c, &v) || v.size > info->largest)
			return err_set(e, ERR_INPUT, "a malformed \"%s\"", info->name);
		r->value[f] = v;
	}
	if (!skip(c, '}') || c->at != c->end)
		return err_set(e, ERR_INPUT, "not one flat JSON object");
	return 0;
}

static bool read_kind(struct record *r)
{
	const struct field_value *v = &r->value[FIELD_KIND];
	int k;

	for (k = 0; v->set && k < RECORD_KINDS; k++)
		if (strlen(record_word((enum record_kind)k)) == v->size &&
		    memcmp(record_word((enum record_kind)k), v->text, v->size) == 0) {
			r->kind = (enum record_kind)k;
			return true;
		}
	return false;
}

int entry_read(struct record *out, char room[RECORD_MOST], const char *bytes, size_t size,
	       struct err *e)
{
	struct cursor c = { .at = bytes, .end = bytes + size, .room = room };
	struct record r = { 0 };

	if (size < 2 || size > RECORD_MOST)
		return err_set(e, ERR_INPUT, "a record of %zu bytes", size);
	if (read_members(&r, &c, e) < 0)
		return -1;
	if (!read_kind(&r))
		return err_set(e, ERR_INPUT, "no known \"kind\"");
	r.ref = r.value[r.kind == RECORD_OUTCOME ? FIELD_INTENT : FIELD_HELD].number;
	*out = r;
	return 0;
}

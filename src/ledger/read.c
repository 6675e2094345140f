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

enum { NAME_ROOM = 16 };	/* of the longest name with what follows it */

static const uint64_t NUMBER_END = UINT64_C(1) << 53;

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a word's first bytes are its low ones");
#define FIRST(bytes) ((bytes) >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * ((bytes) & 7)) - 1)	/* of a word */

/*
 * The table once more, as names are looked up in it millions of times: with the mark and the colon behind them, by the
 * first and the second word of that.
 */
static const struct member {
	char text[NAME_ROOM];
	uint64_t first, second;	/* which of their bytes count */
	uint8_t size;
	enum field_type type;
	size_t largest;
} members[FIELDS] = {
#define FIELD(id, name, type, setter, largest) \
	{ name "\":", FIRST(sizeof(name) + 1), sizeof(name) + 1 > 8 ? FIRST(sizeof(name) + 1 - 8) : 0, sizeof(name) + 1, \
	  FIELD_TYPE_##type, largest },
#include "model/fields.def"
#undef FIELD
};

#define FIELD(id, name, type, setter, largest) \
	_Static_assert(sizeof(name) + 1 <= NAME_ROOM && FIELD_##id < UINT8_MAX, "a longer name needs more words, more members a wider number");
#include "model/fields.def"
#undef FIELD

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

typedef uint8_t wide __attribute__((vector_size(16)));

/* The top bits of its bytes, the first one lowest. */
static unsigned tops(wide v)
{
#if defined(__SSE2__)
	typedef char chars __attribute__((vector_size(16)));

	return (unsigned)__builtin_ia32_pmovmskb128((chars)v);
#else
	unsigned all = 0, i;

	for (i = 0; i < sizeof(v); i++)
		all |= (unsigned)(v[i] >> 7) << i;
	return all;
#endif
}

/* How many bytes stand for themselves before one that does not; 16: all. */
static unsigned plain_of(wide v)
{
	unsigned ends = tops((wide)((v < 0x20) | (v == '"') | (v == '\\')));

	return ends ? (unsigned)__builtin_ctz(ends) : sizeof(v);
}

/*
 * What stands for itself. `high` gathers the bytes and perhaps some behind them, to know afterwards whether all were ASCII.
 * Sixteen are copied where as many are left to read: there is room for them, since text shrinks on its way.
 */
static always_inlined void take_plain(struct cursor *c, wide *high)
{
	const char *at = c->at, *end = c->end;
	size_t n = sizeof(wide);
	char *room = c->room;
	wide v;

	for (; n == sizeof(v) && (size_t)(end - at) >= sizeof(v); at += n, room += n) {
		memcpy(&v, at, sizeof(v));
		memcpy(room, &v, sizeof(v));
		*high |= v;
		n = plain_of(v);
	}
	for (; n == sizeof(v) && at < end && (uint8_t)*at >= 0x20 && *at != '"' && *at != '\\'; at++)
		*high |= (uint8_t)(*room++ = *at);
	c->at = at;
	c->room = room;
}

/* Unescapes into the room, which is never too small: text shrinks on its way. */
static always_inlined bool read_string(struct cursor *c, struct field_value *v)
{
	wide high = { 0 };
	uint8_t byte;

	v->text = c->room;
	if (!skip(c, '"'))
		return false;
	for (take_plain(c, &high); skip(c, '\\'); take_plain(c, &high)) {
		if (!read_escape(c, &byte))
			return false;
		*c->room++ = (char)byte;
	}
	v->size = (size_t)(c->room - v->text);
	return skip(c, '"') && (!tops(high) || text_is_utf8(v->text, v->size));
}

static always_inlined bool read_number(struct cursor *c, struct field_value *v)
{
	const char *first = c->at, *at = first;
	uint64_t number = 0;

	for (; at < c->end && *at >= '0' && *at <= '9' && number < NUMBER_END; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	v->number = number;
	c->at = at;
	return number < NUMBER_END && at > first && (*first != '0' || at == first + 1);
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

/* Inlined, and so no table of functions: calls cost as much as what they do. */
static bool read_value(struct cursor *c, struct field_value *v, enum field_type type)
{
	return type == FIELD_TYPE_TEXT ? read_string(c, v) : type == FIELD_TYPE_NUMBER ? read_number(c, v) : read_list(c, v);
}

static bool is_named(const uint64_t word[2], const struct member *m)
{
	uint64_t known[2];

	memcpy(known, m->text, sizeof(known));
	return !((word[0] ^ known[0]) & m->first) && !((word[1] ^ known[1]) & m->second);
}

/* Which member is named here, at or behind `f` in the table; FIELDS if none. Mostly it is the one that came there before. */
static int read_name(struct cursor *c, int f, uint8_t *next)
{
	size_t left = (size_t)(c->end - c->at);
	uint64_t word[2] = { 0 };

	if (left >= sizeof(word))
		memcpy(word, c->at, sizeof(word));
	else
		memcpy(word, c->at, left);
	if (*next >= f && is_named(word, &members[*next]))
		f = *next;
	else
		while (f < FIELDS && !is_named(word, &members[f]))
			f++;
	if (f == FIELDS)
		return f;
	c->at += members[f].size;
	*next = (uint8_t)f;
	return f;
}

static int read_members(struct entry_had *had, struct record *r, struct cursor *c, struct err *e)
{
	const struct member *info;
	struct field_value *v;
	int f;

	for (f = 0; c->at < c->end && skip(c, f ? ',' : '{'); f++) {
		f = skip(c, '"') ? read_name(c, f, &had->next[f]) : FIELDS;
		if (f == FIELDS)
			return err_set(e, ERR_INPUT, "an unknown, repeated or misplaced member");
		info = &members[f];
		had->member[had->count++] = (uint8_t)f;
		v = &r->value[f];
		*v = (struct field_value){ .set = true };
		if (!read_value(c, v, info->type) || v->size > info->largest)
			return err_set(e, ERR_INPUT, "a malformed \"%s\"", field_info((enum field)f)->name);
	}
	if (!skip(c, '}') || c->at != c->end)
		return err_set(e, ERR_INPUT, "not one flat JSON object");
	return 0;
}

static bool read_kind(struct record *r)
{
	static const struct {
		const char *word;
		size_t size;
	} kinds[RECORD_KINDS] = {
#define KIND(id, word, asker) { word, sizeof(word) - 1 },
#include "model/kinds.def"
#undef KIND
	};
	const struct field_value *v = &r->value[FIELD_KIND];
	int k;

	for (k = 0; v->set && k < RECORD_KINDS; k++)
		if (kinds[k].size == v->size && memcmp(kinds[k].word, v->text, v->size) == 0) {
			r->kind = (enum record_kind)k;
			return true;
		}
	return false;
}

static int read_record(struct entry_had *had, struct record *r, char *room, const char *bytes, size_t size, struct err *e)
{
	struct cursor c = { .at = bytes, .end = bytes + size, .room = room };

	if (size < 2 || size > RECORD_MOST)
		return err_set(e, ERR_INPUT, "a record of %zu bytes", size);
	if (read_members(had, r, &c, e) < 0)
		return -1;
	if (!read_kind(r))
		return err_set(e, ERR_INPUT, "no known \"kind\"");
	r->ref = r->value[r->kind == RECORD_OUTCOME ? FIELD_INTENT : FIELD_HELD].number;
	return 0;
}

int entry_read(struct record *out, char room[RECORD_MOST], const char *bytes, size_t size,
	       struct err *e)
{
	struct entry_had had = { .count = 0 };
	struct record r = { 0 };

	if (read_record(&had, &r, room, bytes, size, e) < 0)
		return -1;
	*out = r;
	return 0;
}

int entry_next(struct entry *x, const char *bytes, size_t size, struct err *e)
{
	for (; x->had.count > 0; x->had.count--)
		x->record.value[x->had.member[x->had.count - 1]] = (struct field_value){ .set = false };
	return read_record(&x->had, &x->record, x->room, bytes, size, e);
}

/*
 * What the index says of a block, made of its frames. Of each field that any of them has, the values once, in the order
 * they come, and for each record which of them it has: most records say much the same as others.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/index.h"
#include "base/text.h"

enum { SLOTS = 4 * INDEX_BLOCK, NUMBER_TEXT = 24 };

struct column {
	uint16_t ids[INDEX_BLOCK], slots[SLOTS], count;
	uint32_t hashes[INDEX_BLOCK], at[INDEX_BLOCK];
	bool texty;		/* some value is more than digits */
	struct buf texts;	/* as the row has them */
};

struct index_block {
	uint64_t block, begin, end;
	size_t count;
	struct tree tree;
	char least[ASK_TIME], greatest[ASK_TIME];
	struct column *columns[FIELDS];	/* owned, made when first met */
	struct index_links links;
	struct places {
		uint32_t offset[INDEX_BLOCK];
		uint8_t leaf[INDEX_BLOCK][SEAL_HASH];
	} places;
	uint8_t parts[PARTS_BITS / 8];
	struct buf rows[ROWS];
	struct entry entry;
};

enum find_by index_find_by(enum field f)
{
	static const uint8_t by[FIELDS] = {
		[FIELD_N] = 1 + FIND_NOT,	   [FIELD_TIME] = 1 + FIND_NOT,	       [FIELD_MONO] = 1 + FIND_NOT,
		[FIELD_AFTER] = 1 + FIND_WHOLE,	   [FIELD_BEFORE] = 1 + FIND_WHOLE,    [FIELD_ANSWER] = 1 + FIND_WHOLE,
		[FIELD_APPROVED] = 1 + FIND_WHOLE, [FIELD_DIGEST] = 1 + FIND_WHOLE,    [FIELD_EXECUTED] = 1 + FIND_WHOLE,
		[FIELD_SEALED] = 1 + FIND_WHOLE,   [FIELD_COMMITMENT] = 1 + FIND_WHOLE, [FIELD_INTENT] = 1 + FIND_WHOLE,
	};

	return by[f] ? (enum find_by)(by[f] - 1) : FIND_PATTERN;
}

int index_block_new(struct index_block **out, struct err *e)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : err_sys(e, "memory for the index");
}

void index_block_free(struct index_block *b)
{
	size_t i;

	if (!b)
		return;
	for (i = 0; i < FIELDS; i++) {
		if (b->columns[i])
			buf_free(&b->columns[i]->texts);
		free(b->columns[i]);
	}
	for (i = 0; i < ROWS; i++)
		buf_free(&b->rows[i]);
	free(b);
}

void index_block_begin(struct index_block *b, uint64_t block)
{
	size_t f;

	b->block = block;
	b->count = 0;
	b->tree = (struct tree){ .hash = sum_prefixed };
	memset(b->least, 0, sizeof(b->least));
	memset(b->greatest, 0, sizeof(b->greatest));
	memset(b->parts, 0, sizeof(b->parts));
	for (f = 0; f < FIELDS; f++) {
		if (!b->columns[f] || b->columns[f]->count == 0)
			continue;
		b->columns[f]->count = 0;
		b->columns[f]->texty = false;
		memset(b->columns[f]->ids, 0, sizeof(b->columns[f]->ids));
		memset(b->columns[f]->slots, 0, sizeof(b->columns[f]->slots));
		b->columns[f]->texts.size = 0;
	}
}

static struct column *column_of(struct index_block *b, enum field f, struct err *e)
{
	if (!b->columns[f])
		b->columns[f] = calloc(1, sizeof(*b->columns[f]));
	if (!b->columns[f])
		err_sys(e, "memory for the index");
	else
		b->columns[f]->texts.most = INDEX_BLOCK * (2 + (size_t)RECORD_MOST);
	return b->columns[f];
}

static int add_value(struct index_block *b, enum field f, const char *text, size_t size, struct err *e)
{
	struct column *c = column_of(b, f, e);
	uint32_t hash = index_hash(text, size), slot = hash % SLOTS;
	uint16_t length = (uint16_t)size, k;

	if (!c)
		return -1;
	for (; (k = c->slots[slot]) != 0; slot = (slot + 1) % SLOTS)
		if (c->hashes[k - 1] == hash && c->texts.data && memcmp(c->texts.data + c->at[k - 1], &length, 2) == 0 &&
		    memcmp(c->texts.data + c->at[k - 1] + 2, text, size) == 0)
			break;
	if (k == 0) {
		c->hashes[c->count] = hash;
		c->at[c->count] = (uint32_t)c->texts.size;
		c->slots[slot] = k = ++c->count;
		if (!buf_add(&c->texts, &length, 2) || !buf_add(&c->texts, text, size))
			return err_set(e, ERR_LIMIT, "memory for the index");
		if (field_info(f)->type != FIELD_TYPE_NUMBER && !index_is_digits(text, size)) {
			c->texty = true;
			index_parts_add(b->parts, text, size);
		}
	}
	c->ids[b->count] = k;
	return 0;
}

/* Decimal digits; returns where they begin. */
static size_t number_text(char room[NUMBER_TEXT], uint64_t number)
{
	size_t at = NUMBER_TEXT;

	do
		room[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return at;
}

static int add_values(struct index_block *b, struct err *e)
{
	const struct field_value *v = b->entry.record.value;
	char room[NUMBER_TEXT];
	int f, status = 0;
	size_t at;

	for (f = 0; f < FIELDS && status == 0; f++) {
		if (!v[f].set)
			continue;
		if (index_find_by((enum field)f) == FIND_NOT &&
		    (field_info((enum field)f)->type == FIELD_TYPE_NUMBER || index_is_digits(v[f].text, v[f].size)))
			continue; /* a time that is none is a text like others */
		if (field_info((enum field)f)->type != FIELD_TYPE_NUMBER) {
			status = add_value(b, (enum field)f, v[f].text, v[f].size, e);
		} else {
			at = number_text(room, v[f].number);
			status = add_value(b, (enum field)f, room + at, NUMBER_TEXT - at, e);
		}
	}
	return status;
}

/* Of another form than all times have, it is within no time that is asked for. */
static void add_time(struct index_block *b, const struct field_value *v)
{
	if (!v->set || v->size != ASK_TIME - 1)
		return;
	if (!b->greatest[0] || memcmp(v->text, b->greatest, v->size) > 0)
		memcpy(b->greatest, v->text, v->size);
	if (!b->least[0] || memcmp(v->text, b->least, v->size) < 0)
		memcpy(b->least, v->text, v->size);
}

int index_block_take(struct index_block *b, const struct frame *f, uint64_t at, struct err *e)
{
	must(b->count < INDEX_BLOCK);
	if (entry_next(&b->entry, f->body, f->size, e) < 0)
		return err_in(e, "record %llu", (unsigned long long)f->index);
	if (b->count == 0)
		b->begin = at;
	b->end = at + frame_whole(f);
	b->places.offset[b->count] = (uint32_t)(at - b->begin);
	sum_prefixed(b->places.leaf[b->count], TREE_LEAF, f->body, f->size, "", 0);
	tree_add_hash(&b->tree, b->places.leaf[b->count]);
	b->links.run[b->count] = f->run < UINT32_MAX ? (uint32_t)f->run : UINT32_MAX; /* no record that is there */
	b->links.back[b->count] = f->kind == RECORD_OUTCOME && f->ref < f->index ? (uint32_t)(f->index - f->ref) : 0;
	add_time(b, &b->entry.record.value[FIELD_TIME]);
	if (add_values(b, e) < 0)
		return -1;
	b->count++;
	return 0;
}

static void write_column(struct buf *out, const struct column *c)
{
	uint16_t wide = c->count > UINT8_MAX;
	uint8_t narrow[INDEX_BLOCK];
	size_t i;

	buf_add(out, &c->count, 2);
	buf_add(out, &wide, 2);
	for (i = 0; i < INDEX_BLOCK; i++)
		narrow[i] = (uint8_t)c->ids[i];
	buf_add(out, wide ? (const void *)c->ids : narrow, (size_t)INDEX_BLOCK << wide);
	buf_add(out, c->hashes, 4 * (size_t)c->count);
}

static void write_rows(struct index_block *b)
{
	size_t f;

	for (f = 0; f < ROWS; f++) {
		b->rows[f].size = 0;
		b->rows[f].most = INDEX_ROW_MOST;
	}
	for (f = 0; f < FIELDS; f++) {
		if (!b->columns[f] || b->columns[f]->count == 0)
			continue;
		write_column(&b->rows[2 * f], b->columns[f]);
		if (index_find_by((enum field)f) == FIND_PATTERN || b->columns[f]->texty)
			buf_add(&b->rows[2 * f + 1], b->columns[f]->texts.data, b->columns[f]->texts.size);
	}
	index_links_write(&b->rows[ROW_LINKS], &b->links);
	buf_add(&b->rows[ROW_PLACES], &b->places, sizeof(b->places));
	buf_add(&b->rows[ROW_PARTS], b->parts, sizeof(b->parts));
}

void index_block_end(struct index_head *out, struct index_digest digests[ROWS], struct buf rows[ROWS], struct index_block *b)
{
	unsigned row;

	must(b->count == INDEX_BLOCK);
	write_rows(b);
	memset(out, 0, sizeof(*out));
	out->block = b->block;
	out->begin = b->begin;
	out->end = b->end;
	tree_root(out->root, &b->tree);
	memcpy(out->least, b->least, sizeof(b->least));
	memcpy(out->greatest, b->greatest, sizeof(b->greatest));
	for (row = 0; row < ROWS; row++) {
		must(!b->rows[row].over);
		if (b->rows[row].size == 0)
			continue;
		rows[out->count] = b->rows[row];
		digests[out->count].row = (uint16_t)row;
		sum_prefixed(digests[out->count++].sum, 0, b->rows[row].data, b->rows[row].size, "", 0);
	}
}

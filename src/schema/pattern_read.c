/*
 * Text to code, in one pass: what a quantifier repeats is the code since its atom began, which is
 * moved or copied, jumps being relative to nothing but their own number.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "schema/pattern_code.h"

enum { GROUPS_MOST = 40, REPEAT_MOST = 1000 };

static int emit_range(struct reader *r, uint32_t from, uint32_t to)
{
	struct code c = { .op = OP_SET, .x = (uint16_t)r->p->range_count, .y = 1 };

	return reader_range(r, from, to) < 0 ? -1 : reader_emit(r, c);
}

/* Everything but the ends of lines. */
static int emit_dot(struct reader *r)
{
	struct code c = { .op = OP_SET, .x = (uint16_t)r->p->range_count, .y = 3, .other = true };

	if (reader_range(r, '\n', '\n') < 0 || reader_range(r, '\r', '\r') < 0 ||
	    reader_range(r, 0x2028, 0x2029) < 0)
		return -1;
	return reader_emit(r, c);
}

static int emit_named(struct reader *r, const struct named_set *s, bool other)
{
	struct code c = { .op = OP_SET, .x = (uint16_t)r->p->range_count, .y = (uint16_t)s->count };

	c.other = other;
	return reader_add_set(r, s, false) < 0 ? -1 : reader_emit(r, c);
}

static int read_choice(struct reader *r);

static int read_group(struct reader *r)
{
	int done;

	if (r->at < r->end && *r->at == '?' && !reader_skip(r, "?:"))
		return reader_no(r, "a pattern that looks ahead or behind, or names a group");
	if (++r->depth > GROUPS_MOST)
		return reader_no(r, "a pattern with groups nested too deep");
	done = read_choice(r);
	r->depth--;
	if (done == 0 && !reader_skip(r, ")"))
		return reader_no(r, "a pattern with a ( that is never closed");
	return done;
}

static int read_atom(struct reader *r)
{
	const struct named_set *s =
		reader_is_next(r, '\\') && r->end - r->at > 1 ? reader_set_named(r->at[1]) : NULL;
	uint32_t point = 0;
	bool other;

	if (s) {
		other = r->at[1] != s->letter;
		r->at += 2;
		return emit_named(r, s, other);
	}
	if (reader_skip(r, "("))
		return read_group(r);
	if (reader_skip(r, "["))
		return reader_set(r);
	if (reader_skip(r, "."))
		return emit_dot(r);
	if (strchr("*+?{)", *r->at))
		return reader_no(
			r, "a pattern with nothing to repeat before *, +, ? or {, or a ) too many");
	return reader_point(r, &point) < 0 ? -1 : emit_range(r, point, point);
}

static bool read_number(struct reader *r, unsigned *out)
{
	const char *from = r->at;

	*out = 0;
	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - from < 6; r->at++)
		*out = *out * 10 + (unsigned)(*r->at - '0');
	return r->at > from;
}

/* How often; most == 0: without end, unless least says the quantifier was {0} (then both are 0 and
 * *none). */
struct times {
	unsigned least, most;
	bool endless, any;
};

static int read_times(struct reader *r, struct times *t)
{
	*t = (struct times){ 1, 1, false, true };
	if (reader_skip(r, "*"))
		*t = (struct times){ 0, 0, true, true };
	else if (reader_skip(r, "+"))
		*t = (struct times){ 1, 1, true, true };
	else if (reader_skip(r, "?"))
		*t = (struct times){ 0, 1, false, true };
	else if (reader_skip(r, "{")) {
		if (!read_number(r, &t->least))
			return reader_no(r, "a pattern with a { that is no repetition: write \\{");
		t->most = t->least;
		if (reader_skip(r, ","))
			t->endless = !read_number(r, &t->most);
		if (!reader_skip(r, "}") || (!t->endless && t->most < t->least) ||
		    t->least > REPEAT_MOST || t->most > REPEAT_MOST)
			return reader_no(r,
					 "a pattern with a repetition that is malformed or of more "
					 "than 1000");
	} else {
		t->any = false;
		return 0;
	}
	reader_skip(
		r,
		"?"); /* which of several is found first does not matter to whether there is one */
	return 0;
}

static int copy_code(struct reader *r, const struct code *atom, size_t size, size_t from)
{
	size_t i, moved = r->p->size - from;
	struct code c;

	for (i = 0; i < size; i++) {
		c = atom[i];
		if (c.op == OP_SPLIT || c.op == OP_JUMP) {
			c.x = (uint16_t)(c.x + moved);
			c.y = (uint16_t)(c.y + moved);
		}
		if (reader_emit(r, c) < 0)
			return -1;
	}
	return 0;
}

static int emit_star(struct reader *r, const struct code *atom, size_t size, size_t from)
{
	uint16_t split = (uint16_t)r->p->size;

	if (reader_emit(r, (struct code){ .op = OP_SPLIT, .x = (uint16_t)(split + 1) }) < 0 ||
	    copy_code(r, atom, size, from) < 0 ||
	    reader_emit(r, (struct code){ .op = OP_JUMP, .x = split }) < 0)
		return -1;
	r->p->code[split].y = (uint16_t)r->p->size;
	return 0;
}

/* The atom's code is taken off and written as often as it is wanted. */
static int repeat(struct reader *r, size_t from, struct times t)
{
	struct code atom[CODE_MOST];
	size_t size = r->p->size - from, i;
	uint16_t split;

	memcpy(atom, r->p->code + from, size * sizeof(atom[0]));
	r->p->size = from;
	for (i = 0; i < t.least; i++)
		if (copy_code(r, atom, size, from) < 0)
			return -1;
	if (t.endless)
		return emit_star(r, atom, size, from);
	for (; i < t.most; i++) {
		split = (uint16_t)r->p->size;
		if (reader_emit(r, (struct code){ .op = OP_SPLIT, .x = (uint16_t)(split + 1) }) <
			    0 ||
		    copy_code(r, atom, size, from) < 0)
			return -1;
		r->p->code[split].y = (uint16_t)r->p->size;
	}
	return 0;
}

static int read_piece(struct reader *r)
{
	static const struct {
		const char *text;
		enum op op;
	} edges[] = {
		{ "^", OP_BEGIN }, { "$", OP_END }, { "\\b", OP_EDGE }, { "\\B", OP_NO_EDGE }
	};
	size_t from = r->p->size, i;
	struct times t;

	for (i = 0; i < count_of(edges); i++)
		if (reader_skip(r, edges[i].text))
			return reader_emit(r, (struct code){ .op = edges[i].op });
	if (read_atom(r) < 0 || read_times(r, &t) < 0)
		return -1;
	return t.any ? repeat(r, from, t) : 0;
}

static int read_row(struct reader *r)
{
	while (r->at < r->end && *r->at != '|' && *r->at != ')')
		if (read_piece(r) < 0)
			return -1;
	return 0;
}

/* A row; while another follows: split before what was read, a jump behind it to the end of all. */
static int read_choice(struct reader *r)
{
	struct code row[CODE_MOST];
	size_t from = r->p->size, size;
	uint16_t jump;

	if (read_row(r) < 0)
		return -1;
	if (!reader_skip(r, "|"))
		return 0;
	size = r->p->size - from;
	memcpy(row, r->p->code + from, size * sizeof(row[0]));
	r->p->size = from;
	if (reader_emit(r, (struct code){ .op = OP_SPLIT, .x = (uint16_t)(from + 1) }) < 0 ||
	    copy_code(r, row, size, from) < 0)
		return -1;
	jump = (uint16_t)r->p->size;
	if (reader_emit(r, (struct code){ .op = OP_JUMP }) < 0)
		return -1;
	r->p->code[from].y = (uint16_t)r->p->size;
	if (++r->depth > GROUPS_MOST)
		return reader_no(r, "a pattern with too many alternatives");
	if (read_choice(r) < 0)
		return -1;
	r->depth--;
	r->p->code[jump].x = (uint16_t)r->p->size;
	return 0;
}

int pattern_read(struct pattern **out, const char *text, struct err *e)
{
	scoped(pattern) struct pattern *p = calloc(1, sizeof(*p));
	struct reader r = { .p = p, .at = text, .end = text + strlen(text), .e = e };

	if (!p)
		return err_sys(e, "memory for a pattern");
	if (read_choice(&r) < 0)
		return -1;
	if (r.at < r.end)
		return reader_no(&r, "a pattern with a ) too many");
	p->code[p->size++] = (struct code){ .op = OP_FOUND };
	*out = take(&p);
	return 0;
}

void pattern_free(struct pattern *p)
{
	free(p);
}

size_t pattern_size(const struct pattern *p)
{
	return p->size;
}

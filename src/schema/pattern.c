/* All places a match may have come to are followed at once, so each character costs at most the
 * code's size. */
#include "schema/pattern.h"

#include <string.h>

#include "base/text.h"
#include "schema/pattern_code.h"

struct places {
	uint16_t at[CODE_MOST];
	size_t count;
	bool in[CODE_MOST];
};

struct match {
	const struct pattern *p;
	struct places places[2];
	uint16_t stack[2 * CODE_MOST + 2];
	uint32_t before, next; /* the characters around; NONE at the ends */
};

enum { NONE = 0x110000 };

static bool is_word(uint32_t point)
{
	return (point >= '0' && point <= '9') || (point >= 'A' && point <= 'Z') || point == '_' ||
	       (point >= 'a' && point <= 'z');
}

static bool stands(const struct match *m, enum op op)
{
	if (op == OP_BEGIN)
		return m->before == NONE;
	if (op == OP_END)
		return m->next == NONE;
	return (is_word(m->before) != is_word(m->next)) == (op == OP_EDGE);
}

/* Everything that can be reached from here without a character. True: the end can. */
static bool reach(struct match *m, struct places *to, uint16_t first)
{
	const struct code *c;
	size_t left = 0;
	uint16_t at;

	m->stack[left++] = first;
	while (left > 0) {
		at = m->stack[--left];
		if (to->in[at])
			continue;
		to->in[at] = true;
		c = &m->p->code[at];
		if (c->op == OP_FOUND)
			return true;
		if (c->op == OP_SET)
			to->at[to->count++] = at;
		else if (c->op == OP_SPLIT)
			m->stack[left++] = c->y;
		if (c->op == OP_SPLIT || c->op == OP_JUMP)
			m->stack[left++] = c->x;
		else if (c->op != OP_SET && stands(m, c->op))
			m->stack[left++] = (uint16_t)(at + 1);
	}
	return false;
}

static bool holds_point(const struct pattern *p, const struct code *c, uint32_t point)
{
	size_t i;

	for (i = c->x; i < (size_t)c->x + c->y; i++)
		if (point >= p->ranges[i].from && point <= p->ranges[i].to)
			return !c->other;
	return c->other;
}

/* From the places before a character to those behind it. */
static bool step(struct match *m, const struct places *from, struct places *to, uint32_t point)
{
	size_t i;

	to->count = 0;
	memset(to->in, 0, m->p->size * sizeof(to->in[0]));
	for (i = 0; i < from->count; i++)
		if (holds_point(m->p, &m->p->code[from->at[i]], point) &&
		    reach(m, to, (uint16_t)(from->at[i] + 1)))
			return true;
	return reach(m, to, 0);
}

static bool walk(struct match *m, const char *text, size_t size)
{
	struct places *now = &m->places[0], *then = &m->places[1], *other;
	size_t width = text_point(text, size, &m->next);
	uint32_t point;

	m->before = NONE;
	m->next = width ? m->next : NONE;
	if (reach(m, now, 0))
		return true;
	while (width > 0) {
		point = m->next;
		text += width;
		size -= width;
		width = text_point(text, size, &m->next);
		m->next = width ? m->next : NONE;
		m->before = point;
		if (step(m, now, then, point))
			return true;
		other = now;
		now = then;
		then = other;
	}
	return false;
}

bool pattern_found(const struct pattern *p, const char *text, size_t size)
{
	struct match *m = calloc(1, sizeof(*m));
	bool found;

	if (!m)
		return false;
	m->p = p;
	found = walk(m, text, size);
	free(m);
	return found;
}

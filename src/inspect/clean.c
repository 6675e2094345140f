/*
 * Held secrets taken out of what a server says. Where one stands as it is, it alone is replaced;
 * where only a decoding has it, the text around goes with it. What is not clean after that is not
 * passed on.
 */
#include <stdlib.h>
#include <string.h>

#include "inspect/held.h"
#include "json/json.h"

enum { TEXT_MOST = 64 << 20 };

struct cleaning {
	const struct scan *found; /* which secrets are to go */
	struct buf out;
	const char *text;
	size_t done;               /* of the text, copied or replaced */
	const struct secret *last; /* replaced up to `done` */
	const struct secret *any;  /* of those in the text */
	bool failed;
};

static const struct secret *wanted(const struct cleaning *c, const struct piece *p)
{
	const struct secret *s = &c->found->held->secrets[p->secret];

	return scan_has(c->found, s) ? s : NULL;
}

static void add_mark(struct buf *out, const struct secret *s)
{
	buf_printf(out, "[secret %s removed by reeve]", s->name);
}

/* Pieces come in the order in which their middles stand; the next may begin within the last. */
static void replace(void *whose, const struct piece *p, size_t from)
{
	struct cleaning *c = whose;
	const struct secret *s = wanted(c, p);

	if (!s || from + p->size <= c->done) /* two servers may have the same */
		return;
	if (from > c->done || c->last != s) {
		if (from > c->done)
			buf_add(&c->out, c->text + c->done, from - c->done);
		add_mark(&c->out, s);
	}
	c->last = c->any = s;
	c->done = from + p->size > c->done ? from + p->size : c->done;
}

/* Is something of a secret that is to go still in the text, under any encoding? */
static const struct secret *remains(const struct cleaning *c, const char *text, size_t size)
{
	const struct inspect_held *h = c->found->held;
	const struct secret *s = NULL;
	struct scan again;
	size_t i;

	if (!scan_begin(&again, h, size))
		return &h->secrets[0];
	scan_text(&again, text, size);
	for (i = 0; i < h->piece_count && !s; i++)
		s = again.seen[i] ? wanted(c, &h->pieces[i]) : NULL;
	if (again.unsure && !s)
		s = scan_found(c->found);
	scan_end(&again);
	return s;
}

static json_t *clean_text(struct cleaning *c, const char *text, size_t size)
{
	struct scan s = { .held = c->found->held, .hit = replace, .whose = c };
	const struct secret *left;
	json_t *made = NULL;

	c->text = text;
	c->done = 0;
	c->last = c->any = NULL;
	c->out.size = 0;
	s.seen = calloc(s.held->piece_count + 1, 1);
	if (s.seen)
		scan_plain(&s, text, size);
	buf_add(&c->out, text + c->done, size - c->done);
	left = remains(c, c->out.data, c->out.size);
	if (left) {
		c->out.size = 0;
		add_mark(&c->out, left);
	}
	if (c->out.over || !s.seen)
		c->failed = true;
	else if (left || c->any)
		made = json_stringn(c->out.data, c->out.size);
	free(s.seen);
	return made;
}

/* NULL: the value stays. */
static json_t *clean_value(struct cleaning *c, json_t *value)
{
	void *member = json_object_iter(value);
	json_t *made;
	size_t i;

	if (json_is_string(value))
		return clean_text(c, json_string_value(value), json_string_length(value));
	for (i = 0; i < json_array_size(value); i++)
		if ((made = clean_value(c, json_array_get(value, i))))
			json_array_set_new(value, i, made);
	for (; member; member = json_object_iter_next(value, member))
		if ((made = clean_value(c, json_object_iter_value(member))))
			json_object_iter_set_new(value, member, made);
	return NULL;
}

static enum inspect_found clean_found(const struct scan *found, json_t *value)
{
	struct cleaning c = { .found = found, .out = BUF(TEXT_MOST) };
	struct scan again = { 0 };
	const char *other;
	enum inspect_found left;

	clean_value(&c, value);
	buf_free(&c.out);
	left = c.failed ? INSPECT_UNSURE : find_in(&again, found->held, value, &other);
	scan_end(&again);
	return left == INSPECT_NONE ? INSPECT_FOUND : INSPECT_UNSURE;
}

enum inspect_found inspect_clean(const struct inspect_held *h, json_t *value, const char **name)
{
	struct scan s = { 0 };
	enum inspect_found found;

	*name = NULL;
	if (inspect_held_count(h) == 0 || !value)
		return INSPECT_NONE;
	found = find_in(&s, h, value, name);
	if (found == INSPECT_FOUND)
		found = clean_found(&s, value);
	scan_end(&s);
	return found;
}

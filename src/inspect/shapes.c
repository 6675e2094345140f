/*
 * Credentials by their looks: issuers give them prefixes so that they can be found. The text is
 * gone through once, and how far a run of an alphabet goes is worked out once, so it is linear.
 */
#include <string.h>

#include "inspect/shapes.h"
#include "json/json.h"

static const struct shape shapes[] = {
#define SHAPE(word, prefix, alphabet, least, most, check) \
	{ word, prefix, ALPHABET_##alphabet, least, most, check },
#include "inspect/shapes.def"
#undef SHAPE
};

enum { STARTS = 256, LISTED = count_of(shapes) };

/* By the first byte of the prefix: the shapes of one byte follow each other. */
struct starts {
	uint8_t first[STARTS], next[LISTED]; /* a shape plus one; 0: none */
};

static void index_starts(struct starts *s)
{
	size_t i;

	*s = (struct starts){ { 0 }, { 0 } };
	for (i = LISTED; i-- > 0;) {
		uint8_t *first = &s->first[(uint8_t)shapes[i].prefix[0]];

		s->next[i] = *first;
		*first = (uint8_t)(i + 1);
	}
}

static size_t run_end(struct text *t, enum alphabet a, size_t from)
{
	size_t *known = &t->ends[a];

	if (*known <= from || t->begins[a] > from)
		for (t->begins[a] = *known = from;
		     *known < t->size && in_alphabet(a, t->at[*known]);)
			(*known)++;
	return *known;
}

/* Where a word may begin. */
static bool is_bounded(const struct text *t, size_t at, const struct shape *s)
{
	return at == 0 || !is_alnum(s->prefix[0]) || !is_alnum(t->at[at - 1]);
}

static bool has_shape(struct text *t, size_t at, const struct shape *s)
{
	size_t prefix = strlen(s->prefix), from = at + prefix, end;

	if (t->size - at < prefix || memcmp(t->at + at, s->prefix, prefix) != 0 ||
	    !is_bounded(t, at, s))
		return false;
	end = run_end(t, s->alphabet, from);
	if (end - from < s->least || (s->most && end - from > s->most) ||
	    (s->least && end < t->size && is_alnum(t->at[end])))
		return false;
	return s->check(t, from, end);
}

const char *inspect_text_shape(const char *text, size_t size)
{
	struct text t = { .at = text, .size = size };
	struct starts starts;
	size_t i;
	uint8_t shape;

	index_starts(&starts);
	for (i = 0; i < size; i++)
		for (shape = starts.first[(uint8_t)text[i]]; shape; shape = starts.next[shape - 1])
			if (has_shape(&t, i, &shapes[shape - 1]))
				return shapes[shape - 1].word;
	return NULL;
}

/* At most JSON_DEPTH deep. */
const char *inspect_shape(const json_t *value)
{
	void *member = json_object_iter((json_t *)(uintptr_t)value);
	const char *found = NULL, *name;
	size_t i;

	if (json_is_string(value))
		return inspect_text_shape(json_string_value(value), json_string_length(value));
	for (i = 0; i < json_array_size(value) && !found; i++)
		found = inspect_shape(json_array_get(value, i));
	for (; member && !found;
	     member = json_object_iter_next((json_t *)(uintptr_t)value, member)) {
		name = json_object_iter_key(member);
		found = inspect_text_shape(name, strlen(name));
		found = found ? found : inspect_shape(json_object_iter_value(member));
	}
	return found;
}

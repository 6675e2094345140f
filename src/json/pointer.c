/* RFC 6901 pointers, over a tree and over the bytes it was read from. */
#include <string.h>

#include "json/scan.h"

/* A segment as it stands in the pointer, ~ escapes and all. */
struct segment {
	const char *text;
	size_t size;
};

static const char *next_segment(struct segment *out, const char *pointer)
{
	out->text = pointer + 1;
	out->size = strcspn(out->text, "/");
	return out->text + out->size;
}

static bool names_key(struct segment s, const char *key, size_t size)
{
	size_t i = 0;
	char c;

	for (; s.size > 0 && i < size; i++) {
		c = *s.text;
		if (c == '~' && s.size > 1 && (s.text[1] == '0' || s.text[1] == '1')) {
			c = s.text[1] == '0' ? '~' : '/';
			s.text++;
			s.size--;
		}
		if (key[i] != c)
			return false;
		s.text++;
		s.size--;
	}
	return s.size == 0 && i == size;
}

/* An array index: no sign, no leading zero. */
static bool names_index(struct segment s, size_t *index)
{
	size_t value = 0, i;

	if (s.size == 0 || s.size > 9 || (s.size > 1 && s.text[0] == '0'))
		return false;
	for (i = 0; i < s.size; i++) {
		if (s.text[i] < '0' || s.text[i] > '9')
			return false;
		value = value * 10 + (size_t)(s.text[i] - '0');
	}
	*index = value;
	return true;
}

static json_t *member_at(json_t *object, struct segment s)
{
	void *at;

	if (!memchr(s.text, '~', s.size))
		return json_object_getn(object, s.text, s.size);
	for (at = json_object_iter(object); at; at = json_object_iter_next(object, at))
		if (names_key(s, json_object_iter_key(at), json_object_iter_key_len(at)))
			return json_object_iter_value(at);
	return NULL;
}

json_t *json_at(json_t *root, const char *pointer)
{
	struct segment s;
	size_t index;

	while (root && *pointer == '/') {
		pointer = next_segment(&s, pointer);
		if (json_is_object(root))
			root = member_at(root, s);
		else
			root = names_index(s, &index) ? json_array_get(root, index) : NULL;
	}
	return *pointer == '\0' ? root : NULL;
}

/* s is on a value's first token; move behind the value's last. */
static void skip_value(struct scan *s)
{
	size_t depth = 0;

	do {
		depth += s->token == '{' || s->token == '[';
		depth -= s->token == '}' || s->token == ']';
		scan_next(s);
	} while (depth > 0 && s->token != TOKEN_END && s->token != TOKEN_BAD);
}

/* Names in the text may be escaped, so let jansson read them. */
static bool key_is(const struct scan *s, struct segment want)
{
	scoped(json) json_t *key =
		json_loadb(s->bytes + s->from, s->at - s->from, JSON_DECODE_ANY, NULL);

	return key && names_key(want, json_string_value(key), json_string_length(key));
}

/* s is on '{'; move to the wanted member's value. *key is where its name begins. */
static bool enter_object(struct scan *s, struct segment want, size_t *key)
{
	bool found;

	scan_next(s);
	while (s->token == TOKEN_STRING) {
		*key = s->from;
		found = key_is(s, want);
		scan_next(s);	/* the colon */
		scan_next(s);
		if (found)
			return true;
		skip_value(s);
		if (s->token == ',')
			scan_next(s);
	}
	return false;
}

static bool enter_array(struct scan *s, struct segment want, size_t *key)
{
	size_t index = 0, i;

	if (!names_index(want, &index))
		return false;
	scan_next(s);
	for (i = 0; i < index && s->token != ']' && s->token != TOKEN_END; i++) {
		skip_value(s);
		if (s->token == ',')
			scan_next(s);
	}
	*key = s->from;
	return s->token != ']' && s->token != TOKEN_END;
}

struct json_place json_find(const char *bytes, size_t size, const char *pointer, bool key)
{
	struct scan s = { .bytes = bytes, .size = size, .token = ',' };
	size_t name = 0, value = 0;
	struct segment want;
	bool found = true;

	for (scan_next(&s); found && *pointer == '/';) {
		pointer = next_segment(&want, pointer);
		value = s.from;
		found = s.token == '{'	 ? enter_object(&s, want, &name)
			: s.token == '[' ? enter_array(&s, want, &name)
					 : false;
	}
	if (found)
		value = s.from;	/* otherwise the deepest container that is there */
	return scan_place(bytes, size, found && key ? name : value);
}

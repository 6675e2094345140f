/*
 * Our own grammar first, then jansson: it builds the tree, and alone compares names after unescaping.
 * Both must accept a text, so a mistake in one of them lets nothing through.
 */
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#include "json/scan.h"

/*
 * jansson would open /dev/urandom for its hash seed at the first object, which kills a process that
 * may open nothing. The kernel gave every process 16 random bytes; only the first call counts.
 */
static void seed_hashes(void)
{
	unsigned long at = getauxval(AT_RANDOM);
	uint64_t half[2] = { 0 };

	if (at)
		memcpy(half, (const void *)at, sizeof(half));
	json_object_seed((size_t)((half[0] * UINT64_C(0x9e3779b97f4a7c15)) ^ half[1]) | 1);
}

static int token_ending_at(struct scan *s, size_t end)
{
	do
		scan_next(s);
	while (s->at < end && s->token != TOKEN_END && s->token != TOKEN_BAD);
	return s->token;
}

/* What jansson alone finds: duplicate names, reals beyond a double, memory. */
static int tree_wrong(struct scan *s, const json_error_t *why, struct err *e)
{
	bool twice = json_error_code(why) == json_error_duplicate_key;

	*s = (struct scan){ .bytes = s->bytes, .size = s->size, .token = ',' };
	token_ending_at(s, why->position > 0 ? (size_t)why->position : 0);
	if (twice)
		return err_set(e, ERR_INPUT, "expected each member once, found %.*s again",
			       (int)(s->at - s->from < 80 ? s->at - s->from : 80), s->bytes + s->from);
	if (json_error_code(why) == json_error_numeric_overflow)
		return err_set(e, ERR_INPUT, "expected a number that a double can hold, found %.*s",
			       (int)(s->at - s->from < 40 ? s->at - s->from : 40), s->bytes + s->from);
	return err_set(e, ERR_INPUT, "%s", why->text);
}

static int read_tree(json_t **out, struct scan *s, struct err *e)
{
	json_error_t why;
	json_t *root;

	if (scan_check(s, e) < 0)
		return -1;
	root = json_loadb(s->bytes, s->size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (!root)
		return tree_wrong(s, &why, e);
	*out = root;
	return 0;
}

int json_read_message(json_t **out, const char *bytes, size_t size, struct err *e)
{
	struct scan s = { .bytes = bytes, .size = size, .token = ',', .most = JSON_VALUES };

	seed_hashes();
	return read_tree(out, &s, e);
}

size_t json_values(const json_t *value)
{
	size_t count = 1, i;
	const char *key;
	json_t *one;

	json_array_foreach(value, i, one)
		count += json_values(one);
	json_object_foreach((json_t *)(uintptr_t)value, key, one)
		count += json_values(one);
	return count;
}

int json_read(json_t **out, const char *bytes, size_t size, struct json_place *place,
	      struct err *e)
{
	struct scan s = { .bytes = bytes, .size = size, .token = ',' };

	seed_hashes();
	if (read_tree(out, &s, e) == 0)
		return 0;
	if (place)
		*place = scan_place(bytes, size, s.from);
	return -1;
}

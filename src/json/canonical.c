/* RFC 8785 for what records hold: the same value is always the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "json/write.h"

static bool canonical(struct buf *out, const json_t *value, bool all);

struct member {
	const char *key;
	size_t size;
	const json_t *value;
};

/* The first UTF-16 unit of a code point: RFC 8785 sorts by those, which is not code point order. */
static uint32_t first_unit(uint32_t point)
{
	return point < 0x10000 ? point : 0xd800 + ((point - 0x10000) >> 10);
}

static int by_units(const void *left, const void *right)
{
	const struct member *a = left, *b = right;
	uint32_t pa = 0, pb = 0;
	size_t at = 0, step;

	while (at < a->size && at < b->size) {
		step = text_point(a->key + at, a->size - at, &pa);
		text_point(b->key + at, b->size - at, &pb);
		if (pa != pb && first_unit(pa) != first_unit(pb))
			return first_unit(pa) < first_unit(pb) ? -1 : 1;
		if (pa != pb)
			return pa < pb ? -1 : 1;
		at += step ? step : 1;
	}
	return (a->size > b->size) - (a->size < b->size);
}

static bool canonical_members(struct buf *out, const struct member *member, size_t count, bool all)
{
	bool fits = buf_add(out, "{", 1);
	size_t i;

	for (i = 0; i < count && fits; i++) {
		if (i > 0)
			buf_add(out, ",", 1);
		write_string(out, member[i].key, member[i].size);
		buf_add(out, ":", 1);
		fits = canonical(out, member[i].value, all);
	}
	return fits && buf_add(out, "}", 1);
}

static bool canonical_object(struct buf *out, const json_t *object, bool all)
{
	json_t *from = for_reading(object);
	size_t count = 0;
	struct member *member = calloc(json_object_size(object) + 1, sizeof(*member));
	bool fits;
	void *at;

	if (!member)
		return false;
	for (at = json_object_iter(from); at; at = json_object_iter_next(from, at))
		member[count++] = (struct member){ json_object_iter_key(at), json_object_iter_key_len(at),
						   json_object_iter_value(at) };
	qsort(member, count, sizeof(*member), by_units);
	fits = canonical_members(out, member, count, all);
	free(member);
	return fits;
}

static bool canonical_array(struct buf *out, const json_t *array, bool all)
{
	bool fits = buf_add(out, "[", 1);
	size_t i;

	for (i = 0; i < json_array_size(array) && fits; i++) {
		if (i > 0)
			buf_add(out, ",", 1);
		fits = canonical(out, json_array_get(array, i), all);
	}
	return fits && buf_add(out, "]", 1);
}

/* A whole number has one form, however it was written. */
static bool canonical_number(struct buf *out, const json_t *value)
{
	static const double exact = (double)(INT64_C(1) << 53);
	double d = json_number_value(value);

	if (json_is_real(value) && d < exact && d > -exact && (double)(int64_t)d >= d && (double)(int64_t)d <= d)
		return buf_printf(out, "%lld", (long long)d);
	return json_write(out, value);
}

static bool canonical(struct buf *out, const json_t *value, bool all)
{
	if (json_is_object(value))
		return canonical_object(out, value, all);
	if (json_is_array(value))
		return canonical_array(out, value, all);
	if (all && json_is_number(value))
		return canonical_number(out, value);
	return (all || json_is_string(value) || json_is_integer(value)) && json_write(out, value);
}

bool json_canonical(struct buf *out, const json_t *value)
{
	return canonical(out, value, false);
}

bool json_canonical_any(struct buf *out, const json_t *value)
{
	return canonical(out, value, true);
}

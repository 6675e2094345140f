#include <string.h>

#include "model/model.h"

/* A number without sign or leading zeros, and the blank behind it. */
static bool take_number(unsigned *out, const char **at)
{
	const char *from = *at;
	unsigned number = 0;

	for (; **at >= '0' && **at <= '9'; (*at)++) {
		number = number * 10 + (unsigned)(**at - '0');
		if (number > REVIEW_WITHIN)
			return false;
	}
	if (*at == from || (*from == '0' && *at > from + 1) || **at != ' ')
		return false;
	(*at)++;
	*out = number;
	return true;
}

static bool are_names(const char *at)
{
	size_t size;

	for (;; at += size + 1) {
		size = strcspn(at, " ");
		if (size == 0)
			return false;
		if (!at[size])
			return true;
	}
}

bool asked_item_read(struct asked_item *out, const char *item)
{
	if (!take_number(&out->need, &item) || !take_number(&out->count, &item) || !take_number(&out->after_s, &item))
		return false;
	out->names = item;
	return are_names(item);
}

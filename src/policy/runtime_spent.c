/*
 * Amounts, in millionths. A number in JSON is a double here, which for up to 15 digits stands for one decimal
 * number and no other: that is counted. Of what has more digits, or more than six behind the point, the next
 * millionth above is, so that a thousand crumbs are never nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/read.h"

enum { PLACES = 6, DIGITS = 15 };

static const double MOST = 9e9; /* in millionths below 2^53 */

/* How many places behind the point are sure. */
static int places_of(double number)
{
	uint64_t whole = (uint64_t)number; /* below MOST */
	int before = 1;

	for (; whole >= 10; whole /= 10)
		before++;
	return DIGITS - before < PLACES ? DIGITS - before : PLACES;
}

/* What is more than can be counted is more than any budget. */
static bool read_amount(uint64_t *amount, bool *exact, const json_t *value)
{
	double number = json_number_value(value), shown;
	char text[64], digits[64];
	size_t size = 0, i;
	int places;

	if (!json_is_number(value) || !(number >= 0))
		return false;
	*amount = (uint64_t)MOST * SPENT_PARTS;
	*exact = false;
	if (number >= MOST)
		return true;
	places = places_of(number);
	snprintf(text, sizeof(text), "%.*f", places, number);
	for (i = 0; text[i]; i++)
		if (text[i] != '.')
			digits[size++] = text[i];
	for (; places < PLACES; places++)
		digits[size++] = '0';
	digits[size] = '\0';
	shown = strtod(text, NULL);
	*amount = strtoull(digits, NULL, 10) + (shown < number);
	*exact = !(shown < number) && !(shown > number);
	return true;
}

bool policy_spends(uint64_t *amount, const struct meter *m, const struct action *a)
{
	const json_t *value = m->arg && a->args ? json_at(a->args, m->arg) : NULL;
	bool exact;

	return value && read_amount(amount, &exact, value);
}

int read_spent(struct gauge *g, struct reading *r, struct err *e)
{
	const json_t *above = json_object_get(g->said, "above");
	uint64_t amount;
	bool exact;

	g->meter.arg = text_of(g->said, "arg");
	if (!pointer_usable(g->meter.arg))
		return json_wrong(r->f, below(r, "arg"), false, e,
				  "\"arg\": expected a JSON pointer such as \"/amount\" (at most %d bytes), found \"%.40s\"",
				  POINTER_MOST, g->meter.arg);
	if (!read_amount(&amount, &exact, above) || !exact)
		return json_wrong(r->f, below(r, "above"), false, e,
				  "\"above\": expected an amount from 0 to %.0f, with at most 6 places", MOST);
	g->above = (double)amount;
	return 0;
}

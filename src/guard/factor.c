/*
 * A second factor is neither reset nor weakened; and one that is newly registered may be the attacker's own. So
 * whatever is called so and does more than read is refused, and so are values that say the same.
 */
#include <string.h>
#include <strings.h>

#include "guard/inner.h"

/* "reset_mfa" is what is to be done; "please reset my MFA" is what somebody wrote. */
static bool is_identifier(const struct words *w)
{
	return w->count > 0 && !w->blanks;
}

bool factor_in_text(struct told *t, const struct words *w, unsigned about)
{
	unsigned means;

	if (t->reads || !is_identifier(w) || !(about & CHOOSES) || ((about & NAMES_FILE) && !(t->said & CHANGES)))
		return false;
	means = words_mean(t->g, w);
	if ((means & FACTOR) && ((means | t->said | t->name) & WEAKENS))
		return tell(t, GUARD_SECOND_FACTOR);
	return false;
}

static bool is_off(const json_t *value)
{
	static const char *const off[] = { "", "off", "no", "none", "false", "disabled", "disable", "optional",
					   "reset", "suspended", "0", "inactive", "skip" };
	const char *text = json_string_value(value);
	size_t i;

	for (i = 0; text && i < count_of(off); i++)
		if (strcasecmp(text, off[i]) == 0)
			return true;
	return json_is_false(value) || json_is_null(value) ||
	       (json_is_integer(value) && json_integer_value(value) == 0) ||
	       ((json_is_array(value) || json_is_object(value)) &&
		json_array_size(value) + json_object_size(value) == 0);
}

bool factor_in_flag(struct told *t, unsigned member, const json_t *value)
{
	if (t->reads || !(member & FACTOR))
		return false;
	if (is_off(value) || (member & WEAKENS) || (t->name & WEAKENS))
		return tell(t, GUARD_SECOND_FACTOR);
	return false;
}

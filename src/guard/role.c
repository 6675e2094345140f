/*
 * Nobody is made an administrator. A name that means nothing else refuses wherever it stands as a value of a
 * call that does more than read; a plain "admin" only where roles, groups or rights are spoken of. Taking a
 * role away is the policy's to judge.
 */
#include "guard/inner.h"

/* By the tool's own name: what the arguments say of it, the agent says. */
static bool takes_away(const struct told *t)
{
	return (t->name & REMOVES) && !((t->name | t->said) & GIVES);
}

bool role_in_text(struct told *t, const struct words *w, unsigned about)
{
	unsigned whole = words_whole(t->g, w);

	if (t->reads || takes_away(t))
		return false;
	if (whole & SURE_ROLE)
		return tell(t, GUARD_ADMIN_ROLE);
	if ((whole & SOME_ROLE) && ((about | t->name) & RIGHTS))
		return tell(t, GUARD_ADMIN_ROLE);
	return (about & CHOOSES) && (whole & GRANT_ITSELF) && tell(t, GUARD_ADMIN_ROLE);
}

bool role_in_flag(struct told *t, unsigned member, const json_t *value)
{
	if (t->reads || !(member & ADMIN_FLAG))
		return false;
	if (json_is_true(value) || (json_is_integer(value) && json_integer_value(value) != 0))
		return tell(t, GUARD_ADMIN_ROLE);
	return false;
}

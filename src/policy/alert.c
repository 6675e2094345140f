/*
 * What a policy wants somebody told of: reeve-policy(5), ALERTS. Nothing is counted here, and no verdict hangs on
 * it. What cannot be judged concerns an alert: an agent must not get around one by an argument of another kind.
 */
#include <stdlib.h>

#include "policy/rule.h"

const char *alert_word(enum alert_kind k)
{
	static const char *const words[] = {
		[ALERT_RATE] = "rate", [ALERT_REFUSED] = "refused", [ALERT_DUPLICATES] = "duplicates",
		[ALERT_HOURS] = "hours", [ALERT_FIRST] = "first", [ALERT_GUARD] = "guard",
	};

	must(k < ALERT_KINDS);
	return words[k];
}

void alert_list_free(struct alert *alerts, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		rule_free(alerts[i].of);
		free(alerts[i].hours);
		free(alerts[i].name);
	}
	free(alerts);
}

size_t policy_alert_count(const struct policy *p)
{
	return p->alert_count;
}

const struct alert *policy_alert(const struct policy *p, size_t i)
{
	return p->alerts[i];
}

bool alert_concerns(const struct alert *a, const struct action *action)
{
	return rule_speaks(a->of, action->kind) && file_applies(a->of->file, action) != HELD_NO &&
	       rule_holds(a->of, action, false) != HELD_NO;
}

bool alert_is_hour(const struct alert *a, uint64_t wall_us)
{
	return a->hours && hours_hold(a->hours, wall_us) != HELD_NO;
}

bool alert_is_guard(const struct alert *a, const char *guard)
{
	return guard && a->guards && names_hold(a->guards, guard) == HELD_YES;
}

/*
 * What a program is told that may not connect: what was refused, by which rule, and what to do. It goes to an
 * agent's eyes as a tool's refusal does, so it says as much of the policy and no more; that no rule allows it is
 * mended by one, which stands there ready.
 */
#include "broker/net.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { TOLD = 128, WHOLE = 1024 };

static const char TO_ALLOW[] = " To allow it: ";

/* The rule that would do, where there is room for all of it: half a rule is none. */
static void add_rule(char *out, const struct asked_link *a)
{
	struct policy_route to = { .host = a->record.host,
				   .port = a->record.port,
				   .scheme = a->record.scheme,
				   .method = a->record.method,
				   .path = a->record.path };
	size_t used = strlen(out), before = strlen(TO_ALLOW);
	char rule[SENTENCE];

	if (used + before >= SENTENCE)
		return;
	if (!net_smallest_rule(rule, SENTENCE - used - before, &to)) {
		if (!to.host || !to.path)
			return;
		to.path = NULL;
		if (!net_smallest_rule(rule, SENTENCE - used - before, &to))
			return;
	}
	snprintf(out + used, WHOLE - used, "%s%s", TO_ALLOW, rule);
}

static const char *reason_of(const struct verdict *v)
{
	if (v->rule)
		return v->rule;
	return v->reason == REASON_UNDECIDABLE ? "it could not be judged" : "no rule allows it";
}

/* A stage before the policy has said it whole. */
static void say_fault(char out[WHOLE], const struct asked_link *a)
{
	snprintf(out, WHOLE, "reeve refused a connection%s%.*s: %s", a->tool[0] ? " to " : "", TOLD, a->tool,
		 a->verdict.why ? a->verdict.why : "it could not be judged");
}

static void say_refused(char out[WHOLE], const struct asked_link *a)
{
	const struct verdict *v = &a->verdict;

	snprintf(out, WHOLE,
		 "reeve refused a connection to %.*s: %s%s%s%s. Trying again will not help: "
		 "ask the operator of this run to allow it if you need it.",
		 TOLD, a->tool, v->rule ? "rule " : "", reason_of(v), v->why ? ": " : "", v->why ? v->why : "");
	if (v->reason == REASON_NO_RULE)
		add_rule(out, a);
}

void net_say(char out[SENTENCE], const struct asked_link *a)
{
	char whole[WHOLE];

	if (a->verdict.reason == REASON_NO_RULE || a->verdict.rule)
		say_refused(whole, a);
	else
		say_fault(whole, a);
	snprintf(out, SENTENCE, "%.*s", (int)text_cut(whole, strlen(whole), SENTENCE - 1), whole);
}

/*
 * tests/fuzz/fuzz_policy.c - whatever the bytes, adding them ends in rules or in a reason, never
 * both; and a policy that also refuses everything allows nothing.
 */
#include <stdint.h>
#include <string.h>

#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char bar[] = "{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
			  "{\"id\":\"no\",\"then\":\"refuse\",\"when\":{}}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(policy) struct policy *p = NULL;
	scoped(json) json_t *args = json_pack("{s:s, s:i, s:[s]}", "path", "a/b", "n", 3, "list", "x");
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "fs", .tool = "read_file", .args = args };
	struct err e = { 0 };

	if (!args || policy_new(&p, &e) < 0)
		return 0;
	if (policy_add(p, "fuzz", (const char *)data, size, &e) < 0) {
		if (policy_rule_count(p) != 0 || !e.text[0] || policy_may_allow(p, NULL, "fs", NULL))
			__builtin_trap();
		return 0;
	}
	(void)policy_questions(p, &a);
	if (policy_decide(p, &a).kind == VERDICT_ALLOW && !policy_may_allow(p, NULL, "fs", "read_file"))
		__builtin_trap();
	if (policy_add(p, "bar", bar, strlen(bar), &e) < 0 || policy_decide(p, &a).kind == VERDICT_ALLOW)
		__builtin_trap();
	return 0;
}

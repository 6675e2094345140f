/* tests/unit/test_policy_runtime.c - rules about what a run has done so far: how they are read, and what holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "policy/policy.h"

#define HEAD "{\"reeve\":\"policy/1\",\"layer\":\"runtime\",\"unmatched\":\"pass\",\"rules\":[\n"
#define RULE(then, when) HEAD "{\"id\":\"r\",\"then\":\"" then "\",\"when\":{" when "}}]}"

static const struct {
	const char *text, *wrong;	/* NULL: it is read */
} rows[] = {
	{ RULE("refuse", "\"calls\":{\"of\":\"tool\",\"within\":\"60s\",\"above\":20}"), NULL },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"above\":100000}"), NULL },
	{ RULE("refuse", "\"calls\":{\"of\":\"agent\",\"above\":1}"), "\"of\": expected tool, category, server or run, found \"agent\"" },
	{ RULE("refuse", "\"calls\":{\"above\":1}"), "expected a member \"of\"" },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\"}"), "expected a member \"above\"" },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"above\":1.5}"), "\"above\": expected a" },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"above\":-1}"), "\"above\": expected a whole number" },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"within\":\"1h\",\"above\":1000}"), "\"above\": expected a whole number" },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"within\":\"1h\",\"above\":999}"), NULL },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"within\":\"60\",\"above\":1}"), "\"within\": expected a time" },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"within\":\"0s\",\"above\":1}"), "\"within\": expected a time" },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"within\":\"8d\",\"above\":1}"), "\"within\": expected a time" },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"within\":\"1w\",\"above\":1}"), "\"within\": expected a time" },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"within\":\"s\",\"above\":1}"), "\"within\": expected a time" },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"last\":3,\"above\":1}"), "unknown member \"last\"" },
	{ RULE("refuse", "\"repeated\":{\"within\":\"5m\",\"above\":3}"), NULL },
	{ RULE("refuse", "\"repeated\":{\"of\":\"tool\",\"above\":3}"), "unknown member \"of\"" },
	{ RULE("refuse", "\"refusals\":{\"last\":20,\"above\":0.5}"), NULL },
	{ RULE("refuse", "\"refusals\":{\"last\":20,\"above\":0}"), NULL },
	{ RULE("refuse", "\"refusals\":{\"last\":20,\"above\":1}"), "\"above\": expected a share" },
	{ RULE("refuse", "\"refusals\":{\"last\":0,\"above\":0.5}"), "\"last\": expected how many" },
	{ RULE("refuse", "\"refusals\":{\"last\":1001,\"above\":0.5}"), "\"last\": expected how many" },
	{ RULE("refuse", "\"taint\":[\"private\",\"untrusted\"],\"flow\":\"sends-outside\""), NULL },
	{ RULE("allow", "\"taint\":\"untrusted\""), NULL },
	{ RULE("refuse", "\"taint\":[]"), "\"taint\": expected private" },
	{ RULE("refuse", "\"taint\":[\"private\",\"private\"]"), "\"taint\": expected private" },
	{ RULE("refuse", "\"taint\":\"secret\""), "\"taint\": expected private" },
	{ RULE("refuse", "\"taint\":{}"), "\"taint\": expected private" },
	{ RULE("refuse", "\"taint\":[1]"), "\"taint\": expected private" },
	{ "{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[\n{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"taint\":\"private\"}}]}",
	  "t:2:35: \"taint\" is for files of the layer \"runtime\"" },
	{ "{\"reeve\":\"policy/1\",\"rules\":[\n{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"calls\":{\"of\":\"run\",\"above\":1}}}]}",
	  "\"calls\" is for files of the layer \"runtime\"" },
};

static void rules_are_read(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };
		int done;

		assert_int_equal(policy_new(&p, &e), 0);
		done = policy_add(p, "t", rows[i].text, strlen(rows[i].text), &e);
		if (!rows[i].wrong != (done == 0) || (rows[i].wrong && !strstr(e.text, rows[i].wrong)))
			fail_msg("%s: %s", rows[i].text, done < 0 ? e.text : "read");
	}
}

static const char all[] = "{\"reeve\":\"policy/1\",\"rules\":[{\"id\":\"all\",\"then\":\"allow\",\"when\":{}}]}";

static struct policy *policy_of(const char *text)
{
	struct policy *p = NULL;
	struct err e = { 0 };

	assert_int_equal(policy_new(&p, &e), 0);
	assert_int_equal(policy_add(p, "all", all, strlen(all), &e), 0);
	if (policy_add(p, "t", text, strlen(text), &e) < 0)
		fail_msg("%s", e.text);
	return p;
}

#define KIND(k, n) { .kinds = { [METER_##k] = { true, n, n } } }

/* A rule, what is known of the run, and what is then decided of a call that another layer allows. */
static const struct {
	const char *text;
	struct runtime_facts facts;
	enum reason reason;
} decisions[] = {
	{ RULE("refuse", "\"calls\":{\"of\":\"tool\",\"above\":20}"), KIND(CALLS, 20), REASON_RULE_ALLOWS },
	{ RULE("refuse", "\"calls\":{\"of\":\"tool\",\"above\":20}"), KIND(CALLS, 21), REASON_RULE_REFUSES },
	{ RULE("refuse", "\"calls\":{\"of\":\"tool\",\"above\":20}"), { 0 }, REASON_UNDECIDABLE },
	{ RULE("refuse", "\"calls\":{\"of\":\"tool\",\"above\":20}"), { .kinds = { { true, 3, 30 } } }, REASON_UNDECIDABLE },
	{ RULE("refuse", "\"tool\":\"u/*\",\"calls\":{\"of\":\"tool\",\"above\":20}"), KIND(CALLS, 21), REASON_RULE_ALLOWS },
	{ RULE("refuse", "\"repeated\":{\"above\":3}"), KIND(REPEATED, 3), REASON_RULE_ALLOWS },
	{ RULE("refuse", "\"repeated\":{\"above\":3}"), KIND(REPEATED, 4), REASON_RULE_REFUSES },
	{ RULE("refuse", "\"repeated\":{\"above\":3}"), KIND(CALLS, 9), REASON_UNDECIDABLE },
	{ RULE("refuse", "\"refusals\":{\"last\":20,\"above\":0.5}"), KIND(REFUSALS, 0.5), REASON_RULE_ALLOWS },
	{ RULE("refuse", "\"refusals\":{\"last\":20,\"above\":0.5}"), KIND(REFUSALS, 0.55), REASON_RULE_REFUSES },
	{ RULE("refuse", "\"taint\":[\"private\",\"untrusted\"]"), { .taint_known = true, .taint = 3 }, REASON_RULE_REFUSES },
	{ RULE("refuse", "\"taint\":[\"private\",\"untrusted\"]"), { .taint_known = true, .taint = 1 }, REASON_RULE_ALLOWS },
	{ RULE("refuse", "\"taint\":[\"private\",\"untrusted\"]"), { .taint_known = true }, REASON_RULE_ALLOWS },
	{ RULE("refuse", "\"taint\":\"private\""), { .taint = 1 }, REASON_UNDECIDABLE },
	{ RULE("refuse", "\"taint\":\"private\",\"flow\":\"sends-outside\""), { .taint_known = true, .taint = 1 }, REASON_UNDECIDABLE },
	{ RULE("refuse", "\"taint\":\"private\",\"calls\":{\"of\":\"run\",\"above\":1}"),
	  { .taint_known = true, .taint = 2 }, REASON_RULE_ALLOWS },
};

static void what_the_run_has_done_decides(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(decisions); i++) {
		scoped(policy) struct policy *p = policy_of(decisions[i].text);
		struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x", .runtime = &decisions[i].facts };

		if (policy_decide(p, &a).reason != decisions[i].reason)
			fail_msg("%zu: %s: %s", i, decisions[i].text, reason_word(policy_decide(p, &a).reason));
	}
}

/* Nobody kept the state: what refuses is obeyed, what allows does not hold. And the rule's taints are told. */
static void without_state_it_cannot_be_judged(void **state)
{
	static const char allows[] = RULE("allow", "\"taint\":\"private\"");
	struct runtime_facts facts = { .taint_known = true, .taint = FLOW_READS_PRIVATE };
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x" };
	scoped(policy) struct policy *refusing = policy_of(RULE("refuse", "\"taint\":[\"private\",\"untrusted\"]"));
	scoped(policy) struct policy *allowing = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(policy_decide(refusing, &a).reason, REASON_UNDECIDABLE);
	assert_int_equal(policy_new(&allowing, &e), 0);
	assert_int_equal(policy_add(allowing, "t", allows, strlen(allows), &e), 0);
	assert_int_equal(policy_decide(allowing, &a).reason, REASON_NO_RULE);
	a.runtime = &facts;
	assert_int_equal(policy_decide(allowing, &a).reason, REASON_RULE_ALLOWS);
	assert_int_equal(policy_decide(allowing, &a).layers[POLICY_RUNTIME].taints, FLOW_READS_PRIVATE);
	assert_true(policy_asks_taint(refusing));
}

/* What may be refused later is listed and resolved now. */
static void nothing_is_barred_for_good(void **state)
{
	scoped(policy) struct policy *p = policy_of(RULE("refuse", "\"calls\":{\"of\":\"run\",\"above\":5}"));
	static const char net[] = "{\"reeve\":\"policy/1\",\"rules\":[{\"id\":\"n\",\"then\":\"allow\",\"when\":{\"host\":\"x.test\"}}]}";
	struct verdict why;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(policy_add(p, "net", net, strlen(net), &e), 0);
	assert_true(policy_may_allow(p, NULL, ACTION_TOOL_CALL, "s", "x"));
	assert_true(policy_may_connect(p, NULL, "x.test", &why));
}

/* Rules that count alike share what is counted; a file that would be one too many changes nothing. */
static void meters_are_shared(void **state)
{
	scoped(policy) struct policy *p = policy_of(
		HEAD "{\"id\":\"a\",\"then\":\"refuse\",\"when\":{\"calls\":{\"of\":\"tool\",\"within\":\"60s\",\"above\":5}}},"
		"{\"id\":\"b\",\"then\":\"refuse\",\"when\":{\"tool\":\"s/x\",\"calls\":{\"of\":\"tool\",\"within\":\"1m\",\"above\":9}}}]}");
	scoped(buf) struct buf many = BUF(1 << 16);
	struct err e = { 0 };
	size_t count, i;

	(void)state;
	assert_int_equal(policy_meters(p, &count)[0].most, 9);
	assert_int_equal(count, 1);
	buf_puts(&many, HEAD);
	for (i = 0; i < METERS; i++)
		buf_printf(&many, "%s{\"id\":\"m%zu\",\"then\":\"refuse\",\"when\":{\"calls\":{\"of\":\"run\",\"within\":\"%zus\",\"above\":5}}}",
			   i ? "," : "", i, i + 1);
	buf_puts(&many, "]}");
	assert_int_equal(policy_add(p, "many", many.data, many.size, &e), -1);
	assert_non_null(strstr(e.text, "many:m63: the rules count more than 64 different things"));
	policy_meters(p, &count);
	assert_int_equal(count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_read),
		cmocka_unit_test(what_the_run_has_done_decides),
		cmocka_unit_test(without_state_it_cannot_be_judged),
		cmocka_unit_test(nothing_is_barred_for_good),
		cmocka_unit_test(meters_are_shared),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

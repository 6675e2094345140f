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
	{ RULE("refuse", "\"calls\":{\"of\":\"agent\",\"across\":\"runs\",\"within\":\"7d\",\"above\":100000}"), NULL },
	{ RULE("refuse", "\"calls\":{\"of\":\"run\",\"across\":\"runs\",\"above\":1}"), "expected tool, category, server or agent (across runs)" },
	{ RULE("refuse", "\"calls\":{\"of\":\"tool\",\"across\":\"run\",\"above\":1}"), "\"across\": expected runs, found \"run\"" },
	{ RULE("refuse", "\"repeated\":{\"across\":\"runs\",\"within\":\"1h\",\"above\":1000}"), NULL },
	{ RULE("refuse", "\"refusals\":{\"across\":\"runs\",\"last\":20,\"above\":0.5}"), "unknown member \"across\"" },
	{ RULE("refuse", "\"spent\":{\"arg\":\"/amount\",\"of\":\"tool\",\"within\":\"1d\",\"above\":1000}"), NULL },
	{ RULE("refuse", "\"spent\":{\"arg\":\"/a~1b\",\"of\":\"agent\",\"across\":\"runs\",\"above\":0.000001}"), NULL },
	{ RULE("refuse", "\"spent\":{\"arg\":\"amount\",\"of\":\"tool\",\"above\":1}"), "\"arg\": expected a JSON pointer" },
	{ RULE("refuse", "\"spent\":{\"arg\":\"\",\"of\":\"tool\",\"above\":1}"), "\"arg\": expected a JSON pointer" },
	{ RULE("refuse", "\"spent\":{\"arg\":\"/a\",\"above\":1}"), "expected a member \"of\"" },
	{ RULE("refuse", "\"spent\":{\"arg\":\"/a\",\"of\":\"tool\",\"above\":-1}"), "\"above\": expected an amount" },
	{ RULE("refuse", "\"spent\":{\"arg\":\"/a\",\"of\":\"tool\",\"above\":0.0000001}"), "\"above\": expected an amount" },
	{ RULE("refuse", "\"spent\":{\"arg\":\"/a\",\"of\":\"tool\",\"above\":9000000000}"), "\"above\": expected an amount" },
	{ RULE("refuse", "\"spent\":{\"arg\":\"/a\",\"of\":\"tool\",\"above\":8999999999.99}"), NULL },
	{ RULE("refuse", "\"risk\":{\"least\":6}"), NULL },
	{ RULE("refuse", "\"risk\":{\"above\":11}"), NULL },
	{ RULE("refuse", "\"risk\":{\"above\":12}"), "\"risk\": expected { \"least\": 6 }" },
	{ RULE("refuse", "\"risk\":{\"least\":0}"), "\"risk\": expected { \"least\": 6 }" },
	{ RULE("refuse", "\"risk\":{\"least\":3,\"above\":2}"), "\"risk\": expected { \"least\": 6 }" },
	{ RULE("refuse", "\"risk\":{}"), "\"risk\": expected { \"least\": 6 }" },
	{ "{\"reeve\":\"policy/1\",\"layer\":\"tenant\",\"rules\":[{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"risk\":{\"least\":6}}}]}", NULL },
	{ "{\"reeve\":\"policy/1\",\"rules\":[\n{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"spent\":{\"arg\":\"/a\",\"of\":\"tool\",\"above\":1}}}]}",
	  "\"spent\" is for files of the layer \"runtime\"" },
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
	{ RULE("refuse", "\"spent\":{\"arg\":\"/a\",\"of\":\"tool\",\"above\":10.5}"), KIND(SPENT, 10500000), REASON_RULE_ALLOWS },
	{ RULE("refuse", "\"spent\":{\"arg\":\"/a\",\"of\":\"tool\",\"above\":10.5}"), KIND(SPENT, 10500001), REASON_RULE_REFUSES },
	{ RULE("refuse", "\"spent\":{\"arg\":\"/a\",\"of\":\"tool\",\"above\":10.5}"), KIND(CALLS, 3), REASON_UNDECIDABLE },
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
}

static const struct {
	const char *class;
	unsigned flow, taint;
	bool flow_known, is_new;
	double alike;
	unsigned part[RISK_PARTS];	/* in their order: class, taint, novelty, repeat */
} risks[] = {
	{ "critical", FLOW_SENDS_OUTSIDE, 3, true, true, 10, { 4, 4, 2, 2 } },
	{ "high", FLOW_READS_PRIVATE, 3, true, false, 9, { 3, 2, 0, 1 } },
	{ "medium", 0, FLOW_READS_PRIVATE, true, false, 3, { 2, 1, 0, 1 } },
	{ "low", 0, FLOW_READS_UNTRUSTED, false, false, 2, { 1, 2, 0, 0 } },
	{ "low", 0, 0, true, false, 1, { 1, 0, 0, 0 } },
	{ NULL, 0, 0, true, true, 1, { 3, 0, 2, 0 } },
	{ "urgent", 0, 0, true, false, 1, { 3, 0, 0, 0 } },
};

static void risk_is_a_sum(void **state)
{
	size_t i, p;

	(void)state;
	for (i = 0; i < count_of(risks); i++) {
		struct action a = { .class = risks[i].class, .flow = risks[i].flow, .flow_known = risks[i].flow_known };
		struct risk_facts f = { risks[i].taint, risks[i].is_new, risks[i].alike };
		struct risk risk = policy_risk(&a, &f);
		unsigned sum = 0;

		for (p = 0; p < RISK_PARTS; p++) {
			assert_int_equal(risk.part[p], risks[i].part[p]);
			sum += risk.part[p];
		}
		assert_int_equal(risk.total, sum);
	}
}

/* The threshold of a tenant is its own, and what nobody knows refuses and does not allow. */
static void a_tenant_has_its_threshold(void **state)
{
	static const char text[] = "{\"reeve\":\"policy/1\",\"layer\":\"tenant\",\"applies\":{\"tenant\":\"a\"},\"unmatched\":\"pass\","
				   "\"rules\":[{\"id\":\"r\",\"then\":\"refuse\",\"when\":{\"risk\":{\"above\":4}}}]}";
	static const char allows[] = "{\"reeve\":\"policy/1\",\"rules\":[{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"risk\":{\"least\":1}}}]}";
	scoped(policy) struct policy *p = policy_of(text);
	scoped(policy) struct policy *allowing = NULL;
	struct run_facts run = { .party = { [PARTY_TENANT] = "a" } };
	struct risk risk = { .total = 5 };
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x", .run = &run, .risk = &risk };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(policy_decide(p, &a).reason, REASON_RULE_REFUSES);
	risk.total = 4;
	assert_int_equal(policy_decide(p, &a).reason, REASON_RULE_ALLOWS);
	a.risk = NULL;
	assert_int_equal(policy_decide(p, &a).reason, REASON_UNDECIDABLE);
	run.party[PARTY_TENANT] = "b";
	assert_int_equal(policy_decide(p, &a).reason, REASON_RULE_ALLOWS);
	assert_int_equal(policy_new(&allowing, &e), 0);
	assert_int_equal(policy_add(allowing, "t", allows, strlen(allows), &e), 0);
	assert_int_equal(policy_decide(allowing, &a).reason, REASON_NO_RULE);
	a.risk = &risk;
	assert_int_equal(policy_decide(allowing, &a).reason, REASON_RULE_ALLOWS);
}

/* What is written, and the millionths that it comes to; NULL: it does not come to any number. */
static void amounts_are_exact(void **state)
{
	static const struct {
		const char *args, *millionths;
	} amounts[] = {
		{ "{\"a\":0}", "0" },
		{ "{\"a\":1}", "1000000" },
		{ "{\"a\":0.1}", "100000" },
		{ "{\"a\":0.29}", "290000" },
		{ "{\"a\":1.005}", "1005000" },
		{ "{\"a\":8999999999}", "8999999999000000" },
		{ "{\"a\":8999999999.99999}", "8999999999999990" },
		{ "{\"a\":123456789.123456}", "123456789123456" },
		{ "{\"a\":1e2}", "100000000" },
		{ "{\"a\":0.0000001}", "1" },
		{ "{\"a\":0.0000011}", "2" },
		{ "{\"a\":0.0000019}", "2" },
		{ "{\"a\":5e-324}", "1" },
		{ "{\"a\":9000000000}", "9000000000000000" },
		{ "{\"a\":1e300}", "9000000000000000" },
		{ "{\"a\":-0.01}", NULL },
		{ "{\"a\":\"12\"}", NULL },
		{ "{\"a\":true}", NULL },
		{ "{\"a\":[1]}", NULL },
		{ "{\"a\":null}", NULL },
		{ "{\"b\":1}", NULL },
		{ "{}", NULL },
	};
	struct meter m = { .kind = METER_SPENT, .arg = "/a" };
	size_t i;

	(void)state;
	for (i = 0; i < count_of(amounts); i++) {
		scoped(json) json_t *args = json_loads(amounts[i].args, 0, NULL);
		struct action a = { .args = args };
		uint64_t amount = 0;
		char text[32];
		bool known = policy_spends(&amount, &m, &a);

		snprintf(text, sizeof(text), "%llu", (unsigned long long)amount);
		if (known != (amounts[i].millionths != NULL) || (known && strcmp(text, amounts[i].millionths) != 0))
			fail_msg("%s: %s", amounts[i].args, known ? text : "none");
	}
	assert_false(policy_spends(&(uint64_t){ 0 }, &m, &(struct action){ .args = NULL }));
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
		cmocka_unit_test(risk_is_a_sum),
		cmocka_unit_test(a_tenant_has_its_threshold),
		cmocka_unit_test(amounts_are_exact),
		cmocka_unit_test(nothing_is_barred_for_good),
		cmocka_unit_test(meters_are_shared),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

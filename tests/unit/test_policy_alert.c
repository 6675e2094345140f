/* tests/unit/test_policy_alert.c - alerts of a policy: how they are read, and which calls they concern. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "policy/policy.h"

#define FILE_OF(layer, alerts) "{\"reeve\":\"policy/1\",\"layer\":\"" layer "\",\"unmatched\":\"pass\",\"rules\":[],\"alerts\":[\n" alerts "]}"
#define ALERT(rest) FILE_OF("runtime", "{\"id\":\"a\"," rest "}")
#define FIRST "\"when\":{\"first\":\"tool\"}"

static const struct {
	const char *text, *wrong;	/* NULL: it is read */
} rows[] = {
	{ ALERT("\"when\":{\"rate\":{\"within\":\"60s\",\"above\":20,\"across\":\"runs\"}},\"quiet\":\"7d\""), NULL },
	{ ALERT(FIRST ",\"of\":{\"tool\":\"m/*\",\"args\":{\"/a\":{\"above\":3}}}"), NULL },
	{ FILE_OF("action", ""), "t:1:68: \"alerts\" are for files of the layer \"runtime\"" },
	{ ALERT("\"when\":{}"), "t:2:18: \"when\": expected one of rate, refused" },
	{ ALERT("\"when\":{\"first\":\"tool\",\"guard\":\"*\"}"), "\"when\": expected one of rate, refused" },
	{ ALERT("\"when\":{\"rates\":{}}"), "t:2:19: unknown member \"rates\"" },
	{ ALERT("\"when\":{\"rate\":{\"within\":\"60s\",\"above\":-1}}"), "t:2:50: \"above\": expected a whole number from 0" },
	{ ALERT("\"when\":{\"rate\":{\"within\":\"8d\",\"above\":1}}"), "\"within\": expected a time" },
	{ ALERT("\"when\":{\"refused\":{\"within\":\"1m\"}}"), "t:2:29: \"refused\": expected \"above\", or \"share\" and \"least\"" },
	{ ALERT("\"when\":{\"duplicates\":{\"within\":\"1m\",\"above\":1025}}"), "from 1 to 1024" },
	{ ALERT("\"when\":{\"hours\":{}}"), "\"hours\": expected \"days\" or \"hours\" in it" },
	{ ALERT("\"when\":{\"guard\":[1]}"), "t:2:28:" },
	{ ALERT(FIRST ",\"then\":\"refuse\""), "unknown member \"then\"" },
	{ ALERT(FIRST ",\"quiet\":\"never\""), "\"quiet\": expected a time" },
	{ ALERT(FIRST ",\"of\":{\"calls\":{\"of\":\"run\",\"above\":1}}"), "\"of\": \"calls\" is for rules" },
	{ ALERT(FIRST ",\"of\":{\"args\":{\"/a\":{\"under\":\".\"}}}"), "\"of\": an alert cannot ask where a path lies" },
	{ FILE_OF("runtime", "{\"id\":\"a\"," FIRST "},\n{\"id\":\"a\"," FIRST "}"), "t:3:7: expected an id of its own" },
};

static int load(struct policy **p, const char *text, struct err *e)
{
	assert_int_equal(policy_new(p, e), 0);
	return policy_add(*p, "t", text, strlen(text), e);
}

static void alerts_are_read(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };
		int done = load(&p, rows[i].text, &e);

		if (!rows[i].wrong != (done == 0) || (rows[i].wrong && !strstr(e.text, rows[i].wrong)))
			fail_msg("%s: %s", rows[i].text, done < 0 ? e.text : "read");
		assert_int_equal(policy_alert_count(p), done == 0 ? 1 : 0);
	}
}

/* What cannot be judged concerns it: no agent gets around an alert by an argument of another kind. */
static void doubt_concerns_an_alert(void **state)
{
	static const struct {
		const char *args;
		bool concerned;
	} calls[] = { { "{\"a\":4}", true }, { "{\"a\":3}", false }, { "{\"a\":\"3\"}", true }, { "{}", false } };
	scoped(policy) struct policy *p = NULL;
	struct run_facts run = { 0 };
	struct err e = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(load(&p, ALERT(FIRST ",\"of\":{\"tool\":\"m/*\",\"args\":{\"/a\":{\"above\":3}}}"), &e), 0);
	assert_string_equal(policy_alert(p, 0)->name, "t:a");
	for (i = 0; i < count_of(calls); i++) {
		scoped(json) json_t *args = json_loads(calls[i].args, 0, NULL);
		struct action a = { .kind = ACTION_TOOL_CALL, .server = "m", .tool = "x", .args = args, .run = &run };

		if (alert_concerns(policy_alert(p, 0), &a) != calls[i].concerned)
			fail_msg("%s", calls[i].args);
		a.server = "n";
		assert_false(alert_concerns(policy_alert(p, 0), &a));
	}
}

/* No verdict hangs on an alert: beside a rule that allows it decides nothing. */
static void an_alert_decides_nothing(void **state)
{
	static const char allows[] = "{\"reeve\":\"policy/1\",\"rules\":[{\"id\":\"all\",\"then\":\"allow\",\"when\":{}}]}";
	scoped(policy) struct policy *p = NULL;
	struct run_facts run = { 0 };
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "m", .tool = "x", .run = &run };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(load(&p, ALERT("\"when\":{\"refused\":{\"within\":\"1m\",\"above\":0}}"), &e), 0);
	assert_int_equal(policy_decide(p, &a).reason, REASON_NO_RULE);
	assert_int_equal(policy_add(p, "b", allows, strlen(allows), &e), 0);
	assert_int_equal(policy_decide(p, &a).kind, VERDICT_ALLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alerts_are_read),
		cmocka_unit_test(doubt_concerns_an_alert),
		cmocka_unit_test(an_alert_decides_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/test_broker_alert.c - alerts are raised once, do not flap, and cannot be silenced or made a flood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "broker/alert.h"

#define SECOND UINT64_C(1000000000)

struct stand {
	struct policy *policy;
	struct alerts *alerts;
	struct history *history;
	struct run_facts run;
	uint64_t now, wall_us;
};

static struct policy *policy_of(const char *alert)
{
	char text[1024];
	struct policy *p = NULL;
	struct err e = { 0 };

	snprintf(text, sizeof(text), "{\"reeve\":\"policy/1\",\"layer\":\"runtime\",\"rules\":[],\"alerts\":[{\"id\":\"a\",%s}]}", alert);
	assert_int_equal(policy_new(&p, &e), 0);
	if (policy_add(p, "t", text, strlen(text), &e) < 0)
		fail_msg("%s", e.text);
	return p;
}

static void stand(struct stand *s, const char *alert, struct history *history)
{
	struct err e = { 0 };

	*s = (struct stand){ .policy = policy_of(alert), .history = history, .now = 1000 * SECOND,
			     .wall_us = UINT64_C(1700000000000000) };
	assert_int_equal(alerts_new(&s->alerts, s->policy, history, &e), 0);
}

static void clear(struct stand *s)
{
	alerts_free(s->alerts);
	policy_free(s->policy);
}

/* How often somebody is told, after it was asked `times`; the last of it in *told. */
static unsigned ask(struct stand *s, const char *args, const struct verdict *v, unsigned times, struct alert_told *told)
{
	static const struct risk known = { .total = 0 };
	scoped(json) json_t *object = json_loads(args, 0, NULL);
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "m", .tool = "send", .args = object, .run = &s->run,
			    .risk = &known, .wall_us = s->wall_us };
	unsigned count = 0;

	for (; times > 0; times--) {
		alerts_judged(s->alerts, &a, v, s->now);
		while (alerts_next(told, s->alerts, s->now, false))
			count++;
	}
	return count;
}

static const struct verdict yes = { .kind = VERDICT_ALLOW, .reason = REASON_RULE_ALLOWS };
static const struct verdict no = { .kind = VERDICT_REFUSE, .reason = REASON_RULE_REFUSES, .rule = "p:r" };
static const struct verdict held = { .kind = VERDICT_REVIEW, .reason = REASON_REVIEW };
static const struct verdict guarded = { .kind = VERDICT_REFUSE, .reason = REASON_GUARD, .guard = "admin-role" };

static void later(struct stand *s, uint64_t seconds)
{
	s->now += seconds * SECOND;
	s->wall_us += seconds * 1000000;
}

static void a_rate_is_told_once_until_it_has_ended(void **state)
{
	struct alert_told told = { 0 };
	struct stand s;

	(void)state;
	stand(&s, "\"when\":{\"rate\":{\"within\":\"64s\",\"above\":20}},\"quiet\":\"10m\"", NULL);
	assert_int_equal(ask(&s, "{}", &held, 100, &told), 0); /* it is counted when it is decided */
	assert_int_equal(ask(&s, "{}", &yes, 20, &told), 0);
	assert_int_equal(ask(&s, "{}", &yes, 1, &told), 1);
	assert_int_equal(told.count, 21);
	assert_string_equal(told.server, "m");
	assert_int_equal(ask(&s, "{}", &yes, 1000, &told), 0);
	later(&s, 30);
	assert_int_equal(ask(&s, "{}", &yes, 21, &told), 0);
	later(&s, 700); /* the quiet time is over, and nothing was asked for long */
	assert_int_equal(ask(&s, "{}", &no, 20, &told), 0);
	assert_int_equal(ask(&s, "{}", &no, 1, &told), 1);
	later(&s, 60);
	assert_int_equal(ask(&s, "{}", &yes, 30, &told), 0);
	clear(&s);
}

/* Up and down around the bound for a day: it does not end, so it is told once. */
static void what_hovers_does_not_flap(void **state)
{
	struct alert_told told = { 0 };
	unsigned i, count = 0;
	struct stand s;

	(void)state;
	stand(&s, "\"when\":{\"rate\":{\"within\":\"64s\",\"above\":10}},\"quiet\":\"1m\"", NULL);
	for (i = 0; i < 86400 / 6; i++, later(&s, i % 20 == 0 ? 9 : 6))
		count += ask(&s, "{}", &yes, 1, &told);
	assert_int_equal(count, 1);
	clear(&s);
}

/* What goes on when the quiet time is over, having ended within it, is told then. */
static void quiet_hides_nothing_that_goes_on(void **state)
{
	struct alert_told told = { 0 };
	struct stand s;

	(void)state;
	stand(&s, "\"when\":{\"refused\":{\"within\":\"64s\",\"above\":2}},\"quiet\":\"5m\"", NULL);
	assert_int_equal(ask(&s, "{}", &no, 3, &told), 1);
	assert_string_equal(told.rule, "p:r");
	later(&s, 200);
	assert_int_equal(ask(&s, "{}", &no, 10, &told), 0);
	later(&s, 101);
	assert_int_equal(ask(&s, "{}", &no, 3, &told), 1);
	clear(&s);
}

static void a_share_needs_enough_calls(void **state)
{
	struct alert_told told = { 0 };
	struct stand s;

	(void)state;
	stand(&s, "\"when\":{\"refused\":{\"within\":\"64s\",\"share\":0.5,\"least\":10}}", NULL);
	assert_int_equal(ask(&s, "{}", &no, 9, &told), 0);
	assert_int_equal(ask(&s, "{}", &yes, 1, &told), 1);
	assert_int_equal(told.count, 9);
	clear(&s);
}

static void duplicates_are_the_same_call(void **state)
{
	struct alert_told told = { 0 };
	struct stand s;

	(void)state;
	stand(&s, "\"when\":{\"duplicates\":{\"within\":\"5m\",\"above\":3}},\"quiet\":\"1s\"", NULL);
	assert_int_equal(ask(&s, "{\"a\":1,\"b\":2}", &yes, 3, &told), 0);
	assert_int_equal(ask(&s, "{\"a\":1,\"b\":3}", &yes, 3, &told), 0);
	assert_int_equal(ask(&s, "{\"b\":2,\"a\":1}", &yes, 1, &told), 1);
	assert_int_equal(told.count, 4);
	later(&s, 60);
	assert_int_equal(ask(&s, "{\"c\":1}", &yes, 1, &told), 0); /* another call in between ends nothing */
	assert_int_equal(ask(&s, "{\"a\":1,\"b\":2}", &yes, 1, &told), 0);
	later(&s, 301);
	assert_int_equal(ask(&s, "{\"a\":1,\"b\":2}", &yes, 4, &told), 1);
	clear(&s);
}

/* An agent buries what is alike beneath calls that are not: it is told that this cannot be told. */
static void a_flood_does_not_silence(void **state)
{
	struct alert_told told = { 0 };
	unsigned i, count = 0;
	char args[32];
	struct stand s;

	(void)state;
	stand(&s, "\"when\":{\"duplicates\":{\"within\":\"5m\",\"above\":1}}", NULL);
	assert_int_equal(ask(&s, "{\"x\":0}", &yes, 1, &told), 0);
	for (i = 1; i <= ALERT_CALLS; i++) {
		snprintf(args, sizeof(args), "{\"x\":%u}", i);
		count += ask(&s, args, &yes, 1, &told);
	}
	assert_int_equal(count, 1);
	assert_true(told.doubted);
	clear(&s);
}

static void hours_are_told_each_time_they_come(void **state)
{
	struct alert_told told = { 0 };
	struct stand s;
	unsigned day;

	(void)state;
	stand(&s, "\"when\":{\"hours\":{\"hours\":\"20:00-06:00\"}},\"quiet\":\"1m\"", NULL); /* it is 22:13:20 */
	for (day = 0; day < 3; day++, later(&s, 24 * 3600 - 7200)) {
		assert_int_equal(ask(&s, "{}", &yes, 5, &told), 1);
		later(&s, 7200);
		assert_int_equal(ask(&s, "{}", &yes, 5, &told), 0);
	}
	later(&s, 12 * 3600);
	assert_int_equal(ask(&s, "{}", &yes, 5, &told), 0);
	clear(&s);
}

/* The first at once; those within the quiet time as one, when it is over. */
static void events_are_counted_while_it_is_quiet(void **state)
{
	struct alert_told told = { 0 };
	struct stand s;

	(void)state;
	stand(&s, "\"when\":{\"guard\":[\"admin-*\"]},\"quiet\":\"1m\",\"why\":\"look\"", NULL);
	assert_int_equal(ask(&s, "{}", &no, 5, &told), 0);
	assert_int_equal(ask(&s, "{}", &guarded, 1, &told), 1);
	assert_string_equal(told.guard, "admin-role");
	assert_int_equal(ask(&s, "{}", &guarded, 7, &told), 0);
	assert_true(alerts_deadline(s.alerts) == s.now + 60 * SECOND);
	later(&s, 60);
	assert_true(alerts_next(&told, s.alerts, s.now, false));
	assert_int_equal(told.count, 7);
	assert_false(alerts_next(&told, s.alerts, s.now, false));
	assert_true(alerts_deadline(s.alerts) == UINT64_MAX);
	assert_int_equal(ask(&s, "{}", &guarded, 2, &told), 0);
	assert_true(alerts_next(&told, s.alerts, s.now, true)); /* the run ends: it is recorded, and no more */
	assert_true(told.record_alone);
	assert_int_equal(told.count, 2);
	clear(&s);
}

static void a_new_tool_is_told_also_when_the_run_ends(void **state)
{
	static const struct risk new = { .part = { [RISK_NOVELTY] = 2 }, .total = 2 };
	struct alert_told told = { 0 };
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "m", .tool = "one", .risk = &new };
	struct stand s;

	(void)state;
	stand(&s, "\"when\":{\"first\":\"tool\"}", NULL);
	a.run = &s.run;
	assert_int_equal(ask(&s, "{}", &yes, 5, &told), 0); /* not new */
	alerts_judged(s.alerts, &a, &no, s.now);	      /* not used */
	assert_false(alerts_next(&told, s.alerts, s.now, true));
	alerts_judged(s.alerts, &a, &yes, s.now);
	assert_true(alerts_next(&told, s.alerts, s.now, false));
	assert_string_equal(told.tool, "one");
	a.tool = "two";
	alerts_judged(s.alerts, &a, &yes, s.now);
	assert_false(alerts_next(&told, s.alerts, s.now, false));
	assert_true(alerts_next(&told, s.alerts, s.now, true));
	assert_string_equal(told.tool, "two");
	assert_false(told.record_alone);
	a.risk = NULL; /* whether it is new nobody knows */
	alerts_judged(s.alerts, &a, &yes, s.now);
	later(&s, 601);
	assert_true(alerts_next(&told, s.alerts, s.now, false));
	assert_true(told.doubted);
	clear(&s);
}

/* Two runs of one agent, with one history: the quiet time holds for both, and so does a rate across runs. */
static void it_is_quiet_over_runs(void **state)
{
	struct alert_told told = { 0 };
	struct history *shared = NULL;
	struct stand one, two;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(history_new(&shared, &e), 0);
	stand(&one, "\"when\":{\"guard\":\"*\"}", shared);
	stand(&two, "\"when\":{\"guard\":\"*\"}", shared);
	assert_int_equal(ask(&one, "{}", &guarded, 1, &told), 1);
	assert_int_equal(ask(&two, "{}", &guarded, 3, &told), 0);
	assert_true(alerts_next(&told, two.alerts, two.now, true));
	assert_true(told.record_alone);
	clear(&one);
	clear(&two);
	history_free(shared);
	assert_int_equal(history_new(&shared, &e), 0);
	stand(&one, "\"when\":{\"rate\":{\"within\":\"1h\",\"above\":5,\"across\":\"runs\"}}", shared);
	stand(&two, "\"when\":{\"rate\":{\"within\":\"1h\",\"above\":5,\"across\":\"runs\"}}", shared);
	assert_int_equal(ask(&one, "{}", &yes, 5, &told), 0);
	assert_int_equal(ask(&two, "{}", &yes, 1, &told), 1);
	assert_int_equal(told.count, 6);
	assert_int_equal(ask(&one, "{}", &yes, 100, &told), 0);
	clear(&one);
	clear(&two);
	history_free(shared);
}

/* Without a history a rate over runs cannot be told, which is told once. */
static void doubt_is_told(void **state)
{
	struct alert_told told = { 0 };
	scoped(buf) struct buf why = BUF(256);
	struct stand s;

	(void)state;
	stand(&s, "\"why\":\"look\",\"when\":{\"rate\":{\"within\":\"1h\",\"above\":5,\"across\":\"runs\"}}", NULL);
	assert_int_equal(ask(&s, "{}", &yes, 10, &told), 1);
	assert_true(told.doubted);
	alert_say(&why, told.alert, told.count, told.doubted);
	assert_true(buf_text(&why));
	assert_string_equal(why.data, "look (it cannot be told: the agent's history is not known)");
	clear(&s);
}

/* Another policy with the same alert: what it has told of stays told. */
static void another_policy_goes_on(void **state)
{
	static const char alert[] = "\"when\":{\"rate\":{\"within\":\"64s\",\"above\":2}},\"quiet\":\"2s\"";
	struct alert_told told = { 0 };
	struct policy *next;
	struct stand s;

	(void)state;
	stand(&s, alert, NULL);
	assert_int_equal(ask(&s, "{}", &yes, 3, &told), 1);
	next = policy_of(alert);
	alerts_follow(s.alerts, next);
	policy_free(s.policy);
	s.policy = next;
	later(&s, 3);
	assert_int_equal(ask(&s, "{}", &yes, 10, &told), 0);
	clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_told_once_until_it_has_ended),
		cmocka_unit_test(what_hovers_does_not_flap),
		cmocka_unit_test(quiet_hides_nothing_that_goes_on),
		cmocka_unit_test(a_share_needs_enough_calls),
		cmocka_unit_test(duplicates_are_the_same_call),
		cmocka_unit_test(a_flood_does_not_silence),
		cmocka_unit_test(hours_are_told_each_time_they_come),
		cmocka_unit_test(events_are_counted_while_it_is_quiet),
		cmocka_unit_test(a_new_tool_is_told_also_when_the_run_ends),
		cmocka_unit_test(it_is_quiet_over_runs),
		cmocka_unit_test(doubt_is_told),
		cmocka_unit_test(another_policy_goes_on),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

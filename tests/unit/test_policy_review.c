/* tests/unit/test_policy_review.c - what a rule asks of a person and of the agent: read, and decided. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "policy/policy.h"

#define HEAD "{\"reeve\":\"policy/1\",\n\"rules\":[\n"
#define REVIEW(rest) HEAD "{\"id\":\"r\",\"then\":\"review\",\"when\":{},\n\"review\":{" rest "}}]}"
#define WHEN(when) HEAD "{\"id\":\"r\",\"then\":\"review\",\n\"when\":{" when "},\"review\":{\"by\":1,\"within\":\"1h\"}}]}"
#define THEN(then, rest) HEAD "{\"id\":\"r\",\"then\":\"" then "\",\"when\":{},\n" rest "}]}"
#define STEPS(then) REVIEW("\"by\":[\"a@b\"],\"within\":\"1h\",\n\"then\":" then)

static const struct {
	const char *text, *error; /* NULL: good */
} rows[] = {
	{ REVIEW("\"by\":[\"a@b\"],\"within\":\"15m\""), NULL },
	{ REVIEW("\"by\":[\"leads\"],\"count\":3,\"within\":\"7d\",\"wait\":\"1h\""), NULL },
	{ REVIEW("\"by\":2,\"within\":\"1h\""), NULL },
	{ REVIEW("\"by\":[\"a@b\"],\"within\":\"1h\",\"whithin\":\"1h\""), "t:4:38: unknown member \"whithin\"" },
	{ REVIEW("\"by\":[\"a@b\"]"), "t:4:10: expected a member \"within\"" },
	{ REVIEW("\"within\":\"1h\""), "t:4:10: expected a member \"by\"" },
	{ REVIEW("\"by\":[\"a@b\"],\"within\":\"1\""), "t:4:33: \"within\": expected a time such as" },
	{ REVIEW("\"by\":[\"a@b\"],\"within\":\"0m\""), "t:4:33: \"within\": expected a time" },
	{ REVIEW("\"by\":[\"a@b\"],\"within\":\"8d\""), "t:4:33: \"within\": expected a time" },
	{ REVIEW("\"by\":[\"a@b\"],\"within\":\"-5m\""), "t:4:33: \"within\": expected a time" },
	{ REVIEW("\"by\":[\"a@b\"],\"within\":\"9999999999s\""), "t:4:33: \"within\": expected a time" },
	{ REVIEW("\"by\":[\"a@b\"],\"within\":15"), "t:4:33: " },
	{ REVIEW("\"by\":[\"a@b\"],\"within\":\"1m\",\"wait\":\"2m\""), "t:4:45: \"wait\": expected no more than" },
	{ REVIEW("\"by\":[],\"within\":\"1h\""), "t:4:16: \"by\": expected who may approve" },
	{ REVIEW("\"by\":0,\"within\":\"1h\""), "t:4:16: \"by\": expected an array of reviewers" },
	{ REVIEW("\"by\":17,\"within\":\"1h\""), "t:4:16: \"by\": expected an array of reviewers" },
	{ REVIEW("\"by\":\"a@b\",\"within\":\"1h\""), "t:4:16: \"by\": expected an array of reviewers" },
	{ REVIEW("\"by\":[\"a b\"],\"within\":\"1h\""), "t:4:17: expected a reviewer or group" },
	{ REVIEW("\"by\":[\"\"],\"within\":\"1h\""), "t:4:17: expected a reviewer or group" },
	{ REVIEW("\"by\":[\"a@b\",7],\"within\":\"1h\""), "t:4:23: expected a reviewer or group" },
	{ REVIEW("\"by\":[\"a\\u200b\"],\"within\":\"1h\""), "t:4:17: expected a reviewer or group" },
	{ REVIEW("\"by\":[\"a@b\",\"a@b\"],\"within\":\"1h\""), "t:4:23: expected each reviewer once" },
	{ REVIEW("\"by\":[\"a@b\"],\"count\":0,\"within\":\"1h\""), "t:4:32: \"count\": expected how many people" },
	{ REVIEW("\"by\":[\"a@b\"],\"count\":2,\"within\":\"1h\""), "t:4:32: \"count\": 2 different people must approve, and no more than 1" },
	{ REVIEW("\"by\":[\"a@b\",\"leads\"],\"count\":3,\"within\":\"1h\""), NULL },
	{ REVIEW("\"by\":2,\"count\":2,\"within\":\"1h\""), "t:4:18: \"count\": \"by\" is how many already" },
	{ STEPS("[{\"by\":[\"cfo\"],\"after\":\"10m\"}]"), NULL },
	{ STEPS("[{\"by\":[\"cfo\"],\"after\":\"10m\"},{\"by\":[\"ceo\"],\"after\":\"20m\"},{\"by\":[\"x\"],\"after\":\"59m\"}]"), NULL },
	{ STEPS("[]"), "t:5:8: \"then\": expected 1 to 3 steps" },
	{ STEPS("[{\"by\":[\"b\"],\"after\":\"1m\"},{\"by\":[\"c\"],\"after\":\"2m\"},{\"by\":[\"d\"],\"after\":\"3m\"},{\"by\":[\"e\"],\"after\":\"4m\"}]"),
	  "t:5:8: \"then\": expected 1 to 3 steps" },
	{ STEPS("[{\"by\":[\"b\"],\"after\":\"2m\"},{\"by\":[\"c\"],\"after\":\"2m\"}]"), "t:5:55: \"after\": expected more than" },
	{ STEPS("[{\"by\":[\"b\"],\"after\":\"1h\"}]"), "t:5:29: \"after\": expected less than \"within\"" },
	{ STEPS("[{\"by\":[\"b\"]}]"), "t:5:9: expected a member \"after\"" },
	{ STEPS("[{\"by\":[\"b\"],\"after\":\"1m\",\"count\":2}]"), "t:5:34: unknown member \"count\"" },
	{ STEPS("[{\"by\":[],\"after\":\"1m\"}]"), "t:5:15: \"by\": expected who may approve" },
	{ REVIEW("\"by\":1,\"within\":\"1h\",\"then\":[{\"by\":[\"b\"],\"after\":\"1m\"}]"), "t:4:32: \"then\": \"by\" is a number" },
	{ THEN("allow", "\"review\":{\"by\":1,\"within\":\"1h\"}"), "t:4:1: \"review\" goes with \"then\": \"review\" alone" },
	{ THEN("refuse", "\"review\":{\"by\":1,\"within\":\"1h\"}"), "t:4:1: \"review\" goes with \"then\": \"review\" alone" },
	{ THEN("review", "\"why\":\"w\""), "t:3:18: \"review\": expected beside it who is asked" },
	{ WHEN("\"action\":\"net.connect\""), "t:4:8: a connection cannot wait for a person" },
	{ WHEN("\"host\":\"example.com\""), "t:4:8: a connection cannot wait for a person" },
	{ WHEN("\"server\":\"net\""), "t:4:8: a connection cannot wait for a person" },
	{ WHEN("\"tool\":\"net/example.com:443\""), "t:4:8: a connection cannot wait for a person" },
	{ WHEN("\"action\":\"*\""), "t:4:8: a connection cannot wait for a person" },
	{ WHEN("\"action\":\"sampling.create\""), "t:4:18: \"action\": only tool.call, resource.read and prompt.get" },
	{ WHEN("\"action\":[\"tool.call\",\"roots.list\"]"), "t:4:18: \"action\": only tool.call, resource.read and prompt.get" },
	{ WHEN("\"action\":[\"tool.call\",\"prompt.*\"]"), NULL },
	{ THEN("allow", "\"requires\":[\"trigger\",\"reason\",\"alternatives\"]"), NULL },
	{ THEN("allow", "\"requires\":[]"), "t:4:12: \"requires\": expected an array of trigger" },
	{ THEN("allow", "\"requires\":[\"trigger\",\"trigger\"]"), "t:4:12: \"requires\": expected" },
	{ THEN("allow", "\"requires\":[\"because\"]"), "t:4:12: \"requires\": expected" },
	{ THEN("allow", "\"requires\":\"reason\""), "t:4:12: \"requires\": expected" },
	{ THEN("refuse", "\"requires\":[\"reason\"]"), "t:4:1: \"requires\": what is refused" },
	{ HEAD "{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"action\":\"*\"},\n\"requires\":[\"reason\"]}]}", "t:4:1: \"requires\": only of tool.call" },
	{ HEAD "{\"id\":\"r\",\"then\":\"allow\",\"when\":{\"host\":\"a.b\"},\n\"requires\":[\"reason\"]}]}", "t:4:1: \"requires\": only of tool.call" },
};

static void files_are_checked(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };
		int result;

		assert_int_equal(policy_new(&p, &e), 0);
		result = policy_add(p, "t", rows[i].text, strlen(rows[i].text), &e);
		if (result != (rows[i].error ? -1 : 0))
			fail_msg("row %zu: %s\n%s", i, rows[i].text, e.text);
		if (rows[i].error && strncmp(e.text, rows[i].error, strlen(rows[i].error)) != 0)
			fail_msg("row %zu: %s\nexpected: %s\nfound: %s", i, rows[i].text, rows[i].error, e.text);
	}
}

static void load(struct policy **p, const char *const *files, size_t count)
{
	struct err e = { 0 };
	char name[8];
	size_t i;

	assert_int_equal(policy_new(p, &e), 0);
	for (i = 0; i < count && files[i]; i++) {
		snprintf(name, sizeof(name), "f%zu", i);
		if (policy_add(*p, name, files[i], strlen(files[i]), &e) < 0)
			fail_msg("%s\n%s", files[i], e.text);
	}
}

static void what_is_asked_is_kept(void **state)
{
	static const char *const files[] = {
		HEAD "{\"id\":\"r\",\"then\":\"review\",\"when\":{},\"review\":{\"by\":[\"leads\",\"a@b\"],\"count\":2,"
		     "\"within\":\"2h\",\"wait\":\"30s\",\"then\":[{\"by\":[\"cfo\"],\"after\":\"10m\"}]}},"
		     "{\"id\":\"any\",\"then\":\"review\",\"when\":{},\"review\":{\"by\":3,\"within\":\"20s\"}}]}",
	};
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x" };
	scoped(policy) struct policy *p = NULL;
	const struct review_need *n;
	struct verdict v;

	(void)state;
	load(&p, files, 1);
	v = policy_decide(p, &a);
	assert_int_equal(v.kind, VERDICT_REVIEW);
	assert_int_equal(v.review_count, 2);
	n = v.reviews[0];
	assert_string_equal(n->rule, "f0:r");
	assert_int_equal(n->count, 2);
	assert_int_equal(n->within_s, 7200);
	assert_int_equal(n->wait_s, 30);
	assert_int_equal(n->step_count, 2);
	assert_string_equal(json_string_value(json_array_get(n->steps[0].by, 1)), "a@b");
	assert_int_equal(n->steps[0].after_s, 0);
	assert_string_equal(json_string_value(json_array_get(n->steps[1].by, 0)), "cfo");
	assert_int_equal(n->steps[1].after_s, 600);
	n = v.reviews[1];
	assert_null(n->steps[0].by);
	assert_int_equal(n->count, 3);
	assert_int_equal(n->wait_s, 20);	/* no longer than it is held */
	assert_int_equal(n->step_count, 1);
}

/* In layers, widest first; NULL: none. */
#define FILE_OF(layer, rules) "{\"reeve\":\"policy/1\",\"layer\":\"" layer "\",\"rules\":[" rules "]}"
#define PASS(layer, rules) "{\"reeve\":\"policy/1\",\"layer\":\"" layer "\",\"unmatched\":\"pass\",\"rules\":[" rules "]}"
#define R(id, when) "{\"id\":\"" id "\",\"then\":\"review\",\"when\":{" when "},\"review\":{\"by\":1,\"within\":\"1h\"}}"
#define A(id, when) "{\"id\":\"" id "\",\"then\":\"allow\",\"when\":{" when "}}"
#define X(id, when) "{\"id\":\"" id "\",\"then\":\"refuse\",\"when\":{" when "}}"
#define Q(id, when, claims) "{\"id\":\"" id "\",\"then\":\"allow\",\"when\":{" when "},\"requires\":[" claims "]}"
#define JOIN8(id) R(id "1", "") "," R(id "2", "") "," R(id "3", "") "," R(id "4", "") "," R(id "5", "") "," R(id "6", "") "," R(id "7", "") "," R(id "8", "")

static const struct {
	const char *files[3];
	const char *expect; /* "kind reason rule", and the rules that ask for a review */
	struct action a;
} asked[] = {
	{ { FILE_OF("action", A("a", "") "," R("r", "")) }, "review review f0:r, f0:r", { .tool = "x" } },
	{ { FILE_OF("action", R("r", "") "," A("a", "")) }, "review review f0:r, f0:r", { .tool = "x" } },
	{ { FILE_OF("action", R("r", "")) }, "review review f0:r, f0:r", { .tool = "x" } },
	{ { FILE_OF("action", R("r", "") "," X("x", "")) }, "refuse rule-refuses f0:x", { .tool = "x" } },
	{ { FILE_OF("action", R("r", "")), FILE_OF("global", "") }, "refuse no-rule -", { .tool = "x" } },
	{ { FILE_OF("action", R("r", "")), PASS("global", "") }, "review review f0:r, f0:r", { .tool = "x" } },
	{ { FILE_OF("action", A("a", "")), PASS("global", R("r", "")) }, "review review f1:r, f1:r", { .tool = "x" } },
	{ { FILE_OF("action", R("z", "")), FILE_OF("global", R("b", "") "," R("a", "")) },
	  "review review f1:b, f1:b, f1:a, f0:z", { .tool = "x" } },
	{ { FILE_OF("action", R("r", "\"tool\":\"s/x\"") "," R("w", "\"tool\":\"s/*\"") "," R("o", "\"tool\":\"s/y\"")) },
	  "review review f0:r, f0:r, f0:w", { .tool = "x" } },
	{ { FILE_OF("action", R("r", "\"tool\":[\"s/x\",\"s/*\"]")) }, "review review f0:r, f0:r", { .tool = "x" } },
	{ { FILE_OF("action", A("a", "") "," R("r", "\"category\":\"pay\"")) }, "refuse undecidable f0:r", { .tool = "x" } },
	{ { FILE_OF("action", A("a", "") "," R("r", "\"category\":\"pay\"")) }, "review review f0:r, f0:r", { .tool = "x", .category = "pay" } },
	{ { FILE_OF("action", A("a", "") "," R("r", "\"category\":\"pay\"")) }, "allow rule-allows f0:a", { .tool = "x", .category = "see" } },
	{ { FILE_OF("action", A("a", "") "," R("r", "\"scope\":\"pay\"")) }, "refuse undecidable f0:r", { .tool = "x" } },
	{ { FILE_OF("action", A("a", "") "," R("r", "\"args\":{\"/n\":{\"not\":{\"equal\":1}}}")) }, "refuse undecidable f0:r", { .tool = "x" } },
	{ { FILE_OF("action", JOIN8("r")) }, "review review f0:r1, f0:r1, f0:r2, f0:r3, f0:r4, f0:r5, f0:r6, f0:r7, f0:r8", { .tool = "x" } },
	{ { FILE_OF("action", JOIN8("r")), FILE_OF("tenant", R("t", "")) }, "refuse undecidable f1:t", { .tool = "x" } },
	{ { FILE_OF("action", JOIN8("r")), FILE_OF("tenant", R("t", "") "," X("x", "")) }, "refuse rule-refuses f1:x", { .tool = "x" } },
	{ { FILE_OF("action", R("r", "")) }, "review review f0:r, f0:r", { .kind = ACTION_RESOURCE_READ, .tool = "file:///x" } },
	{ { FILE_OF("action", R("r", "")) }, "refuse no-rule -", { .kind = ACTION_SAMPLING, .tool = "sampling/createMessage" } },
	{ { FILE_OF("action", R("r", "\"action\":\"prompt.get\"")) }, "refuse no-rule -", { .tool = "x" } },
	{ { FILE_OF("action", Q("q", "", "\"reason\"")) }, "refuse no-claim f0:q", { .tool = "x" } },
	{ { FILE_OF("action", Q("q", "", "\"reason\"")) }, "refuse no-claim f0:q", { .tool = "x", .claims = { "t", " \n", "a" } } },
	{ { FILE_OF("action", Q("q", "", "\"reason\"")) }, "allow rule-allows f0:q", { .tool = "x", .claims = { NULL, "why", NULL } } },
	{ { FILE_OF("action", A("a", "") "," Q("q", "", "\"reason\"")) }, "refuse no-claim f0:q", { .tool = "x" } },
	{ { FILE_OF("action", A("a", "") "," Q("q", "\"tool\":\"s/y\"", "\"reason\"")) }, "allow rule-allows f0:a", { .tool = "x" } },
	{ { FILE_OF("action", A("a", "") "," Q("q", "\"category\":\"pay\"", "\"reason\"")) }, "refuse no-claim f0:q", { .tool = "x" } },
	{ { FILE_OF("action", A("a", "") "," Q("q", "\"category\":\"pay\"", "\"reason\"")) }, "allow rule-allows f0:a", { .tool = "x", .category = "see" } },
	{ { FILE_OF("action", A("a", "") "," Q("b", "", "\"reason\"") "," Q("c", "", "\"trigger\"")) }, "refuse no-claim f0:c", { .tool = "x", .claims = { NULL, "why", NULL } } },
	{ { FILE_OF("action", Q("q", "", "\"reason\"") "," X("x", "")) }, "refuse rule-refuses f0:x", { .tool = "x" } },
	{ { FILE_OF("action", Q("q", "", "\"reason\"") "," R("r", "")) }, "refuse no-claim f0:q", { .tool = "x" } },
	{ { FILE_OF("action", Q("q", "", "\"reason\"") "," R("r", "")) }, "review review f0:r, f0:r", { .tool = "x", .claims = { NULL, "why", NULL } } },
};

static void describe(struct buf *out, const struct verdict *v)
{
	static const char *const kinds[] = { [VERDICT_REFUSE] = "refuse", [VERDICT_REVIEW] = "review", [VERDICT_ALLOW] = "allow" };
	size_t i;

	buf_printf(out, "%s %s %s", kinds[v->kind], reason_word(v->reason), v->rule ? v->rule : "-");
	for (i = 0; i < v->review_count; i++)
		buf_printf(out, ", %s", v->reviews[i]->rule);
}

static void rules_are_joined(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(asked); i++) {
		scoped(policy) struct policy *p = NULL;
		scoped(buf) struct buf found = BUF(1024);
		struct action a = asked[i].a;
		struct verdict v;

		a.kind = a.kind == ACTION_MESSAGE ? ACTION_TOOL_CALL : a.kind;
		a.server = "s";
		load(&p, asked[i].files, count_of(asked[i].files));
		v = policy_decide(p, &a);
		describe(&found, &v);
		if (strcmp(buf_text(&found), asked[i].expect) != 0)
			fail_msg("row %zu\nexpected: %s\nfound: %s", i, asked[i].expect, buf_text(&found));
	}
}

/* What may be had after a review is listed; what is refused anyway is not. */
static void reviewed_is_listed(void **state)
{
	static const char *const files[] = { FILE_OF("action", R("r", "\"tool\":\"s/x\"") "," R("w", "\"tool\":\"s/y\"") "," X("x", "\"tool\":\"s/y\"")) };
	scoped(policy) struct policy *p = NULL;

	(void)state;
	load(&p, files, 1);
	assert_true(policy_may_allow(p, NULL, ACTION_TOOL_CALL, "s", "x"));
	assert_true(policy_may_allow(p, NULL, ACTION_RESOURCE_READ, "s", "x"));
	assert_false(policy_may_allow(p, NULL, ACTION_SAMPLING, "s", "x"));
	assert_false(policy_may_allow(p, NULL, ACTION_TOOL_CALL, "s", "y"));
	assert_true(policy_may_allow(p, NULL, ACTION_SERVER_START, "s", NULL));
	assert_false(policy_may_allow(p, NULL, ACTION_SERVER_START, "net", NULL));
}

static void the_agent_is_told_what_to_send(void **state)
{
	static const struct {
		const char *claims, *made[CLAIMS], *why;
	} rows_of[] = {
		{ "\"trigger\"", { NULL }, "send \"reeve/trigger\" (what set it off) in _meta" },
		{ "\"reason\",\"trigger\"", { "x" }, "send \"reeve/reason\" (why it is needed) in _meta" },
		{ "\"reason\",\"trigger\",\"alternatives\"", { NULL }, "\"reeve/trigger\" (what set it off), \"reeve/reason\" (why it is needed) and \"reeve/alternatives\"" },
		{ "\"reason\",\"alternatives\"", { "x" }, "\"reeve/reason\" (why it is needed) and \"reeve/alternatives\"" },
		{ "\"trigger\",\"alternatives\"", { NULL, "x" }, "\"reeve/trigger\" (what set it off) and \"reeve/alternatives\"" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows_of); i++) {
		scoped(policy) struct policy *p = NULL;
		scoped(buf) struct buf text = BUF(1024);
		struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x" };
		const char *file;
		struct verdict v;

		buf_printf(&text, FILE_OF("action", Q("q", "", "%s")), rows_of[i].claims);
		file = buf_text(&text);
		load(&p, &file, 1);
		memcpy(a.claims, rows_of[i].made, sizeof(a.claims));
		v = policy_decide(p, &a);
		assert_int_equal(v.reason, REASON_NO_CLAIM);
		assert_non_null(strstr(v.why, rows_of[i].why));
		assert_int_equal(v.layers[POLICY_ACTION].word, SAID_REFUSE);
	}
}

/* What the agent is for: any of it will do. */
static void scopes_are_asked(void **state)
{
	static const struct {
		const char *rule, *scopes, *expect;
	} rows_of[] = {
		{ A("a", "\"scope\":\"mail\""), "[\"pay\",\"mail\"]", "rule-allows" },
		{ A("a", "\"scope\":[\"mail\",\"pay.*\"]"), "[\"pay.small\"]", "rule-allows" },
		{ A("a", "\"scope\":\"mail\""), "[\"pay\"]", "no-rule" },
		{ A("a", "\"scope\":\"mail\""), "[]", "no-rule" },
		{ A("a", "\"scope\":\"mail\""), "null", "no-rule" },
		{ A("a", "") "," X("x", "\"scope\":\"mail\""), "[\"pay\"]", "rule-allows" },
		{ A("a", "") "," X("x", "\"scope\":\"mail\""), "[\"mail\"]", "rule-refuses" },
		{ A("a", "") "," X("x", "\"scope\":\"mail\""), "null", "undecidable" },
		{ A("a", "") "," X("x", "\"scope\":\"mail\""), "[\"m\\u200bail\"]", "undecidable" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows_of); i++) {
		scoped(policy) struct policy *p = NULL;
		scoped(buf) struct buf text = BUF(1024);
		scoped(json) json_t *scopes = json_loads(rows_of[i].scopes, JSON_DECODE_ANY, NULL);
		struct run_facts run = { .scopes = json_is_array(scopes) ? scopes : NULL };
		struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x", .run = &run };
		const char *file;

		buf_printf(&text, FILE_OF("action", "%s"), rows_of[i].rule);
		file = buf_text(&text);
		load(&p, &file, 1);
		if (strcmp(reason_word(policy_decide(p, &a).reason), rows_of[i].expect) != 0)
			fail_msg("row %zu: %s", i, reason_word(policy_decide(p, &a).reason));
	}
}

#ifndef __SANITIZE_ADDRESS__
static size_t allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
	allocations++;
	return __libc_realloc(at, size);
}

/* Whatever is decided: what the agent can ask for as often as it likes takes no memory to refuse. */
static void deciding_allocates_nothing(void **state)
{
	scoped(json) json_t *doc = json_pack("{s:i,s:s}", "amount", 600, "to", "x");
	struct run_facts run = { .party = { [PARTY_AGENT] = "a1" } };
	size_t i, before;

	(void)state;
	for (i = 0; i < count_of(asked); i++) {
		scoped(policy) struct policy *p = NULL;
		struct action a = asked[i].a;

		a.kind = a.kind == ACTION_MESSAGE ? ACTION_TOOL_CALL : a.kind;
		a.server = "s";
		a.args = doc;
		a.run = &run;
		load(&p, asked[i].files, count_of(asked[i].files));
		before = allocations;
		assert_true(before > 0);
		(void)policy_decide(p, &a);
		assert_true(policy_questions(p, &a));
		assert_int_equal(allocations, before);
	}
}
#endif

/* Groups and people with a key, as a policy's `by` may name them. */
static int count_people(size_t *out, void *whose, const json_t *asked_for, struct err *e)
{
	static const struct {
		const char *name;
		unsigned people; /* bits */
	} known[] = { { "leads", 3 }, { "a@b", 1 }, { "c@d", 4 }, { "cfo", 8 }, { "empty", 0 } };
	unsigned found = 0;
	size_t i, k;

	(void)whose, (void)e;
	for (i = 0; i < json_array_size(asked_for); i++)
		for (k = 0; k < count_of(known); k++)
			if (strcmp(json_string_value(json_array_get(asked_for, i)), known[k].name) == 0)
				found |= known[k].people;
	found = asked_for ? found : 15;
	for (*out = 0; found; found &= found - 1)
		++*out;
	return 0;
}

static void somebody_must_be_there(void **state)
{
	static const struct {
		const char *text, *error;
	} rows_of[] = {
		{ REVIEW("\"by\":[\"leads\"],\"count\":2,\"within\":\"1h\""), NULL },
		{ REVIEW("\"by\":[\"leads\",\"a@b\"],\"count\":3,\"within\":\"1h\""),
		  "t:4:40: 3 different people must approve, and 2 of them have a key" },
		{ REVIEW("\"by\":[\"leads\",\"c@d\"],\"count\":3,\"within\":\"1h\""), NULL },
		{ REVIEW("\"by\":[\"nobody\",\"empty\"],\"within\":\"1h\""), "t:4:16: nobody who could approve is among them" },
		{ REVIEW("\"by\":[\"nobody\",\"cfo\"],\"within\":\"1h\""), NULL },
		{ REVIEW("\"by\":4,\"within\":\"1h\""), NULL },
		{ REVIEW("\"by\":5,\"within\":\"1h\""), "t:4:16: 5 different people must approve, and 4 of them" },
		{ REVIEW("\"by\":[\"a@b\"],\"within\":\"1h\",\n\"then\":[{\"by\":[\"cfo\"],\"after\":\"1m\"},{\"by\":[\"ceo\"],\"after\":\"2m\"}]"),
		  "t:5:43: nobody who could approve is among them" },
		{ REVIEW("\"by\":[\"a@b\"],\"count\":2,\"within\":\"1h\",\"then\":[{\"by\":[\"cfo\",\"a@b\"],\"after\":\"1m\"}]"), NULL },
		{ REVIEW("\"by\":[\"leads\"],\"count\":3,\"within\":\"1h\",\"then\":[{\"by\":[\"a@b\"],\"after\":\"1m\"}]"),
		  "t:4:34: 3 different people must approve, and 2 of them" },
		{ THEN("allow", "\"why\":\"w\""), NULL },
	};
	const struct policy_people people = { .count = count_people };
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows_of); i++) {
		scoped(policy) struct policy *p = NULL;
		struct err e = { 0 };
		int result;

		assert_int_equal(policy_new(&p, &e), 0);
		assert_int_equal(policy_add(p, "before", FILE_OF("action", A("a", "") "," A("b", "")),
					    strlen(FILE_OF("action", A("a", "") "," A("b", ""))), &e), 0);
		assert_int_equal(policy_add(p, "t", rows_of[i].text, strlen(rows_of[i].text), &e), 0);
		assert_int_equal(policy_asks_review(p), strstr(rows_of[i].text, "\"review\"") != NULL);
		result = policy_reviewers(p, &people, &e);
		if (result != (rows_of[i].error ? -1 : 0) ||
		    (rows_of[i].error && strncmp(e.text, rows_of[i].error, strlen(rows_of[i].error)) != 0))
			fail_msg("row %zu: %s\nexpected: %s\nfound: %s", i, rows_of[i].text, rows_of[i].error, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_checked),
		cmocka_unit_test(what_is_asked_is_kept),
		cmocka_unit_test(rules_are_joined),
		cmocka_unit_test(reviewed_is_listed),
		cmocka_unit_test(the_agent_is_told_what_to_send),
		cmocka_unit_test(scopes_are_asked),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(deciding_allocates_nothing),
#endif
		cmocka_unit_test(somebody_must_be_there),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

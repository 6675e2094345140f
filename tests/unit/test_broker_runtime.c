/* tests/unit/test_broker_runtime.c - what a run has done so far is counted, whatever an agent does to be forgotten. */
#include "broker_stage.h"

#include <sys/mman.h>

const char policy_text[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"runtime\",\"rules\":["
	"{\"id\":\"all\",\"then\":\"allow\",\"when\":{\"tool\":\"*/*\"}},"
	"{\"id\":\"ask\",\"then\":\"allow\",\"when\":{\"action\":\"elicitation.create\"}},"
	"{\"id\":\"thrice\",\"then\":\"refuse\",\"when\":{\"tool\":\"run/count\",\"calls\":{\"of\":\"tool\",\"above\":3}}},"
	"{\"id\":\"out\",\"then\":\"refuse\",\"when\":{\"tool\":\"fs/send\",\"taint\":[\"private\",\"untrusted\"]}}]}";

static const char allow_all[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[{\"id\":\"all\",\"then\":\"allow\",\"when\":{\"tool\":\"*/*\"}}]}";

static const uint64_t SECOND = 1000000000, START = 77000000000;

static struct policy *policy_of(const char *when)
{
	static char text[1024];
	struct policy *p = NULL;
	struct err e = { 0 };

	snprintf(text, sizeof(text), "{\"reeve\":\"policy/1\",\"layer\":\"runtime\",\"unmatched\":\"pass\",\"rules\":["
				     "{\"id\":\"r\",\"then\":\"refuse\",\"when\":{%s}}]}", when);
	must_ok(policy_new(&p, &e), &e);
	must_ok(policy_add(p, "all", allow_all, strlen(allow_all), &e), &e);
	must_ok(policy_add(p, "t", text, strlen(text), &e), &e);
	return p;
}

struct trial {
	struct policy *p;
	struct runtime *r;
	struct history *h;
};

static struct trial try(const char *when)
{
	struct trial t = { .p = policy_of(when) };
	struct err e = { 0 };

	must_ok(runtime_new(&t.r, t.p, NULL, &e), &e);
	assert_non_null(t.r);
	return t;
}

static void leave(struct trial *t)
{
	runtime_free(t->r);
	history_free(t->h);
	policy_free(t->p);
}

/* As the broker does: asked, judged, counted. */
static enum reason call_at(struct trial *t, const char *server, const char *tool, const char *args, uint64_t now)
{
	scoped(json) json_t *given = args ? json_loads(args, 0, NULL) : NULL;
	struct action a = { .kind = ACTION_TOOL_CALL, .server = server, .tool = tool, .args = given };
	struct verdict v;

	a.runtime = runtime_ask(t->r, &a, now);
	v = policy_decide(t->p, &a);
	runtime_judged(t->r, &a, v.kind, now);
	return v.reason;
}

/* What its argument says is spent. */
static enum reason spend_at(struct trial *t, const char *tool, const char *amount, uint64_t now)
{
	char args[64];

	snprintf(args, sizeof(args), "{\"amount\":%s}", amount);
	return call_at(t, "s", tool, args, now);
}

static void many(struct trial *t, unsigned count, const char *tool, uint64_t now)
{
	while (count-- > 0)
		assert_int_equal(call_at(t, "s", tool, NULL, now), REASON_RULE_ALLOWS);
}

static unsigned part(struct trial *t, struct action *a, enum risk_part p, uint64_t now)
{
	struct risk risk;

	a->runtime = runtime_ask(t->r, a, now);
	assert_ptr_equal(runtime_risk(t->r, &risk), &risk);
	runtime_judged(t->r, a, policy_decide(t->p, a).kind, now);
	return risk.part[p];
}

static void a_budget_is_kept(void **state)
{
	struct trial t = try("\"tool\":[\"s/x\",\"s/y\"],\"spent\":{\"arg\":\"/amount\",\"of\":\"tool\",\"within\":\"1h\",\"above\":10}");

	(void)state;
	assert_int_equal(spend_at(&t, "x", "9.9", START), REASON_RULE_ALLOWS);
	assert_int_equal(spend_at(&t, "x", "0.2", START), REASON_RULE_REFUSES);	/* and so it was not spent */
	assert_int_equal(spend_at(&t, "X", "0.2", START), REASON_RULE_ALLOWS);	/* the rule does not speak of it; it is the tool's */
	assert_int_equal(spend_at(&t, "x", "0", START), REASON_RULE_REFUSES);
	assert_int_equal(spend_at(&t, "y", "10", START), REASON_RULE_ALLOWS);
	assert_int_equal(spend_at(&t, "y", "0.0000001", START), REASON_RULE_REFUSES);
	assert_int_equal(spend_at(&t, "y", "\"1\"", START), REASON_UNDECIDABLE);
	assert_int_equal(spend_at(&t, "y", "-5", START), REASON_UNDECIDABLE);
	assert_int_equal(call_at(&t, "s", "y", NULL, START), REASON_UNDECIDABLE);
	assert_int_equal(call_at(&t, "s", "z", NULL, START), REASON_RULE_ALLOWS);
	assert_int_equal(spend_at(&t, "y", "1e300", START + 3700 * SECOND), REASON_RULE_REFUSES);
	assert_int_equal(spend_at(&t, "y", "10", START + 3700 * SECOND), REASON_RULE_ALLOWS);
	leave(&t);
}

/* A thousand tenths are a hundred. */
static void nothing_is_lost_in_fractions(void **state)
{
	struct trial t = try("\"spent\":{\"arg\":\"/amount\",\"of\":\"run\",\"above\":100}");
	unsigned i;

	(void)state;
	for (i = 0; i < 1000; i++)
		assert_int_equal(spend_at(&t, i % 2 ? "x" : "y", "0.1", START), REASON_RULE_ALLOWS);
	assert_int_equal(spend_at(&t, "x", "0.000001", START), REASON_RULE_REFUSES);
	assert_int_equal(spend_at(&t, "x", "0", START), REASON_RULE_ALLOWS);
	leave(&t);
}

/* Held, it is spent by nobody yet, and by who is asked later it may be; approved, it is. */
static void what_is_held_is_spent_later(void **state)
{
	struct trial t = try("\"spent\":{\"arg\":\"/amount\",\"of\":\"run\",\"above\":10}");
	scoped(json) json_t *args = json_pack("{s:i}", "amount", 9);
	struct action held = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x", .args = args };

	(void)state;
	runtime_ask(t.r, &held, START);
	runtime_put_off(t.r);
	assert_int_equal(spend_at(&t, "x", "9", START), REASON_RULE_ALLOWS);
	held.runtime = runtime_ask(t.r, &held, START);
	assert_int_equal(policy_decide(t.p, &held).reason, REASON_RULE_REFUSES);
	runtime_judged(t.r, &held, VERDICT_ALLOW, START);	/* a person's word, whoever gave it */
	assert_int_equal(spend_at(&t, "x", "0", START), REASON_RULE_REFUSES);
	leave(&t);
	t = try("\"spent\":{\"arg\":\"/amount\",\"of\":\"run\",\"above\":10}");
	runtime_judged(t.r, &held, VERDICT_ALLOW, START);	/* never asked about in this run */
	assert_int_equal(spend_at(&t, "x", "2", START), REASON_RULE_REFUSES);
	assert_int_equal(spend_at(&t, "x", "1", START), REASON_RULE_ALLOWS);
	leave(&t);
}

static int history_file(void)
{
	int fd = memfd_create("history", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, HISTORY_SIZE), 0);
	return fd;
}

/* A run of the agent whose history that is. */
static struct trial run_with(int fd, const char *when)
{
	struct trial t = { .p = policy_of(when) };
	struct err e = { 0 };

	must_ok(history_open(&t.h, fd, "boot", history_now(), &e), &e);
	must_ok(runtime_new(&t.r, t.p, t.h, &e), &e);
	return t;
}

static const char across[] = "\"calls\":{\"of\":\"agent\",\"within\":\"1d\",\"above\":3,\"across\":\"runs\"}";

static void runs_count_together(void **state)
{
	scoped(fd) int fd = history_file(), other = history_file();
	struct trial one = run_with(fd, across), two = run_with(fd, across), stranger = run_with(other, across);
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x" };

	(void)state;
	assert_int_equal(call_at(&one, "s", "x", NULL, START), REASON_RULE_ALLOWS);
	assert_int_equal(call_at(&two, "s", "y", NULL, START), REASON_RULE_ALLOWS);
	runtime_ask(one.r, &a, START);	/* and while it is being judged the other asks for the last two */
	assert_int_equal(call_at(&two, "s", "y", NULL, START), REASON_RULE_REFUSES);
	runtime_judged(one.r, &a, VERDICT_REFUSE, START);
	assert_int_equal(call_at(&two, "s", "y", NULL, START), REASON_RULE_ALLOWS);
	assert_int_equal(call_at(&one, "s", "x", NULL, START), REASON_RULE_REFUSES);
	leave(&two);
	two = run_with(fd, across);
	assert_int_equal(call_at(&two, "s", "y", NULL, START), REASON_RULE_REFUSES);
	assert_int_equal(call_at(&stranger, "s", "y", NULL, START), REASON_RULE_ALLOWS);
	leave(&one);
	leave(&two);
	leave(&stranger);
}

static void a_tool_is_new_once(void **state)
{
	scoped(fd) int fd = history_file();
	struct trial t = run_with(fd, "\"tool\":\"s/no\"");
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x" }, no = a;

	(void)state;
	no.tool = "no";
	assert_int_equal(part(&t, &a, RISK_NOVELTY, START), 2);
	assert_int_equal(part(&t, &a, RISK_NOVELTY, START), 0);
	assert_int_equal(part(&t, &no, RISK_NOVELTY, START), 2);
	leave(&t);
	t = run_with(fd, "\"tool\":\"s/no\"");
	assert_int_equal(part(&t, &a, RISK_NOVELTY, START), 0);
	assert_int_equal(part(&t, &no, RISK_NOVELTY, START), 2);
	leave(&t);
}

/* What cannot be believed refuses what counts by it, and leaves all else alone. */
static void a_lie_refuses(void **state)
{
	scoped(fd) int fd = history_file();
	struct trial t = run_with(fd, across);
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x" };
	struct risk risk;

	(void)state;
	assert_int_equal(call_at(&t, "s", "x", NULL, START), REASON_RULE_ALLOWS);
	leave(&t);
	assert_int_equal(ftruncate(fd, 4096), 0);
	t = run_with(fd, across);
	assert_non_null(history_doubt(t.h));
	assert_int_equal(call_at(&t, "s", "x", NULL, START), REASON_UNDECIDABLE);
	runtime_ask(t.r, &a, START);
	assert_null(runtime_risk(t.r, &risk));
	leave(&t);
	t = run_with(fd, "\"calls\":{\"of\":\"run\",\"above\":1}");
	assert_int_equal(call_at(&t, "s", "x", NULL, START), REASON_RULE_ALLOWS);
	assert_int_equal(call_at(&t, "s", "x", NULL, START), REASON_RULE_REFUSES);
	leave(&t);
	t = try(across);	/* nobody keeps one */
	assert_int_equal(call_at(&t, "s", "x", NULL, START), REASON_UNDECIDABLE);
	leave(&t);
}

/* What another policy asks is known, as if it always had. */
static void another_policy_finds_what_was(void **state)
{
	struct trial t = try("\"tool\":\"s/no\"");
	struct policy *first = t.p;
	unsigned i;

	(void)state;
	many(&t, 5, "x", START);
	for (i = 0; i < 3; i++)
		assert_int_equal(call_at(&t, "s", "no", NULL, START), REASON_RULE_REFUSES);
	t.p = policy_of("\"calls\":{\"of\":\"tool\",\"within\":\"1h\",\"above\":5}");
	runtime_follow(t.r, t.p);
	assert_int_equal(call_at(&t, "s", "x", NULL, START), REASON_RULE_REFUSES);
	policy_free(first);
	first = t.p;
	t.p = policy_of("\"refusals\":{\"last\":4,\"above\":0.9}");
	runtime_follow(t.r, t.p);
	assert_int_equal(call_at(&t, "s", "x", NULL, START), REASON_RULE_REFUSES);
	policy_free(first);
	first = t.p;
	t.p = policy_of("\"repeated\":{\"within\":\"1h\",\"above\":5}");
	runtime_follow(t.r, t.p);
	assert_int_equal(call_at(&t, "s", "x", NULL, START), REASON_RULE_REFUSES);
	policy_free(first);
	leave(&t);
}

/* The same call: the third, and the tenth; what was refused was not made, and what is held is not yet. */
static void risk_grows_with_what_was_done(void **state)
{
	struct trial t = try("\"tool\":\"s/no\"");
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x", .class = "low", .flow_known = true };
	struct action no = a, message = { .kind = ACTION_MESSAGE };
	struct risk risk;
	unsigned i;

	(void)state;
	no.tool = "no";
	assert_int_equal(part(&t, &no, RISK_NOVELTY, START), 2);
	assert_int_equal(part(&t, &no, RISK_NOVELTY, START), 2);
	runtime_ask(t.r, &a, START);
	runtime_judged(t.r, &a, VERDICT_REVIEW, START);
	for (i = 1; i <= 11; i++) {
		assert_int_equal(part(&t, &a, RISK_REPEAT, START + i), i >= 10 ? 2 : i >= 3);
		assert_int_equal(part(&t, &no, RISK_REPEAT, START), 0);
	}
	assert_int_equal(part(&t, &a, RISK_NOVELTY, START + 601 * SECOND), 0);
	assert_int_equal(part(&t, &a, RISK_REPEAT, START + 1202 * SECOND), 0);
	assert_int_equal(part(&t, &a, RISK_TAINT, START), 0);
	runtime_brought(t.r, &a, 3);
	a.flow = FLOW_READS_PRIVATE;
	runtime_brought(t.r, &a, 4);
	assert_int_equal(part(&t, &a, RISK_TAINT, START), 1);
	a.flow = FLOW_SENDS_OUTSIDE;
	assert_int_equal(part(&t, &a, RISK_TAINT, START), 2);
	a.flow_known = false;
	assert_int_equal(part(&t, &a, RISK_TAINT, START), 2);
	assert_int_equal(part(&t, &a, RISK_CLASS, START), 1);
	runtime_ask(t.r, &message, START);
	assert_null(runtime_risk(t.r, &risk));
	leave(&t);
}

static void the_one_too_many_is_refused(void **state)
{
	struct trial t = try("\"calls\":{\"of\":\"tool\",\"above\":20}");

	(void)state;
	many(&t, 20, "x", START);
	assert_int_equal(call_at(&t, "s", "x", NULL, START), REASON_RULE_REFUSES);
	assert_int_equal(call_at(&t, "s", "X", NULL, START), REASON_RULE_REFUSES);	/* in any case */
	assert_int_equal(call_at(&t, "S", "x", NULL, START), REASON_RULE_REFUSES);
	assert_int_equal(call_at(&t, "s", "y", NULL, START), REASON_RULE_ALLOWS);
	assert_int_equal(call_at(&t, "sx", "", NULL, START), REASON_RULE_ALLOWS);	/* not by what is written together */
	leave(&t);
	t = try("\"calls\":{\"of\":\"server\",\"above\":20}");
	many(&t, 12, "x", START);
	many(&t, 8, "y", START);
	assert_int_equal(call_at(&t, "s", "z", NULL, START), REASON_RULE_REFUSES);
	assert_int_equal(call_at(&t, "u", "z", NULL, START), REASON_RULE_ALLOWS);
	leave(&t);
	t = try("\"calls\":{\"of\":\"run\",\"above\":20}");
	many(&t, 20, "x", START);
	assert_int_equal(call_at(&t, "u", "z", NULL, START), REASON_RULE_REFUSES);
	leave(&t);
}

static void a_category_is_counted_if_known(void **state)
{
	struct trial t = try("\"calls\":{\"of\":\"category\",\"above\":1}");
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x", .category = "data.read" };

	(void)state;
	runtime_judged(t.r, &a, VERDICT_ALLOW, START);
	a.runtime = runtime_ask(t.r, &a, START);
	assert_int_equal(policy_decide(t.p, &a).reason, REASON_RULE_REFUSES);
	a.category = "data.write";
	a.runtime = runtime_ask(t.r, &a, START);
	assert_int_equal(policy_decide(t.p, &a).reason, REASON_RULE_ALLOWS);
	a.category = NULL;
	a.runtime = runtime_ask(t.r, &a, START);
	assert_int_equal(policy_decide(t.p, &a).reason, REASON_UNDECIDABLE);
	leave(&t);
}

/* A window that slides, of any clock that only goes on. */
static void a_rate_is_of_its_time(void **state)
{
	struct trial t = try("\"calls\":{\"of\":\"tool\",\"within\":\"60s\",\"above\":3}");

	(void)state;
	many(&t, 1, "x", START);
	many(&t, 2, "x", START + 30 * SECOND);
	assert_int_equal(call_at(&t, "s", "x", NULL, START + 60 * SECOND - 1), REASON_RULE_REFUSES);
	many(&t, 1, "x", START + 60 * SECOND);	/* the first is out of it; what was refused was not made */
	assert_int_equal(call_at(&t, "s", "x", NULL, START + 60 * SECOND), REASON_RULE_REFUSES);
	many(&t, 3, "x", START + 300 * SECOND);
	assert_int_equal(call_at(&t, "s", "x", NULL, START + 301 * SECOND), REASON_RULE_REFUSES);
	leave(&t);
}

static void the_same_again(void **state)
{
	struct trial t = try("\"repeated\":{\"within\":\"5m\",\"above\":2}");

	(void)state;
	assert_int_equal(call_at(&t, "s", "x", "{\"a\":1,\"b\":[true,0.5]}", START), REASON_RULE_ALLOWS);
	assert_int_equal(call_at(&t, "s", "x", "{\"b\":[true,0.5],\"a\":1}", START), REASON_RULE_ALLOWS);
	assert_int_equal(call_at(&t, "s", "x", "{ \"b\":[true, 0.50], \"a\":1 }", START), REASON_RULE_REFUSES);
	assert_int_equal(call_at(&t, "s", "x", "{\"a\":2,\"b\":[true,0.5]}", START), REASON_RULE_ALLOWS);
	assert_int_equal(call_at(&t, "s", "y", "{\"a\":1,\"b\":[true,0.5]}", START), REASON_RULE_ALLOWS);
	assert_int_equal(call_at(&t, "s", "x", "{\"a\":1,\"b\":[true,0.5]}", START + 300 * SECOND), REASON_RULE_ALLOWS);
	assert_int_equal(call_at(&t, "s", "z", "{}", START), REASON_RULE_ALLOWS);
	assert_int_equal(call_at(&t, "s", "z", NULL, START), REASON_RULE_ALLOWS);
	assert_int_equal(call_at(&t, "s", "z", "{}", START), REASON_RULE_REFUSES);
	leave(&t);
}

/* Of the last four more than half; what is not there yet was not refused. */
static void refusals_are_a_share(void **state)
{
	struct trial t = try("\"refusals\":{\"last\":4,\"above\":0.5}");
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x" }, message = { .kind = ACTION_MESSAGE };
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++)
		runtime_judged(t.r, &a, VERDICT_REFUSE, START);
	for (i = 0; i < 9; i++)
		runtime_judged(t.r, &message, VERDICT_REFUSE, START);	/* no call */
	many(&t, 1, "x", START);
	runtime_judged(t.r, &a, VERDICT_REFUSE, START);
	assert_int_equal(call_at(&t, "s", "x", NULL, START), REASON_RULE_REFUSES);	/* R R a R */
	runtime_judged(t.r, &a, VERDICT_ALLOW, START);
	runtime_judged(t.r, &a, VERDICT_ALLOW, START);	/* R R a a */
	many(&t, 2000, "x", START);
	leave(&t);
}

/* 5,000 names that were never heard: what was counted may be forgotten, and then it refuses. */
static void forgetting_makes_nothing_lenient(void **state)
{
	static const char *const whens[] = {
		"\"calls\":{\"of\":\"tool\",\"above\":20}", "\"calls\":{\"of\":\"tool\",\"within\":\"60s\",\"above\":20}",
	};
	char name[32];
	unsigned w, i;

	(void)state;
	for (w = 0; w < count_of(whens); w++) {
		struct trial t = try(whens[w]);

		many(&t, 20, "x", START);
		for (i = 0; i < 5000; i++) {
			snprintf(name, sizeof(name), "n%u", i);
			assert_int_not_equal(call_at(&t, "s", name, NULL, START + SECOND), REASON_RULE_REFUSES);
		}
		assert_int_equal(call_at(&t, "s", "x", NULL, START + 2 * SECOND), REASON_UNDECIDABLE);
		assert_int_equal(call_at(&t, "s", "x", NULL, START + 100 * SECOND), w ? REASON_RULE_ALLOWS : REASON_UNDECIDABLE);
		leave(&t);
	}
}

/* As many times as can be told apart, of as many tools: bounded, and the first is not let through. */
static void times_are_bounded(void **state)
{
	struct trial t = try("\"calls\":{\"of\":\"tool\",\"within\":\"7d\",\"above\":999}");
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s" };
	char name[32];
	unsigned i, n;

	(void)state;
	a.tool = name;
	for (i = 0; i < RUNTIME_STAMPS / 1000 + 60; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		for (n = 0; n < 1000; n++)
			runtime_judged(t.r, &a, VERDICT_ALLOW, START + i * SECOND);
	}
	assert_int_equal(call_at(&t, "s", name, NULL, START + i * SECOND), REASON_RULE_REFUSES);
	assert_int_equal(call_at(&t, "s", "n0", NULL, START + i * SECOND), REASON_UNDECIDABLE);
	leave(&t);
}

static void what_was_read_taints(void **state)
{
	struct trial t = try("\"taint\":[\"private\",\"untrusted\"],\"flow\":\"sends-outside\"");
	struct action private = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x", .flow = FLOW_READS_PRIVATE, .flow_known = true };
	struct action net = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "y", .flow = FLOW_READS_UNTRUSTED | FLOW_SENDS_OUTSIDE,
			      .flow_known = true };
	struct action unknown = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "z" };

	(void)state;
	net.runtime = runtime_ask(t.r, &net, START);
	assert_int_equal(policy_decide(t.p, &net).reason, REASON_RULE_ALLOWS);
	runtime_brought(t.r, &net, 12);
	net.runtime = runtime_ask(t.r, &net, START);
	assert_int_equal(policy_decide(t.p, &net).reason, REASON_RULE_ALLOWS);
	runtime_brought(t.r, &private, 17);
	runtime_brought(t.r, &unknown, 19);	/* both, but they are known already */
	net.runtime = runtime_ask(t.r, &net, START);
	assert_int_equal(policy_decide(t.p, &net).reason, REASON_RULE_REFUSES);
	assert_int_equal(net.runtime->taint_by[0], 17);
	assert_int_equal(net.runtime->taint_by[1], 12);
	private.runtime = net.runtime;
	assert_int_equal(policy_decide(t.p, &private).reason, REASON_RULE_ALLOWS);	/* it sends nothing */
	leave(&t);
	t = try("\"taint\":[\"private\",\"untrusted\"],\"flow\":\"sends-outside\"");
	runtime_brought(t.r, &unknown, 19);
	net.runtime = runtime_ask(t.r, &net, START);
	assert_int_equal(policy_decide(t.p, &net).reason, REASON_RULE_REFUSES);
	leave(&t);
}

static bool untrusted(struct trial *t, uint64_t by)
{
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "x" };
	const struct runtime_facts *f = runtime_ask(t->r, &a, START);

	assert_int_equal(f->taint_by[1], by);
	return f->taint & FLOW_READS_UNTRUSTED;
}

/* While it is open it may; and what has come stays. */
static void a_connection_taints_by_what_it_brings(void **state)
{
	struct trial t = try("\"taint\":\"untrusted\"");

	(void)state;
	runtime_opened(t.r, 20);
	assert_true(untrusted(&t, 20));
	runtime_over(t.r, 20, false);
	assert_false(untrusted(&t, 0));
	runtime_opened(t.r, 22);
	runtime_opened(t.r, 24);
	assert_true(untrusted(&t, 24));
	runtime_over(t.r, 24, false);
	assert_true(untrusted(&t, 22));
	runtime_over(t.r, 22, true);
	assert_true(untrusted(&t, 22));
	runtime_opened(t.r, 26);
	runtime_over(t.r, 26, false);
	assert_true(untrusted(&t, 22));
	leave(&t);
}

/* --- in a broker --- */

static void call_count(int fd, unsigned id)
{
	char line[200];

	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"tools/call\",\"params\":{\"name\":"
				     "\"run__count\",\"arguments\":{\"what\":\"a\"}}}", id);
	say(fd, line);
}

static void greet_other(struct stage *s)
{
	int first = s->agent;

	s->agent = s->other;
	greet(s);
	s->agent = first;
}

/* Ten at once over two connections, none of them answered, one taken back: three, and no more. */
static void calls_in_flight_are_counted(void **state)
{
	struct stage *s = stage_new(5000);
	unsigned i, intents = 0, refusals = 0;
	uint64_t tag, tags[11];
	struct record r;

	(void)state;
	greet(s);
	greet_other(s);
	for (i = 0; i < 10; i++)
		call_count(i % 2 ? s->agent : s->other, i + 1);
	say(s->other, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
	for (i = 0; i < 10; i++) {
		r = next_record(s, &tags[i]);
		intents += r.kind == RECORD_INTENT;
		refusals += r.kind == RECORD_REFUSAL;
		if (r.kind == RECORD_REFUSAL)
			assert_string_equal(said(&r, FIELD_RULE), "test:thrice");
		assert_false(r.value[FIELD_TAINTED_BY].set);
	}
	assert_int_equal(intents, 3);
	assert_int_equal(refusals, 7);
	for (i = 0; i < 10; i++)
		receipt(s, tags[i]);
	call_count(s->agent, 50);
	while ((r = next_record(s, &tag)).kind == RECORD_OUTCOME)
		receipt(s, tag);
	assert_int_equal(r.kind, RECORD_REFUSAL);
	receipt(s, tag);
	end(s, 3);	/* the programs were never told to have ended */
}

static void send_it(struct stage *s, int id)
{
	char line[160];

	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__send\"}}", id);
	say(s->agent, line);
}

/* A call to read is with its server, and so is one to send that was judged before anything was read. */
static struct stage *reading(uint64_t *intent)
{
	struct stage *s = stage_new(5000);
	uint64_t tag;

	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\",\"_meta\":{\"progressToken\":5}}}");
	start_server(s, 3);
	list_tools(s, 3);
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	*intent = s->index;
	tool_hears(s, "\"read\"");
	send_it(s, 2);
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	tool_hears(s, "\"send\"");
	return s;
}

static void is_refused_by_taint(struct stage *s, uint64_t intent)
{
	char both[64];
	struct record r;
	uint64_t tag;
	int size;

	send_it(s, 3);
	r = recorded(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_RULE), "test:out");
	assert_string_equal(said(&r, FIELD_REASON), "rule-refuses");
	size = snprintf(both, sizeof(both), "private %lu%cuntrusted %lu", (unsigned long)intent, 0, (unsigned long)intent) + 1;
	assert_int_equal(r.value[FIELD_TAINTED_BY].size, size);
	assert_memory_equal(r.value[FIELD_TAINTED_BY].text, both, (size_t)size);
	receipt(s, tag);
	agent_hears(s, "rule test:out");
}

static void an_answer_taints(void **state)
{
	uint64_t intent;
	struct stage *s = reading(&intent);

	(void)state;
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}");
	outcome(s, "ok");
	agent_hears(s, "\"id\":1");
	is_refused_by_taint(s, intent);
	end_run(s);
}

/* What is told before the answer was told; what was taken back may have been, too. */
static void progress_taints(void **state)
{
	uint64_t intent;
	struct stage *s = reading(&intent);

	(void)state;
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":1,\"progress\":1,"
		     "\"message\":\"the secret is 7\"}}");
	agent_hears(s, "the secret is 7");
	is_refused_by_taint(s, intent);
	end_run(s);
}

/* What a tool server asks may be anything that it knows, and is read before it is answered. */
static void a_question_taints(void **state)
{
	struct stage *s = stage_new(5000);
	struct record r;
	uint64_t tag;

	(void)state;
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\","
		      "\"capabilities\":{\"elicitation\":{}},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}");
	agent_hears(s, "\"protocolVersion\"");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\"}}");
	start_server(s, 3);
	list_tools(s, 3);
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	tool_hears(s, "\"read\"");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":70,\"method\":\"elicitation/create\",\"params\":{\"message\":\"the secret is 7\","
		     "\"requestedSchema\":{\"type\":\"object\",\"properties\":{}}}}");
	r = recorded(s, RECORD_INTENT, &tag);
	assert_string_equal(said(&r, FIELD_ACTION), "elicitation.create");
	receipt(s, tag);
	agent_hears(s, "the secret is 7");
	is_refused_by_taint(s, s->index);
	end_run(s);
}

static void what_was_taken_back_taints(void **state)
{
	uint64_t intent;
	struct stage *s = reading(&intent);

	(void)state;
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
	outcome(s, "cancelled");
	is_refused_by_taint(s, intent);
	end_run(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(risk_grows_with_what_was_done),
		cmocka_unit_test(a_budget_is_kept),
		cmocka_unit_test(nothing_is_lost_in_fractions),
		cmocka_unit_test(what_is_held_is_spent_later),
		cmocka_unit_test(runs_count_together),
		cmocka_unit_test(a_tool_is_new_once),
		cmocka_unit_test(a_lie_refuses),
		cmocka_unit_test(another_policy_finds_what_was),
		cmocka_unit_test(the_one_too_many_is_refused),
		cmocka_unit_test(a_category_is_counted_if_known),
		cmocka_unit_test(a_rate_is_of_its_time),
		cmocka_unit_test(the_same_again),
		cmocka_unit_test(refusals_are_a_share),
		cmocka_unit_test(forgetting_makes_nothing_lenient),
		cmocka_unit_test(times_are_bounded),
		cmocka_unit_test(what_was_read_taints),
		cmocka_unit_test(a_connection_taints_by_what_it_brings),
		cmocka_unit_test(calls_in_flight_are_counted),
		cmocka_unit_test(an_answer_taints),
		cmocka_unit_test(progress_taints),
		cmocka_unit_test(a_question_taints),
		cmocka_unit_test(what_was_taken_back_taints),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/test_broker_reload.c - another policy while the run goes on: recorded first, and all of it or nothing. */
#include "broker_stage.h"

const char policy_text[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
	"{\"id\":\"ask\",\"then\":\"review\",\"review\":{\"by\":[\"leads\"],\"within\":\"15m\",\"wait\":\"10m\"},\"when\":{\"tool\":\"run/count\"},\"why\":\"it costs\"},"
	"{\"id\":\"not-there\",\"then\":\"refuse\",\"when\":{\"tool\":\"fs/open\",\"args\":{\"/path\":{\"under\":\"/w/a\"}}},\"why\":\"not there\"},"
	"{\"id\":\"open\",\"then\":\"allow\",\"when\":{\"tool\":\"fs/open\"},\"why\":\"the rest\"}]}";

/* What was open is refused elsewhere; what was reviewed is allowed. */
static const char other[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
	"{\"id\":\"count\",\"then\":\"allow\",\"when\":{\"tool\":\"run/count\"},\"why\":\"it is cheap now\"},"
	"{\"id\":\"not-here\",\"then\":\"refuse\",\"when\":{\"tool\":\"fs/open\",\"args\":{\"/path\":{\"under\":\"/w/b\"}}},\"why\":\"not here\"},"
	"{\"id\":\"open\",\"then\":\"allow\",\"when\":{\"tool\":\"fs/open\"},\"why\":\"the rest\"}]}";

#define COUNT(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\",\"arguments\":{\"what\":\"x\"}}}"
#define OPEN(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":\"fs__open\",\"arguments\":{\"path\":\"b/c\"}}}"

static void tell_rules(struct stage *s, const char *file, const char *text)
{
	uint8_t body[64];
	struct pack name = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };
	int fd = -1;

	pack_text(&name, file, strlen(file));
	must_ok(fd_of_bytes(&fd, "policy", text, strlen(text), &e), &e);
	tell(s, MSG_RULES, &name, fd);
	close(fd);
}

static void adopt_both(struct stage *s, const char *test, const char *often)
{
	uint8_t body[64];
	struct pack all = { .at = body, .room = sizeof(body) };

	tell(s, MSG_RELOAD, NULL, -1);
	tell_rules(s, "test", test);
	tell_rules(s, "often", often);
	pack_text(&all, "sha256:other", 12);
	pack_text(&all, "", 0);
	pack_text(&all, "", 0);
	tell(s, MSG_ADOPT, &all, -1);
}

static void adopt_of(struct stage *s, const char *text, const char *digest, const char *why, const char *by)
{
	uint8_t body[512];
	struct pack all = { .at = body, .room = sizeof(body) };

	tell(s, MSG_RELOAD, NULL, -1);
	if (text)
		tell_rules(s, "test", text);
	pack_text(&all, digest, strlen(digest));
	pack_text(&all, why, strlen(why));
	pack_text(&all, by, strlen(by));
	tell(s, MSG_ADOPT, &all, -1);
}

static void adopt(struct stage *s, const char *text, const char *digest, const char *why)
{
	adopt_of(s, text, digest, why, "");
}

static void adopted(struct stage *s, const char *why)
{
	struct msg *m = hear(s, &s->launcher, MSG_ADOPTED);

	assert_int_equal(m->size, 4 + strlen(why));
	assert_memory_equal(m->body + 4, why, strlen(why));
}

static struct record policy_record(struct stage *s, const char *status, const char *policy, uint64_t *tag)
{
	struct record r = recorded(s, RECORD_POLICY, tag);

	assert_string_equal(said(&r, FIELD_STATUS), status);
	assert_string_equal(said(&r, FIELD_POLICY), policy);
	assert_string_equal(said(&r, FIELD_BEFORE), "sha256:policy");
	return r;
}

static uint64_t is_held(struct stage *s)
{
	uint64_t tag = hear(s, &s->recorder, MSG_PAYLOAD)->tag;

	assert_int_equal(hear(s, &s->recorder, MSG_HOLD)->tag, tag);
	return tag;
}

static void holds(struct stage *s, uint64_t tag, uint64_t index, enum hold_state state)
{
	uint8_t body[64] = { 0 };
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	pack_number(&p, index, 8);
	pack_number(&p, state, 1);
	p.size = 8 + 1 + 8 + 4 + 4 + 4;	/* no decision, no time, nobody, no reason */
	must_ok(wire_send(&s->recorder, MSG_HOLDS, tag, body, p.size, NULL, 0, &e), &e);
}

/* Until it is durable the old one rules; from then on the new one does, and who lists tools is told. */
static void is_recorded_first(void **state)
{
	struct stage *s = stage_new(5000);
	uint64_t tag, call;
	struct record r;

	(void)state;
	greet(s);
	adopt(s, other, "sha256:other", "");
	policy_record(s, "adopted", "sha256:other", &tag);
	say(s->agent, COUNT("1"));
	holds(s, is_held(s), 60, HOLD_WAITING);
	hear(s, &s->launcher, MSG_HOLDING);
	receipt(s, tag);
	assert_int_equal(hear(s, &s->recorder, MSG_WITHDRAW)->size, 8 + 4 + strlen("the policy has changed"));
	assert_int_equal(s->msg.body[0], 60);
	adopted(s, "");
	agent_hears(s, "the policy has changed. Ask again the same way");
	agent_hears(s, "notifications/tools/list_changed");
	say(s->agent, COUNT("2"));
	r = recorded(s, RECORD_INTENT, &call);
	assert_string_equal(said(&r, FIELD_RULE), "test:count");
	assert_int_equal(r.ref, 0);
	receipt(s, call);
	hear(s, &s->launcher, MSG_EXEC);
	end_run(s);
}

/* Approved under a policy that is in force no more, it is approved for nothing. */
static void approval_ends_with_its_policy(void **state)
{
	struct stage *s = stage_new(5000);
	uint64_t tag, held;

	(void)state;
	greet(s);
	say(s->agent, COUNT("1"));
	held = is_held(s);
	adopt(s, policy_text, "sha256:other", "");	/* before its index is known */
	policy_record(s, "adopted", "sha256:other", &tag);
	receipt(s, tag);
	adopted(s, "");
	agent_hears(s, "list_changed");
	holds(s, held, 60, HOLD_APPROVED);
	hear(s, &s->recorder, MSG_WITHDRAW);
	agent_hears(s, "the policy has changed");
	say(s->agent, COUNT("2"));
	assert_int_not_equal(is_held(s), held);	/* anew */
	end_run(s);
}

static void is_all_or_nothing(void **state)
{
	static const char broken[] = "{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[{\"id\":\"x\",\"then\":\"maybe\"}]}";
	struct stage *s = stage_new(5000);
	uint64_t tag;
	struct record r;

	(void)state;
	greet(s);
	adopt(s, NULL, "", "it cannot be \x1b read");
	r = policy_record(s, "kept", "sha256:policy", &tag);
	assert_string_equal(said(&r, FIELD_WHY), "it cannot be \\x1b read");
	assert_false(readable(s->launcher.fd, QUIET_MS));
	receipt(s, tag);
	adopted(s, "it cannot be \x1b read");
	adopt(s, broken, "sha256:other", "");
	r = policy_record(s, "kept", "sha256:policy", &tag);
	assert_non_null(strstr(said(&r, FIELD_WHY), "test"));
	receipt(s, tag);
	assert_true(hear(s, &s->launcher, MSG_ADOPTED)->size > 4);
	adopt(s, other, "", "");
	policy_record(s, "kept", "sha256:policy", &tag);
	receipt(s, tag);
	adopted(s, "it has no digest");
	say(s->agent, COUNT("1"));
	is_held(s);	/* as ever */
	end_run(s);
}

/* Where a path lies was asked for the old rules. That the new ones were not asked must not mean: not there. */
static void asks_about_paths_anew(void **state)
{
	uint8_t no[2] = { 0 }, yes[2] = { 1 };
	struct stage *s = stage_new(5000);
	struct err e = { 0 };
	uint64_t tag, question;
	struct record r;

	(void)state;
	greet(s);
	say(s->agent, OPEN("1"));
	question = hear(s, &s->launcher, MSG_RESOLVE)->tag;
	assert_non_null(memmem(s->msg.body, s->msg.size, "/w/a", 4));
	adopt(s, other, "sha256:other", "");
	policy_record(s, "adopted", "sha256:other", &tag);
	receipt(s, tag);
	adopted(s, "");
	agent_hears(s, "list_changed");
	must_ok(wire_send(&s->launcher, MSG_RESOLVED, question, no, 2, NULL, 0, &e), &e);
	question = hear(s, &s->launcher, MSG_RESOLVE)->tag;
	assert_non_null(memmem(s->msg.body, s->msg.size, "/w/b", 4));
	must_ok(wire_send(&s->launcher, MSG_RESOLVED, question, yes, 2, NULL, 0, &e), &e);
	r = recorded(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_RULE), "test:not-here");
	receipt(s, tag);
	agent_hears(s, "not here");
	end_run(s);
}

/* Held together, and each approved: what only one of may be made is made once. */
static void approvals_do_not_outdo_a_budget(void **state)
{
	static const char often[] = "{\"reeve\":\"policy/1\",\"layer\":\"runtime\",\"unmatched\":\"pass\",\"rules\":["
				    "{\"id\":\"often\",\"then\":\"refuse\",\"when\":{\"tool\":\"run/count\",\"calls\":{\"of\":\"tool\",\"above\":1}},\"why\":\"once\"}]}";
	struct stage *s = stage_new(5000);
	uint64_t tag, one, two;
	struct record r;

	(void)state;
	greet(s);
	adopt_both(s, policy_text, often);
	policy_record(s, "adopted", "sha256:other", &tag);
	receipt(s, tag);
	adopted(s, "");
	agent_hears(s, "list_changed");
	say(s->agent, COUNT("1"));
	one = is_held(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\",\"arguments\":{\"what\":\"y\"}}}");
	two = is_held(s);
	holds(s, one, 60, HOLD_APPROVED);
	assert_int_equal(recorded(s, RECORD_INTENT, &tag).ref, 60);
	receipt(s, tag);
	hear(s, &s->launcher, MSG_EXEC);
	holds(s, two, 61, HOLD_APPROVED);
	r = recorded(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_RULE), "often:often");
	receipt(s, tag);
	agent_hears(s, "once");
	end_run(s);
}

/* Who signed what is adopted stands with it; of what stays nothing new is said. */
static void says_who_signed(void **state)
{
	struct stage *s = stage_new(5000);
	uint64_t tag;
	struct record r;

	(void)state;
	greet(s);
	adopt_of(s, NULL, "", "it is not signed", "kim SHA256:x");
	r = policy_record(s, "kept", "sha256:policy", &tag);
	assert_false(r.value[FIELD_POLICY_BY].set);
	receipt(s, tag);
	adopted(s, "it is not signed");
	adopt_of(s, other, "sha256:other", "", "kim SHA256:x");
	r = policy_record(s, "adopted", "sha256:other", &tag);
	assert_string_equal(said(&r, FIELD_POLICY_BY), "kim SHA256:x");
	receipt(s, tag);
	adopted(s, "");
	end_run(s);
}

static void ends_with_what_is_out_of_turn(void **state)
{
	static const enum msg_type first[] = { MSG_ADOPT, MSG_RULES, MSG_RELOAD };
	uint8_t body[64];
	size_t i;

	(void)state;
	for (i = 0; i < count_of(first); i++) {
		struct pack p = { .at = body, .room = sizeof(body) };
		struct stage *s = stage_new(5000);
		int fd = dup(0);

		greet(s);
		pack_text(&p, "x", 1);
		if (first[i] == MSG_ADOPT) {
			pack_text(&p, "", 0);
			pack_text(&p, "", 0);
		}
		if (first[i] == MSG_RELOAD)
			tell(s, MSG_RELOAD, NULL, -1);
		tell(s, first[i], first[i] == MSG_RELOAD ? NULL : &p, first[i] == MSG_RULES ? fd : -1);
		close(fd);
		end(s, 3);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_recorded_first),	cmocka_unit_test(approval_ends_with_its_policy),
		cmocka_unit_test(is_all_or_nothing),	cmocka_unit_test(asks_about_paths_anew),
		cmocka_unit_test(approvals_do_not_outdo_a_budget),
		cmocka_unit_test(says_who_signed),
		cmocka_unit_test(ends_with_what_is_out_of_turn),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/test_broker_porter.c - what the porter turned away is told to be recorded once it is, and not before. */
#include "broker_stage.h"

const char policy_text[] = "{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":[]}";

static void turn(struct stage *s, uint64_t tag, uint64_t count, const char *why)
{
	uint8_t body[512];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	pack_number(&p, REASON_BAD_HTTP, 2);
	pack_number(&p, count, 8);
	pack_number(&p, 77, 8);
	pack_text(&p, why, strlen(why));
	must_ok(wire_send(&s->porter, MSG_TURNED, tag, body, p.size, NULL, 0, &e), &e);
}

static void is_told(struct stage *s, uint64_t tag)
{
	assert_int_equal(hear(s, &s->porter, MSG_TOLD)->tag, tag);
}

/* A ping needs no record: when it is answered, what came before it has been served as far as it can be. */
static void is_not_told(struct stage *s)
{
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");
	agent_hears(s, "\"id\":1");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}");
	agent_hears(s, "\"id\":2");
	assert_false(readable(s->porter.fd, 0));
}

static uint64_t refused(struct stage *s, const char *why, uint64_t count)
{
	uint64_t tag;
	struct record r = recorded(s, RECORD_REFUSAL, &tag);

	assert_string_equal(said(&r, FIELD_WHY), why);
	assert_int_equal(r.value[FIELD_COUNT].number, count);
	return tag;
}

static void no_receipt_no_answer(void **state)
{
	struct stage *s = stage_new(5000);
	uint64_t tag;

	(void)state;
	turn(s, 1, 1, "one");
	tag = refused(s, "one", 1);
	is_not_told(s);
	receipt(s, tag);
	is_told(s, 1);
	end_run(s);
}

static void what_is_counted_waits_for_its_record(void **state)
{
	struct stage *s = stage_new(5000);
	uint64_t first;

	(void)state;
	turn(s, 1, 1, "one");
	first = refused(s, "one", 1);
	turn(s, 2, 3, "one");
	is_not_told(s);
	receipt(s, first);
	is_told(s, 2);
	turn(s, 3, 3, "one");
	is_told(s, 3);	/* the seventh: nothing is written */
	turn(s, 4, 4, "one");
	first = refused(s, "one", 11);
	is_not_told(s);
	receipt(s, first);
	is_told(s, 4);
	end_run(s);
}

static void another_kind_is_another_record(void **state)
{
	struct stage *s = stage_new(5000);
	uint64_t one, two;

	(void)state;
	turn(s, 7, 1, "one");
	turn(s, 9, 2, "two");
	one = refused(s, "one", 1);
	two = refused(s, "two", 2);
	receipt(s, one);
	is_not_told(s);
	receipt(s, two);
	is_told(s, 9);
	end_run(s);
}

/* Whose tags do not rise could have itself told what is not recorded. */
static void tags_rise(void **state)
{
	struct stage *s = stage_new(5000);

	(void)state;
	turn(s, 2, 1, "one");
	refused(s, "one", 1);
	turn(s, 2, 1, "two");
	end(s, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_receipt_no_answer),
		cmocka_unit_test(what_is_counted_waits_for_its_record),
		cmocka_unit_test(another_kind_is_another_record),
		cmocka_unit_test(tags_rise),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

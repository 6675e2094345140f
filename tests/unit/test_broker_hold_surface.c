/* tests/unit/test_broker_hold_surface.c - a resource and a prompt that a person has to approve: as a tool's call is held. */
#include "broker_stage.h"

const char policy_text[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
	"{\"id\":\"read\",\"then\":\"review\",\"review\":{\"by\":[\"leads\"],\"within\":\"15m\",\"wait\":\"10m\"},"
	"\"when\":{\"action\":\"resource.read\",\"resource\":{\"prefix\":\"file:///w/\"}},\"why\":\"it is private\"},"
	"{\"id\":\"get\",\"then\":\"review\",\"review\":{\"by\":[\"alice\"],\"within\":\"15m\",\"wait\":\"1s\"},"
	"\"when\":{\"action\":\"prompt.get\"},\"why\":\"it costs\"}]}";

#define Q(id, method, params) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":{" params "}}"
#define READ(id) Q(id, "resources/read", "\"uri\":\"file:///w/a\",\"_meta\":{\"reeve/reason\":\"to know\"}")
#define GET(id) Q(id, "prompts/get", "\"name\":\"fs__praise\",\"arguments\":{\"of\":\"x\"}")

/* What is asked of the recorder. */
struct asked {
	uint64_t tag;
	char digest[SEAL_DIGEST_TEXT];
};

static struct asked is_held(struct stage *s, const char *action, const char *tool, const char *rule)
{
	struct msg *m = hear(s, &s->recorder, MSG_PAYLOAD);
	struct asked a = { .tag = m->tag };
	struct record r;
	struct err e = { 0 };

	seal_digest(a.digest, m->body, m->size);
	m = hear(s, &s->recorder, MSG_HOLD);
	assert_int_equal(m->tag, a.tag);
	must_ok(record_unpack(&r, m->body, m->size, &e), &e);
	assert_string_equal(said(&r, FIELD_ACTION), action);
	assert_string_equal(said(&r, FIELD_SERVER), "fs");
	assert_string_equal(said(&r, FIELD_TOOL), tool);
	assert_string_equal(said(&r, FIELD_RULE), rule);
	assert_string_equal(said(&r, FIELD_REASON), "review");
	assert_string_equal(said(&r, FIELD_DIGEST), a.digest);
	return a;
}

static void holds(struct stage *s, const struct asked *a, uint64_t index, enum hold_state state, const char *who, const char *why)
{
	uint8_t body[256];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };

	pack_number(&p, index, 8);
	pack_number(&p, state, 1);
	pack_number(&p, *who ? index + 1 : 0, 8);
	pack_number(&p, 900, 4);
	pack_text(&p, who, strlen(who));
	pack_text(&p, why, strlen(why));
	must_ok(wire_send(&s->recorder, MSG_HOLDS, a->tag, p.at, p.size, NULL, 0, &e), &e);
	if (state == HOLD_WAITING)
		hear(s, &s->launcher, MSG_HOLDING);
}

static void answer(struct stage *s, unsigned id, const char *result)
{
	scoped(buf) struct buf line = BUF(1 << 16);

	buf_printf(&line, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":%s}", id, result);
	say(s->tool, buf_text(&line));
}

/* Its resources and prompts are known; what is asked of it next has id 7. */
static struct stage *ready(void)
{
	struct stage *s = stage_new(5000);

	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}}}");
	agent_hears(s, "\"protocolVersion\":\"2025-11-25\"");
	say(s->agent, Q("1", "resources/list", ""));
	start_server(s, 2);
	answer(s, 2, "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{},\"resources\":{},\"prompts\":{}},"
		     "\"serverInfo\":{\"name\":\"x\",\"version\":\"1\"}}");
	tool_hears(s, "notifications/initialized");
	tool_hears(s, "tools/list");
	answer(s, 3, "{\"tools\":[]}");
	outcome(s, "ok");
	tool_hears(s, "\"id\":4,\"method\":\"resources/list\"");
	answer(s, 4, "{\"resources\":[{\"uri\":\"file:///w/a\",\"name\":\"a\"}]}");
	agent_hears(s, "\"uri\":\"file:///w/a\"");
	say(s->agent, Q("2", "resources/templates/list", ""));
	tool_hears(s, "\"id\":5,\"method\":\"resources/templates/list\"");
	answer(s, 5, "{\"resourceTemplates\":[]}");
	agent_hears(s, "\"resourceTemplates\":[]");
	say(s->agent, Q("3", "prompts/list", ""));
	tool_hears(s, "\"id\":6,\"method\":\"prompts/list\"");
	answer(s, 6, "{\"prompts\":[{\"name\":\"praise\"}]}");
	agent_hears(s, "\"name\":\"fs__praise\"");
	return s;
}

/* Approved: its intent has a receipt before the server gets those bytes, and no others; and the outcome says which they were. */
static void is_done(struct stage *s, const struct asked *a, uint64_t index, const char *result)
{
	char *line, digest[SEAL_DIGEST_TEXT], back[160];
	uint64_t tag;
	struct record r = recorded(s, RECORD_INTENT, &tag);

	assert_int_equal(r.ref, index);
	assert_string_equal(said(&r, FIELD_REASON), "approved");
	assert_string_equal(said(&r, FIELD_DIGEST), a->digest);
	assert_false(readable(s->tool, QUIET_MS));
	receipt(s, tag);
	line = line_of(s->tool, &s->tool_in);
	seal_digest(digest, line, strlen(line));
	assert_string_equal(digest, a->digest);
	assert_null(strstr(line, "to know"));
	snprintf(back, sizeof(back), "{\"jsonrpc\":\"2.0\",\"id\":%.10s,\"result\":%s}", strstr(line, "\"id\":") + 5, result);
	free(line);
	say(s->tool, back);
	r = recorded(s, RECORD_OUTCOME, &tag);
	assert_string_equal(said(&r, FIELD_APPROVED), a->digest);
	assert_string_equal(said(&r, FIELD_EXECUTED), a->digest);
	receipt(s, tag);
}

static struct record refused(struct stage *s, const char *action, const char *reason)
{
	uint64_t tag;
	struct record r = recorded(s, RECORD_REFUSAL, &tag);

	assert_string_equal(said(&r, FIELD_ACTION), action);
	assert_string_equal(said(&r, FIELD_REASON), reason);
	receipt(s, tag);
	return r;
}

static void a_resource_is_read_as_approved(void **state)
{
	struct stage *s = ready();
	struct asked a;

	(void)state;
	say(s->agent, READ("10"));
	a = is_held(s, "resource.read", "file:///w/a", "test:read");
	holds(s, &a, 34, HOLD_WAITING, "", "");
	assert_false(readable(s->tool, QUIET_MS));
	holds(s, &a, 34, HOLD_APPROVED, "alice", "fine");
	is_done(s, &a, 34, "{\"contents\":[]}");
	agent_hears(s, "\"id\":10,\"result\":{\"contents\":[]}");
	say(s->agent, READ("11"));	/* used: it is held anew */
	a = is_held(s, "resource.read", "file:///w/a", "test:read");
	holds(s, &a, 40, HOLD_WAITING, "", "");
	holds(s, &a, 40, HOLD_DENIED, "bob", "not that one");
	refused(s, "resource.read", "denied");
	agent_hears(s, "\"error\":{\"code\":403,\"message\":\"reeve refused fs/file:///w/a: bob ");
	assert_false(readable(s->tool, QUIET_MS));
	end_run(s);
}

/* A prompt has no result that could say "ask again": it is an error that does. */
static void a_prompt_is_asked_for_again(void **state)
{
	struct stage *s = ready();
	struct asked a;

	(void)state;
	say(s->agent, GET("10"));
	a = is_held(s, "prompt.get", "praise", "test:get");
	holds(s, &a, 34, HOLD_WAITING, "", "");
	agent_hears(s, "ask again the same way");
	assert_false(readable(s->tool, QUIET_MS));
	holds(s, &a, 34, HOLD_APPROVED, "alice", "fine");
	say(s->agent, GET("11"));
	is_done(s, &a, 34, "{\"messages\":[]}");
	agent_hears(s, "\"id\":11,\"result\":{\"messages\":[]}");
	end_run(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_resource_is_read_as_approved),
		cmocka_unit_test(a_prompt_is_asked_for_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

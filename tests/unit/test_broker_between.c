/* tests/unit/test_broker_between.c - what lies between the parts: eras, parked calls, subscriptions, who is gone. */
#include "broker_stage.h"

const char policy_text[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
	"{\"id\":\"tools\",\"then\":\"allow\",\"when\":{\"tool\":\"fs/slow\"}},"
	"{\"id\":\"read\",\"then\":\"allow\",\"when\":{\"action\":\"resource.read\"}},"
	"{\"id\":\"user\",\"then\":\"allow\",\"when\":{\"action\":\"elicitation.create\"}}]}";

#define META "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
	     "\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{}}}"
#define CALL(id, more) "{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"method\":\"tools/call\",\"params\":{\"name\":\"fs__slow\"," more META "}}"
#define FORM "{\"message\":\"who\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{}}}"
#define ASKS(id) "{\"jsonrpc\":\"2.0\",\"id\":\"" id "\",\"method\":\"elicitation/create\",\"params\":" FORM "}"

static void answer(struct stage *s, unsigned id, const char *result)
{
	scoped(buf) struct buf line = BUF(1 << 16);

	buf_printf(&line, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":%s}", id, result);
	say(s->tool, buf_text(&line));
}

static void asked(struct stage *s, enum record_kind kind, const char *action)
{
	uint64_t tag;
	struct record r = recorded(s, kind, &tag);

	assert_string_equal(said(&r, FIELD_ACTION), action);
	receipt(s, tag);
}

/* Its start is recorded; it is asked which era it speaks. */
static void spawn(struct stage *s)
{
	uint64_t tag;
	struct msg *m;

	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	m = hear(s, &s->launcher, MSG_SPAWN);
	s->spawn_tag = m->tag;
	spawned(s, m->tag);
	tool_hears(s, "\"method\":\"server/discover\"");
}

static void start_older(struct stage *s, unsigned probe)
{
	char line[128];

	spawn(s);
	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%u,\"error\":{\"code\":-32601,\"message\":\"no\"}}", probe);
	say(s->tool, line);
	tool_hears(s, "\"method\":\"initialize\"");
	answer(s, probe + 1, "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{},\"resources\":{}},"
			     "\"serverInfo\":{\"name\":\"x\",\"version\":\"1\"}}");
	tool_hears(s, "notifications/initialized");
	tool_hears(s, "tools/list");
	answer(s, probe + 2, "{\"tools\":[{\"name\":\"slow\",\"inputSchema\":{\"type\":\"object\"}}]}");
	outcome(s, "ok");
}

static void start_newer(struct stage *s, unsigned probe)
{
	spawn(s);
	answer(s, probe, "{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{\"tools\":{}}}");
	tool_hears(s, "tools/list");
	answer(s, probe + 1, "{\"resultType\":\"complete\",\"tools\":[{\"name\":\"slow\",\"inputSchema\":{\"type\":\"object\"}}]}");
	outcome(s, "ok");
}

/* A call of an agent of the newer era is with a server that started as `start` says; its id there is 1. */
static struct stage *busy(void (*start)(struct stage *s, unsigned probe))
{
	struct stage *s = stage_new(5000);

	say(s->agent, CALL(1, ""));
	start(s, 2);
	asked(s, RECORD_INTENT, "tool.call");
	tool_hears(s, "\"id\":1,\"method\":\"tools/call\"");
	return s;
}

static char *agent_line(struct stage *s)
{
	return line_of(s->agent, &s->agent_in);
}

static void lacks(char *line, const char *part)
{
	if (strstr(line, part))
		fail_msg("the agent heard %s", line);
	free(line);
}

/* A server of the older era has no such results: nobody judged what such a one would ask. */
static void an_older_server_cannot_ask_in_a_result(void **state)
{
	struct stage *s = busy(start_older);

	(void)state;
	answer(s, 1, "{\"resultType\":\"input_required\",\"inputRequests\":{\"q\":{\"method\":\"elicitation/create\",\"params\":" FORM
		     "}},\"requestState\":\"x\",\"content\":[]}");
	outcome(s, "ok");
	lacks(agent_line(s), "inputRequests");
	end_run(s);
}

/* Only the questions were judged and bounded: nothing else goes up with them. */
static void a_question_brings_nothing_else(void **state)
{
	struct stage *s = busy(start_newer);

	(void)state;
	answer(s, 1, "{\"resultType\":\"input_required\",\"inputRequests\":{\"q\":{\"method\":\"elicitation/create\",\"params\":" FORM
		     "}},\"requestState\":\"x\",\"content\":[{\"type\":\"text\",\"text\":\"smuggled\"}],\"_meta\":{\"a/b\":\"smuggled\"}}");
	outcome(s, "input-required");
	asked(s, RECORD_INTENT, "elicitation.create");
	lacks(agent_line(s), "smuggled");
	outcome(s, "asked");
	end_run(s);
}

/* The first question; the agent has it, and a word to come back with. */
static void park(struct stage *s, char word[40])
{
	char *line, *at;

	say(s->tool, ASKS("q1"));
	asked(s, RECORD_INTENT, "elicitation.create");
	line = agent_line(s);
	at = strstr(line, "\"requestState\":\"");
	assert_non_null(at);
	snprintf(word, 33, "%s", at + 16);
	free(line);
	outcome(s, "input-required");
}

static void come_back(struct stage *s, unsigned id, const char *name, const char *word)
{
	char line[600];

	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__slow\","
		 "\"inputResponses\":{\"%s\":{\"action\":\"decline\"}},\"requestState\":\"%s\"," META "}}", id, name, word);
	say(s->agent, line);
}

/* A question is for the agent of the parked call, and no other; with a call of another there, for nobody. */
static void a_parked_call_is_nobody_elses(void **state)
{
	struct stage *s = busy(start_older);
	scoped(buf) struct buf in = BUF(1 << 16);
	char word[40], *line;

	(void)state;
	say(s->other, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\","
		      "\"capabilities\":{\"elicitation\":{\"form\":{}}}}}");
	line = line_of(s->other, &in);
	free(line);
	park(s, word);
	say(s->tool, ASKS("q2"));
	asked(s, RECORD_INTENT, "elicitation.create");
	assert_false(readable(s->other, QUIET_MS));
	say(s->other, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__slow\"}}");
	asked(s, RECORD_INTENT, "tool.call");
	tool_hears(s, "\"method\":\"tools/call\"");
	say(s->tool, ASKS("q3"));
	tool_hears(s, "\"id\":\"q3\",\"error\"");
	drops(s, "no-method", 1);
	assert_false(readable(s->other, QUIET_MS));
	end_run(s);
}

/* It came while the agent was on its way back: what is closed as answered was answered. */
static void a_question_too_late_is_asked_next(void **state)
{
	struct stage *s = busy(start_older);
	char word[40], next[40];
	uint64_t first, question, call;
	char *line, *at;

	(void)state;
	say(s->tool, ASKS("q1") "\n" ASKS("q2"));
	recorded(s, RECORD_INTENT, &first);
	recorded(s, RECORD_INTENT, &question); /* its receipt takes its time */
	receipt(s, first);
	line = agent_line(s);
	snprintf(word, 33, "%s", strstr(line, "\"requestState\":\"") + 16);
	free(line);
	outcome(s, "input-required");
	come_back(s, 2, "input-1", word);
	recorded(s, RECORD_INTENT, &call);
	receipt(s, question);
	receipt(s, call);
	tool_hears(s, "\"id\":\"q1\",\"result\"");
	outcome(s, "ok"); /* of the first question */
	line = agent_line(s);
	at = strstr(line, "\"requestState\":\"");
	if (!at || !strstr(line, "\"input-2\""))
		fail_msg("the agent heard %s", line);
	snprintf(next, 33, "%s", at + 16);
	free(line);
	outcome(s, "input-required");
	come_back(s, 3, "input-2", next);
	asked(s, RECORD_INTENT, "tool.call");
	tool_hears(s, "\"id\":\"q2\",\"result\"");
	outcome(s, "ok");
	answer(s, 1, "{\"content\":[]}");
	outcome(s, "ok");
	agent_hears(s, "\"id\":3");
	end_run(s);
}

/* Its intent is there, its server is not yet, and then its agent is gone. */
static void nothing_is_sent_for_who_has_gone(void **state)
{
	struct stage *s = busy(start_older);
	int status = 0;
	struct err e = { 0 };
	struct msg *m;
	uint64_t tag;

	(void)state;
	answer(s, 1, "{\"content\":[]}");
	outcome(s, "ok");
	agent_hears(s, "\"id\":1");
	shutdown(s->tool, SHUT_RDWR);
	close(s->tool);
	hear(s, &s->launcher, MSG_STOP);
	must_ok(wire_send(&s->launcher, MSG_EXITED, s->spawn_tag, &status, 4, NULL, 0, &e), &e);
	s->tool_in.size = 0;
	say(s->agent, CALL(2, ""));
	asked(s, RECORD_INTENT, "tool.call");
	asked(s, RECORD_INTENT, "server.start");
	m = hear(s, &s->launcher, MSG_SPAWN);
	tag = m->tag;
	close(s->agent);
	s->agent = s->other;
	s->other = -1;
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}}}");
	agent_hears(s, "\"id\":7");
	spawned(s, tag);
	tool_hears(s, "\"method\":\"initialize\"");
	answer(s, 6, "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"x\",\"version\":\"1\"}}");
	tool_hears(s, "notifications/initialized");
	tool_hears(s, "tools/list");
	answer(s, 7, "{\"tools\":[{\"name\":\"slow\",\"inputSchema\":{\"type\":\"object\"}}]}");
	outcome(s, "ok");
	outcome(s, "cancelled");
	assert_false(readable(s->tool, QUIET_MS));
	end_run(s);
}

static void subscribe_many(int fd, unsigned id, size_t count)
{
	scoped(buf) struct buf line = BUF(1 << 16);
	size_t i;

	buf_printf(&line, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"subscriptions/listen\",\"params\":{\"notifications\":{"
			  "\"resourceSubscriptions\":[", id);
	for (i = 0; i < count; i++)
		buf_printf(&line, "%s\"file:///w/%zu\"", i ? "," : "", i);
	buf_printf(&line, "]}," META "}}");
	say(fd, buf_text(&line));
}

/* Whatever era who hears it speaks: what hides or acts is shown. */
static void news_are_looked_at_in_either_era(void **state)
{
	struct stage *s = stage_new(5000);
	char *line;

	(void)state;
	subscribe_many(s->agent, 1, 1);
	start_older(s, 1);
	tool_hears(s, "resources/list");
	answer(s, 4, "{\"resources\":[{\"uri\":\"file:///w/0\",\"name\":\"n\"}]}");
	tool_hears(s, "resources/templates/list");
	answer(s, 5, "{\"resourceTemplates\":[]}");
	asked(s, RECORD_INTENT, "resource.read");
	tool_hears(s, "\"id\":6,\"method\":\"resources/subscribe\"");
	answer(s, 6, "{}");
	agent_hears(s, "notifications/subscriptions/acknowledged");
	outcome(s, "ok");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\",\"params\":{\"uri\":\"file:///w/0\","
		     "\"title\":\"a\\u001b[2Jb\"}}");
	line = agent_line(s);
	if (!strstr(line, "resources/updated") || strstr(line, "u001b"))
		fail_msg("the agent heard %s", line);
	free(line);
	end_run(s);
}

/* What an agent of the newer era has cancelled it no longer has: neither does it use up what it may have. */
static void what_is_cancelled_is_forgotten(void **state)
{
	struct stage *s = stage_new(5000);
	char line[512];
	unsigned i;

	(void)state;
	for (i = 0; i <= SUBSCRIPTIONS; i++) {
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"subscriptions/listen\",\"params\":{"
			 "\"notifications\":{\"resourceSubscriptions\":[\"file:///w/%u\"]}," META "}}", i, i);
		say(s->agent, line);
		if (i == 0) {
			start_older(s, 1);
			tool_hears(s, "resources/list");
			answer(s, 4, "{\"resources\":[]}");
			tool_hears(s, "resources/templates/list");
			answer(s, 5, "{\"resourceTemplates\":[{\"uriTemplate\":\"file:///w/{n}\",\"name\":\"n\"}]}");
		}
		asked(s, RECORD_INTENT, "resource.read");
		tool_hears(s, "resources/subscribe");
		answer(s, 6 + i, "{}");
		agent_hears(s, "\"resourceSubscriptions\":[\"file:///w/");
		outcome(s, "ok");
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{"
			 "\"requestId\":%u}}", i);
		say(s->agent, line);
	}
	end_run(s);
}

/* What it lists is looked through each time: it must not be able to keep us at that. */
static void a_list_is_read_so_often(void **state)
{
	struct stage *s = busy(start_older);
	unsigned id = 5, most = 50;

	(void)state;
	answer(s, 1, "{\"content\":[]}");
	outcome(s, "ok");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}");
	for (; most > 0 && readable(s->tool, QUIET_MS); id++, most--) {
		tool_hears(s, "\"method\":\"tools/list\"");
		say(s->tool, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}");
		answer(s, id, "{\"tools\":[{\"name\":\"slow\",\"inputSchema\":{\"type\":\"object\"}}]}");
	}
	assert_int_not_equal(most, 0);
	tool_hears(s, "\"method\":\"tools/list\""); /* in the end it is */
	assert_false(readable(s->launcher.fd, QUIET_MS)); /* and lives on */
	end_run(s);
}

/* The recorder takes 1024 open intents of a run: subscriptions must not be a way to make more. */
static void subscriptions_are_calls_too(void **state)
{
	enum { CONNECTIONS = 5, URIS = 250 };
	struct stage *s = stage_new(60000);
	int fds[CONNECTIONS] = { s->agent, s->other };
	uint64_t tag;
	size_t i, refused = 0;
	struct record r;

	(void)state;
	for (i = 2; i < CONNECTIONS; i++)
		fds[i] = agent_comes(s);
	subscribe_many(fds[0], 1, 1);
	start_older(s, 1);
	tool_hears(s, "resources/list");
	for (i = 0; i < CONNECTIONS; i++)
		subscribe_many(fds[i], 2, URIS);
	do {
		r = next_record(s, &tag);
		assert_string_equal(said(&r, FIELD_REASON), "flooding");
		receipt(s, tag);
		refused++;
	} while (refused < 2);
	for (i = 2; i < CONNECTIONS; i++)
		close(fds[i]);
	end_run(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_older_server_cannot_ask_in_a_result),
		cmocka_unit_test(a_question_brings_nothing_else),
		cmocka_unit_test(a_parked_call_is_nobody_elses),
		cmocka_unit_test(a_question_too_late_is_asked_next),
		cmocka_unit_test(nothing_is_sent_for_who_has_gone),
		cmocka_unit_test(news_are_looked_at_in_either_era),
		cmocka_unit_test(what_is_cancelled_is_forgotten),
		cmocka_unit_test(a_list_is_read_so_often),
		cmocka_unit_test(subscriptions_are_calls_too),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

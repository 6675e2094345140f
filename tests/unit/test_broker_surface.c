/* tests/unit/test_broker_surface.c - resources, prompts, completion, news, and what servers ask of agents. */
#include "broker_stage.h"

#include <fcntl.h>

const char policy_text[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
	"{\"id\":\"tools\",\"then\":\"allow\",\"when\":{\"tool\":\"fs/slow\"}},"
	"{\"id\":\"read\",\"then\":\"allow\",\"when\":{\"action\":\"resource.read\",\"resource\":{\"prefix\":\"file:///w/\"}}},"
	"{\"id\":\"ask\",\"then\":\"allow\",\"when\":{\"action\":[\"prompt.get\",\"completion.complete\"],\"tool\":\"fs/pr*\"}},"
	"{\"id\":\"model\",\"then\":\"allow\",\"when\":{\"action\":\"sampling.create\",\"args\":{\"/maxTokens\":{\"at_most\":100}}}},"
	"{\"id\":\"user\",\"then\":\"allow\",\"when\":{\"action\":\"elicitation.create\"}}]}";

#define Q(method, params) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":{" params "}}"
#define N(method, params) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"params\":{" params "}}"

static void greet_able(struct stage *s)
{
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\","
		      "\"capabilities\":{\"sampling\":{},\"elicitation\":{\"form\":{},\"url\":{}},\"roots\":{}}}}");
	agent_hears(s, "\"resources\":{\"subscribe\":true,\"listChanged\":true},\"prompts\":{\"listChanged\":true},\"completions\":{}");
}

static void answer(struct stage *s, unsigned id, const char *result)
{
	scoped(buf) struct buf line = BUF(1 << 16);

	buf_printf(&line, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":%s}", id, result);
	say(s->tool, buf_text(&line));
}

/* The server starts with id FIRST for its initialize, and announces everything. */
static void start_whole(struct stage *s, unsigned first)
{
	start_server(s, first);
	answer(s, first, "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{},\"resources\":{},\"prompts\":{},"
			 "\"completions\":{},\"logging\":{}},\"serverInfo\":{\"name\":\"x\",\"version\":\"1\"}}");
	tool_hears(s, "notifications/initialized");
	tool_hears(s, "tools/list");
	answer(s, first + 1, "{\"tools\":[{\"name\":\"slow\",\"inputSchema\":{\"type\":\"object\"}}]}");
	outcome(s, "ok");
}

/* The record of what is asked next, which may be what `action` says about `tool`. */
static void asked(struct stage *s, enum record_kind kind, const char *action, const char *tool, const char *reason)
{
	uint64_t tag;
	struct record r = recorded(s, kind, &tag);

	assert_string_equal(said(&r, FIELD_ACTION), action);
	assert_string_equal(said(&r, FIELD_TOOL), tool);
	assert_string_equal(said(&r, FIELD_REASON), reason);
	receipt(s, tag);
}

/* A call of fs/slow flies, with progress under the agent's own token; the server knows it as 1. */
static struct stage *busy(void)
{
	struct stage *s = stage_new(5000);

	greet_able(s);
	say(s->agent, Q("tools/call", "\"name\":\"fs__slow\",\"_meta\":{\"progressToken\":\"mine\",\"secret\":1}"));
	start_whole(s, 3);
	asked(s, RECORD_INTENT, "tool.call", "slow", "rule-allows");
	tool_hears(s, "\"params\":{\"name\":\"slow\",\"_meta\":{\"progressToken\":1}}}");
	return s;
}

static void nothing_more(struct stage *s)
{
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":\"last\",\"method\":\"ping\"}");
	agent_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":\"last\",\"result\":{}}");
	end_run(s);
}

static void lists_and_reads(void **state)
{
	struct stage *s = stage_new(5000);

	(void)state;
	greet_able(s);
	say(s->agent, Q("resources/list", ""));
	start_whole(s, 2);
	tool_hears(s, "\"id\":4,\"method\":\"resources/list\"");
	answer(s, 4, "{\"resources\":[{\"uri\":\"file:///w/a\",\"name\":\"a\"},{\"uri\":\"file:///etc/x\",\"name\":\"x\"},{\"uri\":5,\"name\":\"no\"}]}");
	agent_hears(s, "{\"resources\":[{\"uri\":\"file:///w/a\",\"name\":\"a\"},{\"uri\":\"file:///etc/x\",\"name\":\"x\"}]}");
	say(s->agent, Q("resources/read", "\"uri\":\"file:///w/a\""));
	tool_hears(s, "\"id\":5,\"method\":\"resources/templates/list\"");	/* it could be somebody else's by a template */
	answer(s, 5, "{\"resourceTemplates\":[{\"uriTemplate\":\"file:///{name}\",\"name\":\"t\"}]}");
	asked(s, RECORD_INTENT, "resource.read", "file:///w/a", "rule-allows");
	tool_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":6,\"method\":\"resources/read\",\"params\":{\"uri\":\"file:///w/a\"}}");
	answer(s, 6, "{\"contents\":[{\"uri\":\"file:///w/a\",\"text\":\"hi\"}]}");
	outcome(s, "ok");
	agent_hears(s, "\"contents\":[{\"uri\":\"file:///w/a\",\"text\":\"hi\"}]");
	say(s->agent, Q("resources/read", "\"uri\":\"file:///secret\""));
	asked(s, RECORD_REFUSAL, "resource.read", "file:///secret", "no-rule");
	agent_hears(s, "\"error\":{\"code\":403,\"message\":\"reeve refused fs/file:///secret: no rule allows it");
	say(s->agent, Q("resources/read", "\"uri\":\"other://x\""));
	asked(s, RECORD_REFUSAL, "message", "", "no-server");
	agent_hears(s, "no such resource");
	nothing_more(s);
}

static void gets_prompts(void **state)
{
	struct stage *s = stage_new(5000);

	(void)state;
	greet_able(s);
	say(s->agent, Q("prompts/list", "\"cursor\":\"\""));
	start_whole(s, 2);
	tool_hears(s, "\"method\":\"prompts/list\"");
	answer(s, 4, "{\"prompts\":[{\"name\":\"praise\"},{\"name\":\"hidden\"}]}");
	agent_hears(s, "{\"prompts\":[{\"name\":\"fs__praise\"}]}");
	say(s->agent, Q("prompts/get", "\"name\":\"fs__praise\",\"arguments\":{\"of\":\"x\"}"));
	asked(s, RECORD_INTENT, "prompt.get", "praise", "rule-allows");
	tool_hears(s, "\"method\":\"prompts/get\",\"params\":{\"name\":\"praise\",\"arguments\":{\"of\":\"x\"}}}");
	answer(s, 5, "{\"messages\":[]}");
	outcome(s, "ok");
	agent_hears(s, "{\"messages\":[]}");
	say(s->agent, Q("completion/complete", "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"fs__praise\"},\"argument\":{\"name\":\"of\",\"value\":\"x\"}"));
	asked(s, RECORD_INTENT, "completion.complete", "praise", "rule-allows");
	tool_hears(s, "\"params\":{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"praise\"},\"argument\":{\"name\":\"of\",\"value\":\"x\"}}}");
	answer(s, 6, "{\"completion\":{\"values\":[\"xy\"]}}");
	outcome(s, "ok");
	agent_hears(s, "\"values\":[\"xy\"]");
	say(s->agent, Q("prompts/get", "\"name\":\"fs__hidden\""));
	asked(s, RECORD_REFUSAL, "prompt.get", "hidden", "no-rule");
	agent_hears(s, "\"code\":403");
	nothing_more(s);
}

/* Only of a live call, only upwards, and under the token that the agent gave. */
static void tells_of_progress(void **state)
{
	struct stage *s = busy();

	(void)state;
	say(s->tool, N("notifications/progress", "\"progressToken\":2,\"progress\":1"));
	drops(s, "unsolicited", 1);
	say(s->tool, N("notifications/progress", "\"progressToken\":\"mine\",\"progress\":1"));	/* counted */
	say(s->tool, N("notifications/progress", "\"progressToken\":1,\"progress\":1,\"total\":4,\"message\":\"m\",\"other\":\"o\""));
	agent_hears(s, N("notifications/progress", "\"progress\":1,\"total\":4,\"message\":\"m\",\"progressToken\":\"mine\""));
	say(s->tool, N("notifications/progress", "\"progressToken\":1,\"progress\":1"));
	drops(s, "bad-params", 1);
	say(s->tool, N("notifications/progress", "\"progressToken\":1,\"progress\":1.5"));
	agent_hears(s, "\"progress\":1.5");
	answer(s, 1, "{\"content\":[]}");
	outcome(s, "ok");
	agent_hears(s, "\"content\":[]");
	say(s->tool, N("notifications/progress", "\"progressToken\":1,\"progress\":9"));	/* it is over */
	nothing_more(s);
}

static void passes_messages_by_level(void **state)
{
	struct stage *s = busy();

	(void)state;
	say(s->tool, N("notifications/message", "\"level\":\"debug\",\"data\":\"quiet\""));
	say(s->tool, N("notifications/message", "\"level\":\"info\",\"data\":\"heard\",\"more\":1"));
	agent_hears(s, N("notifications/message", "\"level\":\"info\",\"data\":\"heard\""));
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"logging/setLevel\",\"params\":{\"level\":\"error\"}}");
	agent_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}");
	say(s->tool, N("notifications/message", "\"level\":\"warning\",\"data\":\"quiet\""));
	say(s->tool, N("notifications/message", "\"level\":\"alert\",\"data\":{\"loud\":1}"));
	agent_hears(s, "\"loud\"");
	say(s->tool, N("notifications/message", "\"level\":\"worse\",\"data\":1"));
	drops(s, "bad-params", 1);
	nothing_more(s);
}

/* A thousand in a breath: some pass, the rest is one count, and answers come all the same. */
static void a_flood_is_a_count(void **state)
{
	struct stage *s = busy();
	uint64_t told = 0;
	size_t heard = 0, i;
	char *line;

	(void)state;
	for (i = 0; i < 1000; i++)
		say(s->tool, N("notifications/message", "\"level\":\"error\",\"data\":\"x\""));
	answer(s, 1, "{\"content\":[]}");
	drops(s, "flooding", 1);
	drops(s, "flooding", 10);
	drops(s, "flooding", 100);
	outcome(s, "ok");
	for (line = line_of(s->agent, &s->agent_in); strstr(line, "notifications/message"); line = line_of(s->agent, &s->agent_in)) {
		free(line);
		heard++;
	}
	assert_non_null(strstr(line, "\"content\":[]"));
	free(line);
	assert_true(heard >= 200 && heard < 500);
	assert_int_equal(end_run_counting(s, &told), 1);
	assert_int_equal(heard + told, 1000);
}

static void updates_go_to_who_subscribed(void **state)
{
	struct stage *s = busy();

	(void)state;
	say(s->tool, N("notifications/resources/updated", "\"uri\":\"file:///w/a\""));
	drops(s, "unsolicited", 1);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"resources/subscribe\",\"params\":{\"uri\":\"file:///w/d\"}}");
	tool_hears(s, "\"id\":5,\"method\":\"resources/list\"");
	answer(s, 5, "{\"resources\":[{\"uri\":\"file:///w/d\",\"name\":\"d\"}]}");
	tool_hears(s, "\"id\":6,\"method\":\"resources/templates/list\"");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":6,\"error\":{\"code\":-32601,\"message\":\"none\"}}");
	asked(s, RECORD_INTENT, "resource.read", "file:///w/d", "rule-allows");
	tool_hears(s, "\"id\":7,\"method\":\"resources/subscribe\"");
	say(s->tool, N("notifications/resources/updated", "\"uri\":\"file:///w/d\""));	/* not subscribed yet */
	answer(s, 7, "{}");
	outcome(s, "ok");
	agent_hears(s, "\"id\":2,\"result\":{}");
	say(s->tool, N("notifications/resources/updated", "\"uri\":\"file:///w/d\""));
	agent_hears(s, N("notifications/resources/updated", "\"uri\":\"file:///w/d\""));
	say(s->tool, N("notifications/resources/updated", "\"uri\":\"file:///w/d/sub\""));
	agent_hears(s, "file:///w/d/sub");
	say(s->tool, N("notifications/resources/updated", "\"uri\":\"file:///w/dx\""));
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"resources/unsubscribe\",\"params\":{\"uri\":\"file:///w/d\"}}");
	asked(s, RECORD_INTENT, "resource.read", "file:///w/d", "rule-allows");
	tool_hears(s, "resources/unsubscribe");
	answer(s, 8, "{}");
	outcome(s, "ok");
	agent_hears(s, "\"id\":3,\"result\":{}");
	say(s->tool, N("notifications/resources/updated", "\"uri\":\"file:///w/d\""));
	nothing_more(s);
}

#define SAMPLE "\"messages\":[],\"maxTokens\":50"

static void a_server_asks_the_model(void **state)
{
	struct stage *s = busy();
	struct record r;
	uint64_t tag;

	(void)state;
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":\"s\",\"method\":\"sampling/createMessage\",\"params\":{" SAMPLE ",\"_meta\":{\"progressToken\":1}}}");
	r = recorded(s, RECORD_INTENT, &tag);
	assert_string_equal(said(&r, FIELD_ACTION), "sampling.create");
	assert_string_equal(said(&r, FIELD_TOOL), "sampling/createMessage");
	assert_string_equal(said(&r, FIELD_RULE), "test:model");
	assert_string_equal(said(&r, FIELD_REQUEST), "\"s\"");
	assert_false(readable(s->agent, QUIET_MS));	/* no receipt, no question */
	receipt(s, tag);
	agent_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sampling/createMessage\",\"params\":{" SAMPLE "}}");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{\"role\":\"assistant\",\"model\":\"m\",\"content\":{}}}");	/* not that id */
	asked(s, RECORD_REFUSAL, "message", "", "unsolicited");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"role\":\"assistant\",\"model\":\"m\",\"content\":{\"text\":\"other\"}}}");	/* counted */
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"role\":\"assistant\",\"model\":\"m\",\"content\":{\"type\":\"text\",\"text\":\"yes\"}}}");
	tool_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":\"s\",\"result\":{\"role\":\"assistant\",\"model\":\"m\",\"content\":{\"type\":\"text\",\"text\":\"yes\"}}}");
	r = recorded(s, RECORD_OUTCOME, &tag);
	assert_string_equal(said(&r, FIELD_STATUS), "ok");
	receipt(s, tag);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"role\":\"assistant\",\"model\":\"m\",\"content\":{}}}");	/* once is enough */
	asked(s, RECORD_REFUSAL, "message", "", "late");
	nothing_more(s);
}

static void what_policy_refuses_no_agent_hears(void **state)
{
	struct stage *s = busy();

	(void)state;
	say(s->tool, Q("sampling/createMessage", "\"messages\":[],\"maxTokens\":5000"));
	asked(s, RECORD_REFUSAL, "sampling.create", "sampling/createMessage", "no-rule");
	tool_hears(s, "\"id\":1,\"error\":{\"code\":403,\"message\":\"reeve refused fs/sampling/createMessage: no rule allows it");
	say(s->tool, Q("roots/list", ""));
	asked(s, RECORD_REFUSAL, "roots.list", "roots/list", "no-rule");
	tool_hears(s, "\"code\":403");
	nothing_more(s);
}

static const struct {
	const char *line, *reason, *code;
} odd[] = {
	{ Q("elicitation/create", "\"message\":\"m\",\"mode\":\"url\",\"elicitationId\":\"e\",\"url\":\"javascript:alert(1)\""), "bad-params", "-32602" },
	{ Q("elicitation/create", "\"message\":\"m\",\"mode\":\"url\",\"elicitationId\":\"e\",\"url\":\"https://a@evil.example/\""), "bad-params", "-32602" },
	{ Q("elicitation/create", "\"message\":\"m\",\"mode\":\"url\",\"elicitationId\":\"e\",\"url\":\"https://xn--pple-43d.com/\""), "bad-params", "-32602" },
	{ Q("elicitation/create", "\"message\":\"m\",\"mode\":\"url\",\"url\":\"https://good.example/\""), "bad-params", "-32602" },
	{ Q("elicitation/create", "\"message\":\"m\""), "bad-params", "-32602" },
	{ Q("elicitation/create", "\"message\":\"m\",\"requestedSchema\":{},\"task\":{}"), "bad-params", "-32602" },
	{ Q("sampling/createMessage", "\"messages\":{},\"maxTokens\":1"), "bad-params", "-32602" },
	{ Q("sampling/createMessage", SAMPLE ",\"tools\":[]"), "no-method", "no agent is there that offers it" },
	{ Q("tasks/list", ""), "no-method", "-32601" },
};

static void odd_questions_are_turned_away(void **state)
{
	struct stage *s = busy();
	bool seen[count_of(odd)] = { false };
	size_t i, first;

	(void)state;
	for (i = 0; i < count_of(odd); i++) {
		for (first = 0; strcmp(odd[first].reason, odd[i].reason) != 0; first++)
			;
		say(s->tool, odd[i].line);
		tool_hears(s, odd[i].code);
		if (!seen[first])
			drops(s, odd[i].reason, 1);
		seen[first] = true;
	}
	nothing_more(s);
}

static void an_elicitation_by_url(void **state)
{
	struct stage *s = busy();

	(void)state;
	say(s->tool, N("notifications/elicitation/complete", "\"elicitationId\":\"e1\""));
	drops(s, "unsolicited", 1);
	say(s->tool, Q("elicitation/create", "\"message\":\"m\",\"mode\":\"url\",\"elicitationId\":\"e1\",\"url\":\"https://good.example/a?b\""));
	asked(s, RECORD_INTENT, "elicitation.create", "elicitation/create", "rule-allows");
	agent_hears(s, "\"url\":\"https://good.example/a?b\"");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"action\":\"accept\"}}");
	tool_hears(s, "\"action\":\"accept\"");
	outcome(s, "ok");
	say(s->tool, N("notifications/elicitation/complete", "\"elicitationId\":\"e1\",\"x\":1"));
	agent_hears(s, N("notifications/elicitation/complete", "\"elicitationId\":\"e1\""));
	say(s->tool, N("notifications/elicitation/complete", "\"elicitationId\":\"e1\""));	/* once */
	nothing_more(s);
}

static void odd_answers_go_no_further(void **state)
{
	static const char *const answers[] = {
		"\"result\":{\"action\":\"maybe\"}", "\"result\":{\"action\":\"decline\",\"content\":{\"a\":1}}",
		"\"result\":{\"action\":\"accept\",\"content\":{\"a\":{\"b\":1}}}", "\"result\":{}",
	};
	struct stage *s = busy();
	char line[256];
	size_t i;

	(void)state;
	for (i = 0; i < count_of(answers); i++) {
		say(s->tool, Q("elicitation/create", "\"message\":\"m\",\"requestedSchema\":{\"type\":\"object\"}"));
		asked(s, RECORD_INTENT, "elicitation.create", "elicitation/create", "rule-allows");
		agent_hears(s, "elicitation/create");
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%zu,%s}", i + 1, answers[i]);
		say(s->agent, line);
		tool_hears(s, "the agent's answer is not what MCP says it is");
		outcome(s, "failed");
	}
	nothing_more(s);
}

/* Back from either side, and when the agent goes: the server has its answer, the intent its outcome. */
static void questions_end(void **state)
{
	struct stage *s = busy();

	(void)state;
	say(s->tool, Q("sampling/createMessage", SAMPLE));
	asked(s, RECORD_INTENT, "sampling.create", "sampling/createMessage", "rule-allows");
	agent_hears(s, "sampling/createMessage");
	say(s->tool, Q("sampling/createMessage", SAMPLE));	/* the id is in flight */
	tool_hears(s, "this id is in flight already");
	drops(s, "id-reused", 1);
	say(s->tool, N("notifications/cancelled", "\"requestId\":1"));
	agent_hears(s, N("notifications/cancelled", "\"requestId\":1"));
	outcome(s, "cancelled");
	say(s->tool, Q("sampling/createMessage", SAMPLE));
	asked(s, RECORD_INTENT, "sampling.create", "sampling/createMessage", "rule-allows");
	agent_hears(s, "\"id\":2,\"method\":\"sampling/createMessage\"");
	close(s->agent);
	s->agent = open("/dev/null", O_RDONLY | O_CLOEXEC);
	tool_hears(s, "the agent has gone");
	outcome(s, "cancelled");
	end_run(s);
}

/* Whose call the server asks about it does not say: of two agents neither is asked. */
static void of_two_agents_neither(void **state)
{
	struct stage *s = busy();

	(void)state;
	say(s->other, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}}}");
	say(s->other, Q("tools/call", "\"name\":\"fs__slow\""));
	asked(s, RECORD_INTENT, "tool.call", "slow", "rule-allows");
	tool_hears(s, "\"name\":\"slow\"}");
	say(s->tool, Q("sampling/createMessage", SAMPLE));	/* the first could answer, the second could not */
	tool_hears(s, "more than one agent could be meant");
	drops(s, "no-method", 1);
	nothing_more(s);
}

static void nobody_can_be_asked(void **state)
{
	struct stage *s = stage_new(5000);

	(void)state;
	greet(s);	/* without capabilities */
	say(s->agent, Q("tools/call", "\"name\":\"fs__slow\""));
	start_whole(s, 3);
	asked(s, RECORD_INTENT, "tool.call", "slow", "rule-allows");
	tool_hears(s, "tools/call");
	say(s->tool, Q("sampling/createMessage", SAMPLE));
	tool_hears(s, "no agent is there that offers it");
	drops(s, "no-method", 1);
	nothing_more(s);
}

/* One agent reads nothing at all: it misses news, and the other hears every word. */
static void who_does_not_listen_harms_nobody(void **state)
{
	struct stage *s = busy();
	scoped(buf) struct buf in = BUF(8 << 20), line = BUF(1 << 16);
	uint64_t tag;
	size_t i;

	(void)state;
	say(s->other, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}}}");
	free(line_of(s->other, &in));
	buf_puts(&line, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"error\",\"data\":\"");
	for (i = 0; i < 12000; i++)
		buf_puts(&line, "x");
	buf_puts(&line, "\"}}");
	for (i = 0; i < 200; i++) {
		say(s->tool, buf_text(&line));
		free(line_of(s->other, &in));
	}
	assert_string_equal(said(&(struct record[]){ recorded(s, RECORD_DROPPED, &tag) }[0], FIELD_REASON), "flooding");
	receipt(s, tag);
	end_run(s);
}

/* It asks on and on and reads no answer: what waits for it is bounded, and others go on. */
static void who_reads_nothing_is_told_little(void **state)
{
	struct stage *s = busy();
	size_t i;

	(void)state;
	for (i = 0; i < 60000; i++)
		say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":\"0123456789012345678901234567890123456789\",\"method\":\"ping\"}");
	drops(s, "flooding", 1);
	nothing_more(s);
}

/* --- what is larger than a message may be --- */

static void say_large(struct stage *s, const char *before, size_t size, const char *after)
{
	scoped(buf) struct buf line = BUF(32 << 20);
	size_t sent = 0, i;
	ssize_t done;

	buf_puts(&line, before);
	for (i = 0; i < size; i++)
		buf_add(&line, "x", 1);
	buf_puts(&line, after);
	buf_puts(&line, "\n");
	assert_false(line.over);
	while (sent < line.size) {
		done = write(s->tool, line.data + sent, line.size - sent);
		assert_true(done > 0);
		sent += (size_t)done;
	}
}

#define TEXT(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"first\"},{\"type\":\"text\",\"text\":\""

static char *cut_to(struct stage *s)
{
	uint64_t tag;
	struct record r = recorded(s, RECORD_OUTCOME, &tag);

	assert_string_equal(said(&r, FIELD_STATUS), "cut");
	assert_true(r.value[FIELD_WHY].set && r.value[FIELD_SIZE].number > (4 << 20));
	receipt(s, tag);
	return line_of(s->agent, &s->agent_in);
}

/* Two images that together are too large: one is passed on, and a note stands for the other. */
static void what_fits_is_passed_on(void **state)
{
	struct stage *s = busy();
	scoped(buf) struct buf after = BUF(8 << 20);
	char *line;
	size_t i;

	(void)state;
	buf_puts(&after, "\",\"mimeType\":\"image/png\"},{\"type\":\"image\",\"mimeType\":\"image/png\",\"data\":\"");
	for (i = 0; i < 3u << 20; i++)
		buf_add(&after, "y", 1);
	buf_puts(&after, "\"},{\"type\":\"text\",\"text\":\"last\"}],\"structuredContent\":{}}}");
	say_large(s, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"image\",\"data\":\"", 3 << 20, buf_text(&after));
	line = cut_to(s);
	assert_true(strlen(line) > (3 << 20) && strlen(line) < (4 << 20));
	assert_non_null(strstr(line, "[reeve: the result is cut here: it had 629"));
	assert_non_null(strstr(line, "\"last\""));
	assert_null(strstr(line, "yyyy"));
	assert_null(strstr(line, "structuredContent"));
	free(line);
	nothing_more(s);
}

/* One text that is too large: it is passed on as far as the server's bounds let it. */
static void a_large_text_is_cut(void **state)
{
	struct stage *s = busy();
	char *line;

	(void)state;
	say_large(s, TEXT("1"), 5 << 20, "\"}]}}");
	outcome(s, "ok");
	line = line_of(s->agent, &s->agent_in);
	assert_true(strlen(line) > (512 << 10) && strlen(line) < (4 << 20));
	assert_non_null(strstr(line, "\"first\""));
	assert_non_null(strstr(line, "[reeve: "));
	free(line);
	nothing_more(s);
}

static void nothing_unread_is_passed_on(void **state)
{
	struct stage *s = busy();
	char *line;

	(void)state;
	say_large(s, TEXT("1"), 17 << 20, "\"}]}}");
	line = cut_to(s);
	assert_non_null(strstr(line, "nothing of the result is shown"));
	assert_null(strstr(line, "xxxx"));
	free(line);
	nothing_more(s);
}

/* The id may stand behind the result, too. */
static void an_id_at_the_end(void **state)
{
	struct stage *s = busy();
	char *line;

	(void)state;
	say_large(s, "{\"jsonrpc\":\"2.0\",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"", 17 << 20, "\"}]},\"id\":1}");
	line = cut_to(s);
	assert_non_null(strstr(line, "nothing of the result is shown"));
	free(line);
	say_large(s, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":\"", 17 << 20, "\"}}");	/* nobody's */
	drops(s, "too-long", 1);
	nothing_more(s);
}

static void too_many_values(void **state)
{
	struct stage *s = busy();
	scoped(buf) struct buf line = BUF(4 << 20);
	uint64_t tag;
	size_t i;

	(void)state;
	buf_puts(&line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[],\"structuredContent\":{\"a\":[0");
	for (i = 0; i < 120000; i++)
		buf_puts(&line, ",0");
	buf_puts(&line, "]}}}");
	say(s->tool, buf_text(&line));
	assert_string_equal(said(&(struct record[]){ recorded(s, RECORD_OUTCOME, &tag) }[0], FIELD_STATUS), "cut");
	receipt(s, tag);
	agent_hears(s, "more than 100000 values");
	nothing_more(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_and_reads),
		cmocka_unit_test(gets_prompts),
		cmocka_unit_test(tells_of_progress),
		cmocka_unit_test(passes_messages_by_level),
		cmocka_unit_test(a_flood_is_a_count),
		cmocka_unit_test(updates_go_to_who_subscribed),
		cmocka_unit_test(a_server_asks_the_model),
		cmocka_unit_test(what_policy_refuses_no_agent_hears),
		cmocka_unit_test(odd_questions_are_turned_away),
		cmocka_unit_test(an_elicitation_by_url),
		cmocka_unit_test(odd_answers_go_no_further),
		cmocka_unit_test(questions_end),
		cmocka_unit_test(of_two_agents_neither),
		cmocka_unit_test(nobody_can_be_asked),
		cmocka_unit_test(who_does_not_listen_harms_nobody),
		cmocka_unit_test(who_reads_nothing_is_told_little),
		cmocka_unit_test(what_fits_is_passed_on),
		cmocka_unit_test(a_large_text_is_cut),
		cmocka_unit_test(nothing_unread_is_passed_on),
		cmocka_unit_test(an_id_at_the_end),
		cmocka_unit_test(too_many_values),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

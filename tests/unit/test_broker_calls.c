/* tests/unit/test_broker_calls.c - calls, from a line of an agent's to its answer and its outcome. */
#include "broker_stage.h"

const char policy_text[] =
	"{\"reeve\":\"policy/1\",\"layer\":\"action\",\"rules\":["
	"{\"id\":\"no-shell\",\"then\":\"refuse\",\"when\":{\"tool\":\"fs/shell\"},\"why\":\"no shells here\"},"
	"{\"id\":\"files\",\"then\":\"allow\",\"when\":{\"tool\":[\"fs/read\",\"fs/slow\"]},\"why\":\"to read\"},"
	"{\"id\":\"paths\",\"then\":\"allow\",\"when\":{\"tool\":\"fs/open\",\"args\":{\"/path\":{\"under\":\"/w\"}}},"
	"\"why\":\"only what lies beneath\"},"
	"{\"id\":\"programs\",\"then\":\"allow\",\"when\":{\"tool\":\"run/count\"},\"why\":\"to count\"}]}";

/* The bytes the tool gets are those whose digest stands in the intent and in the outcome. */
static void forwards_what_was_judged(void **state)
{
	struct stage *s = stage_new(5000);
	char digest[SEAL_DIGEST_TEXT], intended[SEAL_DIGEST_TEXT], *line, answer[200];
	struct record r;
	uint64_t tag;

	(void)state;
	greet(s);
	say(s->agent, "{\"params\":{\"_meta\":{\"x\":1},\"arguments\":{\"file\":\"a\\u0041\"},\"name\":\"fs__read\"},"
		      "\"id\":\"7\",\"method\":\"tools/call\",\"jsonrpc\":\"2.0\"}");
	start_server(s, 3);	/* only then it is known in which bytes it can be asked */
	list_tools(s, 3);
	r = recorded(s, RECORD_INTENT, &tag);
	assert_string_equal(said(&r, FIELD_ACTION), "tool.call");
	assert_string_equal(said(&r, FIELD_TOOL), "read");
	assert_string_equal(said(&r, FIELD_REQUEST), "\"7\"");
	assert_string_equal(said(&r, FIELD_RESOURCE), "aA");
	assert_string_equal(said(&r, FIELD_RULE), "test:files");
	snprintf(intended, sizeof(intended), "%s", said(&r, FIELD_DIGEST));
	assert_false(readable(s->tool, QUIET_MS));	/* nothing is sent yet */
	receipt(s, tag);
	line = line_of(s->tool, &s->tool_in);
	assert_string_equal(line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"read\","
				  "\"arguments\":{\"file\":\"aA\"}}}");
	seal_digest(digest, line, strlen(line));
	assert_string_equal(digest, intended);
	free(line);
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{\"content\":[]}}");	/* nobody's */
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{\"content\":[]}}");	/* a string is not the number */
	say(s->tool, "this is no JSON");
	snprintf(answer, sizeof(answer), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}}");
	say(s->tool, answer);
	say(s->tool, answer);	/* twice */
	drops(s, "unsolicited", 1);	/* the second of it is only counted */
	drops(s, "bad-json", 1);
	r = recorded(s, RECORD_OUTCOME, &tag);
	assert_string_equal(said(&r, FIELD_STATUS), "ok");
	assert_string_equal(said(&r, FIELD_EXECUTED), intended);
	seal_digest(digest, answer, strlen(answer));
	assert_string_equal(said(&r, FIELD_ANSWER), digest);
	assert_int_equal(r.ref, 103);
	receipt(s, tag);
	drops(s, "late", 1);
	agent_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}}");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"tools/list\"}");
	line = line_of(s->agent, &s->agent_in);
	assert_non_null(strstr(line, "\"fs__read\""));
	assert_non_null(strstr(line, "\"run__count\""));
	assert_null(strstr(line, "secret"));
	free(line);
	end_run(s);
}

static void refuses_only_with_a_receipt(void **state)
{
	struct stage *s = stage_new(5000);
	struct record r;
	uint64_t tag;

	(void)state;
	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__shell\"}}");
	r = recorded(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_REASON), "rule-refuses");
	assert_string_equal(said(&r, FIELD_WHY), "no shells here");
	assert_false(readable(s->agent, QUIET_MS));
	receipt(s, tag);
	agent_hears(s, "reeve refused fs/shell: rule test:no-shell: no shells here");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__secret\"}}");
	r = recorded(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_REASON), "no-rule");
	receipt(s, tag);
	agent_hears(s, "\"isError\":true");
	assert_false(readable(s->launcher.fd, QUIET_MS));
	end_run(s);
}

static const struct {
	const char *what, *line, *reason, *code;
} rows[] = {
	{ "no JSON", "{", "bad-json", "-32700" },
	{ "an empty line", "", "bad-json", "-32700" },
	{ "duplicate keys", "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}", "bad-json", "-32700" },
	{ "a batch", "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", "bad-message", "-32600" },
	{ "a case variant", "{\"jsonrpc\":\"2.0\",\"id\":1,\"Method\":\"ping\",\"method\":\"ping\"}", "bad-message", "\"id\":1,\"error\":{\"code\":-32600" },
	{ "id null", "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", "bad-message", "\"id\":null,\"error\":{\"code\":-32600" },
	{ "id 1.5", "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", "bad-message", "-32600" },
	{ "no version", "{\"id\":1,\"method\":\"ping\"}", "bad-message", "-32600" },
	{ "params no object", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", "bad-message", "-32600" },
	{ "unknown method", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/Call\"}", "no-method", "-32601" },
	{ "unknown server", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"x__y\"}}", "no-server", "-32602" },
	{ "no joined name", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"read\"}}", "no-server", "-32602" },
	{ "a member too many", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\",\"Name\":\"q\"}}", "bad-params", "-32602" },
	{ "a parameter too many", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\",\"task\":{}}}", "bad-params", "-32602" },
	{ "arguments no object", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\",\"arguments\":[]}}", "bad-params", "-32602" },
	{ "exec: type", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\",\"arguments\":{\"what\":1}}}", "bad-params", "what must be of type string\"}],\"isError\":true" },
	{ "exec: missing", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\"}}", "bad-params", "what is missing" },
	{ "exec: unknown", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\",\"arguments\":{\"what\":\"a\",\"x\":1}}}", "bad-params", "x is no parameter" },
	{ "exec: no such tool", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__other\"}}", "bad-params", "no such tool" },
	{ "a second initialize", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"x\"}}", "bad-message", "-32600" },
	{ "an answer", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", "unsolicited", NULL },
	{ "an unknown notification", "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\"}", "no-method", NULL },
	{ "a cursor", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":\"0.1x\"}}", "bad-params", "-32602" },
};

/* The first of a reason is a refusal, and answered when that is written; those after it are counted. */
static void records_what_is_malformed(void **state)
{
	struct stage *s = stage_new(5000);
	bool seen[count_of(rows)] = { false };
	size_t i, first, counted = 0;
	uint64_t tag, told = 0;
	struct record r;

	(void)state;
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
	r = recorded(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_REASON), "not-ready");
	receipt(s, tag);
	agent_hears(s, "-32600");
	greet(s);
	for (i = 0; i < count_of(rows); i++) {
		for (first = 0; strcmp(rows[first].reason, rows[i].reason) != 0; first++)
			;
		say(s->agent, rows[i].line);
		if (!seen[first] || strncmp(rows[i].what, "exec", 4) == 0) { /* a call that fits no tool is a call */
			r = recorded(s, RECORD_REFUSAL, &tag);
			if (strcmp(said(&r, FIELD_REASON), rows[i].reason) != 0)
				fail_msg("%s: %s", rows[i].what, said(&r, FIELD_REASON));
			receipt(s, tag);
		} else {
			counted++;
		}
		seen[first] = true;
		if (rows[i].code)
			agent_hears(s, rows[i].code);
	}
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}");
	agent_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}");	/* the session goes on, nothing was left over */
	i = end_run_counting(s, &told);
	assert_int_equal(told, counted + i);	/* each reason's count includes its first */
}

static void refuses_a_line_too_long(void **state)
{
	struct stage *s = stage_new(5000);
	size_t size = (4 << 20) + 5;
	char *line = malloc(size + 1);
	struct record r;
	uint64_t tag;

	(void)state;
	memset(line, ' ', size);
	line[size] = '\0';
	say(s->agent, line);
	r = recorded(s, RECORD_REFUSAL, &tag);
	assert_string_equal(said(&r, FIELD_REASON), "too-long");
	assert_int_equal(r.value[FIELD_SIZE].number, size);
	receipt(s, tag);
	agent_hears(s, "4 MiB");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}");
	agent_hears(s, "\"id\":2,\"result\"");
	free(line);
	end_run(s);
}

static void id_in_flight_is_refused(void **state)
{
	static const char call[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\",\"arguments\":{\"what\":\"a\"}}}";
	struct stage *s = stage_new(5000);
	uint64_t first, second;
	struct record r;

	(void)state;
	greet(s);
	say(s->agent, call);
	recorded(s, RECORD_INTENT, &first);
	say(s->agent, call);
	r = recorded(s, RECORD_REFUSAL, &second);
	assert_string_equal(said(&r, FIELD_REASON), "id-reused");
	receipt(s, second);	/* in whatever order */
	agent_hears(s, "in flight already");
	close(s->agent);	/* gone before its receipt: nothing is done */
	s->agent = -1;
	assert_false(readable(s->recorder.fd, QUIET_MS));
	receipt(s, first);
	outcome(s, "cancelled");
	end_run(s);
}

static void runs_a_program(void **state)
{
	static const char judged[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
				     "\"count\",\"arguments\":{\"what\":\"a b\",\"most\":12}}}";
	char digest[SEAL_DIGEST_TEXT];
	struct stage *s = stage_new(5000);
	uint8_t status[4] = { 3 };
	struct err e = { 0 };
	struct record r;
	struct unpack u;
	uint64_t tag;
	size_t size;
	struct msg *m;

	(void)state;
	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run__count\","
		      "\"arguments\":{\"what\":\"a b\"}}}");
	r = recorded(s, RECORD_INTENT, &tag);
	seal_digest(digest, judged, strlen(judged));	/* the default is judged like a given value */
	assert_string_equal(said(&r, FIELD_DIGEST), digest);
	assert_string_equal(said(&r, FIELD_SERVER), "run");
	assert_false(readable(s->launcher.fd, QUIET_MS));
	receipt(s, tag);
	m = hear(s, &s->launcher, MSG_EXEC);
	u = (struct unpack){ .at = m->body, .left = m->size };
	assert_int_equal(unpack_number(&u, 8), s->index);
	assert_int_equal(unpack_number(&u, 2), 1);
	assert_int_equal(unpack_number(&u, 2), 0);
	assert_int_equal(unpack_number(&u, 2), 0);	/* no rule asks where anything lies */
	assert_int_equal(unpack_number(&u, 2), 3);
	assert_int_equal(unpack_number(&u, 1), 1);
	assert_memory_equal(unpack_text(&u, &size), "a b", 3);
	assert_int_equal(unpack_number(&u, 1), 0);
	assert_int_equal(unpack_number(&u, 1), 1);
	assert_memory_equal(unpack_text(&u, &size), "12", 2);
	assert_true(unpack_done(&u));
	tag = m->tag;
	spawned(s, tag);
	must_ok(fd_write_all(s->tool, "out\xff", 4, &e), &e);
	close(s->tool);
	s->tool = -1;
	must_ok(wire_send(&s->launcher, MSG_EXITED, tag, status, 4, NULL, 0, &e), &e);
	r = recorded(s, RECORD_OUTCOME, &tag);
	assert_string_equal(said(&r, FIELD_STATUS), "tool-error");
	assert_int_equal(r.value[FIELD_EXIT].number, 3);
	receipt(s, tag);
	agent_hears(s, "{\"type\":\"text\",\"text\":\"out\\\\xff\"},{\"type\":\"text\",\"text\":\"exit status 3\"}],\"isError\":true");
	end_run(s);
}

/* A call in flight: until its deadline, its server's death, or the end of the run. */
static struct stage *flying(unsigned ms)
{
	struct stage *s = stage_new(ms);
	uint64_t tag;

	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__slow\"}}");
	start_server(s, 3);
	list_tools(s, 3);
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	tool_hears(s, "tools/call");
	return s;
}

static void gives_up_at_the_deadline(void **state)
{
	struct stage *s = flying(50);

	(void)state;
	outcome(s, "timeout");
	agent_hears(s, "did not answer within 50 ms");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");	/* too late: dropped */
	drops(s, "late", 1);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}");
	agent_hears(s, "\"id\":2");
	end_run(s);
}

static void survives_its_server(void **state)
{
	struct stage *s = flying(5000);

	(void)state;
	close(s->tool);
	s->tool = -1;
	outcome(s, "failed");
	agent_hears(s, "tool server fs ended");
	hear(s, &s->launcher, MSG_STOP);
	end_run(s);
}

static void closes_what_is_open_at_the_end(void **state)
{
	struct stage *s = flying(5000);
	struct err e = { 0 };

	(void)state;
	must_ok(wire_send(&s->launcher, MSG_END, 0, NULL, 0, NULL, 0, &e), &e);
	outcome(s, "unknown");
	hear(s, &s->launcher, MSG_DONE);
	end(s, 0);
}

static void restarts_what_has_died(void **state)
{
	struct stage *s = flying(5000);
	uint8_t status[4] = { 9 };
	struct err e = { 0 };
	uint64_t tag;

	(void)state;
	must_ok(wire_send(&s->launcher, MSG_EXITED, s->spawn_tag, status, 4, NULL, 0, &e), &e);
	outcome(s, "failed");
	agent_hears(s, "tool server fs ended with status 9. The call may or may not have had an effect.");
	close(s->tool);
	buf_free(&s->tool_in);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\"}}");
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	start_server(s, 0);
	list_tools(s, 7);
	tool_hears(s, "\"name\":\"read\"");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":6,\"error\":{\"code\":-32602,\"message\":\"no\",\"data\":[1]}}");
	outcome(s, "error");
	agent_hears(s, "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32602,\"message\":\"no\",\"data\":[1]}}");
	end_run(s);
}

static void tells_of_a_changed_list(void **state)
{
	struct stage *s = flying(5000);

	(void)state;
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}");
	tool_hears(s, "\"id\":6,\"method\":\"tools/list\"");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":6,\"result\":{\"tools\":[{\"name\":\"open\",\"inputSchema\":{}}]}}");
	agent_hears(s, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\"}");
	agent_hears(s, "\"fs__open\"");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
	tool_hears(s, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
	outcome(s, "cancelled");
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\"}");
	agent_hears(s, "\"id\":4");
	say(s->tool, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}");
	drops(s, "late", 1);
	assert_false(readable(s->agent, QUIET_MS));	/* cancelled: its answer is not wanted */
	end_run(s);
}

static void asks_the_launcher_about_paths(void **state)
{
	static const struct {
		uint16_t beneath;
		enum record_kind record;
	} answers[] = { { 0, RECORD_REFUSAL }, { 1, RECORD_INTENT } };
	struct stage *s = stage_new(5000);
	struct err e = { 0 };
	uint64_t tag = 0;
	struct unpack u;
	struct msg *m;
	size_t i, size;

	(void)state;
	greet(s);
	for (i = 0; i < count_of(answers); i++) {
		say(s->agent, i ? "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__open\",\"arguments\":{\"path\":\"/w/sub/x\"}}}" :
				  "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__open\",\"arguments\":{\"path\":\"/w/sub/x\"}}}");
		m = hear(s, &s->launcher, MSG_RESOLVE);
		u = (struct unpack){ .at = m->body, .left = m->size };
		assert_int_equal(unpack_number(&u, 2), 0);
		assert_memory_equal(unpack_text(&u, &size), "/w", 2);
		assert_memory_equal(unpack_text(&u, &size), "/w/sub/x", 8);
		assert_false(readable(s->recorder.fd, QUIET_MS));	/* not judged yet */
		must_ok(wire_send(&s->launcher, MSG_RESOLVED, m->tag, &answers[i].beneath, 2, NULL, 0, &e), &e);
		recorded(s, answers[i].record, &tag);
		receipt(s, tag);
		if (!i)
			agent_hears(s, "no rule allows it");
	}
	hear(s, &s->launcher, MSG_SPAWN);	/* allowed, so far: what it is sent depends on its server */
	end(s, 3);
}

static void says_when_a_server_does_not_start(void **state)
{
	struct stage *s = stage_new(5000);
	struct err e = { 0 };
	uint64_t tag;

	(void)state;
	greet(s);
	say(s->agent, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"fs__read\"}}");
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	tag = hear(s, &s->launcher, MSG_SPAWN)->tag;
	must_ok(wire_send_text(&s->launcher, MSG_FAILED, tag, "no such program", &e), &e);
	outcome(s, "failed");
	recorded(s, RECORD_INTENT, &tag);
	receipt(s, tag);
	outcome(s, "failed");
	agent_hears(s, "tool server fs did not start: no such program. The call was not made.");
	end_run(s);
}

static void ends_with_its_recorder(void **state)
{
	struct stage *s = stage_new(5000);

	(void)state;
	greet(s);
	shutdown(s->recorder.fd, SHUT_RDWR);
	end(s, 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(forwards_what_was_judged),
		cmocka_unit_test(refuses_only_with_a_receipt),
		cmocka_unit_test(records_what_is_malformed),
		cmocka_unit_test(refuses_a_line_too_long),
		cmocka_unit_test(id_in_flight_is_refused),
		cmocka_unit_test(runs_a_program),
		cmocka_unit_test(gives_up_at_the_deadline),
		cmocka_unit_test(survives_its_server),
		cmocka_unit_test(closes_what_is_open_at_the_end),
		cmocka_unit_test(restarts_what_has_died),
		cmocka_unit_test(tells_of_a_changed_list),
		cmocka_unit_test(asks_the_launcher_about_paths),
		cmocka_unit_test(says_when_a_server_does_not_start),
		cmocka_unit_test(ends_with_its_recorder),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

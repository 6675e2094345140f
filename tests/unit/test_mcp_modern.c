/* tests/unit/test_mcp_modern.c - the era of 2026-07-28: which requests, results and subscriptions are of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mcp/modern.h"

#define V "\"io.modelcontextprotocol/protocolVersion\":"
#define C "\"io.modelcontextprotocol/clientCapabilities\":"
#define L "\"io.modelcontextprotocol/logLevel\":"
#define ENVELOPE V "\"2026-07-28\"," C "{}"
#define ASK(method, meta) \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":{\"_meta\":{" meta "}}}"

static json_t *read_text(const char *text)
{
	struct err e = { 0 };
	json_t *doc = NULL;

	if (json_read(&doc, text, strlen(text), NULL, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return doc;
}

/* Is the value what this text says? Frees it. */
static void is_text(json_t *value, const char *text)
{
	scoped(json) json_t *want = read_text(text);
	scoped(buf) struct buf got = BUF(1 << 20);

	if (!value || !json_write(&got, value))
		fail_msg("no value where %s was expected", text);
	if (!json_equal(value, want))
		fail_msg("%s is not %s", buf_text(&got), text);
	json_decref(value);
}

static const struct {
	const char *line;
	enum mcp_era era;
} firsts[] = {
	{ ASK("initialize", ""), MCP_ERA_LEGACY },
	{ ASK("initialize", ENVELOPE), MCP_ERA_MODERN },	/* which has no such method */
	{ ASK("tools/list", ENVELOPE), MCP_ERA_MODERN },
	{ ASK("tools/list", V "\"2099-01-01\""), MCP_ERA_MODERN },
	{ ASK("tools/list", C "{}"), MCP_ERA_MODERN },
	{ ASK("server/discover", ""), MCP_ERA_MODERN },
	{ ASK("subscriptions/listen", ""), MCP_ERA_MODERN },
	{ ASK("tools/list", "\"progressToken\":0"), MCP_ERA_OPEN },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", MCP_ERA_OPEN },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"server/discover\",\"params\":{\"_meta\":{" ENVELOPE "}}}", MCP_ERA_OPEN },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", MCP_ERA_OPEN },
};

static void knows_the_era_by_the_first_message(void **state)
{
	struct mcp_fault f = { 0 };
	struct mcp_message m;
	json_t *doc;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(firsts); i++) {
		doc = read_text(firsts[i].line);
		assert_true(mcp_read(&m, doc, &f));
		if (modern_era_of(&m) != firsts[i].era)
			fail_msg("%s", firsts[i].line);
		json_decref(doc);
	}
}

static const struct {
	const char *meta;
	int code; /* 0: an envelope */
} envelopes[] = {
	{ ENVELOPE, 0 },
	{ ENVELOPE "," L "\"warning\",\"traceparent\":\"00-a-b-01\"", 0 },
	{ ENVELOPE "," L "\"loud\"", MCP_BAD_PARAMS },
	{ ENVELOPE "," L "3", MCP_BAD_PARAMS },
	{ "", MCP_BAD_PARAMS },
	{ C "{}", MCP_BAD_PARAMS },
	{ V "20260728," C "{}", MCP_BAD_PARAMS },
	{ V "\"2026-07-28\"", MCP_BAD_PARAMS },
	{ V "\"2026-07-28\"," C "[]", MCP_BAD_PARAMS },
	{ V "\"2026-07-28\"," C "null", MCP_BAD_PARAMS },
	{ V "\"2025-11-25\"," C "{}", MODERN_VERSION },
	{ V "\"1900-01-01\"", MODERN_VERSION },	/* what it lacks, another revision may not need */
	{ V "\"2026-07-28 \"," C "{}", MODERN_VERSION },
	{ V "\"\"," C "{}", MODERN_VERSION },
};

static void reads_only_whole_envelopes(void **state)
{
	struct modern_envelope e;
	struct mcp_message m;
	struct mcp_fault f;
	char line[512];
	json_t *doc;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(envelopes); i++) {
		snprintf(line, sizeof(line), ASK("tools/list", "%s"), envelopes[i].meta);
		doc = read_text(line);
		f = (struct mcp_fault){ 0 };
		assert_true(mcp_read(&m, doc, &f));
		if (modern_read_envelope(&e, &m, &f) != (envelopes[i].code == 0) ||
		    f.code != envelopes[i].code)
			fail_msg("%s: %d", line, f.code);
		json_decref(doc);
	}
	is_text(modern_supported("1900-01-01"),
		"{\"supported\":[\"2026-07-28\"],\"requested\":\"1900-01-01\"}");
}

/* Nobody puts words of the protocol into our mouth: what goes along is what we have read. */
static void writes_its_own_envelope(void **state)
{
	scoped(json) json_t *params = read_text("{\"cursor\":\"c\\n\"}"), *doc = NULL;
	struct modern_envelope e = { .can = MCP_CAN_FORM | MCP_CAN_SAMPLING, .log_level = "info" };
	scoped(buf) struct buf out = BUF(4096);

	(void)state;
	assert_true(modern_write_request(&out, 5, "tools/list", params, &e));
	assert_int_equal(out.data[out.size - 1], '\n');
	assert_null(memchr(out.data, '\n', out.size - 1));
	doc = read_text(buf_text(&out));
	json_object_del(json_at(doc, "/params/_meta"), "io.modelcontextprotocol/clientInfo");
	is_text(json_incref(doc), "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/list\",\"params\":{\"cursor\":\"c\\n\","
		"\"_meta\":{" V "\"2026-07-28\"," C "{\"sampling\":{},\"elicitation\":{\"form\":{}}}," L "\"info\"}}}");
	out.size = 0;
	assert_true(modern_write_meta(&out, &e, 7));
	assert_non_null(strstr(buf_text(&out), "\"progressToken\":7,"));
}

static const struct {
	const char *capabilities;
	unsigned can;
	const char *again; /* NULL: the same */
} abilities[] = {
	{ "{}", 0, NULL },
	{ "{\"elicitation\":{}}", MCP_CAN_FORM, "{\"elicitation\":{\"form\":{}}}" },
	{ "{\"elicitation\":{\"url\":{}}}", MCP_CAN_URL, NULL },
	{ "{\"sampling\":{\"tools\":{}},\"roots\":{}}",
	  MCP_CAN_SAMPLING | MCP_CAN_SAMPLING_TOOLS | MCP_CAN_ROOTS, NULL },
	{ "{\"roots\":{\"listChanged\":true},\"experimental\":{\"x\":{}},\"extensions\":{\"a/b\":{}}}", MCP_CAN_ROOTS, "{\"roots\":{}}" },
	{ "{\"sampling\":true,\"elicitation\":[]}", 0, "{}" },
	{ "{\"sampling\":{\"context\":{}},\"elicitation\":{\"form\":{},\"url\":{}},\"roots\":{}}",
	  MCP_CAN_ALL & ~(unsigned)MCP_CAN_SAMPLING_TOOLS, NULL },
};

static void passes_on_only_abilities_it_knows(void **state)
{
	json_t *said;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(abilities); i++) {
		said = read_text(abilities[i].capabilities);
		if (mcp_can_read(said) != abilities[i].can)
			fail_msg("%s: %u", abilities[i].capabilities, mcp_can_read(said));
		is_text(mcp_can_write(abilities[i].can),
			abilities[i].again ? abilities[i].again : abilities[i].capabilities);
		json_decref(said);
	}
	assert_int_equal(mcp_can_need("ping", NULL), 0);
	assert_int_equal(mcp_can_need(NULL, NULL), 0);
}

#define ANSWER(what) "{\"jsonrpc\":\"2.0\",\"id\":1," what "}"
#define ERROR(code, data) \
	ANSWER("\"error\":{\"code\":" code ",\"message\":\"m\",\"data\":" data "}")

static const struct {
	const char *line;
	enum modern_verdict verdict;
} discoveries[] = {
	{ ANSWER("\"result\":{\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{}}"), MODERN_SPEAKS },
	{ ANSWER("\"result\":{\"supportedVersions\":[\"2030-01-01\",\"2026-07-28\"],\"capabilities\":{}}"), MODERN_SPEAKS },
	{ ANSWER("\"result\":{\"supportedVersions\":[\"2030-01-01\"],\"capabilities\":{}}"), MODERN_FOREIGN },
	{ ANSWER("\"result\":{\"supportedVersions\":[],\"capabilities\":{}}"), MODERN_FOREIGN },
	{ ANSWER("\"result\":{\"supportedVersions\":[\"2025-11-25\"],\"capabilities\":{}}"), MODERN_OLDER },
	{ ANSWER("\"result\":{\"supportedVersions\":\"2026-07-28\",\"capabilities\":{}}"), MODERN_OLDER },
	{ ANSWER("\"result\":{\"supportedVersions\":[\"2026-07-28\"]}"), MODERN_OLDER },
	{ ANSWER("\"result\":{}"), MODERN_OLDER },
	{ ERROR("-32601", "null"), MODERN_OLDER },
	{ ERROR("-32602", "null"), MODERN_OLDER },
	{ ERROR("-32000", "null"), MODERN_OLDER },
	{ ERROR("-32019", "null"), MODERN_OLDER },
	{ ERROR("-32023", "null"), MODERN_OLDER },
	{ ERROR("1", "null"), MODERN_OLDER },
	{ ERROR("-32022", "{\"supported\":[\"2030-01-01\"]}"), MODERN_FOREIGN },
	{ ERROR("-32022", "{\"supported\":[\"2030-01-01\",\"2025-06-18\"]}"), MODERN_OLDER },
	{ ERROR("-32022", "{\"supported\":[\"2025-06-18\",\"2026-07-28\"]}"), MODERN_AGAIN },
	{ ERROR("-32021", "{}"), MODERN_FOREIGN },
	{ ERROR("-32020", "{}"), MODERN_FOREIGN },
};

static void knows_a_server_by_its_answer(void **state)
{
	struct modern_discovery d;
	struct mcp_fault f = { 0 };
	struct mcp_message m;
	json_t *doc;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(discoveries); i++) {
		doc = read_text(discoveries[i].line);
		assert_true(mcp_read(&m, doc, &f));
		if (modern_discovered(&d, &m) != discoveries[i].verdict)
			fail_msg("%s", discoveries[i].line);
		json_decref(doc);
	}
}

static const struct {
	const char *method, *result, *outward, *inward;
} results[] = {
	{ "tools/call", "{\"content\":[]}", "{\"content\":[],\"resultType\":\"complete\",\"_meta\":{}}",
	  "{\"content\":[]}" },
	{ "tools/call", "{\"content\":[],\"resultType\":\"complete\",\"_meta\":{\"a\":1}}",
	  "{\"content\":[],\"resultType\":\"complete\",\"_meta\":{\"a\":1}}",
	  "{\"content\":[],\"_meta\":{\"a\":1}}" },
	{ "tools/call",
	  "{\"content\":[],\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}}",
	  NULL, "{\"content\":[]}" },
	{ "tools/list", "{\"tools\":[],\"ttlMs\":60000,\"cacheScope\":\"public\"}",
	  "{\"tools\":[],\"ttlMs\":0,\"cacheScope\":\"private\",\"resultType\":\"complete\",\"_meta\":{}}",
	  "{\"tools\":[]}" },
	{ "prompts/list", "{\"prompts\":[]}",
	  "{\"prompts\":[],\"resultType\":\"complete\",\"ttlMs\":0,\"cacheScope\":\"private\",\"_meta\":{}}", NULL },
	{ "resources/read", "{\"contents\":[],\"ttlMs\":60000,\"cacheScope\":\"public\"}",
	  "{\"contents\":[],\"ttlMs\":60000,\"cacheScope\":\"private\",\"resultType\":\"complete\",\"_meta\":{}}",
	  "{\"contents\":[]}" },
	{ "resources/read", "{\"contents\":[],\"ttlMs\":-5}",
	  "{\"contents\":[],\"ttlMs\":0,\"cacheScope\":\"private\",\"resultType\":\"complete\",\"_meta\":{}}", NULL },
	{ "resources/read", "{\"resultType\":\"input_required\",\"requestState\":\"s\"}",
	  "{\"resultType\":\"input_required\",\"requestState\":\"s\",\"_meta\":{}}", NULL },
};

/* Who says nothing of itself is served by us: that is told, and checked once here. */
static void forget_info(json_t *result)
{
	json_t *meta = json_object_get(result, "_meta");
	json_t *info = json_object_get(meta, "io.modelcontextprotocol/serverInfo");

	assert_string_equal(json_text(info, "name"), "reeve");
	json_object_del(meta, "io.modelcontextprotocol/serverInfo");
}

static void shows_each_era_its_own_results(void **state)
{
	json_t *result, *out;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(results); i++) {
		result = read_text(results[i].result);
		if (results[i].outward) {
			out = modern_outward(result, results[i].method);
			forget_info(out);
			is_text(out, results[i].outward);
		}
		if (results[i].inward)
			is_text(modern_inward(result), results[i].inward);
		is_text(result, results[i].result); /* itself it is as it was */
	}
}

#define ELICIT "{\"method\":\"elicitation/create\",\"params\":{\"message\":\"m\"}}"
#define URL "{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"url\",\"url\":\"https://x\"}}"
#define SAMPLE "{\"method\":\"sampling/createMessage\",\"params\":{\"messages\":[]}}"
#define ROOTS "{\"method\":\"roots/list\"}"
#define INPUT(requests) "{\"resultType\":\"input_required\",\"inputRequests\":" requests "}"

static const struct {
	const char *result, *can;
	bool holds;
} inputs[] = {
	{ INPUT("{\"a\":" ELICIT "}"), "{\"elicitation\":{}}", true },
	{ INPUT("{\"a\":" ELICIT "}"), "{\"elicitation\":{\"form\":{}}}", true },
	{ INPUT("{\"a\":" ELICIT "}"), "{\"elicitation\":{\"url\":{}}}", false },
	{ INPUT("{\"a\":" URL "}"), "{\"elicitation\":{}}", false },
	{ INPUT("{\"a\":" URL "}"), "{\"elicitation\":{\"url\":{}}}", true },
	{ INPUT("{\"a\":" SAMPLE ",\"b\":" ROOTS "}"), "{\"sampling\":{},\"roots\":{}}", true },
	{ INPUT("{\"a\":" SAMPLE ",\"b\":" ROOTS "}"), "{\"sampling\":{}}", false },
	{ INPUT("{\"a\":" ROOTS "}"), "{\"roots\":true}", false },
	{ INPUT("{\"a\":{\"method\":\"sampling/createMessage\",\"params\":{\"tools\":[]}}}"), "{\"sampling\":{}}", false },
	{ INPUT("{\"a\":{\"method\":\"sampling/createMessage\",\"params\":{\"includeContext\":\"allServers\"}}}"), "{\"sampling\":{}}", false },
	{ INPUT("{\"a\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"voice\"}}}"), "{\"elicitation\":{}}", false },
	{ INPUT("{\"a\":{\"method\":\"tools/call\",\"params\":{}}}"), "{\"tools\":{}}", false },
	{ INPUT("{\"a\":{\"method\":\"sampling/createMessage\"}}"), "{\"sampling\":{}}", false },
	{ INPUT("{\"a\":{\"method\":\"roots/list\",\"id\":1}}"), "{\"roots\":{}}", false },
	{ INPUT("{\"a\":{\"method\":\"roots/list\",\"params\":[]}}"), "{\"roots\":{}}", false },
	{ INPUT("{\"a\":\"roots/list\"}"), "{\"roots\":{}}", false },
	{ INPUT("[]"), "{}", false },
	{ INPUT("{}"), "{}", true },
	{ "{\"resultType\":\"input_required\"}", "{}", false },
	{ "{\"resultType\":\"input_required\",\"requestState\":\"\"}", "{}", true },
	{ "{\"resultType\":\"input_required\",\"requestState\":{}}", "{}", false },
};

static void asks_only_what_the_client_can(void **state)
{
	json_t *result, *can;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(inputs); i++) {
		result = read_text(inputs[i].result);
		can = read_text(inputs[i].can);
		assert_int_equal(modern_result_of(result), MODERN_INPUT);
		if (modern_check_inputs(result, mcp_can_read(can), &why) != inputs[i].holds || !why != inputs[i].holds)
			fail_msg("%s with %s: %s", inputs[i].result, inputs[i].can, why ? why : "fine");
		json_decref(result);
		json_decref(can);
	}
}

static void bounds_what_is_asked_at_once(void **state)
{
	scoped(json) json_t *many = json_object(), *result = NULL;
	const char *why;
	char key[16];
	int i;

	(void)state;
	for (i = 0; i < MODERN_INPUTS + 1; i++) {
		snprintf(key, sizeof(key), "%d", i);
		json_object_set_new(many, key, read_text(ROOTS));
	}
	result = modern_input_required(json_incref(many), NULL);
	assert_false(modern_check_inputs(result, MCP_CAN_ROOTS, &why));
	json_object_del(many, "0");
	assert_true(modern_check_inputs(result, MCP_CAN_ROOTS, &why));
	is_text(modern_input_required(NULL, "s\xc3\xa9\n"),
		"{\"resultType\":\"input_required\",\"requestState\":\"s\\u00e9\\n\"}");
}

/* What reeve hands on is the very text, whatever stands in it. */
static void takes_a_retry_out_of_its_request(void **state)
{
	static const char odd[] = "{\"x\":\"\\u0001\\\\ \xf0\x9f\x98\x80 =?base64?Zm8=?= \\r\\n \\u2028\"}";
	scoped(json) json_t *params = read_text("{\"name\":\"t\",\"inputResponses\":{\"a\":{\"action\":\"accept\"}}}");
	struct modern_retry r = { 0 };
	struct mcp_fault f = { 0 };
	json_t *once, *again;
	scoped(buf) struct buf out = BUF(4096);

	(void)state;
	json_object_set_new(params, "requestState", json_string(odd));
	assert_true(modern_take_retry(&r, params, &f));
	is_text(json_incref(params), "{\"name\":\"t\"}");
	is_text(json_incref(r.responses), "{\"a\":{\"action\":\"accept\"}}");
	assert_string_equal(json_string_value(r.state), odd);
	once = modern_input_required(NULL, json_string_value(r.state));
	json_write(&out, once);
	again = read_text(buf_text(&out));
	assert_string_equal(json_text(again, "requestState"), odd);
	json_decref(once);
	json_decref(again);
	modern_retry_free(&r);
	assert_true(modern_take_retry(&r, params, &f));
	assert_null(r.responses);
	assert_null(r.state);
}

static const char *const bad_retries[] = {
	"{\"inputResponses\":[]}",
	"{\"inputResponses\":null}",
	"{\"inputResponses\":{\"a\":\"yes\"}}",
	"{\"requestState\":{}}",
	"{\"requestState\":null}",
	"{\"requestState\":7}",
};

static const struct {
	const char *params;
	bool holds;
} filters[] = {
	{ "{\"notifications\":{}}", true },
	{ "{\"notifications\":{\"toolsListChanged\":true,\"resourceSubscriptions\":[\"file:///a\"]}}", true },
	{ "{\"notifications\":{\"resourceSubscriptions\":[]}}", true },
	{ "{\"notifications\":{\"toolsListChanged\":1}}", false },
	{ "{\"notifications\":{\"resourceSubscriptions\":\"file:///a\"}}", false },
	{ "{\"notifications\":{\"resourceSubscriptions\":[\"\"]}}", false },
	{ "{\"notifications\":{\"resourceSubscriptions\":[1]}}", false },
	{ "{\"notifications\":[]}", false },
	{ "{}", false },
};

static void refuses_what_has_another_shape(void **state)
{
	struct modern_retry r = { 0 };
	struct modern_filter filter;
	struct mcp_fault f;
	json_t *params;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(bad_retries); i++) {
		params = read_text(bad_retries[i]);
		f = (struct mcp_fault){ 0 };
		if (modern_take_retry(&r, params, &f) || f.code != MCP_BAD_PARAMS)
			fail_msg("%s", bad_retries[i]);
		json_decref(params);
	}
	for (i = 0; i < count_of(filters); i++) {
		params = read_text(filters[i].params);
		f = (struct mcp_fault){ 0 };
		if (modern_read_filter(&filter, params, &f) != filters[i].holds)
			fail_msg("%s", filters[i].params);
		json_decref(params);
	}
}

static void tags_what_a_subscription_is_told(void **state)
{
	scoped(json) json_t *params = read_text("{\"notifications\":{\"promptsListChanged\":true,"
						"\"toolsListChanged\":false,\"resourceSubscriptions\":[\"a:b\"]}}");
	scoped(json) json_t *updated = read_text("{\"uri\":\"a:b\",\"_meta\":{\"x\":1,"
						 "\"io.modelcontextprotocol/subscriptionId\":\"forged\"}}");
	scoped(json) json_t *id = json_string("0");
	scoped(buf) struct buf out = BUF(4096);
	struct modern_filter f;
	struct mcp_fault fault;

	(void)state;
	assert_true(modern_read_filter(&f, params, &fault));
	assert_true(modern_write_acknowledged(&out, &f, id));
	is_text(read_text(buf_text(&out)),
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{"
		"\"notifications\":{\"promptsListChanged\":true,\"resourceSubscriptions\":[\"a:b\"]},"
		"\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":\"0\"}}}");
	out.size = 0;
	assert_true(modern_write_tagged(&out, "notifications/resources/updated", updated, id));
	is_text(read_text(buf_text(&out)),
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\",\"params\":{\"uri\":\"a:b\","
		"\"_meta\":{\"x\":1,\"io.modelcontextprotocol/subscriptionId\":\"0\"}}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_era_by_the_first_message),
		cmocka_unit_test(reads_only_whole_envelopes),
		cmocka_unit_test(writes_its_own_envelope),
		cmocka_unit_test(passes_on_only_abilities_it_knows),
		cmocka_unit_test(knows_a_server_by_its_answer),
		cmocka_unit_test(shows_each_era_its_own_results),
		cmocka_unit_test(asks_only_what_the_client_can),
		cmocka_unit_test(bounds_what_is_asked_at_once),
		cmocka_unit_test(takes_a_retry_out_of_its_request),
		cmocka_unit_test(refuses_what_has_another_shape),
		cmocka_unit_test(tags_what_a_subscription_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

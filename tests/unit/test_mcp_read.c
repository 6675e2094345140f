/* tests/unit/test_mcp_read.c - which messages are messages, which arguments fit, what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mcp/mcp.h"

static json_t *read_text(const char *text)
{
	struct err e = { 0 };
	json_t *doc = NULL;

	if (json_read(&doc, text, strlen(text), NULL, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return doc;
}

static const struct {
	const char *line;
	bool holds;
	enum mcp_kind kind;
} messages[] = {
	{ "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\"}", true, MCP_REQUEST },
	{ "{\"jsonrpc\":\"2.0\",\"id\":\"0\",\"method\":\"x\",\"params\":{}}", true, MCP_REQUEST },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", true, MCP_NOTIFICATION },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", true, MCP_RESPONSE },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-1,\"message\":\"m\"}}", true, MCP_RESPONSE },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":\"-1\",\"message\":\"m\"}}", false, MCP_RESPONSE },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{\"code\":1,\"message\":\"m\"}}", false, MCP_RESPONSE },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}", false, MCP_RESPONSE },
	{ "{\"jsonrpc\":\"2.0\",\"result\":{}}", false, MCP_RESPONSE },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"result\":{}}", false, MCP_REQUEST },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1}", false, MCP_REQUEST },
	{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", false, MCP_REQUEST },
	{ "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}", false, MCP_REQUEST },
	{ "{\"jsonrpc\":\"2.0\",\"Id\":1,\"method\":\"ping\"}", false, MCP_REQUEST },
	{ "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", false, MCP_REQUEST },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", false, MCP_REQUEST },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":null}", false, MCP_REQUEST },
	{ "[]", false, MCP_REQUEST },
	{ "\"text\"", false, MCP_REQUEST },
};

static void reads_only_messages(void **state)
{
	struct mcp_message m;
	struct mcp_fault f;
	json_t *doc;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(messages); i++) {
		doc = read_text(messages[i].line);
		f = (struct mcp_fault){ 0 };
		if (mcp_read(&m, doc, &f) != messages[i].holds)
			fail_msg("%s: %s", messages[i].line, f.text ? f.text : "read");
		if (messages[i].holds)
			assert_int_equal(m.kind, messages[i].kind);
		else
			assert_non_null(f.text);
		json_decref(doc);
	}
}

static const struct {
	const char *arguments, *wrong;
} fits[] = {
	{ "{\"s\":\"ab\"}", NULL },
	{ "{\"s\":\"ab\",\"n\":3,\"b\":false,\"e\":\"x\"}", NULL },
	{ "{\"s\":\"\\u00e4\\u00f6\\u00fc\"}", NULL },	/* three characters, six bytes */
	{ "{\"s\":\"abcd\"}", "s is longer than the 3 characters allowed" },
	{ "{\"s\":\"a\",\"n\":0}", "n is less than the 1 allowed" },
	{ "{\"s\":\"a\",\"n\":10}", "n is more than the 9 allowed" },
	{ "{\"s\":\"a\",\"n\":1.0}", "n must be of type integer" },
	{ "{\"s\":\"a\",\"b\":0}", "b must be of type boolean" },
	{ "{\"s\":\"a\",\"e\":\"z\"}", "e is not one of the values allowed" },
	{ "{\"s\":\"a\",\"S\":\"a\"}", "S is no parameter of this tool" },
	{ "{\"s\":null}", "s must be of type string" },
	{ "{}", "s is missing" },
};

static void checks_arguments(void **state)
{
	json_t *schema = read_text("{\"type\":\"object\",\"properties\":{\"s\":{\"type\":\"string\",\"maxLength\":3},"
				   "\"n\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9},\"b\":{\"type\":\"boolean\"},"
				   "\"e\":{\"type\":\"string\",\"enum\":[\"x\",\"y\"]}},\"required\":[\"s\"]}");
	struct err e = { 0 };
	json_t *arguments;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(fits); i++) {
		arguments = read_text(fits[i].arguments);
		assert_int_equal(mcp_check_arguments(schema, arguments, &e), fits[i].wrong ? -1 : 0);
		if (fits[i].wrong)
			assert_string_equal(e.text, fits[i].wrong);
		json_decref(arguments);
	}
	assert_int_equal(mcp_check_arguments(schema, NULL, &e), -1);
	json_decref(schema);
}

static void first_tool_of_a_name_stands(void **state)
{
	json_t *page = read_text("[{\"name\":\"a\",\"inputSchema\":{}},{\"name\":\"a\",\"inputSchema\":{\"x\":1}},"
				 "{\"name\":\"b\"},{\"name\":7,\"inputSchema\":{}},4,{\"name\":\"c\",\"inputSchema\":{}}]");
	json_t *list = json_array(), *seen = json_object();
	size_t at = 9;

	(void)state;
	assert_true(mcp_tools_add(list, seen, page));
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(json_object_size(json_object_get(mcp_tools_find(list, "a", &at), "inputSchema")), 0);
	assert_int_equal(at, 0);
	assert_non_null(mcp_tools_find(list, "c", &at));
	assert_int_equal(at, 1);
	assert_null(mcp_tools_find(list, "b", NULL));
	json_decref(page);
	json_decref(list);
	json_decref(seen);
}

static void adds_defaults(void **state)
{
	scoped(json) json_t *schema = json_pack("{s:{s:{s:s,s:s},s:{s:s,s:i},s:{s:s}}}", "properties",
		"where", "type", "string", "default", "prod", "n", "type", "integer", "default", 3, "x", "type", "string");
	scoped(json) json_t *args = json_pack("{s:i}", "n", 7);
	struct buf out = BUF(200);

	(void)state;
	mcp_add_defaults(schema, args);
	json_write(&out, args);
	assert_string_equal(buf_text(&out), "{\"n\":7,\"where\":\"prod\"}");
	buf_free(&out);
}

static void writes_one_line_each(void **state)
{
	struct buf out = BUF(4096);
	json_t *result;

	(void)state;
	mcp_write_error(&out, NULL, MCP_PARSE, "cut \xc3");
	assert_string_equal(buf_text(&out),
			    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"cut \\\\xc3\"}}\n");
	buf_free(&out);
	mcp_write_asked(&out, MCP_CALL_TOOL, 5, &(struct mcp_asked){ .name = "a\"b" });
	assert_string_equal(buf_text(&out),
			    "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\",\"params\":{\"name\":\"a\\\"b\"}}");
	buf_free(&out);
	result = mcp_text_result(true, "no\n", 3, NULL);
	assert_true(mcp_is_tool_error(result));
	mcp_write_result(&out, json_object_get(result, "isError"), result);
	assert_string_equal(buf_text(&out), "{\"jsonrpc\":\"2.0\",\"id\":true,\"result\":{\"content\":[{\"type\":\"text\","
					    "\"text\":\"no\\n\"}],\"isError\":true}}\n");
	buf_free(&out);
	json_decref(result);
}

static void speaks_four_revisions(void **state)
{
	(void)state;
	assert_string_equal(mcp_revision("2025-06-18"), "2025-06-18");
	assert_string_equal(mcp_revision("2025-11-25"), "2025-11-25");
	assert_string_equal(mcp_revision("2025-03-26"), "2025-03-26");
	assert_string_equal(mcp_revision("2024-11-05"), "2024-11-05");
	assert_string_equal(mcp_revision("1999-01-01"), "2025-11-25");
	assert_string_equal(mcp_revision(NULL), "2025-11-25");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_only_messages),
		cmocka_unit_test(checks_arguments),
		cmocka_unit_test(first_tool_of_a_name_stands),
		cmocka_unit_test(adds_defaults),
		cmocka_unit_test(writes_one_line_each),
		cmocka_unit_test(speaks_four_revisions),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

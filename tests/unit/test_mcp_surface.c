/* tests/unit/test_mcp_surface.c - what may be asked, by agents and by servers; templates, urls, ids of what is not read. */
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

/* `written`: the parameters as they are forwarded; NULL: refused. */
static const struct {
	enum mcp_ask what;
	const char *params, *written;
} asks[] = {
	{ MCP_CALL_TOOL, "{\"arguments\":{\"b\":1},\"name\":\"t\"}", "{\"name\":\"t\",\"arguments\":{\"b\":1}}" },
	{ MCP_CALL_TOOL, "{\"name\":\"t\",\"_meta\":{\"progressToken\":\"x\",\"other\":1}}", "{\"name\":\"t\",\"_meta\":{\"progressToken\":7}}" },
	{ MCP_CALL_TOOL, "{\"name\":\"t\",\"_meta\":{\"other\":1}}", "{\"name\":\"t\"}" },
	{ MCP_CALL_TOOL, "{\"name\":\"t\",\"_meta\":{\"progressToken\":1.5}}", NULL },
	{ MCP_CALL_TOOL, "{\"name\":\"t\",\"_meta\":[]}", NULL },
	{ MCP_CALL_TOOL, "{\"name\":\"t\",\"task\":{}}", NULL },
	{ MCP_CALL_TOOL, "{\"name\":\"\"}", NULL },
	{ MCP_READ_RESOURCE, "{\"uri\":\"file:///a\"}", "{\"uri\":\"file:///a\"}" },
	{ MCP_READ_RESOURCE, "{\"uri\":\"file:///a\",\"name\":\"b\"}", NULL },
	{ MCP_READ_RESOURCE, "{\"uri\":5}", NULL },
	{ MCP_SUBSCRIBE, "{\"uri\":\"\"}", NULL },
	{ MCP_GET_PROMPT, "{\"name\":\"p\",\"arguments\":{\"a\":\"b\"}}", "{\"name\":\"p\",\"arguments\":{\"a\":\"b\"}}" },
	{ MCP_GET_PROMPT, "{\"name\":\"p\",\"arguments\":{\"a\":1}}", NULL },
	{ MCP_COMPLETE, "{\"argument\":{\"name\":\"a\",\"value\":\"b\"},\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\",\"title\":\"t\"}}",
	  "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"},\"argument\":{\"name\":\"a\",\"value\":\"b\"}}" },
	{ MCP_COMPLETE, "{\"argument\":{\"name\":\"a\",\"value\":\"b\"},\"ref\":{\"type\":\"ref/resource\",\"uri\":\"f:{x}\"},\"context\":{\"arguments\":{\"c\":\"d\"}}}",
	  "{\"ref\":{\"type\":\"ref/resource\",\"uri\":\"f:{x}\"},\"argument\":{\"name\":\"a\",\"value\":\"b\"},\"context\":{\"arguments\":{\"c\":\"d\"}}}" },
	{ MCP_COMPLETE, "{\"argument\":{\"name\":\"a\",\"value\":\"b\"},\"ref\":{\"type\":\"ref/prompt\",\"uri\":\"p\"}}", NULL },
	{ MCP_COMPLETE, "{\"argument\":{\"name\":\"a\",\"value\":1},\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"}}", NULL },
	{ MCP_COMPLETE, "{\"argument\":{\"name\":\"a\",\"value\":\"b\"},\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"},\"context\":{\"arguments\":{\"c\":1}}}", NULL },
};

static void asks_as_it_was_judged(void **state)
{
	struct mcp_fault f;
	struct mcp_asked a;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(asks); i++) {
		scoped(json) json_t *params = read_text(asks[i].params);
		scoped(buf) struct buf out = BUF(4096), want = BUF(4096);

		if (mcp_read_asked(&a, asks[i].what, params, &f) != (asks[i].written != NULL))
			fail_msg("%s: %s", asks[i].params, asks[i].written ? f.text : "read");
		if (!asks[i].written)
			continue;
		mcp_write_asked(&out, asks[i].what, 7, &a);
		buf_printf(&want, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":%s}", mcp_ask_method(asks[i].what), asks[i].written);
		assert_string_equal(buf_text(&out), buf_text(&want));
	}
}

static const struct {
	const char *uri_template, *uri;
	bool covers;
} templates[] = {
	{ "file:///{name}", "file:///a", true },
	{ "file:///{name}", "file:///a/b", false },
	{ "file:///{+name}", "file:///a/b", true },
	{ "file:///{name}", "files:///a", false },
	{ "db://{a}/{b}.csv", "db://x/y.csv", true },
	{ "db://{a}/{b}.csv", "db://x/y/z.csv", false },
	{ "db://{a}/{b}.csv", "db://x/y.txt", false },
	{ "db://{a}/x", "db://x", false },
	{ "u:{?q}", "u:?q=1", true },
	{ "u:{a}-{a}", "u:1-2-3", true },
	{ "u:{a", "u:a", false },
	{ "plain", "plain", true },
	{ "plain", "plainer", false },
	{ "{a}{b}", "x", true },
};

static void templates_cover_what_they_may(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(templates); i++)
		if (mcp_template_covers(templates[i].uri_template, templates[i].uri) != templates[i].covers)
			fail_msg("%s %s", templates[i].uri_template, templates[i].uri);
}

static const struct {
	const char *url;
	bool is;
} urls[] = {
	{ "https://example.com/a?b=c#d", true }, { "http://127.0.0.1:80/", true }, { "HTTPS://Example.com", true },
	{ "https://[::1]/", true },
	{ "javascript:alert(1)", false }, { "file:///etc/passwd", false }, { "https:/example.com", false },
	{ "https://", false }, { "https://:80/", false }, { "https://user@example.com/", false },
	{ "https://good.example\\@evil.example/", false }, { "https://xn--e1awd7f.com/", false },
	{ "https://a.XN--e1awd7f.com/", false }, { "https://ex\xc3\xa4mple.com/", false },
	{ "https://example.com/\xe2\x80\xae", false }, { "https://example.com/ b", false }, { "https://exa%6dple.com/", false },
	{ "data:text/html,x", false }, { "", false },
};

static void urls_are_what_they_look_like(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(urls); i++)
		if (mcp_is_web_url(urls[i].url) != urls[i].is)
			fail_msg("%s", urls[i].url);
}

/* 0: there is none to be found. */
static const struct {
	const char *head, *tail;
	uint64_t id;
} ids[] = {
	{ "{\"jsonrpc\":\"2.0\",\"id\":12,\"result\":{", "", 12 },
	{ " { \"id\" : 12 , \"x", "", 12 },
	{ "{\"result\":{\"id\":5},\"id\":12}", "", 12 },
	{ "{\"result\":{\"a\":\"\\\"}\",\"b\":[{}]},\"id\":12}", "", 12 },
	{ "{\"result\":{\"id\":5", "\"}]},\"id\":12}", 12 },
	{ "{\"result\":{\"id\":5", "\"}]},\"id\" : 12 } ", 12 },
	{ "{\"result\":{\"id\":5", "{\"a\":1,\"id\":12}}", 0 },
	{ "{\"result\":\"", ",\\\"id\\\":12}", 0 },
	{ "{\"id\":\"12\",\"result\":{", "", 0 },
	{ "{\"id\":12", "", 0 },
	{ "[{\"id\":12,", "", 0 },
	{ "{\"idx\":12,\"result\":", "", 0 },
	{ "{\"result\":\"\\", "", 0 },
	{ "", "", 0 },
};

static void finds_ids(void **state)
{
	uint64_t id;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(ids); i++) {
		id = 0;
		if (mcp_find_id(&id, ids[i].head, strlen(ids[i].head), ids[i].tail, strlen(ids[i].tail)) != (ids[i].id != 0) || id != ids[i].id)
			fail_msg("%s ... %s: %d", ids[i].head, ids[i].tail, (int)id);
	}
}

static const char *const variants[] = {
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"a\",\"Name\":\"b\"}}",
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"Capabilities\":{}}}",
	"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1,\"requestid\":2}}",
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[],\"IsError\":true}}",
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"m\",\"Code\":2}}",
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"Result\":{}}",
};

static void almost_a_word_is_refused(void **state)
{
	struct mcp_message m;
	struct mcp_fault f;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(variants); i++) {
		scoped(json) json_t *doc = read_text(variants[i]);

		if (mcp_read(&m, doc, &f))
			fail_msg("%s", variants[i]);
		assert_int_equal(f.reason, strstr(variants[i], "params") ? REASON_BAD_PARAMS : REASON_BAD_MESSAGE);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_as_it_was_judged),
		cmocka_unit_test(templates_cover_what_they_may),
		cmocka_unit_test(urls_are_what_they_look_like),
		cmocka_unit_test(finds_ids),
		cmocka_unit_test(almost_a_word_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

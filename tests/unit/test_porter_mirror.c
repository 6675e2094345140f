/* tests/unit/test_porter_mirror.c - headers that repeat the body, and those that only seem to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "porter/porter.h"

static const struct {
	const char *header, *text;	/* text NULL: refused */
} coded[] = {
	{ "plain", "plain" },
	{ "", "" },
	{ "=?base64?" "?=", "" },
	{ "=?base64?YQ==?=", "a" },
	{ "=?base64?YWI=?=", "ab" },
	{ "=?base64?YWJj?=", "abc" },
	{ "=?base64?w7w=?=", "\xc3\xbc" },
	{ "=?BASE64?YQ==?=", "=?BASE64?YQ==?=" },
	{ "=?base64?YQ==", "=?base64?YQ==" },
	{ "=?base64?YR==?=", NULL },
	{ "=?base64?YQ=?=", NULL },
	{ "=?base64?YQ?=", NULL },
	{ "=?base64?Y===?=", NULL },
	{ "=?base64?====?=", NULL },
	{ "=?base64?YQ==YQ==?=", NULL },
	{ "=?base64? YQ==?=", NULL },
	{ "=?base64?YW_-?=", NULL },
	{ "=?base64?/w==?=", NULL },
};

static void values_are_decoded(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(coded); i++) {
		scoped(buf) struct buf out = BUF(1024);
		bool good = mirror_decode(&out, (struct span){ coded[i].header, strlen(coded[i].header) });

		if (good != (coded[i].text != NULL) || (good && strcmp(buf_text(&out), coded[i].text) != 0))
			fail_msg("row %zu: %s", i, coded[i].header);
	}
}

static const char TOOLS[] = "[{\"name\":\"where\",\"inputSchema\":{\"type\":\"object\",\"properties\":{"
			    "\"region\":{\"type\":\"string\",\"x-mcp-header\":\"Region\"},"
			    "\"n\":{\"type\":\"integer\",\"x-mcp-header\":\"Count\"},"
			    "\"on\":{\"type\":\"boolean\",\"x-mcp-header\":\"On\"},"
			    "\"a/b\":{\"type\":\"object\",\"properties\":{\"deep\":{\"type\":\"string\",\"x-mcp-header\":\"Deep\"}}}}}}]";

static const struct {
	const char *arguments, *lines;
	bool same;
} params[] = {
	{ "{}", "", true },
	{ "{}", "Mcp-Param-Region: eu\r\n", true },
	{ "{\"region\":null}", "", true },
	{ "{\"other\":\"x\"}", "Mcp-Param-Nobody: y\r\n", true },
	{ "{\"region\":\"eu\"}", "Mcp-Param-Region: eu\r\n", true },
	{ "{\"region\":\"eu\"}", "mcp-param-REGION:eu\r\n", true },
	{ "{\"region\":\"eu\"}", "Mcp-Param-Region: =?base64?ZXU=?=\r\n", true },
	{ "{\"region\":\"eu\"}", "", false },
	{ "{\"region\":\"eu\"}", "Mcp-Param-Region: EU\r\n", false },
	{ "{\"region\":\"eu\"}", "Mcp-Param-Region: us\r\n", false },
	{ "{\"region\":\"eu\"}", "Mcp-Param-Region: =?base64?dXM=?=\r\n", false },
	{ "{\"region\":\"eu\"}", "Mcp-Param-Region: =?base64?ZXV=?=\r\n", false },
	{ "{\"region\":\"eu\"}", "Mcp-Param-Regio: eu\r\n", false },
	{ "{\"region\":\"4\"}", "Mcp-Param-Region: 4.0\r\n", false },
	{ "{\"n\":42}", "Mcp-Param-Count: 42\r\n", true },
	{ "{\"n\":42}", "Mcp-Param-Count: 42.0\r\n", true },
	{ "{\"n\":42.5}", "Mcp-Param-Count: 42.5\r\n", true },
	{ "{\"n\":-1}", "Mcp-Param-Count: -1\r\n", true },
	{ "{\"n\":42}", "Mcp-Param-Count: 43\r\n", false },
	{ "{\"n\":42}", "Mcp-Param-Count: 0x2a\r\n", false },
	{ "{\"n\":42}", "Mcp-Param-Count: 42 \t1\r\n", false },
	{ "{\"n\":42}", "Mcp-Param-Count: 42.\r\n", false },
	{ "{\"on\":true}", "Mcp-Param-On: true\r\n", true },
	{ "{\"on\":true}", "Mcp-Param-On: True\r\n", false },
	{ "{\"on\":true}", "Mcp-Param-On: 1\r\n", false },
	{ "{\"a/b\":{\"deep\":\"x\"}}", "Mcp-Param-Deep: x\r\n", true },
	{ "{\"a/b\":{\"deep\":\"x\"}}", "Mcp-Param-Deep: y\r\n", false },
	{ "{\"a/b\":{\"deep\":\"x\"}}", "", false },
};

static const char *check(const struct porter *p, const char *arguments, const char *lines)
{
	scoped(json) json_t *doc = NULL;
	struct mcp_fault fault = { 0 };
	struct head_fault bad = { 0 };
	struct err e = { 0 };
	struct mcp_message m;
	struct head h;
	char head[1024], body[1024];
	int size;

	snprintf(body, sizeof(body),
		 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"where\",\"arguments\":%s}}",
		 arguments);
	size = snprintf(head, sizeof(head), "POST /mcp HTTP/1.1\r\nMcp-Method: tools/call\r\nMcp-Name: where\r\n%s\r\n", lines);
	assert_int_equal(json_read(&doc, body, strlen(body), NULL, &e), 0);
	assert_true(mcp_read(&m, doc, &fault));
	assert_int_equal(head_read(&h, head, (size_t)size, &bad), HEAD_WHOLE);
	return mirror_check(&h, &m, p->declared, p->declared_count, 0);
}

static void params_are_compared(void **state)
{
	struct porter *p = calloc(1, sizeof(*p));
	scoped(json) json_t *tools = NULL;
	struct err e = { 0 };
	const char *why;
	size_t i;

	(void)state;
	assert_non_null(p);
	assert_null(check(p, "{\"region\":\"eu\"}", "Mcp-Param-Region: us\r\n")); /* not asked for yet */
	assert_int_equal(json_read(&tools, TOOLS, sizeof(TOOLS) - 1, NULL, &e), 0);
	declared_learn(p, 0, tools);
	declared_learn(p, 0, tools);
	assert_int_equal(p->declared_count, 4);
	for (i = 0; i < count_of(params); i++) {
		why = check(p, params[i].arguments, params[i].lines);
		if (!why != params[i].same)
			fail_msg("row %zu: %s %s: %s", i, params[i].arguments, params[i].lines, why ? why : "the same");
	}
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_decoded),
		cmocka_unit_test(params_are_compared),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/test_porter_head.c - which heads are read, whose requests are let in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "porter/head.h"

#define LINE	"POST /mcp HTTP/1.1\r\n"
#define FORM	"Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
#define GOOD	"Host: 127.0.0.1:7338\r\n" FORM

static const struct {
	const char *head;
	enum head_got got;
	unsigned status;
} heads[] = {
	{ LINE "\r\n", HEAD_WHOLE, 0 },
	{ LINE "Host: a\r\n\r\nmore", HEAD_WHOLE, 0 },
	{ LINE "Host:a\r\nX:\r\nY: \t \r\n\r\n", HEAD_WHOLE, 0 },
	{ LINE "X: \xc3\xbc\r\n\r\n", HEAD_WHOLE, 0 },
	{ LINE "Content-Length: 15\r\n\r\n", HEAD_WHOLE, 0 },
	{ LINE "Content-Length: 000000000000015\r\n\r\n", HEAD_WHOLE, 0 },
	{ LINE "transfer-ENCODING: Chunked\r\n\r\n", HEAD_WHOLE, 0 },
	{ "BREW /mcp HTTP/1.1\r\n\r\n", HEAD_WHOLE, 0 },
	{ "", HEAD_MORE, 0 },
	{ "P", HEAD_MORE, 0 },
	{ LINE, HEAD_MORE, 0 },
	{ LINE "\r", HEAD_MORE, 0 },
	{ LINE "Host: a\r\n", HEAD_MORE, 0 },
	{ LINE "\n", HEAD_BAD, 400 },
	{ "POST /mcp HTTP/1.1\n\n", HEAD_BAD, 400 },
	{ LINE "X: a\rY: b\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "X: a\r\r\n\r\n", HEAD_BAD, 400 },
	{ LINE " X: a\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "X: a\r\n b\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "X : a\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "X\r\n\r\n", HEAD_BAD, 400 },
	{ LINE ": a\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "X: a\x01\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "X: a\x7f\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "Host: \xc3\xbc\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "Mcp-Param-A: \xc3\xbc\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "Mcp-Param-A: 1\r\nmcp-param-a: 2\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "Host: a\r\nhost: a\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "Mcp-Name: a\r\nMCP-NAME: b\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "Content-Length: 5 5\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "Content-Length: 0000000000000015\r\n\r\n", HEAD_BAD, 400 },
	{ LINE "Transfer-Encoding: chunked, chunked\r\n\r\n", HEAD_BAD, 501 },
	{ LINE "Transfer-Encoding:\r\n\r\n", HEAD_BAD, 501 },
	{ "\r\n" LINE "\r\n", HEAD_BAD, 400 },
	{ "POST /mcp  HTTP/1.1\r\n\r\n", HEAD_BAD, 505 },
	{ "POST  /mcp HTTP/1.1\r\n\r\n", HEAD_BAD, 400 },
	{ "POST mcp HTTP/1.1\r\n\r\n", HEAD_BAD, 400 },
	{ "POST /m\x80 HTTP/1.1\r\n\r\n", HEAD_BAD, 400 },
	{ "POST /mcp HTTP/1.10\r\n\r\n", HEAD_BAD, 505 },
	{ "POST /mcp\r\n\r\n", HEAD_BAD, 400 },
};

static void heads_are_read(void **state)
{
	struct head_fault fault;
	struct head h;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(heads); i++) {
		fault = (struct head_fault){ 0 };
		if (head_read(&h, heads[i].head, strlen(heads[i].head), &fault) != heads[i].got ||
		    fault.status != heads[i].status)
			fail_msg("row %zu: %u: %s", i, fault.status, heads[i].head);
	}
}

static const struct {
	const char *head;
	unsigned status;	/* 0: let in */
} judged[] = {
	{ LINE GOOD "Content-Length: 5\r\n\r\n", 0 },
	{ LINE GOOD "Content-Length: 4194304\r\n\r\n", 0 },
	{ LINE GOOD "Transfer-Encoding: chunked\r\n\r\n", 0 },
	{ LINE GOOD "Content-Length: 5\r\nOrigin: http://localhost\r\n\r\n", 0 },
	{ LINE GOOD "Content-Length: 5\r\nOrigin: https://[::1]:65535\r\n\r\n", 0 },
	{ LINE FORM "Host: LOCALHOST:7338\r\nContent-Length: 5\r\n\r\n", 0 },
	{ "GET /mcp HTTP/1.1\r\n" GOOD "\r\n", 0 },
	{ "DELETE /mcp HTTP/1.1\r\nHost: 127.0.0.1:7338\r\n\r\n", 0 },
	{ LINE FORM "Content-Length: 5\r\n\r\n", 403 },
	{ LINE FORM "Host: 127.0.0.1\r\nContent-Length: 5\r\n\r\n", 403 },
	{ LINE FORM "Host: 127.0.0.1:07338\r\nContent-Length: 5\r\n\r\n", 403 },
	{ LINE FORM "Host: 127.1:7338\r\nContent-Length: 5\r\n\r\n", 403 },
	{ LINE FORM "Host: [::1]:7338\r\nContent-Length: 5\r\n\r\n", 403 },
	{ LINE GOOD "Content-Length: 5\r\nOrigin: null\r\n\r\n", 403 },
	{ LINE GOOD "Content-Length: 5\r\nOrigin: http://localhost:\r\n\r\n", 403 },
	{ LINE GOOD "Content-Length: 5\r\nOrigin: http://localhost:123456\r\n\r\n", 403 },
	{ LINE GOOD "Content-Length: 5\r\nOrigin: http://localhost.x\r\n\r\n", 403 },
	{ LINE GOOD "Content-Length: 5\r\nOrigin: http://127.0.0.1.x\r\n\r\n", 403 },
	{ LINE GOOD "Content-Length: 5\r\nOrigin: http://localhost, http://x\r\n\r\n", 403 },
	{ "PUT /mcp HTTP/1.1\r\n" GOOD "\r\n", 405 },
	{ "post /mcp HTTP/1.1\r\n" GOOD "\r\n", 405 },
	{ "GET /mcp HTTP/1.1\r\n" GOOD "Content-Length: 5\r\n\r\n", 400 },
	{ LINE GOOD "\r\n", 411 },
	{ LINE GOOD "Content-Length: 4194305\r\n\r\n", 413 },
	{ LINE GOOD "Content-Length: 5\r\nContent-Encoding: gzip\r\n\r\n", 415 },
	{ LINE GOOD "Content-Length: 5\r\nExpect: x\r\n\r\n", 417 },
	{ "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:7338\r\nAccept: application/json\r\n\r\n", 406 },
	{ "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:7338\r\nAccept: xtext/event-stream\r\n\r\n", 406 },
	{ "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:7338\r\nAccept: text/event-streams\r\n\r\n", 406 },
};

static void requests_are_judged(void **state)
{
	struct head_fault fault;
	struct head h;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(judged); i++) {
		fault = (struct head_fault){ 0 };
		assert_int_equal(head_read(&h, judged[i].head, strlen(judged[i].head), &fault), HEAD_WHOLE);
		if (head_judge(&h, 7338, 4 << 20, &fault) != (judged[i].status == 0) || fault.status != judged[i].status)
			fail_msg("row %zu: %u: %s", i, fault.status, judged[i].head);
	}
}

/* As the bytes come one by one: never an error, never whole, until the last. */
static void pieces_are_one_head(void **state)
{
	static const char whole[] = LINE GOOD "Content-Length: 5\r\nMcp-Param-Region: eu\r\n\r\n";
	struct head_fault fault = { 0 };
	struct head h = { 0 };
	size_t size;

	(void)state;
	for (size = 0; size < sizeof(whole) - 1; size++)
		assert_int_equal(head_read(&h, whole, size, &fault), HEAD_MORE);
	assert_int_equal(head_read(&h, whole, size, &fault), HEAD_WHOLE);
	assert_int_equal(h.size, size);
	assert_int_equal(h.length, 5);
	assert_int_equal(h.param_count, 1);
	assert_true(span_is(h.params[0].name, "Region") && span_is(h.params[0].value, "eu"));
}

static void heads_are_bounded(void **state)
{
	static char bytes[HEAD_MOST + 64];
	struct head_fault fault = { 0 };
	struct head h;
	size_t used = (size_t)snprintf(bytes, sizeof(bytes), LINE), i;

	(void)state;
	memset(bytes + used, 'a', sizeof(bytes) - used);
	assert_int_equal(head_read(&h, bytes, HEAD_MOST - 1, &fault), HEAD_MORE);
	assert_int_equal(head_read(&h, bytes, HEAD_MOST, &fault), HEAD_BAD);
	assert_int_equal(fault.status, 431);
	for (i = 0; i < HEAD_LINES + 1; i++)
		used += (size_t)snprintf(bytes + used, sizeof(bytes) - used, "X: a\r\n");
	used += (size_t)snprintf(bytes + used, sizeof(bytes) - used, "\r\n");
	assert_int_equal(head_read(&h, bytes, used, &fault), HEAD_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_read),
		cmocka_unit_test(requests_are_judged),
		cmocka_unit_test(pieces_are_one_head),
		cmocka_unit_test(heads_are_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/test_egress_read.c - what is read of a proxy's request, a question, a hello; and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "egress/egress.h"

/* --- hosts: THREATS 2.3 and 1.13, every way to write one that two readers read apart --- */

static const struct {
	const char *text, *is;	/* NULL: none */
	bool brackets;
} hosts[] = {
	{ "example.com", "example.com", true },
	{ "EXAMPLE.com.", "example.com", true },
	{ "a_b-c.x1", "a_b-c.x1", true },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example", true },
	{ "localhost", "localhost", true },
	{ "127.0.0.1", "127.0.0.1", true },
	{ "[::1]", "::1", true },
	{ "[::FFFF:10.0.0.1]", "10.0.0.1", true },
	{ "2001:DB8::1", "2001:db8::1", false },
	{ "::1", NULL, true },
	{ "[::1]", NULL, false },
	{ "[::1", NULL, true },
	{ "[fe80::1%25eth0]", NULL, true },
	{ "[fe80::1%eth0]", NULL, true },
	{ "[127.0.0.1]", NULL, true },
	{ "127.1", NULL, true },
	{ "0", NULL, true },
	{ "2852039166", NULL, true },
	{ "0xa9fea9fe", NULL, true },
	{ "0251.0376.0251.0376", NULL, true },
	{ "169.254.169.254.", NULL, true },
	{ "1.2.3.4.5", NULL, true },
	{ "256.1.1.1", NULL, true },
	{ "a.0x7f", NULL, true },
	{ "example..com", NULL, true },
	{ ".example.com", NULL, true },
	{ "example.com..", NULL, true },
	{ ".", NULL, true },
	{ "", NULL, true },
	{ "*.example.com", NULL, true },
	{ "user@example.com", NULL, true },
	{ "ex%61mple.com", NULL, true },
	{ "example.com/", NULL, true },
	{ "example.com\\@x", NULL, true },
	{ "exa\tmple.com", NULL, true },
	{ "example.com\r\nx", NULL, true },
	{ " example.com", NULL, true },
	{ "b\xc3\xbc" "cher.example", NULL, true },
	{ "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1", NULL, true },
	{ "example\xe3\x80\x82" "com", NULL, true },
};

static void test_hosts(void **state)
{
	struct egress_host h;
	char label[70];
	size_t i;
	bool yes;

	(void)state;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		yes = egress_host(&h, hosts[i].text, strlen(hosts[i].text), hosts[i].brackets);
		if (yes != (hosts[i].is != NULL) || (yes && strcmp(h.text, hosts[i].is) != 0))
			fail_msg("%s: %s", hosts[i].text, yes ? h.text : "not read");
	}
	assert_false(egress_host(&h, "exam\0ple.com", 12, true));
	assert_false(egress_host(&h, "127.0.0.1\0.x", 12, true));
	memset(label, 'a', sizeof(label));
	assert_true(egress_host(&h, label, 63, true));
	assert_false(egress_host(&h, label, 64, true));
}

/* --- HTTP --- */

static const struct {
	const char *head;
	const char *host;	/* NULL: bad, and then why it is */
	unsigned port;
	const char *target;
	enum egress_body body;
} heads[] = {
	{ "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "a.example", 443, "", EGRESS_NO_BODY },
	{ "CONNECT a.example:443 HTTP/1.0\r\n\r\n", "a.example", 443, "", EGRESS_NO_BODY },
	{ "CONNECT a.example:443 HTTP/1.0\r\nHost: b.example:443\r\n\r\n", NULL, 0, "Host does not", 0 },
	{ "CONNECT a.example:443 HTTP/1.0\r\nContent-Length: 5\r\n\r\n", NULL, 0, "a request whose end", 0 },
	{ "CONNECT a.example:443 HTTP/1.1\r\n\r\n", NULL, 0, "Host does not", 0 },
	{ "CONNECT a.example:443 HTTP/0.9\r\n\r\n", NULL, 0, "expected", 0 },
	{ "CONNECT [::1]:22 HTTP/1.1\r\nhost: [::1]:22\r\nUser-Agent: x\r\n\r\n", "::1", 22, "", EGRESS_NO_BODY },
	{ "CONNECT a.example:443 HTTP/1.1\r\nHost: A.example.\r\n\r\n", "a.example", 443, "", EGRESS_NO_BODY },
	{ "GET http://a.example/x?y=1 HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example", 80, "/x?y=1", EGRESS_NO_BODY },
	{ "GET HTTP://a.example:8080 HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", "a.example", 8080, "", EGRESS_NO_BODY },
	{ "POST http://a.example/ HTTP/1.1\r\nHost: a.example:80\r\nContent-Length: 12\r\n\r\n", "a.example", 80, "/",
	  EGRESS_SIZED },
	{ "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: Chunked\r\n\r\n", "a.example", 80,
	  "/", EGRESS_CHUNKED },
	/* no port, port zero, two ports, too large, octal */
	{ "CONNECT a.example HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "CONNECT a.example:0 HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "CONNECT a.example:80:443 HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "CONNECT a.example:65616 HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "CONNECT a.example:0443 HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "CONNECT http://a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	/* one host in the target, another in Host, or two of them, or none */
	{ "CONNECT a.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n", NULL, 0, "Host does not", 0 },
	{ "GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n", NULL, 0, "Host does not", 0 },
	{ "GET http://a.example/ HTTP/1.1\r\nHost: a.example:81\r\n\r\n", NULL, 0, "Host does not", 0 },
	{ "GET http://a.example/ HTTP/1.1\r\n\r\n", NULL, 0, "Host does not", 0 },
	{ "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n", NULL, 0, "a field", 0 },
	/* URLs whose host depends on the reader */
	{ "GET http://a.example\\@b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET http://b.example@a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET http://a.example#@b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET http:a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET http:///a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET //a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET https://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET ftp://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET http://a.example?x HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET http://127.1/ HTTP/1.1\r\nHost: 127.1\r\n\r\n", NULL, 0, "expected", 0 },
	/* lines and blanks */
	{ "GET  http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET http://a.example/ HTTP/1.0\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET http://a.example/ HTTP/1.1 \r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "G(T http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, 0, "expected", 0 },
	{ "GET http://a.example/ HTTP/1.1\nHost: a.example\r\n\r\n", NULL, 0, "a head whose", 0 },
	{ "GET http://a.example/ HTTP/1.1\r\nHost: a.example\n\n", NULL, 0, "a head whose", 0 },
	{ "GET http://a.example/ HTTP/1.1\r\nHost: a.example\rX: y\r\n\r\n", NULL, 0, "a head whose", 0 },
	{ "GET http://a.example/ HTTP/1.1\r\nHost : a.example\r\n\r\n", NULL, 0, "a field", 0 },
	{ "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nX: 1\r\n folded\r\n\r\n", NULL, 0, "a field", 0 },
	{ "GET http://a.example/ HTTP/1.1\r\n Host: a.example\r\n\r\n", NULL, 0, "a field", 0 },
	{ "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nnonsense\r\n\r\n", NULL, 0, "a field", 0 },
	/* smuggling: where does the body end? */
	{ "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	  NULL, 0, "a request whose end", 0 },
	{ "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", NULL, 0,
	  "a field", 0 },
	{ "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: +1\r\n\r\n", NULL, 0, "a field", 0 },
	{ "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0x1\r\n\r\n", NULL, 0, "a field", 0 },
	{ "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1, 1\r\n\r\n", NULL, 0, "a field", 0 },
	{ "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9999999999999999\r\n\r\n", NULL, 0,
	  "a field", 0 },
	{ "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", NULL, 0,
	  "a field", 0 },
	{ "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: \x0b" "chunked\r\n\r\n", NULL, 0,
	  "a field", 0 },
	{ "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nContent-Length: 5\r\n\r\n", NULL, 0,
	  "a request whose end", 0 },
};

static void test_heads(void **state)
{
	struct egress_http r;
	const char *why = NULL;
	enum egress_got got;
	size_t i, size, cut;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		size = strlen(heads[i].head);
		got = egress_read_http(&r, heads[i].head, size, &why);
		if (!heads[i].host) {
			if (got != EGRESS_BAD || strncmp(why, heads[i].target, strlen(heads[i].target)) != 0)
				fail_msg("%s: %d %s", heads[i].head, got, got == EGRESS_BAD ? why : "");
			continue;
		}
		if (got != EGRESS_WHOLE || strcmp(r.host.text, heads[i].host) != 0 || r.port != heads[i].port ||
		    r.target.size != strlen(heads[i].target) || r.body != heads[i].body || r.size != size ||
		    (r.target.size > 0 && memcmp(r.target.at, heads[i].target, r.target.size) != 0))
			fail_msg("%s: %d %s", heads[i].head, got, got == EGRESS_BAD ? why : r.host.text);
		for (cut = 0; cut < size; cut++)
			assert_int_equal(egress_read_http(&r, heads[i].head, cut, &why), EGRESS_MORE);
	}
}

static void test_large_heads(void **state)
{
	static char head[EGRESS_HEAD + 64];
	struct egress_http r;
	const char *why = NULL;
	int n;

	(void)state;
	n = sprintf(head, "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nX: ");
	memset(head + n, 'x', sizeof(head) - (size_t)n);
	assert_int_equal(egress_read_http(&r, head, EGRESS_HEAD - 1, &why), EGRESS_MORE);
	assert_int_equal(egress_read_http(&r, head, sizeof(head), &why), EGRESS_BAD);
	for (; n < 4096; n += 6)
		memcpy(head + n, "\r\nA: b", 6);
	memcpy(head + n, "\r\n\r\n", 4);
	assert_int_equal(egress_read_http(&r, head, (size_t)n + 4, &why), EGRESS_BAD);
	assert_string_equal(why, "more than 100 fields in a head");
	assert_int_equal(egress_read_http(&r, "GET \0", 5, &why), EGRESS_BAD);
}

static void test_chunks(void **state)
{
	static const struct {
		const char *bytes;
		enum egress_got got;
		size_t used;
	} rows[] = {
		{ "3\r\nabc\r\n0\r\n\r\nGET", EGRESS_WHOLE, 13 },
		{ "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", EGRESS_WHOLE, 35 },
		{ "000\r\n\r\n", EGRESS_WHOLE, 7 },
		{ "3\r\nabc\r\n0\r\n\r", EGRESS_MORE, 12 },
		{ "3\r\nabcd\r\n", EGRESS_BAD, 0 },
		{ "3;x=y\r\nabc\r\n", EGRESS_BAD, 0 },
		{ "3\nabc\n0\n\n", EGRESS_BAD, 0 },
		{ " 3\r\nabc\r\n", EGRESS_BAD, 0 },
		{ "\r\n", EGRESS_BAD, 0 },
		{ "0\r\nTrailer: x\r\n\r\n", EGRESS_BAD, 0 },
		{ "1000000000000\r\n", EGRESS_BAD, 0 },
		{ "-1\r\n", EGRESS_BAD, 0 },
	};
	struct egress_chunks c;
	enum egress_got got;
	size_t i, used, at;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c = (struct egress_chunks){ 0 };
		got = egress_read_chunks(&c, rows[i].bytes, strlen(rows[i].bytes), &used);
		if (got != rows[i].got || (got != EGRESS_BAD && used != rows[i].used))
			fail_msg("%s: %d, %zu", rows[i].bytes, got, used);
		/* byte by byte it is the same */
		c = (struct egress_chunks){ 0 };
		for (at = 0, got = EGRESS_MORE; rows[i].bytes[at] && got == EGRESS_MORE; at++)
			got = egress_read_chunks(&c, rows[i].bytes + at, 1, &used);
		assert_int_equal(got, rows[i].got);
	}
}

/* --- SOCKS --- */

static void test_socks(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum egress_got got;
		const char *host;
	} rows[] = {
		{ "\5\1\0\3\11a.example\1\273", 16, EGRESS_WHOLE, "a.example" },
		{ "\5\1\0\3\11a.example\1\273more", 20, EGRESS_WHOLE, "a.example" },
		{ "\5\1\0\1\12\0\0\1\0\120", 10, EGRESS_WHOLE, "10.0.0.1" },
		{ "\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\120", 22, EGRESS_WHOLE, "::1" },
		{ "\5\1\0\3\11a.example\1", 15, EGRESS_MORE, NULL },
		{ "\5\1\0\1\12\0\0\1\0\0", 10, EGRESS_BAD, NULL },	/* port 0 */
		{ "\5\2\0\1\12\0\0\1\0\120", 10, EGRESS_BAD, NULL },	/* BIND */
		{ "\5\3\0\1\12\0\0\1\0\120", 10, EGRESS_BAD, NULL },	/* UDP */
		{ "\4\1\0\120\12\0\0\1\0x", 10, EGRESS_BAD, NULL },	/* SOCKS 4 */
		{ "\5\1\1\1\12\0\0\1\0\120", 10, EGRESS_BAD, NULL },
		{ "\5\1\0\2\12\0\0\1\0\120", 10, EGRESS_BAD, NULL },
		{ "\5\1\0\3\0\0\120", 7, EGRESS_BAD, NULL },		/* an empty name */
		{ "\5\1\0\3\5" "127.1\0\120", 12, EGRESS_BAD, NULL },
		{ "\5\1\0\3\11a.exa\0ple\1\273", 16, EGRESS_BAD, NULL },
	};
	struct egress_socks s;
	const char *why = NULL;
	enum egress_got got;
	size_t i, used = 0;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = egress_read_socks(&s, (const uint8_t *)rows[i].bytes, rows[i].size, &why);
		if (got != rows[i].got || (got == EGRESS_WHOLE && strcmp(s.host.text, rows[i].host) != 0))
			fail_msg("row %zu: %d", i, got);
	}
	assert_int_equal(egress_read_greeting((const uint8_t *)"\5\2\2\0x", 5, &used, &why), EGRESS_WHOLE);
	assert_int_equal(used, 4);
	assert_int_equal(egress_read_greeting((const uint8_t *)"\5\2\2", 3, &used, &why), EGRESS_MORE);
	assert_int_equal(egress_read_greeting((const uint8_t *)"\5\1\2", 3, &used, &why), EGRESS_BAD);
	assert_int_equal(egress_read_greeting((const uint8_t *)"\5\0", 2, &used, &why), EGRESS_BAD);
	assert_int_equal(egress_read_greeting((const uint8_t *)"GET", 3, &used, &why), EGRESS_BAD);
}

/* --- DNS --- */

/* A question of ours about a name with dots; flags, counts and type as given. */
static size_t question(uint8_t *out, const char *name, unsigned type, unsigned flags, unsigned more)
{
	uint8_t head[12] = { 0x12, 0x34, (uint8_t)(flags >> 8), (uint8_t)flags, 0, 1, 0, 0, 0, 0, 0, (uint8_t)more };
	size_t at = 12, size;

	memcpy(out, head, 12);
	for (; *name; name += size + (name[size] == '.')) {
		size = strcspn(name, ".");
		out[at++] = (uint8_t)size;
		memcpy(out + at, name, size);
		at += size;
	}
	memcpy(out + at, (uint8_t[]){ 0, (uint8_t)(type >> 8), (uint8_t)type, 0, 1 }, 5);
	return at + 5;
}

static void test_questions(void **state)
{
	static const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0 };
	uint8_t asked[2048], answer[EGRESS_QUESTION + 16], address[] = { 198, 18, 0, 7 };
	struct egress_question q;
	const char *why = NULL;
	char longest[200];
	unsigned code = 0;
	size_t size;

	(void)state;
	size = question(asked, "API.Example.com", 1, 0x0100, 0);
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_WHOLE);
	assert_string_equal(q.host.text, "api.example.com");
	assert_int_equal(q.id, 0x1234);
	size = egress_write_answer(answer, asked, &q, EGRESS_DNS_OK, address, 60);
	assert_int_equal(size, q.size + 16);
	assert_memory_equal(answer + 12, asked + 12, q.size - 12);
	assert_memory_equal(answer, "\x12\x34\x81\x80\0\1\0\1\0\0\0\0", 12);
	assert_memory_equal(answer + q.size, "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x12\0\7", 16);
	size = egress_write_answer(answer, asked, &q, EGRESS_DNS_REFUSED, NULL, 0);
	assert_memory_equal(answer, "\x12\x34\x81\x85\0\1\0\0\0\0\0\0", 12);
	assert_int_equal(size, q.size);

	size = question(asked, "a.example", 28, 0x0120, 1);
	memcpy(asked + size, opt, sizeof(opt));
	assert_int_equal(egress_read_question(&q, asked, size + sizeof(opt), &code, &why), EGRESS_WHOLE);
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_BAD);
	assert_int_equal(code, EGRESS_DNS_FORMAT);
	/* "a" and "ex.mple": written with dots it is another name */
	size = question(asked, "a.example", 1, 0x0100, 0);
	asked[17] = '.';
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_BAD);
	/* what carries much, or asks for more than an address: TXT, ANY, a long name */
	size = question(asked, "a.example", 16, 0x0100, 0);
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_BAD);
	assert_int_equal(code, EGRESS_DNS_REFUSED);
	size = question(asked, "a.example", 255, 0x0100, 0);
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_BAD);
	memset(longest, 'a', sizeof(longest));
	longest[60] = longest[120] = '.';
	longest[EGRESS_LABELS + 1] = '\0';
	size = question(asked, longest, 1, 0x0100, 0);
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_BAD);
	assert_int_equal(code, EGRESS_DNS_REFUSED);
	longest[EGRESS_LABELS] = '\0';
	size = question(asked, longest, 1, 0x0100, 0);
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_WHOLE);
	/* answers, other opcodes, two questions, pointers, cut ones, bytes behind */
	size = question(asked, "a.example", 1, 0x8100, 0);
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_BAD);
	assert_int_equal(code, 0xffff);
	size = question(asked, "a.example", 1, 0x2900, 0);
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_BAD);
	assert_int_equal(code, EGRESS_DNS_NOT_HERE);
	size = question(asked, "a.example", 1, 0x0100, 0);
	assert_int_equal(egress_read_question(&q, asked, size + 1, &code, &why), EGRESS_BAD);
	asked[5] = 2;
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_BAD);
	asked[5] = 1;
	asked[12] = 0xc0;
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_BAD);
	size = question(asked, "127.0.0.1", 1, 0x0100, 0);
	assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_BAD);
	size = question(asked, "a.example", 1, 0x0100, 0);
	while (size-- > 0)
		assert_int_equal(egress_read_question(&q, asked, size, &code, &why), EGRESS_BAD);
}

/* --- TLS --- */

/* A ClientHello in records of at most `most` bytes; names: server_name's list as bytes; ech: offered. */
static size_t hello(uint8_t *out, const char *list, size_t list_size, bool ech, size_t most)
{
	uint8_t body[1024] = { 3, 3 }, all[1100];
	size_t n = 34, ext, whole, at = 0, some, from;

	n += 1;						/* session id: none */
	memcpy(body + n, "\0\2\x13\x01\1\0", 6);	/* a cipher suite, no compression */
	n += 6;
	ext = n;
	n += 2;
	if (list) {
		memcpy(body + n, (uint8_t[]){ 0, 0, (uint8_t)(list_size >> 8), (uint8_t)list_size }, 4);
		memcpy(body + n + 4, list, list_size);
		n += 4 + list_size;
	}
	if (ech) {
		memcpy(body + n, "\xfe\x0d\0\1\0", 5);
		n += 5;
	}
	body[ext] = (uint8_t)((n - ext - 2) >> 8);
	body[ext + 1] = (uint8_t)(n - ext - 2);
	memcpy(all, (uint8_t[]){ 1, 0, (uint8_t)(n >> 8), (uint8_t)n }, 4);
	memcpy(all + 4, body, n);
	for (from = 0, whole = n + 4; from < whole; from += some) {
		some = whole - from < most ? whole - from : most;
		memcpy(out + at, (uint8_t[]){ 22, 3, 1, (uint8_t)(some >> 8), (uint8_t)some }, 5);
		memcpy(out + at + 5, all + from, some);
		at += 5 + some;
	}
	return at;
}

static void test_hellos(void **state)
{
	static const struct {
		const char *list;
		size_t size;
		const char *name;	/* NULL: bad */
	} rows[] = {
		{ "\0\14\0\0\11a.example", 14, "a.example" },
		{ "\0\14\0\0\11A.EXAMPLE", 14, "a.example" },
		{ NULL, 0, "" },
		{ "\0\15\0\0\12a.example.", 15, NULL },		/* RFC 6066: without the dot */
		{ "\0\14\0\0\11127.0.0.1", 14, NULL },		/* nor addresses */
		{ "\0\14\0\0\11a.exa\0ple", 14, NULL },
		{ "\0\30\0\0\11a.example\0\0\11b.example", 26, NULL },	/* two names */
		{ "\0\14\1\0\11a.example", 14, NULL },		/* of another kind */
		{ "\0\13\0\0\11a.example", 14, NULL },		/* lengths that do not nest */
		{ "\0\15\0\0\11a.example", 14, NULL },
		{ "\0\3\0\0\0", 5, NULL },
	};
	uint8_t bytes[4096];
	struct egress_hello h;
	const char *why = NULL;
	enum egress_got got;
	size_t i, size, cut;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size = hello(bytes, rows[i].list, rows[i].size, false, 16384);
		got = egress_read_hello(&h, bytes, size, &why);
		if (got != (rows[i].name ? EGRESS_WHOLE : EGRESS_BAD) ||
		    (rows[i].name && strcmp(h.name.text, rows[i].name) != 0))
			fail_msg("row %zu: %d %s", i, got, h.name.text);
	}
	size = hello(bytes, rows[0].list, rows[0].size, true, 7);	/* many small records, cut anywhere */
	for (cut = 0; cut < size; cut++)
		assert_int_equal(egress_read_hello(&h, bytes, cut, &why), EGRESS_MORE);
	assert_int_equal(egress_read_hello(&h, bytes, size, &why), EGRESS_WHOLE);
	assert_true(h.ech);
	assert_int_equal(h.size, size);
	assert_int_equal(egress_read_hello(&h, (const uint8_t *)"GET / HTTP", 10, &why), EGRESS_BAD);
	assert_int_equal(egress_read_hello(&h, (const uint8_t *)"\26\3\1\0\0", 5, &why), EGRESS_BAD);
	assert_int_equal(egress_read_hello(&h, (const uint8_t *)"\26\3\1\0\1\2", 6, &why), EGRESS_MORE);
	assert_int_equal(egress_read_hello(&h, (const uint8_t *)"\26\3\1\0\4\2\0\0\0", 9, &why), EGRESS_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),	  cmocka_unit_test(test_heads),
		cmocka_unit_test(test_large_heads), cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_socks),	  cmocka_unit_test(test_questions),
		cmocka_unit_test(test_hellos),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

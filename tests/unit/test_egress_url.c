/*
 * tests/unit/test_egress_url.c - the host that a text names. Each row says how WHATWG's URL (node 18) and RFC 3986
 * read it, "-" where there is no host; ours is what both say, or none. tests/run/url.sh does it with all that it can make.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "egress/egress.h"

static const struct {
	const char *text, *whatwg, *rfc, *ours;
} rows[] = {
	{ "http://example.com/x", "example.com", "example.com", "example.com" },
	{ "HTTPS://EXAMPLE.com:443", "example.com", "EXAMPLE.com", "example.com" },
	{ "http://example.com./", "example.com.", "example.com.", "example.com" },
	{ "http://[::1]:80/", "[::1]", "[::1]", "::1" },
	{ "http://[::ffff:a00:1]/", "[::ffff:a00:1]", "[::ffff:a00:1]", "10.0.0.1" },
	{ "http://10.0.0.1/", "10.0.0.1", "10.0.0.1", "10.0.0.1" },
	{ "http://example.com?@evil.com", "example.com", "example.com", "example.com" },
	{ "http://example.com#@evil.com", "example.com", "example.com", "example.com" },
	{ "http://example.com/@evil.com", "example.com", "example.com", "example.com" },
	/* a backslash is a slash to one */
	{ "http://evil.com\\@example.com/", "evil.com", "example.com", NULL },
	{ "http://evil.com\\.example.com/", "evil.com", "-", NULL },
	{ "http:\\\\example.com/", "example.com", "-", NULL },
	{ "http://example.com/\\x", "example.com", "-", NULL },
	/* tabs and newlines are cut out by one */
	{ "http://exam\tple.com/", "example.com", "-", NULL },
	{ "ht\ntp://example.com/", "example.com", "-", NULL },
	{ " http://example.com/", "example.com", "-", NULL },
	{ "http://example.com \n", "example.com", "-", NULL },
	/* names and passwords */
	{ "http://example.com@evil.com/", "evil.com", "evil.com", NULL },
	{ "http://a:b@c:d@evil.com/", "evil.com", "-", NULL },
	{ "http://@evil.com/", "evil.com", "evil.com", NULL },
	{ "http://evil.com@/", "-", "-", NULL },
	/* percents are decoded by one */
	{ "http://exam%70le.com/", "example.com", "exam%70le.com", NULL },
	{ "http://%31%32%37.0.0.1/", "127.0.0.1", "%31%32%37.0.0.1", NULL },
	{ "http://example.com%2f@evil.com/", "evil.com", "evil.com", NULL },
	/* letters and digits of others are folded by one */
	{ "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/", "127.0.0.1", "-", NULL },
	{ "http://\xef\xbd\x85xample.com/", "example.com", "-", NULL },
	{ "http://example\xe3\x80\x82" "com/", "example.com", "-", NULL },
	{ "http://b\xc3\xbc" "cher.example/", "xn--bcher-kva.example", "-", NULL },
	{ "http://fa\xc3\x9f.de/", "xn--fa-hia.de", "-", NULL },
	{ "http://ex\xc2\xad" "ample.com/", "example.com", "-", NULL },
	{ "http://xn--bcher-kva.example/", "xn--bcher-kva.example", "xn--bcher-kva.example", "xn--bcher-kva.example" },
	/* numbers that are addresses */
	{ "http://2130706433/", "127.0.0.1", "2130706433", NULL },
	{ "http://0x7f000001/", "127.0.0.1", "0x7f000001", NULL },
	{ "http://0x7f.1/", "127.0.0.1", "0x7f.1", NULL },
	{ "http://0177.0.0.1/", "127.0.0.1", "0177.0.0.1", NULL },
	{ "http://010.0.0.1/", "8.0.0.1", "010.0.0.1", NULL },
	{ "http://127.1/", "127.0.0.1", "127.1", NULL },
	{ "http://127.0.0.1./", "127.0.0.1", "127.0.0.1.", NULL },
	{ "http://0/", "0.0.0.0", "0", NULL },
	{ "http://256.1.1.1/", "-", "256.1.1.1", NULL },
	{ "http://a.09/", "-", "a.09", NULL },
	/* addresses of version 6 */
	{ "http://[fe80::1%25eth0]/", "-", "-", NULL },
	{ "http://[fe80::1%eth0]/", "-", "-", NULL },
	{ "http://[::1/", "-", "-", NULL },
	{ "http://::1/", "-", "-", NULL },
	{ "http://[127.0.0.1]/", "-", "-", NULL },
	{ "http://[::1]x/", "-", "-", NULL },
	/* ports */
	{ "http://example.com:/", "example.com", "example.com", NULL },
	{ "http://example.com:080/", "example.com", "example.com", NULL },
	{ "http://example.com:65536/", "-", "example.com", NULL },
	{ "http://example.com:80:90/", "-", "-", NULL },
	{ "http://example.com:8 0/", "-", "-", NULL },
	{ "http://example.com:80@evil.com/", "evil.com", "evil.com", NULL },
	/* what there is of a scheme */
	{ "http:example.com", "example.com", "-", NULL },
	{ "http:/example.com", "example.com", "-", NULL },
	{ "http:///example.com/", "example.com", "-", NULL },
	{ "//example.com/", "-", "-", NULL },
	{ "://example.com/", "-", "-", NULL },
	{ "1a://example.com/", "-", "-", NULL },
	{ "file://localhost/etc", "-", "localhost", NULL },
	{ "file://C:/x", "-", "C", NULL },
	{ "view-source:http://example.com/", "-", "-", NULL },
	{ "foo://example.com/", "example.com", "example.com", "example.com" },
	{ "foo://exam%70le.com/", "exam%70le.com", "exam%70le.com", NULL },
	/* labels */
	{ "http://a..b/", "a..b", "a..b", NULL },
	{ "http://.a/", ".a", ".a", NULL },
	{ "http://a*b/", "a*b", "a*b", NULL },
	/* no URL, but a host */
	{ "example.com", "-", "-", "example.com" },
	{ "example.com:443", "-", "-", "example.com" },
	{ "[2001:db8::1]:443", "-", "-", "2001:db8::1" },
	{ "2001:db8::1", "-", "-", "2001:db8::1" },
	{ "example.com/x", "-", "-", NULL },
	{ "", "-", "-", NULL },
};

static void a_host_to_one_is_no_other_to_the_next(void **state)
{
	struct egress_host h;
	size_t i;
	bool read;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		read = egress_named(&h, rows[i].text, strlen(rows[i].text));
		if (read != (rows[i].ours != NULL) || (read && strcmp(h.text, rows[i].ours) != 0))
			fail_msg("%s: %s (WHATWG %s, RFC 3986 %s)", rows[i].text, read ? h.text : "none", rows[i].whatwg,
				 rows[i].rfc);
	}
	assert_false(egress_named(&h, "http://exam\0ple.com/", 20));
	assert_false(egress_named(&h, "http://example.com/\0", 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_to_one_is_no_other_to_the_next),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/test_inspector_parts.c - this run's authority, and secrets in a stream wherever it is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "inspector/inspector.h"

#define SECRET "tok/en+\"1\\2%3 end"
#define STANDS "[placeholder]"

/* --- the authority --- */

static X509 *leaf_of(struct authority *a, const char *name)
{
	struct egress_host host;
	struct err e = { 0 };
	X509 *leaf = NULL;

	assert_true(egress_host(&host, name, strlen(name), false));
	assert_int_equal(authority_leaf(&leaf, a, &host, &e), 0);
	return leaf;
}

static bool is_believed(struct authority *a, X509 *cert)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool yes;

	assert_int_equal(X509_STORE_add_cert(store, a->cert), 1);
	X509_STORE_CTX_init(ctx, store, cert, NULL);
	yes = X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return yes;
}

static const struct {
	const char *host;
	bool believed;
} leaves[] = {
	{ "api.example.com", true },	{ "sub.example.org", true }, { "deep.sub.example.org", true },
	{ "192.0.2.7", true },		{ "2001:db8::7", true },     { "example.net", false },
	{ "notexample.org", false },	{ "192.0.2.8", false },	     { "2001:db8::8", false },
	{ "com", false },
};

static void test_constraints(void **state)
{
	static const char *const hosts[] = { "api.example.com", "*.example.org", "192.0.2.7", "2001:db8::7" };
	static const char *const names[] = { "api.example.com" }, *const addresses[] = { "192.0.2.7" };
	struct authority a;
	struct err e = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(authority_make(&a, hosts, count_of(hosts), &e), 0);
	for (i = 0; i < count_of(leaves); i++)
		if (is_believed(&a, leaf_of(&a, leaves[i].host)) != leaves[i].believed)
			fail_msg("%s", leaves[i].host);
	authority_free(&a);
	assert_int_equal(authority_make(&a, names, 1, &e), 0);
	assert_false(is_believed(&a, leaf_of(&a, "192.0.2.7")));
	assert_false(is_believed(&a, leaf_of(&a, "2001:db8::7")));
	authority_free(&a);
	assert_int_equal(authority_make(&a, addresses, 1, &e), 0);
	assert_true(is_believed(&a, leaf_of(&a, "192.0.2.7")));
	assert_false(is_believed(&a, leaf_of(&a, "api.example.com")));
	authority_free(&a);
}

static void test_authority(void **state)
{
	static const char *const hosts[] = { "api.example.com" };
	scoped(buf) struct buf pem = BUF(INSPECTOR_PEM);
	struct authority a, b;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(authority_make(&a, hosts, 1, &e), 0);
	assert_int_equal(authority_make(&b, hosts, 1, &e), 0);
	assert_int_equal(X509_check_ca(a.cert), 1);
	assert_int_equal(X509_get_pathlen(a.cert), 0);
	assert_int_equal(X509_get_key_usage(a.cert), KU_KEY_CERT_SIGN);
	assert_int_not_equal(ASN1_INTEGER_cmp(X509_get_serialNumber(a.cert), X509_get_serialNumber(b.cert)), 0);
	assert_int_equal(EVP_PKEY_eq(a.key, b.key), 0);
	assert_int_equal(EVP_PKEY_eq(a.key, a.leaf_key), 0);
	assert_int_equal(X509_check_ca(leaf_of(&a, "api.example.com")), 0);
	assert_int_equal(X509_get_extended_key_usage(leaf_of(&a, "api.example.com")), XKU_SSL_SERVER);
	assert_ptr_equal(leaf_of(&a, "api.example.com"), leaf_of(&a, "api.example.com"));
	assert_int_equal(authority_pem(&pem, &a, &e), 0);
	assert_null(memmem(pem.data, pem.size, "PRIVATE", 7));
	authority_free(&a);
	authority_free(&b);
}

/* No more certificates are kept than may be, and a name that fits no subject has one all the same. */
static void test_leaves(void **state)
{
	static const char *const hosts[] = { "*.example.com" };
	struct authority a;
	struct err e = { 0 };
	char name[EGRESS_NAME + 1];
	size_t i;

	(void)state;
	assert_int_equal(authority_make(&a, hosts, 1, &e), 0);
	for (i = 0; i < INSPECTOR_LEAVES + 10; i++) {
		snprintf(name, sizeof(name), "h%zu.example.com", i);
		assert_int_equal(X509_check_host(leaf_of(&a, name), name, 0, 0, NULL), 1);
	}
	assert_int_equal(a.leaf_count, INSPECTOR_LEAVES);
	snprintf(name, sizeof(name), "%060d.%060d.example.com", 0, 0);
	assert_true(is_believed(&a, leaf_of(&a, name)));
	assert_int_equal(X509_check_host(leaf_of(&a, name), name, 0, 0, NULL), 1);
	authority_free(&a);
}

/* --- secrets in a stream --- */

static void load(struct credentials *all)
{
	struct err e = { 0 };

	*all = (struct credentials){ .count = 0 };
	assert_int_equal(credential_add(all, "h", "key", STANDS, SECRET, strlen(SECRET), &e), 0);
	assert_int_equal(credential_add(all, "other", "key2", "[placeholder2]", "anothersecret", 13, &e), 0);
}

static const struct {
	const char *in, *out;
} streams[] = {
	{ "nothing", "nothing" },
	{ SECRET, STANDS },
	{ "a" SECRET "b" SECRET, "a" STANDS "b" STANDS },
	{ "tok/en+\"1\\2%3 en", "tok/en+\"1\\2%3 en" },
	{ "tok/en+tok/en+\"1\\2%3 end.", "tok/en+" STANDS "." },
	{ "tok%2Fen%2b%221%5C2%253%20end", STANDS },
	{ "tok%2Fen%2b%221%5C2%253+end", STANDS },
	{ "tok\\/en+\\\"1\\\\2%3 end", STANDS },
	{ "\\u0074ok\\u002fen\\x2b\\u00221\\\\2%3 end", STANDS },
	{ "746F6b2f656e2b22315c32253320656E64", STANDS },
	{ "anothersecret", "anothersecret" },
	{ "dG9rL2VuKyIxXDIlMyBlbmQ=", STANDS "Q=" },
};

static bool leaks(const char *text)
{
	scoped(buf) struct buf out = BUF(65536);
	struct credentials all;
	struct swap s;

	load(&all);
	swap_begin(&s, &all, "h");
	assert_true(swap_feed(&s, text, strlen(text), true, &out));
	swap_end(&s);
	credentials_free(&all);
	return !memmem(out.data, out.size, STANDS, strlen(STANDS)) || out.size > strlen(STANDS) + 24;
}

static void to_base64(char *out, const char *in)
{
	EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)in, (int)strlen(in));
}

/* Two forms within each other: at most what stands before and behind it is left. */
static void test_twice(void **state)
{
	char once[400], twice[1000];
	size_t before, i;

	(void)state;
	for (before = 0; before < 3; before++) {
		snprintf(twice, sizeof(twice), "%.*s%s", (int)before, "us", SECRET);
		to_base64(once, twice);
		to_base64(twice, once);
		assert_false(leaks(twice));
		text_hex(twice, (const uint8_t *)once, strlen(once));
		assert_false(leaks(twice));
		for (i = 0; once[i]; i++)
			snprintf(twice + 3 * i, sizeof(twice) - 3 * i, "%%%02X", (unsigned char)once[i]);
		assert_false(leaks(twice));
	}
	text_hex(once, (const uint8_t *)SECRET, strlen(SECRET));
	text_hex(twice, (const uint8_t *)once, strlen(once));
	assert_false(leaks(twice));
	to_base64(twice, once);
	assert_false(leaks(twice));
}

/* Cut at every place, and byte by byte, it is the same. */
static void test_streams(void **state)
{
	struct credentials all;
	struct swap s;
	size_t i, cut, at, size;

	(void)state;
	load(&all);
	for (i = 0; i < count_of(streams); i++) {
		size = strlen(streams[i].in);
		for (cut = 0; cut <= size; cut++) {
			scoped(buf) struct buf out = BUF(4096);

			swap_begin(&s, &all, "h");
			assert_true(swap_feed(&s, streams[i].in, cut, false, &out));
			for (at = cut; at < size; at++)
				assert_true(swap_feed(&s, streams[i].in + at, 1, false, &out));
			assert_true(swap_feed(&s, "", 0, true, &out));
			swap_end(&s);
			if (!buf_text(&out) || strcmp(out.data, streams[i].out) != 0)
				fail_msg("%s cut at %zu: %s", streams[i].in, cut, out.data);
		}
	}
	credentials_free(&all);
}

/* Whatever stands before it, in either alphabet, on one line or folded: nothing that only the secret decides is left. */
static void test_base64(void **state)
{
	struct credentials all;
	struct swap s;
	char plain[200], text[300], folded[400];
	size_t before, i, n;
	int url;

	(void)state;
	load(&all);
	for (before = 0; before < 7; before++)
		for (url = 0; url < 2; url++) {
			scoped(buf) struct buf out = BUF(4096);

			snprintf(plain, sizeof(plain), "%.*s%s-tail", (int)before, "user:xy", SECRET);
			EVP_EncodeBlock((unsigned char *)text, (unsigned char *)plain, (int)strlen(plain));
			for (i = n = 0; text[i]; i++) {
				folded[n++] = !url ? text[i] : text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
				if (i % 10 == 9) {
					folded[n++] = '\r';
					folded[n++] = '\n';
				}
			}
			swap_begin(&s, &all, "h");
			for (i = 0; i < n; i++)
				assert_true(swap_feed(&s, folded + i, 1, i + 1 == n, &out));
			swap_end(&s);
			if (!memmem(out.data, out.size, STANDS, strlen(STANDS)) || out.size > n - 20 + strlen(STANDS))
				fail_msg("%zu before, alphabet %d: %.*s", before, url, (int)out.size, out.data);
		}
	credentials_free(&all);
}

/* What is surely no secret is not kept waiting: events arrive as they were sent. */
static void test_not_held(void **state)
{
	scoped(buf) struct buf out = BUF(4096);
	struct credentials all;
	struct swap s;

	(void)state;
	load(&all);
	swap_begin(&s, &all, "h");
	assert_true(swap_feed(&s, "data: {}\n\n", 10, false, &out));
	assert_int_equal(out.size, 10);
	swap_end(&s);
	credentials_free(&all);
}

static void test_refused(void **state)
{
	static const char *const secrets[] = { "short", "line\r\nbreak: x", "tab\tinside it", "nul at its \x7f end",
					       "caf\xc3\xa9 au lait" };
	struct credentials all = { .count = 0 };
	struct err e = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < count_of(secrets); i++)
		if (credential_add(&all, "h", "key", STANDS, secrets[i], strlen(secrets[i]), &e) == 0)
			fail_msg("%s was taken", secrets[i]);
	assert_int_equal(credential_add(&all, "h", "key", STANDS, "nul\0inside", 10, &e), -1);
	assert_int_equal(all.count, 0);
}

static const struct {
	const char *in, *out;
} heads[] = {
	{ "GET /[placeholder] HTTP/1.1\r\nA: [placeholder]\r\n\r\n", "GET /[placeholder] HTTP/1.1\r\nA: " SECRET "\r\n\r\n" },
	{ "GET / HTTP/1.1\r\n[placeholder]: x\r\n\r\n", "GET / HTTP/1.1\r\n[placeholder]: x\r\n\r\n" },
	{ "GET / HTTP/1.1\r\nAuthorization: Bearer [placeholder]\r\n\r\n", "GET / HTTP/1.1\r\nAuthorization: Bearer " SECRET "\r\n\r\n" },
	{ "GET / HTTP/1.1\r\nAuthorization: Basic W3BsYWNlaG9sZGVyXTo=\r\n\r\n",
	  "GET / HTTP/1.1\r\nAuthorization: Basic dG9rL2VuKyIxXDIlMyBlbmQ6\r\n\r\n" },
	{ "GET / HTTP/1.1\r\nAuthorization: Basic !!!\r\n\r\n", "GET / HTTP/1.1\r\nAuthorization: Basic !!!\r\n\r\n" },
	{ "GET / HTTP/1.1\r\nA: [placeholder2]\r\n\r\n", "GET / HTTP/1.1\r\nA: [placeholder2]\r\n\r\n" },
};

static void test_heads(void **state)
{
	struct credentials all;
	size_t i;

	(void)state;
	load(&all);
	for (i = 0; i < count_of(heads); i++) {
		scoped(buf) struct buf out = BUF(4096);

		assert_true(credential_put(&out, &all, "h", heads[i].in, strlen(heads[i].in)));
		assert_string_equal(buf_text(&out), heads[i].out);
	}
	credentials_free(&all);
}

/* --- answers --- */

/* Servers end the connection behind each answer, and often both are there when we look. */
static const struct {
	const char *in, *out;	/* NULL: the answer lacks its end */
} answers[] = {
	{ "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n", "0\r\n\r\n" },
	{ "HTTP/1.1 200 Ok\r\nContent-Length: 5\r\n\r\nhello", "5\r\nhello\r\n0\r\n\r\n" },
	{ "HTTP/1.1 200 Ok\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "0\r\n\r\n" },
	{ "HTTP/1.1 200 Ok\r\n\r\n", "0\r\n\r\n" },
	{ "HTTP/1.1 200 Ok\r\n\r\nhello", "5\r\nhello\r\n0\r\n\r\n" },
	{ "HTTP/1.1 204 No\r\n\r\n", "HTTP/1.1 204 No\r\n\r\n" },
	{ "HTTP/1.1 200 Ok\r\nContent-Length: 5\r\n\r\nhell", NULL },
	{ "HTTP/1.1 200 Ok\r\nTransfer-Encoding: chunked\r\n\r\n", NULL },
};

static void test_ended(void **state)
{
	struct credentials all;
	size_t i;

	(void)state;
	load(&all);
	for (i = 0; i < count_of(answers); i++) {
		scoped(buf) struct buf in = BUF(4096), out = BUF(65536);
		const char *why = NULL, *wanted = answers[i].out;
		struct answer a;

		buf_puts(&in, answers[i].in);
		answer_begin(&a, &all, "h", false);
		assert_int_equal(answer_take(&a, &in, true, &out, &why), wanted ? EGRESS_WHOLE : EGRESS_BAD);
		if (wanted) {
			assert_true(out.size >= strlen(wanted));
			assert_string_equal(buf_text(&out) + out.size - strlen(wanted), wanted);
		}
		answer_free(&a);
	}
	credentials_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority), cmocka_unit_test(test_constraints), cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_streams), cmocka_unit_test(test_twice), cmocka_unit_test(test_base64),      cmocka_unit_test(test_not_held),
		cmocka_unit_test(test_refused),	  cmocka_unit_test(test_heads), cmocka_unit_test(test_ended),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

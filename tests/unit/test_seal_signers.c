/* Lists of signers: who may sign is what ssh-keygen says too, and what is not said plainly is an error with a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seal/ssh_parts.h"
#include "seal/ssh_stamp.h"
#include "ssh_stage.h"

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDO0VQD9TIdICZLWFWwtf7s8/aENve8twGTEmNV0myh5"

static int read_list(struct ssh_signers **out, const char *text, size_t size, struct err *e)
{
	char *copy = malloc(size + !size);	/* of no byte more, for the sanitizers */
	int got;

	memcpy(copy, text, size);
	*e = (struct err){ 0 };
	got = ssh_signers_read(out, copy, size, e);
	free(copy);
	return got;
}

static void good_lists(void **state)
{
	static const struct {
		const char *text, *names;
	} rows[] = {
		{ "", "" },
		{ "\n# nobody\n\n  # yet\n\t\n", "" },
		{ "alice " ED, "alice" },
		{ "alice " ED "\n", "alice" },
		{ " alice \t " ED " of alice's \"laptop\" = x\n", "alice" },
		{ "alice@example.com,bob " ED "\ncarol " ED "\nalice@example.com " ED "\n", "alice@example.com bob carol" },
		{ "alice NameSpaces=\"a,b*\",VALID-AFTER=\"20260101Z\",valid-before=\"202601010000Z\"", NULL },
		{ "alice NameSpaces=\"a,b*\",VALID-AFTER=\"20260101Z\",valid-before=\"202601010001Z\" " ED, "alice" },
		{ "\xc3\xa9mile namespaces=\"a b\" " ED, "\xc3\xa9mile" },
		{ "ssh-agent " ED, "ssh-agent" },
	};
	struct err e;
	size_t i, n;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(ssh_signers) struct ssh_signers *s = NULL;
		char names[256] = "";

		if ((read_list(&s, rows[i].text, strlen(rows[i].text), &e) < 0) != !rows[i].names)
			fail_msg("row %zu: %s", i, e.text);
		for (n = 0; s && n < ssh_signers_count(s); n++) {
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", n ? " " : "", ssh_signers_at(s, n));
			assert_true(ssh_signers_has(s, ssh_signers_at(s, n)));
		}
		if (s) {
			assert_string_equal(names, rows[i].names);
			assert_false(ssh_signers_has(s, "nobody"));
			assert_false(ssh_signers_has(s, ""));
		}
	}
}

static void bad_lists(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "alice " ED "\n* " ED, "2:1: a pattern of names" },
		{ "alice,*@example.com " ED, "1:7: a pattern of names" },
		{ "alice,!bob " ED, "1:7: a pattern of names" },
		{ "al?ce " ED, "1:3: a pattern of names" },
		{ "\"alice\" " ED, "1:1: a name takes no quotation mark" },
		{ "alice,,bob " ED, "1:7: a name is missing" },
		{ ",alice " ED, "1:1: a name is missing" },
		{ "alice, " ED, "1:7: a name is missing" },
		{ "al\xe2\x80\x8bice " ED, "1:1: a name with something invisible" },
		{ "# x\nal\xff" "ice " ED, "2:1: not UTF-8" },
		{ "# \xed\xa0\x80\n", "1:1: not UTF-8" },
		{ "\xef\xbb\xbf" "alice " ED, "1:1: a byte order mark" },
		{ "alice " ED "\r\nbob " ED "\r\n", "1:87: a carriage return" },
		{ "# x\r\n", "1:4: a carriage return" },
		{ "alice \x01" ED, "1:7: a control character" },
		{ "alice", "1:6: a name without a key" },
		{ "alice namespaces=\"a\"", "1:21: a name without a key" },
		{ "alice cert-authority " ED, "1:7: cert-authority" },
		{ "alice namespaces=\"a\",cert-authority " ED, "1:22: cert-authority" },
		{ "alice Cert-Authority,namespaces=\"a\" " ED, "1:7: cert-authority" },
		{ "alice no-touch-required " ED, "1:7: expected ssh-ed25519" },
		{ "alice namespaces=a " ED, "1:18: namespaces= takes its value in quotation marks" },
		{ "alice namespaces=\"a " ED, "1:19: namespaces= a value" },
		{ "alice namespaces=\"a\\\"b\" " ED, "1:19: namespaces= a value" },
		{ "alice namespaces=\"\" " ED, "1:19: expected 1 to" },
		{ "alice namespaces=\"a,,b\" " ED, "1:21: a namespace is missing" },
		{ "alice namespaces=\"a,\" " ED, "1:19: expected 1 to" },
		{ "alice namespaces=\"a\",namespaces=\"b\" " ED, "1:34: namespaces twice" },
		{ "alice namespaces=\"a\"," ED, "1:22: expected ssh-ed25519" },
		{ "alice namespaces=\"a\"x " ED, "1:21: expected a comma" },
		{ "alice namespaces=\"a\"", "1:21: a name without a key" },
		{ "alice valid-after=\"20260101\" " ED, "1:20: a time of whatever zone" },
		{ "alice valid-before=\"202601011200\" " ED, "1:21: a time of whatever zone" },
		{ "alice valid-before=\"20260230Z\" " ED, "1:21: not a time" },
		{ "alice valid-before=\"2026013Z\" " ED, "1:21: not a time" },
		{ "alice valid-before=\"\" " ED, "1:21: not a time" },
		{ "alice valid-before=\"Z\" " ED, "1:21: not a time" },
		{ "alice valid-before=\"20260101Z\",valid-before=\"20270101Z\" " ED, "1:46: the same time twice" },
		{ "alice valid-after=\"20260102Z\",valid-before=\"20260101Z\" " ED, "1:1: valid-before is not after" },
		{ "alice ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB", "1:7: a key of kind \"ssh-rsa\"" },
		{ "alice ecdsa-sha2-nistp256 AAAA", "1:7: a key of kind \"ecdsa-sha2-nistp256\"" },
		{ "alice sk-ecdsa-sha2-nistp256@openssh.com AAAA", "1:7: a key of kind" },
		{ "alice ssh-ed25519-cert-v01@openssh.com AAAA", "1:7: a key of kind" },
		{ "alice ssh-ed25519", "1:18: expected the key" },
		{ "alice ssh-ed25519 ", "1:19: expected the key" },
		{ "alice ssh-ed25519 !!!", "1:19: expected the key" },
		{ "alice " ED "A", "1:19: expected the key" },
		{ "alice ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDO0VQD9TIdICZLWFWwtf7s8/aENve8twGTEmNV0myh5AAAA",
		  "1:19: not a whole ssh-ed25519 key" },
		{ "alice ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		  "1:19: not a usable Ed25519 key" },
		{ "alice sk-ssh-ed25519@openssh.com AAAAC3NzaC1lZDI1NTE5AAAAIDO0VQD9TIdICZLWFWwtf7s8/aENve8twGTEmNV0myh5",
		  "1:7: the key says that it is ssh-ed25519" },
	};
	struct ssh_signers *s = NULL;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		assert_int_equal(read_list(&s, rows[i].text, strlen(rows[i].text), &e), -1);
		if (strncmp(e.text, rows[i].why, strlen(rows[i].why)) != 0)
			fail_msg("row %zu: %s\nexpected: %s", i, e.text, rows[i].why);
		assert_null(s);
	}
	assert_int_equal(read_list(&s, "alice\0 " ED, sizeof("alice\0 " ED) - 1, &e), -1);
}

/* Much of anything: a bound is met and said, and what is within it is read. */
static void large_lists(void **state)
{
	scoped(ssh_signers) struct ssh_signers *s = NULL;
	struct buf b = BUF(1 << 20);
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++)
		buf_printf(&b, "%sn%zu", i ? "," : "", i);
	buf_puts(&b, " " ED "\n");
	assert_int_equal(read_list(&s, b.data, b.size, &e), 0);
	assert_int_equal(ssh_signers_count(s), 1000);
	assert_string_equal(ssh_signers_at(s, 999), "n999");
	buf_puts(&b, "one-more " ED "\n");
	assert_int_equal(read_list(&s, b.data, b.size, &e), -1);
	buf_drop(&b, b.size);
	while (b.size < 65532)
		buf_puts(&b, "a");
	assert_int_equal(read_list(&s, b.data, 65532, &e), -1);	/* a name of 64 KiB */
	memset(b.data, ',', 65532);
	assert_int_equal(read_list(&s, b.data, 65532, &e), -1);
	memset(b.data, '#', 65532);
	ssh_signers_free(take(&s));
	assert_int_equal(read_list(&s, b.data, 65532, &e), 0);
	assert_int_equal(read_list(&s, b.data, 65533, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	buf_free(&b);
}

static const uint64_t NOON = UINT64_C(1767268800);	/* 2026-01-01 12:00:00 UTC */

/* Rows hold the word KEY for key.pub and OTHER for other.pub. */
static const struct {
	const char *list;
	bool may;
} allowed[] = {
	{ "alice KEY", true },
	{ "bob,alice KEY", true },
	{ "alicex KEY\nali KEY\nAlice KEY", false },
	{ "alice OTHER", false },
	{ "alice OTHER\nalice KEY", true },
	{ "bob KEY\nalice OTHER", false },
	{ "alice namespaces=\"review@reeve\" KEY", true },
	{ "alice namespaces=\"file\" KEY", false },
	{ "alice namespaces=\"file,review@reeve\" KEY", true },
	{ "alice namespaces=\"file,review@reev\" KEY", false },
	{ "alice namespaces=\"*\" KEY", true },
	{ "alice namespaces=\"*@reeve\" KEY", true },
	{ "alice namespaces=\"*@other\" KEY", false },
	{ "alice namespaces=\"*,!review@reeve\" KEY", false },
	{ "alice namespaces=\"!review@reeve,*\" KEY", false },
	{ "alice namespaces=\"!file\" KEY", false },
	{ "alice namespaces=\"!file,r*w?r*e\" KEY", true },
	{ "alice namespaces=\"review@reeve?\" KEY", false },
	{ "alice namespaces=\"Review@reeve\" KEY", false },
	{ "alice namespaces=\"file\" KEY\nalice KEY", true },
	{ "alice valid-after=\"20260101Z\" KEY", true },
	{ "alice valid-after=\"20260101120000Z\" KEY", true },
	{ "alice valid-after=\"20260101120001Z\" KEY", false },
	{ "alice valid-before=\"20260101120000Z\" KEY", true },
	{ "alice valid-before=\"20260101115959Z\" KEY", false },
	{ "alice valid-before=\"202601011200Z\" KEY", true },
	{ "alice valid-before=\"202601011159Z\" KEY", false },
	{ "alice valid-after=\"20250101Z\",valid-before=\"20270101Z\",namespaces=\"review@reeve\" KEY", true },
	{ "alice valid-after=\"20250101Z\",valid-before=\"20270101Z\",namespaces=\"file\" KEY", false },
	{ "alice valid-before=\"20250101Z\" KEY\nalice KEY", true },
};

static void expand(struct buf *out, const char *list, const char *key, const char *other)
{
	for (; *list; list++)
		if (strncmp(list, "KEY", 3) == 0) {
			buf_puts(out, key);
			list += 2;
		} else if (strncmp(list, "OTHER", 5) == 0) {
			buf_puts(out, other);
			list += 4;
		} else {
			buf_add(out, list, 1);
		}
	buf_puts(out, "\n");
}

static void who_may_sign(void **state)
{
	char key[512], other[512], text[4096];
	uint8_t blob[SSH_SIGNATURE];
	struct ssh_signature by;
	struct err e = { 0 };
	size_t i, size;
	bool may, theirs;

	(void)state;
	NEEDS_KEYGEN;
	get(key, sizeof(key), "key.pub");
	get(other, sizeof(other), "other.pub");
	key[strcspn(key, "\n")] = other[strcspn(other, "\n")] = '\0';
	size = sign_as(blob, "key", "review@reeve", "hashalg=sha512", "x", 1);
	put("sig", text, get(text, sizeof(text), "out"));
	assert_int_equal(ssh_verify(&by, blob, size, "review@reeve", "x", 1, &e), 0);
	for (i = 0; i < count_of(allowed); i++) {
		scoped(ssh_signers) struct ssh_signers *s = NULL;
		struct buf list = BUF(8192);

		expand(&list, allowed[i].list, key, other);
		if (read_list(&s, list.data, list.size, &e) < 0)
			fail_msg("%s: %s", allowed[i].list, e.text);
		may = ssh_signers_allow(s, &by, "alice", "review@reeve", NOON * 1000000, &e) == 0;
		put("signers", list.data, list.size);
		theirs = KEYGEN("message", "-Y", "verify", "-f", "signers", "-I", "alice", "-n", "review@reeve", "-s", "sig",
				"-Overify-time=20260101120000Z") == 0;
		if (may != allowed[i].may || theirs != may)
			fail_msg("%s: reeve %d, ssh-keygen %d, expected %d", allowed[i].list, may, theirs, allowed[i].may);
		assert_int_equal(ssh_signers_allow(s, &by, "mallory", "review@reeve", NOON * 1000000, &e), -1);
		buf_free(&list);
	}
}

static void patterns(void **state)
{
	static const struct {
		const char *list, *text;
		bool holds;
	} rows[] = {
		{ "*", "", true }, { "?", "", false }, { "", "", false }, { "a*b*c", "axxbyyc", true },
		{ "a*b*c", "axxbyy", false }, { "**", "x", true }, { "*?*", "x", true }, { "!*", "x", false },
		{ "a,b,c", "b", true }, { "!b,b", "b", false }, { "!", "", false }, { "a!", "a!", true },
	};
	char many[256], text[256];
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++)
		if (ssh_patterns_hold(rows[i].list, rows[i].text) != rows[i].holds)
			fail_msg("%s on %s", rows[i].list, rows[i].text);
	memset(text, 'a', sizeof(text));	/* what would take for ever if stars nested */
	text[255] = '\0';
	for (i = 0; i < 254; i += 2)
		memcpy(many + i, "*a", 2);
	memcpy(many + 254, "b", 2);
	assert_false(ssh_patterns_hold(many, text));
}

static void stamps(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} rows[] = {
		{ "19700101", 0 }, { "20260101", 1767225600 }, { "202601011200", NOON }, { "20260101120000", NOON },
		{ "20240229", 1709164800 }, { "99991231235959", 253402300799 },
	};
	static const char *const wrong[] = { "", "2026", "20260100", "20261301", "20250229", "20260101240000", "2026010112006", "20260101126000",
					     "20260101125960", "19691231", "2026 101", "+0260101", "-9990101", "2026010x" };
	uint64_t got;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		assert_true(ssh_stamp_read(&got, rows[i].text, strlen(rows[i].text)));
		assert_int_equal(got, rows[i].seconds);
	}
	for (i = 0; i < count_of(wrong); i++)
		if (ssh_stamp_read(&got, wrong[i], strlen(wrong[i])))
			fail_msg("%s", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lists), cmocka_unit_test(bad_lists), cmocka_unit_test(large_lists),
		cmocka_unit_test(who_may_sign), cmocka_unit_test(patterns), cmocka_unit_test(stamps),
	};
	struct err e;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 ? 1 : cmocka_run_group_tests(tests, stage_open, stage_close);
}

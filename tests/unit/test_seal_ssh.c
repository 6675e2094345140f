/* Signatures of ssh-keygen: what it signs is good here, and what was altered in any way is good nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ssh_stage.h"

static const char NAMESPACE[] = "review@reeve";
static const char MESSAGE[] = "decision: approve\nindex: 34\n";

static int verify(const uint8_t *blob, size_t size, const char *namespace, const void *message, size_t message_size)
{
	struct ssh_signature by;
	struct err e = { 0 };
	int got = ssh_verify(&by, blob, size, namespace, message, message_size, &e);

	assert_true(got == 0 ? e.text[0] == '\0' && by.key_size > 0 : e.text[0] != '\0');
	return got;
}

static void what_it_signs_is_good(void **state)
{
	static const char *const hashes[] = { "hashalg=sha256", "hashalg=sha512" };
	static const size_t sizes[] = { 0, 1, 100, 70000 };
	uint8_t blob[SSH_SIGNATURE];
	struct ssh_signature by;
	struct err e = { 0 };
	char line[512], *message = calloc(1, 70000);
	size_t h, i, size;

	(void)state;
	NEEDS_KEYGEN;
	message[50] = 'x';
	for (h = 0; h < count_of(hashes); h++)
		for (i = 0; i < count_of(sizes); i++) {
			size = sign_as(blob, "key", NAMESPACE, hashes[h], message, sizes[i]);
			if (ssh_verify(&by, blob, size, NAMESPACE, message, sizes[i], &e) < 0)
				fail_msg("%s", e.text);
			assert_false(by.hardware);
		}
	assert_int_equal(KEYGEN("/dev/null", "-l", "-f", "key.pub"), 0);
	get(line, sizeof(line), "out");
	assert_non_null(strstr(line, by.fingerprint));
	assert_int_equal(strlen(by.fingerprint), 50);
	free(message);
}

static void another_use_is_refused(void **state)
{
	static const char *const others[] = { "review@reevE", "review@reev", "review@reeve2", "file", "policy@reeve" };
	uint8_t blob[SSH_SIGNATURE];
	size_t i, size;

	(void)state;
	NEEDS_KEYGEN;
	size = sign_as(blob, "key", NAMESPACE, "hashalg=sha512", MESSAGE, sizeof(MESSAGE));
	assert_int_equal(verify(blob, size, NAMESPACE, MESSAGE, sizeof(MESSAGE)), 0);
	for (i = 0; i < count_of(others); i++)
		assert_int_equal(verify(blob, size, others[i], MESSAGE, sizeof(MESSAGE)), -1);
}

/* Every bit of signature and message, every shorter signature, and one that something follows. */
static void nothing_altered_is_good(const uint8_t *blob, size_t size)
{
	uint8_t other[SSH_SIGNATURE + 1];
	char message[sizeof(MESSAGE)];
	size_t i;

	memcpy(other, blob, size);
	for (i = 0; i < size * 8; i++) {
		other[i / 8] ^= (uint8_t)(1 << i % 8);
		if (verify(other, size, NAMESPACE, MESSAGE, sizeof(MESSAGE)) == 0)
			fail_msg("bit %zu of %zu bytes", i, size);
		other[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < size; i++)
		assert_int_equal(verify(blob, i, NAMESPACE, MESSAGE, sizeof(MESSAGE)), -1);
	other[size] = 0;
	assert_int_equal(verify(other, size + 1, NAMESPACE, MESSAGE, sizeof(MESSAGE)), -1);
	memcpy(message, MESSAGE, sizeof(MESSAGE));
	for (i = 0; i < sizeof(MESSAGE) * 8; i++) {
		message[i / 8] = (char)(message[i / 8] ^ 1 << i % 8);
		assert_int_equal(verify(blob, size, NAMESPACE, message, sizeof(MESSAGE)), -1);
		message[i / 8] = (char)(message[i / 8] ^ 1 << i % 8);
	}
	assert_int_equal(verify(blob, size, NAMESPACE, MESSAGE, sizeof(MESSAGE) - 1), -1);
	assert_int_equal(verify(blob, size, NAMESPACE, MESSAGE, sizeof(MESSAGE)), 0);
}

static void altered_signatures(void **state)
{
	uint8_t blob[SSH_SIGNATURE];
	size_t size;

	(void)state;
	NEEDS_KEYGEN;
	size = sign_as(blob, "key", NAMESPACE, "hashalg=sha512", MESSAGE, sizeof(MESSAGE));
	nothing_altered_is_good(blob, size);
	size = sign_as(blob, "key", NAMESPACE, "hashalg=sha256", MESSAGE, sizeof(MESSAGE));
	nothing_altered_is_good(blob, size);
}

/* Parts of blobs: the signature does not cover the reserved part, nor where in the group S stands. */
static void other_forms_of_a_good_one(void **state)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
					   0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
	uint8_t blob[SSH_SIGNATURE], other[SSH_SIGNATURE];
	size_t size, at = 10 + 4 + 51 + 4 + sizeof(NAMESPACE) - 1, i;
	unsigned sum = 0;

	(void)state;
	NEEDS_KEYGEN;
	size = sign_as(blob, "key", NAMESPACE, "hashalg=sha512", MESSAGE, sizeof(MESSAGE));
	memcpy(other, blob, at);
	memcpy(other + at, "\0\0\0\1x", 5);
	memcpy(other + at + 5, blob + at + 4, size - at - 4);
	assert_memory_equal(blob + at, "\0\0\0\0\0\0\0\6sha512", 14);
	assert_int_equal(verify(other, size + 1, NAMESPACE, MESSAGE, sizeof(MESSAGE)), -1);
	memcpy(other, blob, size);
	for (i = 0; i < 32; i++) {	/* S + L */
		sum += (unsigned)other[size - 32 + i] + order[i];
		other[size - 32 + i] = (uint8_t)sum;
		sum >>= 8;
	}
	assert_int_equal(verify(other, size, NAMESPACE, MESSAGE, sizeof(MESSAGE)), -1);
	memcpy(other, blob, size);
	assert_int_equal(other[size - 84], 83);	/* the last string, which is lengthened by a byte */
	other[size - 84]++;
	other[size] = 0;
	assert_int_equal(verify(other, size + 1, NAMESPACE, MESSAGE, sizeof(MESSAGE)), -1);
	memcpy(other, blob, size);
	other[9] = 2;
	assert_int_equal(verify(other, size, NAMESPACE, MESSAGE, sizeof(MESSAGE)), -1);
}

static void armor(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "x", "" }, { "\n", "" }, { "", "\n" }, { "", "x" }, { "", "\n\n" },
		{ "-----BEGIN SSH SIGNATURE-----\n", "" }, { "", "\n-----BEGIN SSH SIGNATURE-----\n" },
	};
	uint8_t blob[SSH_SIGNATURE];
	char text[4096], room[8192];
	struct err e;
	size_t i, size, got;

	(void)state;
	NEEDS_KEYGEN;
	sign_as(blob, "key", NAMESPACE, "hashalg=sha512", MESSAGE, sizeof(MESSAGE));
	size = get(text, sizeof(text), "out");
	assert_int_equal(ssh_armor_read(blob, &got, text, size, &e), 0);
	assert_int_equal(ssh_armor_read(blob, &got, text, size - 1, &e), 0);	/* its last newline may be missing */
	for (i = 0; i < size - 1; i++)
		assert_int_equal(ssh_armor_read(blob, &got, text, i, &e), -1);
	for (i = 0; i < count_of(rows); i++) {
		snprintf(room, sizeof(room), "%s%s%s", rows[i].before, text, rows[i].after);
		assert_int_equal(ssh_armor_read(blob, &got, room, strlen(room), &e), -1);
	}
	memset(room, 'A', sizeof(room));
	for (i = 30; i < sizeof(room); i += 71)
		room[i - 1] = '\n';
	memcpy(room, text, 30);
	assert_int_equal(ssh_armor_read(blob, &got, room, sizeof(room), &e), -1);
}

static int verify_token(const struct token *t, uint8_t flags, struct ssh_signature *by)
{
	struct buf blob = BUF(SSH_SIGNATURE);
	struct err e = { 0 };
	int got;

	token_sign(&blob, t, flags, NAMESPACE, MESSAGE, sizeof(MESSAGE));
	got = ssh_verify(by, (const uint8_t *)blob.data, blob.size, NAMESPACE, MESSAGE, sizeof(MESSAGE), &e);
	if (got == 0 && (flags & 1))
		nothing_altered_is_good((const uint8_t *)blob.data, blob.size);
	buf_free(&blob);
	return got;
}

static void security_keys(void **state)
{
	struct token t = { .application = "ssh:" };
	struct ssh_signature by = { 0 };

	(void)state;
	crypto_sign_keypair(t.open, t.secret);
	assert_int_equal(verify_token(&t, 0x01, &by), 0);
	assert_true(by.hardware);
	assert_int_equal(verify_token(&t, 0x05, &by), 0);
	assert_int_equal(verify_token(&t, 0x00, &by), -1);	/* nobody touched it */
	assert_int_equal(verify_token(&t, 0x04, &by), -1);
	t.application = "ssh:reeve";
	assert_int_equal(verify_token(&t, 0x01, &by), 0);
	t.application = "https://example.com";
	assert_int_equal(verify_token(&t, 0x01, &by), -1);
	t.application = "";
	assert_int_equal(verify_token(&t, 0x01, &by), -1);
}

/* The authenticator above is none of ours to believe: ssh-keygen says that its signatures are what they should be. */
static void ssh_keygen_believes_the_token(void **state)
{
	struct token t = { .application = "ssh:" };
	struct buf blob = BUF(SSH_SIGNATURE), key = BUF(256), text = BUF(4096), line = BUF(4096);

	(void)state;
	NEEDS_KEYGEN;
	crypto_sign_keypair(t.open, t.secret);
	token_sign(&blob, &t, 0x01, NAMESPACE, MESSAGE, sizeof(MESSAGE));
	buf_puts(&text, "-----BEGIN SSH SIGNATURE-----\n");
	seal_base64_add(&text, blob.data, blob.size);
	buf_puts(&text, "\n-----END SSH SIGNATURE-----\n");
	put("sig", text.data, text.size);
	token_key(&key, &t);
	buf_puts(&line, "alice sk-ssh-ed25519@openssh.com ");
	seal_base64_add(&line, key.data, key.size);
	put("signers", line.data, line.size);
	put("message", MESSAGE, sizeof(MESSAGE));
	assert_int_equal(KEYGEN("message", "-Y", "verify", "-f", "signers", "-I", "alice", "-n", NAMESPACE, "-s", "sig"), 0);
	put("message", MESSAGE, 3);
	assert_int_not_equal(KEYGEN("message", "-Y", "verify", "-f", "signers", "-I", "alice", "-n", NAMESPACE, "-s", "sig"), 0);
	buf_free(&blob);
	buf_free(&key);
	buf_free(&text);
	buf_free(&line);
}

/* Keys under which anybody can sign anything, and such as no honest program writes. */
static void keys_of_no_use(void **state)
{
	static const struct {
		uint8_t first, rest, last;
	} rows[] = { { 1, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0x80 }, { 0xec, 0xff, 0x7f }, { 0xee, 0xff, 0x7f }, { 2, 0, 0 } };
	struct token t = { .application = "ssh:" };
	struct ssh_signature by;
	size_t i;

	(void)state;
	crypto_sign_keypair(t.open, t.secret);
	for (i = 0; i < count_of(rows); i++) {
		memset(t.open, rows[i].rest, sizeof(t.open));
		t.open[0] = rows[i].first;
		t.open[31] = rows[i].last;
		assert_int_equal(verify_token(&t, 0x01, &by), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_signs_is_good),     cmocka_unit_test(another_use_is_refused),
		cmocka_unit_test(altered_signatures),	     cmocka_unit_test(other_forms_of_a_good_one),
		cmocka_unit_test(armor),		     cmocka_unit_test(security_keys),
		cmocka_unit_test(ssh_keygen_believes_the_token), cmocka_unit_test(keys_of_no_use),
	};
	struct err e;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 ? 1 : cmocka_run_group_tests(tests, stage_open, stage_close);
}

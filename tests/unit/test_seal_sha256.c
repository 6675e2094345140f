/* SHA-256, by the processor and without it, against libsodium's: every length, every way to cut it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/text.h"
#include "seal/seal.h"

/* The same file once more, as it is on a processor that has no such instructions. */
#define HAS_INSTRUCTIONS 0
#define sha256_begin slow_begin
#define sha256_add slow_add
#define sha256_end slow_end
#include "seal/sha256.c"
#undef sha256_begin
#undef sha256_add
#undef sha256_end
void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t size);
void sha256_end(struct sha256 *s, uint8_t out[32]);

static void vectors(void **state)
{
	static const struct {
		const char *text, *hash;
	} rows[] = {	/* FIPS 180-4 */
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	uint8_t hash[SEAL_HASH];
	char hex[65];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		seal_hash(hash, rows[i].text, strlen(rows[i].text));
		text_hex(hex, hash, sizeof(hash));
		assert_string_equal(hex, rows[i].hash);
	}
}

static void any_length_in_any_parts(void **state)
{
	uint8_t bytes[520], want[32], got[32];
	struct sha256 s;
	size_t size, cut;

	(void)state;
	randombytes_buf_deterministic(bytes, sizeof(bytes), (const uint8_t[randombytes_SEEDBYTES]){ 7 });
	for (size = 0; size <= sizeof(bytes); size++) {
		crypto_hash_sha256(want, bytes, size);
		for (cut = 0; cut <= size; cut += 1 + cut / 9) {
			sha256_begin(&s);
			sha256_add(&s, bytes, cut);
			sha256_add(&s, bytes + cut, size - cut);
			sha256_end(&s, got);
			assert_memory_equal(got, want, sizeof(want));
			slow_begin(&s);
			slow_add(&s, bytes, cut);
			slow_add(&s, bytes + cut, size - cut);
			slow_end(&s, got);
			assert_memory_equal(got, want, sizeof(want));
		}
	}
}

static void leaves_and_nodes(void **state)
{
	uint8_t bytes[1 + 700] = { 0x01 }, want[32], got[32];
	size_t size;

	(void)state;
	memset(bytes + 1, 'r', sizeof(bytes) - 1);
	for (size = 0; size < 700; size += 13) {
		crypto_hash_sha256(want, bytes, 1 + size);
		seal_prefixed(got, 0x01, bytes + 1, size / 3, bytes + 1 + size / 3, size - size / 3);
		assert_memory_equal(got, want, sizeof(want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(any_length_in_any_parts),
		cmocka_unit_test(leaves_and_nodes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

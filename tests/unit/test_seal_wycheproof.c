/*
 * What a signature is, held against C2SP's Project Wycheproof (testvectors_v1/ed25519_test.json, tests 1 to 70 of its
 * first key): a verifier that takes one of the wrong ones would take a checkpoint that nobody signed, or two of one.
 * The library's own verdict, because notes are verified with nothing else (seal/note.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "seal/seal.h"

static const char KEY[] = "7d4d0e7f6153a69b6242b522abbee685fda4420f8834b108c3bdae369ef549fa";

static const struct {
	const char *message, *signature;
	bool good;
} vectors[] = {
	{ "", "d4fbdb52bfa726b44d1786a8c0d171c3e62ca83c9e5bbe63de0bb2483f8fd6cc1429ab72cafc41ab56af02ff8fcc43b99bfe4c7ae940f60f38ebaa9d311c4007", true },
	{ "78", "d80737358ede548acb173ef7e0399f83392fe8125b2ce877de7975d8b726ef5b1e76632280ee38afad12125ea44b961bf92f1178c9fa819d020869975bcbe109", true },
	{ "54657374", "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab07a9155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946b30d", true },
	{ "48656c6c6f", "1c1ad976cbaae3b31dee07971cf92c928ce2091a85f5899f5e11ecec90fc9f8e93df18c5037ec9b29c07195ad284e63d548cd0a6fe358cc775bd6c1608d2c905", true },
	{ "313233343030", "657c1492402ab5ce03e2c3a7f0384d051b9cf3570f1207fc78c1bcc98c281c2bf0cf5b3a289976458a1be6277a5055545253b45b07dcc1abd96c8b989c00f301", true },
	{ "ffffffffffffffffffffffffffffffff", "5dbd7360e55aa38e855d6ad48c34bd35b7871628508906861a7c4776765ed7d1e13d910faabd689ec8618b78295c8ab8f0e19c8b4b43eb8685778499e943ae04", true },
	/* a bit of R turned, and S made to fit */
	{ "313233343030", "657c1492412ab5ce03e2c3a7f0384d051b9cf3570f1207fc78c1bcc98c281c2b7373ba13ebbef99cd2a8ead55ce735c987d85a35320925a8e871702dc7c5c40d", false },
	{ "313233343030", "657c1492402ab54e03e2c3a7f0384d051b9cf3570f1207fc78c1bcc98c281c2bd35bd331c03f0855504ca1cab87b83c36a028425a3cf007ede4f4254c261cb00", false },
	{ "313233343030", "657c1492402ab5ce03e2c3a7f0384d051b9cf3570f1207fc78c1bcc98c281c6b8da07efd07a6dafb015ed6a32fe136319a972ffbc341f3a0beae97ccf8136505", false },
	{ "313233343030", "657c1492402ab5ce03e2c3a7f0384d051b9cf3570f1207fc78c1bcc98c281cab227aedf259f910f0f3a759a335062665217925d019173b88917eae294f75d40f", false },
	{ "313233343030", "0000000000000000000000000000000000000000000000000000000000000000e0b8e7770d51c7a36375d006c5bffd6af43ff54aaf47e4330dc118c71d61ec02", false },
	{ "313233343030", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff463a1908382e7eb7693acef9884f7cf931a215e0791876be22c631a59881fd0e", false },
	{ "313233343030", "9a83eb6dbfd54a31fc1d3c580fc7b2fae4630ca8f0edf803873e433673d7e3d40e94254586cb6188c5386c3febed477cb9a6cb29e3979adc4cb27cf5278fb70a", false },
	/* S + L, + 2L, + 4L, + 8L, + 2^253, + 2^254, + 2^255, + p: the same number to who does not look */
	{ "54657374", "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab067654bce3832c2d76f8f6f5dafc08d9339d4eef676573336a5c51eb6f946b31d", false },
	{ "54657374", "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab05439412b5395d42f462c67008eba6ca839d4eef676573336a5c51eb6f946b32d", false },
	{ "54657374", "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab02ee12ce5875bf9dff26556464bae2ad239d4eef676573336a5c51eb6f946b34d", false },
	{ "54657374", "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab0e2300459f1e742404cd934d2c595a6253ad4eef676573336a5c51eb6f946b38d", false },
	{ "54657374", "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab07a9155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946b32d", false },
	{ "54657374", "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab07a9155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946b34d", false },
	{ "54657374", "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab07a9155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946b38d", false },
	{ "54657374", "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab0679155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946b38d", false },
};

/* 0, 1, L - 1, L, p: each of them as R with each of them as S signs nothing (tests 10 to 29, and R = L - 1). */
static const char *const special[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
	"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static size_t bytes_of(uint8_t *out, size_t room, const char *hex)
{
	size_t size = 0;

	assert_int_equal(sodium_hex2bin(out, room, hex, strlen(hex), NULL, &size, NULL), 0);
	return size;
}

static bool verifies(const uint8_t signature[crypto_sign_BYTES], const char *message)
{
	uint8_t key[crypto_sign_PUBLICKEYBYTES], text[64];
	size_t size = bytes_of(text, sizeof(text), message);

	bytes_of(key, sizeof(key), KEY);
	return crypto_sign_verify_detached(signature, text, size, key) == 0;
}

static void test_vectors(void **state)
{
	uint8_t signature[crypto_sign_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < count_of(vectors); i++) {
		assert_int_equal(bytes_of(signature, sizeof(signature), vectors[i].signature), sizeof(signature));
		if (verifies(signature, vectors[i].message) != vectors[i].good)
			fail_msg("%s", vectors[i].signature);
	}
}

static void test_special(void **state)
{
	uint8_t signature[crypto_sign_BYTES];
	size_t r, s;

	(void)state;
	for (r = 0; r < count_of(special); r++)
		for (s = 0; s < count_of(special); s++) {
			bytes_of(signature, 32, special[r]);
			bytes_of(signature + 32, 32, special[s]);
			assert_false(verifies(signature, "3f"));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_special),
	};
	struct err e = { 0 };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

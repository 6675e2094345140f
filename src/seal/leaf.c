#include <sodium.h>

#include "seal/seal.h"
#include "seal/sha256.h"

void seal_prefixed(uint8_t out[SEAL_HASH], uint8_t prefix, const void *a, size_t a_size,
		   const void *b, size_t b_size)
{
	struct sha256 s;

	sha256_begin(&s);
	sha256_add(&s, &prefix, 1);
	sha256_add(&s, a, a_size);
	sha256_add(&s, b, b_size);
	sha256_end(&s, out);
}

void seal_base64(char out[SEAL_HASH_BASE64], const uint8_t hash[SEAL_HASH])
{
	sodium_bin2base64(out, SEAL_HASH_BASE64, hash, SEAL_HASH, sodium_base64_VARIANT_ORIGINAL);
}

bool seal_hash_read(uint8_t out[SEAL_HASH], const char *text, size_t size)
{
	uint8_t hash[SEAL_HASH];
	size_t got = 0, i;
	int bad;

	if (size == SEAL_HASH_BASE64 - 1)
		bad = sodium_base642bin(hash, sizeof(hash), text, size, NULL, &got, NULL,
					sodium_base64_VARIANT_ORIGINAL);
	else
		bad = sodium_hex2bin(hash, sizeof(hash), text, size, NULL, &got, NULL);
	if (bad != 0 || got != SEAL_HASH || (size != SEAL_HASH_BASE64 - 1 && size != 2ul * SEAL_HASH))
		return false;
	for (i = 0; i < SEAL_HASH; i++)
		out[i] = hash[i];
	return true;
}

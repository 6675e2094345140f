#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "seal/seal.h"

_Static_assert(SEAL_HASH == crypto_hash_sha256_BYTES, "SHA-256");

void seal_hash(uint8_t out[SEAL_HASH], const void *bytes, size_t size)
{
	crypto_hash_sha256(out, bytes, size);
}

void seal_digest(char out[SEAL_DIGEST_TEXT], const void *bytes, size_t size)
{
	static const char mark[] = "sha256:";
	uint8_t hash[SEAL_HASH];

	seal_hash(hash, bytes, size);
	memcpy(out, mark, sizeof(mark));
	text_hex(out + sizeof(mark) - 1, hash, sizeof(hash));
}

#include <string.h>

#include "base/text.h"
#include "seal/seal.h"
#include "seal/sha256.h"

void seal_hash(uint8_t out[SEAL_HASH], const void *bytes, size_t size)
{
	struct sha256 s;

	sha256_begin(&s);
	sha256_add(&s, bytes, size);
	sha256_end(&s, out);
}

void seal_digest(char out[SEAL_DIGEST_TEXT], const void *bytes, size_t size)
{
	static const char mark[] = "sha256:";
	uint8_t hash[SEAL_HASH];

	seal_hash(hash, bytes, size);
	memcpy(out, mark, sizeof(mark));
	text_hex(out + sizeof(mark) - 1, hash, sizeof(hash));
}

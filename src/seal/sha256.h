/* seal/sha256.h - SHA-256 by the processor's own instructions where it has them, else libsodium's. */
#ifndef SEAL_SHA256_H
#define SEAL_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t state[8];
	uint64_t size;		/* bytes taken */
	uint8_t rest[64];	/* size % 64 of them wait for a whole block */
};

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t size);
void sha256_end(struct sha256 *s, uint8_t out[32]);

#endif

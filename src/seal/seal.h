/* seal/seal.h - hashes, keys and signatures: the one door to libsodium. */
#ifndef SEAL_SEAL_H
#define SEAL_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { SEAL_HASH = 32, SEAL_DIGEST_TEXT = 72 };

/* SHA-256 (FIPS 180-4). In a file of its own, so that who only hashes links no signing. */
void seal_hash(uint8_t out[SEAL_HASH], const void *bytes, size_t size);

/* "sha256:" and 64 hexadecimal digits, as records carry it. */
void seal_digest(char out[SEAL_DIGEST_TEXT], const void *bytes, size_t size);

#endif

/*
 * SHA-256 (FIPS 180-4). A record is hashed several times on its way, and libsodium does not use the
 * instructions that most processors have for that by now: five times as fast. Where they are missing
 * its own code does the blocks, by the state that its structure shows.
 */
#include "seal/sha256.h"

#include <sodium.h>
#include <string.h>

/* clang 14 cannot ask the processor for this by name. A test says 0, to see the other half. */
#if !defined(__x86_64__) || defined(__clang__)
#define HAS_INSTRUCTIONS 0
#elif !defined(HAS_INSTRUCTIONS)
#define HAS_INSTRUCTIONS __builtin_cpu_supports("sha")
#endif

enum { BLOCK = 64 };

static const uint32_t first[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

#if defined(__x86_64__) && !defined(__clang__)
#include <immintrin.h>

_Alignas(16) static const uint32_t constant[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* Four rounds a step. The instructions want the state as ABEF and CDGH, and words big-endian. */
__attribute__((target("sha,sse4.1"))) static void do_blocks(uint32_t state[8], const uint8_t *at, size_t count)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const void *)state), 0xb1);
	__m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const void *)(state + 4)), 0x1b);
	__m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xf0);
	__m128i w[4], was_abef, was_cdgh, step;
	int i;

	for (; count > 0; count--, at += BLOCK) {
		was_abef = abef;
		was_cdgh = cdgh;
#pragma GCC unroll 16
		for (i = 0; i < 16; i++) {
			if (i < 4)
				w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const void *)(at + 16 * i)), swap);
			else
				w[i & 3] = _mm_sha256msg2_epu32(
					_mm_add_epi32(_mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]),
						      _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4)),
					w[(i + 3) & 3]);
			step = _mm_add_epi32(w[i & 3], _mm_load_si128((const void *)(constant + 4 * i)));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, step);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(step, 0x0e));
		}
		abef = _mm_add_epi32(abef, was_abef);
		cdgh = _mm_add_epi32(cdgh, was_cdgh);
	}
	low = _mm_shuffle_epi32(abef, 0x1b);
	high = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((void *)state, _mm_blend_epi16(low, high, 0xf0));
	_mm_storeu_si128((void *)(state + 4), _mm_alignr_epi8(high, low, 8));
}
#else
static void do_blocks(uint32_t state[8], const uint8_t *at, size_t count)
{
	(void)state, (void)at, (void)count;
}
#endif

/* A state that has taken whole blocks only: libsodium's is the same one. */
static void blocks(uint32_t state[8], const uint8_t *at, size_t count)
{
	crypto_hash_sha256_state s = { .count = 0 };

	if (HAS_INSTRUCTIONS) {
		do_blocks(state, at, count);
		return;
	}
	memcpy(s.state, state, sizeof(s.state));
	crypto_hash_sha256_update(&s, at, (unsigned long long)count * BLOCK);
	memcpy(state, s.state, sizeof(s.state));
}

void sha256_begin(struct sha256 *s)
{
	memcpy(s->state, first, sizeof(first));
	s->size = 0;
}

void sha256_add(struct sha256 *s, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	size_t held = s->size % BLOCK, part = BLOCK - held;

	s->size += size;
	if (held && size >= part) {
		memcpy(s->rest + held, at, part);
		blocks(s->state, s->rest, 1);
		at += part;
		size -= part;
		held = 0;
	}
	if (size >= BLOCK) {
		blocks(s->state, at, size / BLOCK);
		at += size / BLOCK * BLOCK;
		size %= BLOCK;
	}
	if (size)
		memcpy(s->rest + held, at, size);
}

void sha256_end(struct sha256 *s, uint8_t out[32])
{
	static const uint8_t padding[BLOCK] = { 0x80 };
	uint64_t bits = s->size * 8;
	uint8_t length[8];
	size_t i;

	for (i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(s, padding, 1 + (119 - s->size % BLOCK) % BLOCK);
	sha256_add(s, length, sizeof(length));
	for (i = 0; i < 32; i++)
		out[i] = (uint8_t)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}

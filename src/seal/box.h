/*
 * seal/box.h - what only who has the key can read, and nobody once it is destroyed: XChaCha20-Poly1305 with a random
 * nonce, and commitments that no dictionary opens.
 */
#ifndef SEAL_BOX_H
#define SEAL_BOX_H

#include "seal/seal.h"

enum {
	BOX_KEY = 32,
	BOX_NONCE = 24,
	BOX_TAG = 16,
	BOX_MORE = BOX_NONCE + BOX_TAG,	/* a box is larger than what is in it by this: nonce, ciphertext, tag */
	BOX_SALT = 32,
	BOX_COMMITMENT_TEXT = 80,
};

/*
 * `plain` and its place in the box (out + BOX_NONCE) may be the same; `with` is not in the box but must be the same
 * when it is opened.
 */
void box_close(uint8_t *out, const uint8_t key[BOX_KEY], const void *plain, size_t size, const void *with,
	       size_t with_size);
/* false, and nothing in `out`: another key, another `with`, or the box was altered. May be opened in place. */
bool box_open(uint8_t *out, const uint8_t key[BOX_KEY], const uint8_t *box, size_t size, const void *with,
	      size_t with_size) must_use;

/* "hmac-sha256:" and 64 hexadecimal digits: HMAC-SHA-256 (RFC 2104) under the salt. */
void box_commitment(char out[BOX_COMMITMENT_TEXT], const uint8_t salt[BOX_SALT], const void *bytes, size_t size);

void box_wipe(void *at, size_t size);

/* Zeroed pages that are locked, guarded and wiped when freed; never swapped out or dumped. */
int box_pages(void **out, size_t size, struct err *e) must_use;
void box_pages_free(void *at);	/* NULL is nothing */

/* --- a key in a file of its own, mode 0600: one line, "reeve-vault-key/1 " and base64 --- */

/* A new one, never over an old one, durable on return. */
int box_key_make(const char *path, struct err *e) must_use;
/* What an interrupted box_key_make() left. */
int box_key_forget_begun(const char *path, struct err *e) must_use;
/* Into box_pages(). Refuses a file that is not a regular one of ours with mode 0600. */
int box_key_load(uint8_t out[BOX_KEY], const char *path, struct err *e) must_use;

#endif

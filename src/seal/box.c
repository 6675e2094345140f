#include "seal/box.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "seal/secret.h"
#include "seal/sha256.h"

_Static_assert(BOX_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "as libsodium has it");
_Static_assert(BOX_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "as libsodium has it");
_Static_assert(BOX_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "as libsodium has it");

static const char KEY_MARK[] = "reeve-vault-key/1 ", KEY_WHAT[] = "vault key";

enum { KEY_TEXT = sizeof(KEY_MARK) - 1 + SEAL_HASH_BASE64 - 1 + 1 };	/* and its newline */

void box_close(uint8_t *out, const uint8_t key[BOX_KEY], const void *plain, size_t size, const void *with,
	       size_t with_size)
{
	randombytes_buf(out, BOX_NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + BOX_NONCE, NULL, plain, size, with, with_size, NULL, out, key);
}

bool box_open(uint8_t *out, const uint8_t key[BOX_KEY], const uint8_t *box, size_t size, const void *with,
	      size_t with_size)
{
	if (size < BOX_MORE)
		return false;
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, box + BOX_NONCE, size - BOX_NONCE, with,
							  with_size, box, key) == 0;
}

/* Ours hashes by the processor's own instructions, which for what is large is several times as fast. */
void box_commitment(char out[BOX_COMMITMENT_TEXT], const uint8_t salt[BOX_SALT], const void *bytes, size_t size)
{
	static const char mark[] = "hmac-sha256:";
	uint8_t inner[64], outer[64], hash[SEAL_HASH];
	struct sha256 s;
	size_t i;

	for (i = 0; i < sizeof(inner); i++) {
		inner[i] = (i < BOX_SALT ? salt[i] : 0) ^ 0x36;
		outer[i] = (i < BOX_SALT ? salt[i] : 0) ^ 0x5c;
	}
	sha256_begin(&s);
	sha256_add(&s, inner, sizeof(inner));
	sha256_add(&s, bytes, size);
	sha256_end(&s, hash);
	sha256_begin(&s);
	sha256_add(&s, outer, sizeof(outer));
	sha256_add(&s, hash, sizeof(hash));
	sha256_end(&s, hash);
	memcpy(out, mark, sizeof(mark));
	text_hex(out + sizeof(mark) - 1, hash, sizeof(hash));
}

void box_wipe(void *at, size_t size)
{
	sodium_memzero(at, size);
}

/* sodium_malloc() only tries to lock; for a key trying is not enough. */
int box_pages(void **out, size_t size, struct err *e)
{
	void *at = sodium_malloc(size);

	if (!at)
		return err_sys(e, "memory for a key");
	memset(at, 0, size);
	if (sodium_mlock(at, size) < 0) {
		sodium_free(at);
		return err_sys(e, "cannot lock a key in memory; raise the limit (ulimit -l)");
	}
	*out = at;
	return 0;
}

void box_pages_free(void *at)
{
	sodium_free(at);
}

static int write_key(char *text, const char *path, struct err *e)
{
	uint8_t key[BOX_KEY];
	int done;

	randombytes_buf(key, sizeof(key));
	memcpy(text, KEY_MARK, sizeof(KEY_MARK) - 1);
	seal_base64(text + sizeof(KEY_MARK) - 1, key);
	text[KEY_TEXT - 1] = '\n';
	done = secret_make_file(KEY_WHAT, path, text, KEY_TEXT, e);
	sodium_memzero(key, sizeof(key));
	return done;
}

static int unnamed_at(char out[PATH_MAX], const char *path, struct err *e)
{
	if (snprintf(out, PATH_MAX, "%s.new", path) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", path);
	return unlink(out) < 0 && errno != ENOENT ? err_sys(e, "%s", out) : 0;
}

int box_key_forget_begun(const char *path, struct err *e)
{
	char unnamed[PATH_MAX];

	return unnamed_at(unnamed, path, e);
}

/* Whole before it has its name: a disk may be full, and what an interrupted beginning left counts for nothing. */
int box_key_make(const char *path, struct err *e)
{
	char unnamed[PATH_MAX];
	void *text = NULL;
	int done;

	if (unnamed_at(unnamed, path, e) < 0)
		return -1;
	if (box_pages(&text, KEY_TEXT + 1, e) < 0 || !text)
		return -1;
	done = write_key(text, unnamed, e);
	box_pages_free(text);
	return done < 0 ? -1 : seal_name_file(unnamed, path, e);
}

static int read_key(uint8_t out[BOX_KEY], char *text, const char *path, struct err *e)
{
	scoped(fd) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return err_sys(e, "%s %s", KEY_WHAT, path);
	if (secret_check_file(fd, KEY_WHAT, path, KEY_TEXT + 1, e) < 0)
		return -1;
	got = read(fd, text, KEY_TEXT);
	if (got < 0)
		return err_sys(e, "%s %s", KEY_WHAT, path);
	if (got != KEY_TEXT || memcmp(text, KEY_MARK, sizeof(KEY_MARK) - 1) != 0 || text[KEY_TEXT - 1] != '\n' ||
	    !seal_hash_read(out, text + sizeof(KEY_MARK) - 1, SEAL_HASH_BASE64 - 1))
		return err_set(e, ERR_INPUT, "%s %s: not a key file of reeve", KEY_WHAT, path);
	return 0;
}

int box_key_load(uint8_t out[BOX_KEY], const char *path, struct err *e)
{
	void *text = NULL;
	int done;

	if (box_pages(&text, KEY_TEXT + 1, e) < 0 || !text)
		return -1;
	done = read_key(out, text, path, e);
	box_pages_free(text);
	return done;
}

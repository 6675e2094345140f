/*
 * The signing key. Its file is one line in the form Go's note package reads:
 * PRIVATE+KEY+name+8 hex digits+base64(type, seed). The secret lives only in pages that are
 * locked, guarded and wiped (sodium_malloc); the file's text is read straight into such a page.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "seal/note.h"
#include "seal/secret.h"

static const char SECRET_MARK[] = "PRIVATE+KEY+";

enum { FILE_MOST = 512, SECRET_TEXT = 44 };

struct seal_key {
	struct seal_verifier open;
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	uint8_t blob[33];	/* type, seed: between file and key */
	char text[FILE_MOST];
};

static int key_new(struct seal_key **out, struct err *e)
{
	struct seal_key *k = sodium_malloc(sizeof(*k));

	/* sodium_malloc() only tries to lock; for a signing key trying is not enough. */
	if (!k) {
		err_sys(e, "memory for the signing key");
		return -1;
	}
	memset(k, 0, sizeof(*k));
	if (sodium_mlock(k, sizeof(*k)) < 0) {
		sodium_free(k);
		err_sys(e, "cannot lock the signing key in memory; raise the limit (ulimit -l)");
		return -1;
	}
	*out = k;
	return 0;
}

void seal_key_free(struct seal_key *k)
{
	sodium_free(k);	/* wipes and unlocks; NULL is nothing */
}

const struct seal_verifier *seal_key_verifier(const struct seal_key *k)
{
	return &k->open;
}

/* From k->blob and k->open.name to a key that can sign. */
static void key_derive(struct seal_key *k)
{
	crypto_sign_seed_keypair(k->open.key, k->secret, k->blob + 1);
	note_key_id(&k->open, k->blob[0]);
}

static void key_text(struct seal_key *k)
{
	size_t size = sizeof(SECRET_MARK) - 1, name = strlen(k->open.name);

	memcpy(k->text, SECRET_MARK, size);
	memcpy(k->text + size, k->open.name, name);
	size += name;
	k->text[size++] = '+';
	text_hex(k->text + size, k->open.id, sizeof(k->open.id));
	size += 8;
	k->text[size++] = '+';
	sodium_bin2base64(k->text + size, FILE_MOST - size, k->blob, sizeof(k->blob),
			  sodium_base64_VARIANT_ORIGINAL);
	k->text[size + SECRET_TEXT] = '\n';
}

int note_key_make(const char *path, const char *name, uint8_t type, struct err *e)
{
	scoped(seal_key) struct seal_key *k = NULL;

	must(seal_name_fits(name));
	if (key_new(&k, e) < 0)
		return -1;
	memcpy(k->open.name, name, strlen(name) + 1);
	k->blob[0] = type;
	randombytes_buf(k->blob + 1, sizeof(k->blob) - 1);
	key_derive(k);
	key_text(k);
	return secret_make_file("signing key", path, k->text, strlen(k->text), e);
}

int seal_key_make(const char *path, const char *name, struct err *e)
{
	return note_key_make(path, name, NOTE_ED25519, e);
}

/* The text must be exactly what key_text() makes of the seed and name in it. */
static bool key_parse(struct seal_key *k, size_t size)
{
	size_t mark = sizeof(SECRET_MARK) - 1, name, got = 0;
	char *plus;

	if (size < mark + 1 + 10 + SECRET_TEXT + 1 || memcmp(k->text, SECRET_MARK, mark) != 0)
		return false;
	plus = memchr(k->text + mark, '+', size - mark);
	name = plus ? (size_t)(plus - k->text) - mark : SEAL_NAME;
	if (name >= SEAL_NAME || size != mark + name + 10 + SECRET_TEXT + 1)
		return false;
	memcpy(k->open.name, k->text + mark, name);
	if (!seal_name_fits(k->open.name) ||
	    sodium_base642bin(k->blob, sizeof(k->blob), plus + 10, SECRET_TEXT, NULL, &got, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 || got != sizeof(k->blob))
		return false;
	key_derive(k);
	return true;
}

int note_key_load(struct seal_key **out, const char *path, uint8_t type, struct err *e)
{
	scoped(seal_key) struct seal_key *k = NULL, *again = NULL;
	scoped(fd) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return err_sys(e, "signing key %s", path);
	if (secret_check_file(fd, "signing key", path, FILE_MOST, e) < 0 || key_new(&k, e) < 0 || key_new(&again, e) < 0)
		return -1;
	got = read(fd, k->text, FILE_MOST - 1);
	if (got < 0)
		return err_sys(e, "signing key %s", path);
	if (!key_parse(k, (size_t)got))
		return err_set(e, ERR_INPUT, "signing key %s: not a key file of reeve", path);
	if (k->blob[0] != type)
		return err_set(e, ERR_INPUT, "signing key %s: a %s's, where a %s's is needed", path,
			       k->blob[0] == NOTE_COSIGNS ? "witness" : "ledger", type == NOTE_COSIGNS ? "witness" : "ledger");
	memcpy(again, k, sizeof(*k));
	memset(again->text, 0, sizeof(again->text));
	key_text(again);
	if (memcmp(again->text, k->text, (size_t)got) != 0)
		return err_set(e, ERR_INPUT, "signing key %s: damaged; restore it from your copy", path);
	sodium_memzero(k->text, sizeof(k->text));
	sodium_memzero(k->blob, sizeof(k->blob));
	*out = take(&k);
	return 0;
}

int seal_key_load(struct seal_key **out, const char *path, struct err *e)
{
	return note_key_load(out, path, NOTE_ED25519, e);
}

void note_key_sign(uint8_t out[64], const struct seal_key *k, const char *text, size_t size)
{
	crypto_sign_detached(out, NULL, (const uint8_t *)text, size, k->secret);
}

bool seal_note_add(struct buf *out, const struct seal_key *k, const char *text, size_t size)
{
	uint8_t blob[4 + crypto_sign_BYTES];
	char line[96];

	must(size > 0 && text[size - 1] == '\n');
	memcpy(blob, k->open.id, sizeof(k->open.id));
	crypto_sign_detached(blob + 4, NULL, (const uint8_t *)text, size, k->secret);
	sodium_bin2base64(line, sizeof(line), blob, sizeof(blob), sodium_base64_VARIANT_ORIGINAL);
	return buf_printf(out, "\xe2\x80\x94 %s %s\n", k->open.name, line);
}

bool seal_note_sign(struct buf *out, const struct seal_key *k, const char *text, size_t size)
{
	buf_add(out, text, size);
	buf_puts(out, "\n");
	return seal_note_add(out, k, text, size);
}

/*
 * The signing key. Its file is one line in the form Go's note package reads:
 * PRIVATE+KEY+name+8 hex digits+base64(type, seed). The secret lives only in pages that are
 * locked, guarded and wiped (sodium_malloc); the file's text is read straight into such a page.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "seal/agent.h"
#include "seal/note.h"
#include "seal/secret.h"

static const char SECRET_MARK[] = "PRIVATE+KEY+";

enum { FILE_MOST = NOTE_FILE_MOST, SECRET_TEXT = 44 };

struct seal_key {
	struct seal_verifier open;
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	struct agent *agent;	/* owned: it has the secret; NULL: we have */
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
	if (k)
		agent_free(k->agent);
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

/* A fresh one: seed, name, and what follows from them. The seed is still in the blob. */
static int key_fresh(struct seal_key **out, const char *name, uint8_t type, struct err *e)
{
	struct seal_key *k;

	must(seal_name_fits(name));
	if (key_new(&k, e) < 0)
		return -1;
	memcpy(k->open.name, name, strlen(name) + 1);
	k->blob[0] = type;
	randombytes_buf(k->blob + 1, sizeof(k->blob) - 1);
	key_derive(k);
	*out = k;
	return 0;
}

int note_key_make(const char *path, const char *name, uint8_t type, struct err *e)
{
	scoped(seal_key) struct seal_key *k = NULL;

	if (key_fresh(&k, name, type, e) < 0)
		return -1;
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

/* What stands in k->text must be exactly what key_text() makes of the key in it; the text is wiped. */
static int key_take(struct seal_key *k, size_t size, uint8_t type, struct err *e)
{
	scoped(seal_key) struct seal_key *again = NULL;

	if (!key_parse(k, size))
		return err_set(e, ERR_INPUT, "not a key file of reeve");
	if (k->blob[0] != type)
		return err_set(e, ERR_INPUT, "a %s's, where a %s's is needed", k->blob[0] == NOTE_COSIGNS ? "witness" : "ledger",
			       type == NOTE_COSIGNS ? "witness" : "ledger");
	if (key_new(&again, e) < 0)
		return -1;
	memcpy(again, k, sizeof(*k));
	memset(again->text, 0, sizeof(again->text));
	key_text(again);
	if (memcmp(again->text, k->text, size) != 0)
		return err_set(e, ERR_INPUT, "damaged; restore it from your copy");
	sodium_memzero(k->text, sizeof(k->text));
	sodium_memzero(k->blob, sizeof(k->blob));
	return 0;
}

int note_key_read(struct seal_key **out, int fd, uint8_t type, struct err *e)
{
	scoped(seal_key) struct seal_key *k = NULL;
	ssize_t got;

	if (key_new(&k, e) < 0)
		return -1;
	got = read(fd, k->text, FILE_MOST - 1);
	if (got < 0)
		return err_sys(e, "read it");
	if (key_take(k, (size_t)got, type, e) < 0)
		return -1;
	*out = take(&k);
	return 0;
}

int note_key_load(struct seal_key **out, const char *path, uint8_t type, struct err *e)
{
	scoped(fd) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "signing key %s", path);
	if (secret_check_file(fd, "signing key", path, FILE_MOST, e) < 0)
		return -1;
	return note_key_read(out, fd, type, e) < 0 ? err_in(e, "signing key %s", path) : 0;
}

int seal_key_load(struct seal_key **out, const char *path, struct err *e)
{
	return note_key_load(out, path, NOTE_ED25519, e);
}

int seal_key_new(struct seal_key **out, const char *name, struct err *e)
{
	if (key_fresh(out, name, NOTE_ED25519, e) < 0)
		return -1;
	sodium_memzero((*out)->blob, sizeof((*out)->blob));
	return 0;
}

int seal_key_agent(struct seal_key **out, const char *name, int fd, const char *fingerprint, struct err *e)
{
	scoped(seal_key) struct seal_key *k = NULL;
	struct seal_verifier again;
	char text[SEAL_VERIFIER_TEXT];

	must(seal_name_fits(name));
	if (key_new(&k, e) < 0 || agent_open(&k->agent, k->open.key, fd, fingerprint, e) < 0)
		return -1;
	memcpy(k->open.name, name, strlen(name) + 1);
	note_key_id(&k->open, NOTE_ED25519);
	seal_verifier_text(text, &k->open);
	if (seal_verifier_read(&again, text, strlen(text), e) < 0)	/* as who is given it will */
		return err_in(e, "the ssh-agent's key");
	*out = take(&k);
	return 0;
}

const struct err *seal_key_why(const struct seal_key *k)
{
	return k->agent && agent_why(k->agent)->kind != ERR_NONE ? agent_why(k->agent) : NULL;
}

/* Durable on return. A full disk (ERR_LIMIT) took nothing that counts; after any other failure nobody knows what is there. */
static int put_place(int fd, unsigned place, const char *bytes, size_t size, const char *what, struct err *e)
{
	off_t at = (off_t)place * SEAL_PLACE;
	ssize_t done;
	bool full;

	while (size > 0) {
		done = pwrite(fd, bytes, size, at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			full = done < 0 && (errno == ENOSPC || errno == EDQUOT);
			err_sys(e, "%s", what);
			e->kind = full ? ERR_LIMIT : e->kind;
			return -1;
		}
		bytes += done;
		at += done;
		size -= (size_t)done;
	}
	return fdatasync(fd) < 0 ? err_sys(e, "%s: the disk did not take it (fdatasync)", what) : 0;
}

/* Behind a key's text stand zeros: of a longer one that stood there nothing is left. */
int seal_key_put(const struct seal_key *k, int fd, unsigned place, struct err *e)
{
	scoped(seal_key) struct seal_key *copy = NULL;

	if (key_new(&copy, e) < 0)
		return -1;
	memcpy(copy, k, sizeof(*k));
	copy->blob[0] = NOTE_ED25519;
	memcpy(copy->blob + 1, copy->secret, sizeof(copy->blob) - 1);	/* libsodium's secret begins with the seed */
	memset(copy->text, 0, sizeof(copy->text));
	key_text(copy);
	return put_place(fd, place, copy->text, FILE_MOST, "write the epoch's key", e);
}

int seal_key_get(struct seal_key **out, int fd, unsigned place, struct err *e)
{
	scoped(seal_key) struct seal_key *k = NULL;
	const char *end;
	size_t size = 0;
	ssize_t got;

	if (key_new(&k, e) < 0)
		return -1;
	do {
		got = pread(fd, k->text + size, FILE_MOST - 1 - size, (off_t)place * SEAL_PLACE + (off_t)size);
		size += got > 0 ? (size_t)got : 0;
	} while (got > 0 ? size < FILE_MOST - 1 : got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(e, "read the epoch's key");
	end = memchr(k->text, '\n', size);
	if (!end && sodium_is_zero((const unsigned char *)k->text, FILE_MOST)) {
		*out = NULL;
		return 0;
	}
	if (key_take(k, end ? (size_t)(end + 1 - k->text) : size, NOTE_ED25519, e) < 0)
		return -1;
	*out = take(&k);
	return 0;
}

int seal_key_wipe(int fd, unsigned place, struct err *e)
{
	static const char zeros[SEAL_PLACE];

	return put_place(fd, place, zeros, sizeof(zeros), "write over a former key", e);
}

/* Written, not only sized: a place that has its blocks can be written over when the disk is full. */
static int write_places(int fd, const char *path, unsigned places, struct err *e)
{
	static const char zeros[SEAL_PLACE];

	if (fd < 0 || fchmod(fd, 0600) < 0)
		return err_sys(e, "make the keys of epochs %s", path);
	for (; places > 0; places--)
		if (fd_write_all(fd, zeros, sizeof(zeros), e) < 0)
			return err_in(e, "keys of epochs %s", path);
	return fdatasync(fd) < 0 ? err_sys(e, "keys of epochs %s", path) : 0;
}

/* Whole before it has its name: what an interrupted one left goes, and is never taken for keys that are damaged. */
int seal_places_make(int *out, const char *path, unsigned places, struct err *e)
{
	char unnamed[PATH_MAX];
	scoped(fd) int fd = -1;

	if (snprintf(unnamed, sizeof(unnamed), "%s.part", path) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", path);
	if (unlink(unnamed) < 0 && errno != ENOENT)
		return err_sys(e, "%s", unnamed);
	fd = open(unnamed, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (write_places(fd, path, places, e) < 0)
		return -1;
	if (rename(unnamed, path) < 0)
		return err_sys(e, "%s", path);
	*out = fd_take(&fd);
	return 0;
}

int seal_places_open(int *out, const char *path, struct err *e)
{
	scoped(fd) int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "keys of epochs %s", path);
	if (secret_check_file(fd, "keys of epochs", path, (size_t)16 * SEAL_PLACE, e) < 0)
		return -1;
	*out = fd_take(&fd);
	return 0;
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
	if (k->agent ? !agent_sign(blob + 4, k->agent, text, size)
		     : crypto_sign_detached(blob + 4, NULL, (const uint8_t *)text, size, k->secret) != 0)
		return false;
	sodium_bin2base64(line, sizeof(line), blob, sizeof(blob), sodium_base64_VARIANT_ORIGINAL);
	return buf_printf(out, "\xe2\x80\x94 %s %s\n", k->open.name, line);
}

bool seal_note_sign(struct buf *out, const struct seal_key *k, const char *text, size_t size)
{
	buf_add(out, text, size);
	buf_puts(out, "\n");
	return seal_note_add(out, k, text, size);
}

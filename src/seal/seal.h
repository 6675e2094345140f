/* seal/seal.h - hashes, keys and signatures: the one door to libsodium. */
#ifndef SEAL_SEAL_H
#define SEAL_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/scope.h"

/* --- hashing (hash.c, leaf.c: no signing is linked by using these) --- */

enum { SEAL_HASH = 32, SEAL_DIGEST_TEXT = 72 };

/* SHA-256 (FIPS 180-4). In a file of its own, so that who only hashes links no signing. */
void seal_hash(uint8_t out[SEAL_HASH], const void *bytes, size_t size);

/* "sha256:" and 64 hexadecimal digits, as records carry it. */
void seal_digest(char out[SEAL_DIGEST_TEXT], const void *bytes, size_t size);

/* The same of all that can be read from here on, a piece at a time; more than `most` is ERR_LIMIT. */
int seal_digest_fd(char out[SEAL_DIGEST_TEXT], uint64_t *size, int fd, uint64_t most, struct err *e) must_use;

/* SHA-256(prefix || a || b). RFC 6962: a leaf is 0x00 and its bytes, an inner node 0x01, left and right. */
void seal_prefixed(uint8_t out[SEAL_HASH], uint8_t prefix, const void *a, size_t a_size, const void *b,
		   size_t b_size);

/* --- text forms --- */

enum { SEAL_HASH_BASE64 = 45 };

void seal_base64(char out[SEAL_HASH_BASE64], const uint8_t hash[SEAL_HASH]);
/* Exactly 32 bytes in canonical base64 or 64 hexadecimal digits; false for anything else. */
bool seal_hash_read(uint8_t out[SEAL_HASH], const char *text, size_t size);

/* Any bytes: appended; and back, from canonical base64 of at most `most` bytes (base64.c). */
bool seal_base64_add(struct buf *out, const void *bytes, size_t size);
bool seal_base64_read(void *out, size_t *size, size_t most, const char *text, size_t text_size);

/* --- signed notes (C2SP signed-note), Ed25519 --- */

enum { SEAL_NAME = 128, SEAL_VERIFIER_TEXT = 224, SEAL_NOTE_MOST = 4096 };

/* Once, before anything of libsodium beyond hashing is used. */
int seal_ready(struct err *e) must_use;

void seal_random(void *out, size_t size);

/* What the auditor trusts: a key name and a public key. Text form: name+8 hex digits+base64. */
struct seal_verifier {
	char name[SEAL_NAME];
	uint8_t id[4];		/* first bytes of SHA-256(name, newline, 0x01, key) */
	uint8_t key[32];
};

/* Refuses malformed text, a wrong id, and keys of low order or in non-canonical form. */
int seal_verifier_read(struct seal_verifier *out, const char *text, size_t size, struct err *e) must_use;
void seal_verifier_text(char out[SEAL_VERIFIER_TEXT], const struct seal_verifier *v);

/* No blank, no plus, no control character, not empty, short enough: may name a key and a ledger. */
bool seal_name_fits(const char *name);

/*
 * The text of a signed note, if this verifier's signature on it is good; *size counts its last
 * newline. Borrowed from `note`. Signatures of other keys are passed over; one of this key that is bad spoils all.
 */
int seal_note_open(const char **text, size_t *size, const struct seal_verifier *v, const char *note,
		   size_t note_size, struct err *e) must_use;

/* --- the signing key: in locked memory that is wiped when freed, in a file of mode 0600 --- */

struct seal_key;

/* A new key under this name, into a new file (never over an old one), durable on return. */
int seal_key_make(const char *path, const char *name, struct err *e) must_use;

/* Refuses a file that is not a regular one of ours with mode 0600. */
int seal_key_load(struct seal_key **out, const char *path, struct err *e) must_use;

/* The same from a file of this name in $CREDENTIALS_DIRECTORY, as systemd lays it there: root's or ours, mode 0400. */
int seal_key_credential(struct seal_key **out, const char *name, struct err *e) must_use;
/*
 * One whose secret an ssh-agent has, at the other end of this socket, borrowed: its only ed25519 key, or that of this
 * fingerprint (NULL: the only one). Signing may fail then; seal_key_why() is the sentence for it, or NULL.
 */
int seal_key_agent(struct seal_key **out, const char *name, int fd, const char *fingerprint, struct err *e) must_use;
const struct err *seal_key_why(const struct seal_key *k);
enum { SEAL_PRINT = 52 };
void seal_print(char out[SEAL_PRINT], const uint8_t key[32]);	/* "SHA256:...", as ssh-add(1) names it */
bool seal_credential_fits(const char *name);

/*
 * Keys that follow one another lie in one file with places for them, of SEAL_PLACE bytes each: who serves holds it open
 * and needs no name any more, and a key that has gone is written over where it stood. Each is durable on return.
 */
enum { SEAL_PLACE = 4096 };

int seal_key_new(struct seal_key **out, const char *name, struct err *e) must_use;
int seal_key_put(const struct seal_key *k, int fd, unsigned place, struct err *e) must_use;
int seal_key_get(struct seal_key **out, int fd, unsigned place, struct err *e) must_use;	/* *out is NULL: it is empty */
int seal_key_wipe(int fd, unsigned place, struct err *e) must_use;
/* Such a file, open for all of that. `make`: a new one, never over an old one, with room for so many. */
int seal_places_make(int *out, const char *path, unsigned places, struct err *e) must_use;
int seal_places_open(int *out, const char *path, struct err *e) must_use;

void seal_key_free(struct seal_key *k);
const struct seal_verifier *seal_key_verifier(const struct seal_key *k);

SCOPED(seal_key, struct seal_key *, seal_key_free)

/* Append the note: `text`, which ends in a newline, an empty line, and the signature line. */
bool seal_note_sign(struct buf *out, const struct seal_key *k, const char *text, size_t size);
/* Append one more signature line, to a note of that text. */
bool seal_note_add(struct buf *out, const struct seal_key *k, const char *text, size_t size);

/* --- cosignatures (C2SP tlog-cosignature v1): a witness's word on a checkpoint; reeve-witness(8) --- */

enum { SEAL_COSIGNATURE = 256, SEAL_COSIGNED_MOST = 128 << 10 };	/* a line; a checkpoint with the lines of many witnesses */

/* As the four above, of keys that cosign and do nothing else: their type, and so their id, is another. */
int seal_cosigner_read(struct seal_verifier *out, const char *text, size_t size, struct err *e) must_use;
void seal_cosigner_text(char out[SEAL_VERIFIER_TEXT], const struct seal_verifier *v);
int seal_cosigner_make(const char *path, const char *name, struct err *e) must_use;
int seal_cosigner_load(struct seal_key **out, const char *path, struct err *e) must_use;

/* Append the signature line, with its newline, over the text of a checkpoint, at this time (seconds since 1970). */
bool seal_cosign(struct buf *out, const struct seal_key *k, uint64_t time, const char *text, size_t size);

/* Who has signed: nobody whom we ask about; he, and well; somebody who says that he is he. The zero value is no signature. */
enum seal_signed { SEAL_UNSIGNED, SEAL_SIGNED, SEAL_FORGED };

/* One line, without its newline, of this witness, over this text; *time is set where it is good. */
enum seal_signed seal_cosigned(uint64_t *time, const struct seal_verifier *w, const char *line, size_t line_size,
			       const char *text, size_t size);

/* A note taken apart, its form checked and nobody believed: the text, and the lines behind it. Borrowed. */
struct seal_note {
	const char *text, *lines;	/* each ends in a newline */
	size_t size, lines_size;
};

int seal_note_split(struct seal_note *out, const char *note, size_t size, size_t most, struct err *e) must_use;
/* The next line from *at on, without its newline; false: there is none. *at begins at 0. */
bool seal_note_line(const char **line, size_t *size, const struct seal_note *n, size_t *at);
/* All lines by this key: good are they only if none is forged. */
enum seal_signed seal_note_signed(const struct seal_note *n, const struct seal_verifier *v);
enum seal_signed seal_note_cosigned(uint64_t *time, const struct seal_note *n, const struct seal_verifier *w);

/* --- files that must be there whole or not at all --- */

/* Make the entries of the directory that `path` stands in durable. */
int seal_sync_parent(const char *path, struct err *e) must_use;

/* A finished file gets its name: never over another, durable on return. `from` may outlive a crash. */
int seal_name_file(const char *from, const char *to, struct err *e) must_use;

#endif

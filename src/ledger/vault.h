/* ledger/vault.h - payloads, sealed apart from the records that speak of them, and destroyed by class and day. reeve-vault(5). */
#ifndef LEDGER_VAULT_H
#define LEDGER_VAULT_H

#include "ledger/ledger.h"
#include "seal/box.h"

/* What is destroyed together: payloads of one class and one day (UTC). "none" is no class: nothing of it is stored. */
enum vault_class { VAULT_OPERATIONAL, VAULT_PII, VAULT_COMPLIANCE, VAULT_CLASSES };

enum {
	VAULT_PAYLOAD = (4 << 20) + (64 << 10),	/* bytes of one, at most */
	VAULT_SLOTS = 16384,			/* keys and holds, at most */
	VAULT_WHY = 128,			/* bytes of what a hold is for */
	VAULT_DAY_TEXT = 11,
	VAULT_DAYS = 3652424,			/* a day is below: until the year 9999 */
};

/* --- words (vault_words.c) --- */

const char *vault_class_word(enum vault_class c);	/* "pii" */
bool vault_class_read(enum vault_class *out, const char *word, size_t size);

/* Days since 1970, as "2026-11-21". */
void vault_day_text(char out[VAULT_DAY_TEXT], unsigned day);
bool vault_day_read(unsigned *out, const char *text, size_t size);	/* a day that there was or will be */

/* Where a payload lies, as its record says it: "CLASS YYYY-MM-DD OFFSET". */
struct vault_at {
	enum vault_class class;
	unsigned day;
	uint64_t offset;
};

bool vault_at_read(struct vault_at *out, const char *text, size_t size);

/* --- the vault, open (vault.c) --- */

struct vault;

/*
 * By whoever holds the ledger's lock. A vault that is not there is made, its key first; only part of one is an error
 * that says what is missing. `disk` may be NULL: the kernel's own.
 */
int vault_open(struct vault **out, const char *dir, const char *key_path, const char *origin,
	       const struct ledger_disk *disk, struct err *e) must_use;
int vault_finish(struct vault *v, struct err *e) must_use;	/* cut to size; still to be freed */
void vault_free(struct vault *v);

SCOPED(vault, struct vault *, vault_free)

/* What the record says of its payload. */
struct vault_place {
	char sealed[SEAL_DIGEST_TEXT], commitment[BOX_COMMITMENT_TEXT], where[64];
};

/*
 * Seal a payload for the record that will be `index`. ERR_LIMIT: it does not fit, or the disk is full, and nothing
 * else has happened; any other failure: what is on disk is no longer known.
 */
int vault_put(struct vault_place *out, struct vault *v, const struct vault_at *at, uint64_t index, const void *payload,
	      size_t size, struct err *e) must_use;

/* All that was put is on disk. Before the commit of the records that speak of it; nothing was put: at once. */
int vault_sync(struct vault *v, struct err *e) must_use;

/* A payload in the clear, with the salt of its commitment before it. */
struct vault_plain {
	uint8_t *bytes;	/* owned: salt, payload */
	size_t size;	/* of both */
};

void vault_plain_free(struct vault_plain *p);	/* wiped */

enum vault_got { VAULT_GOT, VAULT_GONE };

/* Of the record `index`: VAULT_GONE if its key was destroyed, or it was never put; -1: damaged, or not to be read. */
int vault_get(struct vault_plain *out, struct vault *v, uint64_t index, struct err *e) must_use;

/* The first record from this one on of which something was put. */
bool vault_next(uint64_t *index, struct vault *v, uint64_t from);

/* --- destruction (vault_keys.c) --- */

/* A hold keeps all keys of a class (VAULT_CLASSES: of each) of days from first to last. */
struct vault_hold {
	uint64_t index;		/* of the record by which it was set */
	enum vault_class class;
	unsigned first, last;
	char why[VAULT_WHY];
};

/* A key that there is, for one class and day; `held` by which hold, or 0. */
struct vault_day {
	enum vault_class class;
	unsigned day;
	uint64_t held;
};

/* Every key of this class up to and with `last`, by day. The array is the caller's to free. */
int vault_days(struct vault_day **out, size_t *count, const struct vault *v, enum vault_class class, unsigned last,
	       struct err *e) must_use;

/* Overwrite those of them that nobody holds, durably; then give their space back, as far as the disk does that. */
int vault_destroy(size_t *count, struct vault *v, enum vault_class class, unsigned last, struct err *e) must_use;

int vault_hold(struct vault *v, const struct vault_hold *hold, struct err *e) must_use;
int vault_release(struct vault *v, uint64_t index, struct err *e) must_use;	/* ERR_INPUT: there is none */
const struct vault_hold *vault_hold_at(const struct vault *v, size_t i);	/* NULL: no more */

/* --- without a key (vault_blob.c): what an auditor can see --- */

enum vault_seen { VAULT_WHOLE, VAULT_OTHER, VAULT_MISSING };

/* Are those the bytes that the record's "sealed" is the digest of, in the open data file? -1: it cannot be read. */
int vault_look(enum vault_seen *out, int fd, const struct vault_at *at, uint64_t index, const char *sealed,
	       struct err *e) must_use;

#endif

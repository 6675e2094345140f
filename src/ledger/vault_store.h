/* ledger/vault_store.h - the open vault, as its own files share it. */
#ifndef LEDGER_VAULT_STORE_H
#define LEDGER_VAULT_STORE_H

#include "ledger/vault.h"

enum {
	BLOB_BOUND = 32,	/* bytes of a blob's head that whatever is sealed in it is bound to */
	BLOB_WRAPPED = BOX_KEY + BOX_MORE,
	BLOB_HEAD = BLOB_BOUND + BLOB_WRAPPED + BOX_NONCE,
	BLOB_OVER = BLOB_HEAD + BOX_SALT + BOX_TAG,	/* a blob is larger than its payload by this, and its padding */
	BLOB_ALIGN = 8,
	BLOB_END = 8,
	VAULT_MAGIC = 16,
	VAULT_STEP = 1 << 20,	/* how far ahead space is taken */
	SLOT = 256,
	SLOT_BOUND = 24,
	SLOT_TEXT = SLOT - SLOT_BOUND - BOX_MORE,
};

extern const char vault_magic[VAULT_MAGIC + 1];

enum slot_type { SLOT_FREE, SLOT_ORIGIN, SLOT_KEY, SLOT_HOLD, SLOT_UNREADABLE };

/* One of the file of keys. Only its type, class and days are kept in memory. */
struct slot {
	uint8_t type;
	uint8_t class;
	uint32_t first, last;
	uint64_t index;		/* of a key: of the first record that needed it; of a hold: of the record that set it */
};

/* In locked pages. */
struct vault_secret {
	uint8_t key[BOX_KEY];
	struct {
		size_t slot;	/* 0: none */
		uint8_t key[BOX_KEY];
	} day[VAULT_CLASSES];	/* the ones used last */
	uint8_t room[SLOT_TEXT];
};

struct blob {
	enum vault_class class;
	unsigned day;
	uint64_t index, size;	/* of the payload */
};

struct vault_entry {
	uint64_t index, offset;
};

struct vault {
	int data, keys;		/* owned */
	const struct ledger_disk *disk;
	char origin[SEAL_NAME];
	struct vault_secret *secret;	/* owned */
	struct slot *slots;	/* owned; VAULT_SLOTS */
	size_t slot_count;
	struct vault_hold *holds;	/* owned */
	size_t hold_count, hold_room;
	uint64_t end, allocated;	/* offsets in the data */
	bool dirty;		/* put since the last sync */
	bool poisoned;
	struct vault_entry *entries;	/* owned: where what is, once somebody has asked */
	size_t entry_count, entry_room;
	bool listed, sorted;
};

/* vault_blob.c */
void blob_head_write(uint8_t out[BLOB_HEAD], const struct blob *b);	/* the part before the wrapped key */
bool blob_head_read(struct blob *out, const uint8_t head[BLOB_HEAD]);
uint64_t blob_whole(uint64_t size);		/* bytes on disk of a payload of that size */
void blob_end_write(uint8_t *bytes, uint64_t size);	/* what stands behind it */
/* Whatever is bound to a blob or slot: its first bytes, and the ledger's name. */
size_t vault_bind(uint8_t out[BLOB_BOUND + SEAL_NAME], const void *head, size_t size, const char *origin);
/* The next blob from *at on, which is set to where it is; false: there is none before `end`. */
bool blob_next(struct blob *out, uint64_t *at, int fd, uint64_t end);

/* vault_keys.c */
int keys_open(struct vault *v, bool fresh, struct err *e) must_use;
/*
 * The key for a record of this class and day; if `make_one` and there is none, a new one. *there is false if there is
 * none, or only one that was made after that record: its own was destroyed on its own day.
 */
int keys_of(uint8_t **out, bool *there, struct vault *v, const struct blob *b, bool make_one, struct err *e) must_use;

/* vault.c: one write, as a whole; what a full disk does is ERR_LIMIT. */
int vault_write(struct vault *v, int fd, const void *bytes, size_t size, uint64_t at, struct err *e) must_use;
int vault_read(int fd, void *out, size_t size, uint64_t at);	/* 0: all of it */
/* vault_index.c */
void index_add(struct vault *v, uint64_t index, uint64_t offset);
bool index_find(uint64_t *offset, struct vault *v, uint64_t index);
void vault_punch(struct vault *v, enum vault_class class, unsigned last);	/* what no key opens any more */

#endif

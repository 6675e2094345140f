/*
 * audit/index.h - where a ledger's records are to be looked for: a cache that is never believed. reeve-audit(1), The
 * index. Private to audit/index*.c and asked.c.
 *
 * The ledger is cut into blocks of 1024 records. What the index says of one is made of that block's frames alone and
 * never changes, so that every row can be made again and compared. SQLite keeps the rows; none is used before its digest
 * was found in the head of its block, and that head's seal was found good.
 */
#ifndef AUDIT_INDEX_H
#define AUDIT_INDEX_H

#include "audit/ask.h"

enum {
	INDEX_BLOCK = 1024,
	INDEX_WORDS = INDEX_BLOCK / 64,
	INDEX_PART = 4,
	/* Rows of a block: two for each field (which record has which value; the values), and these. */
	ROW_LINKS = 2 * FIELDS,	/* each record's run, and the intent that it closes */
	ROW_PLACES,		/* offsets and leaf hashes */
	ROW_PARTS,		/* which parts of four bytes stand in its texts */
	ROW_HEAD,
	ROWS = ROW_HEAD,
	INDEX_ROW_MOST = 8 << 20,
};

/* How a field is found: not; by a whole value; by patterns too. */
enum find_by { FIND_NOT, FIND_WHOLE, FIND_PATTERN };

enum find_by index_find_by(enum field f);

/* --- a block (index_block.c): what is said of it, as bytes --- */

struct index_head {
	uint64_t block, begin, end;		/* offsets of its first frame, and behind its last */
	uint8_t root[SEAL_HASH];		/* of the tree over its records */
	char least[ASK_TIME], greatest[ASK_TIME];	/* times of its records; greatest "": none has one */
	size_t first, count;			/* of the digests of its rows */
};

/* Ascending by row; a row without one is not there. */
struct index_digest {
	uint16_t row;
	uint8_t sum[SEAL_HASH];
};

_Static_assert(sizeof(struct index_digest) == 2 + SEAL_HASH, "as it lies in the file");

struct index_block;

int index_block_new(struct index_block **out, struct err *e) must_use;
void index_block_free(struct index_block *b);
SCOPED(index_block, struct index_block *, index_block_free)
void index_block_begin(struct index_block *b, uint64_t block);
int index_block_take(struct index_block *b, const struct frame *f, uint64_t at, struct err *e) must_use;
/* The rows' bytes, one for each digest, are borrowed until the block begins again. */
void index_block_end(struct index_head *out, struct index_digest digests[ROWS], struct buf rows[ROWS], struct index_block *b);

/* --- rows as they are read (index_row.c). What does not fit its form is false, however it is sealed. --- */

struct index_column {
	size_t count;			/* of values */
	const uint8_t *ids, *hashes;	/* borrowed; an id of 0: it is not set */
	bool wide;			/* two bytes for each id, not one */
};

bool index_column_read(struct index_column *out, const uint8_t *bytes, size_t size);
unsigned index_column_id(const struct index_column *c, size_t i);
uint32_t index_column_hash(const struct index_column *c, size_t k);	/* of value k, from 0 */
uint32_t index_hash(const char *text, size_t size);
/* The next of a row of values; false: there is no more, or no whole one. */
bool index_value(const char **text, size_t *size, const uint8_t **at, const uint8_t *end);

/* The run of each record; of an outcome how far back its intent stands, 0: it is none. */
struct index_links {
	uint32_t run[INDEX_BLOCK], back[INDEX_BLOCK];
};

bool index_links_read(struct index_links *out, const uint8_t *bytes, size_t size);
void index_links_write(struct buf *out, const struct index_links *l);

/* Of texts that are more than digits of some kind. */
enum { PARTS_BITS = 1 << 16 };

bool index_is_digits(const char *text, size_t size);

void index_parts_add(uint8_t bits[PARTS_BITS / 8], const char *text, size_t size);
bool index_parts_may(const uint8_t bits[PARTS_BITS / 8], const char *text, size_t size);	/* does it stand there? */

/* --- the file (index_file.c, index_key.c) --- */

struct index_file;

/* NULL name: by the ledger's path and first record. NULL *out: it is not there, and `make` is false. */
int index_file_open(struct index_file **out, const char *name, bool make, const char *ledger, const uint8_t first[SEAL_HASH],
		    struct err *e) must_use;
void index_file_free(struct index_file *f);
SCOPED(index_file, struct index_file *, index_file_free)
const char *index_file_name(const struct index_file *f);
/* Borrowed until the next; *size 0: it is not there. */
int index_file_read(const uint8_t **bytes, size_t *size, struct index_file *f, unsigned row, uint64_t block, struct err *e) must_use;
int index_file_begin(struct index_file *f, struct err *e) must_use;	/* writing, alone */
int index_file_write(struct index_file *f, unsigned row, uint64_t block, const void *bytes, size_t size, struct err *e) must_use;
int index_file_commit(struct index_file *f, struct err *e) must_use;
int index_file_rows(uint64_t *count, struct index_file *f, struct err *e) must_use;
void index_file_rollback(struct index_file *f);
int index_file_empty(struct index_file *f, struct err *e) must_use;	/* all that it says goes */

int index_folder(char out[4096], bool make, struct err *e) must_use;
int index_key(uint8_t out[SEAL_HASH], bool *there, bool make, const char *folder, struct err *e) must_use;

/* --- the index (index.c) --- */

struct index;

/* `make`: if it is not there; else *out is then NULL. -1: there is none, and *e says why. */
int index_open(struct index **out, const char *name, bool make, const char *ledger, const uint8_t first[SEAL_HASH], struct err *e) must_use;
void index_free(struct index *x);
SCOPED(index, struct index *, index_free)
uint64_t index_records(const struct index *x);	/* in whole blocks */
uint64_t index_end(const struct index *x);	/* the offset behind them */
void index_tree(struct tree *out, const struct index *x);
const char *index_name(const struct index *x);
/* It does not hold: what it says is forgotten. */
void index_spoil(struct index *x);

/* The blocks that `count` records more make, which stand at these offsets. If it fails, all is as before. */
int index_update(struct index *x, struct journal *j, const uint64_t *offsets, uint64_t count, struct err *e) must_use;
/* All of it, made again. False: a row was removed, changed or added, and *e says where. */
int index_check(bool *good, struct index *x, struct journal *j, struct err *e) must_use;

/* Of records below index_records(). The other half as its number + 1, 0: none known. */
int index_place(uint64_t *offset, uint8_t leaf[SEAL_HASH], struct index *x, uint64_t n, struct err *e) must_use;
int index_other(uint64_t *other, struct index *x, uint64_t n, struct err *e) must_use;
int index_link(struct index *x, uint64_t outcome, uint64_t intent, struct err *e) must_use;	/* one that stands behind them */

/* index_find.c: a bit for each record that may be an answer; no record without one is. */
int index_look(uint64_t **bits, struct index *x, const struct question *q, struct err *e) must_use;
/* index.c, for it. */
bool index_has_row(const struct index *x, unsigned row, uint64_t block);
const struct index_head *index_block_head(const struct index *x, uint64_t block);
int index_row(const uint8_t **bytes, size_t *size, struct index *x, unsigned row, uint64_t block, struct err *e) must_use;
int index_links_of(const uint32_t **run, const uint32_t **other, struct index *x, struct err *e) must_use;

#endif

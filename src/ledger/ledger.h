/* ledger/ledger.h - one append-only, signed journal: records, tree, checkpoints, recovery. reeve-ledger(5). */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/model.h"
#include "seal/seal.h"

/* --- records as bytes (entry.c writes, read.c reads) --- */

/*
 * The record as it is stored: one line of restricted RFC 8785 JSON. What does not fit RECORD_MOST
 * loses the second half of its longest text, again and again until it does. Returns the size.
 */
size_t entry_write(char out[RECORD_MOST], const struct record *r);

/*
 * The reverse, accepting only bytes that entry_write() could have made: order, escapes, numbers,
 * largest sizes. Texts are unescaped into `room`, which outlives the record. Sets kind and ref too.
 */
int entry_read(struct record *out, char room[RECORD_MOST], const char *bytes, size_t size,
	       struct err *e) must_use;

/* Records that are read one after the other in one place: only what the one before had is wiped. All zeros to begin with. */
struct entry {
	struct record record;
	struct entry_had {
		size_t count;
		uint8_t member[FIELDS];
		uint8_t next[FIELDS + 1];	/* the member that came, where those before this one were over */
	} had;
	char room[RECORD_MOST];
};

/* The same; of one that is refused, `record` is not to be looked at. */
int entry_next(struct entry *x, const char *bytes, size_t size, struct err *e) must_use;

/* --- the tree (RFC 6962) --- */

struct tree {
	uint64_t size;
	/* As seal_prefixed(), which is used where this is NULL. The auditor, who hashes most, brings a faster one. */
	void (*hash)(uint8_t out[SEAL_HASH], uint8_t prefix, const void *a, size_t a_size, const void *b, size_t b_size);
	uint8_t node[64][SEAL_HASH];	/* [i]: a complete subtree of 2^i leaves, if bit i of size is set */
};

enum { TREE_LEAF = 0x00, TREE_NODE = 0x01, TREE_PATH_MOST = 64 };

void tree_add(struct tree *t, const void *bytes, size_t size);
void tree_add_hash(struct tree *t, const uint8_t leaf[SEAL_HASH]);	/* one that is hashed already */
/* One that is merged already: this is the hash of the 2^level leaves that end with it. */
void tree_add_merged(struct tree *t, const uint8_t hash[SEAL_HASH], unsigned level);
void tree_root(uint8_t out[SEAL_HASH], const struct tree *t);

/* Leaves [begin, end): a subtree that stands beside the way from a leaf to the root. */
struct tree_part {
	uint64_t begin, end;
};

/* Those of leaf `index` in a tree of `size` leaves, from the leaf up (path.c). Returns how many. */
size_t tree_path(struct tree_part out[TREE_PATH_MOST], uint64_t index, uint64_t size);
/* From the leaf's hash to the root's, by the hashes of the parts beside. */
void tree_climb(uint8_t hash[SEAL_HASH], uint64_t index, const struct tree_part *path, size_t count,
		uint8_t beside[][SEAL_HASH]);

/*
 * That a tree of `size` leaves begins with the one of `old` (consistency.c; RFC 6962, 2.1.2): the parts whose hashes
 * prove it, in the order of the proof; none where `old` is 0 or `size`. Returns how many.
 */
size_t tree_growth(struct tree_part out[TREE_PATH_MOST], uint64_t old, uint64_t size);
/* Do these hashes prove it? Also that the roots are the same where the sizes are. */
bool tree_grew(uint64_t old, const uint8_t old_root[SEAL_HASH], uint64_t size, const uint8_t root[SEAL_HASH],
	       uint8_t hashes[][SEAL_HASH], size_t count);

/* --- checkpoints (C2SP tlog-checkpoint) --- */

struct checkpoint {
	uint64_t size;
	uint8_t root[SEAL_HASH];
};

/* By one key, or where it hands over by the next one too. */
bool checkpoint_sign(struct buf *out, const struct seal_key *k, const struct seal_key *next, const struct tree *t);
/* Signature first, then origin and form. */
int checkpoint_open(struct checkpoint *out, const struct seal_verifier *v, const char *note,
		    size_t size, struct err *e) must_use;

/* Signed by the root; or by an epoch of which nobody knows yet, of this origin and in the form of one. */
bool checkpoint_seems(struct checkpoint *out, const struct seal_verifier *root, const char *note, size_t size);

/* --- frames --- */

enum {
	FRAME_HEAD = 40,
	FRAME_COMMIT = 0xffff,
	FRAME_ALIGN = 8,
	FRAME_MOST = FRAME_HEAD + RECORD_MOST + FRAME_ALIGN,
	JOURNAL_MAGIC = 16,
};

extern const char journal_magic[JOURNAL_MAGIC + 1];

struct frame {
	uint16_t kind;			/* enum record_kind, or FRAME_COMMIT */
	uint64_t index, run, ref;	/* of a commit: index is the tree's size, the others 0 */
	const char *body;		/* borrowed */
	size_t size;			/* of the body */
};

enum frame_got { FRAME_WHOLE, FRAME_END, FRAME_BAD };

uint32_t crc32c(uint32_t sum, const void *bytes, size_t size);
bool frame_put(struct buf *out, const struct frame *f);
enum frame_got frame_get(struct frame *out, const char *bytes, size_t left);
size_t frame_whole(const struct frame *f);	/* bytes on disk: head, body and padding */

/* --- what stands open: the order in which records may come --- */

enum { ORDER_INTENTS_PER_RUN = 16384 };

struct open_run {
	uint64_t index;
	size_t intents;		/* open ones */
};

struct open_intent {
	uint64_t index, run;
};

struct order {
	uint64_t next;
	struct open_run *runs;		/* both ascending by index, owned */
	struct open_intent *intents;
	size_t run_count, run_room, intent_count, intent_room;
};

/* Take the next record, or say which rule it breaks; `o` is then as before. */
int order_take(struct order *o, enum record_kind kind, uint64_t run, uint64_t ref, struct err *e) must_use;
const struct open_run *order_run(const struct order *o, uint64_t run);	/* NULL: not open */
void order_free(struct order *o);

/* --- reading a journal, all its segments as one run of bytes: by large reads, so that a file that shrinks meanwhile is no harm --- */

struct journal;

/* A directory that holds `journal` and the segments behind it, or such a file itself. */
int journal_open(struct journal **out, const char *path, struct err *e) must_use;
int journal_of_fd(struct journal **out, int fd, struct err *e) must_use;	/* fd stays the caller's */
int journal_of(struct journal **out, int fd, int dir, struct err *e) must_use;	/* with what is beside it; both stay */
uint64_t journal_last(const struct journal *j);	/* the offset at which the last segment begins */
bool journal_is_joined(const struct journal *j);	/* each segment begins where the one before it ends */
void journal_free(struct journal *j);

SCOPED(journal, struct journal *, journal_free)

/* The frame at this offset; its body is borrowed until the next call. */
int journal_frame(struct journal *j, struct frame *out, enum frame_got *got, uint64_t at,
		  struct err *e) must_use;

/* As many bytes as there are from this offset on, into a room of one's own; fewer than asked for: they end, or some are missing. */
int journal_bytes(size_t *got, struct journal *j, char *out, size_t size, uint64_t at, struct err *e) must_use;

/* Where the committed part ends, and what stands behind it. */
struct journal_extent {
	uint64_t end;		/* offset behind the last good commit frame */
	uint64_t records;	/* in the committed part */
	uint64_t tail;		/* bytes behind it up to the last that is not zero */
	bool damaged;		/* a bad frame lies before what seems a later checkpoint */
	uint64_t damaged_at;	/* index of the first record that cannot be read */
	bool last;		/* and behind that one checkpoint there is no other */
	uint64_t damaged_to;	/* 0: not known; where whole segments of it are missing, the first record behind them */
	char why[160];		/* and which; "" otherwise */
};

/*
 * Walk the frames by their checksums alone. Where one is bad, look on for a later checkpoint, signed by this
 * root or by the key of an epoch, which may begin in what is damaged and so is taken for one by its form: if
 * there is such a one, the journal is damaged; if not, the rest is an unfinished tail.
 */
int journal_extent(struct journal_extent *out, struct journal *j, const struct seal_verifier *v,
		   struct err *e) must_use;

/* The same from an offset on that lies behind a commit, over `next` records. */
int journal_extent_from(struct journal_extent *out, struct journal *j, const struct seal_verifier *v, uint64_t at,
			uint64_t next, struct err *e) must_use;

/* What the ledger's own `head` says; false: there is none. */
int head_read(uint64_t *size, bool *there, const char *dir, struct err *e) must_use;

/*
 * Is the damage only that of the last commit, which `head` does not know? Then nobody was told of it:
 * the power failed while its blocks were written, in whatever order, and it is an unfinished tail.
 */
bool journal_is_torn(const struct journal_extent *x, bool head_there, uint64_t head);

/* --- writing --- */

/* The four calls that a full or failing disk makes fail; a test passes its own. */
struct ledger_disk {
	ssize_t (*write_at)(int fd, const void *bytes, size_t size, off_t at);
	int (*sync)(int fd);
	int (*allocate)(int fd, int mode, off_t at, off_t size);
	int (*truncate)(int fd, off_t size);
};

struct ledger;

struct signing;	/* ledger/signing.h */

/*
 * A new ledger: its directory must exist and hold no journal. Durable on return. By the root alone, or with its first
 * epoch.
 */
int ledger_make(const char *dir, const struct seal_key *k, const char *tenant, struct err *e) must_use;
int ledger_make_by(const char *dir, struct signing *signing, const char *tenant, struct err *e) must_use;

enum ledger_opened { LEDGER_OPENED, LEDGER_BUSY };

/*
 * Open, lock, recover, close what a crash left open. Returns enum ledger_opened, or -1. The keys are
 * borrowed; `disk` may be NULL: the kernel's own. Nothing is ever repaired but an unfinished tail.
 * By the root alone: only a ledger without epochs, and it stays without. By keys: one without gets its first.
 */
int ledger_open(struct ledger **out, const char *dir, const struct seal_key *k,
		const struct ledger_disk *disk, struct err *e) must_use;
int ledger_open_by(struct ledger **out, const char *dir, struct signing *signing, const struct ledger_disk *disk,
		   struct err *e) must_use;

/* The next epoch begins: its record, behind all that is queued, and the commit that hands over (rotate.c). */
int ledger_rotate(struct ledger *l, struct err *e) must_use;
/* Another epoch by the root, which was lent: since a record's number, "all" of the epoch that is, or "end": none of it. */
int ledger_revoke(struct ledger *l, const char *since, const char *why, struct err *e) must_use;
bool ledger_is_sound(const struct ledger *l);	/* after an error: all that is in it is as it was, and more may be */
struct epochs;
const struct epochs *ledger_epochs(const struct ledger *l);

/* From how many bytes on a segment is full and the next one begins; 64 MiB otherwise. */
void ledger_segments(struct ledger *l, uint64_t bytes);

/*
 * Queue one record. The ledger's own members are set here; `run` is the index of the run's record,
 * 0 outside runs, ignored for RECORD_RUN. Nothing may be acknowledged before ledger_commit().
 */
int ledger_append(uint64_t *index, struct ledger *l, const struct record *r, uint64_t run,
		  struct err *e) must_use;

/* Outcomes "unknown" for every open intent of a run; then, for end_run, its close "lost". */
int ledger_end_intents(struct ledger *l, uint64_t run, const char *why, struct err *e) must_use;
int ledger_end_run(struct ledger *l, uint64_t run, const char *why, struct err *e) must_use;

/* Is there room for one more intent or run, with the reserve kept? Allocates where it must. */
int ledger_room(struct ledger *l, struct err *e) must_use;
bool ledger_spares(const struct ledger *l);	/* and if not, for what ends nothing? Half of the reserve is for ends alone */

/* Everything queued is on disk and signed when this returns 0. After a failure nothing ever is again. */
int ledger_commit(struct ledger *l, struct err *e) must_use;
size_t ledger_pending(const struct ledger *l);	/* bytes queued */
const struct buf *ledger_note(const struct ledger *l);	/* the checkpoint of the last commit; empty: none since it was opened */
const struct order *ledger_order(const struct ledger *l);
struct holds;
struct holds *ledger_holds(struct ledger *l);	/* ledger/holds.h */

/* The last record about the agent of this one, 0 if there is none; and whether it says the same. */
uint64_t ledger_agent(const struct ledger *l, const struct record *r, bool *same);

/* Record of every held call whose time is over that it is (expire.c); and when the next one's is, if one stands. */
int ledger_expire(struct ledger *l, struct err *e) must_use;
int ledger_expire_ms(const struct ledger *l);	/* milliseconds for poll(2); -1: nothing is held */

/* Cut to size and make all durable; the ledger is still to be freed. */
int ledger_finish(struct ledger *l, struct err *e) must_use;
void ledger_free(struct ledger *l);

SCOPED(ledger, struct ledger *, ledger_free)

#endif

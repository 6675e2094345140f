/* audit/audit.h - the auditor's program: what is whole, what was done, told to a person or as JSON. */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "ledger/ledger.h"

/* Exit codes are a contract: reeve-ledger(5), EXIT STATUS. Of several, the first in this order. */
enum {
	EXIT_WHOLE = 0,
	EXIT_INTEGRITY = 1,
	EXIT_USAGE = 2,
	EXIT_COULD_NOT = 3,
	EXIT_SIGNATURE = 4,
	EXIT_INCOMPLETE = 5,
	EXIT_OPEN = 6,
	EXIT_TAIL = 7,
	EXIT_PAYLOADS = 9,
	EXIT_KEYS = 10,
	EXIT_WITNESSES = 11,
};

struct findings;
struct sightings;
struct ssh_signers;
struct trust;
struct cosigned;

struct options {
	const char *key, *head, *checkpoint, *signers, *run, *color, *check, *epoch, *epochs, *trust;	/* NULL: not given */
	const char *sightings;	/* --second */
	const char *second;	/* what stands behind the ledger: a folder, a record's number */
	const char *from, *to, *text, *after, *limit, *as, *cursor, *with, *map, *control, *packs, *payloads, *index;
	const char *where[32];	/* NAME=PATTERN, as often as it was given */
	size_t where_count;
	bool json, csv, follow, no_index, no_states;
};

/* Each returns an exit code, or -1 with *e: it could not. */
int cmd_verify(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_show(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_publish(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_proof(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_query(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_who(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_did(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_absent(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_index(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_stats(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_export(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_reconcile(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_trace(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_report(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_evidence(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_controls(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_replay(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_growth(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_spine(const char *ledger, const struct options *o, struct err *e) must_use;
int cmd_trust(const char *ledger, const struct options *o, struct err *e) must_use;

/* cmd_verify.c: --head or --checkpoint, if one was given. EXIT_USAGE, -1 or 0. */
struct known_head;
int head_known(struct known_head *out, const struct options *o, const struct seal_verifier *v, struct err *e) must_use;

/* cmd_verify.c: --key, a file or the key itself; and the verdicts as verify tells them. */
int key_read(struct seal_verifier *out, const char *given, struct err *e) must_use;
void verify_tell(const struct findings *f, const struct options *o);

/* --- verify.c: the proof, apart from how it is told --- */

struct finding {
	bool bad;
	char text[248];
};

/* finding.c: its sentence, cut if it is too long. */
void finding_say(struct finding *f, const char *fmt, ...) printf_like(2, 3);

struct findings {
	struct finding integrity, signatures, keys, completeness, open, tail, payloads, decisions, witnesses, second;
	bool second_there, second_gap;	/* somebody was to be told; and somebody could not be, and still cannot */
	bool decisions_there;		/* something was held */
	bool witnesses_asked;		/* by a trust file */
	bool completeness_known;	/* there was a head to hold it against */
	bool keys_known;		/* all signatures are good */
	bool payloads_known;		/* there is a vault, or should be */
	bool tail_known;		/* what stands before it is whole, so that it is one */
	uint64_t records, checkpoints, end;	/* end: the journal's offset behind them */
	char origin[SEAL_NAME];
};

/* A head from elsewhere that the ledger must contain; and who may review, if that too is known. */
struct known_head {
	const struct ssh_signers *signers;	/* borrowed; NULL: the lists beside the ledger */
	const struct trust *trust;		/* borrowed; NULL: nobody asks for witnesses */
	struct sightings *sightings;		/* borrowed; NULL: nobody says what others have seen */
	const struct cosigned *cosigned;	/* borrowed; NULL: no witness has signed this head */
	bool given, has_root;
	uint64_t size;
	uint8_t root[SEAL_HASH];
	size_t note_size;	/* of the checkpoint that says it; 0: somebody's word */
	char note[SEAL_NOTE_MOST];
};

/* A checkpoint in its form; by whom it must be signed says the ledger, so that is asked there. */
int known_checkpoint(struct known_head *out, const struct seal_verifier *root, const char *note, size_t size, struct err *e) must_use;

/* ERR_PEER: the known head's checkpoint is of this very history, and not signed by who would have. */
int verify_ledger(struct findings *out, const char *path, const struct seal_verifier *v,
		  const struct known_head *known, struct err *e) must_use;
/* The same, and the ledger's epochs, to be ended by the caller, also after -1. */
struct handovers;
int verify_epochs(struct findings *out, struct handovers *handed, const char *path, const struct seal_verifier *v,
		  const struct known_head *known, struct err *e) must_use;
int verify_exit(const struct findings *f);

/* sum.c: what seal_prefixed() gives, faster. */
void sum_prefixed(uint8_t out[SEAL_HASH], uint8_t prefix, const void *a, size_t a_size, const void *b, size_t b_size);

/*
 * notary.c: checkpoints are checked by a second thread, while the first reads on. The caller's thread
 * helps when too many wait. `root` is what the tree over the records before it gives.
 */
struct notary;

struct notes_checked {
	uint64_t count;
	bool unsigned_seen, differs_seen;
	uint64_t first_unsigned, first_differs;	/* sizes of the earliest such checkpoints */
	char why[248];				/* of first_unsigned */
};

int notary_begin(struct notary **out, struct err *e) must_use;
struct epochs_due;
void notary_take(struct notary *n, const struct frame *f, const struct tree *t, const struct epochs_due *due);
/* Waits for all that was taken. */
void notary_end(struct notes_checked *out, struct notary *n);
void notary_free(struct notary *n);

SCOPED(notary, struct notary *, notary_free)

/* Every frame of the journal, up to and with the first checkpoint over `records` of them (each.c). */
int each_frame(struct journal *j, uint64_t records, int (*one)(void *of, const struct frame *f, struct err *e),
	       void *of, struct err *e) must_use;

/* "1,234,567" */
void count_text(char out[32], uint64_t number);

#endif

/* witness/witness.h - whoever asks gets a cosignature, but never two that contradict each other: reeve-witness(8). */
#ifndef WITNESS_WITNESS_H
#define WITNESS_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "seal/trust.h"

enum {
	WITNESS_HASHES = 63,			/* in one proof, as tlog-witness has it */
	WITNESS_BODY = SEAL_COSIGNED_MOST + (32 << 10),
	WITNESS_CALLERS = 128,			/* connections at once */
};

/* What was cosigned last, of one log: what its file holds, and all that is ever remembered of it. */
struct state {
	uint64_t size;
	uint8_t root[SEAL_HASH];
	uint64_t epoch, former;			/* number of the key in force, and the record that began it; 0: the root key's */
	struct seal_verifier key;		/* of that epoch, unless it is 0 */
};

/* One log, by its origin. It may have more than one root key; each may sign, until an epoch begins. */
struct origin {
	char name[SEAL_NAME], file[2 * SEAL_HASH + 1];
	struct state state;
	bool served;				/* its state was read, and what was written since is on disk */
};

struct witness {
	struct seal_key *key;
	struct trust *logs;
	int folder;				/* where states lie */
	struct origin *origins;
	size_t count;
};

/* --- state.c --- */

void state_begin(struct state *s);	/* nothing was ever cosigned */
enum state_read { STATE_READ, STATE_ABSENT };
int state_read(struct state *out, int folder, const struct origin *o, struct err *e) must_use;	/* enum state_read, or -1 */
/* On disk, whatever happens then, when it returns 0; o->state is then this one. */
int state_write(struct origin *o, int folder, const struct state *s, struct err *e) must_use;

/* --- origins.c --- */

/* Every log of the file, by origin; whatever state is missing is made (init) or said, and then that log is not served. */
int origins_open(struct witness *w, const char *logs, const char *folder, bool make, struct err *e) must_use;
struct origin *origin_find(const struct witness *w, const char *name, size_t size);
void witness_close(struct witness *w);

/* --- request.c: what a body says, its form alone --- */

struct request {
	uint64_t old, size;
	uint8_t root[SEAL_HASH], hashes[WITNESS_HASHES][SEAL_HASH];
	size_t count;
	struct seal_note note;
	const char *origin;			/* borrowed, as the note is */
	size_t origin_size;
};

/* "old", hashes, an empty line; *rest is what stands behind it. */
int request_head(struct request *out, const char **rest, const char *body, size_t size, struct err *e) must_use;
int request_checkpoint(struct request *out, const char *note, size_t size, struct err *e) must_use;

/* An epoch record, and that it is in the tree of the checkpoint (C2SP tlog-proof, as `publish` writes epochs/N). */
struct handover {
	uint64_t index;
	char record[RECORD_MOST];
	size_t record_size, count;
	uint8_t beside[TREE_PATH_MOST][SEAL_HASH];
};

int request_handover(struct request *out, struct handover *h, const char *proof, size_t size, struct err *e) must_use;

/* --- judge.c, epoch.c: the answers --- */

struct answer {
	unsigned status;			/* of HTTP */
	const char *type;
	char text[512];
};

void judge_checkpoint(struct witness *w, struct answer *a, const char *body, size_t size);
void judge_epoch(struct witness *w, struct answer *a, const char *body, size_t size);

void answer_say(struct answer *a, unsigned status, const char *fmt, ...) printf_like(3, 4);
/* Known, served, and not older or another: NULL, and the answer says why, if not. Whose signature it takes, the caller knows. */
struct origin *judge_origin(struct witness *w, struct answer *a, const struct request *r);
/* Who may sign: the key in force; before the first epoch, any root key that the operator gave. */
enum seal_signed signed_in_force(const struct witness *w, const struct origin *o, const struct seal_note *n);
enum seal_signed signed_by_root(const struct witness *w, const struct origin *o, const struct seal_note *n);
bool judge_growth(struct answer *a, const struct origin *o, const struct request *r);
/* Remember it, then sign it. */
void judge_cosign(struct witness *w, struct answer *a, struct origin *o, const struct request *r, const struct state *next);

/* --- listen.c, web.c --- */

/* ADDR:PORT, [ADDR]:PORT or a path with a slash; NULL: the socket that systemd gave. */
int listen_at(int *out, const char *where, struct err *e) must_use;
/* What is listened on, as a caller would write it. */
void listen_name(char out[128], int fd);

/* Until it cannot go on: confined, and never back but with an error. */
int web_serve(struct witness *w, int listener, struct err *e) must_use;

#endif

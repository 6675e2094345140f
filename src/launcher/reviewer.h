/* launcher/reviewer.h - the way of `reeve review` and its like to a recorder: what is held, its payload, a decision. */
#ifndef LAUNCHER_REVIEWER_H
#define LAUNCHER_REVIEWER_H

#include "base/buf.h"
#include "launcher/launcher.h"
#include "model/model.h"

struct reviewer;

/* At this user's own recorder of a tenant, which is started if there is none; there must be a ledger. */
int reviewer_join(struct reviewer **out, const struct paths *at, struct err *e) must_use;
/* At a socket that somebody's recorder keeps for other users. */
int reviewer_dial(struct reviewer **out, const char *socket, struct err *e) must_use;
void reviewer_free(struct reviewer *r);
SCOPED(reviewer, struct reviewer *, reviewer_free)

int reviewer_fd(const struct reviewer *r);	/* for poll(2): readable when reviewer_next() has something */

enum { STANDS_DECISIONS = 64, REVIEWER_SECONDS = 10, PAYLOAD_MOST = (4 << 20) + (64 << 10) };

/* One held call; lines as the ledger stores them, borrowed until the next call. */
struct stands {
	const char *held;
	size_t size;
	enum hold_state state;
	uint64_t left_s;
	struct {
		const char *line;
		size_t size;
	} decisions[STANDS_DECISIONS];
	size_t count;
};

/* Who is turned away gets a sentence in `e`: ERR_INPUT, where all other errors are of another kind. */
enum reviewer_got { REVIEWER_GONE, REVIEWER_STANDS, REVIEWER_ALL, REVIEWER_LATER };

/* Ask for one held call, or for all that stand open (0); with `follow` also for what changes later. */
int reviewer_query(struct reviewer *r, uint64_t index, bool follow, struct err *e) must_use;
/* Returns enum reviewer_got: one, or that these were all, or (wait_ms is over) nothing yet. wait_ms -1: for ever. */
int reviewer_next(struct stands *out, struct reviewer *r, int wait_ms, struct err *e) must_use;

/* The bytes that would be executed. Not while another question of this connection is open, nor the next. */
int reviewer_see(struct buf *out, struct reviewer *r, uint64_t index, struct err *e) must_use;

struct reviewer_word {
	uint64_t index;
	const char *reviewer, *decision, *reason, *signature;	/* base64 of SSHSIG */
};

/* *record: where the decision stands; *state: what the held call came to. */
int reviewer_decide(uint64_t *record, enum hold_state *state, struct reviewer *r, const struct reviewer_word *w,
		    struct err *e) must_use;

#endif

/* ledger/state_head.h - what anybody may read of a state, signed: reeve-ledger(5), States. */
#ifndef LEDGER_STATE_HEAD_H
#define LEDGER_STATE_HEAD_H

#include "ledger/ledger.h"

enum { STATE_NAME = 32, STATE_TIME = 32, STATE_EPOCHS = 128 };

struct state_head {
	uint64_t offset, size;		/* in the journal, of the tree there */
	uint64_t since, first;		/* an offset before it, and the first record behind that */
	uint8_t root[SEAL_HASH];
	char least[STATE_TIME], greatest[STATE_TIME];	/* of the records since; "-" if there are none */
	char body[SEAL_DIGEST_TEXT];
	uint64_t epochs[STATE_EPOCHS];	/* the offsets of those of them that begin an epoch */
	size_t epoch_count;		/* more than STATE_EPOCHS: that is not known */
};

/* "state.OFFSET" in 20 digits; and back. */
void state_name(char out[STATE_NAME], uint64_t offset);
bool state_name_parse(uint64_t *offset, const char *name);

bool state_head_text(struct buf *out, const char *origin, const struct state_head *h);
/* If this key signed it; *body: where the head ends. */
int state_head_read(struct state_head *out, size_t *body, const char *bytes, size_t size, const struct seal_verifier *v,
		    struct err *e) must_use;
/* The same before anybody has asked who signed it. */
bool state_head_seems(struct state_head *out, const char *bytes, size_t size);

#endif

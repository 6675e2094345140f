/* anchor/talk.h - what is said to one witness, and what is known of it. */
#ifndef ANCHOR_TALK_H
#define ANCHOR_TALK_H

#include "anchor/witness.h"

enum { ANSWER_MOST = 32 << 10 /* a few lines by ML-DSA among them */, URL_MOST = 1024, ANSWER_MS = (DUTY_MS - 1000) / 2 };

struct talk {
	void *easy;		/* libcurl's */
	struct curl_slist *addresses;
	char url[URL_MOST], host[256], port[8];
	char origin[SEAL_NAME];	/* of what it is told of */
	struct buf answer;
	struct hashes *hashes;
	uint64_t known;		/* what it cosigned last, as far as we know */
	uint64_t until_ns;	/* when all must be said */
};

int talk_new(struct talk **out, const char *where, struct err *e) must_use;
/* Before the first of a few: where its name leads now. */
int talk_look_up(struct talk *t, struct err *e) must_use;
/* POST URL/word; what comes back is in t->answer. */
int talk_post(long *status, struct talk *t, const char *word, const struct buf *body, struct err *e) must_use;

/* What every request begins with: that the tree of so many records only grew since that which the witness knows. */
int talk_growth(struct buf *out, struct talk *t, uint64_t size, struct err *e) must_use;
/* A 409 says how much it has seen, of a ledger of so many records. 0: ask again from there. */
int talk_size(struct talk *t, uint64_t size, struct err *e) must_use;

/* follow.c: it does not believe who signed this: show it how the key became that one. 0: ask again. */
int talk_handovers(struct talk *t, const struct job *j, struct err *e) must_use;

#endif

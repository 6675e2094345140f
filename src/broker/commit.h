/* broker/commit.h - the proof that a record is durable, and the only place that makes one. */
#ifndef BROKER_COMMIT_H
#define BROKER_COMMIT_H

#include <sys/queue.h>

#include "base/buf.h"
#include "wire/wire.h"

/*
 * No receipt, no effect. What forwards, refuses, spawns or executes takes one of these; it is
 * defined in commit.c alone, and made there only when the recorder says: durable.
 */
struct receipt;

TAILQ_HEAD(receipts, receipt);

/* Records on their way to the recorder, in order. */
struct commits {
	struct wire *recorder;
	struct receipts sent, queued;
	size_t sent_count, count;
	uint64_t tag;
	bool awaited;		/* somebody waits for one of the queued */
	uint64_t due_ns;	/* when the others leave by themselves; 0: there are none */
};

/* What is done once the record is durable. The receipt is handed over: receipt_free() it. */
struct commit_then {
	int (*proved)(void *whose, struct receipt *proof, struct err *e);
	void *whose;
};

/* Borrowed; none: NULL. */
struct payload {
	const char *bytes;
	size_t size;
};

/* payload.c: to the recorder, before the record with this tag. */
int payload_send(struct wire *recorder, uint64_t tag, const struct payload *p, struct err *e) must_use;

/* Of a connection; NULL and 0 where it is not known. */
struct commit_net {
	const char *host, *method, *path, *scheme, *way;
	unsigned port;
};

/* What a verdict's record says beside action and verdict. NULL and 0 are left out. */
struct commit_about {
	const struct commit_net *net;
	const char *digest;	/* of the bytes judged */
	const char *request;	/* the agent's own id, as JSON */
	const char *resource;
	size_t size;
	uint64_t count;		/* how often so far, of what is counted by kind */
	uint64_t held;		/* index of the held call that it was approved as; 0: none */
	struct payload payload;	/* to be kept with it */
};

enum { RECORD_ROOM = 4 * 8192, CLAIM_SHOWN = 240 };

/* commit_record.c: what the record of a verdict says. Its texts are borrowed from `room`, which must not move. */
void record_fill(struct record *r, struct buf *room, const struct action *a, const struct verdict *v,
		 const struct commit_about *about);
void record_visible(struct record *r, enum field f, struct buf *room, const char *text);	/* NULL: left unset */

/* How an intent ended. */
struct outcome {
	const char *status;	/* ok, tool-error, error, timeout, failed, cancelled, unknown */
	const char *answer;	/* digest of the backend's own answer */
	const char *executed;	/* digest of what was forwarded */
	const char *approved;	/* digest of what was approved; NULL: nobody had to */
	struct payload payload;	/* that answer; kept only if the operator says so, and then by ... */
	const char *retention;	/* ... the tool's class */
	const char *why;
	const char *altered;	/* what was changed in it: texts, each with its NUL */
	size_t altered_size;
	uint64_t duration_us;
	size_t size;
	int exit;		/* -1: none */
	const char *address, *sni;	/* of a connection: the other end's, and whom its TLS named */
	bool carried;			/* one stood, and it is known what went over it: */
	uint64_t sent, received;
	unsigned http;			/* status of the answer; 0: none was seen */
};

void commits_begin(struct commits *q, struct wire *recorder);

int commit_verdict(struct commits *q, const struct action *a, const struct verdict *v,
		   const struct commit_about *about, struct commit_then then, struct err *e) must_use;
int commit_outcome(struct commits *q, const struct receipt *proof, const struct outcome *o,
		   struct err *e) must_use;

/*
 * Send what is queued, as far as the recorder may be sent more. Outcomes, which nobody waits for, stay
 * for a moment unless `all`, to be committed together with the next intent.
 */
int commits_flush(struct commits *q, bool all, struct err *e) must_use;
uint64_t commits_due(const struct commits *q);	/* when to call it next; UINT64_MAX: no need to */

/* What somebody said and nobody got: how often so far, and the first line of the kind. */
struct commit_dropped {
	const char *server;	/* NULL: an agent */
	enum reason reason;
	uint64_t count;
	size_t size;
	const char *digest;	/* NULL: not known */
};

/* Which policy is in force, from here on or still. */
struct commit_policy {
	const char *policy, *before;	/* digests */
	const char *status;		/* adopted, kept */
	const char *why;		/* NULL: nothing was wrong */
	const char *by;			/* who signed what is adopted; NULL: nobody was asked for */
};

int commit_policy(struct commits *q, const struct commit_policy *p, struct commit_then then, struct err *e) must_use;

struct alert_told;	/* broker/alert.h */
int commit_alert(struct commits *q, const struct alert_told *t, struct commit_then then, struct err *e) must_use;
int commit_dropped(struct commits *q, const struct commit_dropped *d, struct err *e) must_use;

/* The recorder will give no receipt for what `whose` waits for. */
void commit_take_back(struct commits *q, const void *whose);

/* A RECEIPT has come. */
int commit_receive(struct commits *q, const struct msg *m, struct err *e) must_use;

uint64_t receipt_index(const struct receipt *proof) never_null;
void receipt_free(struct receipt *proof);

#endif

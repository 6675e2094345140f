/* recorder/recorder.h - the serving recorder: its clients, and what it owes them after the next commit. */
#ifndef RECORDER_RECORDER_H
#define RECORDER_RECORDER_H

#include "ledger/ledger.h"
#include "wire/wire.h"

enum {
	EXIT_BUSY = 75,			/* another recorder holds the ledger (EX_TEMPFAIL) */
	RECORDER_CLIENTS = 256,
	RECORDER_BURST = 128,		/* records of one client between two commits, and a message more */
	RECORDER_ANSWERS = RECORDER_CLIENTS * (RECORDER_BURST + WIRE_RECORDS + 2),	/* and a HALT each */
	RECORDER_UNCHECKED = 16,	/* messages for which a socket that had room has room still */
	RECORDER_ROUND = 1 << 20,	/* bytes queued that end a round */
	RECORDER_LONELY_MS = 10000,	/* how long it waits for its first client */
};

/* A connection. The wire's own table says what each may send while; `run` is 0 before OPEN or ATTACH. */
struct client {
	struct wire wire;	/* wire.fd is owned */
	uint64_t run;
	bool gone;		/* hung up, or cut off for misspeaking */
	bool full;		/* does not read its answers: not listened to until it does */
	bool closed;		/* its run is closed; it may only hang up */
	size_t unchecked;	/* messages sent to it since its socket was seen to have room */
};

/* What is sent once the record is on disk, and not a moment before. */
struct answer {
	struct client *to;
	enum msg_type type;
	uint64_t tag, number;
};

struct recorder {
	struct ledger *ledger;
	int listener;				/* owned */
	struct client *clients[RECORDER_CLIENTS];	/* owned, densely */
	size_t count;
	bool met_one;				/* somebody came; the last to go ends us */
	char halted[sizeof(((struct err *)0)->text)];			/* why no new intents are taken; empty: they are */
	struct answer *answers;			/* owned; RECORDER_ANSWERS */
	size_t answer_count;
	struct msg *msg;			/* owned; one at a time */
};

/* init.c: LEDGERDIR KEYFILE TENANT. Make ledger and key, or find both; print the verifier key. */
int recorder_init(char **args, struct err *e) must_use;

/* Until the last client has gone. -1: the ledger is poisoned or the kernel failed us. */
int recorder_serve(struct recorder *r, struct err *e) must_use;
void recorder_free(struct recorder *r);

/*
 * One message: queue its record and the answer. -1 with ERR_PEER or any other kind but ERR_SYSTEM:
 * the client misspoke; ERR_SYSTEM: the ledger failed.
 */
int client_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;

/* It went without saying so: what it left open is closed as unknown and lost. */
int client_ended(struct recorder *r, const struct client *c, struct err *e) must_use;

#endif

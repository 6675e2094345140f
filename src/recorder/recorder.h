/* recorder/recorder.h - the serving recorder: its clients, and what it owes them after the next commit. */
#ifndef RECORDER_RECORDER_H
#define RECORDER_RECORDER_H

#include "ledger/holds.h"
#include "ledger/signers.h"
#include "ledger/signing.h"
#include "ledger/vault.h"
#include "recorder/owners.h"
#include "wire/wire.h"

enum {
	EXIT_BUSY = 75,			/* another recorder holds the ledger (EX_TEMPFAIL) */
	RECORDER_CLIENTS = 256,		/* of the owner */
	RECORDER_GUESTS = 64,		/* and of other users, on a socket of their own */
	RECORDER_GUESTS_EACH = 16,	/* of one user */
	RECORDER_ALL = RECORDER_CLIENTS + RECORDER_GUESTS,
	RECORDER_BURST = 128,		/* records of one client between two commits, and a message more */
	RECORDER_ANSWERS = RECORDER_ALL * (RECORDER_BURST + WIRE_RECORDS + 2),	/* and a HALT each */
	RECORDER_WATCHES = 4096,	/* HOLDs whose state a broker is told */
	RECORDER_WATCHES_EACH = 256,	/* of one broker */
	RECORDER_PAYLOAD = (4 << 20) + (64 << 10),	/* bytes that one held call is made of, at most */
	RECORDER_PAYLOADS = 256 << 20,	/* and all of them in memory */
	RECORDER_TURNS = 64,		/* times a reviewer is turned away before it is cut off */
	RECORDER_PIECES = 8,		/* messages of an answer in pieces that one reviewer gets in a round */
	RECORDER_PIECE = 60000,
	RECORDER_UNCHECKED = 16,	/* messages for which a socket that had room has room still */
	RECORDER_ROUND = 1 << 20,	/* bytes queued that end a round */
	RECORDER_LONELY_MS = 10000,	/* how long it waits for its first client */
	EPOCH_HOURS = 24,		/* of an epoch, where nothing is said */
	EPOCH_HOURS_MOST = 87600,
	EPOCH_RECORDS = 1 << 20,
	EPOCH_RECORDS_MOST = 1 << 30,
	EPOCH_AGAIN_MS = 60000,		/* and when one that could not begin is tried again */
};

/* What a reviewer is being told, a few messages a round. Nothing more is heard of it until it has it all. */
struct look {
	enum look_kind { LOOK_NOTHING, LOOK_LIST, LOOK_PAYLOAD, LOOK_REVEAL } kind;
	uint64_t tag, at;	/* LIST: index to go on from; PAYLOAD, REVEAL: offset */
	uint64_t held;		/* only this one; 0: all that stand open */
	bool follow;		/* afterwards, what changes too */
	uint64_t told;		/* holds.changes that it knows of */
	uint64_t next, last, access;	/* REVEAL: records still to be shown, and the record that says so */
};

/* Who is at the other end: peer.c. */
struct peer {
	unsigned uid;
	pid_t pid;
	int process;	/* owned: a pidfd; -1: the kernel has none to give */
};

/* A connection. The wire's own table says what each may send while; `run` is 0 before OPEN or ATTACH. */
struct client {
	struct wire wire;	/* wire.fd is owned */
	uint64_t run;
	bool gone;		/* hung up, or cut off for misspeaking */
	bool full;		/* does not read its answers: not listened to until it does */
	bool closed;		/* its run is closed; it may only hang up */
	size_t unchecked;	/* messages sent to it since its socket was seen to have room */
	struct peer who;	/* owned */
	bool guest;		/* came by the socket for other users */
	bool custodian;		/* the ledger's owner, or root: payloads are his to open and to destroy */
	char agent[OWNERS_TEXT];	/* of its run; this and the owner are set where claims are checked */
	struct owner owner;
	char *signers;		/* owned; until OPEN */
	size_t signers_size;
	struct buf payload;	/* of the record that comes next with this tag */
	uint64_t payload_tag;
	size_t watches, turns;
	struct look look;
	struct vault_plain shown;	/* owned: the payload that LOOK_REVEAL is at */
};

/*
 * What several share: nobody takes more than one part in so many of what the others have left. So there is always some
 * left, however many take all that they get.
 */
enum { SHARE_PLACES = 2, SHARE_WATCHES = 2, SHARE_HELD = 4 };

static inline size_t share_of(size_t all, size_t others, size_t parts)
{
	return others < all ? (all - others) / parts : 0;
}

/* A HOLD, whose broker is told how it stands until it has ended. */
struct watch {
	struct client *to;
	uint64_t tag, held;
	uint64_t told;		/* the hold's `changed` that it knows of */
};

/*
 * anchor.c: who keeps the second record. `calm`: what was told, and behind it nothing but what came of that, of which
 * nobody need be told.
 */
enum {
	ANCHOR_TOLD = 128,	/* checkpoints of which it may still say something */
	ANCHOR_SAYS = 512,	/* what it may say between two of them */
	ANCHOR_MS = 200,	/* and from one to the next, at least */
	ANCHOR_LAST_MS = 3000,	/* how long an ending recorder waits for it */
};

struct anchor {
	struct client *is;	/* NULL: nobody */
	uint64_t calm, told_ns, ending_ns;	/* ending_ns: until when its last words are waited for; 0: nobody ends */
	bool settled;		/* it has said all of the last */
	size_t said, count;
	struct anchor_told {
		uint64_t size;
		char root[SEAL_HASH_BASE64];
	} told[ANCHOR_TOLD];	/* the n-th at n % ANCHOR_TOLD */
};

/* rotate.c: when the epoch that there is ends. */
struct rotation {
	uint64_t every_us, records;
	size_t epochs;		/* how many there were when `due_us` was reckoned */
	uint64_t due_us;	/* by clock_boot_us() */
	uint64_t again_us;	/* not before: one could not begin */
};

/* What is sent once the record is on disk, and not a moment before. */
struct answer {
	struct client *to;
	enum msg_type type;
	uint64_t tag, number;
	enum hold_state state;	/* of DECIDED */
};

struct recorder {
	struct ledger *ledger;
	struct signing *signing;		/* owned */
	struct signers *signers;		/* owned */
	struct vault *vault;			/* owned */
	struct vault_place place;		/* of the payload that was put last */
	int listener, guests;			/* owned; guests: -1 if there is no socket for other users */
	int stop;				/* owned; activated: readable once it is to end; otherwise -1 */
	bool activated;				/* it did not make its sockets, and hears launchers of other users */
	char signers_own[SEAL_DIGEST_TEXT];	/* of the list by which alone its reviewers sign; "": the run's own */
	struct owners *owners;			/* owned; of those; NULL: what a launcher says stands */
	char verifier[SEAL_VERIFIER_TEXT + 1];	/* by which this ledger is to be checked, as its .pub says */
	const char *tenant;			/* whose runs come here; NULL: nobody looks */
	struct client *clients[RECORDER_ALL];	/* owned, densely */
	size_t count, guest_count;
	bool met_one;				/* somebody of the owner's came; the last to go ends us */
	uint64_t idle_ns, until_ns;		/* how long it stays when he has gone, and until when if nobody comes */
	char halted[sizeof(((struct err *)0)->text)];			/* why no new intents are taken; empty: they are */
	struct answer *answers;			/* owned; RECORDER_ANSWERS */
	size_t answer_count;
	struct msg *msg;			/* owned; one at a time */
	struct watch *watches;			/* owned; RECORDER_WATCHES */
	size_t watch_count;
	struct anchor anchor;
	struct rotation rotation;
	uint64_t turned_ns, turned;		/* when somebody was last said to be turned away, how many since */
};

/* options.c: what may be set for a serving recorder. Texts are borrowed. */
struct recorder_options {
	const char *review;	/* socket for other users; NULL: none */
	gid_t group;		/* theirs; -1: not given */
	bool group_reads;	/* the ledger's files, which its folder's group may */
	const char *tenant, *owners, *signers;	/* NULL: any; files, NULL: none */
	const char *credential;	/* of systemd's: the root key; NULL: it is in KEYFILE */
	const char *agent;	/* the ssh-agent at our input: a fingerprint, or "": its only key; NULL: none */
	unsigned idle_s;	/* how long it stays when the last has gone */
	uint64_t segment;	/* bytes of the journal's segments; 0: not given */
	uint64_t epoch_hours, epoch_records;	/* after how many, whichever is first, an epoch is over */
};

int recorder_options(struct recorder_options *out, char **words, struct err *e) must_use;
bool recorder_root(struct recorder_options *o, const char *value);	/* what root= may be; false: it is none of that */

/* listen.c: a listening socket at this path, for us alone or for a group too. */
int listen_at(int *out, const char *path, struct err *e) must_use;
int listen_for(int *out, const char *path, gid_t group, struct err *e) must_use;
/* activated.c: or sockets that were passed to us. */
int activated_doors(struct recorder *r, struct err *e) must_use;
/* Somebody at one of them. */
int listen_hear(struct recorder *r, int listener, struct err *e) must_use;

/* peer.c: false: nobody knows. */
bool peer_of(struct peer *out, int fd) must_use;
bool peer_same(const struct peer *a, const struct peer *b);	/* as far as the kernel can tell */
void peer_free(struct peer *p);

/* claims.c: what another user's launcher says of himself in the record of a run, and in all others. */
int claims_of_run(struct client *c, const struct recorder *r, struct record *run, struct err *e) must_use;
/* A list of signers that a run brings is the operator's, where there is one of his. */
int claims_signers_load(struct recorder *r, const char *path, struct err *e) must_use;
int claims_of_signers(const struct recorder *r, const char *digest, struct err *e) must_use;
int claims_within(const struct client *c, const struct recorder *r, struct record *record, struct err *e) must_use;

/* init.c: LEDGERDIR KEYFILE TENANT. Make ledger and key, or find both; print the verifier key. */
int recorder_init(char **args, const struct recorder_options *o, struct err *e) must_use;

/* revoke.c: LEDGERDIR KEYFILE ROOT SINCE WHY. */
int recorder_revoke(char **args, struct err *e) must_use;

/* Until the last client has gone. -1: the ledger is poisoned or the kernel failed us. */
int recorder_serve(struct recorder *r, struct err *e) must_use;
void recorder_free(struct recorder *r);

/*
 * One message: queue its record and the answer. -1 with ERR_PEER or any other kind but ERR_SYSTEM:
 * the client misspoke; ERR_SYSTEM: the ledger failed.
 */
int client_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;

/* It went without saying so: what it left open is closed as unknown and lost. */
int client_ended(struct recorder *r, struct client *c, struct err *e) must_use;
/* What was queued is durable, payloads first. */
int client_commit(struct recorder *r, struct err *e) must_use;
void client_owe(struct recorder *r, struct client *c, enum msg_type t, uint64_t tag, uint64_t number);
bool client_has_room(struct recorder *r);	/* for another intent */
void client_halt(struct recorder *r, const struct err *why);	/* no more intents from now on */
bool client_writable(const struct client *c);
void client_free(struct client *c);

/* holding.c: what brokers say of held calls, and what they are told. */
int holding_payload(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;
int holding_hold(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;
int holding_withdraw(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;
/* May an intent of this client be tried as approved? 0: not now; it hears why instead of a receipt. */
int holding_try(struct recorder *r, struct client *c, uint64_t held, struct err *e) must_use;
bool holding_make_room(struct recorder *r, size_t size);	/* for a payload that is looked at again */
void holding_tell(struct recorder *r);		/* after a commit */
void holding_forget(struct recorder *r, const struct client *c);
int holding_expire(struct recorder *r, struct err *e) must_use;

/* review.c: what reviewers ask. */
int review_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;
void review_tell(struct recorder *r, struct client *c);	/* after a commit */
bool review_wants(const struct recorder *r, const struct client *c);	/* there is something to tell it */
void review_refuse(struct recorder *r, struct client *c, uint64_t tag, const struct err *why);

/*
 * vault.c: what came as PAYLOAD with this tag goes into the vault as that of the record that is appended next, which
 * is told so. ERR_LIMIT: there is no room for it. The record borrows until the next one is kept.
 */
int vault_keep(struct recorder *r, const struct client *c, uint64_t tag, struct record *record, struct err *e) must_use;
bool vault_recall(struct recorder *r, struct hold *h);	/* what a recorder before this one has kept of it */

/* TENANT.vault beside TENANT.key. */
int vault_open_beside(struct vault **out, const char *dir, const char *key_path, const struct seal_verifier *root, struct err *e) must_use;

/* reveal.c: REVEAL; purge.c: DESTROY. */
int reveal_begin(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;
void reveal_tell(struct recorder *r, struct client *c);
int purge_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;

/* anchor.c: ANCHOR, then what it says; and what it is told after a commit. */
int anchor_begin(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;
int anchor_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;
void anchor_tell(struct recorder *r);
int anchor_ms(const struct recorder *r);	/* for poll(2), until it is told or waited for no more; -1: never */
int anchor_gone(struct recorder *r, const struct client *c, struct err *e) must_use;
/* All others have gone: may the recorder go too? */
int anchor_over(struct recorder *r, struct err *e) must_use;

/* rotate.c: the next epoch, if it is time; asked when nobody is owed an answer. And ROTATE. */
int rotate_if_due(struct recorder *r, struct err *e) must_use;
int rotate_ms(struct recorder *r);	/* for poll(2), until it is; -1: never */
int rotate_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;

/* vouch.c: VOUCH and ACCESS. */
int vouch_load(struct recorder *r, const char *key_path, struct err *e) must_use;
int vouch_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;
int access_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;

/* decide.c: DECIDE. */
int review_decide(struct recorder *r, struct client *c, const struct msg *m, struct err *e) must_use;

#endif

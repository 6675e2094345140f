/* broker/net.h - connections of programs in the jail: asked for, judged, written down, dialed, given to who asked. */
#ifndef BROKER_NET_H
#define BROKER_NET_H

#include "broker/broker.h"
#include "wire/net.h"

enum {
	CARRIERS = 2,			/* the proxy, and the inspector */
	LINKS = NET_CONNECTIONS + 256,	/* some more, to write down what is refused because there are too many */
	BUCKETS = 4096,
	FOLDS = 512,			/* refusals that are told apart */
	DIAL_MS = 15000,		/* the dialer has for one connection */
	SENTENCE = 500,			/* bytes of what a program is told */
};

/* Whoever hears programs in the jail; each has tags of its own. */
struct carrier {
	struct broker *broker;
	struct wire wire;		/* fd -1: it has gone, and the launcher knows */
	TAILQ_HEAD(links_due, link) due;		/* answers that wait for room, in order */
};

enum link_state {
	LINK_FREE,
	LINK_COMMITTING,	/* the recorder has it */
	LINK_HELD,		/* refused as one that the recorder still has: told when that is recorded */
	LINK_QUEUED,		/* proved; the dialer is to be told */
	LINK_DIALING,		/* the dialer has it */
	LINK_GIVEN_UP,		/* who asked has its answer; the dialer still has it */
	LINK_ANSWERING,		/* the answer waits for room, and is the end of it */
	LINK_OPEN,
};

/* One that was asked for. There can be thousands, most of them idle. */
struct link {
	TAILQ_ENTRY(link) next;		/* of the free, the queued, the dialing, a fold's held or a carrier's due */
	LIST_ENTRY(link) same;		/* of one bucket */
	struct carrier *carrier;
	uint64_t tag;			/* the carrier's */
	struct fold *fold;		/* refused: the kind it is of */
	uint64_t fold_key;
	struct receipt *proof;		/* owned; NULL until the intent is durable */
	uint64_t began_ns, deadline_ns;
	char *text;			/* owned: what to dial; then its address, or the sentence of a refusal */
	int fd;				/* on its way to who asked; otherwise -1 */
	uint16_t port, answer;		/* answer: enum msg_type, while it waits */
	uint16_t no_errno;
	uint8_t state, no;
	bool refused, datagrams, opened;
};

/* Refusals that are alike: the first is recorded before it is told, then the 10th, the 100th … */
struct fold {
	uint64_t key;			/* 0: free */
	uint64_t count, told, due;
	enum action_kind kind;
	enum reason reason;
	enum net_way way;
	uint16_t port;
	bool proved;			/* the first is recorded */
	TAILQ_HEAD(links_held, link) held;	/* until then */
	char host[NET_HOST + 1];	/* "": there is none, or it is not to be told */
};

TAILQ_HEAD(links, link);

struct net {
	struct carrier carriers[CARRIERS];
	size_t carrier_count;
	struct wire dialer;
	struct link links[LINKS];	/* touched as far as they were ever needed */
	size_t used, count;		/* ever, and now */
	struct links free, queued, dialing;	/* dialing: the soonest deadline first */
	LIST_HEAD(bucket, link) buckets[BUCKETS];
	struct fold folds[FOLDS], others;
	struct pace pace;		/* of refusals that are unlike those before */
	uint8_t seed[16];		/* under which those are compared */
	uint64_t refused, failed;	/* connections: for DONE */
	uint64_t end_ns;		/* the run ends: how long what is open may still say how it went; 0: not yet */
};

/* link.c: what has a tag. */
struct link *link_new(struct carrier *c, uint64_t tag);		/* NULL: there are too many */
struct link *link_find(const struct carrier *c, uint64_t tag);
void link_free(struct link *l);
bool link_say(struct link *l, const char *text);		/* keep a copy; false: no memory */
int link_close(struct link *l, struct outcome o, struct err *e) must_use;	/* its intent; it is freed */

/* net.c: the channels. */
int net_carrier(struct broker *b, int fd, struct err *e) must_use;	/* takes fd */
int net_dialer(struct broker *b, int fd, struct err *e) must_use;	/* takes fd */
bool net_is_whole(const struct broker *b);	/* whoever carries can have dialed */
void net_gather(struct broker *b);
uint64_t net_deadline(const struct broker *b);	/* UINT64_MAX: none */
int net_expire(struct broker *b, uint64_t now, struct err *e) must_use;
int net_end(struct broker *b, struct err *e) must_use;	/* nothing new; what is open has a moment to say how it went */
bool net_waits(const struct broker *b);		/* and it has not yet */

/* net_ask.c: an ASK becomes an action, is judged and written down. */
struct asked_link {
	struct net_ask ask;
	struct action action;		/* borrows from all the others */
	struct risk risk;
	struct verdict verdict;
	json_t *args, *resource;	/* owned */
	char tool[NET_PATH + 16], why[SENTENCE];
	enum net_no no;
	struct commit_net record;	/* what its record says of it */
};

int net_ask(struct carrier *c, const struct msg *m, struct err *e) must_use;
/* net_judge.c */
void net_judge(struct broker *b, struct asked_link *a);
/* net_say.c: what a program is told. */
void net_say(char out[SENTENCE], const struct asked_link *a);

/* net_fold.c: *count: it is recorded as the how-manieth of its kind, *out; 0: it is only counted. */
int net_fold(struct broker *b, const struct asked_link *a, struct fold **out, uint64_t *count, struct err *e) must_use;
int net_fold_proved(struct fold *f, uint64_t key, struct err *e) must_use;	/* a record of that kind is durable */
int net_fold_rest(struct broker *b, struct err *e) must_use;

/* net_answer.c: to who asked, when it has room. */
int net_answer(struct link *l, enum msg_type answer, struct err *e) must_use;
int net_deny(struct link *l, enum net_no no, unsigned error, const char *sentence, struct err *e) must_use;
int net_deny_now(const struct carrier *c, uint64_t tag, enum net_no no, const char *sentence, struct err *e) must_use;
int net_answer_due(struct carrier *c, struct err *e) must_use;

/* net_dial.c: with the dialer. */
int net_proved(void *link, struct receipt *proof, struct err *e) must_use;
int net_dial_queued(struct net *n, struct err *e) must_use;
int net_dialer_attend(void *broker, short what, struct err *e) must_use;
int net_give_up(struct net *n, uint64_t now, struct err *e) must_use;	/* what the dialer had its time for */

/* net_over.c: what it has come to. */
int net_over(struct carrier *c, const struct msg *m, struct err *e) must_use;
int net_abandon(struct net *n, bool open, struct err *e) must_use;	/* the run ends; `open`: also what is open */

#endif

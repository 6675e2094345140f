/* anchor/anchor.h - reeve-anchor: one process that is told of checkpoints, and one for each place that it has them brought to. */
#ifndef ANCHOR_ANCHOR_H
#define ANCHOR_ANCHOR_H

#include "jail/jail.h"
#include "ledger/sighting.h"
#include "wire/wire.h"

enum {
	DUTIES = 20,
	DUTY_MS = 10000,	/* how long a place has to take one */
	DUTY_LAST_MS = 2500,	/* and the last, for which a recorder waits */
	DUTY_QUIET_S = 600,	/* from one record of an outage of a place to the next, when it had so many: */
	DUTY_GAPS = 6,
	DUTY_PAUSE_MOST_S = 600,	/* before a process that ended is there again: 1, 2, 4 up to these, until it has lived as long */
	EVERY_S = 10,		/* from one checkpoint that a place gets to the next */
	EVERY_MOST_S = 3600,
};

/* What a place is to be brought, and what came of it: between two processes of this program. */
struct job {
	uint64_t size;		/* of the checkpoint */
	uint64_t had;		/* of the last that the place has, as far as that is remembered */
	uint64_t handed;	/* of the newest handover; 0: there is none */
	size_t note_size;
	char note[SEAL_NOTE_MOST];
};

struct done {
	uint64_t size;
	bool there;
	char why[224];		/* it is not */
	char line[512];		/* a witness's signature */
};

struct duty;

/* A kind of place. */
struct duty_kind {
	const char *name;	/* of the option that asks for it */
	enum jail_self jail;
	int (*read)(struct duty *d, const char *value, struct err *e);	/* the option's value */
	int (*begin)(struct duty *d, struct err *e);		/* in its own process, before it is confined */
	int (*bring)(struct duty *d, const struct job *j, struct done *out, struct err *e);	/* waits for what it must */
	/* Of a witness, in the process that writes it down: is it what it says? */
	int (*check)(const struct duty *d, const struct job *j, struct done *out, struct err *e);
};

extern const struct duty_kind duty_kinds[];
const struct duty_kind *duty_kind_of(const char *name, size_t size);	/* NULL: there is none */

struct duty {
	const struct duty_kind *kind;
	char name[SEAL_NAME];	/* as records call it */
	const char *where;	/* borrowed: a path, a URL */
	struct seal_verifier key;	/* a witness's */
	struct charge *of;	/* borrowed */

	/* For its own process. */
	int out;		/* to the place; -1: not connected */
	struct talk *talk;	/* with a witness, owned */
	struct hashes *hashes;	/* of a log, where a handover was missing; owned */
	uint64_t told;		/* size of the last handover that it was told of */

	/* For the one that tells it. */
	int fd;			/* -1: its process has ended */
	bool busy;
	struct job sent;	/* what it is at, if busy */
	uint64_t had, failed;	/* sizes: of the last that got there, of the last that did not */
	uint64_t next_ns, late_ns;	/* not before; when it is late, if busy */
	bool down, missing;	/* it is away; a gap was told of it, which is not over */
	uint64_t gap, gaps_s, outages;	/* the open gap's index, 0: none; until when those written are paid for; outages since */
};

/* What it was started with. */
struct charge {
	const char *ledger, *state, *key;	/* key: file with the ledger's verifier key; NULL: not given */
	uint64_t every_s, quorum;
	int recorder, known;	/* connection; file at `state`, or -1 */
	int spine;		/* a connection to its recorder that came along; -1 */
	struct duty duties[DUTIES];
	size_t count;
};

/* duty.c */
int duty_start(struct charge *c, struct duty *d, struct err *e) must_use;
/* One checkpoint. False: it cannot be asked. */
bool duty_ask(struct duty *d, const struct job *j);
/* 1: *out is what came of it; 0: nothing yet; -1: its process has ended. */
int duty_hear(struct duty *d, struct done *out);
/* May one more outage be a record now? Then it is counted. */
bool duty_may_gap(struct duty *d, uint64_t now_s);

/* spine.c: become an anchor of this recorder: one that is told of checkpoints, or one that only enters those of others. */
int anchor_dial(int *out, const char *path, bool watch, struct err *e) must_use;
int anchor_greet(int fd, bool watch, struct err *e) must_use;
/* Tell the spine's recorder of this checkpoint, and wait until it is on disk there. */
int spine_enter(int fd, const char *key_file, const char *note, size_t size, struct err *e) must_use;
/* LEDGER SOCKET KEYFILE: of the ledger's last checkpoint. */
int spine_enter_ledger(char **args, struct err *e) must_use;

/* known.c: what is still to be known when the next one of us begins; derived, and may be lost. */
void known_read(struct charge *c);
void known_write(const struct charge *c);

/* keep.c: until the recorder hangs up. */
int keep_run(struct charge *c, struct err *e) must_use;

/* local.c, and spine.c */
int local_read(struct duty *d, const char *value, struct err *e) must_use;
int local_begin(struct duty *d, struct err *e) must_use;
int journal_bring(struct duty *d, const struct job *j, struct done *out, struct err *e) must_use;
int syslog_bring(struct duty *d, const struct job *j, struct done *out, struct err *e) must_use;
int spine_begin(struct duty *d, struct err *e) must_use;
int spine_bring(struct duty *d, const struct job *j, struct done *out, struct err *e) must_use;

#endif

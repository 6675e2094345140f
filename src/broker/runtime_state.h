/* broker/runtime_state.h - the state of a run; shared by the files runtime*.c alone. */
#ifndef BROKER_RUNTIME_STATE_H
#define BROKER_RUNTIME_STATE_H

#include "broker/runtime.h"

/* What was asked last, and where it counts for as long as it has not been judged. */
struct question {
	const struct action *a;		/* NULL: it was judged; to be told apart by, and for nothing else */
	bool known[METER_OFS];
	uint8_t key[METER_OFS][COUNT_KEY];
	struct history_place places[METERS];
	bool risk_known;
	struct risk risk;
};

struct runtime {
	const struct meter *meters;	/* the policy's */
	size_t meter_count;
	struct counts *counts[METER_OFS];	/* owned */
	size_t stamps;
	uint8_t refused[METER_STAMPS];	/* a ring: was it? */
	size_t next;
	unsigned refusals[METERS];	/* among the last of each meter that asks */
	struct reading_of readings[METERS];
	struct history *own, *shared;	/* own: owned, of this run; shared: NULL: there is none */
	struct question asked;
	unsigned read;			/* flow bits: what is known to have been read, and since when */
	uint64_t read_by[TAINTS];
	uint64_t open, open_sum, open_last;	/* connections that may yet bring something: how many; their records */
	struct runtime_facts facts;
};

/* runtime_keys.c: under what it is counted. */
void question_ask(struct question *q, const struct action *a);

/* runtime_history.c: what is counted in a history. */
void history_asked(struct runtime *r, const struct action *a, uint64_t now_ns);
void history_judged(struct runtime *r, const struct action *a, bool allowed, uint64_t now_ns);
void history_drop(struct runtime *r);	/* what was asked and never judged */
/* false: not known. */
bool history_has_used(struct runtime *r, bool *used, uint64_t now_ns);

#endif

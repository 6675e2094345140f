/*
 * broker/runtime.h - what a run has done so far, for rules of the layer runtime: of the run, whatever
 * connection it came by. Every time is clock_mono_ns(), so that no step of the wall clock changes a thing.
 */
#ifndef BROKER_RUNTIME_H
#define BROKER_RUNTIME_H

#include "broker/history.h"
#include "policy/policy.h"

struct runtime;

enum {
	RUNTIME_KEYS = 4096,	/* tools, and as many calls with their arguments, that are remembered */
	ALIKE = 11, ALIKE_KEYS = 1024,	/* times of the same call, and calls, that are always kept: risk asks for them */
	RUNTIME_STAMPS = 1 << 20, /* times of calls that are, of all of these together */
};

/* The policy is read whole, and outlives it; so does the history, which may be NULL: then there is none. */
int runtime_new(struct runtime **out, const struct policy *p, struct history *history, struct err *e) must_use;
void runtime_free(struct runtime *r);
/* From now on another policy asks; nothing of what was done is forgotten. */
void runtime_follow(struct runtime *r, const struct policy *p);

/*
 * Before the action is judged, which counts as made: also for all other runs of the agent until it has been judged.
 * Good until the next question. A runtime that is NULL knows nothing.
 */
const struct runtime_facts *runtime_ask(struct runtime *r, const struct action *a, uint64_t now_ns);

/* Of the action asked about just now, into *out; NULL: it is not known. */
const struct risk *runtime_risk(const struct runtime *r, struct risk *out);

/* The same for the same call: tool and arguments. false: not known. */
bool runtime_call_key(uint64_t *out, const struct action *a);

/* It was judged, and for good: before anything else is. What is refused was not made; nor is, yet, what is held:
 * it is judged, and counted, once more when it has been approved. */
void runtime_judged(struct runtime *r, const struct action *a, enum verdict_kind kind, uint64_t now_ns);

/* It is judged again before it is done: until then it is not made. */
void runtime_put_off(struct runtime *r);

/* The agent may have read what it brings; `record` is its intent. */
void runtime_brought(struct runtime *r, const struct action *a, uint64_t record);

/* A connection may bring something from when it is open; over, it is known whether it did. Once each. */
void runtime_opened(struct runtime *r, uint64_t record);
void runtime_over(struct runtime *r, uint64_t record, bool brought);

/* runtime_counts.c: how often each of some keys was, and when; the one that was longest ago is forgotten first. */
struct counts;

struct counted {
	double least, most;	/* they differ where something was forgotten */
};

enum { COUNT_KEY = 16 };

/* `stamps`: what all counts may keep together. keys: so many at most; each: of one key, so many times. */
struct counts *counts_new(size_t keys, size_t each, size_t *stamps);
void counts_keep(struct counts *c, size_t each);	/* from now on at least so many, of RUNTIME_KEYS */
void counts_free(struct counts *c);
void counts_add(struct counts *c, const uint8_t key[COUNT_KEY], uint64_t now_ns);
/* Without the one that is asked about; within_ns 0: ever. */
struct counted counts_of(const struct counts *c, const uint8_t key[COUNT_KEY], uint64_t within_ns, uint64_t now_ns);

#endif

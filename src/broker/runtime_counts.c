/*
 * A table of keys that an agent can make up: it is bounded, and what was longest ago goes first. A key
 * that is not there may be one that was forgotten; then it may have been as often, and as lately, as any that
 * was. So an agent that floods the table makes reeve less sure and never more lenient.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "broker/runtime.h"

enum { BUCKETS = 4096 };

struct entry {
	TAILQ_ENTRY(entry) used;
	LIST_ENTRY(entry) same;
	uint8_t key[COUNT_KEY];
	uint64_t count;
	double missed;		/* how many more there may have been ... */
	uint64_t missed_ns;	/* ... and no later than this */
	uint64_t *stamps;	/* owned: a ring of the last `kept` times, in room for `room` */
	size_t room, kept, next;
};

struct counts {
	TAILQ_HEAD(used, entry) used;	/* the oldest first */
	LIST_HEAD(alike, entry) buckets[BUCKETS];
	size_t count, keys, each, *stamps;
	size_t most;			/* stamps of all */
	double forgotten;		/* the most that any forgotten key may have had */
	uint64_t forgotten_ns;		/* and when the last of them was last */
};

/* More than any rule can ask for. */
static const double ANY = 1e18;

struct counts *counts_new(size_t keys, size_t each, size_t *stamps)
{
	struct counts *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	TAILQ_INIT(&c->used);
	c->keys = keys;
	c->each = each;
	c->stamps = stamps;
	return c;
}

void counts_keep(struct counts *c, size_t each)
{
	c->keys = RUNTIME_KEYS;
	c->each = c->each < each ? each : c->each;
}

static void drop(struct counts *c, struct entry *x)
{
	TAILQ_REMOVE(&c->used, x, used);
	LIST_REMOVE(x, same);
	*c->stamps -= x->room;
	c->count--;
	free(x->stamps);
	free(x);
}

void counts_free(struct counts *c)
{
	struct entry *x;

	while (c && (x = TAILQ_FIRST(&c->used)))
		drop(c, x);
	free(c);
}

/* The keys are hashes already. */
static size_t bucket_of(const uint8_t key[COUNT_KEY])
{
	return (key[0] | (size_t)key[1] << 8) % BUCKETS;
}

static struct entry *find(const struct counts *c, const uint8_t key[COUNT_KEY])
{
	struct entry *x;

	LIST_FOREACH(x, &c->buckets[bucket_of(key)], same)
		if (memcmp(x->key, key, COUNT_KEY) == 0)
			return x;
	return NULL;
}

static uint64_t stamp_at(const struct entry *x, size_t back)
{
	return x->stamps[(x->next + x->room - 1 - back) % x->room];
}

static void forget(struct counts *c, struct entry *x)
{
	double may = (double)x->count + x->missed;
	uint64_t last = x->kept ? stamp_at(x, 0) : UINT64_MAX;

	if (c->forgotten < may)
		c->forgotten = may;
	if (c->forgotten_ns < last)
		c->forgotten_ns = last;
	drop(c, x);
}

static struct entry *make(struct counts *c, const uint8_t key[COUNT_KEY])
{
	struct entry *x;

	if (c->count == c->keys)
		forget(c, TAILQ_FIRST(&c->used));
	x = calloc(1, sizeof(*x));
	if (!x)
		return NULL;
	memcpy(x->key, key, COUNT_KEY);
	x->missed = c->forgotten;
	x->missed_ns = c->forgotten_ns;
	LIST_INSERT_HEAD(&c->buckets[bucket_of(key)], x, same);
	TAILQ_INSERT_TAIL(&c->used, x, used);
	c->count++;
	return x;
}

/* Twice the room, in the order of time; others give way for it. */
static bool grow(struct counts *c, struct entry *x)
{
	size_t room = x->room ? 2 * x->room : 4, i;
	uint64_t *stamps;

	room = room < c->each ? room : c->each;
	while (*c->stamps + room - x->room > RUNTIME_STAMPS && TAILQ_FIRST(&c->used) != x)
		forget(c, TAILQ_FIRST(&c->used));
	stamps = calloc(room, sizeof(*stamps));
	if (!stamps)
		return false;
	for (i = 0; i < x->kept; i++)
		stamps[x->kept - 1 - i] = stamp_at(x, i);
	*c->stamps += room - x->room;
	free(x->stamps);
	x->stamps = stamps;
	x->room = room;
	x->next = x->kept;
	return true;
}

static bool stamp(struct counts *c, struct entry *x, uint64_t now)
{
	if (x->kept == x->room && x->room < c->each && !grow(c, x))
		return false;
	x->next %= x->room;
	x->stamps[x->next++] = now;
	x->kept += x->kept < x->room;
	return true;
}

/* It is not known any more how often anything was. */
static void lose(struct counts *c, struct entry *x, uint64_t now)
{
	c->forgotten = ANY;
	c->forgotten_ns = now;
	if (!x)
		return;
	x->missed = ANY;
	x->missed_ns = now;
}

void counts_add(struct counts *c, const uint8_t key[COUNT_KEY], uint64_t now)
{
	struct entry *x = find(c, key);

	if (!x)
		x = make(c, key);
	if (x) {
		x->count++;
		TAILQ_REMOVE(&c->used, x, used);
		TAILQ_INSERT_TAIL(&c->used, x, used);
	}
	if (!x || (c->each && !stamp(c, x, now)))
		lose(c, x, now);
}

/* How many of its times are later: they are in order. */
static size_t later(const struct entry *x, uint64_t within, uint64_t now)
{
	size_t low = 0, high = x ? x->kept : 0, half;

	while (low < high) {
		half = low + (high - low) / 2;
		if (now - stamp_at(x, half) < within)
			low = half + 1;
		else
			high = half;
	}
	return low;
}

struct counted counts_of(const struct counts *c, const uint8_t key[COUNT_KEY], uint64_t within, uint64_t now)
{
	const struct entry *x = find(c, key);
	double missed = x ? x->missed : c->forgotten;
	uint64_t missed_ns = x ? x->missed_ns : c->forgotten_ns;
	struct counted n = { .least = x ? (double)x->count : 0 };

	if (within && missed_ns < now && now - missed_ns >= within)
		missed = 0;
	if (within) {
		n.least = (double)later(x, within, now);
		if (x && n.least >= (double)x->kept)	/* and those before them may be, too */
			missed += (double)(x->count - x->kept);
	}
	n.most = n.least + missed;
	return n;
}

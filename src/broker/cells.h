/* broker/cells.h - what the file of a history is made of; shared by history.c and history_open.c alone. */
#ifndef BROKER_CELLS_H
#define BROKER_CELLS_H

#include <stdatomic.h>

#include "broker/history.h"

enum { HEAD = 4096, WAYS = 32, TIME_BITS = 42, AMOUNT_BITS = 53 };

#define MAGIC UINT64_C(0x3179726f74736968)
#define TAKEN UINT64_C(1)

typedef _Atomic uint64_t word;

struct cell {
	word key;	/* 0: free; TAKEN: somebody is about to use it */
	word until;	/* checked, ms; 0 within: for ever */
	word amount;	/* checked */
	word mark;	/* MAGIC in the last one: who made the file longer again has not made it whole */
};

struct head {
	word magic;
	word shift;	/* checked with the boot's id: ms from this boot's clock to ours */
	word latest;	/* checked: a time that has been */
	word lost[HISTORY_PARTS];	/* checked: until when something is missing */
};

enum { GROUPS = (HISTORY_SIZE - HEAD) / (WAYS * sizeof(struct cell)), CELLS = GROUPS * WAYS };

struct history {
	struct head *head;
	struct cell *cells;
	void *memory;
	bool mapped;
	uint64_t shift;
	char doubt[160];
};

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = a ^ (b * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x632be59bd9b4e019));

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* A number, and above it what there is room for of a checksum of it and of what it belongs to. */
static inline uint64_t check(uint64_t number, unsigned bits, uint64_t whose)
{
	return number | mix(number, whose) << bits;
}

static inline bool checked(uint64_t *number, uint64_t read, unsigned bits, uint64_t whose)
{
	*number = read & ((UINT64_C(1) << bits) - 1);
	return check(*number, bits, whose) == read;
}

/* The first reason stays. Returns false. */
bool history_distrust(struct history *h, const char *why);

/* Both numbers of a cell, if it is still this key's: a cell that has become another's has nothing of ours. */
bool cell_read(struct history *h, struct cell *c, uint64_t key, uint64_t *amount, uint64_t *until);

#endif

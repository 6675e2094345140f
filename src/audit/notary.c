/*
 * A ring of checkpoints still to be checked. One verification takes as long as some sixty records, and
 * depends on nothing but its own bytes, so it is the part that a second processor can take over.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "ledger/epochs.h"

enum { RING = 4096 };

struct note {
	uint64_t size;			/* the tree's, where it was met */
	uint8_t root[SEAL_HASH];
	struct epochs_due due;
	size_t bytes;
	char text[SEAL_NOTE_MOST];
};

struct notary {
	pthread_t helper;
	bool helps, closed;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t first, waiting;		/* of the ring */
	struct notes_checked found;
	struct note ring[RING];
};

static void keep_first(bool *seen, uint64_t *first, uint64_t size)
{
	if (!*seen || size < *first)
		*first = size;
	*seen = true;
}

/* Under the lock. A bad signature is its own verdict; a good one over other records is lost integrity. */
static void judge(struct notary *n, const struct note *note, const struct checkpoint *c, const char *why)
{
	bool earliest = !n->found.unsigned_seen || note->size < n->found.first_unsigned;

	n->found.count++;
	if (why) {
		keep_first(&n->found.unsigned_seen, &n->found.first_unsigned, note->size);
		if (earliest)
			snprintf(n->found.why, sizeof(n->found.why), "%s", why);
	} else if (c->size != note->size || memcmp(c->root, note->root, SEAL_HASH) != 0) {
		keep_first(&n->found.differs_seen, &n->found.first_differs, note->size);
	}
}

/* Takes one off the ring, checks it without the lock. Called and left with the lock held. */
static void check_one(struct notary *n, struct note *room)
{
	struct err e = { .kind = ERR_NONE };
	struct note *next = &n->ring[n->first];
	struct checkpoint c = { 0 };
	bool good;

	memcpy(room, next, offsetof(struct note, text) + next->bytes);
	n->first = (n->first + 1) % RING;
	n->waiting--;
	pthread_mutex_unlock(&n->lock);
	good = epochs_open_due(&c, &room->due, room->text, room->bytes, &e) == 0;
	pthread_mutex_lock(&n->lock);
	judge(n, room, &c, good ? NULL : e.text);
}

static void *help(void *of)
{
	struct notary *n = of;
	struct note room;

	pthread_mutex_lock(&n->lock);
	while (!n->closed || n->waiting > 0) {
		if (n->waiting > 0)
			check_one(n, &room);
		else
			pthread_cond_wait(&n->changed, &n->lock);
	}
	pthread_mutex_unlock(&n->lock);
	return NULL;
}

/* Without a second thread the first does it all: slower, and no less true. */
int notary_begin(struct notary **out, struct err *e)
{
	struct notary *n = calloc(1, sizeof(*n));

	if (!n)
		return err_sys(e, "memory for checkpoints");
	pthread_mutex_init(&n->lock, NULL);
	pthread_cond_init(&n->changed, NULL);
	n->helps = pthread_create(&n->helper, NULL, help, n) == 0;
	*out = n;
	return 0;
}

void notary_take(struct notary *n, const struct frame *f, const struct tree *t, const struct epochs_due *due)
{
	struct note room, *next;

	pthread_mutex_lock(&n->lock);
	if (n->waiting == RING)
		check_one(n, &room);
	next = &n->ring[(n->first + n->waiting) % RING];
	next->size = t->size;
	next->due = *due;
	tree_root(next->root, t);
	next->bytes = f->size;
	memcpy(next->text, f->body, f->size);
	if (n->waiting++ == 0)
		pthread_cond_signal(&n->changed);
	pthread_mutex_unlock(&n->lock);
}

static void join(struct notary *n)
{
	pthread_mutex_lock(&n->lock);
	n->closed = true;
	pthread_cond_signal(&n->changed);
	pthread_mutex_unlock(&n->lock);
	if (n->helps)
		pthread_join(n->helper, NULL);
	n->helps = false;
}

void notary_end(struct notes_checked *out, struct notary *n)
{
	struct note room;

	pthread_mutex_lock(&n->lock);
	while (n->waiting > 0)
		check_one(n, &room);
	pthread_mutex_unlock(&n->lock);
	join(n);
	*out = n->found;
}

void notary_free(struct notary *n)
{
	if (!n)
		return;
	join(n);
	pthread_cond_destroy(&n->changed);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

/*
 * Blocks of whole frames. Reading one is a step that each takes in turn, since where the next begins is known when this
 * one's sizes are; what takes time, sums, hashes and parsing, all do side by side. Who asks for the next block works on
 * one himself while it is not ready.
 */
#include "audit/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

enum {
	BLOCK = 64 << 10,
	FRAMES = BLOCK / (FRAME_HEAD + FRAME_ALIGN),
	HELPERS = 15,
	BLOCKS = 4 * (HELPERS + 1),
};

enum block_state { FREE, TAKEN, READY };

struct block {
	enum block_state state;
	bool bad;		/* not all of it is whole */
	size_t size, count;
	struct ahead_frame frames[FRAMES];
	char bytes[BLOCK];
};

struct ahead {
	struct journal *j;	/* borrowed; under the lock */
	uint64_t at, end;
	ahead_look *look;
	const void *of;
	pthread_t helpers[HELPERS];
	size_t helper_count, block_count;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t first, taken;	/* of the ring: the one to be told next, and how many from there on are not free */
	bool telling;		/* the first one is being looked at */
	bool closed, failed;
	struct err why;
	struct block *blocks[BLOCKS];	/* owned */
};

/* How far whole frames reach, by their sizes alone. */
static size_t hop(const char *bytes, size_t size)
{
	size_t at = 0, whole;
	uint32_t body;

	while (at + FRAME_HEAD <= size) {
		memcpy(&body, bytes + at, sizeof(body));
		whole = (FRAME_HEAD + (size_t)body + FRAME_ALIGN - 1) / FRAME_ALIGN * FRAME_ALIGN;
		if (body == 0 || body > RECORD_MOST || at + whole > size)
			break;
		at += whole;
	}
	return at;
}

/* Under the lock. NULL: nothing more to do, or not now. */
static struct block *take_block(struct ahead *a)
{
	size_t want = a->end - a->at < BLOCK ? (size_t)(a->end - a->at) : BLOCK, got;
	struct block *b;

	if (a->failed || want == 0 || a->taken == a->block_count)
		return NULL;
	b = a->blocks[(a->first + a->taken) % a->block_count];
	if (journal_bytes(&got, a->j, b->bytes, want, a->at, &a->why) < 0) {
		a->failed = true;
		return NULL;
	}
	for (; got < want && want - got < FRAME_ALIGN; got++)	/* the last one's padding may be missing */
		b->bytes[got] = 0;
	b->size = hop(b->bytes, got);
	b->bad = b->size == 0;
	a->at = b->bad ? a->end : a->at + b->size;
	b->state = TAKEN;
	a->taken++;
	return b;
}

/* What merges within this block: the left neighbour's subtree begins in it too. */
static void merge(struct ahead_frame *f, uint8_t nodes[][SEAL_HASH], uint64_t begin)
{
	uint64_t i = f->frame.index;

	for (f->level = 0; i >> f->level & 1 && i + 1 - (UINT64_C(2) << f->level) >= begin; f->level++)
		sum_prefixed(f->hash, TREE_NODE, nodes[f->level], SEAL_HASH, f->hash, SEAL_HASH);
	memcpy(nodes[f->level], f->hash, SEAL_HASH);
}

/* Without the lock. Indexes that do not follow each other have no place in a tree: who walks sees that first. */
static void work(const struct ahead *a, struct block *b)
{
	uint8_t nodes[64][SEAL_HASH];
	struct err ignored = { .kind = ERR_NONE };
	uint64_t begin = 0, next = 0;
	struct entry entry = { 0 };
	struct ahead_frame *f;
	size_t at;

	b->count = 0;
	for (at = 0; at < b->size; at += frame_whole(&f->frame)) {
		f = &b->frames[b->count];
		if (frame_get(&f->frame, b->bytes + at, b->size - at) != FRAME_WHOLE) {
			b->bad = true;
			return;
		}
		b->count++;
		f->plain = f->frame.kind != FRAME_COMMIT && a->look &&
			   entry_next(&entry, f->frame.body, f->frame.size, &ignored) == 0 &&
			   a->look(a->of, &entry.record, &f->frame);
		if (f->frame.kind == FRAME_COMMIT)
			continue;
		begin = next == 0 || f->frame.index != next ? f->frame.index : begin;
		next = f->frame.index + 1;
		sum_prefixed(f->hash, TREE_LEAF, f->frame.body, f->frame.size, "", 0);
		f->level = 0;
		if (a->look)
			merge(f, nodes, begin);
	}
}

/* Called and left with the lock held. */
static bool work_on_one(struct ahead *a)
{
	struct block *b = take_block(a);

	if (!b)
		return false;
	pthread_mutex_unlock(&a->lock);
	work(a, b);
	pthread_mutex_lock(&a->lock);
	b->state = READY;
	pthread_cond_broadcast(&a->changed);
	return true;
}

static void *help(void *of)
{
	struct ahead *a = of;

	pthread_mutex_lock(&a->lock);
	while (!a->closed)
		if (!work_on_one(a))
			pthread_cond_wait(&a->changed, &a->lock);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static size_t helpers_wanted(void)
{
	int all = get_nprocs();

	return all < 2 ? 0 : all > HELPERS ? HELPERS : (size_t)all - 1;
}

/* Without threads the caller does it all: slower, and no less true. */
int ahead_begin(struct ahead **out, struct journal *j, uint64_t end, ahead_look *look, const void *of, struct err *e)
{
	scoped(ahead) struct ahead *a = calloc(1, sizeof(*a));
	size_t wanted = helpers_wanted();

	if (!a)
		return err_sys(e, "memory for a journal");
	a->j = j;
	a->at = JOURNAL_MAGIC;
	a->end = end;
	a->look = look;
	a->of = of;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	for (; a->block_count < 4 * (wanted + 1); a->block_count++)
		if (!(a->blocks[a->block_count] = calloc(1, sizeof(struct block))))
			return err_sys(e, "memory for a journal");
	while (a->helper_count < wanted && pthread_create(&a->helpers[a->helper_count], NULL, help, a) == 0)
		a->helper_count++;
	*out = take(&a);
	return 0;
}

static void let_go(struct ahead *a)
{
	if (!a->telling)
		return;
	a->blocks[a->first]->state = FREE;
	a->first = (a->first + 1) % a->block_count;
	a->taken--;
	a->telling = false;
	pthread_cond_broadcast(&a->changed);
}

int ahead_next(const struct ahead_frame **frames, size_t *count, struct ahead *a, struct err *e)
{
	struct block *b;
	int done = 0;

	pthread_mutex_lock(&a->lock);
	let_go(a);
	b = a->blocks[a->first];
	while (!a->failed && !(a->taken == 0 && a->at == a->end) && b->state != READY)
		if (!work_on_one(a) && !a->failed)
			pthread_cond_wait(&a->changed, &a->lock);
	*count = 0;
	if (a->failed) {
		*e = a->why;
		done = -1;
	} else if (b->state == READY && b->bad) {
		done = err_set(e, ERR_INPUT, "the journal changed while it was read; try again");
	} else if (b->state == READY) {
		*frames = b->frames;
		*count = b->count;
		a->telling = true;
	}
	pthread_mutex_unlock(&a->lock);
	return done;
}

void ahead_free(struct ahead *a)
{
	size_t i;

	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->closed = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	for (i = 0; i < a->helper_count; i++)
		pthread_join(a->helpers[i], NULL);
	for (i = 0; i < a->block_count; i++)
		free(a->blocks[i]);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/* A ring of files still to be written: whoever hashes goes on while a disk is waited for, until the ring is full. */
#include "audit/writer.h"

#include <pthread.h>
#include <stdlib.h>

enum { RING = 16 };

struct job {
	struct tile tile;
	struct buf bytes;
};

struct writer {
	struct view *view;
	pthread_t helper;
	bool helps, closed, failed;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t first, waiting;	/* of the ring */
	struct err why;
	struct job ring[RING];
};

/* Called and left with the lock held; without it meanwhile. Who puts does not touch the first one. */
static void write_one(struct writer *w)
{
	struct job *j = &w->ring[w->first];
	struct err e = { .kind = ERR_NONE };
	bool good;

	pthread_mutex_unlock(&w->lock);
	good = view_put(w->view, &j->tile, j->bytes.data, j->bytes.size, &e) == 0;
	buf_drop(&j->bytes, j->bytes.size);
	pthread_mutex_lock(&w->lock);
	if (!good)
		w->why = e;
	w->failed = !good;
	w->first = (w->first + 1) % RING;
	w->waiting--;
	pthread_cond_broadcast(&w->changed);
}

static void *help(void *of)
{
	struct writer *w = of;

	pthread_mutex_lock(&w->lock);
	while (!w->failed && (!w->closed || w->waiting > 0)) {
		if (w->waiting > 0)
			write_one(w);
		else
			pthread_cond_wait(&w->changed, &w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Without a thread the caller does it all: slower, and no less true. */
int writer_begin(struct writer **out, struct view *v, struct err *e)
{
	struct writer *w = calloc(1, sizeof(*w));
	size_t i;

	if (!w)
		return err_sys(e, "memory for files");
	w->view = v;
	for (i = 0; i < RING; i++)
		w->ring[i].bytes = BUF(TILE_MOST);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->helps = pthread_create(&w->helper, NULL, help, w) == 0;
	*out = w;
	return 0;
}

int writer_put(struct writer *w, const struct tile *t, const char *bytes, size_t size, struct err *e)
{
	struct job *j;
	int done = 0;

	if (!w->helps)
		return view_put(w->view, t, bytes, size, e);
	pthread_mutex_lock(&w->lock);
	while (!w->failed && w->waiting == RING)
		pthread_cond_wait(&w->changed, &w->lock);
	j = &w->ring[(w->first + w->waiting) % RING];
	j->tile = *t;
	if (w->failed) {
		*e = w->why;
		done = -1;
	} else if (!buf_add(&j->bytes, bytes, size)) {
		done = err_set(e, ERR_SYSTEM, "no memory for a file");
	} else if (w->waiting++ == 0) {
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return done;
}

static void join(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->closed = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	if (w->helps)
		pthread_join(w->helper, NULL);
	w->helps = false;
}

int writer_end(struct writer *w, struct err *e)
{
	join(w);
	if (!w->failed)
		return 0;
	*e = w->why;
	return -1;
}

void writer_free(struct writer *w)
{
	size_t i;

	if (!w)
		return;
	join(w);
	for (i = 0; i < RING; i++)
		buf_free(&w->ring[i].bytes);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

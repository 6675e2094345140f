/* Slots for connections, found by who asked and its tag; the dialer knows one by its slot. */
#include "broker/net.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"

static struct bucket *bucket_of(struct net *n, uint64_t tag)
{
	return &n->buckets[tag * UINT64_C(0x9e3779b97f4a7c15) >> 52];
}

struct link *link_new(struct carrier *c, uint64_t tag)
{
	struct net *n = c->broker->net;
	struct link *l = TAILQ_FIRST(&n->free);

	_Static_assert(BUCKETS == 1 << 12, "twelve bits of a tag choose its bucket");
	if (l)
		TAILQ_REMOVE(&n->free, l, next);
	else if (n->used < LINKS)
		l = &n->links[n->used++];
	else
		return NULL;
	*l = (struct link){ .carrier = c, .tag = tag, .fd = -1, .state = LINK_COMMITTING, .began_ns = clock_mono_ns() };
	LIST_INSERT_HEAD(bucket_of(n, tag), l, same);
	n->count++;
	return l;
}

struct link *link_find(const struct carrier *c, uint64_t tag)
{
	struct link *l;

	LIST_FOREACH(l, bucket_of(c->broker->net, tag), same)
		if (l->tag == tag && l->carrier == c && l->state != LINK_GIVEN_UP)
			return l;
	return NULL;
}

void link_free(struct link *l)
{
	struct net *n = l->carrier->broker->net;

	LIST_REMOVE(l, same);
	fd_close(&l->fd);
	free(take(&l->text));
	receipt_free(take(&l->proof));
	l->state = LINK_FREE;
	n->count--;
	TAILQ_INSERT_HEAD(&n->free, l, next);
}

bool link_say(struct link *l, const char *text)
{
	free(l->text);
	l->text = strdup(text);
	return l->text;
}

int link_close(struct link *l, struct outcome o, struct err *e)
{
	int done;

	o.duration_us = (clock_mono_ns() - l->began_ns) / 1000;
	o.exit = -1;
	if (l->opened)
		runtime_over(l->carrier->broker->runtime, receipt_index(l->proof), !o.carried || o.received > 0);
	done = commit_outcome(&l->carrier->broker->commits, l->proof, &o, e);
	link_free(l);
	return done;
}

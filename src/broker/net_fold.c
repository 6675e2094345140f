/*
 * A program can be refused as often as it likes. The first refusal of a kind is recorded before it is told, then
 * the 10th, the 100th …; those between are told at once and counted. Kinds that come too fast to be told apart
 * are one kind.
 */
#include "broker/net.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum { AT_ONCE = 256, EACH_SECOND = 32 };

/* What makes two refusals alike. Under a seed, or a program could find two that are none. */
static uint64_t key_of(const struct net *n, const struct asked_link *a)
{
	char all[sizeof(n->seed) + sizeof(a->tool) + sizeof(a->ask.path) + 256];
	uint8_t hash[SEAL_HASH];
	uint64_t key;
	int size;

	memcpy(all, n->seed, sizeof(n->seed));
	size = snprintf(all + sizeof(n->seed), sizeof(all) - sizeof(n->seed), "%d %d %s\n%s\n%s", a->action.kind,
			a->verdict.reason, a->tool, a->ask.method, a->ask.path);
	must(size > 0 && (size_t)size < sizeof(all) - sizeof(n->seed));
	seal_hash(hash, all, sizeof(n->seed) + (size_t)size);
	memcpy(&key, hash, sizeof(key));
	return key | 1; /* 0 is nobody's */
}

static int tell(struct broker *b, struct fold *f, struct err *e);

static int begin(struct broker *b, struct fold *f, uint64_t key, const struct asked_link *a, struct err *e)
{
	if (f->count > f->told && tell(b, f, e) < 0)
		return -1;
	*f = (struct fold){ .key = key,
			    .due = 1,
			    .kind = a->action.kind,
			    .reason = a->verdict.reason,
			    .way = a->ask.way,
			    .port = a->ask.port };
	TAILQ_INIT(&f->held);
	if (a->record.host)
		snprintf(f->host, sizeof(f->host), "%s", a->record.host);
	return 0;
}

int net_fold_proved(struct fold *f, uint64_t key, struct err *e)
{
	struct link *l;

	if (f->key != key)
		return 0;
	f->proved = true;
	while ((l = TAILQ_FIRST(&f->held))) {
		TAILQ_REMOVE(&f->held, l, next);
		if (net_answer(l, MSG_DENIED, e) < 0)
			return -1;
	}
	return 0;
}

/* Its place is another's only when its first is recorded: until then some may wait for that. */
static bool is_taken(const struct fold *f, uint64_t key)
{
	return f->key && f->key != key && !f->proved;
}

int net_fold(struct broker *b, const struct asked_link *a, struct fold **out, uint64_t *count, struct err *e)
{
	struct net *n = b->net;
	uint64_t key = key_of(n, a);
	struct fold *f = &n->folds[key / 2 % FOLDS];

	if (is_taken(f, key) || (f->key != key && !pace_allows(&n->pace, AT_ONCE, EACH_SECOND, clock_mono_ns())))
		f = &n->others;
	else if (f->key != key && begin(b, f, key, a, e) < 0)
		return -1;
	*out = f;
	f->count++;
	*count = f->count >= f->due ? f->count : 0;
	if (*count) {
		f->told = f->count;
		f->due = f->due ? f->due * 10 : 10;
	}
	return 0;
}

/* Nobody waits for it: it was told to who asked. */
static int told(void *whose, struct receipt *proof, struct err *e)
{
	(void)whose;
	(void)e;
	receipt_free(proof);
	return 0;
}

/* Those that were counted since the last that was recorded. */
static int tell(struct broker *b, struct fold *f, struct err *e)
{
	const char *host = f->host[0] ? f->host : NULL;
	const struct action action = { .kind = f->kind, .server = "net" };
	const struct verdict verdict = { .reason = f->reason, .why = "the same again: only counted" };
	const struct commit_net net = { .host = host, .port = f->port, .way = host ? net_way_word(f->way) : NULL };
	const struct commit_about about = { .net = &net, .count = f->count };

	f->told = f->count;
	return commit_verdict(&b->commits, &action, &verdict, &about, (struct commit_then){ told, NULL }, e);
}

int net_fold_rest(struct broker *b, struct err *e)
{
	struct net *n = b->net;
	struct fold *f;

	n->others.kind = ACTION_NET_CONNECT;
	n->others.reason = REASON_FLOODING;
	for (f = n->folds; f < n->folds + FOLDS; f++)
		if (f->count > f->told && tell(b, f, e) < 0)
			return -1;
	return n->others.count > n->others.told ? tell(b, &n->others, e) : 0;
}

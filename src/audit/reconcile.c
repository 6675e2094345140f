/* Which word of the one side is which of the other: sorted by what they must share and then by time, walked once. */
#include <stdlib.h>
#include <string.h>

#include "audit/reconcile.h"

int tells_add(struct tells *t, const struct told *one, struct err *e)
{
	size_t room = t->room ? t->room * 2 : 1024;
	struct told *more = t->at;

	if (t->count == t->room) {
		more = realloc(t->at, room * sizeof(*more));
		t->at = more ? more : t->at;
		t->room = more ? room : t->room;
	}
	if (!more || !one->key || !one->rest) {
		free(one->key);
		free(one->rest);
		return err_sys(e, "memory for what both sides say");
	}
	t->at[t->count++] = *one;
	return 0;
}

void tells_free(struct tells *t)
{
	while (t->count > 0) {
		t->count--;
		free(t->at[t->count].key);
		free(t->at[t->count].rest);
	}
	free(t->at);
}

static int by_key(const void *a, const void *b)
{
	const struct told *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	if (order == 0)
		order = (x->time_us > y->time_us) - (x->time_us < y->time_us);
	return order ? order : (x->n > y->n) - (x->n < y->n);
}

static int by_place(const void *a, const void *b)
{
	const struct pairing *x = a, *y = b;
	uint64_t p = x->here ? x->here->n : UINT64_MAX, q = y->here ? y->here->n : UINT64_MAX;

	if (p != q)
		return p < q ? -1 : 1;
	p = x->there ? x->there->n : 0;
	q = y->there ? y->there->n : 0;
	return (p > q) - (p < q);
}

static bool is_unsure(const struct told *here)
{
	return here->unsure || !here->must;
}

static struct pairing alone(const struct told *here)
{
	enum found found = is_unsure(here) ? FOUND_UNSURE : FOUND_MISSING_THERE;

	return (struct pairing){ found, here, NULL };
}

/*
 * `from` never goes back: a line too early for this call is too early for all calls after it. Of those within reach
 * the first that says the same is taken, and if none does, the first.
 */
static struct pairing one(struct told *here, struct tells *there, size_t *from, int64_t within_us)
{
	struct told *best = NULL, *at;
	size_t i;

	while (*from < there->count && (there->at[*from].taken || strcmp(there->at[*from].key, here->key) < 0 ||
					(strcmp(there->at[*from].key, here->key) == 0 && there->at[*from].time_us < here->time_us - within_us)))
		(*from)++;
	for (i = *from; i < there->count && i < *from + 4096; i++) {
		at = &there->at[i];
		if (strcmp(at->key, here->key) != 0 || at->time_us > here->time_us + within_us)
			break;
		if (at->taken || (best && strcmp(at->rest, here->rest) != 0))
			continue;
		best = at;
		if (strcmp(at->rest, here->rest) == 0)
			break;
	}
	if (!best)
		return alone(here);
	best->taken = true;
	if (here->unsure)
		return (struct pairing){ FOUND_UNSURE, here, best };
	return (struct pairing){ strcmp(best->rest, here->rest) == 0 ? FOUND_MATCHED : FOUND_DIFFERS, here, best };
}

int pair_up(struct pairing **out, size_t *count, struct tells *here, struct tells *there, int64_t within_us, struct err *e)
{
	struct pairing *pairs = calloc(here->count + there->count + 1, sizeof(*pairs));
	size_t i, from;
	int unsure;

	if (!pairs)
		return err_sys(e, "memory for what both sides say");
	if (here->count)
		qsort(here->at, here->count, sizeof(here->at[0]), by_key);
	if (there->count)
		qsort(there->at, there->count, sizeof(there->at[0]), by_key);
	*count = 0;
	/* Who may have no line takes what is left by those who must. */
	for (unsure = 0; unsure < 2; unsure++)
		for (i = from = 0; i < here->count; i++)
			if (is_unsure(&here->at[i]) == (unsure == 1))
				pairs[(*count)++] = one(&here->at[i], there, &from, within_us);
	for (i = 0; i < there->count; i++)
		if (!there->at[i].taken)
			pairs[(*count)++] = (struct pairing){ FOUND_MISSING_HERE, NULL, &there->at[i] };
	qsort(pairs, *count, sizeof(*pairs), by_place);
	*out = pairs;
	return 0;
}

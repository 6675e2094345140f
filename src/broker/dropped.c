/*
 * What somebody said and nobody got, counted by reason: the first is recorded at once, then when
 * its count reaches 10, 100, 1000 ..., the rest at the end. So a flood is a few records.
 */
#include "broker/broker.h"

static int tell(struct broker *b, struct drop *d, const char *server, enum reason reason,
		struct err *e)
{
	d->told = d->count;
	while (d->due <= d->count)
		d->due = d->due ? 10 * d->due : 10;
	return commit_dropped(&b->commits,
			      &(struct commit_dropped){ server, reason, d->count, d->size,
							d->digest[0] ? d->digest : NULL },
			      e);
}

void dropped_first(struct drops *drops, enum reason reason, const char *line, size_t size)
{
	struct drop *d = &drops->of[reason];

	*d = (struct drop){ .count = 1, .told = 1, .due = 10, .size = size };
	if (line)
		seal_digest(d->digest, line, size);
}

int dropped(struct broker *b, struct drops *drops, const char *server, enum reason reason,
	    const char *line, size_t size, struct err *e)
{
	struct drop *d = &drops->of[reason];

	if (d->count == 0) {
		d->size = size;
		if (line)
			seal_digest(d->digest, line, size);
	}
	d->count++;
	return d->count >= d->due ? tell(b, d, server, reason, e) : 0;
}

int dropped_rest(struct broker *b, struct drops *drops, const char *server, struct err *e)
{
	int reason;

	for (reason = 0; reason < REASONS; reason++)
		if (drops->of[reason].count > drops->of[reason].told &&
		    tell(b, &drops->of[reason], server, (enum reason)reason, e) < 0)
			return -1;
	return 0;
}

/* A bucket of `most`, filled by `each_second`: false when it is empty. */
bool pace_allows(struct pace *p, unsigned most, unsigned each_second, uint64_t now_ns)
{
	uint64_t whole = most * UINT64_C(1000000000), gained = (now_ns - p->at_ns) * each_second;

	if (p->at_ns == 0 || gained > whole || p->left + gained > whole)
		p->left = whole;
	else
		p->left += gained;
	p->at_ns = now_ns;
	if (p->left < UINT64_C(1000000000))
		return false;
	p->left -= UINT64_C(1000000000);
	return true;
}

/* Who is late. Deadlines of one kind are as long as each other, so each list is in order by itself. */
#include "base/clock.h"
#include "proxy/proxy.h"

static uint64_t length_of(enum delay d)
{
	static const unsigned ms[DELAYS] = {
		[DELAY_HEAD] = 10000, [DELAY_ASK] = 60000, [DELAY_LINGER] = 2000,
		[DELAY_HALF] = 300000, [DELAY_FLOW] = 60000,
	};

	return ms[d] * UINT64_C(1000000);
}

void deadline_clear(struct proxy *p, struct deadline *d)
{
	if (d->set)
		TAILQ_REMOVE(&p->deadlines[d->kind], d, all);
	d->set = false;
}

void deadline_set(struct proxy *p, struct deadline *d, enum delay kind)
{
	deadline_clear(p, d);
	d->set = true;
	d->kind = kind;
	d->at_ns = p->now + length_of(kind);
	TAILQ_INSERT_TAIL(&p->deadlines[kind], d, all);
}

void proxy_expire(struct proxy *p, uint64_t now)
{
	struct deadline *d;
	size_t i;

	p->now = now;
	for (i = 0; i < DELAYS; i++) {
		while ((d = TAILQ_FIRST(&p->deadlines[i])) && d->at_ns <= now) {
			deadline_clear(p, d);
			d->late(p, d);
		}
	}
}

int proxy_time_left(const struct proxy *p)
{
	uint64_t soonest = UINT64_MAX;
	const struct deadline *d;
	size_t i;

	for (i = 0; i < DELAYS; i++) {
		d = TAILQ_FIRST(&p->deadlines[i]);
		if (d && d->at_ns < soonest)
			soonest = d->at_ns;
	}
	return soonest == UINT64_MAX ? -1 : clock_left_ms(soonest);
}

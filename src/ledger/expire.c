/*
 * Time that is over. No clock that is set wrong prolongs it: the wall clock counts, and so does the one that goes on
 * while the machine sleeps, as long as it is the same life of the machine. Nothing here ever approves.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/store.h"

enum { LOOK_MS = 10000 };	/* how long a wall clock that was set may go unnoticed, when nobody asks */

static struct hold_moment moment_now(const struct ledger *l)
{
	struct hold_moment now = { .wall_us = clock_wall_us(), .mono_us = clock_mono_ns() / 1000 };

	memcpy(now.boot, l->boot, sizeof(now.boot));
	return now;
}

/* How much of its time is left by the record's own clocks, whichever says less. */
static uint64_t left_us(const struct hold *h, const struct hold_moment *now)
{
	uint64_t wall = now->wall_us > h->made.wall_us ? now->wall_us - h->made.wall_us : 0, gone = wall;

	if (now->boot[0] && strcmp(h->made.boot, now->boot) == 0 && now->mono_us > h->made.mono_us + wall)
		gone = now->mono_us - h->made.mono_us;
	return gone < h->within_us ? h->within_us - gone : 0;
}

/* From the first look on, sleep counts too: what went before is in the record's clocks. */
static bool is_due(struct hold *h, const struct hold_moment *now, uint64_t boot_us)
{
	if (h->due_boot_us == 0)
		h->due_boot_us = boot_us + left_us(h, now);
	return boot_us >= h->due_boot_us || hold_is_over(h, now);
}

uint64_t ledger_left_us(struct ledger *l, struct hold *h)
{
	struct hold_moment now = moment_now(l);
	uint64_t boot_us = clock_boot_us(), left = left_us(h, &now);

	if (!holds_open(&l->holds, h->index) || is_due(h, &now, boot_us))
		return 0;
	return h->due_boot_us - boot_us < left ? h->due_boot_us - boot_us : left;
}

uint64_t ledger_since_us(const struct ledger *l, const struct hold *h)
{
	struct hold_moment now = moment_now(l);

	return hold_since(h, &now);
}

static int expire_one(struct ledger *l, const struct hold *h, struct err *e)
{
	struct record r = { .kind = RECORD_DECISION, .ref = h->index };
	uint64_t index;

	record_text(&r, FIELD_DECISION, "expire");
	record_text(&r, FIELD_WHY, h->state == HOLD_APPROVED ? "approved, but not used in time" : "not approved in time");
	return ledger_append(&index, l, &r, h->run, e);
}

int ledger_expire(struct ledger *l, struct err *e)
{
	struct hold_moment now;
	uint64_t boot_us;
	size_t i = 0;

	if (l->holds.open_count == 0)
		return 0;
	now = moment_now(l);
	boot_us = clock_boot_us();
	while (i < l->holds.open_count) {
		if (!is_due(l->holds.open[i], &now, boot_us))
			i++;
		else if (expire_one(l, l->holds.open[i], e) < 0)	/* which takes it out of the array */
			return -1;
	}
	return 0;
}

/* Also when somebody else is asked. */
static uint64_t next_us(const struct hold *h, const struct hold_moment *now)
{
	uint64_t least = left_us(h, now), since = hold_since(h, now);
	size_t i;

	for (i = 0; i < h->step_count; i++)
		if (h->steps[i].after_us > since && h->steps[i].after_us - since < least)
			least = h->steps[i].after_us - since;
	return least;
}

int ledger_expire_ms(const struct ledger *l)
{
	struct hold_moment now;
	uint64_t least = LOOK_MS * UINT64_C(1000), one;
	size_t i;

	if (l->holds.open_count == 0)
		return -1;
	now = moment_now(l);
	for (i = 0; i < l->holds.open_count; i++) {
		one = next_us(l->holds.open[i], &now);
		least = one < least ? one : least;
	}
	return (int)(least / 1000) + 1;
}

/*
 * A table of counters in a file, and every counter one word: so any number of brokers count at once without a
 * lock that a killed one would leave behind, and what one of them had half done is one counter more or less.
 * Who asks adds first and looks then, and takes it back if the answer was no: of two that ask at once at least
 * one sees the other, so no limit is overrun.
 *
 * Time is counted in steps, of which 64 are what a rule looks back; a counter is of one key in one step. It lies
 * in one of the 32 cells where its hash leads. Whose time is over gives way; where none does, nothing is
 * forgotten: then the key cannot be counted, which is said.
 *
 * The time is the machine's since it was booted, moved by an amount that the first run of a boot chooses, so that
 * it goes on from the wall clock or from the last time that is known, whichever is later. Within one boot no
 * step of the wall clock matters, and over two of them a step back does not.
 *
 * Only brokers write the file, but it is believed no further than it can be checked: each word has the checksum
 * of itself in its upper bits, and a word that has another makes all of it unknown. Whatever stands in it, no place
 * outside it is ever touched. If it is cut short under our hands the kernel ends the broker, and with it the run.
 */
#include "broker/cells.h"

enum { TRIES = 1000, GRACE_MS = 60000 };

static const uint64_t END = (UINT64_C(1) << TIME_BITS) - 1;

static uint64_t our_time(const struct history *h, struct history_time now)
{
	return (h->shift + now.boot_ms) & END;
}

static uint64_t later(uint64_t ms, uint64_t by)
{
	return ms + by < END ? ms + by : END;
}

static uint64_t step_of(const struct history_key *k)
{
	return (k->within_ms + HISTORY_STEPS - 1) / HISTORY_STEPS;
}

static uint64_t key_in(const struct history_key *k, uint64_t step)
{
	uint64_t key = mix(k->hash, mix(k->within_ms, step));

	return key > TAKEN ? key : key + TAKEN + 1;
}

static struct cell *cells_of(const struct history *h, enum history_part part, uint64_t key)
{
	size_t each = GROUPS / HISTORY_PARTS;

	return h->cells + ((size_t)part * each + (key >> 16) % each) * WAYS;
}

/* Who has taken it has it for an instant, or was killed then. */
static uint64_t key_of(struct cell *c)
{
	uint64_t key = atomic_load(&c->key);
	int i;

	for (i = 0; i < TRIES && key == TAKEN; i++)
		key = atomic_load(&c->key);
	return key;
}

static bool count_step(struct history *h, const struct history_key *k, uint64_t step, uint64_t *sum)
{
	uint64_t key = key_in(k, step), amount, until;
	struct cell *c = cells_of(h, k->part, key);
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (key_of(&c[i]) != key)
			continue;
		if (!cell_read(h, &c[i], key, &amount, &until))
			return false;
		*sum = *sum + amount < HISTORY_AMOUNT ? *sum + amount : HISTORY_AMOUNT;
	}
	return true;
}

/* Was something of this part not counted that may still matter? */
static bool is_whole(struct history *h, enum history_part part, uint64_t now)
{
	uint64_t read = h->doubt[0] ? 0 : atomic_load(&h->head->lost[part]), until;

	if (h->doubt[0] || read == 0)
		return !h->doubt[0];
	return checked(&until, read, TIME_BITS, MAGIC) ? until < now : history_distrust(h, "its beginning is damaged");
}

bool history_count(struct history *h, const struct history_key *k, struct history_time now, uint64_t *sum)
{
	uint64_t last = k->within_ms ? our_time(h, now) / step_of(k) : 0;
	uint64_t step = k->within_ms && last > HISTORY_STEPS ? last - HISTORY_STEPS : 0;

	*sum = 0;
	if (!is_whole(h, k->part, our_time(h, now)))
		return false;
	for (; step <= last; step++)
		if (!count_step(h, k, step, sum))
			return false;
	return true;
}

/* May a cell of this key have another? Its time is over, or all that it counted was taken back. */
static bool is_spare(struct history *h, struct cell *c, uint64_t key, uint64_t now)
{
	uint64_t amount, until;

	return key == 0 || (key != TAKEN && cell_read(h, c, key, &amount, &until) &&
			    (amount == 0 || (until && until < now)));
}

/* Whoever counts in it just now finds it as it was. */
static bool claim(struct history *h, struct cell *c, uint64_t key, uint64_t until, uint64_t now, uint64_t amount)
{
	uint64_t was = atomic_load(&c->amount), old = atomic_load(&c->key);

	if (!is_spare(h, c, old, now) || !atomic_compare_exchange_strong(&c->key, &old, TAKEN))
		return false;
	if (!atomic_compare_exchange_strong(&c->amount, &was, check(amount, AMOUNT_BITS, key))) {
		atomic_store(&c->key, old);
		return false;
	}
	atomic_store(&c->until, check(until, TIME_BITS, key));
	atomic_store(&c->key, key);
	return true;
}

/* Up or down. What has reached the most that can be counted stays there. */
static bool change(struct history *h, struct cell *c, uint64_t key, uint64_t amount, bool down)
{
	uint64_t read, old, new;
	int i;

	for (i = 0; i < TRIES; i++) {
		read = atomic_load(&c->amount);
		if (atomic_load(&c->key) != key)
			return false;
		if (!checked(&old, read, AMOUNT_BITS, key))
			return history_distrust(h, "a counter in it is damaged");
		if (down)
			new = old == HISTORY_AMOUNT ? old : old > amount ? old - amount : 0;
		else
			new = old + amount < HISTORY_AMOUNT ? old + amount : HISTORY_AMOUNT;
		if (atomic_compare_exchange_strong(&c->amount, &read, check(new, AMOUNT_BITS, key)))
			return true;
	}
	return history_distrust(h, "it changes faster than anybody could have counted");
}

/* A time in the head, which only goes up. */
static void raise_time(struct history *h, word *at, uint64_t to)
{
	uint64_t read = atomic_load(at), known = 0;
	int i;

	for (i = 0; i < TRIES; i++) {
		if (read && !checked(&known, read, TIME_BITS, MAGIC)) {
			history_distrust(h, "its beginning is damaged");
			return;
		}
		if ((read && known >= to) || atomic_compare_exchange_strong(at, &read, check(to, TIME_BITS, MAGIC)))
			return;
	}
}

void history_lose(struct history *h, const struct history_key *k, struct history_time now)
{
	uint64_t until = later(our_time(h, now), 2 * k->within_ms + GRACE_MS);

	if (!h->doubt[0])
		raise_time(h, &h->head->lost[k->part], k->within_ms ? until : END);
}

bool history_add(struct history *h, const struct history_key *k, struct history_time now, uint64_t amount,
		 struct history_place *place)
{
	uint64_t ms = our_time(h, now), step = k->within_ms ? ms / step_of(k) : 0, key = key_in(k, step);
	uint64_t until = k->within_ms ? later((step + 1) * step_of(k), k->within_ms + GRACE_MS) : 0;
	struct cell *c;
	size_t i;

	*place = (struct history_place){ .key = key, .amount = amount };
	if (h->doubt[0])
		return false;
	raise_time(h, &h->head->latest, ms);
	c = cells_of(h, k->part, key);
	for (i = 0; i < 2ul * WAYS && !place->cell && !h->doubt[0]; i++)
		if (i < WAYS ? atomic_load(&c[i].key) == key && change(h, &c[i], key, amount, false)
			     : claim(h, &c[i - WAYS], key, until, ms, amount))
			place->cell = &c[i % WAYS];
	return place->cell != NULL;
}

void history_take_back(struct history *h, struct history_place *place)
{
	if (place->cell)
		change(h, place->cell, place->key, place->amount, true);
	place->cell = NULL;
}

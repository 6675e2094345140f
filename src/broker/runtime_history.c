/*
 * What is counted in a history: what was spent, what counts over all runs, and which tools were ever used. Who
 * asks is counted already, and is taken out again if it is not allowed; so two runs that ask for the last of
 * something at once do not both get it.
 */
#include <string.h>

#include "broker/runtime_state.h"
#include "seal/seal.h"

static struct history_time time_of(const struct runtime *r, const struct history *h, uint64_t now_ns)
{
	struct history_time own = { .boot_ms = now_ns / 1000000 };

	return h == r->own ? own : history_now();
}

/* What is counted, and of whom: a text of its own for each. */
static uint64_t hash_of(const struct meter *m, const uint8_t key[COUNT_KEY])
{
	uint8_t hash[SEAL_HASH];
	struct buf text = BUF(1024);
	uint64_t number;

	buf_printf(&text, "%d %d %s ", m->kind, m->of, m->arg ? m->arg : "");
	buf_add(&text, key, COUNT_KEY);
	seal_hash(hash, text.data, text.size);
	buf_free(&text);
	memcpy(&number, hash, sizeof(number));
	return number;
}

static struct history_key key_of(const struct meter *m, const struct question *q)
{
	return (struct history_key){ .part = m->of == OF_CALL ? HISTORY_AGENT : HISTORY_HOUSE,
				     .hash = hash_of(m, q->key[m->of]),
				     .within_ms = m->within_ns / 1000000 };
}

static struct history *history_of(const struct runtime *r, const struct meter *m)
{
	if (m->kind != METER_SPENT && !m->across)
		return NULL;
	return m->across ? r->shared : r->own;
}

/* How much it adds, if it can be known under what. */
static bool amount_of(uint64_t *amount, const struct meter *m, const struct question *q, const struct action *a)
{
	*amount = 1;
	return q->known[m->of] && (m->kind != METER_SPENT || policy_spends(amount, m, a));
}

static void ask_meter(struct runtime *r, size_t i, const struct action *a, uint64_t now_ns)
{
	const struct meter *m = &r->meters[i];
	struct history *h = history_of(r, m);
	struct history_time now;
	struct history_key k;
	uint64_t amount, sum;

	if (!h || !amount_of(&amount, m, &r->asked, a))
		return;
	now = time_of(r, h, now_ns);
	k = key_of(m, &r->asked);
	if (history_add(h, &k, now, amount, &r->asked.places[i]) && history_count(h, &k, now, &sum))
		r->readings[i] = (struct reading_of){ true, (double)sum, (double)sum };
}

void history_drop(struct runtime *r)
{
	size_t i;

	for (i = 0; i < r->meter_count && r->asked.a; i++)
		if (r->asked.places[i].cell)
			history_take_back(history_of(r, &r->meters[i]), &r->asked.places[i]);
	r->asked.a = NULL;
}

void history_asked(struct runtime *r, const struct action *a, uint64_t now_ns)
{
	size_t i;

	history_drop(r);
	question_ask(&r->asked, a);
	for (i = 0; i < r->meter_count; i++)
		ask_meter(r, i, a, now_ns);
}

/* It was approved long after it was asked about, or there was no room for it then. */
static void add_meter(struct runtime *r, size_t i, const struct action *a, uint64_t now_ns)
{
	const struct meter *m = &r->meters[i];
	struct history *h = history_of(r, m);
	struct history_place place;
	struct history_key k;
	uint64_t amount;

	if (!h || !amount_of(&amount, m, &r->asked, a))
		return;
	k = key_of(m, &r->asked);
	if (!history_add(h, &k, time_of(r, h, now_ns), amount, &place))
		history_lose(h, &k, time_of(r, h, now_ns));
}

static struct history_key tool_key(const struct question *q)
{
	struct history_key k = { .part = HISTORY_TOOLS };

	memcpy(&k.hash, q->key[OF_TOOL], sizeof(k.hash));
	return k;
}

bool history_has_used(struct runtime *r, bool *used, uint64_t now_ns)
{
	struct history *h = r->shared ? r->shared : r->own;
	struct history_key k = tool_key(&r->asked);
	uint64_t sum = 0;
	bool known = r->asked.known[OF_TOOL] && history_count(h, &k, time_of(r, h, now_ns), &sum);

	*used = sum > 0;
	return known;
}

/* A table that is full takes no more: such a tool stays new. */
static void note_used(struct runtime *r, uint64_t now_ns)
{
	struct history *h = r->shared ? r->shared : r->own;
	struct history_key k = tool_key(&r->asked);
	struct history_place place;
	bool used;

	if (history_has_used(r, &used, now_ns) && !used)
		history_add(h, &k, time_of(r, h, now_ns), 1, &place);
}

void history_judged(struct runtime *r, const struct action *a, bool allowed, uint64_t now_ns)
{
	bool counts = r->asked.a == a;
	size_t i;

	if (!allowed || !counts)
		history_drop(r);
	if (!allowed)
		return;
	if (!counts)
		question_ask(&r->asked, a);
	for (i = 0; i < r->meter_count; i++)
		if (!r->asked.places[i].cell)
			add_meter(r, i, a, now_ns);
	note_used(r, now_ns);
	r->asked.a = NULL;
}

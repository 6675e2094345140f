/*
 * The state of a run. It is counted when something is judged and not when it is answered, so that calls in
 * flight at once cannot all be the first; what was read is known when it has been answered.
 */
#include "broker/runtime.h"

#include <stdlib.h>
#include <string.h>

#include "json/json.h"
#include "seal/seal.h"

struct runtime {
	const struct meter *meters;	/* the policy's */
	size_t meter_count;
	struct counts *counts[METER_OFS];	/* owned; NULL: none of them is asked for */
	size_t stamps;
	uint8_t refused[METER_STAMPS];	/* a ring: was it? */
	size_t next;
	unsigned refusals[METERS];	/* among the last of each meter that asks */
	struct reading_of readings[METERS];
	unsigned read;			/* flow bits: what is known to have been read, and since when */
	uint64_t read_by[TAINTS];
	uint64_t open, open_sum, open_last;	/* connections that may yet bring something: how many; their records */
	struct runtime_facts facts;
};

enum { KEYED_MOST = 8 << 20 };

/* The most times that must be kept of one key. */
static size_t stamps_of(const struct runtime *r, enum meter_of of)
{
	size_t most = 0, i;

	for (i = 0; i < r->meter_count; i++)
		if (r->meters[i].of == of && r->meters[i].within_ns && most <= r->meters[i].most)
			most = (size_t)r->meters[i].most + 1;
	return most;
}

static int make_counts(struct runtime *r, struct err *e)
{
	size_t i;

	for (i = 0; i < r->meter_count; i++) {
		enum meter_of of = r->meters[i].of;

		if (r->meters[i].kind == METER_REFUSALS || r->counts[of])
			continue;
		r->counts[of] = counts_new(stamps_of(r, of), &r->stamps);
		if (!r->counts[of])
			return err_sys(e, "memory for what a run has done");
	}
	return 0;
}

int runtime_new(struct runtime **out, const struct policy *p, struct err *e)
{
	struct runtime *r;
	size_t count;
	const struct meter *meters = policy_meters(p, &count);

	*out = NULL;
	if (count == 0 && !policy_asks_taint(p))
		return 0;
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_sys(e, "memory for what a run has done");
	r->meters = meters;
	r->meter_count = count;
	r->facts.meters = r->readings;
	r->facts.taint_known = true;
	if (make_counts(r, e) < 0) {
		runtime_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

void runtime_free(struct runtime *r)
{
	int of;

	for (of = 0; r && of < METER_OFS; of++)
		counts_free(r->counts[of]);
	free(r);
}

/* To many tool servers upper and lower case are one, so they are here: each with its NUL. */
static void add_folded(struct buf *out, const char *text)
{
	char c;

	for (; text && *text; text++) {
		c = *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text;
		buf_add(out, &c, 1);
	}
	buf_add(out, "", 1);
}

/* False: what it would be counted as is not known. */
static bool write_key(struct buf *out, const struct action *a, enum meter_of of)
{
	uint8_t kind = (uint8_t)a->kind;

	if (of == OF_CATEGORY && !a->category)
		return false;
	if (of == OF_CATEGORY)
		add_folded(out, a->category);
	if (of == OF_SERVER || of == OF_TOOL || of == OF_CALL)
		add_folded(out, a->server);
	if (of == OF_TOOL || of == OF_CALL)
		add_folded(out, a->tool);
	if (of == OF_CALL)
		buf_add(out, &kind, 1);
	if (of == OF_CALL && json_object_size(a->args) > 0)
		json_canonical_any(out, a->args);
	return !out->over;
}

static bool key_of(uint8_t key[COUNT_KEY], const struct action *a, enum meter_of of)
{
	scoped(buf) struct buf text = BUF(KEYED_MOST);
	uint8_t hash[SEAL_HASH];

	if (!write_key(&text, a, of))
		return false;
	seal_hash(hash, text.data, text.size);
	memcpy(key, hash, COUNT_KEY);
	return true;
}

static void ask_counts(struct runtime *r, const struct action *a, enum meter_of of, uint64_t now)
{
	uint8_t key[COUNT_KEY];
	bool known = r->counts[of] && key_of(key, a, of);
	struct counted n;
	size_t i;

	for (i = 0; known && i < r->meter_count; i++) {
		if (r->meters[i].of != of || r->meters[i].kind == METER_REFUSALS)
			continue;
		n = counts_of(r->counts[of], key, r->meters[i].within_ns, now);
		r->readings[i] = (struct reading_of){ true, n.least + 1, n.most + 1 };
	}
}

/* What strangers wrote may come in by any connection that is open. */
static void taint(struct runtime *r)
{
	bool may_come = r->open > 0 && !(r->read & FLOW_READS_UNTRUSTED);

	r->facts.taint = r->read | (may_come ? FLOW_READS_UNTRUSTED : 0);
	memcpy(r->facts.taint_by, r->read_by, sizeof(r->facts.taint_by));
	if (may_come)
		r->facts.taint_by[1] = r->open == 1 ? r->open_sum : r->open_last;
}

const struct runtime_facts *runtime_ask(struct runtime *r, const struct action *a, uint64_t now)
{
	double share;
	size_t i;
	int of;

	if (!r)
		return NULL;
	taint(r);
	memset(r->readings, 0, sizeof(r->readings));
	for (of = 0; of < METER_OFS; of++)
		ask_counts(r, a, (enum meter_of)of, now);
	for (i = 0; i < r->meter_count; i++) {
		if (r->meters[i].kind != METER_REFUSALS)
			continue;
		share = (double)r->refusals[i] / r->meters[i].last;
		r->readings[i] = (struct reading_of){ true, share, share };
	}
	return &r->facts;
}

static void note_refusal(struct runtime *r, bool refused)
{
	size_t i, gone;

	for (i = 0; i < r->meter_count; i++) {
		if (r->meters[i].kind != METER_REFUSALS)
			continue;
		gone = (r->next + METER_STAMPS - r->meters[i].last) % METER_STAMPS;
		r->refusals[i] += refused;
		r->refusals[i] -= r->refused[gone];
	}
	r->refused[r->next] = refused;
	r->next = (r->next + 1) % METER_STAMPS;
}

void runtime_judged(struct runtime *r, const struct action *a, bool allowed, uint64_t now)
{
	uint8_t key[COUNT_KEY];
	int of;

	if (!r || !action_is_judged(a->kind))
		return;
	note_refusal(r, !allowed);
	for (of = 0; allowed && of < METER_OFS; of++)
		if (r->counts[of] && key_of(key, a, (enum meter_of)of))
			counts_add(r->counts[of], key, now);
}

static void read_some(struct runtime *r, unsigned flow, uint64_t record)
{
	unsigned i;

	for (i = 0; i < TAINTS; i++) {
		if (!(flow >> i & 1) || (r->read >> i & 1))
			continue;
		r->read |= 1U << i;
		r->read_by[i] = record;
	}
}

/* What flows through a tool that nobody labelled may be anything. */
void runtime_brought(struct runtime *r, const struct action *a, uint64_t record)
{
	if (r)
		read_some(r, a->flow_known ? a->flow : FLOW_READS_PRIVATE | FLOW_READS_UNTRUSTED, record);
}

void runtime_opened(struct runtime *r, uint64_t record)
{
	if (!r)
		return;
	r->open++;
	r->open_sum += record;
	r->open_last = record;
}

void runtime_over(struct runtime *r, uint64_t record, bool brought)
{
	if (!r)
		return;
	must(r->open > 0);
	r->open--;
	r->open_sum -= record;
	if (r->open_last == record)
		r->open_last = 0;
	if (brought)
		read_some(r, FLOW_READS_UNTRUSTED, record);
}

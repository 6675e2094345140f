/*
 * The state of a run. It is counted when something is judged and not when it is answered, so that calls in
 * flight at once cannot all be the first; what was read is known when it has been answered.
 */
#include "broker/runtime_state.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t SECOND = 1000000000;

/* As much as any rule could ask of each, so that a policy which comes later finds it; of calls what it does. */
static int make_counts(struct runtime *r, struct err *e)
{
	int of;

	for (of = 0; of < METER_OFS; of++) {
		r->counts[of] = of == OF_CALL ? counts_new(ALIKE_KEYS, ALIKE, &r->stamps)
					      : counts_new(RUNTIME_KEYS, METER_STAMPS + 1, &r->stamps);
		if (!r->counts[of])
			return err_sys(e, "memory for what a run has done");
	}
	return history_new(&r->own, e);
}

int runtime_new(struct runtime **out, const struct policy *p, struct history *history, struct err *e)
{
	struct runtime *r = calloc(1, sizeof(*r));

	if (!r)
		return err_sys(e, "memory for what a run has done");
	r->shared = history;
	r->facts.meters = r->readings;
	r->facts.taint_known = true;
	if (make_counts(r, e) < 0) {
		runtime_free(r);
		return -1;
	}
	runtime_follow(r, p);
	*out = r;
	return 0;
}

void runtime_free(struct runtime *r)
{
	int of;

	for (of = 0; r && of < METER_OFS; of++)
		counts_free(r->counts[of]);
	if (r)
		history_free(r->own);
	free(r);
}

static unsigned refusals_among(const struct runtime *r, unsigned last)
{
	unsigned count = 0;
	size_t i;

	for (i = 1; i <= last; i++)
		count += r->refused[(r->next + METER_STAMPS - i) % METER_STAMPS];
	return count;
}

void runtime_follow(struct runtime *r, const struct policy *p)
{
	size_t i;

	history_drop(r);
	r->meters = policy_meters(p, &r->meter_count);
	for (i = 0; i < r->meter_count; i++) {
		r->refusals[i] = refusals_among(r, r->meters[i].last);
		if (r->meters[i].kind == METER_REPEATED && !r->meters[i].across)
			counts_keep(r->counts[OF_CALL], (size_t)r->meters[i].most + 1);
	}
}

/* Within a run calls are counted to the instant; all else is a history's. */
static bool is_counted(const struct meter *m)
{
	return !m->across && (m->kind == METER_CALLS || m->kind == METER_REPEATED);
}

static void ask_counts(struct runtime *r, uint64_t now)
{
	struct counted n;
	size_t i;

	for (i = 0; i < r->meter_count; i++) {
		const struct meter *m = &r->meters[i];

		if (!is_counted(m) || !r->asked.known[m->of])
			continue;
		n = counts_of(r->counts[m->of], r->asked.key[m->of], m->within_ns, now);
		r->readings[i] = (struct reading_of){ true, n.least + 1, n.most + 1 };
	}
}

static void ask_refusals(struct runtime *r)
{
	double share;
	size_t i;

	for (i = 0; i < r->meter_count; i++) {
		if (r->meters[i].kind != METER_REFUSALS)
			continue;
		share = (double)r->refusals[i] / r->meters[i].last;
		r->readings[i] = (struct reading_of){ true, share, share };
	}
}

/* What cannot be told apart from many alike counts as many. */
static void ask_risk(struct runtime *r, const struct action *a, uint64_t now)
{
	struct risk_facts facts = { .taint = r->facts.taint, .alike = ALIKE };
	bool used;

	if (r->asked.known[OF_CALL])
		facts.alike = counts_of(r->counts[OF_CALL], r->asked.key[OF_CALL], RISK_TIME * SECOND, now).most + 1;
	r->asked.risk_known = action_is_judged(a->kind) && history_has_used(r, &used, now);
	facts.is_new = r->asked.risk_known && !used;
	r->asked.risk = policy_risk(a, &facts);
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
	if (!r)
		return NULL;
	taint(r);
	memset(r->readings, 0, sizeof(r->readings));
	history_asked(r, a, now);
	ask_counts(r, now);
	ask_refusals(r);
	ask_risk(r, a, now);
	return &r->facts;
}

const struct risk *runtime_risk(const struct runtime *r, struct risk *out)
{
	if (!r || !r->asked.risk_known)
		return NULL;
	*out = r->asked.risk;
	return out;
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

void runtime_judged(struct runtime *r, const struct action *a, enum verdict_kind kind, uint64_t now)
{
	int of;

	if (!r)
		return;
	history_judged(r, a, kind == VERDICT_ALLOW && action_is_judged(a->kind), now);
	if (!action_is_judged(a->kind) || kind == VERDICT_REVIEW)
		return;
	note_refusal(r, kind == VERDICT_REFUSE);
	for (of = 0; kind == VERDICT_ALLOW && of < METER_OFS; of++)
		if (r->asked.known[of])
			counts_add(r->counts[of], r->asked.key[of], now);
}

void runtime_put_off(struct runtime *r)
{
	if (r)
		history_drop(r);
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

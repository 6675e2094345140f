/*
 * The order in which records may come. The recorder holds itself to it and the auditor holds the
 * ledger to it with this same file, so that both mean the same by "open".
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"

/* Position of the first run whose index is not below `index`. Few are open, newest are asked for. */
static size_t run_at(const struct order *o, uint64_t index)
{
	size_t i = o->run_count;

	while (i > 0 && o->runs[i - 1].index >= index)
		i--;
	return i;
}

static size_t intent_at(const struct order *o, uint64_t index)
{
	size_t low = 0, high = o->intent_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (o->intents[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct open_run *order_run(const struct order *o, uint64_t run)
{
	size_t i = run_at(o, run);

	return i < o->run_count && o->runs[i].index == run ? &o->runs[i] : NULL;
}

static const struct open_intent *order_intent(const struct order *o, uint64_t index)
{
	size_t i = intent_at(o, index);

	return i < o->intent_count && o->intents[i].index == index ? &o->intents[i] : NULL;
}

static int grow(void **array, size_t *room, size_t count, size_t each, struct err *e)
{
	size_t wanted = *room ? *room * 2 : 64;
	void *more;

	if (count < *room)
		return 0;
	more = realloc(*array, wanted * each);
	if (!more)
		return err_sys(e, "memory for what stands open");
	*array = more;
	*room = wanted;
	return 0;
}

static int take_outside(struct order *o, uint64_t run, uint64_t ref, struct err *e)
{
	(void)o;
	if (run != 0 || ref != 0)
		return err_set(e, ERR_INPUT, "belongs to no run but names run %" PRIu64, run);
	return 0;
}

static int take_run(struct order *o, uint64_t run, uint64_t ref, struct err *e)
{
	void *array = o->runs;

	if (run != o->next || ref != 0)
		return err_set(e, ERR_INPUT, "a run is named by its own index, not by %" PRIu64, run);
	if (grow(&array, &o->run_room, o->run_count, sizeof(o->runs[0]), e) < 0)
		return -1;
	o->runs = array;
	o->runs[o->run_count++] = (struct open_run){ .index = run };
	return 0;
}

static int take_refusal(struct order *o, uint64_t run, uint64_t ref, struct err *e)
{
	if (!order_run(o, run) || ref != 0)
		return err_set(e, ERR_INPUT, "run %" PRIu64 " is not open", run);
	return 0;
}

/* Of the run that the call was held in, which may be over: holds.c knows. */
static int take_decision(struct order *o, uint64_t run, uint64_t ref, struct err *e)
{
	if (run == 0 || ref == 0 || run >= o->next || ref >= o->next)
		return err_set(e, ERR_INPUT, "a decision about %" PRIu64 ", which is no record before it", ref);
	return 0;
}

/* A payload that is shown is a record's, of whatever run: which one it says. */
static int take_access(struct order *o, uint64_t run, uint64_t ref, struct err *e)
{
	if (run != 0 || ref >= o->next)
		return err_set(e, ERR_INPUT, "belongs to no run but names run %" PRIu64, run);
	return 0;
}

/* Its ref is the held call that it was approved as, if it had to be: holds.c knows. */
static int take_intent(struct order *o, uint64_t run, uint64_t ref, struct err *e)
{
	const struct open_run *in = order_run(o, run);
	void *array = o->intents;

	if (take_refusal(o, run, 0, e) < 0)
		return -1;
	must(in);
	if (ref >= o->next)
		return err_set(e, ERR_INPUT, "approved as %" PRIu64 ", which is no record before it", ref);
	if (in->intents >= ORDER_INTENTS_PER_RUN)
		return err_set(e, ERR_LIMIT, "run %" PRIu64 " has %d open intents; no more are taken", run,
			       ORDER_INTENTS_PER_RUN);
	if (grow(&array, &o->intent_room, o->intent_count, sizeof(o->intents[0]), e) < 0)
		return -1;
	o->intents = array;
	o->intents[o->intent_count++] = (struct open_intent){ .index = o->next, .run = run };
	o->runs[run_at(o, run)].intents++;
	return 0;
}

static int take_outcome(struct order *o, uint64_t run, uint64_t ref, struct err *e)
{
	const struct open_intent *intent = order_intent(o, ref);
	size_t at = intent_at(o, ref);

	if (!intent || intent->run != run)
		return err_set(e, ERR_INPUT, "outcome of %" PRIu64 ", which is no open intent of run %" PRIu64,
			       ref, run);
	o->intent_count--;
	memmove(o->intents + at, o->intents + at + 1, (o->intent_count - at) * sizeof(o->intents[0]));
	o->runs[run_at(o, run)].intents--;
	return 0;
}

static int take_close(struct order *o, uint64_t run, uint64_t ref, struct err *e)
{
	size_t at = run_at(o, run);

	if (take_refusal(o, run, ref, e) < 0)
		return -1;
	if (o->runs[at].intents > 0)
		return err_set(e, ERR_INPUT, "run %" PRIu64 " closes with %zu intents open", run,
			       o->runs[at].intents);
	o->run_count--;
	memmove(o->runs + at, o->runs + at + 1, (o->run_count - at) * sizeof(o->runs[0]));
	return 0;
}

static int (*const takes[RECORD_KINDS])(struct order *, uint64_t, uint64_t, struct err *) = {
	[RECORD_GENESIS] = take_outside, [RECORD_RUN] = take_run,	  [RECORD_INTENT] = take_intent,
	[RECORD_REFUSAL] = take_refusal, [RECORD_OUTCOME] = take_outcome, [RECORD_RECOVERY] = take_outside,
	[RECORD_CLOSE] = take_close,     [RECORD_SYSCALL] = take_refusal, [RECORD_FILE] = take_refusal,
	[RECORD_FILES] = take_refusal,   [RECORD_DROPPED] = take_refusal, [RECORD_HELD] = take_refusal,
	[RECORD_DECISION] = take_decision, [RECORD_POLICY] = take_refusal, [RECORD_AGENT] = take_refusal,
	[RECORD_ACCESS] = take_access,	 [RECORD_PURGE] = take_outside,   [RECORD_EPOCH] = take_outside,
	[RECORD_ANCHOR] = take_outside,  [RECORD_GAP] = take_outside,     [RECORD_ALERT] = take_refusal,
};

int order_take(struct order *o, enum record_kind kind, uint64_t run, uint64_t ref, struct err *e)
{
	if (kind >= RECORD_KINDS || !takes[kind])
		return err_set(e, ERR_INPUT, "a kind of record that this version does not know");
	if ((kind == RECORD_GENESIS) != (o->next == 0))
		return err_set(e, ERR_INPUT, "genesis is record 0 and nothing else is");
	if (takes[kind](o, run, ref, e) < 0)
		return -1;
	o->next++;
	return 0;
}

void order_free(struct order *o)
{
	free(o->runs);
	free(o->intents);
	*o = (struct order){ 0 };
}

/*
 * Which record about a held call may come next. Time counts against whoever gains by it: a call is over when either
 * clock says so, and somebody is asked later only when both do.
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/holds_parts.h"
#include "ledger/statement.h"

/* Is this the run's own word, there or not there? */
static bool is_of(const struct record *r, enum field f, const char *word)
{
	return r->value[f].set ? hold_says(r, f, word) : !word[0];
}

static bool is_nonce(const struct field_value *v)
{
	size_t i;

	for (i = 0; v->set && i < v->size && v->text[i] && strchr("0123456789abcdef", v->text[i]); i++)
		;
	return i == 32 && v->size == 32;
}

/* Expires when it must, by its own time; so that nobody is shown another end than the one that counts. */
static int check_times(const struct record *r, struct err *e)
{
	uint64_t within = r->value[FIELD_WITHIN].number;
	struct hold_moment made = { .wall_us = 0 };
	char expires[32];

	if (hold_moment_of(&made, r, e) < 0)
		return -1;
	if (within == 0 || within > REVIEW_WITHIN)
		return err_set(e, ERR_INPUT, "a call is held for 1 to %d seconds, not %" PRIu64, REVIEW_WITHIN, within);
	clock_stamp(expires, made.wall_us + within * 1000000);
	if (!hold_says(r, FIELD_EXPIRES, expires))
		return err_set(e, ERR_INPUT, "it does not expire when it must, at %s", expires);
	return 0;
}

static int check_held(const struct holds *h, const struct record *r, struct err *e)
{
	const struct hold_run *run = holds_run(h, r->value[FIELD_RUN].number);
	scoped(buf) struct buf statement = BUF(STATEMENT_MOST);
	struct hold_step steps[HOLD_STEPS];
	size_t count;

	if (!run || !run->signers[0] || !is_of(r, FIELD_SIGNERS, run->signers))
		return err_set(e, ERR_INPUT, "a call is held by a run that has a list of signers, and under that list");
	if (!is_of(r, FIELD_AGENT, run->agent) || !is_of(r, FIELD_OWNER, run->owner))
		return err_set(e, ERR_INPUT, "a held call is of the agent and the owner of its run");
	if (h->last >= r->value[FIELD_N].number)
		return err_set(e, ERR_INPUT, "it is numbered as if it came before one that was held");
	if (h->open_count >= HOLDS_MOST)
		return err_set(e, ERR_LIMIT, "%d calls are held already: decide on some of them first", HOLDS_MOST);
	if (!hold_says(r, FIELD_REASON, "review") || !r->value[FIELD_RULE].set || !is_nonce(&r->value[FIELD_NONCE]) ||
	    !statement_write(&statement, r, r->value[FIELD_N].number, "-", DECISION_DENY, ""))
		return err_set(e, ERR_INPUT, "a held call lacks what a reviewer has to sign, or it does not fit");
	if (holds_alike(h, r))
		return err_set(e, ERR_INPUT, "the same call is held already, as record %" PRIu64, holds_alike(h, r)->index);
	return check_times(r, e) < 0 ? -1 : hold_steps_read(steps, &count, r, e);
}

static int check_approval(const struct hold *hold, const struct record *r, unsigned asked, struct err *e)
{
	char reviewer[HOLD_NAME], signer[HOLD_NAME];
	size_t i;

	hold_copy(reviewer, sizeof(reviewer), r, FIELD_REVIEWER);
	hold_copy(signer, sizeof(signer), r, FIELD_SIGNER);
	if (hold->state != HOLD_WAITING)
		return err_set(e, ERR_INPUT, "%" PRIu64 " is approved already", hold->index);
	for (i = 0; i < hold->vote_count; i++) {
		if (strcmp(hold->votes[i].reviewer, reviewer) == 0)
			return err_set(e, ERR_INPUT, "%s has approved %" PRIu64 " already: somebody else must too", reviewer, hold->index);
		if (strcmp(hold->votes[i].signer, signer) == 0)
			return err_set(e, ERR_INPUT, "this key has approved %" PRIu64 " already, for %s: another person must, with a key of their own",
				       hold->index, hold->votes[i].reviewer);
	}
	if (!(asked & hold_lacks(hold)))
		return err_set(e, ERR_INPUT, "those for whom %s is asked have approved %" PRIu64 " already", reviewer, hold->index);
	return 0;
}

static int check_vote(const struct hold *hold, const struct record *r, struct err *e)
{
	char reviewer[HOLD_NAME], why[HOLD_WHY];
	struct hold_moment now = { .wall_us = 0 };
	unsigned asked;

	hold_copy(reviewer, sizeof(reviewer), r, FIELD_REVIEWER);
	hold_copy(why, sizeof(why), r, FIELD_WHY);
	if (!r->value[FIELD_SIGNER].set || !r->value[FIELD_SIGNATURE].set || !statement_fits(reviewer, why))
		return err_set(e, ERR_INPUT, "a decision needs a reviewer's name and signature, and at most %d bytes of reason on one line",
			       STATEMENT_REASON);
	if (hold_moment_of(&now, r, e) < 0)
		return -1;
	if (hold_is_over(hold, &now))
		return err_set(e, ERR_INPUT, "the time of %" PRIu64 " is over", hold->index);
	asked = hold_asks(hold, reviewer, hold_since(hold, &now));
	if (!asked)
		return err_set(e, ERR_INPUT, hold_asks(hold, reviewer, UINT64_MAX) ?
			       "%s is asked about %" PRIu64 " later, if nobody before has decided" :
			       "%s is not asked about %" PRIu64, reviewer, hold->index);
	return hold_says(r, FIELD_DECISION, "deny") ? 0 : check_approval(hold, r, asked, e);
}

static int check_end(const struct hold *hold, const struct record *r, struct err *e)
{
	if (r->value[FIELD_REVIEWER].set || r->value[FIELD_SIGNER].set || r->value[FIELD_SIGNATURE].set)
		return err_set(e, ERR_INPUT, "nobody signs that the time of %" PRIu64 " is over", hold->index);
	return 0;
}

static int check_decision(const struct holds *h, const struct record *r, struct err *e)
{
	const struct hold *hold = holds_open(h, r->ref);
	enum hold_state to = hold_ending(r);

	if (!hold)
		return err_set(e, ERR_INPUT, "%" PRIu64 " is no call that stands held: it was decided, done, or its time is over", r->ref);
	if (to == HOLD_STATES)
		return err_set(e, ERR_INPUT, "a decision is to approve, deny, expire or withdraw");
	if (r->value[FIELD_RUN].number != hold->run)
		return err_set(e, ERR_INPUT, "a decision belongs to the run of what it is about, %" PRIu64, hold->run);
	return to == HOLD_APPROVED || to == HOLD_DENIED ? check_vote(hold, r, e) : check_end(hold, r, e);
}

static int check_intent(const struct holds *h, const struct record *r, struct err *e)
{
	const struct hold_run *run = holds_run(h, r->value[FIELD_RUN].number);
	const struct hold *hold;
	struct hold_moment now = { .wall_us = 0 };

	if (r->ref == 0)
		return hold_says(r, FIELD_REASON, "approved") ? err_set(e, ERR_INPUT, "approved, but it does not say as what") : 0;
	hold = holds_open(h, r->ref);
	if (!hold || hold->state != HOLD_APPROVED)
		return err_set(e, ERR_INPUT, hold ? "%" PRIu64 " is not approved" :
			       "%" PRIu64 " does not stand approved: it was done, denied, or its time is over", r->ref);
	if (!hold_says(r, FIELD_REASON, "approved") || !r->value[FIELD_DIGEST].set || !hold_same(r, &hold->record, FIELD_DIGEST) ||
	    !hold_same(r, &hold->record, FIELD_SERVER) || !hold_same(r, &hold->record, FIELD_TOOL) ||
	    !hold_same(r, &hold->record, FIELD_ACTION) || !hold_same(r, &hold->record, FIELD_PIN))
		return err_set(e, ERR_INPUT, "not the call that was approved as %" PRIu64, r->ref);
	if (!run || !is_of(&hold->record, FIELD_AGENT, run->agent) || !is_of(&hold->record, FIELD_OWNER, run->owner))
		return err_set(e, ERR_INPUT, "%" PRIu64 " was approved for another agent or owner", r->ref);
	if (strcmp(run->where, hold->where) != 0)
		return err_set(e, ERR_INPUT, "%" PRIu64 " was approved under another list of signers, or for other tools, in another folder or environment",
			       r->ref);
	if (hold_moment_of(&now, r, e) < 0)
		return -1;
	return hold_is_over(hold, &now) ? err_set(e, ERR_INPUT, "the time of %" PRIu64 " is over", r->ref) : 0;
}

static int (*const checks[RECORD_KINDS])(const struct holds *, const struct record *, struct err *) = {
	[RECORD_HELD] = check_held,
	[RECORD_DECISION] = check_decision,
	[RECORD_INTENT] = check_intent,
};

int holds_check(const struct holds *h, const struct record *r, struct err *e)
{
	return checks[r->kind] ? checks[r->kind](h, r, e) : 0;
}

/*
 * Reviewers' load: who decided what, how long people were waited for, how held calls ended, and which rule's calls were
 * approved every time, which is where a rule could decide by itself.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/reconcile.h"
#include "audit/tally.h"

struct held_call {
	uint64_t index;
	int64_t asked_us;
	bool decided;		/* by a person */
	char rule[161];
};

int stats_review_begin(struct stats_review *s, struct err *e)
{
	static const char *const titles[REVIEW_TALLIES] = {
		[BY_REVIEWER] = "reviewer", [BY_DELAY] = "time to the first decision", [BY_END] = "held calls",
		[ALWAYS_APPROVED] = "asked for a review, and approved every time",
	};
	size_t i;

	for (i = 0; i < REVIEW_TALLIES; i++)
		if (tally_begin(&s->of[i], titles[i], e) < 0)
			return -1;
	return tally_begin(&s->approved, "", e) < 0 || tally_begin(&s->denied, "", e) < 0 ? -1 : 0;
}

static bool time_of(int64_t *us, const struct joined *j)
{
	const struct field_value *v = &j->own->value[FIELD_TIME];
	char text[40];

	snprintf(text, sizeof(text), "%.*s", v->set ? (int)v->size : 0, v->set ? v->text : "");
	return stamp_read(us, text, "%Y-%m-%dT%H:%M:%S.%fZ");
}

static int take_held(struct stats_review *s, const struct joined *j, struct err *e)
{
	const struct field_value *rule = &j->own->value[FIELD_RULE];
	size_t room = s->room ? s->room * 2 : 256;
	struct held_call *more, *h;

	if (s->count == s->room) {
		more = realloc(s->held, room * sizeof(*more));
		if (!more)
			return err_sys(e, "memory for held calls");
		s->held = more;
		s->room = room;
	}
	h = &s->held[s->count];
	*h = (struct held_call){ .index = j->frame->index };
	snprintf(h->rule, sizeof(h->rule), "%.*s", rule->set ? (int)rule->size : 0, rule->set ? rule->text : "");
	s->count += time_of(&h->asked_us, j);
	return 0;
}

static struct held_call *find(struct stats_review *s, uint64_t index)
{
	size_t low = 0, high = s->count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (s->held[mid].index < index)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->count && s->held[low].index == index ? &s->held[low] : NULL;
}

static const char *delay_word(int64_t us)
{
	static const struct {
		int64_t seconds;
		const char *word;
	} steps[] = { { 60, "within a minute" }, { 300, "within 5 minutes" }, { 900, "within 15 minutes" },
		      { 3600, "within an hour" }, { 86400, "within a day" } };
	size_t i;

	for (i = 0; i < count_of(steps); i++)
		if (us <= steps[i].seconds * 1000000)
			return steps[i].word;
	return "after more than a day";
}

static int take_word(struct stats_review *s, struct held_call *h, const struct joined *j, bool approves, struct err *e)
{
	const struct field_value *who = &j->own->value[FIELD_REVIEWER];
	struct tally *to = approves ? &s->approved : &s->denied;
	const char *word;
	char key[TALLY_KEY];
	int64_t now;

	snprintf(key, sizeof(key), "%.*s %s", (int)who->size, who->text, approves ? "approved" : "denied");
	if (tally_add(&s->of[BY_REVIEWER], key, strlen(key), e) < 0)
		return -1;
	if (h && !h->decided && time_of(&now, j)) {
		h->decided = true;
		word = delay_word(now - h->asked_us);
		if (tally_add(&s->of[BY_DELAY], word, strlen(word), e) < 0)
			return -1;
	}
	return h ? tally_add(to, h->rule, strlen(h->rule), e) : 0;
}

int stats_review_take(struct stats_review *s, const struct joined *j, struct err *e)
{
	const struct field_value *v = &j->own->value[FIELD_DECISION];
	bool approves, denies;

	if (j->own->kind == RECORD_HELD)
		return take_held(s, j, e) < 0 ? -1 : tally_add(&s->of[BY_END], "held", 4, e);
	if (j->own->kind == RECORD_INTENT && j->own->ref)
		return tally_add(&s->of[BY_END], "approved and done", 17, e);
	if (j->own->kind != RECORD_DECISION || !v->set)
		return 0;
	approves = v->size == 7 && memcmp(v->text, "approve", 7) == 0;
	denies = v->size == 4 && memcmp(v->text, "deny", 4) == 0;
	if (approves || denies)
		return take_word(s, find(s, j->own->ref), j, approves, e) < 0 || (denies && tally_add(&s->of[BY_END], "denied", 6, e) < 0) ? -1 : 0;
	return tally_add(&s->of[BY_END], v->text, v->size, e);
}

static bool was_denied(const struct stats_review *s, const char *rule)
{
	size_t i;

	for (i = 0; i < TALLY_SLOTS; i++)
		if (s->denied.slots[i].text && strcmp(s->denied.slots[i].text, rule) == 0)
			return true;
	return false;
}

int stats_review_end(struct stats_review *s, struct err *e)
{
	const struct counted *one;
	uint64_t n;
	size_t i;

	for (i = 0; i < TALLY_SLOTS; i++) {
		one = &s->approved.slots[i];
		for (n = 0; one->text && !was_denied(s, one->text) && n < one->count; n++)
			if (tally_add(&s->of[ALWAYS_APPROVED], one->text, strlen(one->text), e) < 0)
				return -1;
	}
	for (i = 0; i < REVIEW_TALLIES; i++)
		tally_sort(&s->of[i]);
	return 0;
}

void stats_review_free(struct stats_review *s)
{
	size_t i;

	for (i = 0; i < REVIEW_TALLIES; i++)
		tally_free(&s->of[i]);
	tally_free(&s->approved);
	tally_free(&s->denied);
	free(s->held);
}

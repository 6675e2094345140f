/*
 * Who is asked about a held call. A need is one rule's: so many different people out of those whom its steps name.
 * A step begins some time after the call was held; a name that one of them has counts for every need that has it.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/holds.h"

static bool are_short(const char *names)
{
	size_t size;

	for (; *names; names += size + (names[size] == ' ')) {
		size = strcspn(names, " ");
		if (size >= HOLD_NAME)
			return false;
	}
	return true;
}

static bool read_step(struct hold_step *out, const char *item)
{
	struct asked_item a;

	if (!asked_item_read(&a, item) || a.need == 0 || a.need > REVIEWS || a.count == 0 || a.count > HOLD_VOTES)
		return false;
	*out = (struct hold_step){ a.need, a.count, a.after_s * UINT64_C(1000000), a.names };
	return are_short(a.names);
}

/* Needs are numbered from 1; a step of the same need asks for as many, and later than the one before. */
static bool follows(const struct hold_step *s, const struct hold_step *before)
{
	if (!before)
		return s->need == 1;
	if (s->need == before->need)
		return s->count == before->count && s->after_us > before->after_us;
	return s->need == before->need + 1;
}

int hold_steps_read(struct hold_step out[HOLD_STEPS], size_t *count, const struct record *held, struct err *e)
{
	const struct field_value *v = &held->value[FIELD_ASKED_OF];
	unsigned votes = 0;
	size_t at, n = 0;

	for (at = 0; v->set && at < v->size; at += strlen(v->text + at) + 1, n++) {
		if (n == HOLD_STEPS || !read_step(&out[n], v->text + at) || !follows(&out[n], n ? &out[n - 1] : NULL) ||
		    (n >= REVIEW_STEPS && out[n - REVIEW_STEPS].need == out[n].need))
			return err_set(e, ERR_INPUT, "asked_of: \"%.80s\" is not a step that can come there", v->text + at);
		if (n == 0 || out[n].need != out[n - 1].need)
			votes += out[n].count;
	}
	if (n == 0 || votes > HOLD_VOTES)
		return err_set(e, ERR_INPUT, n ? "asked_of: more than %d approvals cannot be asked for" :
						 "asked_of: nobody is asked (at most %d may be)", HOLD_VOTES);
	*count = n;
	return 0;
}

static bool has_name(const char *names, const char *name)
{
	size_t size, wanted = strlen(name);

	for (;; names += size + 1) {
		size = strcspn(names, " ");
		if (size == wanted && memcmp(names, name, size) == 0)
			return true;
		if (!names[size])
			return false;
	}
}

unsigned hold_asks(const struct hold *h, const char *name, uint64_t since_us)
{
	unsigned needs = 0;
	size_t i;

	for (i = 0; i < h->step_count; i++)
		if (since_us >= h->steps[i].after_us && has_name(h->steps[i].names, name))
			needs |= 1u << h->steps[i].need;
	return needs;
}

unsigned hold_lacks(const struct hold *h)
{
	unsigned lacks = 0, had;
	size_t i, v;

	for (i = 0; i < h->step_count; i++) {
		for (had = 0, v = 0; v < h->vote_count; v++)
			had += h->votes[v].needs >> h->steps[i].need & 1;
		if (had < h->steps[i].count)
			lacks |= 1u << h->steps[i].need;
	}
	return lacks;
}

uint64_t hold_steps_begun(const struct hold *h, uint64_t since_us)
{
	uint64_t begun = 0;
	size_t i;

	for (i = 0; i < h->step_count; i++)
		if (since_us >= h->steps[i].after_us)
			begun |= UINT64_C(1) << i;
	return begun;
}

static bool has_voted(const struct hold *h, const char *name)
{
	size_t v;

	for (v = 0; v < h->vote_count; v++)
		if (strcmp(h->votes[v].reviewer, name) == 0)
			return true;
	return false;
}

/* Who is named twice is told twice from the second step on: these are few, and short. */
static bool add_step(struct buf *out, const struct hold *h, const struct hold_step *s)
{
	const char *at = s->names;
	char name[HOLD_NAME];
	size_t size;

	for (;; at += size + 1) {
		size = strcspn(at, " ");
		memcpy(name, at, size);
		name[size] = '\0';
		if (!has_voted(h, name) && !buf_printf(out, "%s%s", out->size ? ", " : "", name))
			return false;
		if (!at[size])
			return true;
	}
}

bool hold_awaits(struct buf *out, const struct hold *h, uint64_t since_us)
{
	unsigned lacks = hold_lacks(h);
	size_t i;

	for (i = 0; i < h->step_count; i++)
		if (since_us >= h->steps[i].after_us && (lacks >> h->steps[i].need & 1) &&
		    !add_step(out, h, &h->steps[i]))
			return false;
	return true;
}

#include "ledger/agents.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct agent_known *find(const struct agents *a, const struct record *r)
{
	const struct field_value *v = &r->value[FIELD_AGENT];
	size_t i;

	for (i = 0; v->set && i < a->count; i++)
		if (strlen(a->known[i].name) == v->size && memcmp(a->known[i].name, v->text, v->size) == 0)
			return &a->known[i];
	return NULL;
}

/* Only what somebody said: when and where it was said is another each time. */
static void sum_of(uint8_t out[SEAL_HASH], const struct record *r)
{
	struct record said = *r;
	char bytes[RECORD_MOST];
	int f;

	for (f = 0; f < FIELDS; f++)
		if (field_info((enum field)f)->setter == FIELD_BY_RECORDER)
			said.value[f].set = false;
	seal_hash(out, bytes, entry_write(bytes, &said));
}

uint64_t agents_last(const struct agents *a, const struct record *r, bool *same)
{
	const struct agent_known *k = find(a, r);
	uint8_t sum[SEAL_HASH];

	sum_of(sum, r);
	*same = k && memcmp(k->sum, sum, sizeof(sum)) == 0;
	return k ? k->index : 0;
}

int agents_check(const struct agents *a, const struct record *r, struct err *e)
{
	const struct agent_known *k = find(a, r);
	const struct field_value *former = &r->value[FIELD_FORMER];

	if (!r->value[FIELD_AGENT].set || r->value[FIELD_AGENT].size >= sizeof(k->name))
		return err_set(e, ERR_INPUT, "a record of an agent that does not say of which");
	if (former->set ? !k || former->number != k->index : k != NULL)
		return err_set(e, ERR_INPUT, "what was said of this agent before is not what it names, but %" PRIu64, k ? k->index : 0);
	return 0;
}

/* Its place, if need be a new one; NULL: there are too many, or no memory. */
static struct agent_known *place_of(struct agents *a, const struct record *r, struct err *e)
{
	const struct agent_known *k = find(a, r);
	size_t wanted = a->room ? a->room * 2 : 16;
	void *more;

	if (k)
		return a->known + (k - a->known);
	if (a->count == AGENTS_MOST)
		return NULL;
	if (a->count == a->room) {
		more = realloc(a->known, wanted * sizeof(*a->known));
		if (!more) {
			err_sys(e, "memory for agents");
			return NULL;
		}
		a->known = more;
		a->room = wanted;
	}
	return &a->known[a->count++];
}

int agents_take(struct agents *a, const struct record *r, struct err *e)
{
	struct agent_known *k;

	if (agents_check(a, r, e) < 0)
		return -1;
	k = place_of(a, r, e);
	if (!k)
		return e->kind ? -1 : 0;
	*k = (struct agent_known){ .index = r->value[FIELD_N].number };
	memcpy(k->name, r->value[FIELD_AGENT].text, r->value[FIELD_AGENT].size);
	sum_of(k->sum, r);
	return 0;
}

void agents_free(struct agents *a)
{
	free(a->known);
	*a = (struct agents){ .count = 0 };
}

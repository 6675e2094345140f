/*
 * The digest of the whole file of agents is in a record and not compared: another agent's new owner is no news of
 * this one.
 */
#include "ledger/agents.h"

#include <stdlib.h>
#include <string.h>

static const enum field compared[] = { FIELD_OWNER, FIELD_DEPARTMENT, FIELD_TENANT, FIELD_MODEL, FIELD_SCOPES, FIELD_CREDENTIALS };

/* Each member hashed onto those before it, by its size as well: no two ways to say it have one hash. */
static void print(uint8_t out[SEAL_HASH], const struct record *r)
{
	const struct field_value *v;
	uint8_t one[SEAL_HASH];
	size_t i;

	memset(out, 0, SEAL_HASH);
	for (i = 0; i < count_of(compared); i++) {
		v = &r->value[compared[i]];
		seal_prefixed(one, v->set, &v->size, v->set ? sizeof(v->size) : 0, v->text, v->set ? v->size : 0);
		seal_prefixed(out, (uint8_t)i, out, SEAL_HASH, one, sizeof(one));
	}
}

static struct agent_said *find(const struct agents *a, const uint8_t id[SEAL_HASH])
{
	size_t i;

	for (i = 0; i < a->count; i++)
		if (memcmp(a->at[i].id, id, SEAL_HASH) == 0)
			return &a->at[i];
	return NULL;
}

static void name(uint8_t id[SEAL_HASH], const struct record *r)
{
	const struct field_value *v = &r->value[FIELD_AGENT];

	seal_hash(id, v->set ? v->text : "", v->set ? v->size : 0);
}

uint64_t agents_former(const struct agents *a, const struct record *r, bool *same)
{
	uint8_t id[SEAL_HASH], all[SEAL_HASH];
	const struct agent_said *said;

	name(id, r);
	print(all, r);
	said = find(a, id);
	*same = said && memcmp(said->all, all, SEAL_HASH) == 0;
	return said ? said->index : 0;
}

int agents_take(struct agents *a, const struct record *r, uint64_t index, struct err *e)
{
	size_t room = a->room ? 2 * a->room : 16;
	struct agent_said *said, *more;
	uint8_t id[SEAL_HASH];

	name(id, r);
	said = find(a, id);
	if (!said && a->count == AGENTS_MOST)
		return 0;
	if (!said && a->count == a->room) {
		more = realloc(a->at, room * sizeof(*more));
		if (!more)
			return err_sys(e, "memory for what is known of agents");
		a->at = more;
		a->room = room;
	}
	said = said ? said : &a->at[a->count++];
	memcpy(said->id, id, SEAL_HASH);
	print(said->all, r);
	said->index = index;
	return 0;
}

void agents_free(struct agents *a)
{
	free(a->at);
	*a = (struct agents){ 0 };
}

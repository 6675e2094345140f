/* What a ledger itself says of who keeps a second record. A hint where to look: what they hold is held against it elsewhere. */
#include <inttypes.h>
#include <string.h>

#include "audit/sightings.h"

static struct second *second_of(struct seconds *s, const struct field_value *name)
{
	size_t i;

	if (!name->set || name->size >= SEAL_NAME)
		return NULL;
	for (i = 0; i < s->count; i++)
		if (strlen(s->at[i].name) == name->size && memcmp(s->at[i].name, name->text, name->size) == 0)
			return &s->at[i];
	if (s->count == SECONDS)
		return NULL;
	s->at[s->count] = (struct second){ .upto = 0 };
	memcpy(s->at[s->count].name, name->text, name->size);
	return &s->at[s->count++];
}

/* That the one that tells them was gone is over when one tells them. */
static void end_own(struct seconds *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (strcmp(s->at[i].name, "reeve-anchor") == 0)
			s->at[i].gap = 0;
}

void seconds_take(struct seconds *s, const struct record *r)
{
	struct second *of;

	if ((r->kind != RECORD_ANCHOR && r->kind != RECORD_GAP) || r->value[FIELD_OF].set)
		return;
	of = second_of(s, &r->value[FIELD_WITNESS]);
	if (!of)
		return;
	if (r->kind == RECORD_ANCHOR) {
		of->upto = r->value[FIELD_UPTO].number;
		of->gap = 0;
		end_own(s);
		return;
	}
	of->gap = r->value[FIELD_N].number;
	of->since = r->value[FIELD_SINCE].number;
	of->outages += r->value[FIELD_COUNT].set ? r->value[FIELD_COUNT].number : 1;
}

void seconds_judge(struct finding *f, const struct seconds *s)
{
	scoped(buf) struct buf out = BUF(sizeof(f->text) - 1);
	const struct second *of;
	size_t i;

	/* Those who could not be told come first: the line may be too short for all. */
	for (i = 0; i < s->count; i++) {
		of = &s->at[i];
		if (of->gap)
			buf_printf(&out, "%s%s not told since record %" PRIu64 " (record %" PRIu64 ")", out.size ? ", " : "", of->name, of->since, of->gap);
	}
	for (i = 0; i < s->count; i++) {
		of = &s->at[i];
		if (!of->gap && of->upto)
			buf_printf(&out, "%s%s told of %" PRIu64, out.size ? ", " : "", of->name, of->upto);
		if (!of->gap && of->upto && of->outages)
			buf_printf(&out, " (%" PRIu64 " outage%s, over)", of->outages, of->outages == 1 ? "" : "s");
	}
	memcpy(f->text, out.data ? out.data : "", out.size);
	f->text[out.size] = '\0';
}

/* Of which records the key that signed them was revoked later: they are the ledger's, and nobody has to believe them. */
#include <inttypes.h>
#include <stdio.h>

#include "audit/verify.h"

/* The first such records are named. */
static bool disbelieved(struct finding *out, const struct epochs *s, size_t *revoked)
{
	const struct epoch *x;
	bool found = false;
	size_t i;

	for (i = s->count - 1; i > 0; i--) {
		x = &s->all[i];
		*revoked += x->revoked > 0;
		if (!x->revoked || x->since >= x[1].record)
			continue;
		snprintf(out->text, sizeof(out->text), "records %" PRIu64 " to %" PRIu64 " are signed by epoch %zu, whose key was revoked by record %" PRIu64,
			 x->since, x[1].record - 1, i, x->revoked);
		found = true;
	}
	return found;
}

void keys_judge(struct finding *out, const struct epochs *s, bool known)
{
	size_t revoked = 0;

	out->bad = known && disbelieved(out, s, &revoked);
	if (!known)
		snprintf(out->text, sizeof(out->text), "not judged: what is signed is not whole");
	else if (s->count == 1)
		snprintf(out->text, sizeof(out->text), "the root signs all of it; there are no epochs");
	else if (!out->bad)
		snprintf(out->text, sizeof(out->text), "epoch %zu, each handed over from the root on; %zu revoked", s->count - 1, revoked);
}

/* Of which records the key that signed them was revoked later: they are the ledger's, and nobody has to believe them. */
#include <inttypes.h>
#include <stdio.h>

#include "audit/verify.h"

/* An epoch that was handed over to by a key that was not believed any more is whose that key was: up to the root's next. */
static uint64_t begins(const struct epoch *x, uint64_t before)
{
	uint64_t led = !x->by_root && before <= x->record ? x->record : UINT64_MAX;

	return x->revoked && x->since < led ? x->since : led;
}

/* The first such records are named, and those that follow on them. */
static bool disbelieved(struct finding *out, const struct epochs *s, size_t *revoked)
{
	uint64_t bad = UINT64_MAX, from = 0, to = 0;
	size_t i, first = 0;

	for (i = 1; i < s->count; i++) {
		bad = begins(&s->all[i], bad);
		*revoked += s->all[i].revoked > 0;
		if (i + 1 == s->count || bad >= s->all[i + 1].record || (first && bad != to))
			continue;
		from = first ? from : bad;
		first = first ? first : i;
		to = s->all[i + 1].record;
	}
	if (first)
		finding_say(out, "records %" PRIu64 " to %" PRIu64 " are signed by epoch %zu, whose key was revoked by record %" PRIu64 "%s",
			 from, to - 1, first, s->all[first].revoked, to > s->all[first + 1].record ? ", or by those that it handed over to" : "");
	return first;
}

void keys_judge(struct finding *out, const struct epochs *s, bool known)
{
	size_t revoked = 0;

	out->bad = known && disbelieved(out, s, &revoked);
	if (!known)
		finding_say(out, "not judged: what is signed is not whole");
	else if (s->count == 1)
		finding_say(out, "the root signs all of it; there are no epochs");
	else if (!out->bad)
		finding_say(out, "epoch %zu, each handed over from the root on; %zu revoked", s->count - 1, revoked);
}

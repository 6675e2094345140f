/* One epoch ends and the next begins, in one commit. What may go wrong before it leaves the former key in force. */
#include "ledger/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Which key is its own the disk will tell, and the one who asks it is the next recorder. */
static int end_epoch(struct ledger *l, bool committed, struct err *e)
{
	if (committed && signing_advance(l->signing, e) == 0)
		return 0;
	l->poisoned = l->poisoned || signing_coming(l->signing) || signing_is_broken(l->signing);
	return -1;
}

int store_epoch(struct ledger *l, const struct revocation *x, struct err *e)
{
	struct record r = { .kind = RECORD_EPOCH };
	char verifier[SEAL_VERIFIER_TEXT];
	uint64_t index;

	if (signing_next(l->signing, e) < 0)
		return -1;
	seal_verifier_text(verifier, seal_key_verifier(signing_coming(l->signing)));
	record_text(&r, FIELD_KEY, verifier);
	record_number(&r, FIELD_EPOCH, l->epochs.count);
	if (l->epochs.count > 1)
		record_number(&r, FIELD_FORMER, epochs_now(&l->epochs)->record);
	if (x) {
		record_number(&r, FIELD_REVOKED, x->epoch);
		record_number(&r, FIELD_SINCE, x->since);
		record_text(&r, FIELD_WHY, x->why);
	}
	return ledger_append(&index, l, &r, 0, e);
}

int ledger_rotate(struct ledger *l, struct err *e)
{
	return end_epoch(l, ledger_commit(l, e) == 0 && store_epoch(l, NULL, e) == 0 && ledger_commit(l, e) == 0, e);
}

/* Whose records from there on are believed no more: of whose epoch that one is. */
static int find_revoked(struct revocation *x, const struct ledger *l, const char *since, struct err *e)
{
	const struct epochs *s = &l->epochs;
	char *end = NULL;

	x->epoch = s->count - 1;
	x->since = epochs_now(s)->size;
	if (strcmp(since, "end") == 0)
		x->since = l->order.next;
	else if (strcmp(since, "all") != 0)
		x->since = strtoull(since, &end, 10);
	if (*since == '-' || (end && (end == since || *end)) || x->since > l->order.next)
		return err_set(e, ERR_INPUT, "\"%.40s\": expected the number of a record of this ledger, \"all\" or \"end\"", since);
	while (x->epoch > 0 && s->all[x->epoch].size > x->since)
		x->epoch--;
	if (x->epoch == 0)
		return err_set(e, ERR_INPUT, "record %" PRIu64 " is signed by the root, which nobody revokes", x->since);
	if (s->all[x->epoch].revoked)
		return err_set(e, ERR_INPUT, "epoch %" PRIu64 " is revoked already", x->epoch);
	return 0;
}

int ledger_revoke(struct ledger *l, const char *since, const char *why, struct err *e)
{
	struct revocation x = { .why = why };

	must(signing_lent(l->signing));
	if (find_revoked(&x, l, since, e) < 0 || ledger_room(l, e) < 0)
		return -1;
	return end_epoch(l, store_epoch(l, &x, e) == 0 && ledger_commit(l, e) == 0, e);
}

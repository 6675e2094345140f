/* One epoch ends and the next begins, in one commit. What may go wrong before it leaves the former key in force. */
#include "ledger/store.h"

int store_epoch(struct ledger *l, struct err *e)
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
	return ledger_append(&index, l, &r, 0, e);
}

int ledger_rotate(struct ledger *l, struct err *e)
{
	if (ledger_commit(l, e) < 0 || store_epoch(l, e) < 0 || ledger_commit(l, e) < 0) {
		l->poisoned = l->poisoned || signing_coming(l->signing);	/* which key is its own the disk will tell */
		return -1;
	}
	return signing_advance(l->signing, e);
}

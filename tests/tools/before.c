/* before LEDGERDIR KEYFILE COUNT - key and ledger as a reeve made them that knew no epochs: all of it is the root's. */
#include <stdio.h>
#include <stdlib.h>

#include "ledger/ledger.h"

static int fill(struct ledger *l, int count, struct err *e)
{
	struct record r = { .kind = RECORD_RECOVERY };
	uint64_t index;

	record_text(&r, FIELD_STATUS, "ok");
	while (count-- > 0)
		if (ledger_append(&index, l, &r, 0, e) < 0 || (count % 7 == 0 && ledger_commit(l, e) < 0))
			return -1;
	return ledger_finish(l, e);
}

static int make(const char *dir, const char *key, int count, struct err *e)
{
	scoped(seal_key) struct seal_key *k = NULL;
	scoped(ledger) struct ledger *l = NULL;
	char verifier[SEAL_VERIFIER_TEXT];

	if (seal_ready(e) < 0 || seal_key_make(key, "reeve.local/t/0123456789abcdef", e) < 0 || seal_key_load(&k, key, e) < 0 ||
	    ledger_make(dir, k, "t", e) < 0 || ledger_open(&l, dir, k, NULL, e) != LEDGER_OPENED || fill(l, count, e) < 0)
		return -1;
	seal_verifier_text(verifier, seal_key_verifier(k));
	return puts(verifier) < 0;
}

int main(int argc, char **argv)
{
	struct err e = { .kind = ERR_NONE };

	if (argc != 4)
		return 2;
	if (make(argv[1], argv[2], atoi(argv[3]), &e) == 0)
		return 0;
	fprintf(stderr, "before: %s\n", e.text);
	return 1;
}

/*
 * rotate LEDGERDIR KEYFILE COUNT - so many epochs begin, one behind the other, while no recorder runs. With "before" in
 * the place of COUNT: a ledger as one was before there were epochs, with a run and an intent open.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/signing.h"

static int rotate(const char *dir, const char *key, int count, struct err *e)
{
	scoped(signing) struct signing *signing = NULL;
	struct ledger *l = NULL;
	int done;

	if (seal_ready(e) < 0 || signing_open(&signing, key, e) < 0)
		return -1;
	done = ledger_open_by(&l, dir, signing, NULL, e);
	if (done != LEDGER_OPENED)
		return done < 0 ? -1 : err_set(e, ERR_INPUT, "a recorder has it");
	for (done = 0; done == 0 && count-- > 0;)
		done = ledger_rotate(l, e);
	ledger_free(l);
	return done;
}

static int add(struct ledger *l, enum record_kind kind, uint64_t run, struct err *e)
{
	struct record r = { .kind = kind };
	uint64_t index;

	record_text(&r, FIELD_AGENT, kind == RECORD_RUN ? "tester" : NULL);
	return ledger_append(&index, l, &r, run, e);
}

static int write_public(const char *key_path, const struct seal_key *k, struct err *e)
{
	char path[4096], verifier[SEAL_VERIFIER_TEXT];
	FILE *f;

	if (signing_beside(path, key_path, ".pub", e) < 0)
		return -1;
	seal_verifier_text(verifier, seal_key_verifier(k));
	f = fopen(path, "w");
	return !f || fprintf(f, "%s\n", verifier) < 0 || fclose(f) != 0 ? err_sys(e, "%s", path) : 0;
}

static int before(const char *dir, const char *key, struct err *e)
{
	scoped(seal_key) struct seal_key *k = NULL;
	struct ledger *l = NULL;

	if (seal_ready(e) < 0 || seal_key_make(key, "reeve.local/t/0123456789abcdef", e) < 0 || seal_key_load(&k, key, e) < 0 ||
	    write_public(key, k, e) < 0 || ledger_make(dir, k, "t", e) < 0 || ledger_open(&l, dir, k, NULL, e) != LEDGER_OPENED)
		return -1;
	if (add(l, RECORD_RUN, 0, e) < 0 || add(l, RECORD_INTENT, 1, e) < 0 || ledger_commit(l, e) < 0)
		return -1;
	ledger_free(l);
	return 0;
}

int main(int argc, char **argv)
{
	struct err e = { .kind = ERR_NONE };

	if (argc != 4)
		return 2;
	if (strcmp(argv[3], "before") == 0 ? before(argv[1], argv[2], &e) == 0 : rotate(argv[1], argv[2], atoi(argv[3]), &e) == 0)
		return 0;
	fprintf(stderr, "rotate: %s\n", e.text);
	return 1;
}

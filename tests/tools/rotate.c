/* rotate LEDGERDIR KEYFILE COUNT - so many epochs begin, one behind the other, while no recorder runs. */
#include <stdio.h>
#include <stdlib.h>

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

int main(int argc, char **argv)
{
	struct err e = { .kind = ERR_NONE };

	if (argc != 4)
		return 2;
	if (rotate(argv[1], argv[2], atoi(argv[3]), &e) == 0)
		return 0;
	fprintf(stderr, "rotate: %s\n", e.text);
	return 1;
}

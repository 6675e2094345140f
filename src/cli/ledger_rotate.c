/* reeve ledger rotate: the recorder does it; here is said what came of it. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/ledger_words.h"

int ledger_next_epoch(const struct ledger_wanted *w, int argc, char **argv, struct err *e)
{
	scoped(reviewer) struct reviewer *r = NULL;
	uint64_t epoch, index;
	char verifier[256];

	(void)argc;
	(void)argv;
	if (reviewer_join(&r, &w->at, e) < 0 || custodian_rotate(&epoch, &index, verifier, r, e) < 0)
		return -1;
	if (w->json)
		printf("{\"epoch\":%" PRIu64 ",\"record\":%" PRIu64 ",\"key\":\"%s\"}\n", epoch, index, verifier);
	else
		printf("epoch %" PRIu64 " began with record %" PRIu64 ": %s\n", epoch, index, verifier);
	if (!w->at.service && access(w->at.key, F_OK) == 0)
		log_say("carry %s away: it is needed to revoke only", w->at.key);
	return EXIT_DONE;
}

/* reeve ledger rotate: the recorder does it; here is said what came of it. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/ledger_words.h"

/* By the root's key file, which its owner brings; and no recorder may be serving, since the epoch's own key may be lost. */
static int revoke_by(const struct ledger_wanted *w, struct err *e)
{
	char said[256];

	if (!w->why || !*w->why) {
		err_set(e, ERR_INPUT, "rotate --revoke needs --why: it is recorded");
		return EXIT_USAGE;
	}
	if (w->at.service)
		return err_set(e, ERR_INPUT, "this ledger is a service's: stop it and use reeve-recorder revoke, reeve-recorder(8)");
	if (launch_revoke(said, &w->at, w->root ? w->root : w->at.key, w->revoke, w->why, e) < 0)
		return -1;
	printf("%s\n", said);
	log_say("reeve audit verify names what the revoked key has signed; carry the root's key away again");
	return EXIT_DONE;
}

int ledger_next_epoch(const struct ledger_wanted *w, int argc, char **argv, struct err *e)
{
	scoped(reviewer) struct reviewer *r = NULL;
	uint64_t epoch, index;
	char verifier[256];

	(void)argc;
	(void)argv;
	if (w->revoke)
		return revoke_by(w, e);
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

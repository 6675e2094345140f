/* revoke: by the root alone, while no recorder serves; also where the epoch's key is lost and none can. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/place.h"
#include "recorder/recorder.h"

/* Not by stdio, which asks what kind of a device it has and would be killed for it. */
static int say(const struct ledger *l, struct err *e)
{
	const struct epochs *s = ledger_epochs(l);
	char verifier[SEAL_VERIFIER_TEXT], line[SEAL_VERIFIER_TEXT + 96];
	int size;

	seal_verifier_text(verifier, &epochs_now(s)->key);
	size = snprintf(line, sizeof(line), "epoch %zu began with record %" PRIu64 ": %s\n", s->count - 1, epochs_now(s)->record, verifier);
	return fd_write_all(STDOUT_FILENO, line, (size_t)size, e);
}

int recorder_revoke(char **args, struct err *e)
{
	scoped(signing) struct signing *signing = NULL;
	scoped(ledger) struct ledger *l = NULL;
	int opened;

	if (!*args[4] || strlen(args[4]) > VAULT_WHY)
		return err_set(e, ERR_INPUT, "say why, in at most %d bytes", VAULT_WHY);
	if (signing_open(&signing, args[1], e) < 0 || signing_lend(signing, args[2], e) < 0 || place_claim(args[0], args[1], e) < 0)
		return -1;
	opened = ledger_open_by(&l, args[0], signing, NULL, e);
	if (opened == LEDGER_BUSY)
		return err_set(e, ERR_LIMIT, "a recorder serves this ledger: end its runs, or stop the service, and try again");
	if (opened < 0 || ledger_revoke(l, args[3], args[4], e) < 0 || ledger_finish(l, e) < 0)
		return -1;
	return say(l, e);
}

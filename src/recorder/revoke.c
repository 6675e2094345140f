/*
 * revoke: by the root alone, while no recorder serves; also where the epoch's key is lost and none can. Who has taken that
 * key may have taken over the recorder that signs with it: so the root is brought to another one, which reads all.
 */
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

/* Of an agent's keys the one that is this ledger's root: it needs no name. */
static int fetch_root(struct seal_key **out, const struct seal_verifier *root, const char *where, struct err *e)
{
	struct recorder_options o = { 0 };
	char print[SEAL_PRINT];

	if (!recorder_root(&o, where))
		return seal_key_load(out, where, e);
	if (o.credential)
		return seal_key_credential(out, o.credential, e);
	seal_print(print, root->key);
	return seal_key_agent(out, root->name, STDIN_FILENO, *o.agent ? o.agent : print, e);
}

/* Why an agent did not sign is not what the ledger, which did not ask it, says of that. */
static int revoke_by(struct ledger *l, const struct seal_key *root, char **args, struct err *e)
{
	if (ledger_revoke(l, args[3], args[4], e) == 0)
		return ledger_finish(l, e) < 0 ? -1 : say(l, e);
	if (seal_key_why(root))
		*e = *seal_key_why(root);
	return -1;
}

int recorder_revoke(char **args, struct err *e)
{
	scoped(seal_key) struct seal_key *root = NULL;
	scoped(signing) struct signing *signing = NULL;
	scoped(ledger) struct ledger *l = NULL;
	int opened;

	if (!*args[4] || strlen(args[4]) > VAULT_WHY)
		return err_set(e, ERR_INPUT, "say why, in at most %d bytes", VAULT_WHY);
	if (signing_open(&signing, args[1], e) < 0 || fetch_root(&root, signing_root(signing), args[2], e) < 0 ||
	    signing_lend(signing, root, e) < 0 || place_claim(args[0], args[1], e) < 0)
		return -1;
	opened = ledger_open_by(&l, args[0], signing, NULL, e);
	if (opened == LEDGER_BUSY)
		return err_set(e, ERR_LIMIT, "a recorder serves this ledger, and is not to have the root: end its runs, or stop the service, and try again; reeve ledger rotate takes its key out of use meanwhile");
	return opened < 0 ? -1 : revoke_by(l, root, args, e);
}

/*
 * reeve audit: the auditor's program is one of its own, and this one holds nothing that reads a ledger. But where the
 * ledger is a service's, the service is asked first to write down that somebody carries some of it away.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/audit_replay.h"
#include "cli/cli.h"
#include "cli/settings.h"
#include "launcher/custodian.h"
#include "launcher/launcher.h"

static bool takes_away(const char *word)
{
	return strcmp(word, "export") == 0 || strcmp(word, "evidence") == 0;
}

/* The first of these words that is the folder of a ledger of the service. */
static bool find_tenant(char tenant[64], const struct recorder_service *s, char **words)
{
	for (; *words; words++)
		if (service_tenant(tenant, s, *words))
			return true;
	return false;
}

static int record(const struct recorder_service *s, const char *tenant, char **words, struct err *e)
{
	scoped(reviewer) struct reviewer *r = NULL;
	scoped(buf) struct buf said = BUF(1 << 20);
	struct paths at = { .service = false };
	char action[32], why[257];
	uint64_t index;
	char **word;

	snprintf(action, sizeof(action), "audit.%s", words[0]);
	for (word = words; *word; word++)
		buf_printf(&said, "%s%s", word == words ? "" : " ", *word);
	snprintf(why, sizeof(why), "%.*s", (int)text_cut(said.data, said.size, sizeof(why) - 1), said.data);
	if (paths_service(&at, tenant, s, e) < 0 || reviewer_join(&r, &at, e) < 0 || custodian_access(&index, r, action, why, e) < 0)
		return err_in(e, "nothing is taken of %s that its recorder does not know of", at.ledger);
	return 0;
}

static int note_access(char **words, struct err *e)
{
	struct settings s = { 0 };
	char folder[LAUNCH_TEXT], tenant[64];
	struct err none = { .kind = ERR_NONE };
	int done;

	if (!words[0] || !takes_away(words[0]) || paths_config(folder, &none) < 0)
		return 0;
	done = settings_load(&s, folder, e);
	if (done == 0 && s.service.socket && find_tenant(tenant, &s.service, words))
		done = record(&s.service, tenant, words, e);
	settings_free(&s);
	return done;
}

int cmd_audit(int argc, char **argv, struct err *e)
{
	char path[LAUNCH_TEXT + 64], programs[LAUNCH_TEXT];

	if (audit_replay_wanted(argc, argv))
		return audit_replay(argc, argv, e);
	if (paths_programs(programs, e) < 0 || (argc > 1 && note_access(argv + 1, e) < 0))
		return -1;
	snprintf(path, sizeof(path), "%s/reeve-audit", programs);
	execv(path, argv);
	return err_sys(e, "%s (is reeve installed whole?)", path);
}

#include <stdio.h>
#include <unistd.h>

#include "cli/audit_replay.h"
#include "cli/cli.h"
#include "launcher/launcher.h"

/* The auditor's program is one of its own: this one holds nothing that reads a ledger. */
int cmd_audit(int argc, char **argv, struct err *e)
{
	char path[LAUNCH_TEXT + 64], programs[LAUNCH_TEXT];

	if (audit_replay_wanted(argc, argv))
		return audit_replay(argc, argv, e);
	if (paths_programs(programs, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/reeve-audit", programs);
	execv(path, argv);
	return err_sys(e, "%s (is reeve installed whole?)", path);
}

/* cli/audit_replay.h - one run again, with its payloads and by the policy of its day: reeve-audit(1), replay. */
#ifndef CLI_AUDIT_REPLAY_H
#define CLI_AUDIT_REPLAY_H

#include <stdbool.h>

#include "base/err.h"

/* "replay RUN", without a ledger's folder: then it is one of this user's own. */
bool audit_replay_wanted(int argc, char **argv);
int audit_replay(int argc, char **argv, struct err *e) must_use;

#endif

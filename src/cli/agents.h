/*
 * cli/agents.h - who agents are, by the operator's file (reeve-agents(5)): an id that stays while owners, models and
 * keys change. Where there is such a file, nobody runs an agent that is not in it, or as somebody else.
 */
#ifndef CLI_AGENTS_H
#define CLI_AGENTS_H

#include "launcher/launcher.h"

struct agents;

int agents_load(struct agents **out, const char *path, struct err *e) must_use;
void agents_free(struct agents *a);
SCOPED(agents, struct agents *, agents_free)
const char *agents_path(const struct agents *a);

/*
 * Fill in what the file says of ask->agent. What the command line says otherwise is an error, and so is a user
 * who may not run it. `ask` borrows from `a`.
 */
int agents_apply(struct agents *a, struct run_request *ask, struct err *e) must_use;

#endif

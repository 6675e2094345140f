/* cli/config.h - how each agent wants to be told of tool servers: one row an agent. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * The parts of a configuration. In them @NAME@ stands for a server, @WORDS@ for what reeve-call is to be
 * told, as strings with commas between them, and @URL@ for its address.
 */
struct config_agent {
	const char *name, *about;
	const char *open, *command, *url, *between, *close;
	const char *file;	/* what a copy is called in `start` */
	const char *place;	/* where the agent looks for it, inside */
	const char *start;	/* what stands behind "reeve run --" */
};

/* The n-th; NULL past the last. */
const struct config_agent *config_agent_at(unsigned n);

/* One tool server, or with `server` NULL all of them together. `url` NULL: by reeve-call. False: no room. */
bool config_entry(struct buf *out, const struct config_agent *a, const char *server, const char *url);

#endif

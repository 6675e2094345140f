/* cli/connection.h - a connection as people write it down, made into the action that the broker makes of one. */
#ifndef CLI_CONNECTION_H
#define CLI_CONNECTION_H

#include <stdbool.h>

#include "json/json.h"
#include "model/model.h"

/* Is this the name of a member that says something of a connection: host, port, … way? */
bool connection_says(const char *member);

/* From those members of `from` to the arguments of net.connect and its tool; both are the caller's. */
int connection_of_members(json_t **args, char **tool, const json_t *from, struct err *e) must_use;

/*
 * "HOST:PORT" or a unix socket's path, beside what `args` (may be NULL) says more. Gives both as above; the
 * host in its one form.
 */
int connection_of_tool(json_t **args, char **tool, const char *text, const json_t *more, struct err *e) must_use;

#endif

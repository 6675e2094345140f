/* call/call.h - the small client inside the jail: what its files share. */
#ifndef CALL_CALL_H
#define CALL_CALL_H

#include <stdint.h>

#include "json/json.h"

enum { CALL_DONE = 0, CALL_REFUSED = 1, CALL_USAGE = 2, CALL_COULD_NOT = 3 };

/* Connect to the socket of a server; NULL: the one that joins them all. */
int socket_open(int *out, const char *server, struct err *e) must_use;

/* Copy stdin to the socket and the socket to stdout until the socket ends. */
int bridge_run(int fd, struct err *e) must_use;

/* An MCP conversation over a socket, one question at a time. */
struct client {
	int fd;
	uint64_t id;
	struct buf in;
	size_t taken;	/* of `in`: lines already read */
};

int client_open(struct client *out, const char *server, struct err *e) must_use;
void client_close(struct client *c);

/* Ask and wait. *out is the result, owned; a JSON-RPC error is a failure with its message. */
int client_ask(json_t **out, struct client *c, const char *method, const json_t *params,
	       struct err *e) must_use;

/* The commands; operands only. Each returns an exit code, and says itself what went wrong. */
int cmd_mcp(int argc, char **argv, bool raw);
int cmd_tool(int argc, char **argv, bool raw);
int cmd_list(int argc, char **argv, bool raw);

#endif

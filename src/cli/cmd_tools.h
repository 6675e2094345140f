/* cli/cmd_tools.h - what the words of `reeve tools` share. */
#ifndef CLI_CMD_TOOLS_H
#define CLI_CMD_TOOLS_H

#include "catalogue/catalogue.h"
#include "cli/cli.h"
#include "cli/wish.h"

/* What the operator said, and what was read because of it. */
struct look {
	struct wish *wish;		/* owned */
	const char *from;		/* a saved list, in place of the server itself */
	const char *accept;
	bool yes, json, help;
};

int cmd_tools_list(int argc, char **argv, struct err *e);
int cmd_tools_pin(int argc, char **argv, struct err *e);
int cmd_tools_scan(int argc, char **argv, struct err *e);

int tools_usage(const char *word, const struct err *e);

/* The options that say which servers, in which jail: rows 0 to LOOK_ROWS-1. */
enum { LOOK_ROWS = 6 };
void look_rows(struct option_row rows[LOOK_ROWS], struct look *l);
int look_new(struct look *out, struct err *e) must_use;
void look_free(struct look *l);

/* Which server of the tool file; false: an error names those there are. */
bool look_server(size_t *out, const struct look *l, const char *name, struct err *e) must_use;

/*
 * What a server offers: by starting it, in its jail, in a run of its own that the ledger has; of a saved list, with
 * the program as it is now. A new object.
 */
int look_offered(json_t **out, struct look *l, size_t server, struct err *e) must_use;

/* Everything the catalogue's files say of it; never NULL. */
int look_catalogue(struct catalogue **out, const struct look *l, size_t server, struct err *e) must_use;

/* A file of at most 8 MiB that holds a list, in any form. */
int look_saved(json_t **out, const char *path, struct err *e) must_use;

#endif

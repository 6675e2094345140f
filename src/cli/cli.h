/* cli/cli.h - the operator's words: one cmd_* per word of the command line. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stddef.h>

#include "base/err.h"

/* Exit codes of our own commands: reeve(1), EXIT STATUS. */
enum { EXIT_DONE, EXIT_DIFFERS, EXIT_USAGE, EXIT_COULD_NOT };

enum option_kind { OPTION_TEXT, OPTION_NUMBER, OPTION_FLAG, OPTION_EACH };

/* One option of one command. Ends with a row whose name is NULL. */
struct option_row {
	const char *name;	/* "policy": given as --policy VALUE or --policy=VALUE */
	const char *takes;	/* "DIR"; NULL for a flag */
	enum option_kind kind;
	void *into;		/* const char ** | unsigned * | bool * | see each */
	const char *does;	/* for --help */
	/* OPTION_EACH: called for every use; for what may be given several times. */
	int (*each)(void *into, const char *value, struct err *e);
};

/*
 * Read the options that stand before the first operand or "--". Gives the index of the first
 * operand, or -1 with one sentence in e (a usage error).
 */
int options_read(int argc, char **argv, const struct option_row *rows, struct err *e) must_use;
/* The same where no operand is another program's: options may stand behind them too. Operands are moved to the end. */
int options_anywhere(int argc, char **argv, const struct option_row *rows, struct err *e) must_use;
void options_print(const struct option_row *rows);

/*
 * Each takes its own word as argv[0] and returns an exit code; -1 with e set is printed by main and
 * is EXIT_COULD_NOT. Usage errors they print themselves.
 */
int cmd_review(int argc, char **argv, struct err *e);
int cmd_run(int argc, char **argv, struct err *e);
int cmd_init(int argc, char **argv, struct err *e);
int cmd_doctor(int argc, char **argv, struct err *e);
int cmd_policy(int argc, char **argv, struct err *e);
int cmd_policy_replay(int argc, char **argv, struct err *e);
int cmd_config(int argc, char **argv, struct err *e);
int cmd_tools(int argc, char **argv, struct err *e);
int cmd_workspace(int argc, char **argv, struct err *e);
int cmd_profile(int argc, char **argv, struct err *e);
int cmd_show(int argc, char **argv, struct err *e);
int cmd_net(int argc, char **argv, struct err *e);
int cmd_ledger(int argc, char **argv, struct err *e);
int cmd_audit(int argc, char **argv, struct err *e);
int cmd_help(int argc, char **argv, struct err *e);
int cmd_version(int argc, char **argv, struct err *e);

/* "reeve: run: sentence" and where to read more; returns EXIT_USAGE. */
int usage_error(const char *word, const struct err *e);

#endif

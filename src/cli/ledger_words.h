/* cli/ledger_words.h - what the words of `reeve ledger` share. */
#ifndef CLI_LEDGER_WORDS_H
#define CLI_LEDGER_WORDS_H

#include <stdbool.h>

#include "launcher/custodian.h"

struct ledger_wanted {
	const char *tenant, *class, *before, *keep, *first, *last, *why;
	bool dry, json, help;
	struct paths at;
};

/* Each gets its operands and returns an exit code; -1 with *e. A wrong word of the caller's is EXIT_USAGE with *e. */
int ledger_purge(const struct ledger_wanted *w, int argc, char **argv, struct err *e) must_use;
int ledger_hold(const struct ledger_wanted *w, int argc, char **argv, struct err *e) must_use;
int ledger_reveal(const struct ledger_wanted *w, int argc, char **argv, struct err *e) must_use;

/* "N" or "N-M". */
int ledger_range(uint64_t *first, uint64_t *last, const char *text, struct err *e) must_use;

#endif

/* cli/ledger_words.h - what the words of `reeve ledger` share. */
#ifndef CLI_LEDGER_WORDS_H
#define CLI_LEDGER_WORDS_H

#include <stdbool.h>
#include <stdio.h>

#include "json/json.h"
#include "launcher/custodian.h"

enum { REDACT_SHOWN = 16, REDACT_SHOWN_MOST = 512, REDACT_POINTER = 4096 };

struct ledger_wanted {
	const char *tenant, *class, *before, *keep, *first, *last, *why, *revoke, *root;
	bool dry, json, help, redact;
	const char *shown[REDACT_SHOWN + 1];	/* pointers that --redact leaves; ends with NULL */
	size_t shown_count;
	struct paths at;
};

/* Each gets its operands and returns an exit code; -1 with *e. A wrong word of the caller's is EXIT_USAGE with *e. */
int ledger_purge(const struct ledger_wanted *w, int argc, char **argv, struct err *e) must_use;
int ledger_hold(const struct ledger_wanted *w, int argc, char **argv, struct err *e) must_use;
int ledger_next_epoch(const struct ledger_wanted *w, int argc, char **argv, struct err *e) must_use;
int ledger_reveal(const struct ledger_wanted *w, int argc, char **argv, struct err *e) must_use;

/* What is kept of one run, up to its last record: a line of JSON each. */
int ledger_reveal_run(FILE *to, const struct paths *at, uint64_t run, uint64_t last, const char *why, struct err *e) must_use;

/* ledger_redact.c: its shape, and of its values only those at or below these pointers; `at` is its own. */
json_t *ledger_redacted(json_t *value, const char *const *shown, const char *at);

/* "N" or "N-M". */
int ledger_range(uint64_t *first, uint64_t *last, const char *text, struct err *e) must_use;

#endif

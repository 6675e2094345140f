/* cli/ledger_lines.h - the records of a ledger, one by one, as the auditor's program shows them. */
#ifndef CLI_LEDGER_LINES_H
#define CLI_LEDGER_LINES_H

#include <stdint.h>

#include "json/json.h"

/*
 * This program links nothing that reads a ledger. The records are taken as they stand; whoever doubts them runs
 * `reeve audit verify` first. `run` 0: of all runs.
 */
int ledger_lines(const char *ledger, uint64_t run, void (*each)(void *to, json_t *record), void *to,
		 struct err *e) must_use;

/* A run as people name it: its number, or "last", which is 0. */
int run_number(uint64_t *out, const char *text, struct err *e) must_use;

#endif

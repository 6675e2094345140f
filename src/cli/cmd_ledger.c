/* reeve ledger: payloads that are kept beside a ledger, shown and destroyed; and its keys. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/ledger_words.h"
#include "cli/settings.h"

static const struct {
	const char *name, *operands, *does;
	int fewest, most;
	int (*run)(const struct ledger_wanted *w, int argc, char **argv, struct err *e);
} words[] = {
	{ "purge", "[--class C] [--before DATE|--keep DAYS]", "destroy payloads that are old enough", 0, 0, ledger_purge },
	{ "hold", "add --from DATE --to DATE --why TEXT", "keep payloads from being destroyed", 1, 1, ledger_hold },
	{ "hold", "list", "", 1, 1, ledger_hold },
	{ "hold", "remove N", "", 2, 2, ledger_hold },
	{ "rotate", "[--revoke SINCE --why TEXT]", "begin the next epoch: another key signs from now on", 0, 0, ledger_next_epoch },
	{ "reveal", "N[-M] --why TEXT [--redact]", "show what a record's call was made with", 1, 1, ledger_reveal },
};

int ledger_range(uint64_t *first, uint64_t *last, const char *text, struct err *e)
{
	char *end;

	errno = 0;
	*first = *last = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '-' && end[1] >= '0' && end[1] <= '9')
		*last = strtoull(end + 1, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || *last < *first)
		return err_set(e, ERR_INPUT, "\"%.40s\": expected the number of a record, or two and \"-\" between", text);
	return 0;
}

static int add_shown(void *into, const char *value, struct err *e)
{
	struct ledger_wanted *w = into;

	if (value[0] != '/' || strlen(value) > REDACT_SHOWN_MOST)
		return err_set(e, ERR_INPUT, "--show %.40s: expected a JSON pointer, such as /params/name", value);
	if (w->shown_count == REDACT_SHOWN)
		return err_set(e, ERR_INPUT, "--show: at most %d", REDACT_SHOWN);
	w->shown[w->shown_count++] = value;
	return 0;
}

static int help(const struct option_row *rows)
{
	size_t i;

	for (i = 0; i < count_of(words); i++)
		printf("%s reeve ledger %s %s\n", i ? "      " : "usage:", words[i].name, words[i].operands);
	printf("\n");
	options_print(rows);
	printf("\nWithout --before and --keep each class is kept as long as reeve-vault(5) says.\n"
	       "A day is destroyed when the whole of it (UTC) is that old, and no hold keeps it.\n"
	       "\nexample:\n  reeve ledger purge --dry-run\n");
	return EXIT_DONE;
}

static int run_word(const struct ledger_wanted *w, int argc, char **argv, struct err *e)
{
	size_t i;
	bool known = false;

	for (i = 0; i < count_of(words); i++) {
		if (strcmp(words[i].name, argv[0]) != 0)
			continue;
		known = true;
		if (argc - 1 >= words[i].fewest && argc - 1 <= words[i].most)
			return words[i].run(w, argc - 1, argv + 1, e);
	}
	err_set(e, ERR_INPUT, known ? "%s: too few words, or too many" : "expected purge, hold, reveal or rotate, not \"%s\"", argv[0]);
	return EXIT_USAGE;
}

int cmd_ledger(int argc, char **argv, struct err *e)
{
	struct ledger_wanted w = { .tenant = "default" };
	const struct option_row rows[] = {
		{ "tenant", "NAME", OPTION_TEXT, &w.tenant, "whose ledger (default: default)", NULL },
		{ "class", "WORD", OPTION_TEXT, &w.class, "purge, hold: operational, pii or compliance (each)", NULL },
		{ "before", "DATE", OPTION_TEXT, &w.before, "purge: days before this one", NULL },
		{ "keep", "DAYS", OPTION_TEXT, &w.keep, "purge: what is older than so many days", NULL },
		{ "dry-run", NULL, OPTION_FLAG, &w.dry, "purge: say what would be destroyed", NULL },
		{ "from", "DATE", OPTION_TEXT, &w.first, "hold: first day", NULL },
		{ "to", "DATE", OPTION_TEXT, &w.last, "hold: last day", NULL },
		{ "why", "TEXT", OPTION_TEXT, &w.why, "what for: it is recorded", NULL },
		{ "redact", NULL, OPTION_FLAG, &w.redact, "reveal: its shape, and no values", NULL },
		{ "show", "POINTER", OPTION_EACH, &w, "reveal: but these (repeatable)", add_shown },
		{ "revoke", "SINCE", OPTION_TEXT, &w.revoke, "rotate: from record N, all or end on", NULL },
		{ "root", "FILE", OPTION_TEXT, &w.root, "rotate --revoke: the root's key file, or ssh-agent", NULL },
		{ "json", NULL, OPTION_FLAG, &w.json, "as JSON, a line each", NULL },
		{ "help", NULL, OPTION_FLAG, &w.help, "print this", NULL },
		{ 0 },
	};
	int at = options_anywhere(argc, argv, rows, e), status;

	if (at < 0)
		return usage_error("ledger", e);
	if (w.help)
		return help(rows);
	if (argc == at) {
		err_set(e, ERR_INPUT, "expected purge, hold, reveal or rotate");
		return usage_error("ledger", e);
	}
	if (settings_paths(&w.at, w.tenant, e) < 0)
		return -1;
	status = run_word(&w, argc - at, argv + at, e);
	return status == EXIT_USAGE ? usage_error("ledger", e) : status;
}

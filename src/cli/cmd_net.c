/* reeve net log: the connections of a run. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/ledger_lines.h"
#include "cli/net_log.h"
#include "cli/settings.h"
#include "launcher/launcher.h"

struct wanted {
	const char *tenant;
	bool refused, json, help;
};

static int print_log(struct net_log *l, const struct paths *at, const struct wanted *w, struct err *e)
{
	if (ledger_lines(at->ledger, l->wanted, net_log_take, l, e) < 0)
		return -1;
	if (l->lost)
		return err_set(e, ERR_SYSTEM, "no memory for so many connections");
	if (l->run == 0)
		return l->wanted ? err_set(e, ERR_INPUT, "there is no run %" PRIu64 " in %s", l->wanted, at->ledger)
				 : err_set(e, ERR_INPUT, "there is no run in %s", at->ledger);
	if (w->json)
		return net_log_json(l, w->refused, e);
	net_log_print(l, w->refused);
	return 0;
}

static int help(const struct option_row *rows)
{
	puts("usage: reeve net log [--tenant NAME] [--refused] [--json] RUN\n\n"
	     "Prints the connections that programs of a run asked for: when, what was said of\n"
	     "them, by which way, where to; the address, the bytes and the rule; and for what\n"
	     "no rule allows the smallest one that would. RUN is its number in the ledger, or\n"
	     "\"last\"; it may still be going on.\n");
	options_print(rows);
	puts("\nexample:\n  reeve net log --refused last");
	return EXIT_DONE;
}

static int run(const struct wanted *w, const char *text, struct err *e)
{
	struct net_log l = { 0 };
	struct paths at;
	int done;

	if (run_number(&l.wanted, text, e) < 0)
		return usage_error("net", e);
	done = settings_paths(&at, w->tenant, e) < 0 ? -1 : print_log(&l, &at, w, e);
	net_log_free(&l);
	return done < 0 ? -1 : EXIT_DONE;
}

int cmd_net(int argc, char **argv, struct err *e)
{
	struct wanted w = { .tenant = "default" };
	const struct option_row rows[] = {
		{ "refused", NULL, OPTION_FLAG, &w.refused, "only what was refused", NULL },
		{ "json", NULL, OPTION_FLAG, &w.json, "an object a line", NULL },
		{ "tenant", "NAME", OPTION_TEXT, &w.tenant, "whose ledger (default: default)", NULL },
		{ "help", NULL, OPTION_FLAG, &w.help, "print this", NULL },
		{ 0 },
	};
	int at = options_anywhere(argc, argv, rows, e);

	if (at >= 0 && w.help)
		return help(rows);
	if (at >= 0 && (argc - at < 1 || strcmp(argv[at], "log") != 0))
		at = err_set(e, ERR_INPUT, "expected: net log RUN");
	else if (at >= 0 && argc - at != 2)
		at = err_set(e, ERR_INPUT, "which run? give its number, or \"last\"");
	return at < 0 ? usage_error("net", e) : run(&w, argv[at + 1], e);
}

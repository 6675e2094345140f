/* reeve policy replay: which past decisions would be others under these policies. */
#include <stdio.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/ledger_lines.h"
#include "cli/policy_dir.h"
#include "cli/policy_replay.h"
#include "cli/settings.h"

static int load(struct policy **out, const char *folder, struct err *e)
{
	scoped(policy_files) struct policy_files files = { 0 };
	scoped(policy) struct policy *p = NULL;
	size_t i;

	if (policy_dir_load(&files, folder, e) < 0 || policy_new(&p, e) < 0)
		return -1;
	if (files.count == 0)
		return err_set(e, ERR_INPUT, "%s: there is no *.json file in it", folder);
	for (i = 0; i < files.count; i++)
		if (policy_add_from(p, files.at[i].name, files.at[i].path, files.at[i].bytes, files.at[i].size, e) < 0)
			return -1;
	*out = take(&p);
	return 0;
}

static int help(const struct option_row *rows)
{
	puts("usage: reeve policy replay [--with FILE|DIR] [--run N] [--json]\n\n"
	     "Judges every past call of a tool again, by these policies, and prints each\n"
	     "decision that would be another. Exits with 1 if there is one.\n");
	options_print(rows);
	puts("\nexample:\n  reeve policy replay --with policies.new");
	return EXIT_DONE;
}

static void sum(const struct replayed *all, bool json)
{
	if (json)
		printf("{\"same\":%zu,\"changed\":%zu,\"unknown\":%zu}\n", all->same, all->changed, all->unknown);
	else
		printf("%zu decided alike, %zu changed, %zu cannot be told\n", all->same, all->changed, all->unknown);
}

static int yours(char out[LAUNCH_TEXT + 16], struct err *e)
{
	char config[LAUNCH_TEXT];

	if (paths_config(config, e) < 0)
		return -1;
	snprintf(out, LAUNCH_TEXT + 16, "%s/policies", config);
	return 0;
}

int cmd_policy_replay(int argc, char **argv, struct err *e)
{
	const char *tenant = "default", *folder = NULL, *run = NULL;
	struct replay ask = { .why = "policy replay" };
	scoped(policy) struct policy *p = NULL;
	struct replayed all;
	char room[LAUNCH_TEXT + 16];
	bool helped = false;
	const struct option_row rows[] = {
		{ "with", "FILE|DIR", OPTION_TEXT, &folder, "what to judge by (yours)", NULL },
		{ "run", "N", OPTION_TEXT, &run, "this one alone", NULL },
		{ "tenant", "NAME", OPTION_TEXT, &tenant, "whose ledger (default: default)", NULL },
		{ "why", "TEXT", OPTION_TEXT, &ask.why, "recorded: payloads are looked at", NULL },
		{ "json", NULL, OPTION_FLAG, &ask.json, "as JSON, a line each", NULL },
		{ "help", NULL, OPTION_FLAG, &helped, "print this", NULL },
		{ 0 },
	};
	int at = options_anywhere(argc, argv, rows, e);

	if (at >= 0 && helped)
		return help(rows);
	if (at >= 0 && at != argc)
		at = err_set(e, ERR_INPUT, "\"%.40s\": policies are given by --with", argv[at]);
	if (at >= 0 && run && run_number(&ask.run, run, e) == 0 && ask.run == 0)
		at = err_set(e, ERR_INPUT, "--run takes the number of a run");
	if (at < 0 || e->kind)
		return usage_error("policy replay", e);
	if (!folder && yours(room, e) < 0)
		return -1;
	folder = folder ? folder : room;
	if (load(&p, folder, e) < 0) {
		log_say("policy replay: %s", e->text);
		return EXIT_USAGE;
	}
	ask.policy = p;
	if (settings_paths(&ask.at, tenant, e) < 0 || replay_ledger(&all, &ask, e) < 0)
		return -1;
	sum(&all, ask.json);
	return all.changed ? EXIT_DIFFERS : EXIT_DONE;
}

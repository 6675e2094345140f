/* reeve policy check|test: what a policy says, before an agent finds out. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/scope.h"
#include "cli/cli.h"
#include "cli/policy_cases.h"
#include "cli/policy_dir.h"
#include "policy/policy.h"

static void warn(void *to, const char *rule, const char *why)
{
	(void)to;
	log_say("warning: the rule %s %s", rule, why);
}

static int check_one(struct policy *all, const struct policy_file *f, struct err *e)
{
	size_t before = policy_rule_count(all), count;

	if (policy_add_from(all, f->name, f->path, f->bytes, f->size, e) < 0)
		return -1;
	count = policy_rule_count(all) - before;
	printf("%s: %zu rule%s, ok\n", f->path, count, count == 1 ? "" : "s");
	return 0;
}

/* All files as one policy, because that is how they are joined in a run. */
static int check(const struct policy_files *files, bool strict, struct err *e)
{
	scoped(policy) struct policy *all = NULL;
	size_t i, bad = 0, warned;

	if (policy_new(&all, e) < 0)
		return -1;
	for (i = 0; i < files->count; i++) {
		if (check_one(all, &files->at[i], e) == 0)
			continue;
		log_say("%s", e->text);
		bad++;
	}
	fflush(stdout);
	warned = policy_lint(all, warn, NULL);
	if (bad)
		return EXIT_USAGE;
	return strict && warned ? EXIT_DIFFERS : EXIT_DONE;
}

static int test_one(const struct policy_file *f, int workspace, struct cases_result *sum, struct err *e)
{
	struct cases_result now;

	if (policy_cases_run(&now, f, workspace, e) < 0)
		return -1;
	if (now.none)
		printf("%s: no cases beside it\n", f->path);
	else
		printf("%s: %zu passed, %zu failed\n", f->path, now.held, now.failed);
	sum->held += now.held;
	sum->failed += now.failed;
	return 0;
}

static int test(const struct policy_files *files, const char *workspace, struct err *e)
{
	scoped(fd) int dir = open(workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cases_result sum = { 0 };
	bool bad = false;
	size_t i;

	if (dir < 0)
		return err_sys(e, "the workspace %s", workspace);
	for (i = 0; i < files->count; i++) {
		if (test_one(&files->at[i], dir, &sum, e) == 0)
			continue;
		fflush(stdout);
		log_say("%s", e->text);
		bad = true;
	}
	if (!bad && sum.held + sum.failed == 0)
		log_say("policy test: there is not one case; write them into FILE.cases beside FILE.json");
	if (bad || sum.held + sum.failed == 0)
		return EXIT_USAGE;
	return sum.failed ? EXIT_DIFFERS : EXIT_DONE;
}

static int help(const struct option_row *rows)
{
	printf("usage: reeve policy check [--strict] FILE|DIR...\n"
	       "       reeve policy test [--workspace DIR] FILE|DIR...\n\n");
	options_print(rows);
	printf("\nreeve-policy(5) says what stands in a policy and in its cases.\n");
	return EXIT_DONE;
}

static int load_all(struct policy_files *files, int argc, char **argv, struct err *e)
{
	int i;

	for (i = 0; i < argc; i++)
		if (policy_dir_load(files, argv[i], e) < 0)
			return -1;
	return files->count ? 0 : err_set(e, ERR_INPUT, "%s: there is no *.json file in it", argv[0]);
}

int cmd_policy(int argc, char **argv, struct err *e)
{
	const char *word = argc > 1 ? argv[1] : "", *workspace = ".";
	bool strict = false, wants_help = false;
	const struct option_row rows[] = {
		{ "strict", NULL, OPTION_FLAG, &strict, "check: a warning is a failure", NULL },
		{ "workspace", "DIR", OPTION_TEXT, &workspace, "test: what \".\" is (default: here)", NULL },
		{ "help", NULL, OPTION_FLAG, &wants_help, "print this", NULL },
		{ NULL, NULL, OPTION_FLAG, NULL, NULL, NULL },
	};
	bool checks = strcmp(word, "check") == 0, named = checks || strcmp(word, "test") == 0;
	scoped(policy_files) struct policy_files files = { 0 };
	int first = options_read(named ? argc - 1 : argc, named ? argv + 1 : argv, rows, e);

	if (first < 0)
		return usage_error("policy", e);
	if (wants_help)
		return help(rows);
	if (!named || first >= argc - 1) {
		err_set(e, ERR_INPUT, named ? "which FILE or DIR?" : "expected check or test");
		return usage_error("policy", e);
	}
	if (load_all(&files, argc - 1 - first, argv + 1 + first, e) < 0) {
		log_say("policy: %s", e->text);
		return EXIT_USAGE;
	}
	return checks ? check(&files, strict, e) : test(&files, workspace, e);
}

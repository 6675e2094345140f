/* reeve policy check|test|explain|diff: what a policy says, before an agent finds out. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/scope.h"
#include "cli/cli.h"
#include "cli/policy_cases.h"
#include "cli/policy_diff.h"
#include "cli/policy_dir.h"
#include "cli/policy_explain.h"
#include "cli/policy_people.h"
#include "cli/policy_signed.h"
#include "cli/policy_wanted.h"
#include "guard/guard.h"
#include "policy/policy.h"

static void warn(void *to, const char *rule, const char *why)
{
	(void)to;
	log_say("warning: the rule %s %s", rule, why);
}

/* All files as one policy, because that is how they are joined in a run. rules[i]: how many the i-th has. */
static size_t join_each(struct policy *all, size_t *rules, const struct policy_files *files, struct err *e)
{
	size_t i, before, bad = 0;

	for (i = 0; i < files->count; i++) {
		const struct policy_file *f = &files->at[i];

		before = policy_rule_count(all);
		if (policy_add_from(all, f->name, f->path, f->bytes, f->size, e) < 0) {
			log_say("%s", e->text);
			bad++;
		}
		rules[i] = policy_rule_count(all) - before;
	}
	return bad;
}

static void print_fine(const struct policy_files *files, const size_t *rules)
{
	size_t i;

	for (i = 0; i < files->count; i++)
		printf("%s: %zu rule%s, ok\n", files->at[i].path, rules[i], rules[i] == 1 ? "" : "s");
	fflush(stdout);
}

/* An alert of a guard that there is not waits for ever. */
static size_t look_at_alerts(const struct policy *p)
{
	size_t i, found = 0;
	int guard;

	for (i = 0; i < policy_alert_count(p); i++) {
		for (guard = 0; guard < GUARDS; guard++)
			if (alert_is_guard(policy_alert(p, i), guard_word((enum guard)guard)))
				break;
		if (policy_alert(p, i)->kind != ALERT_GUARD || guard < GUARDS)
			continue;
		log_say("warning: the alert %s can never be raised: no guard has such a name; reeve-policy(5) lists them",
			policy_alert(p, i)->name);
		found++;
	}
	return found;
}

static int check(const struct policy_files *files, const char *folder, bool strict, struct err *e)
{
	scoped(policy) struct policy *all = NULL;
	size_t rules[POLICY_FILES_MOST] = { 0 }, bad, warned = 0;

	must(files->count <= count_of(rules));
	if (policy_new(&all, e) < 0)
		return -1;
	bad = join_each(all, rules, files, e);
	if (policy_people_look(&warned, all, folder, e) < 0) {
		log_say("%s", e->text);
		bad++;
	}
	if (!bad)
		print_fine(files, rules);
	warned += policy_lint(all, warn, NULL) + look_at_alerts(all);
	if (bad)
		return EXIT_USAGE;
	return strict && warned ? EXIT_DIFFERS : EXIT_DONE;
}

static int test_one(const struct policy_file *f, int workspace, struct cases_result *sum,
		    struct err *e)
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
		log_say("policy test: there is not one case; write them into FILE.cases beside "
			"FILE.json");
	if (bad || sum.held + sum.failed == 0)
		return EXIT_USAGE;
	return sum.failed ? EXIT_DIFFERS : EXIT_DONE;
}

static int load_all(struct policy_files *files, int argc, char **argv, struct err *e)
{
	int i;

	for (i = 0; i < argc; i++)
		if (policy_dir_load(files, argv[i], e) < 0)
			return -1;
	return files->count ? 0
			    : err_set(e, ERR_INPUT, "%s: there is no *.json file in it", argv[0]);
}

static int join(struct policy **out, int argc, char **argv, struct policy_files *files,
		struct err *e)
{
	scoped(policy) struct policy *p = NULL;
	size_t i;

	if (load_all(files, argc, argv, e) < 0 || policy_new(&p, e) < 0)
		return -1;
	for (i = 0; i < files->count; i++)
		if (policy_add_from(p, files->at[i].name, files->at[i].path, files->at[i].bytes,
				    files->at[i].size, e) < 0)
			return -1;
	*out = take(&p);
	return 0;
}

static int wrong(struct err *e)
{
	log_say("policy: %s", e->text);
	return EXIT_USAGE;
}

static int do_check(const struct policy_wanted *w, int argc, char **argv, struct err *e)
{
	scoped(policy_files) struct policy_files files = { 0 };

	return load_all(&files, argc, argv, e) < 0 ? wrong(e) : check(&files, w->reviewers, w->strict, e);
}

static int do_test(const struct policy_wanted *w, int argc, char **argv, struct err *e)
{
	scoped(policy_files) struct policy_files files = { 0 };

	return load_all(&files, argc, argv, e) < 0 ? wrong(e) : test(&files, w->workspace, e);
}

static int do_explain(const struct policy_wanted *w, int argc, char **argv, struct err *e)
{
	scoped(policy_files) struct policy_files files = { 0 };
	scoped(policy_facts) struct policy_facts facts = { 0 };
	scoped(call_named) struct call_named call = { 0 };
	scoped(policy) struct policy *p = NULL;
	scoped(fd) int dir = open(w->workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
	scoped(mem) char *workspace = realpath(w->workspace, NULL);
	struct action a = { .kind = ACTION_TOOL_CALL };
	struct verdict v;

	if (dir < 0 || !workspace)
		return err_sys(e, "the workspace %s", w->workspace);
	facts.run.party[PARTY_WORKSPACE] = workspace;
	if (join(&p, argc - 1, argv, &files, e) < 0 || policy_wanted_facts(&facts, w, e) < 0 ||
	    call_named_read(&call, &facts, argv[argc - 1], w->args, e) < 0)
		return wrong(e);
	a.server = call.server;
	a.tool = call.tool;
	a.args = call.args;
	a.kind = call.connects ? ACTION_NET_CONNECT : ACTION_TOOL_CALL;
	policy_facts_apply(&a, &facts);
	v = policy_judge(p, &a, dir);
	if (policy_explain_print(p, &a, &v, e) < 0)
		return -1;
	return v.kind == VERDICT_ALLOW ? EXIT_DONE : EXIT_DIFFERS;
}

static int do_diff(const struct policy_wanted *w, int argc, char **argv, struct err *e)
{
	scoped(policy_files) struct policy_files one = { 0 }, other = { 0 };
	scoped(policy) struct policy *before = NULL, *after = NULL;
	scoped(fd) int dir = open(w->workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct policy_diff d = { .workspace = dir };
	size_t i;

	(void)argc;
	if (dir < 0)
		return err_sys(e, "the workspace %s", w->workspace);
	if (w->cases.count == 0) {
		err_set(e, ERR_INPUT, "diff: which cases? give --cases FILE");
		return wrong(e);
	}
	if (join(&before, 1, argv, &one, e) < 0 || join(&after, 1, argv + 1, &other, e) < 0)
		return wrong(e);
	d.before = before;
	d.after = after;
	for (i = 0; i < w->cases.count; i++)
		if (policy_diff_cases(&d, w->cases.at[i], e) < 0)
			return wrong(e);
	printf("%zu decided alike, %zu changed\n", d.same, d.changed);
	return d.changed ? EXIT_DIFFERS : EXIT_DONE;
}

static int do_sign(const struct policy_wanted *w, int argc, char **argv, struct err *e)
{
	(void)argc;
	return policy_sign(argv[0], w->key, e);
}

static int do_verify(const struct policy_wanted *w, int argc, char **argv, struct err *e)
{
	(void)argc;
	return policy_verify(argv[0], w->signers, w->by.at, w->by.count, e);
}

static const struct {
	const char *name, *operands;
	int fewest, most;
	int (*run)(const struct policy_wanted *w, int argc, char **argv, struct err *e);
} words[] = {
	{ "check", "[--strict] [--reviewers DIR] FILE|DIR...", 1, 1 << 20, do_check },
	{ "test", "[--workspace DIR] FILE|DIR...", 1, 1 << 20, do_test },
	{ "explain", "[--args JSON] [facts] FILE|DIR... CALL", 2, 1 << 20, do_explain },
	{ "diff", "--cases FILE FILE|DIR FILE|DIR", 2, 2, do_diff },
	{ "sign", "--key FILE DIR", 1, 1, do_sign },
	{ "verify", "[--signers FILE] [--by NAME]... DIR", 1, 1, do_verify },
};

static int help(void)
{
	size_t i;

	for (i = 0; i < count_of(words); i++)
		printf("%s reeve policy %s %s\n", i ? "      " : "usage:", words[i].name,
		       words[i].operands);
	printf("       reeve policy replay [--with FILE|DIR]\n\n");
	policy_wanted_print();
	printf("\nCALL is SERVER/TOOL, net/HOST:PORT, a FILE.json, or - for standard input.\n"
	       "reeve-policy(5) says what stands in a policy, in its cases and in a call.\n");
	return EXIT_DONE;
}

int cmd_policy(int argc, char **argv, struct err *e)
{
	scoped(policy_wanted) struct policy_wanted w = { .workspace = "." };
	const char *word = argc > 1 ? argv[1] : "";
	size_t i;
	int first, known;

	if (strcmp(word, "replay") == 0)
		return cmd_policy_replay(argc - 1, argv + 1, e);
	for (i = 0; i < count_of(words) && strcmp(words[i].name, word) != 0; i++)
		;
	known = i < count_of(words);
	first = policy_wanted_read(&w, argc - known, argv + known, e);
	if (first < 0)
		return usage_error("policy", e);
	if (w.help)
		return help();
	argc -= 1 + first;
	if (!known)
		err_set(e, ERR_INPUT, "expected check, test, explain, diff, replay, sign or verify");
	else if (argc < words[i].fewest || argc > words[i].most)
		err_set(e, ERR_INPUT, "%s takes %s", word, words[i].operands);
	else
		return words[i].run(&w, argc, argv + 1 + first, e);
	return usage_error("policy", e);
}

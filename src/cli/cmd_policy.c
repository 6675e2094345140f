/* reeve policy check|test|explain|diff: what a policy says, before an agent finds out. */
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
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
	warned += policy_lint(all, warn, NULL);
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

/* What every word of this command may be told. */
struct wanted {
	const char *workspace, *args, *reviewers;
	const char *party[PARTIES], *action, *category, *class, *scopes, *claims, *resource, *time;
	const char *taint, *risk, *calls, *repeated, *refusals, *spent, *key, *signers;
	const char **cases, **by; /* as many as there are words */
	size_t case_count, by_count;
	bool strict, help;
};

static int add_cases(void *into, const char *value, struct err *e)
{
	struct wanted *w = into;

	(void)e;
	w->cases[w->case_count++] = value;
	return 0;
}

static int add_by(void *into, const char *value, struct err *e)
{
	struct wanted *w = into;

	(void)e;
	w->by[w->by_count++] = value;
	return 0;
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

static int do_check(const struct wanted *w, int argc, char **argv, struct err *e)
{
	scoped(policy_files) struct policy_files files = { 0 };

	return load_all(&files, argc, argv, e) < 0 ? wrong(e) : check(&files, w->reviewers, w->strict, e);
}

static int do_test(const struct wanted *w, int argc, char **argv, struct err *e)
{
	scoped(policy_files) struct policy_files files = { 0 };

	return load_all(&files, argc, argv, e) < 0 ? wrong(e) : test(&files, w->workspace, e);
}

/* As a run would be, unless it is said otherwise; a document may say more. */
static int gather(struct policy_facts *f, const struct wanted *w, struct err *e)
{
	const struct passwd *user = getpwuid(getuid());
	const struct {
		const char *key, *value;
	} others[] = { { "action", w->action },
		       { "category", w->category },
		       { "class", w->class },
		       { "scopes", w->scopes },
		       { "claims", w->claims },
		       { "resource", w->resource },
		       { "time", w->time },
		       { "taint", w->taint },
		       { "risk", w->risk },
		       { "calls", w->calls },
		       { "repeated", w->repeated },
		       { "refusals", w->refusals },
		       { "spent", w->spent } };
	size_t i;

	f->wall_us = clock_wall_us();
	f->run.party[PARTY_AGENT] = "agent";
	f->run.party[PARTY_TENANT] = "default";
	f->run.party[PARTY_OWNER] = user ? user->pw_name : NULL;
	for (i = 0; i < PARTIES; i++)
		if (w->party[i])
			f->run.party[i] = w->party[i];
	for (i = 0; i < count_of(others); i++)
		if (others[i].value && policy_facts_set(f, others[i].key, others[i].value, e) < 0)
			return -1;
	return 0;
}

static int do_explain(const struct wanted *w, int argc, char **argv, struct err *e)
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
	if (join(&p, argc - 1, argv, &files, e) < 0 || gather(&facts, w, e) < 0 ||
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

static int do_diff(const struct wanted *w, int argc, char **argv, struct err *e)
{
	scoped(policy_files) struct policy_files one = { 0 }, other = { 0 };
	scoped(policy) struct policy *before = NULL, *after = NULL;
	scoped(fd) int dir = open(w->workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct policy_diff d = { .workspace = dir };
	size_t i;

	(void)argc;
	if (dir < 0)
		return err_sys(e, "the workspace %s", w->workspace);
	if (w->case_count == 0) {
		err_set(e, ERR_INPUT, "diff: which cases? give --cases FILE");
		return wrong(e);
	}
	if (join(&before, 1, argv, &one, e) < 0 || join(&after, 1, argv + 1, &other, e) < 0)
		return wrong(e);
	d.before = before;
	d.after = after;
	for (i = 0; i < w->case_count; i++)
		if (policy_diff_cases(&d, w->cases[i], e) < 0)
			return wrong(e);
	printf("%zu decided alike, %zu changed\n", d.same, d.changed);
	return d.changed ? EXIT_DIFFERS : EXIT_DONE;
}

static int do_sign(const struct wanted *w, int argc, char **argv, struct err *e)
{
	(void)argc;
	return policy_sign(argv[0], w->key, e);
}

static int do_verify(const struct wanted *w, int argc, char **argv, struct err *e)
{
	(void)argc;
	return policy_verify(argv[0], w->signers, w->by, w->by_count, e);
}

static const struct {
	const char *name, *operands;
	int fewest, most;
	int (*run)(const struct wanted *w, int argc, char **argv, struct err *e);
} words[] = {
	{ "check", "[--strict] [--reviewers DIR] FILE|DIR...", 1, 1 << 20, do_check },
	{ "test", "[--workspace DIR] FILE|DIR...", 1, 1 << 20, do_test },
	{ "explain", "[--args JSON] [facts] FILE|DIR... CALL", 2, 1 << 20, do_explain },
	{ "diff", "--cases FILE FILE|DIR FILE|DIR", 2, 2, do_diff },
	{ "sign", "--key FILE DIR", 1, 1, do_sign },
	{ "verify", "[--signers FILE] [--by NAME]... DIR", 1, 1, do_verify },
};

static int help(const struct option_row *rows)
{
	size_t i;

	for (i = 0; i < count_of(words); i++)
		printf("%s reeve policy %s %s\n", i ? "      " : "usage:", words[i].name,
		       words[i].operands);
	printf("       reeve policy replay [--with FILE|DIR]\n\n");
	options_print(rows);
	printf("\nCALL is SERVER/TOOL, net/HOST:PORT, a FILE.json, or - for standard input.\n"
	       "reeve-policy(5) says what stands in a policy, in its cases and in a call.\n");
	return EXIT_DONE;
}

static int go(int argc, char **argv, struct wanted *w, struct err *e)
{
	const struct option_row rows[] = {
		{ "strict", NULL, OPTION_FLAG, &w->strict, "check: a warning is a failure", NULL },
		{ "reviewers", "DIR", OPTION_TEXT, &w->reviewers, "check: where allowed_signers is (the configuration)", NULL },
		{ "workspace", "DIR", OPTION_TEXT, &w->workspace, "what \".\" is (default: here)", NULL },
		{ "cases", "FILE", OPTION_EACH, w, "diff: the cases to hold both against", add_cases },
		{ "args", "JSON", OPTION_TEXT, &w->args, "explain: the arguments of CALL", NULL },
		{ "agent", "ID", OPTION_TEXT, &w->party[PARTY_AGENT], "explain: who asks (agent)", NULL },
		{ "owner", "ID", OPTION_TEXT, &w->party[PARTY_OWNER],
		  "explain: for whom (this user)", NULL },
		{ "tenant", "NAME", OPTION_TEXT, &w->party[PARTY_TENANT],
		  "explain: whose (default)", NULL },
		{ "department", "WORD", OPTION_TEXT, &w->party[PARTY_DEPARTMENT], "explain", NULL },
		{ "environment", "WORD", OPTION_TEXT, &w->party[PARTY_ENVIRONMENT], "explain", NULL },
		{ "initiator", "WORD", OPTION_TEXT, &w->party[PARTY_INITIATOR], "explain", NULL },
		{ "model", "WORD", OPTION_TEXT, &w->party[PARTY_MODEL], "explain", NULL },
		{ "action", "WORD", OPTION_TEXT, &w->action, "explain: kind of CALL (tool.call)", NULL },
		{ "category", "WORD", OPTION_TEXT, &w->category, "explain: of the tool", NULL },
		{ "class", "WORD", OPTION_TEXT, &w->class, "explain: of the tool", NULL },
		{ "scopes", "WORDS", OPTION_TEXT, &w->scopes, "explain: what the agent is for: pay,mail", NULL },
		{ "claims", "WORDS", OPTION_TEXT, &w->claims, "explain: what it says: trigger,reason,alternatives", NULL },
		{ "resource", "TEXT", OPTION_TEXT, &w->resource, "explain: what CALL is about", NULL },
		{ "time", "TIME", OPTION_TEXT, &w->time, "explain: 2026-11-21T09:30Z (now)", NULL },
		{ "taint", "WORDS", OPTION_TEXT, &w->taint, "explain: what was read: private,untrusted", NULL },
		{ "risk", "N", OPTION_TEXT, &w->risk, "explain: its sum", NULL },
		{ "calls", "N", OPTION_TEXT, &w->calls, "explain: how many so far, with CALL", NULL },
		{ "repeated", "N", OPTION_TEXT, &w->repeated, "explain: how many like it, with CALL", NULL },
		{ "refusals", "SHARE", OPTION_TEXT, &w->refusals, "explain: of those before, 0 to 1", NULL },
		{ "spent", "AMOUNT", OPTION_TEXT, &w->spent, "explain: so far, with CALL", NULL },
		{ "key", "FILE", OPTION_TEXT, &w->key, "sign: what ssh-keygen -f takes", NULL },
		{ "signers", "FILE", OPTION_TEXT, &w->signers, "verify: who may (allowed_signers)", NULL },
		{ "by", "NAME", OPTION_EACH, w, "verify: this one, or these alone", add_by },
		{ "help", NULL, OPTION_FLAG, &w->help, "print this", NULL },
		{ 0 },
	};
	const char *word = argc > 1 ? argv[1] : "";
	size_t i;
	int first;

	for (i = 0; i < count_of(words) && strcmp(words[i].name, word) != 0; i++)
		;
	first = options_anywhere(i < count_of(words) ? argc - 1 : argc,
				 i < count_of(words) ? argv + 1 : argv, rows, e);
	if (first < 0)
		return usage_error("policy", e);
	if (w->help)
		return help(rows);
	argc -= 1 + first;
	if (i == count_of(words))
		err_set(e, ERR_INPUT, "expected check, test, explain, diff, replay, sign or verify");
	else if (argc < words[i].fewest || argc > words[i].most)
		err_set(e, ERR_INPUT, "%s takes %s", word, words[i].operands);
	else
		return words[i].run(w, argc, argv + 1 + first, e);
	return usage_error("policy", e);
}

int cmd_policy(int argc, char **argv, struct err *e)
{
	struct wanted w = { .workspace = "." };
	int status;

	if (argc > 1 && strcmp(argv[1], "replay") == 0)
		return cmd_policy_replay(argc - 1, argv + 1, e);
	w.cases = calloc((size_t)argc + 1, sizeof(*w.cases));
	w.by = calloc((size_t)argc + 1, sizeof(*w.by));
	status = w.cases && w.by ? go(argc, argv, &w, e) : err_sys(e, "memory for options");
	free(w.cases);
	free(w.by);
	return status;
}

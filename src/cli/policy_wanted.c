#include "cli/policy_wanted.h"

#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"

static const struct {
	const char *name, *takes;
	enum option_kind kind;
	size_t at;
	const char *does;
} options[] = {
	{ "strict", NULL, OPTION_FLAG, offsetof(struct policy_wanted, strict), "check: a warning is a failure" },
	{ "reviewers", "DIR", OPTION_TEXT, offsetof(struct policy_wanted, reviewers), "check: where allowed_signers is (the configuration)" },
	{ "workspace", "DIR", OPTION_TEXT, offsetof(struct policy_wanted, workspace), "what \".\" is (default: here)" },
	{ "cases", "FILE", OPTION_EACH, offsetof(struct policy_wanted, cases), "diff: the cases to hold both against" },
	{ "key", "FILE", OPTION_TEXT, offsetof(struct policy_wanted, key), "sign: what ssh-keygen -f takes" },
	{ "signers", "FILE", OPTION_TEXT, offsetof(struct policy_wanted, signers), "verify: who may (allowed_signers)" },
	{ "by", "NAME", OPTION_EACH, offsetof(struct policy_wanted, by), "verify: this one, or these alone" },
	{ "args", "JSON", OPTION_TEXT, offsetof(struct policy_wanted, args), "explain: the arguments of CALL" },
};

/* What explain may be told of a call and its run, by the names that policy_facts_set() knows. */
static const struct {
	const char *name, *takes, *does;
} facts[POLICY_WANTED_FACTS] = {
	{ "agent", "ID", "explain: who asks (agent)" },
	{ "owner", "ID", "explain: for whom (this user)" },
	{ "tenant", "NAME", "explain: whose (default)" },
	{ "department", "WORD", "explain" },
	{ "environment", "WORD", "explain" },
	{ "initiator", "WORD", "explain" },
	{ "model", "WORD", "explain" },
	{ "action", "WORD", "explain: kind of CALL (tool.call)" },
	{ "category", "WORD", "explain: of the tool" },
	{ "class", "WORD", "explain: of the tool" },
	{ "scopes", "WORDS", "explain: what the agent is for: pay,mail" },
	{ "claims", "WORDS", "explain: what it says: trigger,reason,alternatives" },
	{ "resource", "TEXT", "explain: what CALL is about" },
	{ "time", "TIME", "explain: 2026-11-21T09:30Z (now)" },
	{ "taint", "WORDS", "explain: what was read: private,untrusted" },
	{ "risk", "N", "explain: its sum" },
	{ "calls", "N", "explain: how many so far, with CALL" },
	{ "repeated", "N", "explain: how many like it, with CALL" },
	{ "refusals", "SHARE", "explain: of those before, 0 to 1" },
	{ "spent", "AMOUNT", "explain: so far, with CALL" },
};

enum { ROWS = count_of(options) + POLICY_WANTED_FACTS + 2 };

static int add_text(void *into, const char *value, struct err *e)
{
	struct policy_texts *t = into;

	(void)e;
	t->at[t->count++] = value;
	return 0;
}

static void make_rows(struct option_row rows[ROWS], struct policy_wanted *w)
{
	struct option_row *row = rows;
	size_t i;

	for (i = 0; i < count_of(options); i++)
		*row++ = (struct option_row){ options[i].name, options[i].takes, options[i].kind,
					      (char *)w + options[i].at, options[i].does, add_text };
	for (i = 0; i < count_of(facts); i++)
		*row++ = (struct option_row){ facts[i].name, facts[i].takes, OPTION_TEXT, &w->facts[i], facts[i].does, NULL };
	*row++ = (struct option_row){ "help", NULL, OPTION_FLAG, &w->help, "print this", NULL };
	*row = (struct option_row){ .name = NULL };
}

int policy_wanted_read(struct policy_wanted *w, int argc, char **argv, struct err *e)
{
	struct option_row rows[ROWS];

	w->cases.at = calloc((size_t)argc + 1, sizeof(*w->cases.at));
	w->by.at = calloc((size_t)argc + 1, sizeof(*w->by.at));
	if (!w->cases.at || !w->by.at)
		return err_sys(e, "memory for options");
	make_rows(rows, w);
	return options_anywhere(argc, argv, rows, e);
}

void policy_wanted_print(void)
{
	struct option_row rows[ROWS];
	struct policy_wanted none;

	make_rows(rows, &none);
	options_print(rows);
}

void policy_wanted_free(struct policy_wanted *w)
{
	free(w->cases.at);
	free(w->by.at);
}

int policy_wanted_facts(struct policy_facts *f, const struct policy_wanted *w, struct err *e)
{
	const struct passwd *user = getpwuid(getuid());
	size_t i;

	f->wall_us = clock_wall_us();
	f->run.party[PARTY_AGENT] = "agent";
	f->run.party[PARTY_TENANT] = "default";
	f->run.party[PARTY_OWNER] = user ? user->pw_name : NULL;
	for (i = 0; i < count_of(facts); i++)
		if (w->facts[i] && policy_facts_set(f, facts[i].name, w->facts[i], e) < 0)
			return -1;
	return 0;
}

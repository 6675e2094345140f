/*
 * Three programs know a part each: the recorder opens payloads and records that it did, the auditor proves the records and
 * tells them with the payloads, and what judged then judges again here, by the policy that was kept of that day.
 */
#include "cli/audit_replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/ledger_lines.h"
#include "cli/ledger_words.h"
#include "cli/policy_replay.h"
#include "cli/settings.h"
#include "seal/seal.h"

struct asked {
	const char *tenant, *why;
	bool json, help;
	uint64_t run;
	struct paths at;
	uint64_t last;				/* record of the run */
	char policy[SEAL_DIGEST_TEXT];		/* of the run's beginning */
	bool reloaded;
};

bool audit_replay_wanted(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "replay") != 0)
		return false;
	return argc == 2 ||
	       (((argv[2][0] >= '0' && argv[2][0] <= '9') || strcmp(argv[2], "last") == 0 || strcmp(argv[2], "--help") == 0) &&
		(argc == 3 || argv[3][0] == '-'));
}

static void note(void *to, json_t *record)
{
	struct asked *a = to;
	const char *kind = json_text(record, "kind");
	uint64_t n = (uint64_t)json_integer_value(json_object_get(record, "n"));

	if (a->run == 0 && strcmp(kind, "run") == 0)
		a->last = n;	/* no run was named: the last one */
	if (a->run == 0)
		return;
	a->last = n;
	a->reloaded = a->reloaded || (strcmp(kind, "policy") == 0 && *json_text(record, "policy"));
	if (strcmp(kind, "run") == 0)
		snprintf(a->policy, sizeof(a->policy), "%s", json_text(record, "policy"));
}

static int look(struct asked *a, struct err *e)
{
	if (a->run == 0) {
		if (ledger_lines(a->at.ledger, 0, note, a, e) < 0)
			return -1;
		a->run = a->last;
	}
	if (ledger_lines(a->at.ledger, a->run, note, a, e) < 0)
		return -1;
	return a->policy[0] ? 0 : err_set(e, ERR_INPUT, "record %" PRIu64 " is no run's first", a->run);
}

static void become(const struct asked *a, int payloads)
{
	char path[LAUNCH_TEXT + 64], number[24], file[32], key[LAUNCH_TEXT];
	const char *argv[] = { path, "replay", a->at.ledger, number, "--payloads", file, "--key", key, a->json ? "--json" : NULL, NULL };
	size_t size = strlen(a->at.key) - strlen(".key");

	snprintf(path, sizeof(path), "%s/reeve-audit", a->at.programs);
	snprintf(number, sizeof(number), "%" PRIu64, a->run);
	snprintf(file, sizeof(file), "/proc/self/fd/%d", payloads);
	snprintf(key, sizeof(key), "%.*s.pub", (int)size, a->at.key);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(EXIT_COULD_NOT);
}

/* Its exit code is ours, unless it is well. */
static int tell(const struct asked *a, int payloads, struct err *e)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return err_sys(e, "start reeve-audit");
	if (pid == 0)
		become(a, payloads);
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return err_set(e, ERR_SYSTEM, "reeve-audit did not finish");
	return WEXITSTATUS(status);
}

/* In memory alone: what the vault keeps sealed must not come to lie on a disk. */
static int payloads_of(int *out, const struct asked *a, struct err *e)
{
	scoped(fd) int fd = memfd_create("payloads", 0), copy = fd < 0 ? -1 : dup(fd);
	FILE *to = copy < 0 ? NULL : fdopen(copy, "w");
	int done;

	if (!to || fd_take(&copy) < 0)
		return err_sys(e, "memory for payloads");
	done = ledger_reveal_run(to, &a->at, a->run, a->last, a->why, e);
	if (fclose(to) != 0 && done == 0)
		done = err_sys(e, "memory for payloads");
	*out = fd_take(&fd);
	return done;
}

static int judge_again(const struct asked *a, struct err *e)
{
	scoped(policy_kept) struct policy_kept kept = { .at = NULL };
	scoped(policy) struct policy *p = NULL;
	struct replay ask = { .why = a->why, .at = a->at, .run = a->run, .json = a->json };
	struct replayed all;
	size_t i;

	if (a->reloaded) {
		log_say("the policy was changed while this run went on: its decisions are not judged again");
		return EXIT_DONE;
	}
	if (policies_find(&kept, &a->at, a->policy, e) < 0 || policy_new(&p, e) < 0)
		return -1;
	for (i = 0; i < kept.set.count; i++)
		if (policy_add_from(p, kept.at[i].name, kept.at[i].name, kept.at[i].bytes, kept.at[i].size, e) < 0)
			return -1;
	ask.policy = p;
	if (replay_ledger(&all, &ask, e) < 0)
		return -1;
	fprintf(stderr, "reeve: by the policy of that day: %zu decided alike, %zu otherwise, %zu cannot be told\n", all.same,
		all.changed, all.unknown);
	return all.changed ? EXIT_DIFFERS : EXIT_DONE;
}

static int help(const struct option_row *rows)
{
	puts("usage: reeve audit replay RUN|last [--why TEXT] [--json]\n\n"
	     "What an agent asked and got in a run, in order, with the payloads that are still\n"
	     "kept; then every decision of the policy judged again by the policy of that day.\n");
	options_print(rows);
	puts("\nexample:\n  reeve audit replay last --why 'ticket 4711'");
	return EXIT_DONE;
}

int audit_replay(int argc, char **argv, struct err *e)
{
	struct asked a = { .tenant = "default", .why = "audit replay" };
	const struct option_row rows[] = {
		{ "tenant", "NAME", OPTION_TEXT, &a.tenant, "whose ledger (default: default)", NULL },
		{ "why", "TEXT", OPTION_TEXT, &a.why, "recorded: payloads are looked at", NULL },
		{ "json", NULL, OPTION_FLAG, &a.json, "as JSON, a line each", NULL },
		{ "help", NULL, OPTION_FLAG, &a.help, "print this", NULL },
		{ 0 },
	};
	scoped(fd) int payloads = -1;
	int at = options_anywhere(argc - 1, argv + 1, rows, e), status;

	if (at >= 0 && a.help)
		return help(rows);
	if (argc == 2)
		err_set(e, ERR_INPUT, "which run? reeve audit replay RUN, or last");
	if (argc == 2 || at < 0 || at + 1 != argc - 1 || run_number(&a.run, argv[argc - 1], e) < 0)
		return usage_error("audit replay", e);
	if (settings_paths(&a.at, a.tenant, e) < 0 || look(&a, e) < 0 || payloads_of(&payloads, &a, e) < 0)
		return -1;
	status = tell(&a, payloads, e);
	return status != 0 ? status : judge_again(&a, e);
}

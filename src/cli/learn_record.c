/*
 * The records of one run, as the auditor's program shows them: this one links nothing that reads a
 * ledger. They are taken as they stand; whoever doubts them runs `reeve audit verify` first. What
 * they hold was partly written by the agent, so it is read as strictly as any message, and only
 * ever becomes text in the files that are made.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/learn.h"
#include "launcher/launcher.h"

enum { RESOURCE_MOST = 512 }; /* what a record holds of one; a longer one was cut */

static void count_up(json_t *object, const char *key, json_int_t by)
{
	json_object_set_new(object, key,
			    json_integer(json_integer_value(json_object_get(object, key)) + by));
}

/* "NAME sha256:…" */
static void take_run(json_t *all, json_t *record)
{
	const char *profile = json_text(record, "profile"), *space = strchr(profile, ' ');

	json_object_set_new(all, "profile",
			    json_stringn(profile, space ? (size_t)(space - profile) : 0));
	json_object_set_new(all, "digest", json_string(space ? space + 1 : ""));
	json_object_set_new(all, "workspace", json_string(json_text(record, "workspace")));
	json_object_set_new(all, "tools", json_string(json_text(record, "tools")));
}

/* A resource that was cut, or not recorded, says nothing about the argument. */
static void take_call(json_t *all, json_t *record)
{
	const char *about = json_text(record, "resource");
	json_t *calls = json_object_get(all, "calls"), *row;
	bool intent = strcmp(json_text(record, "kind"), "intent") == 0;
	char name[256];

	if (strcmp(json_text(record, "action"), "tool.call") != 0 || !*json_text(record, "server") ||
	    !*json_text(record, "tool"))
		return;
	snprintf(name, sizeof(name), "%s/%s", json_text(record, "server"), json_text(record, "tool"));
	if (!json_object_get(calls, name))
		json_object_set_new(calls, name,
				    json_pack("{s:i,s:i,s:i,s:{}}", "allowed", 0, "refused", 0,
					      "unknown", 0, "resources"));
	row = json_object_get(calls, name);
	count_up(row, intent ? "allowed" : "refused", 1);
	if (intent && *about && strlen(about) < RESOURCE_MOST)
		count_up(json_object_get(row, "resources"), about, 1);
	else if (intent)
		count_up(row, "unknown", 1);
}

/* Its count is of the whole run so far, so the last one says all. */
static void take_syscall(json_t *all, json_t *record)
{
	json_t *count = json_object_get(record, "count");

	json_object_set(json_object_get(all, "kernel"), json_text(record, "call"), count);
}

static void take_file(json_t *all, json_t *record)
{
	(void)record;
	count_up(all, "files", 1);
}

static const struct {
	const char *kind;
	void (*count)(json_t *all, json_t *record);
} kinds[] = {
	{ "run", take_run },         { "intent", take_call }, { "refusal", take_call },
	{ "syscall", take_syscall }, { "file", take_file },
};

/* Without a number, each run's record begins anew, so that the last one stays. */
static void take_record(struct learn *l, json_t *record)
{
	json_t *run = json_object_get(record, "run");
	uint64_t n = (uint64_t)json_integer_value(run);
	size_t i;

	if (strcmp(json_text(record, "kind"), "run") == 0 && (l->run == 0 || n == l->run)) {
		json_decref(l->record);
		l->record =
			json_pack("{s:O,s:{},s:{},s:i}", "run", run, "calls", "kernel", "files", 0);
	}
	if (!l->record || n != (uint64_t)json_integer_value(json_object_get(l->record, "run")))
		return;
	for (i = 0; i < count_of(kinds); i++)
		if (strcmp(json_text(record, "kind"), kinds[i].kind) == 0)
			kinds[i].count(l->record, record);
}

static int take_lines(struct learn *l, FILE *from, struct err *e)
{
	scoped(mem) char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&line, &room, from)) > 0) {
		scoped(json) json_t *record = NULL;

		if (json_read_message(&record, line, (size_t)size, e) < 0)
			return err_in(e, "what reeve-audit shows of %s", l->ledger);
		take_record(l, record);
	}
	return 0;
}

/* What it says on stderr goes where ours does: it names the ledger and what is wrong with it. */
static pid_t start_auditor(const struct learn *l, int *out, struct err *e)
{
	char path[LAUNCH_TEXT + 64], programs[LAUNCH_TEXT];
	int ends[2];
	pid_t pid;

	if (paths_programs(programs, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/reeve-audit", programs);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "a pipe");
	pid = fork();
	if (pid == 0) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			execl(path, path, "show", l->ledger, "--json", (char *)NULL);
		_exit(EXIT_FAILURE);
	}
	close(ends[1]);
	*out = ends[0];
	if (pid > 0)
		return pid;
	close(ends[0]);
	return err_sys(e, "start reeve-audit");
}

int learn_record(struct learn *l, struct err *e)
{
	int out = -1, status = 0, taken;
	pid_t pid = start_auditor(l, &out, e);
	FILE *from;

	if (pid < 0)
		return -1;
	from = fdopen(out, "r");
	taken = from ? take_lines(l, from, e) : err_sys(e, "a pipe");
	if (from)
		fclose(from);
	if (waitpid(pid, &status, 0) < 0 || taken < 0)
		return taken < 0 ? -1 : err_sys(e, "reeve-audit");
	if (status != 0)
		return err_set(e, ERR_INPUT, "reeve-audit cannot show %s", l->ledger);
	if (l->record)
		return 0;
	return l->run ? err_set(e, ERR_INPUT, "there is no run %" PRIu64 " in %s", l->run,
				l->ledger)
		      : err_set(e, ERR_INPUT, "there is no run in %s", l->ledger);
}

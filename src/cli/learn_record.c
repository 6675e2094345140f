/*
 * The records of one run. What they hold was partly written by the agent, and only ever becomes text in
 * the files that are made.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/learn.h"
#include "cli/ledger_lines.h"

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
static void take_record(void *learn, json_t *record)
{
	struct learn *l = learn;
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

int learn_record(struct learn *l, struct err *e)
{
	if (ledger_lines(l->ledger, 0, take_record, l, e) < 0)
		return -1;
	if (l->record)
		return 0;
	return l->run ? err_set(e, ERR_INPUT, "there is no run %" PRIu64 " in %s", l->run,
				l->ledger)
		      : err_set(e, ERR_INPUT, "there is no run in %s", l->ledger);
}

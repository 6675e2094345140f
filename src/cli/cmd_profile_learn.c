/*
 * reeve profile learn: a profile and a policy as narrow as one recorded run. What the ledger does
 * not hold, which files were opened above all, is narrowed only where the operator brings a list of
 * it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cmd_profile.h"
#include "cli/learn.h"
#include "cli/profiles.h"
#include "cli/rows.h"
#include "cli/settings.h"

enum { LEARNT_MOST = 1 << 20 };

/* The very profile that the run used; with the project's own file, if it had one. */
static int find_base(struct learn *l, struct err *e)
{
	const char *name = l->profile ? l->profile : json_text(l->record, "profile"),
		   *workspace = json_text(l->record, "workspace");
	char path[PATH_MAX];

	if (profile_read(&l->base, path, name, e) < 0)
		return err_in(e, "the profile of the run (name it with --profile)");
	if (strcmp(profile_digest(l->base), json_text(l->record, "digest")) == 0)
		return 0;
	if (*workspace && profile_tighten(l->base, workspace, e) < 0)
		return -1;
	if (strcmp(profile_digest(l->base), json_text(l->record, "digest")) == 0 || l->profile)
		return 0;
	return err_set(
		e, ERR_INPUT,
		"the profile %.60s is not what it was in that run; name the one to build upon "
		"with --profile",
		name);
}

static int find_tools(struct learn *l, struct err *e)
{
	const char *path = l->tools ? l->tools : profile_tools_path(l->base);

	if (!path)
		return 0;
	if (tools_load(&l->read_tools, path, e) < 0)
		return -1;
	if (strcmp(tools_digest(l->read_tools), json_text(l->record, "tools")) != 0)
		return err_set(e, ERR_INPUT,
			       "%.100s is not the tool file of that run; give that with --tools",
			       path);
	return 0;
}

/* All of it if something was taken away; otherwise only what it adds to the profile of the run. */
static int finish_profile(json_t **out, struct learn *l, json_t *whole, struct err *e)
{
	char about[160], path[PATH_MAX];
	json_t *p = json_object(), *value;
	const char *key;

	snprintf(about, sizeof(about), "Learnt from run %lld, which used %.60s.",
		 (long long)json_integer_value(json_object_get(l->record, "run")),
		 profile_name(l->base));
	json_object_set_new(p, "reeve", json_string("profile/1"));
	json_object_set_new(p, "name", json_string(l->name));
	json_object_set_new(p, "about", json_string(about));
	if (l->changed)
		json_object_foreach(whole, key, value)
			if (!json_object_get(p, key) && strcmp(key, "extends") != 0 &&
			    strcmp(key, "because") != 0)
				json_object_set(p, key, value);
	if (!l->changed) {
		if (!realpath(profile_file(l->base, 0), path))
			return err_sys(e, "%s", profile_file(l->base, 0));
		json_object_set_new(p, "extends", json_string(path));
	}
	if (l->tools && realpath(l->tools, path))
		json_object_set_new(p, "tools", json_string(path));
	*out = p;
	return 0;
}

/* Never over something that is there: it may be in use. */
static int write_new(const struct learn *l, const char *end, const json_t *value, struct err *e)
{
	scoped(buf) struct buf text = BUF(LEARNT_MOST);
	char path[PATH_MAX];
	int fd, status;

	if (!json_write_pretty(&text, value, 0) || !buf_puts(&text, "\n"))
		return err_set(e, ERR_LIMIT, "more than %d bytes were learnt", LEARNT_MOST);
	snprintf(path, sizeof(path), "%.3000s/%.64s%s.json", l->out, l->name, end);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_INPUT, "%s is there already; choose another --name or --out",
			       path);
	if (fd < 0)
		return err_sys(e, "%s", path);
	status = fd_write_all(fd, text.data, text.size, e);
	fd_close(&fd);
	return status;
}

static void print_counts(const char *title, json_t *rows, const char *member)
{
	json_int_t count;
	const char *name;
	bool any = false;
	char said[64];
	json_t *row;

	json_object_foreach(rows, name, row) {
		count = json_integer_value(member ? json_object_get(row, member) : row);
		if (count == 0)
			continue;
		if (!any)
			printf("%s:\n", title);
		any = true;
		snprintf(said, sizeof(said), "%lld times", (long long)count);
		row_print(2, 40, name, said);
	}
}

static int report(const struct learn *l)
{
	const char *name;
	json_t *why;

	printf("%s/%s.json: %s %s\n", l->out, l->name, l->changed ? "a narrower" : "extends",
	       profile_name(l->base));
	printf("%s/%s-policy.json: a rule for each tool that was called\n", l->out, l->name);
	print_counts("called", json_object_get(l->record, "calls"), "allowed");
	print_counts("refused then; a rule for the same tool may allow it now", json_object_get(l->record, "calls"),
		     "refused");
	print_counts("calls of the kernel that the jail refused",
		     json_object_get(l->record, "kernel"), NULL);
	if (!l->files)
		puts("which files were opened is not in a ledger: --files narrows what can be "
		     "read");
	if (json_object_size(l->refused) == 0)
		return EXIT_DONE;
	puts("not granted; name each with --grant to have it:");
	json_object_foreach(l->refused, name, why)
		row_print(2, 40, name, json_string_value(why));
	return EXIT_DIFFERS;
}

static int learn(struct learn *l, struct err *e)
{
	scoped(json) json_t *whole = NULL, *policy = NULL, *p = NULL;

	if (learn_record(l, e) < 0 || find_base(l, e) < 0 || find_tools(l, e) < 0)
		return -1;
	if (learn_profile(&whole, l, e) < 0 || learn_policy(&policy, l, e) < 0 ||
	    finish_profile(&p, l, whole, e) < 0)
		return -1;
	if (write_new(l, "", p, e) < 0 || write_new(l, "-policy", policy, e) < 0)
		return -1;
	return report(l);
}

static int add_grant(void *into, const char *value, struct err *e)
{
	if (!strchr(value, '/') || (value[0] == '/' && !value[1]))
		return err_set(e, ERR_INPUT, "--grant takes a PATH or a SERVER/TOOL, not \"%.60s\"",
			       value);
	json_object_set_new(into, value, json_true());
	return 0;
}

/* A number is a run of this user's own ledger; anything else is a ledger. */
static int read_operand(struct learn *l, const char *operand, unsigned run,
			char ledger[LAUNCH_TEXT], struct err *e)
{
	struct paths at;

	l->run = run;
	l->ledger = operand;
	if (!text_is_name(l->name))
		return err_set(e, ERR_INPUT, "--name \"%.80s\": use a-z, 0-9, '.', '_' and '-'",
			       l->name);
	if (!*operand || operand[strspn(operand, "0123456789")])
		return 0;
	if (!text_is_name(l->tenant) || settings_paths(&at, l->tenant, e) < 0)
		return err_set(e, ERR_INPUT, "--tenant \"%.80s\" has no ledger", l->tenant);
	snprintf(ledger, LAUNCH_TEXT, "%s", at.ledger);
	l->ledger = ledger;
	l->run = strtoull(operand, NULL, 10);
	return l->run ? 0 : err_set(e, ERR_INPUT, "there is no run 0");
}

static int help(const struct option_row *rows)
{
	printf("usage: reeve profile learn [options] RUN|LEDGER\n\n");
	options_print(rows);
	printf("\nwrites NAME.json and NAME-policy.json. exit status: 1 if something was\n"
	       "too broad to be granted without being named.\n"
	       "\nexample:\n  reeve profile learn --name mine --files opened.txt 42\n");
	return EXIT_DONE;
}

static void learn_free(struct learn *l)
{
	json_decref(l->grants);
	json_decref(l->record);
	json_decref(l->refused);
	profile_free(l->base);
	tools_free(l->read_tools);
}

static int read_and_learn(struct learn *l, int argc, char **argv, struct err *e)
{
	bool wants_help = false;
	unsigned run = 0;
	const struct option_row rows[] = {
		{ "run", "N", OPTION_NUMBER, &run, "of a LEDGER: this run (the last)", NULL },
		{ "tenant", "NAME", OPTION_TEXT, &l->tenant, "whose ledger a RUN is in (default)",
		  NULL },
		{ "profile", "NAME|FILE", OPTION_TEXT, &l->profile,
		  "build upon this (what the run used)", NULL },
		{ "tools", "FILE", OPTION_TEXT, &l->tools, "the run's tool file (the profile's)",
		  NULL },
		{ "files", "LIST", OPTION_TEXT, &l->files,
		  "opened files: a path, or strace's line, each", NULL },
		{ "grant", "WHAT", OPTION_EACH, l->grants,
		  "a PATH or SERVER/TOOL, though it is broad", add_grant },
		{ "name", "NAME", OPTION_TEXT, &l->name, "what it will be called (learnt)", NULL },
		{ "out", "DIR", OPTION_TEXT, &l->out, "where it is written (.)", NULL },
		{ "help", NULL, OPTION_FLAG, &wants_help, "print this", NULL },
		{ 0 },
	};
	int first = options_anywhere(argc, argv, rows, e), status;
	char ledger[LAUNCH_TEXT];

	if (first >= 0 && wants_help)
		return help(rows);
	if (first >= 0 && first != argc - 1)
		first = err_set(e, ERR_INPUT, "which RUN or LEDGER? one of them");
	if (first < 0 || read_operand(l, argv[first], run, ledger, e) < 0)
		return profile_usage("learn", e);
	status = learn(l, e);
	if (status >= 0)
		return status;
	log_say("profile learn: %s", e->text);
	return e->kind == ERR_SYSTEM ? EXIT_COULD_NOT : EXIT_USAGE;
}

int cmd_profile_learn(int argc, char **argv, struct err *e)
{
	struct learn l = { .tenant = "default",
			   .name = "learnt",
			   .out = ".",
			   .grants = json_object(),
			   .refused = json_object() };
	int status = read_and_learn(&l, argc, argv, e);

	learn_free(&l);
	return status;
}

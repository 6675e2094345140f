/* reeve run: read everything the operator named, and refuse before anything has started. */
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/policy_dir.h"
#include "launcher/launcher.h"
#include "policy/policy.h"

/* What the options said, and what was read because of them. */
struct wish {
	const char *profile, *policy, *tools, *workspace;
	struct run_request ask;
	struct profile *read_profile;
	struct tools *read_tools;
	struct policy_files files;
	struct policy_bytes *bytes;
	char room_workspace[PATH_MAX], room_profile[LAUNCH_TEXT + 64], room_policy[LAUNCH_TEXT + 64],
		room_call[LAUNCH_TEXT + 64], room_owner[64];
	bool help;
};

static int add_without(void *into, const char *value, struct err *e)
{
	uint32_t *bits = into;
	int l;

	for (l = 0; l < LAYERS; l++)
		if (strcmp(jail_layer_word((enum jail_layer)l), value) == 0) {
			*bits |= UINT32_C(1) << l;
			return 0;
		}
	return err_set(e, ERR_INPUT, "--without=%s names no layer", value);
}

static void print_help(const struct option_row *rows)
{
	puts("usage: reeve run [options] -- COMMAND [ARG...]\n\n"
	     "Runs COMMAND in a jail whose only door is a broker. What it asks of tools is judged\n"
	     "by policy, written to a signed ledger, and only then done or refused.\n");
	options_print(rows);
	puts("\nexit status: the command's own; 124 timeout, 125 reeve failed, 126 not executable,\n"
	     "127 not found, 128+n signal n. Bad options or files: 2, and nothing was started.\n\n"
	     "example:\n"
	     "  reeve run --policy policies/coding-agent.json --tools tools.json -- my-agent");
}

/* A profile by path, or by name: the user's own before the shipped one. */
static int find_profile(struct wish *w, struct err *e)
{
	char config[LAUNCH_TEXT], programs[LAUNCH_TEXT];

	if (strchr(w->profile, '/'))
		return 0;
	if (paths_config(config, e) < 0 || paths_programs(programs, e) < 0)
		return -1;
	snprintf(w->room_profile, sizeof(w->room_profile), "%.3000s/profiles/%.64s.json", config, w->profile);
	if (access(w->room_profile, R_OK) < 0)
		snprintf(w->room_profile, sizeof(w->room_profile), "%.3000s/profiles/%.64s.json",
			 REEVE_DATA, w->profile);
	if (access(w->room_profile, R_OK) < 0)
		snprintf(w->room_profile, sizeof(w->room_profile), "%.3000s/../../profiles/%.64s.json",
			 programs, w->profile);
	if (access(w->room_profile, R_OK) < 0)
		return err_set(e, ERR_INPUT, "no profile named \"%s\": give a path, or install reeve", w->profile);
	w->profile = w->room_profile;
	return 0;
}

static int read_profile(struct wish *w, struct err *e)
{
	const char *tools = w->tools;

	if (find_profile(w, e) < 0 || profile_load(&w->read_profile, w->profile, e) < 0)
		return -1;
	tools = tools ? tools : profile_tools_path(w->read_profile);
	if ((tools ? tools_load(&w->read_tools, tools, e) : tools_none(&w->read_tools, e)) < 0)
		return -1;
	w->ask.profile = w->read_profile;
	w->ask.tools = w->read_tools;
	return 0;
}

/* Without --policy: the user's directory, if there is one; otherwise nothing is allowed. */
static int read_policy(struct wish *w, struct err *e)
{
	char config[LAUNCH_TEXT];

	if (w->policy)
		return policy_dir_load(&w->files, w->policy, e);
	if (paths_config(config, e) < 0)
		return -1;
	snprintf(w->room_policy, sizeof(w->room_policy), "%s/policies", config);
	if (access(w->room_policy, R_OK) == 0)
		return policy_dir_load(&w->files, w->room_policy, e);
	log_say("no --policy and no %s: every call will be refused", w->room_policy);
	return 0;
}

/* Read here as the broker will read it, so that an error is the operator's and nothing starts. */
static int check_policy(struct wish *w, struct err *e)
{
	scoped(policy) struct policy *p = NULL;
	size_t i;

	if (policy_new(&p, e) < 0)
		return -1;
	w->bytes = calloc(w->files.count + 1, sizeof(*w->bytes));
	if (!w->bytes)
		return err_sys(e, "memory for policies");
	for (i = 0; i < w->files.count; i++) {
		const struct policy_file *f = &w->files.at[i];

		if (policy_add(p, f->name, f->bytes, f->size, e) < 0)
			return -1;
		w->bytes[i] = (struct policy_bytes){ f->name, f->bytes, f->size };
	}
	w->ask.policies = w->bytes;
	w->ask.policy_count = w->files.count;
	return 0;
}

static int find_place(struct wish *w, struct err *e)
{
	const char *home = getenv("HOME");
	char programs[LAUNCH_TEXT];

	if (!realpath(w->workspace ? w->workspace : ".", w->room_workspace))
		return err_sys(e, "workspace %s", w->workspace ? w->workspace : ".");
	if (!home || home[0] != '/')
		return err_set(e, ERR_INPUT, "HOME is not set to an absolute path");
	if (paths_programs(programs, e) < 0)
		return -1;
	snprintf(w->room_call, sizeof(w->room_call), "%s/reeve-call", programs);
	w->ask.place = (struct place){ w->room_workspace, home, w->room_call };
	return 0;
}

/* The accountable owner: by default who the kernel says we are. */
static void find_owner(struct wish *w)
{
	const struct passwd *user;

	if (w->ask.owner) {
		w->ask.owner_by = "said";
		return;
	}
	user = getpwuid(getuid());
	if (user)
		snprintf(w->room_owner, sizeof(w->room_owner), "%s", user->pw_name);
	else
		snprintf(w->room_owner, sizeof(w->room_owner), "uid-%u", (unsigned)getuid());
	w->ask.owner = w->room_owner;
	w->ask.owner_by = "uid";
}

static int go(struct wish *w, struct err *e)
{
	int status = RUN_FAILED;

	if (read_profile(w, e) < 0 || read_policy(w, e) < 0 || check_policy(w, e) < 0 ||
	    find_place(w, e) < 0) {
		log_say("run: %s", e->text);
		return EXIT_USAGE;
	}
	find_owner(w);
	if (launch_run(&w->ask, &status, e) < 0) {
		log_say("run: %s", e->text);
		return RUN_FAILED;
	}
	return status;
}

static void wish_free(struct wish *w)
{
	policy_files_free(&w->files);
	profile_free(w->read_profile);
	tools_free(w->read_tools);
	free(w->bytes);
	free(w);
}

static int read_and_go(struct wish *w, int argc, char **argv, struct err *e)
{
	const struct option_row rows[] = {
		{ "profile", "NAME|FILE", OPTION_TEXT, &w->profile, "what exists in the jail (agent)", NULL },
		{ "policy", "DIR|FILE", OPTION_TEXT, &w->policy, "what may be asked (nothing)", NULL },
		{ "tools", "FILE", OPTION_TEXT, &w->tools, "the tool servers (none)", NULL },
		{ "workspace", "DIR", OPTION_TEXT, &w->workspace, "folder the agent works in (.)", NULL },
		{ "agent", "ID", OPTION_TEXT, &w->ask.agent, "who it is, in the ledger (agent)", NULL },
		{ "owner", "ID", OPTION_TEXT, &w->ask.owner, "who is accountable (this user)", NULL },
		{ "task", "TEXT", OPTION_TEXT, &w->ask.task, "what the run is for", NULL },
		{ "tenant", "NAME", OPTION_TEXT, &w->ask.tenant, "whose ledger (default)", NULL },
		{ "environment", "WORD", OPTION_TEXT, &w->ask.environment, "prod, staging, ...", NULL },
		{ "initiator", "WORD", OPTION_TEXT, &w->ask.initiator, "human, schedule, agent", NULL },
		{ "timeout", "SECONDS", OPTION_NUMBER, &w->ask.timeout_s, "end it after that long", NULL },
		{ "without", "LAYER", OPTION_EACH, &w->ask.without, "go on if LAYER cannot be had", add_without },
		{ "timings", NULL, OPTION_FLAG, &w->ask.timings, "say how long each phase took", NULL },
		{ "help", NULL, OPTION_FLAG, &w->help, "print this", NULL },
		{ 0 },
	};
	int operands = options_read(argc, argv, rows, e);

	if (operands < 0)
		return usage_error("run", e);
	if (w->help) {
		print_help(rows);
		return EXIT_DONE;
	}
	if (operands == argc) {
		err_set(e, ERR_INPUT, "which command? put it after --");
		return usage_error("run", e);
	}
	w->ask.argv = (const char *const *)(argv + operands);
	return go(w, e);
}

int cmd_run(int argc, char **argv, struct err *e)
{
	struct wish *w = calloc(1, sizeof(*w));
	int status;

	if (!w)
		return err_sys(e, "memory for options");
	w->profile = "agent";
	w->ask.agent = "agent";
	w->ask.tenant = "default";
	status = read_and_go(w, argc, argv, e);
	wish_free(w);
	return status;
}

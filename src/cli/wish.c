/*
 * Everything the operator named is read before anything starts, and in the same form in which
 * broker and jails will have it: an error here is the operator's, with file, line and column.
 */
#include "cli/wish.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/profiles.h"

static int read_profile(struct wish *w, struct err *e)
{
	const char *tools = w->tools;

	if (profile_read(&w->read_profile, w->profile_room, w->profile, e) < 0)
		return -1;
	tools = tools ? tools : profile_tools_path(w->read_profile);
	if ((tools ? tools_load(&w->read_tools, tools, e) : tools_none(&w->read_tools, e)) < 0)
		return -1;
	w->ask.profile = w->read_profile;
	w->ask.tools = w->read_tools;
	return 0;
}

static int find_place(struct wish *w, struct err *e)
{
	const char *home = getenv("HOME");
	struct stat st;

	if (!realpath(w->workspace ? w->workspace : ".", w->workspace_room) ||
	    stat(w->workspace_room, &st) < 0)
		return err_sys(e, "--workspace %s", w->workspace ? w->workspace : ".");
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INPUT, "--workspace %s is not a folder", w->workspace_room);
	if (!home || home[0] != '/')
		return err_set(e, ERR_INPUT, "HOME is not set to an absolute path");
	/* Without links and odd slashes, as the workspace is: the one must be seen to hold the other. */
	if (realpath(home, w->home_room))
		home = w->home_room;
	snprintf(w->call_room, sizeof(w->call_room), "%s/reeve-call", w->programs);
	snprintf(w->courier_room, sizeof(w->courier_room), "%s/reeve-courier", w->programs);
	w->ask.place = (struct place){ .workspace = w->workspace_room,
					.home = home,
					.call = w->call_room,
					.courier = w->courier_room,
					.hidden = w->hidden,
					.http = w->http,
					.network = w->network,
					.fixed = w->fixed };
	return 0;
}

/* The accountable owner: by default who the kernel says we are. */
static void find_owner(struct wish *w)
{
	const struct passwd *user;

	if (w->ask.owner) {
		w->ask.owner_by = w->read_agents ? "agents" : "said";
		return;
	}
	user = getpwuid(getuid());
	if (user)
		snprintf(w->owner_room, sizeof(w->owner_room), "%s", user->pw_name);
	else
		snprintf(w->owner_room, sizeof(w->owner_room), "uid-%u", (unsigned)getuid());
	w->ask.owner = w->owner_room;
	w->ask.owner_by = "uid";
}

/* Who the agent is, where the operator keeps a file of them: then there are no others. */
static int read_agent(struct wish *w, struct err *e)
{
	snprintf(w->agents_room, sizeof(w->agents_room), "%s/agents.json", w->config);
	if (w->quiet || (!w->agents && access(w->agents_room, F_OK) < 0))
		return 0;
	return agents_load(&w->read_agents, w->agents ? w->agents : w->agents_room, e) < 0
		       ? -1
		       : agents_apply(w->read_agents, &w->ask, e);
}

/* Files from which servers get their secrets are in no jail, not even that server's; nor are those of credentials. */
static void hide_secrets(struct wish *w, size_t at)
{
	struct profile_credential c;
	struct tools_secret s;
	size_t n, most = at + SECRETS_MOST;

	for (n = 0; tools_secret(&s, w->read_tools, n) && at < most; n++)
		if (s.file)
			w->hidden[at++] = s.file;
	for (n = 0; profile_credential(&c, w->read_profile, n); n++)
		if (c.file)
			w->hidden[at++] = c.file;
}

/* Nor is the folder in which other users find a socket to review at: who connects there needs no more than to see it. */
static size_t hide_review(struct wish *w, size_t at)
{
	char *end;

	if (!w->ask.review_socket)
		return at;
	snprintf(w->review_room, sizeof(w->review_room), "%s", w->ask.review_socket);
	end = strrchr(w->review_room, '/');
	end[end == w->review_room] = '\0';
	w->hidden[at] = w->review_room;
	return at + 1;
}

/* And where a service records: to connect there is to be believed as this user. */
static int hide_service(struct wish *w, size_t *at, struct err *e)
{
	if (!w->ask.service.socket)
		return 0;
	if (paths_service(&w->service, w->ask.tenant, &w->ask.service, e) < 0)
		return -1;
	*strrchr(w->service.socket, '/') = '\0';
	w->hidden[(*at)++] = w->service.socket[0] ? w->service.socket : "/";
	w->hidden[(*at)++] = w->service.ledger;
	return 0;
}

/* By what the agent will be judged: reeve-profile(5), SECURITY CONSIDERATIONS. */
static int set_apart(struct wish *w, struct err *e)
{
	const char *tools = w->tools ? w->tools : profile_tools_path(w->read_profile);
	size_t n = 0, hidden = 2, parts, i;

	for (parts = 0; profile_file(w->read_profile, parts); parts++)
		;
	w->fixed = calloc(w->rules.files.count + w->words.count + parts + 8, sizeof(*w->fixed));
	if (!w->fixed)
		return err_sys(e, "memory for names");
	w->hidden[0] = w->state;
	w->hidden[1] = w->sockets;
	if (hide_service(w, &hidden, e) < 0)
		return -1;
	hide_secrets(w, hide_review(w, hidden));
	w->fixed[n++] = w->config;
	w->fixed[n++] = w->programs;
	for (i = 0; i < parts; i++)
		w->fixed[n++] = profile_file(w->read_profile, i);
	if (profile_oci_path(w->read_profile))
		w->fixed[n++] = profile_oci_path(w->read_profile);
	if (tools)
		w->fixed[n++] = tools;
	if (w->policy)
		w->fixed[n++] = w->policy;
	for (i = 0; i < w->rules.files.count; i++)
		w->fixed[n++] = w->rules.files.at[i].path;
	if (w->read_agents)
		w->fixed[n++] = agents_path(w->read_agents);
	if (access(w->catalogue_room, F_OK) == 0)
		w->fixed[n++] = w->catalogue_room;
	for (i = 0; i < w->words.count; i++)
		w->fixed[n++] = w->words.at[i].path;
	return 0;
}

/* What cannot be planned must be known before it starts. Tool servers are planned again when they do. */
static int check_plans(struct wish *w, struct err *e)
{
	struct jail_plan plan = { 0 };
	size_t i;

	if (profile_is_cow(w->read_profile) && (w->ask.without & (1u << LAYER_MOUNT)))
		return err_set(e, ERR_INPUT,
			       "the profile's \"workspace\": \"cow\" takes the layer mount: leave out --without=mount");
	if (profile_agent_plan(&w->plan, w->read_profile, w->read_tools, &w->ask.place, w->ask.argv,
			       e) < 0)
		return -1;
	w->ask.plan = &w->plan;
	if (w->plan.spec.http && (w->ask.without & (1u << LAYER_NET)))
		return err_set(e, ERR_INPUT,
			       "HTTP for the agent takes the layer net: leave out --without=net, or --http and the "
			       "profile's \"http\"");
	if (w->plan.spec.ear_count > 0 && (w->ask.without & (1u << LAYER_NET)) &&
	    (w->ask.without & (1u << LAYER_SECCOMP)))
		return err_set(e, ERR_INPUT,
			       "connections through reeve take the layer net or the layer seccomp: leave out one of "
			       "--without=net and --without=seccomp, or --network and the profile's \"network\"");
	for (i = 0; i < tools_count(w->read_tools); i++) {
		if (tools_check_programs(w->read_tools, i, w->read_profile, &w->ask.place, e) < 0)
			return -1;
		if (tools_server_kind(w->read_tools, i) == TOOLS_EXEC)
			continue;
		if (tools_server_plan(&plan, w->read_tools, i, NULL, w->read_profile, &w->ask.place, e) <
		    0)
			return -1;
		jail_plan_free(&plan);
	}
	return 0;
}

/* What the ledger would cut, or could not tell apart, is not accepted. */
static int check_words(const struct run_request *ask, struct err *e)
{
	const struct {
		const char *option, *value;
	} words[] = {
		{ "agent", ask->agent },	     { "owner", ask->owner },
		{ "department", ask->department },   { "environment", ask->environment }, { "initiator", ask->initiator },
	};
	size_t i;

	if (!text_is_name(ask->tenant))
		return err_set(e, ERR_INPUT, "--tenant \"%.80s\": use a-z, 0-9, '.', '_' and '-'", ask->tenant);
	for (i = 0; i < count_of(words); i++)
		if (words[i].value && (!words[i].value[0] || strlen(words[i].value) > 64))
			return err_set(e, ERR_INPUT, "--%s takes 1 to 64 bytes", words[i].option);
	return 0;
}

/* After set_apart(): it lies in the workspace, and the jail's own names keep the agent from it. */
static int ask_project(struct wish *w, struct err *e)
{
	size_t before = 0;

	while (profile_file(w->read_profile, before))
		before++;
	if (profile_tighten(w->read_profile, w->workspace_room, e) < 0)
		return -1;
	if (profile_file(w->read_profile, before))
		log_say("%s tightens the profile", profile_file(w->read_profile, before));
	return 0;
}

/* Whoever has a server's secret can be that server: the agent is given none. */
static int check_passed(const struct wish *w, struct err *e)
{
	json_t *value, *passed = json_at(profile_whole(w->read_profile), "/environment/pass");
	struct tools_secret s;
	size_t n, i;

	for (n = 0; tools_secret(&s, w->read_tools, n); n++)
		json_array_foreach(passed, i, value)
			if (s.env && strcmp(json_string_value(value), s.env) == 0)
				return err_set(e, ERR_INPUT,
					       "%.60s is a secret of tool server %s, but the profile passes it to "
					       "the agent: take it out of \"pass\"",
					       s.env, tools_server_name(w->read_tools, s.server));
	return 0;
}

/* Last: a command that fetches one may ask a person, who should not be asked for a run that cannot be. */
static int read_secrets(struct wish *w, struct err *e)
{
	if (check_passed(w, e) < 0 || secrets_read(&w->secrets, w->read_tools, w->read_profile, e) < 0)
		return -1;
	w->ask.secrets = &w->secrets;
	return 0;
}

static int read_paths(struct wish *w, struct err *e)
{
	if (paths_config(w->config, e) < 0 || paths_programs(w->programs, e) < 0)
		return -1;
	return paths_hidden(w->state, w->sockets, e);
}

static int read_place(struct wish *w, struct err *e)
{
	return set_apart(w, e) < 0 || find_place(w, e) < 0 ? -1 : ask_project(w, e);
}

int wish_place(struct wish *w, struct err *e)
{
	return read_paths(w, e) < 0 || read_profile(w, e) < 0 ? -1 : read_place(w, e);
}

int wish_read(struct wish *w, struct err *e)
{
	if (read_paths(w, e) < 0 || wish_read_settings(w, e) < 0 || wish_read_reviewers(w, e) < 0 || read_profile(w, e) < 0 || wish_read_policy(w, e) < 0 ||
	    wish_read_catalogue(w, e) < 0 || wish_check_signed(w, &w->rules, e) < 0)
		return -1;
	w->ask.policy.by = w->rules.by[0] ? w->rules.by : NULL;
	if (read_agent(w, e) < 0)
		return -1;
	find_owner(w);
	if (check_words(&w->ask, e) < 0 || read_place(w, e) < 0 || check_plans(w, e) < 0 ||
	    read_secrets(w, e) < 0)
		return -1;
	if (!w->quiet)
		wish_say_without_policy(w);
	return 0;
}

void wish_free(struct wish *w)
{
	jail_plan_free(&w->plan);
	secrets_free(&w->secrets);
	read_policy_free(&w->rules);
	read_policy_free(&w->again);
	policy_files_free(&w->words);
	free(w->catalogues);
	profile_free(w->read_profile);
	tools_free(w->read_tools);
	agents_free(w->read_agents);
	settings_free(&w->settings);
	reviewers_free(w->reviewers);
	free(w->groups);
	free(w->fixed);
	free(w);
}

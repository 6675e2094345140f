/* cli/wish.h - what the operator of a run asked for, and the files read because of it. */
#ifndef CLI_WISH_H
#define CLI_WISH_H

#include <limits.h>
#include <stdbool.h>

#include "cli/agents.h"
#include "cli/policy_dir.h"
#include "cli/reviewers.h"
#include "cli/settings.h"
#include "launcher/launcher.h"
#include "seal/ssh.h"

/* bytes: its files, as the launcher hands them on. All owned; zero is empty. */
struct read_policy {
	struct policy_files files;
	struct policy_bytes *bytes;
	char by[SSH_NAME + SSH_FINGERPRINT];	/* who signed it; "": nobody was asked for */
};

void read_policy_free(struct read_policy *p);

/* `ask` borrows from everything else here. */
struct wish {
	const char *profile, *policy, *tools, *workspace, *catalogue, *agents, *on_held;
	struct run_request ask;
	struct profile *read_profile;
	struct tools *read_tools;
	struct secrets secrets;
	struct jail_plan plan;
	struct agents *read_agents;
	struct settings settings;
	struct reviewers *reviewers;
	struct review_group *groups;
	const char *held_words[4];		/* of --on-held */
	struct read_policy rules, again;	/* again: as it was read last, while the run went on */
	struct policy_files words;		/* of the catalogue */
	struct catalogue_bytes *catalogues;
	char catalogue_room[LAUNCH_TEXT + 96];
	char agents_room[LAUNCH_TEXT + 64];
	const char **fixed;
	const char *hidden[SECRETS_MOST + CREDENTIALS_MOST + 6];
	char home_room[PATH_MAX], workspace_room[PATH_MAX], profile_room[PATH_MAX], policy_room[LAUNCH_TEXT + 64];
	char call_room[LAUNCH_TEXT + 64], courier_room[LAUNCH_TEXT + 64], owner_room[64];
	char review_room[LAUNCH_TEXT];	/* the folder where other users review */
	struct paths service;		/* of the recorder, if it is one */
	char config[LAUNCH_TEXT], programs[LAUNCH_TEXT], state[LAUNCH_TEXT], sockets[LAUNCH_TEXT];
	bool help, http, network, quiet, demand_signed;	/* quiet: nobody will call, so that nothing is allowed is no news */
};

/*
 * Read and check everything that was named, and fill w->ask. Whatever is wrong is found here, before
 * anything has started.
 */
int wish_read(struct wish *w, struct err *e) must_use;
/* Where the catalogue is, which need not be there: reeve-catalogue(5). After its policy is known. */
void wish_find_catalogue(struct wish *w);
int wish_read_catalogue(struct wish *w, struct err *e) must_use;
/* wish_review.c: who may approve what is held, and who is told that it is. */
int wish_read_reviewers(struct wish *w, struct err *e) must_use;
int wish_read_settings(struct wish *w, struct err *e) must_use;
/* wish_policy.c: all checks, before the run and (`wish` is a struct wish *) whenever it is to be read again. */
int wish_read_policy(struct wish *w, struct err *e) must_use;
int wish_reload_policy(void *wish, struct policy_set *out, struct err *e) must_use;
/* wish_signed.c: if it is demanded, what was read is what somebody signed who may; else nothing is looked at. */
int wish_check_signed(const struct wish *w, struct read_policy *p, struct err *e) must_use;
void wish_say_without_policy(const struct wish *w);	/* last, so that an error stands alone */
/* Only profile, tools and place, for who wants to see what they come to. */
int wish_place(struct wish *w, struct err *e) must_use;
void wish_free(struct wish *w);

#endif

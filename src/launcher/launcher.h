/* launcher/launcher.h - one run from beginning to end: opens, connects and spawns for the broker. */
#ifndef LAUNCHER_LAUNCHER_H
#define LAUNCHER_LAUNCHER_H

#include "json/json.h"
#include "model/model.h"
#include "profile/profile.h"

enum { LAUNCH_TEXT = 4096 };

/* How long a key of a ledger signs, in hours and in records; 0: as the recorder knows best. */
struct recorder_epoch {
	unsigned hours, records;
};

/* Where this user's things are: reeve(1), FILES. */
struct paths {
	char ledger[LAUNCH_TEXT];	/* directory of the tenant's ledger */
	char key[LAUNCH_TEXT];		/* its signing key */
	char socket[LAUNCH_TEXT];	/* where its recorder listens */
	char review[LAUNCH_TEXT], review_group[16];	/* and where for other users, of this group; "": nowhere */
	char history[LAUNCH_TEXT];	/* how often each agent did what, counted over its runs */
	char runs[LAUNCH_TEXT];		/* what tool servers said on stderr, a folder per run */
	char policies[LAUNCH_TEXT];	/* what was in force in any run, by digest */
	char cow[LAUNCH_TEXT];		/* what runs wrote to a copy-on-write workspace, a folder per run */
	char apart[LAUNCH_TEXT];	/* private places of jails that have no mounts */
	char programs[LAUNCH_TEXT];	/* folder of reeve-broker, reeve-recorder, reeve-call */
	struct recorder_epoch epoch;
	bool service;			/* the recorder is another user's: none is started, and `key` is not ours to have */
	unsigned service_uid;
};

/* Such a recorder, as it is set; "%i" in a text is the tenant. Borrowed. */
struct recorder_service {
	const char *socket, *user, *folder;	/* NULL: there is none; user: a name, or a number */
};

/* Fills `out` and makes the state directories (0700). `tenant` is a text_is_name(). */
int paths_find(struct paths *out, const char *tenant, struct err *e) must_use;
/* Others than the owner may review there: a recorder that we start makes that socket; of another tenant than default, SOCKET.TENANT. */
int paths_review(struct paths *p, const char *tenant, const char *socket, unsigned group, struct err *e) must_use;
/* service.c: from now on ledger and socket are those of the service. */
int paths_service(struct paths *p, const char *tenant, const struct recorder_service *s, struct err *e) must_use;
/* Which tenant's ledger there lies at this path; false: no one's. */
bool service_tenant(char tenant[64], const struct recorder_service *s, const char *path);
int paths_programs(char out[LAUNCH_TEXT], struct err *e) must_use;
/* A folder of ours (0700): made, or seen to be nobody else's to write. */
int paths_make_own(const char *dir, struct err *e) must_use;
/* The folders no jail may hold: of ledgers and keys, and of the recorder's sockets. */
int paths_hidden(char state[LAUNCH_TEXT], char sockets[LAUNCH_TEXT], struct err *e) must_use;
/* /etc/reeve for root, otherwise $XDG_CONFIG_HOME/reeve. */
int paths_config(char out[LAUNCH_TEXT], struct err *e) must_use;

struct policy_bytes {
	const char *name;	/* without ".json" */
	const char *bytes;
	size_t size;
};

/* A whole policy, in the order in which the broker reads it. */
struct policy_set {
	const struct policy_bytes *at;
	size_t count;
	const char *by;			/* who signed it, and with which key; NULL: nobody was asked for */
};

struct review_group {
	const char *name;
	const char *const *names;
	size_t count;
};

struct catalogue_bytes {
	size_t server;		/* whom the file is about, by its place in the tool file */
	const char *name, *bytes;
	size_t size;
};

/* What the operator asked for, read and checked already. Everything is borrowed. */
struct run_request {
	const struct profile *profile;
	const struct tools *tools;
	const struct secrets *secrets;	/* of its servers, all of them */
	struct policy_set policy;
	/* Read it again, with every check of the first time. -1: why the old one stays. *out is good until the next time. NULL: it stays. */
	int (*reload)(void *with, struct policy_set *out, struct err *e);
	void *reload_with;
	const struct catalogue_bytes *catalogues;
	size_t catalogue_count;
	int show_fd;		/* where what the tool servers offer is written, as JSON lines; 0: nowhere */
	struct place place;
	struct jail_plan *plan;	/* of the agent's jail: but for what only the launcher knows */
	const char *tenant, *agent, *owner, *owner_by;
	const char *model, *agents;		/* agents: digest of the file that says who it is; NULL: there is none */
	const char *scopes;			/* texts, each with its NUL */
	size_t scopes_size;
	const char *credentials;	/* "NAME VERSION" texts, each with its NUL: the operator's own words */
	size_t credentials_size;
	const char *signers;		/* who may sign, as ssh's allowed_signers; NULL: nobody */
	size_t signers_size;
	const char *review_socket;	/* where others than the owner may review; NULL: nowhere */
	unsigned review_group;		/* the number of those others' */
	struct recorder_epoch epoch;	/* of its ledger */
	struct recorder_service service;	/* that records it; socket NULL: one of our own */
	const struct review_group *groups;	/* of those who can sign; each of them is one, too */
	size_t group_count;
	const char *task, *department, *environment, *initiator;	/* NULL: not said */
	const char *const *argv;
	unsigned timeout_s;	/* wall clock; 0: none */
	uint32_t without;	/* bits of enum jail_layer */
	const char *const *second;	/* NAME=VALUE, as reeve-anchor takes them: who keeps a second record; NULL: nobody does */
	bool spine;			/* the ledger of ledgers is one of them */
	const char *const *on_held;	/* the hook, as it is executed; NULL: nobody is told of what is held */
	const char *const *on_alert;	/* the same of alerts */
	const char *syslog;		/* the socket where a line of each alert goes; NULL: nowhere */
	int status_fd;		/* where JSON lines about the run go; 0: nowhere */
	bool timings;		/* say on stderr how long each phase took */
};

/*
 * secrets.c: read every secret that tool file and profile (NULL: none) name, or say in one sentence which could not be had. They lie
 * in pages of which a fork gets none. What came from the environment is gone from it afterwards.
 */
int secrets_read(struct secrets *out, const struct tools *t, const struct profile *p, struct err *e) must_use;
/* That of the profile's n-th credential; NULL: there is none. */
const struct secret *secrets_of_credential(const struct secrets *s, size_t n);

/* For the one child that is a run itself: lent before the fork, kept again by the child and by its parent. */
int secrets_lend(const struct secrets *s, bool lent, struct err *e) must_use;
void secrets_free(struct secrets *s);		/* wipes them */

/*
 * parts.c: what a tool server's program is made of, reeve-catalogue(5). Each part has a name (a path, "origin")
 * and says what it is (a digest, a URL's origin).
 */
enum { PARTS_MOST = 12, PART_NAME = 1024, PART_WHAT = 320 };

struct parts {
	size_t count;
	struct part {
		char name[PART_NAME], what[PART_WHAT];
	} at[PARTS_MOST];
};

/* `url` NULL: a command server, whose jail is `plan`. */
int parts_find(struct parts *out, const char *url, bool from_workspace, const struct jail_plan *plan,
	       const char *workspace, struct err *e) must_use;

/* policies.c: the policy of a run that was, by the digest in its record. Refused if it is not that one any more. */
struct policy_kept {
	struct json_file file;		/* owned */
	struct policy_bytes *at;	/* owned */
	struct policy_set set;
};

int policies_find(struct policy_kept *out, const struct paths *at, const char *digest, struct err *e) must_use;
void policies_free(struct policy_kept *k);

static inline void leave_policy_kept(struct policy_kept *k)
{
	policies_free(k);
}

enum { RUN_TIMED_OUT = 124, RUN_FAILED = 125 };

/*
 * The whole run. 0: *status is the agent's own (or 124, 126, 127, 128+n). -1: reeve itself failed,
 * nothing unrecorded happened, the jail is gone; the caller exits with RUN_FAILED.
 */
int launch_run(const struct run_request *ask, int *status, struct err *e) must_use;

/*
 * `reeve init`: key and ledger of a tenant, by the recorder, which alone may hold the key.
 * Gives its verifier key, also when both were there before.
 */
int launch_init(char verifier[256], const struct paths *at, const char *tenant,
		struct err *e) must_use;
/* root.c: the same with the root key in an ssh-agent: "ssh-agent" or "ssh-agent:SHA256:FINGERPRINT". */
int launch_init_by(char verifier[256], const struct paths *at, const char *tenant, const char *root, struct err *e) must_use;
/* `reeve ledger rotate --revoke`: another key than the last one's, by the root's, in a file or as above. No recorder may be serving; `said` is what came of it. */
int launch_revoke(char said[256], const struct paths *at, const char *root, const char *since, const char *why, struct err *e) must_use;

#endif

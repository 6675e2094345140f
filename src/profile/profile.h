/* profile/profile.h - what exists in a jail: reads profiles and tool files, gives jail specs. */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

#include <limits.h>

#include "base/buf.h"
#include "jail/jail.h"

struct profile;
struct tools;

enum { PROFILE_MOST = 1 << 20, TOOLS_SERVERS = 32 };

/* NAME.json in the first of these folders that has it; `dirs` ends with NULL, and may be NULL. */
int profile_find(char out[PATH_MAX], const char *name, const char *const *dirs, struct err *e) must_use;

/*
 * reeve-profile(5). Errors name file, line, column. `dirs`: where a profile is looked for that is extended
 * by its name.
 */
int profile_load(struct profile **out, const char *path, const char *const *dirs, struct err *e) must_use;
void profile_free(struct profile *p);
SCOPED(profile, struct profile *, profile_free)

/*
 * The project's own file, WORKSPACE/.reeve/profile.json, if there is one and the profile does not say
 * "project": false. Whoever can write the workspace wrote it, so it may only tighten the agent's jail.
 */
int profile_tighten(struct profile *p, const char *workspace, struct err *e) must_use;

const char *profile_name(const struct profile *p);
const char *profile_about(const struct profile *p);	/* NULL: it does not say */
const char *profile_digest(const struct profile *p);	/* "sha256:…" over "NAME sha256:…" lines of all its files */
/* The files it is made of: the one that was named, what it extends, …, the project's. NULL past the last. */
const char *profile_file(const struct profile *p, size_t n);
/* Why a name stands in a list ("read", "pass", …); for other members `list` is "because". NULL: not said. */
const char *profile_because(const struct profile *p, const char *list, const char *name);
const char *profile_tools_path(const struct profile *p);/* tool file it names, resolved beside it; NULL: none */

bool profile_is_cow(const struct profile *p);		/* "workspace": "cow" */

/* Where a run happens; what both the agent's and the servers' jails are cut from. */
struct place {
	const char *workspace;	/* absolute, resolved; the same path inside and outside */
	const char *home;	/* becomes a private, empty directory inside */
	const char *upper, *work;	/* "cow": where the changes go, and the overlay's own folder; otherwise NULL */
	const char *call;	/* host path of the reeve-call program */
	const char *const *hidden;	/* no jail holds these; NULL at the end: ledgers, keys, sockets */
	const char *const *fixed;	/* no jail can write these: policies, profile, tool file, programs */
};

/* A spec and everything it borrows. */
struct jail_plan {
	struct jail_spec spec;
	void *owned;
};

/*
 * The agent's jail: profile mounts, workspace read-write, private home and /tmp, /run/reeve/bin/reeve-call,
 * one socket per server (/run/reeve/SERVER.sock) and /run/reeve/all.sock, in that order.
 * argv is borrowed.
 */
int profile_agent_plan(struct jail_plan *out, const struct profile *p, const struct tools *t,
		       const struct place *at, const char *const *argv, struct err *e) must_use;
void jail_plan_free(struct jail_plan *p);

/* --- tool files: reeve "tools/1" --- */

enum tools_kind { TOOLS_COMMAND, TOOLS_EXEC };

int tools_load(struct tools **out, const char *path, struct err *e) must_use;
int tools_none(struct tools **out, struct err *e) must_use;	/* no servers at all */
void tools_free(struct tools *t);
SCOPED(tools, struct tools *, tools_free)

const char *tools_digest(const struct tools *t);	/* "sha256:…" of the file; "" for none */
size_t tools_count(const struct tools *t);
const char *tools_server_name(const struct tools *t, size_t server);
enum tools_kind tools_server_kind(const struct tools *t, size_t server);
unsigned tools_server_deadline_ms(const struct tools *t, size_t server);	/* for one call */

/* The n-th (tool, JSON pointer) pair that says which argument is the resource; false: no more. */
bool tools_server_resource(const struct tools *t, size_t server, size_t n, const char **tool,
			   const char **pointer);

/* exec: the tools as MCP lists them, a JSON array of {name, description, inputSchema}. */
int tools_exec_list(struct buf *out, const struct tools *t, size_t server, struct err *e) must_use;

/* No argv of this server names a program that the agent can write: reeve-profile(5). */
int tools_check_programs(const struct tools *t, size_t server, const struct profile *p,
			 const struct place *at, struct err *e) must_use;

/* The jail of a command server. */
int tools_server_plan(struct jail_plan *out, const struct tools *t, size_t server,
		      const struct profile *p, const struct place *at, struct err *e) must_use;

/*
 * The jail of one call of an exec tool. `values` are the parameters in the order tools_exec_list()
 * declares them (NULL: not given); they are put into argv, each within one element, never split.
 * stdin_text: what the tool's "stdin" template gives, NULL if it has none (borrowed from the plan).
 */
int tools_exec_plan(struct jail_plan *out, const char **stdin_text, const struct tools *t, size_t server, size_t tool,
		    const char *const *values, size_t value_count, const struct profile *p,
		    const struct place *at, struct err *e) must_use;

#endif

/* profile/profile.h - what exists in a jail: reads profiles and tool files, gives jail specs. */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

#include <limits.h>

#include "base/buf.h"
#include "jail/jail.h"
#include "model/model.h"

struct profile;
struct tools;
struct json_t;

enum { PROFILE_MOST = 1 << 20, TOOLS_SERVERS = 32, PROFILE_HTTP = 7338 };

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
/* All of it as one object, each list an array, as the agent's jail is cut from it. Borrowed. */
struct json_t *profile_whole(const struct profile *p);
/* Why a name stands in a list ("read", "pass", …); for other members `list` is "because". NULL: not said. */
const char *profile_because(const struct profile *p, const char *list, const char *name);
const char *profile_tools_path(const struct profile *p);/* tool file it names, resolved beside it; NULL: none */

const char *profile_oci_path(const struct profile *p);	/* seccomp file it names, resolved beside it; NULL: none */

/* What only something around the whole jail can hold; 0: not limited. Per cent of one processor. */
struct bounds {
	uint64_t memory, processes, cpu;
	bool required;			/* "require": "cgroup" */
};

void profile_bounds(struct bounds *out, const struct profile *p);

/* The n-th limit that this profile sets, in a fixed order; false: no more. */
enum limit_kind { LIMIT_MEMORY, LIMIT_PROCESSES, LIMIT_CPU, LIMIT_RESOURCE, LIMIT_TMPFS };
bool profile_limit(const struct profile *p, size_t n, const char **word, enum limit_kind *kind);

/*
 * What the jail may reach, and how: "network". Off unless the profile or the operator (place.network) wants it.
 * The ears stand in the plan's spec; this is the rest. Borrowed.
 */
enum { PROFILE_PROXY = 7339, CREDENTIALS_MOST = 32 };

struct profile_network {
	bool on;
	bool ech;			/* "ech": "record": an encrypted ClientHello may pass */
	const struct json_t *private;	/* array of texts: networks that may be reached though private */
	const struct json_t *inspect;	/* array of texts: hosts whose TLS is opened */
	const struct json_t *unix;	/* array of texts: host paths of sockets, at the same place inside */
	const char *authorities;	/* a file of certificates by which inspected hosts are believed too; NULL: none */
};

struct profile_credential {
	const char *name, *host, *variable, *file, *env;	/* file or env, the other NULL */
	char placeholder[64];
};

void profile_network(struct profile_network *out, const struct profile *p);
bool profile_credential(struct profile_credential *out, const struct profile *p, size_t n); /* false: no more */

bool profile_is_cow(const struct profile *p);		/* "workspace": "cow" */

/* --- OCI and Docker seccomp files --- */

struct oci;

/* The kernel that "minKernel" is held against; NULL: the running one. */
struct oci_host {
	unsigned major, minor;
};

int oci_load(struct oci **out, const char *path, const struct oci_host *host, struct err *e) must_use;
void oci_free(struct oci *o);
SCOPED(oci, struct oci *, oci_free)

const struct jail_calls *oci_calls(const struct oci *o);
const char *oci_digest(const struct oci *o);		/* "sha256:…" of the file */

/* What is taken over and what is not: sentences for a person, one a line. False: no room. */
bool oci_say(struct buf *out, const struct oci *o);

/*
 * How much a profile exposes, 0 to 100 tenths: the sum of what each point weighs, cut at 100. A point that
 * weighs nothing is a note. reeve-profile(5), EXPOSURE.
 */
struct profile_point {
	const char *id;
	unsigned tenths;
	const char *what, *instead;	/* why it counts; what would lower it */
	const char *names;		/* the paths or variables it is about; "" */
};

unsigned profile_exposure(const struct profile *p, const char *workspace,
			  void (*each)(void *to, const struct profile_point *point), void *to);

/* Would this grant alone count as too broad, or as a secret? Why; NULL: it would not. */
const char *profile_too_broad(const char *path);

/* Where a run happens; what both the agent's and the servers' jails are cut from. */
struct place {
	const char *workspace;	/* absolute, resolved; the same path inside and outside */
	const char *home;	/* becomes a private, empty directory inside */
	const char *call;	/* host path of the reeve-call program */
	const char *courier;	/* host path of the reeve-courier program */
	const char *const *hidden;	/* no jail holds these; NULL at the end: ledgers, keys, sockets */
	bool http;		/* the agent's HTTP is heard, whatever the profile says */
	bool network;		/* connections are heard, whatever the profile says */
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
/* The certificate of this run's inspector, PEM, in the jail's trust store: known only when the run begins; borrowed. */
int jail_plan_trust(struct jail_plan *p, const char *pem, struct err *e) must_use;
/* Where a copied workspace's changes go, known only when the run begins; borrowed. */
void jail_plan_copy(struct jail_plan *p, const char *upper, const char *work);

/* --- tool files: reeve "tools/1" --- */

enum tools_kind { TOOLS_COMMAND, TOOLS_EXEC, TOOLS_URL };

/* What a tool server is given and nobody else may see: the launcher reads them before a run starts. */
enum { SECRET_OF_CREDENTIAL = 1 << 16, SECRETS_OF_ONE = 16, SECRETS_MOST = 64, SECRET_BYTES = 65536, COURIER_WORDS = 60000 };

struct secret {
	size_t server;		/* or SECRET_OF_CREDENTIAL + the credential's place in the profile */
	const char *name;	/* borrowed from the tool file */
	const char *bytes;	/* with a NUL behind them, none within */
	size_t size;
};

struct secrets {
	struct secret at[SECRETS_MOST];
	size_t count;
	char *room;		/* the launcher's: pages that no fork takes along */
};

int tools_load(struct tools **out, const char *path, struct err *e) must_use;
int tools_none(struct tools **out, struct err *e) must_use;	/* no servers at all */
void tools_free(struct tools *t);
SCOPED(tools, struct tools *, tools_free)

const char *tools_digest(const struct tools *t);	/* "sha256:…" of the file; "" for none */
size_t tools_count(const struct tools *t);
const char *tools_server_name(const struct tools *t, size_t server);
enum tools_kind tools_server_kind(const struct tools *t, size_t server);

/* How long a server may take, and when it is stopped and started again. */
struct tools_life {
	unsigned deadline_ms;	/* for one call */
	unsigned start_ms;	/* until it has listed its tools */
	unsigned idle_ms;	/* it is stopped when nobody needed it that long; 0: never */
	unsigned rest_ms;	/* the longest pause before one that failed is started again */
	bool unpinned;		/* "pins": "none" */
	bool payloads;		/* "payloads": true */
};

const char *tools_server_url(const struct tools *t, size_t server);	/* NULL: it has none */
bool tools_server_from_workspace(const struct tools *t, size_t server);	/* may its program lie there? */

/* What its own "limits" want held around its whole jail. */
void tools_server_bounds(struct bounds *out, const struct tools *t, size_t server);
void tools_server_life(struct tools_life *out, const struct tools *t, size_t server);

/* What is made of what a server says, and how much may be asked of it: reeve-profile(5). */
enum tools_text { TOOLS_TEXT_VISIBLE, TOOLS_TEXT_REMOVE, TOOLS_TEXT_PASS };

struct tools_bounds {
	enum tools_text text;
	uint64_t result;	/* bytes of all texts of one answer */
	struct quota quota;
};

void tools_server_amounts(struct tools_bounds *out, const struct tools *t, size_t server);
/* "run": of all the run asks; "connection": of one connection of its agent. */
void tools_quota(struct quota *out, const struct tools *t, const char *whose);

/* Is its current folder the workspace? Only then is a relative path of a call a path there. */
bool tools_server_in_workspace(const struct tools *t, size_t server);

/* The n-th secret of all servers, and where it comes from: one of `file`, `env` and `command`. */
struct tools_secret {
	size_t server;
	const char *name, *file, *env;
	const struct json_t *command;	/* tools_secret_word() says its words */
	unsigned deadline_ms;		/* of the command */
};

bool tools_secret(struct tools_secret *out, const struct tools *t, size_t n);
const char *tools_secret_word(const struct tools_secret *s, size_t n);	/* NULL past the last */

/* The n-th (tool, JSON pointer) pair that says which argument is the resource; false: no more. */
bool tools_server_resource(const struct tools *t, size_t server, size_t n, const char **tool,
			   const char **pointer);

/* exec: the tools as MCP lists them, a JSON array of {name, description, inputSchema}. */
int tools_exec_list(struct buf *out, const struct tools *t, size_t server, struct err *e) must_use;

/* No argv of this server names a program that the agent can write: reeve-profile(5). */
int tools_check_programs(const struct tools *t, size_t server, const struct profile *p,
			 const struct place *at, struct err *e) must_use;

/* The jail of a command or url server. `secrets` NULL: only to be looked at. */
int tools_server_plan(struct jail_plan *out, const struct tools *t, size_t server,
		      const struct secrets *secrets, const struct profile *p, const struct place *at, struct err *e) must_use;

/*
 * url: what reeve-courier reads first, one line of JSON: where to, as whom. It holds secrets, so it is wiped
 * by the caller; `out` is made large enough not to be moved.
 */
int tools_courier_words(struct buf *out, const struct tools *t, size_t server, const struct secrets *secrets,
			struct err *e) must_use;

/*
 * The jail of one call of an exec tool. `values` are the parameters in the order tools_exec_list()
 * declares them (NULL: not given); they are put into argv, each within one element, never split.
 * stdin_text: what the tool's "stdin" template gives, NULL if it has none (borrowed from the plan).
 */
int tools_exec_plan(struct jail_plan *out, const char **stdin_text, const struct tools *t, size_t server, size_t tool,
		    const char *const *values, size_t value_count, const struct secrets *secrets,
		    const struct profile *p, const struct place *at, struct err *e) must_use;

#endif

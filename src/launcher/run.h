/* launcher/run.h - what the files of this folder share: the state of the one run. */
#ifndef LAUNCHER_RUN_H
#define LAUNCHER_RUN_H

#include "launcher/cgroup.h"
#include "launcher/hooks.h"
#include "launcher/launcher.h"
#include "launcher/status.h"
#include "launcher/terminal.h"
#include "seal/seal.h"
#include "wire/wire.h"

enum { RUN_CHILDREN = 64, RUN_STDERR_MOST = 64 << 10, PHASES = 26 };

/* A tool server or one call of an exec tool, in its own jail. */
struct child {
	uint64_t tag;		/* the broker's name for it */
	size_t server;
	const char *name;	/* of its server; borrowed from the tool file */
	struct jail jail;	/* init -1: this slot is free */
	struct cgroup *group;	/* owned; NULL: none of its own */
	int said;		/* read end of its stderr; -1: closed */
	uint64_t leaves_ns;	/* it was told to end: when it is told more firmly; 0: it was not */
	unsigned told;		/* how often */
};

/* How long each phase of the start took, for --timings. */
struct phases {
	const char *name[PHASES];
	uint64_t at[PHASES];
	size_t count;
};

/* A copy-on-write workspace: cow.h says what lies in its folder. */
struct cow {
	int all, folder;	/* STATE/cow/TENANT, and this run's folder in it, which we hold locked; -1: none */
	char upper[LAUNCH_TEXT + 64], work[LAUNCH_TEXT + 64];
	char name[32];		/* of the folder: the run's number, once there is one */
	bool numbered;
	uint64_t began_ns;	/* wall clock: what changes later changed during the run */
};

struct run {
	const struct run_request *ask;
	struct paths at;
	struct wire recorder, broker, porter;	/* porter: fd -1 where the agent has no URL */
	struct wire proxy, dialer, inspector;	/* fd -1 where it has no network; inspector: or nothing to look into */
	pid_t broker_pid, porter_pid, starting;	/* starting: a recorder on its way */
	pid_t proxy_pid, dialer_pid, inspector_pid;
	pid_t anchor_pid, spine_pid;	/* reeve-anchor; and a recorder of the spine that we have started, if it was not there */
	int spine;			/* a connection to it; -1 */
	struct anchor_watch {
		int end;		/* pidfd of reeve-anchor; -1 */
		unsigned tries;
		uint64_t began_ns, again_ns;	/* again: when there is to be another; 0: not waiting for that */
	} anchor;
	struct paths spine_at;
	int hands;			/* the proxy's end of its channel to the inspector, until it is told; -1 */
	int starting_says;		/* what it says; -1: none is on its way */
	struct jail agent;
	struct jail_plan plan;	/* borrowed from `ask`, and completed */
	int workspace;		/* directory: what relative paths of tools are relative to */
	int signals;		/* signalfd */
	uint64_t index;		/* of this run's own record */
	uint64_t began_ns, deadline_ns;	/* deadline 0: none */
	unsigned timed_out;	/* how often it was told that its time is over */
	bool ending, done;
	int status;		/* of the agent, once it has ended */
	struct child children[RUN_CHILDREN];
	int kept[TOOLS_SERVERS];	/* files their stderr goes to; -1: none */
	struct phases phases;
	struct cow cow;
	struct bounds bounds;	/* what the profile wants held around the whole jail ... */
	struct cgroup cgroup;	/* ... and what holds it */
	uint32_t unheld;	/* servers whose limits nobody holds, which has been said */
	struct terminal terminal;
	struct status_lines lines;	/* --status-fd */
	bool unheard;		/* other users are set to review, and this recorder does not hear them */
	struct {
		bool terminal;		/* we began with one that was ours */
		bool asked, again;	/* the broker has not answered yet; and meanwhile it was asked for again */
	} reload;
	struct hooks hooks[HOOK_KINDS];	/* the operator's: told of what is held, and of alerts */
	bool unlogged;			/* nobody hears at the socket of syslog, which has been said */
	struct {
		char first[512];
		uint64_t count;
	} names;		/* protected ones that were refused, to be told when the run has ended */
	struct {
		uint64_t refused, failed;
	} unmade;		/* connections, to be told when the run has ended */
	unsigned notes;		/* NOTEs the recorder has not answered yet */
	struct msg msg;		/* room for the message being read: too large for a stack */
};

/* All of ours, so that who is none of them is a stray; 0 at the end. */
enum { RUN_KNOWN = RUN_CHILDREN + HOOK_KINDS * HOOKS_AT_ONCE + 11 };
void run_known(const struct run *r, pid_t known[RUN_KNOWN]);

/*
 * recorder.c: join the tenant's recorder (starting it if need be), open and close the run.
 * recorder_begin() only starts it, so that it opens the ledger while the jail is being built.
 */
int recorder_begin(struct run *r, struct err *e) must_use;
int recorder_open(struct run *r, struct err *e) must_use;
int recorder_reach(int *out, const struct paths *at, struct err *e) must_use;	/* without a run: for who reviews */
/* Can those other users review who are set to? If not, that and what helps is said to the operator. */
bool recorder_has_ledger(const struct paths *at);
bool recorder_hears_others(const struct paths *at);
/* Another connection to this run's recorder; and one to that of another ledger: *started is its process, if it had to be. */
int recorder_dial(int *out, const struct run *r, struct err *e) must_use;
int recorder_reach_other(int *out, pid_t *started, const struct paths *at, struct err *e) must_use;
/* service.c: may this one at the other end be the recorder? And why none is there. */
bool service_is_peer(const struct paths *at, unsigned uid);
int service_missing(const struct paths *at, struct err *e) must_use;
int recorder_attach(int *out, struct run *r, struct err *e) must_use;
int recorder_close(struct run *r, const char *status, struct err *e) must_use;

/*
 * anchor.c: nothing, unless a second record is asked for. The spine knows of a new ledger before its first run is opened;
 * who tells it, and others, of what comes then is started once that has begun. Nothing of it is waited for.
 */
int anchor_spine(struct run *r, struct err *e) must_use;
int anchor_start(struct run *r, struct err *e) must_use;
/* If it ends before the run does, another one is started, after pauses that grow: for so many seconds, having lived so long. */
void anchor_attend(struct run *r);
unsigned anchor_pause_s(unsigned *tries, uint64_t lived_s);

/* broker.c: start the broker; and, once the run is open, tell it everything it will ever know. */
int broker_begin(struct run *r, struct err *e) must_use;
int broker_tell(struct run *r, struct err *e) must_use;
int bounds_tell(struct run *r, struct err *e) must_use;	/* bounds.c: of how much may be asked and answered */
int prints_tell(struct run *r, struct err *e) must_use;	/* prints.c: of the secrets it must not let out */

/* porter.c: the same of the porter, if the profile or the operator wants one. Told before the broker's START. */
int porter_begin(struct run *r, struct err *e) must_use;
int porter_tell(struct run *r, struct err *e) must_use;
int porter_await(struct run *r, struct err *e) must_use;	/* it listens */
int porter_hear(struct run *r, struct err *e) must_use;	/* it has nothing to say: this is its end */

/*
 * net.c: proxy and dialer, if the jail has ears; told before the broker's START. What inspector.c needs of it, too:
 * to start a program, to join it with the broker by a new channel, to wait until it is ready.
 */
bool net_wanted(const struct run *r);
int net_begin(struct run *r, struct err *e) must_use;
int net_tell(struct run *r, struct err *e) must_use;
int net_await(struct run *r, struct err *e) must_use;
int net_hear(struct run *r, struct wire *w, const char *name, struct err *e) must_use;	/* nothing to say: its end */
void net_end(struct run *r);
void net_tell_unmade(const struct run *r);	/* as events_tell_names() */
int net_start(pid_t *pid, struct wire *wire, const struct run *r, const char *program, struct err *e) must_use;
int net_join(struct run *r, enum msg_type broker, struct wire *other, enum msg_type type, const struct pack *body,
	     struct err *e) must_use;
int net_ready(struct run *r, struct wire *w, enum msg_type ready, const char *name, struct err *e) must_use;
enum { NET_TEXTS = 65536 };	/* bytes that are room for the texts a profile names there */
int net_pack(struct pack *out, const struct json_t *texts, const char *member, struct err *e) must_use;

/*
 * inspector.c: nothing, unless the profile names hosts to inspect. Its certificate before the jail is built; the proxy
 * is told of it by net.c, before its own CARRY.
 */
int inspector_begin(struct run *r, struct err *e) must_use;
int inspector_authority(struct run *r, struct err *e) must_use;
int inspector_tell(struct run *r, struct err *e) must_use;
int inspector_await(struct run *r, struct err *e) must_use;

/* serve.c: what the broker asks for, by message. */
int serve_broker(struct run *r, struct err *e) must_use;

/* known.c: the list of signers, to the recorder and before OPEN; and to the broker what it is told of people and of the past. */
int known_signers(struct run *r, struct err *e) must_use;
int known_tell(struct run *r, struct err *e) must_use;

/* agent.c: who the agent is and which credentials it has, to the recorder. */
int agent_tell(struct run *r, struct err *e) must_use;

/* told.c: somebody is to be told of what the broker says: a call waits for a person, an alert was raised. */
void told_begin(struct run *r);
int told_serve(struct run *r, struct err *e) must_use;
/* syslog.c: a line of RFC 5424, if anybody hears; nobody waits for him. */
void syslog_tell(struct run *r, uint64_t record, const char *what, const char *json, size_t size);

/* reload.c: SIGHUP that somebody sent: read the policy again, and give it to the broker. */
struct signalfd_siginfo;
void reload_begin(struct run *r);
bool reload_wanted(const struct run *r, const struct signalfd_siginfo *s);
int reload_now(struct run *r, struct err *e) must_use;
int reload_answered(struct run *r, struct err *e) must_use;

/* child.c: tool servers and exec calls. */
int child_spawn(struct run *r, uint64_t tag, const struct jail_plan *plan, int in, int out,
		size_t server, struct err *e) must_use;
void child_stop(struct run *r, uint64_t tag);
bool child_listen(struct run *r, struct child *c);	/* its stderr has something to say; false: nothing */
int child_ended(struct run *r, struct child *c, struct err *e) must_use;
uint64_t children_deadline(const struct run *r);	/* 0: nobody is being waited for */
void children_hurry(struct run *r);
int children_silence(struct run *r, struct err *e) must_use;	/* end what still runs, and hear its last words */
void children_end(struct run *r);

/* kept.c: what servers say on standard error. */
void kept_begin(struct run *r);
void kept_add(struct run *r, size_t server, const char *bytes, size_t size);
void kept_end(struct run *r);

/*
 * events.c: what a jail's init tells, written down. `server` NULL: the agent's. Called when control is
 * readable; events_ready() is false while too many notes wait for the recorder.
 */
bool events_ready(const struct run *r, const struct jail *j);
int events_hear(struct run *r, struct jail *j, const char *server, struct err *e) must_use;
/* All that is still to come, and no more: once init has ended, before its jail_end(). */
int events_last(struct run *r, struct jail *j, const char *server, struct err *e) must_use;
/* In the workspace relative to it, as the operator knows it. */
const char *events_path(const struct run *r, const struct jail_event *seen);
/* Once everything was heard and the terminal is the operator's again. */
void events_tell_names(struct run *r);
/* A record of ours (NOTE) on its way to the recorder; loop.c counts the answers. */
int note_send(struct run *r, const struct record *record, struct err *e) must_use;

/*
 * cow.c: nothing, unless the profile says "cow". A folder before the jail is built; its name when the
 * ledger has given the run a number; and when nothing runs any more, what was changed, as records.
 */
int cow_begin(struct run *r, struct err *e) must_use;
int cow_number(struct run *r, struct err *e) must_use;
int cow_end(struct run *r, struct err *e) must_use;
void cow_free(struct run *r);

/* loop.c: until the agent has ended and the broker is done. */
int loop_run(struct run *r, struct err *e) must_use;
/* One message of the recorder: an answer to a note, or why nothing more may be done. */
int hear_recorder(struct run *r, struct err *e) must_use;

/* record.c: the record a run begins with. */
void record_run(struct record *out, const struct run *r, struct buf *room);
void record_policy(char digest[SEAL_DIGEST_TEXT], const struct policy_set *policy);
/* policies.c: kept for who judges again what was judged by it. Durable; there already: nothing is done. */
int policies_keep(const struct paths *at, const struct policy_set *policy, struct err *e) must_use;

/* limits.c: a cgroup for the agent's jail if there can be one; and who holds the n-th limit; false: no more. */
int limits_begin(struct run *r, struct err *e) must_use;
/* A group for one jail of a server, if its limits want one: NULL if none can be had. */
int limits_server(struct cgroup **out, struct run *r, size_t server, struct err *e) must_use;
void limits_server_end(struct cgroup **group);
bool limits_holder(const struct run *r, size_t n, const char **word, const char **holder);

/* spawn.c: one of our own programs, with one descriptor as its fd 3. Dies with us if `tied`. */
int spawn_own(pid_t *out, const struct run *r, const char *const *argv, int fd, bool tied,
	      struct err *e) must_use;
/* And another one as its input; -1: none. */
int spawn_with(pid_t *out, const struct run *r, const char *const *argv, int in, int fd, bool tied, struct err *e) must_use;

/* recorder.c: what a recorder says before it is ready or ends, without the newline. */
void recorder_hear(char *out, size_t room, int fd, uint64_t deadline);
/* once.c: launch_init() with one word more and an input; or NULL and -1. And launch_revoke() with an input. */
int launch_revoke_with(char said[256], const struct paths *at, const char *root, const char *since, const char *why, int in,
		       struct err *e) must_use;
int launch_init_with(char verifier[256], const struct paths *at, const char *tenant, const char *word, int in,
		     struct err *e) must_use;

#endif

/* jail/jail.h - applies a spec, parses nothing: the agent's jail, the tool servers', and our own. */
#ifndef JAIL_JAIL_H
#define JAIL_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/scope.h"

/* --- ourselves: the first line of each main, and again when set-up is done --- */

enum jail_self {
	JAIL_RECORDER,		/* before its files are open: no network but unix sockets, no exec */
	JAIL_RECORDER_SERVING,	/* ledger, key and socket are open: nothing more is opened but by name in calls.def */
	JAIL_BROKER,		/* from the first line: no open, connect, socket, exec, clone; what it needs comes by descriptor */
	JAIL_PORTER,		/* as the broker, and pairs of sockets to give away */
	JAIL_COURIER,		/* after its libraries are loaded: connects and reads files, within the jail it is in; no exec, no process */
	JAIL_ANCHOR,		/* unix sockets, and files to read; its processes that reach out are held as the courier is */
	JAIL_PROXY,		/* as the broker; accepts, and moves bytes between sockets and pipes it makes */
	JAIL_DIALER,		/* after its libraries are loaded: sockets, connects, reads files; no exec, no process, no listening */
	JAIL_INSPECTOR,		/* as the proxy, and reads files (certificates): its libraries and keys are loaded before */
	JAIL_WITNESS,		/* key, states and socket are open: accepts, and makes files (jail_self_folder()); no connect, exec, process */
	JAIL_TERMINAL,		/* carries bytes between two terminals that it was given, and nothing else */
};

/*
 * Drops capabilities and the bounding set where it can, no_new_privs, non-dumpable, no core files,
 * then the seccomp list of jail/calls.def. A call that is not in the list kills the process (SIGSYS).
 */
int jail_self(enum jail_self who, struct err *e) must_use;

/* Before it: the most memory this process will ever be given. */
int jail_self_memory(size_t most, struct err *e) must_use;
void jail_self_descriptors(size_t most);	/* or as many as there may be */

/* Before it: what files it makes from here on it makes in this folder (Landlock, where the kernel has it). */
enum { JAIL_HELD, JAIL_NO_LANDLOCK };
int jail_self_folder(int folder, struct err *e) must_use;	/* one of these, or -1 */
/* The same for who connects: it reads what lies here and nothing else, and makes and writes no file. */
int jail_self_reads(const char *const *paths, size_t count, struct err *e) must_use;

/*
 * The launcher must open, clone and spawn, so no list holds it; but it keeps no capability (root's
 * included) beyond the one that starting jails takes, and nothing of this user's may trace it.
 */
int jail_self_launcher(struct err *e) must_use;

/* --- somebody else --- */

enum jail_mount_kind {
	JAIL_READ,	/* bind, read-only, nosuid, nodev */
	JAIL_WRITE,	/* bind, read-write, nosuid, nodev */
	JAIL_TMPFS,	/* private, empty; `source` unused, `mode` and `most` are its own */
	JAIL_LINK,	/* symbolic link at `target` with the text `source` */
	JAIL_PROC,
	JAIL_DEV,	/* a minimal /dev; `most` and `names` are those of /dev/shm, 0: 512 MiB */
	JAIL_COW,	/* what `source` holds, changed only in `upper`: an overlay; `work` beside it */
	JAIL_TEXT,	/* a file that holds `text`, and that nobody inside can change; where the host has one, over it */
};

struct jail_mount {
	enum jail_mount_kind kind;
	const char *source;	/* host path */
	const char *target;	/* absolute, inside */
	bool maybe;		/* absent on the host: leave it out; JAIL_TEXT: where it cannot be made, do without */
	unsigned mode;		/* JAIL_TMPFS: permissions of its root; 0: 01777 */
	uint64_t most;		/* JAIL_TMPFS: bytes it may hold; 0: 2 GiB */
	uint64_t names;		/* JAIL_TMPFS: files it may hold; 0: one for each 4 KiB */
	const char *upper, *work;	/* JAIL_COW: host paths of one file system that takes user.* attributes */
	const char *text;	/* JAIL_TEXT: JSON; without mounts the names of /run/reeve in it become those it has there */
};

struct jail_limit {
	int resource;		/* RLIMIT_*; RLIMIT_NPROC is also the jail's own kernel.pid_max, where the kernel has one */
	uint64_t most;
};

/* Bit of LAYER_LIMITS' detail: the pid namespace itself holds the number of processes, root's too. */
enum { JAIL_PROCESSES_HELD = 1 };

enum { JAIL_SOCKETS = 34, JAIL_APART = 160 };

/* What --without=namespaces stands for. */
#define JAIL_NAMESPACES ((1u << (LAYER_TIME + 1)) - 1)

/*
 * Another list of calls than our own (jail/agent.def), which then holds beneath it: what that refuses by
 * REFUSE stays refused. Rules of one call are tried in order; none matches: the list's default.
 */
enum { JAIL_COMPARES = 6 };

struct jail_compare {
	unsigned arg;			/* 0-5 */
	enum jail_operator { JAIL_EQ, JAIL_NE, JAIL_LT, JAIL_LE, JAIL_GT, JAIL_GE, JAIL_MASKED_EQ } op;
	uint64_t value, second;		/* JAIL_MASKED_EQ: (arg & value) == second */
};

enum { JAIL_KILLS = -1, JAIL_TRAPS = -2 };

struct jail_rule {
	int call;			/* number in this architecture's table */
	int error;			/* 0: allowed; JAIL_KILLS the process; JAIL_TRAPS it (SIGSYS); otherwise the errno it answers */
	size_t compare_count;
	struct jail_compare compares[JAIL_COMPARES];
};

struct jail_calls {
	const struct jail_rule *rules;
	size_t count;
	int otherwise;			/* as jail_rule.error */
};

/* Number of a call in this architecture's table; -1: there is none of that name. */
int jail_call_number(const char *name) must_use;

/* What the list answers these registers, as jail_rule.error. */
int jail_calls_answer(const struct jail_calls *c, int call, const uint64_t args[6]);

/* Does it fit into what a kernel takes? */
int jail_calls_check(const struct jail_calls *c, struct err *e) must_use;

/* For people: the call's name (its number if it has none), and the table it was looked up in ("x32"). */
enum { JAIL_CALL_NAME = 40 };
void jail_call_name(char out[JAIL_CALL_NAME], uint32_t arch, int call);
const char *jail_arch_word(uint32_t arch, int call);

/*
 * Where a jail is heard when it reaches out: sockets made inside, passed out by jail_start(), in a network of
 * its own where every address is local (198.18.0.0/15 stands for names, all others for themselves).
 */
enum jail_ear {
	EAR_PROXY,	/* 127.0.0.1:port, stream: HTTP CONNECT, http:// and SOCKS 5 */
	EAR_DIRECT,	/* port of every address, stream: programs that know no proxy */
	EAR_DNS,	/* port (53) of every address, datagrams */
	EAR_DNS_STREAM,	/* the same, stream */
	EAR_UDP,	/* port of every address, datagrams; IP_PKTINFO is on */
	EAR_UNIX,	/* a unix socket at path */
	EAR_NOTIFY,	/* no listener but a channel (SOCK_SEQPACKET) with init, which stops connect(2) and its kin: jail/reach.h */
};

enum { JAIL_EARS = 96 };

struct jail_hearing {
	enum jail_ear kind;
	uint16_t port;
	const char *path;	/* EAR_UNIX: inside */
};

/* Everything is borrowed for the length of jail_start(). Zero is no jail: argv is required. */
struct jail_spec {
	const char *name;			/* for messages: "agent", "server fs" */
	const struct jail_mount *mounts;	/* applied in order */
	size_t mount_count;
	const struct jail_limit *limits;
	size_t limit_count;
	const char *const *argv;		/* argv[0] looked up in the jail's own PATH */
	const char *const *env;			/* NAME=value, NULL at the end: all there is */
	const char *cwd;			/* inside */
	const char *hostname;
	const char *sockets[JAIL_SOCKETS];	/* paths inside to bind and listen on, NULL at the end */
	const struct jail_hearing *ears;	/* at most JAIL_EARS, of one port per kind */
	size_t ear_count;
	uint16_t http;				/* TCP port of 127.0.0.1 in its own network to listen on too, after them; 0: none */
	int stdio[3];				/* become 0, 1, 2; -1: /dev/null */
	bool new_session;			/* setsid(2) before exec */
	bool terminal;				/* a pty of its own stands for each of stdio that is a terminal; its master goes to the caller */
	const struct jail_calls *calls;		/* NULL: jail/agent.def */
	const char *const *protect;		/* names nothing inside may make or change: names.c; NULL: none */
	const uint16_t *connect, *bind;		/* TCP ports, 0 at the end; NULL: any there is in its own network */
	bool host_net;				/* the host's network: `connect` NULL is any port then, `bind` NULL none */
	int cgroup;				/* directory of a cgroup v2 to be born in; 0 or less: the caller's */
	uint32_t without;			/* bit set of enum jail_layer the operator gave up by name */
	const char *apart;			/* host folder of ours for private places, should there be no mounts; NULL: none */
};

/* What a run's first record says of each layer. */
enum jail_layer {
	LAYER_USER, LAYER_MOUNT, LAYER_PID, LAYER_NET, LAYER_IPC, LAYER_UTS, LAYER_CGROUP, LAYER_TIME,
	LAYER_LANDLOCK, LAYER_CAPABILITIES, LAYER_NO_NEW_PRIVS, LAYER_SECCOMP, LAYER_LIMITS,
	LAYER_NAMES,		/* spec->protect: asked only if it names something */
	LAYERS
};

struct jail_layer_state {
	bool asked, obtained, tested;	/* tested: the jail tried to break it from inside and could not */
	uint32_t detail;		/* Landlock: ABI in force; capabilities: how many the bounding set still holds;
					   limits: JAIL_PROCESSES_HELD; otherwise 0 */
};

/* Names that run later outside, NULL at the end: what a profile protects unless it says otherwise. */
const char *const *jail_protected(void);

const char *jail_layer_word(enum jail_layer l);
/* Bits of the namespaces, and Landlock, that cannot be had here; each is asked for, alone. */
uint32_t jail_missing(void);
bool jail_can_overlay(void);		/* mounted by whoever has a user namespace */
long jail_landlock_abi(void);		/* what this kernel offers; below 1: none */

/*
 * Processes that came to us because whoever started them is gone: children of this process but `known`
 * (0 at the end). jail_strays_end() kills them with all they started; jail_strays_reap() only takes
 * note of those that ended.
 */
void jail_strays_end(const pid_t *known);
void jail_strays_reap(const pid_t *known);

/* The rows of jail/agent.def, one after another; NULL past the last. What has no row answers ENOSYS. */
struct jail_call {
	int call;			/* negative: not a call of this architecture */
	const char *name;
	int error;			/* 0: allowed; otherwise the errno it answers */
	const char *because;
};

const struct jail_call *jail_call_at(size_t n);

/* A jail that stands but has not yet executed its program; owned by the caller. */
struct jail {
	pid_t init;				/* our process 1 inside, by its number outside; child of the caller */
	int pidfd;
	int control;				/* ours with that init; closing it kills the jail */
	bool silent;				/* init has said its last on it: jail_hear() gave -1 */
	int listeners[JAIL_SOCKETS];		/* as spec->sockets, then spec->http; -1 after the last */
	int ears[JAIL_EARS];			/* as spec->ears; without LAYER_NET one EAR_NOTIFY for all; -1 after the last */
	int terminal;				/* master of the pty, if spec->terminal; otherwise -1 */
	char apart[JAIL_APART];			/* where private places lie without mounts; "": nowhere. jail_end() removes it */
	struct jail_layer_state layers[LAYERS];
};

#define JAIL_NONE ((struct jail){ .init = -1, .pidfd = -1, .control = -1, .terminal = -1 })

/* What init tells while the program runs, by jail_hear() whenever `control` is readable. */
struct jail_event {
	enum { JAIL_REFUSED = 1, JAIL_STOPPED } what;
	int error;				/* REFUSED: errno it was answered with */
	uint32_t arch;				/* AUDIT_ARCH_* */
	int call;
	uint64_t args[6];			/* registers, never what they point to */
	uint64_t count;				/* of this call and errno so far, in this jail */
	int signal;				/* STOPPED: by this; jail_signal(SIGCONT) resumes it */
	char name[512];				/* REFUSED for a protected name: that name; otherwise "" */
};

/*
 * Build the jail and wait (at most ten seconds) until it stands and its layers have been tested.
 * A layer that cannot be had is an error naming the step, unless spec->without names it.
 */
int jail_start(struct jail *out, const struct jail_spec *spec, struct err *e) must_use;

/* Let it execute its program. */
int jail_go(struct jail *j, struct err *e) must_use;

/* Forward a signal to the program inside. */
void jail_signal(struct jail *j, int signal);

/* End init itself, which passes nothing on any more: jail_ended() hears of it. */
void jail_kill(struct jail *j);

/* 1: *out is filled; 0: nothing now; -1: init is gone (closed; poll no more). */
int jail_hear(struct jail *j, struct jail_event *out);

/*
 * Call when pidfd is readable: reap it and say how it ended: 0-255 the program's own status,
 * 128+n by signal n, 126/127 it could not be executed / was not found. false: it still runs.
 */
bool jail_ended(struct jail *j, int *status);

/* Kill everything inside and reap it. Safe on JAIL_NONE and twice. */
void jail_end(struct jail *j);

#endif

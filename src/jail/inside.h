/* jail/inside.h - what our own code between clone(2) and execve(2) knows; private to jail/. */
#ifndef JAIL_INSIDE_H
#define JAIL_INSIDE_H

#include <stdint.h>
#include <sys/types.h>

#include "jail/filter.h"
#include "jail/jail.h"

enum { JAIL_MOUNTS = 256, JAIL_OWN = 64 };

/* Where descriptors stand inside: nothing else is open while untrusted names are followed. */
enum { FD_CONTROL = 3, FD_FIRST_FREE = 4 };

/* What init tells the launcher, once. Listeners and ears travel with it. */
struct report {
	int failed;
	enum jail_layer layer;	/* whose step failed; LAYERS: none, or it is no matter of being had */
	size_t listeners, ears;		/* how many of each travel */
	int terminal;			/* the last of the descriptors that travel is a pty's master */
	struct err error;
	struct jail_layer_state layers[LAYERS];
};

/* What the launcher tells init. */
struct order {
	enum { ORDER_GO = 1, ORDER_SIGNAL } what;
	int signal;
};

struct seccomp_notif;

struct inside {
	const struct jail_spec *spec;
	uid_t uid;
	gid_t gid;
	uint64_t outer[LAYERS];			/* the launcher's namespaces ... */
	uint64_t here[LAYERS];			/* ... from which ours must differ */
	int control, inner;
	pid_t program;
	int listeners[JAIL_SOCKETS], ears[JAIL_EARS];
	int master, slave;			/* terminal.c's; -1: none */
	bool told_stopped;			/* init's: the launcher knows, and has not said to go on */
	struct jail_layer_state layers[LAYERS];
	uint32_t off;				/* layers tried and not to be had, which were given up */
	enum jail_layer failed;			/* of this try */
	uint64_t booted_ns;			/* CLOCK_BOOTTIME of the launcher */
	char apart[JAIL_APART];			/* apart.c's; "" where there are mounts */
	int listener;				/* init's: what seccomp refuses and what names.c judges; -1: none */
	struct fold *fold;			/* fold.c's own */
	struct names *names;			/* names.h: where init changes names for the program; NULL: nowhere */
	struct reach *reach;			/* reaching.h: init reaches out for the program; NULL: a network of its own says where */

	/* root.c's, while it builds */
	int base;				/* the new root */
	int trees[JAIL_MOUNTS];			/* detached copies of spec->mounts' sources; -1: none */
	dev_t own[JAIL_OWN];			/* our tmpfs: the only places where names may be made */
	size_t own_count;
};

/* A step belongs to a layer, whose absence skips it; LAYERS: nothing can do without. */
struct step {
	const char *name;
	enum jail_layer layer;
	int (*run)(struct inside *in, struct err *e);
};

/* In order; a failure names its step, unless the operator gave up its layer. */
int steps_walk(struct inside *in, const struct step *steps, size_t count, struct err *e) must_use;

/* Which clone(2) flag makes a layer; 0: none. */
unsigned long layer_flag(enum jail_layer l);
/* This process's namespace of that layer, or its children's: an inode number; 0: none, or not to be read. */
uint64_t layer_space(enum jail_layer l, bool of_children);

/* report.c: false if the other side is gone. */
bool report_send(const struct inside *in, struct report *r) must_use;
bool report_take(struct jail *out, struct report *r) must_use;

void inside_main(struct inside *in) never_returns;		/* init.c */
void program_main(struct inside *in) never_returns;		/* program.c */
int spaces_enter_user(struct inside *in, struct err *e) must_use;
int spaces_set_hostname(struct inside *in, struct err *e) must_use;
int spaces_raise_loopback(struct inside *in, struct err *e) must_use;
int root_build(struct inside *in, struct err *e) must_use;
int root_seal(struct inside *in, struct err *e) must_use;
int root_fill_dev(struct inside *in, const struct jail_mount *m, struct err *e) must_use;
int root_fill_proc(struct inside *in, const char *target, struct err *e) must_use;
int spaces_enter_time(struct inside *in, struct err *e) must_use;
int sockets_listen(struct inside *in, struct err *e) must_use;
int sockets_listen_at(int *out, const char *path, struct err *e) must_use;
int ears_open(struct inside *in, struct err *e) must_use;	/* ears.c: spec->ears */
int routes_all_local(struct err *e) must_use;			/* routes.c: of the network it is called in */
int landlock_apply(struct inside *in, struct err *e) must_use;
/* The same for a kernel that says it has this ABI: what it does not know is not asked of it. */
int landlock_apply_abi(struct inside *in, long abi, struct err *e) must_use;
int limits_apply(struct inside *in, struct err *e) must_use;
int limits_hold_processes(struct inside *in, struct err *e) must_use;
int terminal_open(struct inside *in, struct err *e) must_use;	/* init: the pty, and a session on it */
int terminal_enter(struct inside *in, struct err *e) must_use;	/* the program: in its foreground */
int capabilities_drop(bool bounding_too, struct err *e) must_use;
bool capabilities_locked(void);			/* uid 0 is nothing special, and nothing can change that */
unsigned capabilities_bounding(void);		/* how many the bounding set holds */
int capabilities_keep(uint32_t mask, bool bounding_too, struct err *e) must_use;	/* all but these of the first 32 */
int probes_before(struct inside *in, struct err *e) must_use;
int probes_after(struct inside *in, struct err *e) must_use;

/*
 * apart.c: without mounts nothing private can be put over the host's names, so what would be private
 * lies beneath one folder, by the same names: /tmp is APART/tmp. Only Landlock keeps the rest away.
 */
enum { INSIDE_PATH = 4096 };
int apart_make(struct inside *in, struct err *e) must_use;	/* the launcher's, before clone(2) */
int apart_furnish(struct inside *in, struct err *e) must_use;	/* init's: the places themselves */
/* The name by which the host, or the program, finds what the spec calls `path`. */
const char *apart_name(const struct inside *in, const char *path, char room[INSIDE_PATH]);
const char *apart_source(const struct inside *in, const struct jail_mount *m, char room[INSIDE_PATH]);
char **apart_env(const struct inside *in);	/* spec->env by those names; owned by a process about to exec */
void apart_remove(const char *apart);

/*
 * fold.c, in init: a notified call was answered with this errno; `name`: the protected name it asked for, or
 * NULL. It must not wait: what could not be told is told again when control can be written. The rest is told
 * just before init exits because the program ended.
 */
void fold_refused(struct inside *in, const struct seccomp_notif *n, int error, const char *name);
bool fold_waits(const struct inside *in);
void fold_again(struct inside *in);
void fold_rest(struct inside *in);

/* place.c: names beneath in->base, never past it by a link, never made in what is the operator's. */
int place_open(struct inside *in, const char *target, struct err *e) must_use;	/* O_PATH descriptor */
int place_parent(struct inside *in, const char *target, const char **leaf, struct err *e) must_use;
int place_make_dir(struct inside *in, const char *target, struct err *e) must_use;
int place_make_file(struct inside *in, const char *target, struct err *e) must_use;
int place_tmpfs(struct inside *in, const char *target, unsigned mode, uint64_t most, uint64_t names,
		struct err *e) must_use;
int place_tree(struct inside *in, int tree, const char *target, struct err *e) must_use;
bool place_is_ours(const struct inside *in, int dir);	/* a folder in which names may be made */
int text_put(struct inside *in, size_t i, struct err *e) must_use;	/* text.c: a JAIL_TEXT, mount number i */
int overlay_tree(int *out, const struct jail_mount *m, struct err *e) must_use;	/* overlay.c: JAIL_COW */
int tree_of(int *out, const char *source, uint64_t flags, struct err *e) must_use;

/* A file that Landlock must hide although the file system would show it: probes.c asks for it. */
#define JAIL_DENIED "/run/reeve/denied"

#endif

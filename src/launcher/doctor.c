/*
 * Every fact is asked of the kernel, not read from its version, and each row says what its absence costs and
 * the command that mends it. The jail is tried last: it makes this process what a launcher is.
 */
#include "launcher/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/launcher.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* First line of a small file of the kernel's; "" if there is none. */
static void read_line(char *out, size_t room, const char *path)
{
	scoped(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, out, room - 1);

	out[size > 0 ? size : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static void look_kernel(struct doctor_fact *f)
{
	struct utsname name;

	if (uname(&name) == 0)
		snprintf(f->value, sizeof(f->value), "%s %s", name.sysname, name.release);
}

static void look_landlock(struct doctor_fact *f)
{
	long abi = jail_landlock_abi();

	f->state = abi < 1 ? DOCTOR_MISSING : abi < 6 ? DOCTOR_NOTE : DOCTOR_FINE;
	snprintf(f->value, sizeof(f->value), abi < 1 ? "none" : "ABI %ld", abi);
	f->costs = abi < 1 ? "the second wall around files: one bug in the mounts is enough"
			   : "ABI 3 keeps truncate(2), 4 TCP ports, 6 signals and abstract sockets";
	snprintf(f->fix, sizeof(f->fix), "%s",
		 abi < 1 ? "boot with lsm=landlock,... and CONFIG_SECURITY_LANDLOCK"
			 : "a newer kernel: 6.12 has ABI 6");
}

static void look_lsm(struct doctor_fact *f)
{
	read_line(f->value, sizeof(f->value), "/sys/kernel/security/lsm");
	if (!f->value[0])
		snprintf(f->value, sizeof(f->value), "not to be read (securityfs is not mounted)");
}

/* A switch of the kernel's that forbids at one value. */
static void look_switch(struct doctor_fact *f, const char *name, const char *forbids, const char *fix)
{
	char path[96], value[32];

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	read_line(value, sizeof(value), path);
	snprintf(f->value, sizeof(f->value), value[0] ? "kernel.%s=%s" : "no such switch here", name,
		 value);
	if (strcmp(value, forbids) != 0)
		return;
	f->state = DOCTOR_MISSING;
	f->costs = "namespaces: files, processes, network are then kept by rules only";
	snprintf(f->fix, sizeof(f->fix), "%s", fix);
}

static void look_userns_clone(struct doctor_fact *f)
{
	look_switch(f, "unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1");
	if (geteuid() == 0)
		f->state = DOCTOR_FINE;
}

/* The profile lies beside the library of profiles: where it was installed, or in the checkout. */
static void apparmor_fix(char *out, size_t room)
{
	static const char *const beneath[] = { "share/reeve", "contrib" };
	char programs[LAUNCH_TEXT], path[LAUNCH_TEXT + 64], real[PATH_MAX];
	struct err ignored;
	size_t i;

	snprintf(out, room, "load the AppArmor profile that comes with reeve: reeve(1), CONTAINERS");
	if (paths_programs(programs, &ignored) < 0)
		return;
	for (i = 0; i < count_of(beneath); i++) {
		snprintf(path, sizeof(path), "%s/../../%s/apparmor/reeve", programs, beneath[i]);
		if (realpath(path, real) && strlen(real) + 80 < room) {
			snprintf(out, room, "cp %s /etc/apparmor.d && apparmor_parser -r /etc/apparmor.d/reeve",
				 real);
			return;
		}
	}
}

/* A profile may lift it for this program: then the switch is only worth knowing. */
static void look_apparmor(struct doctor_fact *f)
{
	look_switch(f, "apparmor_restrict_unprivileged_userns", "1", "");
	if (f->state == DOCTOR_MISSING)
		apparmor_fix(f->fix, sizeof(f->fix));
	if (f->state == DOCTOR_MISSING && !(jail_missing() & (1u << LAYER_USER)))
		f->state = DOCTOR_NOTE;
}

static void look_yama(struct doctor_fact *f)
{
	read_line(f->value, sizeof(f->value), "/proc/sys/kernel/yama/ptrace_scope");
	if (!f->value[0])
		snprintf(f->value, sizeof(f->value), "not there; reeve cannot be traced anyway");
}

/* The kernel checks flags before it looks at the program: EFAULT means that it knows them. */
static void look_seccomp(struct doctor_fact *f)
{
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	uint32_t action = SECCOMP_RET_USER_NOTIF;
	bool notify = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
	bool killable = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, NULL) < 0 &&
			errno == EFAULT;

	snprintf(f->value, sizeof(f->value), "%s%s", notify ? "user-notify" : "no user-notify",
		 killable ? ", wait-killable" : "");
	f->state = notify && killable ? DOCTOR_FINE : DOCTOR_NOTE;
	f->costs = notify ? "a signal during a refused call makes the kernel ask twice"
			  : "refused calls are refused, but not recorded";
	snprintf(f->fix, sizeof(f->fix), "a newer kernel: 5.19 has both");
}

static void look_container(struct doctor_fact *f)
{
	static const char *const files[][2] = { { "/.dockerenv", "docker" },
						{ "/run/.containerenv", "podman" },
						{ "/run/systemd/container", "systemd-nspawn or alike" } };
	char version[256];
	size_t i;

	snprintf(f->value, sizeof(f->value), "no sign of one");
	read_line(version, sizeof(version), "/proc/version");
	if (strstr(version, "icrosoft"))
		snprintf(f->value, sizeof(f->value), "WSL");
	for (i = 0; i < count_of(files); i++)
		if (access(files[i][0], F_OK) == 0)
			snprintf(f->value, sizeof(f->value), "%s", files[i][1]);
	if (getenv("KUBERNETES_SERVICE_HOST"))
		snprintf(f->value, sizeof(f->value), "kubernetes");
}

/* A group of our own that we may make groups in, with the controllers that matter. */
static void look_cgroup(struct doctor_fact *f)
{
	char line[2048] = "", path[4096], have[512];
	scoped(fd) int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	char *own = size > 0 ? strstr(line, "0::/") : NULL;

	if (own) {
		own[strcspn(own, "\n")] = '\0';
		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cgroup.controllers", own + 3);
		read_line(have, sizeof(have), path);
		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cgroup.procs", own + 3);
		if (access(path, W_OK) == 0 && strstr(have, "memory") && strstr(have, "pids")) {
			snprintf(f->value, sizeof(f->value), "delegated: %.150s", have);
			return;
		}
	}
	f->state = DOCTOR_NOTE;
	snprintf(f->value, sizeof(f->value), "v2 with memory and pids is not delegated to us");
	f->costs = "limits hold for each process, not for all of a jail together";
	snprintf(f->fix, sizeof(f->fix), "systemd-run --user --scope -p Delegate=yes reeve run ...");
}

static void look_overlay(struct doctor_fact *f)
{
	if (jail_can_overlay()) {
		snprintf(f->value, sizeof(f->value), "can be mounted in a user namespace");
		return;
	}
	f->state = DOCTOR_NOTE;
	snprintf(f->value, sizeof(f->value), "cannot be mounted in a user namespace");
	f->costs = "\"workspace\": \"cow\" cannot be had";
	if (jail_missing() & (1u << LAYER_USER | 1u << LAYER_MOUNT))
		snprintf(f->fix, sizeof(f->fix), "what mends the layers user and mount, below");
	else
		snprintf(f->fix, sizeof(f->fix), "a kernel of 5.11 or later with CONFIG_OVERLAY_FS");
}

static void look_terminal(struct doctor_fact *f)
{
	snprintf(f->value, sizeof(f->value), "%s",
		 isatty(STDIN_FILENO) ? "standard input is one" : "standard input is none");
}

/* The folder itself, or the nearest one above it that exists. */
static void look_state(struct doctor_fact *f)
{
	char state[LAUNCH_TEXT], sockets[LAUNCH_TEXT], *slash;
	struct stat st;
	struct err e = { 0 };

	if (paths_hidden(state, sockets, &e) < 0) {
		snprintf(f->value, sizeof(f->value), "%.190s", e.text);
	} else {
		snprintf(f->value, sizeof(f->value), "%.190s", state);
		while (access(state, F_OK) < 0 && (slash = strrchr(state, '/')) && slash != state)
			*slash = '\0';
		if (stat(state, &st) == 0 && S_ISDIR(st.st_mode) &&
		    access(state, W_OK | X_OK) == 0)
			return;
	}
	f->state = DOCTOR_MISSING;
	f->costs = "no ledger, no run";
	snprintf(f->fix, sizeof(f->fix), "export XDG_STATE_HOME=DIR, a folder you can write");
}

static const struct {
	const char *name;
	void (*look)(struct doctor_fact *f);
} rows[] = {
	{ "kernel", look_kernel },
	{ "landlock", look_landlock },
	{ "lsm", look_lsm },
	{ "seccomp", look_seccomp },
	{ "userns_clone", look_userns_clone },
	{ "apparmor", look_apparmor },
	{ "ptrace_scope", look_yama },
	{ "container", look_container },
	{ "cgroup", look_cgroup },
	{ "overlay", look_overlay },
	{ "terminal", look_terminal },
	{ "state", look_state },
	{ "programs", doctor_look_programs },
};

/* What each layer is for, by what is lost with it; and the count of the kernel's that may be at zero. */
static const struct {
	enum jail_layer layer;
	const char *costs, *counter;
} losses[] = {
	{ LAYER_USER, "no other namespace can be made", "user" },
	{ LAYER_MOUNT, "the host's files have names inside; only Landlock keeps them", "mnt" },
	{ LAYER_PID, "the host's processes can be seen", "pid" },
	{ LAYER_NET, "the host's network is there; only seccomp and Landlock keep it", "net" },
	{ LAYER_IPC, "System V objects of this user can be reached", "ipc" },
	{ LAYER_UTS, "the host's name can be read", "uts" },
	{ LAYER_CGROUP, "the host's control groups have their names inside", "cgroup" },
	{ LAYER_TIME, "the host's uptime can be read", "time" },
	{ LAYER_LANDLOCK, "one bug in the mounts is enough; signals and ports are not scoped", NULL },
	{ LAYER_CAPABILITIES, "a capability may be left", NULL },
	{ LAYER_NO_NEW_PRIVS, "setuid programs work", NULL },
	{ LAYER_SECCOMP, "every system call of the kernel can be attacked", NULL },
	{ LAYER_LIMITS, "one process may take all there is", NULL },
	{ LAYER_NAMES, "what git, editors and shells run later can be written inside", NULL },
};

static void advise(struct doctor_layer *l, const char *counter, uint32_t missing)
{
	char path[64], value[32] = "";

	if (counter) {
		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", counter);
		read_line(value, sizeof(value), path);
	}
	if (strcmp(value, "0") == 0)
		snprintf(l->fix, sizeof(l->fix), "sysctl -w user.max_%s_namespaces=15000", counter);
	else if (counter && (missing & (1u << LAYER_USER)))
		snprintf(l->fix, sizeof(l->fix), "in a container: reeve run --without=namespaces,names ...");
	else
		snprintf(l->fix, sizeof(l->fix), "reeve run --without=%s ...", l->name);
}

static void judge_layer(struct doctor_layer *l, size_t row, const struct jail *jail, struct doctor *d)
{
	uint32_t bit = 1u << losses[row].layer;

	l->name = jail_layer_word(losses[row].layer);
	l->is = jail->layers[losses[row].layer];
	/* No jail stands: then all that is known is what was asked for alone. */
	if (d->jail.kind != ERR_NONE)
		l->is.obtained = !(d->without & bit);
	if (l->is.obtained)
		return;
	d->without |= bit;
	l->costs = losses[row].costs;
	advise(l, losses[row].counter, d->without);
}

/* As a run would have it: what can be had is asked for, and tried from inside. */
static void look_jail(struct doctor *d)
{
	const struct jail_mount mounts[] = { { .kind = JAIL_PROC, .target = "/proc" },
					     { .kind = JAIL_DEV, .target = "/dev" },
					     { .kind = JAIL_TMPFS, .target = "/tmp" } };
	const char *const argv[] = { "true", NULL };
	char apart[] = "/tmp/reeve-doctor-XXXXXX";
	struct jail_spec spec = { .name = "doctor",
				  .mounts = mounts,
				  .mount_count = count_of(mounts),
				  .argv = argv,
				  .stdio = { -1, -1, -1 },
				  .new_session = true,
				  .protect = jail_protected(),
				  .without = d->without };
	struct jail jail = JAIL_NONE;
	size_t i;

	if (d->without & (1u << LAYER_MOUNT))
		spec.apart = mkdtemp(apart);
	d->jail = (struct err){ 0 };
	if (jail_self_launcher(&d->jail) == 0 && jail_start(&jail, &spec, &d->jail) == 0)
		d->jail.kind = ERR_NONE;
	else if ((d->without & JAIL_NAMESPACES) != JAIL_NAMESPACES) {
		rmdir(apart);
		d->without |= JAIL_NAMESPACES | 1u << LAYER_NAMES;
		look_jail(d);
		return;
	}
	for (i = 0; i < count_of(losses); i++)
		judge_layer(&d->layers[d->layer_count++], i, &jail, d);
	jail_end(&jail);
	rmdir(apart);
}

void doctor_look(struct doctor *d)
{
	size_t i;

	for (i = 0; i < count_of(rows); i++) {
		struct doctor_fact *f = &d->facts[d->fact_count++];

		f->name = rows[i].name;
		rows[i].look(f);
		if (f->state == DOCTOR_FINE) {
			f->costs = NULL;
			f->fix[0] = '\0';
		}
	}
	d->without = jail_missing();
	if (d->without & (1u << LAYER_MOUNT | 1u << LAYER_LANDLOCK))
		d->without |= 1u << LAYER_NAMES; /* which need both */
	look_jail(d);
	doctor_look_network(&d->facts[d->fact_count++], d->without);
}

bool doctor_is_fine(const struct doctor *d)
{
	size_t i;

	for (i = 0; i < d->fact_count; i++)
		if (d->facts[i].state == DOCTOR_MISSING)
			return false;
	return d->without == 0 && d->jail.kind == ERR_NONE;
}

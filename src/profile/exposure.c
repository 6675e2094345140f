/*
 * How much a profile exposes. Each point is a row: what it weighs, whether it applies, why it counts and
 * what would lower it.
 */
#include "profile/lint.h"

/* "~" stands for every home there may be: /root, /home/ANY, and that of whoever asks. */
static const char *const homes[] = { "/home", "~", NULL };
static const char *const wide[] = {
	"/etc", "/var", "/run", "/srv", "/mnt", "/media", "/tmp", NULL
};
static const char *const kernel[] = { "/proc", "/sys", "/dev", NULL };
static const char *const systems[] = { "/usr", "/bin",  "/sbin", "/lib", "/lib64",
				       "/etc", "/boot", "/opt",  "/var", NULL };
static const char *const secrets[] = {
	"~/.ssh",
	"~/.aws",
	"~/.azure",
	"~/.config/gcloud",
	"~/.config/gh",
	"~/.config/reeve",
	"~/.docker",
	"~/.gnupg",
	"~/.git-credentials",
	"~/.kube",
	"~/.local/share/keyrings",
	"~/.local/state/reeve",
	"~/.mozilla",
	"~/.config/google-chrome",
	"~/.config/chromium",
	"~/.netrc",
	"~/.npmrc",
	"~/.password-store",
	"~/.pgpass",
	"~/.pypirc",
	"~/.cargo/credentials.toml",
	"~/.bash_history",
	"~/.vault-token",
	"/etc/shadow",
	"/etc/gshadow",
	"/etc/sudoers",
	"/etc/sudoers.d",
	"/etc/ssh",
	"/etc/ssl/private",
	"/etc/kubernetes",
	"/etc/krb5.keytab",
	"/etc/reeve",
	"/var/lib/reeve",
	"/var/run/secrets",
	"/run/secrets",
	NULL,
};
static const char *const sockets[] = {
	"/run/docker.sock",
	"/var/run/docker.sock",
	"/run/containerd",
	"/run/podman",
	"/run/crio",
	"/run/user",
	"/run/dbus",
	"/var/run/dbus",
	"/run/systemd",
	"/tmp/.X11-unix",
	"/run/libvirt",
	"/run/snapd.socket",
	NULL,
};

static const char *const processes[] = { "processes", NULL };
static const char *const open_files[] = { "open_files", NULL };
static const char *const memory[] = { "memory", "address_space", NULL };
static const char *const file_size[] = { "file_size", "disk", NULL };
static const char *const cpu[] = { "cpu_seconds", "cpu", "cpus", NULL };

enum { BROAD = 40 };

static const struct row rows[] = {
	{ "home-write", 90, covers, WRITES, homes,
	  "a whole home can be written: keys, settings, what runs at login",
	  "list the one folder in it that is needed, or none" },
	{ "sockets", 90, reaches, READS | WRITES, sockets,
	  "a socket of the host: whoever can speak to it acts outside the jail", "take it away" },
	{ "system-write", 80, reaches, WRITES, systems,
	  "the system can be changed, for everybody and for later", "write to the workspace" },
	{ "secrets", 70, reaches, READS | WRITES, secrets, "keys and passwords lie there",
	  "list what is needed beside them" },
	{ "home-read", 60, covers, READS, homes, "a whole home can be read, with all keys in it",
	  "list the one folder in it that is needed, or none" },
	{ "foreign-home", 60, lies_in_foreign_home, READS | WRITES, NULL, "it lies in another user's home",
	  "let that user put what is needed elsewhere" },
	{ "secret-variables", 50, passes_secrets, 0, NULL,
	  "by their names these are secrets, and agents hand all they have on",
	  "give them to the one tool server that needs them, in its env" },
	{ "host-sockets", 50, hears_sockets, 0, NULL,
	  "sockets of the host: what is said there nobody reads", "use what can be asked by TCP, or a tool server" },
	{ "wide", 40, covers, READS | WRITES, wide,
	  "a whole tree, of which nobody knows what will be in it",
	  "list the files in it that are needed" },
	{ "kernel", 40, reaches, READS | WRITES, kernel, "the kernel's own files of the host",
	  "use the jail's own" },
	{ "private-wide", 30, reaches_wide, 0, NULL,
	  "whole private networks, of which nobody knows what answers there", "name the addresses that are needed" },
	{ "loopback", 30, reaches_loopback, 0, NULL,
	  "services of this machine that trust whoever is on it", "name no address of 127.0.0.0/8 or ::1" },
	{ "unprotected", 30, protects_nothing, 0, NULL,
	  "names that run later outside, such as .git/hooks, can be made",
	  "leave \"protect\" out" },
	{ "path", 20, path_writable, 0, NULL, "programs are looked for where the agent can write",
	  "list only folders of the system in PATH" },
	{ "loaders", 20, passes_loaders, 0, NULL,
	  "programs take code from where these variables say", "leave them out" },
	{ "overlap", 20, overlaps, READS | WRITES, NULL,
	  "it meets the workspace, where the agent decides what a name means",
	  "use a workspace elsewhere, or list a path elsewhere" },
	{ "private", 20, reaches_private, 0, NULL,
	  "private networks, where services trust who can reach them", "leave \"private\" out" },
	{ "network", 10, reaches_out, 0, NULL,
	  "programs reach out: what they read they may send, where the policy lets them",
	  "leave \"network\" out, and let a tool server do it" },
	{ "udp", 10, sends_datagrams, 0, NULL, "datagrams, in which nothing is read", "leave \"udp\" out" },
	{ "ech", 10, hides_names, 0, NULL, "the host's name may be hidden from what judges it",
	  "leave \"ech\" out" },
	{ "world-writable", 10, world_writable, READS, NULL,
	  "anybody on this machine can put files there for the agent to find",
	  "list what is needed in it" },
	{ "write", 10, grants_any, WRITES, NULL,
	  "changes there outlive the run, beside those in the workspace",
	  "let the agent write to the workspace alone" },
	{ "own-calls", 10, has_own_calls, 0, NULL,
	  "another list of calls of the kernel than reeve's own", "leave \"seccomp\" out" },
	{ "changes", 5, writes_at_once, 0, NULL, "changes of the workspace are made at once",
	  "\"workspace\": \"cow\" keeps them apart until you commit them" },
	{ "processes", 5, unlimited, 0, processes,
	  "no limit on processes: a fork bomb hurts the machine", "set limits.processes" },
	{ "memory", 5, unlimited, 0, memory, "no limit on memory: the machine may run out of it",
	  "set limits.memory or limits.address_space" },
	{ "open-files", 3, unlimited, 0, open_files, "no limit on open files",
	  "set limits.open_files" },
	{ "file-size", 2, unlimited, 0, file_size,
	  "no limit on a file's size: the disk may run full", "set limits.file_size" },
	{ "cpu", 2, unlimited, 0, cpu, "no limit on computing time", "set limits.cpu_seconds" },
	{ "missing", 0, is_missing, 0, NULL, "not on this machine: a run stops at it here",
	  "make it, or list it under \"maybe_read\"" },
	{ "unused", 0, maybe_unused, 0, NULL,
	  "\"maybe_read\" without effect: not on this machine, or part of what is read",
	  "take it away, unless it matters elsewhere" },
};

unsigned profile_exposure(const struct profile *p, const char *workspace,
			  void (*each)(void *to, const struct profile_point *point), void *to)
{
	scoped(buf) struct buf names = BUF(8192);
	const struct lint l = { p, for_agent(p)->file.root, workspace, &names };
	unsigned sum = 0;
	size_t i;

	for (i = 0; i < count_of(rows); i++) {
		names.size = 0;
		names.over = false;
		if (!rows[i].applies(&l, &rows[i]))
			continue;
		sum += rows[i].tenths;
		each(to, &(struct profile_point){ rows[i].id, rows[i].tenths, rows[i].what,
						  rows[i].instead,
						  names.size ? buf_text(&names) : "" });
	}
	return sum < 100 ? sum : 100;
}

/* The rows about paths that weigh much, asked of a profile that would grant this one alone. */
const char *profile_too_broad(const char *path)
{
	scoped(json) json_t *root = json_pack("{s:[s]}", "read", path);
	scoped(buf) struct buf names = BUF(8192);
	const struct lint l = { NULL, root, NULL, &names };
	size_t i;

	for (i = 0; i < count_of(rows); i++)
		if (rows[i].tenths >= BROAD && (rows[i].lists & READS) && rows[i].applies(&l, &rows[i]))
			return rows[i].what;
	return NULL;
}

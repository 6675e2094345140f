/*
 * The mounts again, said to another part of the kernel: if one of them can be got round, the other
 * stands. Rights that this kernel's ABI does not know are subtracted, as in the kernel's own
 * sample; the record of the run carries the ABI.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/names.h"

/* Debian 12's header knows ABI 3; the numbers are the kernel's and do not change. */
#define FS_REFER (1ull << 13)
#define FS_TRUNCATE (1ull << 14)
#define FS_IOCTL_DEV (1ull << 15)
#define NET_BIND (1ull << 0)
#define NET_CONNECT (1ull << 1)
#define SCOPE_ABSTRACT (1ull << 0)
#define SCOPE_SIGNAL (1ull << 1)
#define RULE_NET_PORT 2
#define LOG_SAME_EXEC_OFF (1u << 0)
#define LOG_NEW_EXEC_ON (1u << 1)

#define MAY_LIST LANDLOCK_ACCESS_FS_READ_DIR
#define MAY_READ (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | MAY_LIST)
#define MAY_ALL ((1ull << 16) - 1)
#define MAY_WRITE (MAY_ALL & ~(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK))
/* Where init changes names for the program: names.h. */
#define MAY_ASK (MAY_READ | FS_IOCTL_DEV)
#define MAY_USE_DEV \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define MAY_LOOK (LANDLOCK_ACCESS_FS_READ_FILE | MAY_LIST)
#define FILE_RIGHTS \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | \
	 LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

/* As landlock_create_ruleset(2) takes it. */
struct ruleset {
	uint64_t fs, net, scoped;
};

struct port_rule {
	uint64_t allowed, port;
};

/*
 * From which ABI on a right, a member of the struct or a flag of landlock_restrict_self(2) exists: a
 * newer ABI is one more row. The flags: what our own probes meet is no news for the host's audit
 * log, what the program meets is. Its own, nested domains stay logged too: they are its choice, not ours.
 */
static const struct {
	long abi;
	uint64_t fs, net, scoped;
	size_t size;
	unsigned flags;
} since[] = {
	{ .abi = 1, .fs = FS_REFER - 1, .size = sizeof(uint64_t) },
	{ .abi = 2, .fs = FS_REFER },
	{ .abi = 3, .fs = FS_TRUNCATE },
	{ .abi = 4, .net = NET_BIND | NET_CONNECT, .size = 2 * sizeof(uint64_t) },
	{ .abi = 5, .fs = FS_IOCTL_DEV },
	{ .abi = 6, .scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL, .size = 3 * sizeof(uint64_t) },
	{ .abi = 7, .flags = LOG_SAME_EXEC_OFF | LOG_NEW_EXEC_ON },
};

/* What one ABI gives, put together from the rows. */
struct known {
	struct ruleset rights;
	size_t size;
	unsigned flags;
	uint32_t abi;	/* the newest row that counts */
};

static const uint64_t rights_of[] = {
	[JAIL_READ] = MAY_READ,   [JAIL_WRITE] = MAY_WRITE,
	[JAIL_TMPFS] = MAY_WRITE, [JAIL_LINK] = 0, /* what it leads to has a rule of its own */
	[JAIL_PROC] = MAY_LOOK,   [JAIL_DEV] = MAY_LIST,
	[JAIL_COW] = MAY_WRITE,   [JAIL_TEXT] = MAY_READ,
};

static int allow_beneath(int ruleset, uint64_t handled, uint64_t rights, const char *path,
			 struct err *e)
{
	scoped(fd) int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { .parent_fd = fd };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s", path);
	rule.allowed_access = rights & handled & (S_ISDIR(st.st_mode) ? MAY_ALL : FILE_RIGHTS);
	if (rule.allowed_access == 0)
		return 0;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return err_sys(e, "rule for %s", path);
	return 0;
}

static uint64_t rights_on(const struct inside *in, size_t i)
{
	return names_done_here(in, i) ? MAY_ASK : rights_of[in->spec->mounts[i].kind];
}

/* The nodes of the jail's own /dev; of the host's, which holds disks and terminals, only these. */
static int allow_dev(const struct inside *in, int ruleset, uint64_t handled, const char *dev,
		     struct err *e)
{
	static const char *const nodes[] = { "/dev/null",   "/dev/zero",    "/dev/full",
					     "/dev/random", "/dev/urandom", "/dev/tty" };
	size_t i;

	for (i = 0; !in->layers[LAYER_MOUNT].obtained && i < count_of(nodes); i++)
		if (access(nodes[i], F_OK) == 0 &&
		    allow_beneath(ruleset, handled, MAY_USE_DEV, nodes[i], e) < 0)
			return -1;
	if (!in->layers[LAYER_MOUNT].obtained)
		return 0;
	if (allow_beneath(ruleset, handled, MAY_LIST | MAY_USE_DEV, dev, e) < 0)
		return -1;
	return access("/dev/shm", F_OK) < 0
		       ? 0
		       : allow_beneath(ruleset, handled, MAY_WRITE, "/dev/shm", e);
}

static int allow_mounts(const struct inside *in, int ruleset, uint64_t handled, struct err *e)
{
	const struct jail_mount *m;
	char room[INSIDE_PATH];
	const char *path;
	size_t i;

	for (i = 0; i < in->spec->mount_count; i++) {
		m = &in->spec->mounts[i];
		path = apart_source(in, m, room);
		if (rights_of[m->kind] == 0 || (m->maybe && access(path, F_OK) < 0))
			continue;
		if (m->kind == JAIL_DEV ? allow_dev(in, ruleset, handled, path, e) < 0
					: allow_beneath(ruleset, handled, rights_on(in, i), path, e) < 0)
			return -1;
	}
	if (in->layers[LAYER_MOUNT].obtained || !in->apart[0])
		return 0;
	return allow_beneath(ruleset, handled, MAY_READ, in->apart, e);
}

static struct known known_to(long abi)
{
	struct known k = { 0 };
	size_t i;

	for (i = 0; i < count_of(since) && since[i].abi <= abi; i++) {
		k.rights.fs |= since[i].fs;
		k.rights.net |= since[i].net;
		k.rights.scoped |= since[i].scoped;
		k.size = since[i].size ? since[i].size : k.size;
		k.flags |= since[i].flags;
		k.abi = (uint32_t)since[i].abi;
	}
	return k;
}

/* Named ports, and only these. In a network of its own, and with none named, a program talks to itself. */
static bool is_limited(const struct inside *in, const uint16_t *ports)
{
	return ports || !in->layers[LAYER_NET].obtained;
}

static bool is_free_to_connect(const struct inside *in)
{
	return in->spec->host_net ? !in->spec->connect : !is_limited(in, in->spec->connect);
}

static int check_abi(const struct inside *in, const struct known *k, struct err *e)
{
	if (k->abi < 3 && !in->layers[LAYER_MOUNT].obtained)
		return err_set(e, ERR_SYSTEM,
			       "ABI %u lets files be emptied that may not be written, the ledger "
			       "among them: without the mount layer it takes ABI 3 (Linux 6.2)",
			       k->abi);
	if (k->abi < 6 && in->spec->host_net)
		return err_set(e, ERR_SYSTEM,
			       "ABI %u keeps nobody from the host's abstract sockets: a network takes ABI 6 "
			       "(Linux 6.12)",
			       k->abi);
	if (!k->rights.net && (in->spec->connect || in->spec->bind))
		return err_set(e, ERR_SYSTEM,
			       "ABI %u knows no TCP ports: it takes ABI 4 (Linux 6.7), or name no "
			       "ports in the profile",
			       k->abi);
	return 0;
}

static int allow_ports(int ruleset, uint64_t right, const uint16_t *ports, struct err *e)
{
	struct port_rule rule = { .allowed = right };

	for (; right && ports && *ports; ports++) {
		rule.port = *ports;
		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) < 0)
			return err_sys(e, "rule for port %u", *ports);
	}
	return 0;
}

/* Listing is no secret where all there is inside was put there. Reading and running are per mount. */
static int allow_all(const struct inside *in, int fd, const struct ruleset *r, struct err *e)
{
	if (in->layers[LAYER_MOUNT].obtained && allow_beneath(fd, r->fs, MAY_LIST, "/", e) < 0)
		return -1;
	if (allow_mounts(in, fd, r->fs, e) < 0)
		return -1;
	if (allow_ports(fd, r->net & NET_CONNECT, in->spec->connect, e) < 0)
		return -1;
	return allow_ports(fd, r->net & NET_BIND, in->spec->bind, e);
}

int landlock_apply_abi(struct inside *in, long abi, struct err *e)
{
	struct known k = known_to(abi);
	scoped(fd) int fd = -1;

	if (check_abi(in, &k, e) < 0)
		return -1;
	if (is_free_to_connect(in))
		k.rights.net &= ~NET_CONNECT;
	if (!is_limited(in, in->spec->bind))
		k.rights.net &= ~NET_BIND;
	fd = (int)syscall(SYS_landlock_create_ruleset, &k.rights, k.size, 0);
	if (fd < 0)
		return err_sys(e, "ruleset");
	if (allow_all(in, fd, &k.rights, e) < 0)
		return -1;
	if (syscall(SYS_landlock_restrict_self, fd, k.flags) < 0)
		return err_sys(e, "restrict");
	in->layers[LAYER_LANDLOCK].detail = k.abi;
	return 0;
}

long jail_landlock_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

int landlock_apply(struct inside *in, struct err *e)
{
	long abi = jail_landlock_abi();

	if (abi < 1)
		return err_sys(e, "this kernel has no Landlock; boot with lsm=landlock or use "
				  "--without=landlock");
	return landlock_apply_abi(in, abi, e);
}

/* Files are made, written and renamed in this folder and nowhere; nothing is read, bound or connected to by name. */
int jail_self_folder(int folder, struct err *e)
{
	struct known k = known_to(jail_landlock_abi());
	struct landlock_path_beneath_attr rule = { .parent_fd = folder };
	scoped(fd) int fd = -1;

	if (k.abi == 0)
		return JAIL_NO_LANDLOCK;
	rule.allowed_access = k.rights.fs & (LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
					     LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE);
	fd = (int)syscall(SYS_landlock_create_ruleset, &k.rights, k.size, 0);
	if (fd < 0 || syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_landlock_restrict_self, fd, k.flags) < 0)
		return err_sys(e, "own jail: the one folder");
	return JAIL_HELD;
}

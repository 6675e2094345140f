/*
 * The mounts again, said to another part of the kernel: if one of them can be got round, the other
 * stands. Rights that this kernel's ABI does not know are subtracted, as in the kernel's own
 * sample; the record of the run carries the ABI.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/known.h"
#include "jail/names.h"

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

struct port_rule {
	uint64_t allowed, port;
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
	struct known k = landlock_known(abi);
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

int landlock_apply(struct inside *in, struct err *e)
{
	long abi = jail_landlock_abi();

	if (abi < 1)
		return err_sys(e, "this kernel has no Landlock; boot with lsm=landlock or use "
				  "--without=landlock");
	return landlock_apply_abi(in, abi, e);
}

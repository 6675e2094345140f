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
#include "jail/names.h"

/* Debian 12's header knows ABI 3; the numbers are the kernel's and do not change. */
#define FS_REFER (1ull << 13)
#define FS_TRUNCATE (1ull << 14)
#define FS_IOCTL_DEV (1ull << 15)
#define SCOPE_ABSTRACT (1ull << 0)
#define SCOPE_SIGNAL (1ull << 1)

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

struct ruleset {
	uint64_t fs, net, scoped;
};

/* From which ABI on a right or a member of the struct exists. */
static const struct {
	long abi;
	uint64_t fs;
	size_t size;
} since[] = {
	{ 1, (1ull << 13) - 1, sizeof(uint64_t) }, { 2, FS_REFER, sizeof(uint64_t) },
	{ 3, FS_TRUNCATE, sizeof(uint64_t) },      { 4, 0, 2 * sizeof(uint64_t) },
	{ 5, FS_IOCTL_DEV, 2 * sizeof(uint64_t) }, { 6, 0, 3 * sizeof(uint64_t) },
};

static const uint64_t rights_of[] = {
	[JAIL_READ] = MAY_READ,   [JAIL_WRITE] = MAY_WRITE,
	[JAIL_TMPFS] = MAY_WRITE, [JAIL_LINK] = 0, /* what it leads to has a rule of its own */
	[JAIL_PROC] = MAY_LOOK,   [JAIL_DEV] = MAY_LIST,
	[JAIL_COW] = MAY_WRITE,
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

static int allow_mounts(const struct inside *in, int ruleset, uint64_t handled, struct err *e)
{
	const struct jail_mount *m;
	const char *path;
	size_t i;

	for (i = 0; i < in->spec->mount_count; i++) {
		m = &in->spec->mounts[i];
		/* Without a root of our own the host's names stand for themselves. */
		path = in->layers[LAYER_MOUNT].obtained || !m->source ? m->target : m->source;
		if (rights_of[m->kind] == 0 || (m->maybe && access(path, F_OK) < 0))
			continue;
		if (allow_beneath(ruleset, handled, rights_on(in, i), path, e) < 0)
			return -1;
		if (m->kind == JAIL_DEV &&
		    (allow_beneath(ruleset, handled, MAY_USE_DEV, path, e) < 0 ||
		     (access("/dev/shm", F_OK) == 0 &&
		      allow_beneath(ruleset, handled, MAY_WRITE, "/dev/shm", e) < 0)))
			return -1;
	}
	return 0;
}

static void handle_what_abi_knows(struct ruleset *r, size_t *size, long abi)
{
	size_t i;

	for (i = 0; i < count_of(since) && since[i].abi <= abi; i++) {
		r->fs |= since[i].fs;
		*size = since[i].size;
	}
	if (abi >= 6)
		r->scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
}

long landlock_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

int landlock_apply(struct inside *in, struct err *e)
{
	long abi = landlock_abi();
	struct ruleset r = { 0 };
	scoped(fd) int fd = -1;
	size_t size = 0;

	if (abi < 1)
		return err_sys(e, "this kernel has no Landlock; boot with lsm=landlock or use "
				  "--without=landlock");
	handle_what_abi_knows(&r, &size, abi);
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (fd < 0)
		return err_sys(e, "ruleset");
	/* Listing is no secret: all there is inside was put there. Reading and running are per
	 * mount. */
	if (allow_beneath(fd, r.fs, MAY_LIST, "/", e) < 0 || allow_mounts(in, fd, r.fs, e) < 0)
		return -1;
	if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return err_sys(e, "restrict");
	in->layers[LAYER_LANDLOCK].detail = abi < 7 ? (uint32_t)abi : 7;
	return 0;
}

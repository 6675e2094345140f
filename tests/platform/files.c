/* Files, descriptors and mounts: what a name leads to, and what stays as it was left. */
#include <limits.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "platform.h"

static int sealed_stays(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char name[64];

	expect(fd >= 0 && write(fd, "text", 4) == 4);
	expect(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	expect(pwrite(fd, "x", 1, 0) < 0 && errno == EPERM && ftruncate(fd, 0) < 0 && errno == EPERM);
	expect(pwrite(open(name, O_RDWR), "x", 1, 0) < 0 && errno == EPERM);
	expect(mmap(NULL, 4, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM);
	expect(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) < 0 && errno == EPERM);
	return HOLDS;
}

/* A program executed from it can be written by nobody, whoever finds /proc/PID/exe. */
static int sealed_executes(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING), from = open("/proc/self/exe", O_RDONLY);
	char bytes[65536], name[64];
	ssize_t got;

	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		expect(write(fd, bytes, (size_t)got) == got);
	expect(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	execl(name, "files", "sealed", NULL);
	return DIFFERS;
}

static int is_sealed(void)
{
	int fd = open("/proc/self/exe", O_RDWR);

	expect(fd < 0 ? errno == ETXTBSY : pwrite(fd, "x", 1, 0) < 0 && errno == EPERM);
	return HOLDS;
}

static int running_is_busy(void)
{
	expect(open("/proc/self/exe", O_WRONLY) < 0 && (errno == ETXTBSY || errno == EACCES || errno == EROFS));
	return HOLDS;
}

static int reader_never_writes(void)
{
	char name[] = "/tmp/reeve-platform-XXXXXX";
	int fd = mkstemp(name), readable = open(name, O_RDONLY);
	void *at;

	unlink(name);
	expect(fd >= 0 && write(fd, "text", 4) == 4);
	expect(mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, readable, 0) == MAP_FAILED && errno == EACCES);
	at = mmap(NULL, 4, PROT_READ, MAP_SHARED, readable, 0);
	expect(at != MAP_FAILED && mprotect(at, 4, PROT_READ | PROT_WRITE) < 0 && errno == EACCES);
	return HOLDS;
}

/* Of an open file, not of a process: a second opening in the same process is refused, and closing another is nothing. */
static int locks_of_descriptors(void)
{
	char name[] = "/tmp/reeve-platform-XXXXXX";
	struct flock whole = { .l_type = F_WRLCK };
	int fd = mkstemp(name), other = open(name, O_RDWR), third = open(name, O_RDWR);

	unlink(name);
	expect(fcntl(fd, F_OFD_SETLK, &whole) == 0);
	expect(fcntl(other, F_OFD_SETLK, &whole) < 0 && errno == EAGAIN);
	expect(close(third) == 0 && fcntl(other, F_OFD_SETLK, &whole) < 0 && errno == EAGAIN);
	expect(fcntl(other, F_OFD_GETLK, &whole) == 0 && whole.l_type == F_WRLCK && whole.l_pid == -1);
	return HOLDS;
}

static int room_kept(void)
{
	char name[] = "/tmp/reeve-platform-XXXXXX";
	struct stat st;
	int fd = mkstemp(name);

	unlink(name);
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 65536) < 0)
		return LACKS;
	expect(fstat(fd, &st) == 0 && st.st_size == 0 && st.st_blocks >= 65536 / 512);
	expect(pwrite(fd, "x", 1, 0) == 1 && fdatasync(fd) == 0 && fstat(fd, &st) == 0 && st.st_size == 1);
	return HOLDS;
}

static long open_how(int dir, const char *name, unsigned long long flags, unsigned long long resolve)
{
	struct open_how how = { .flags = flags, .resolve = resolve };

	return syscall(SYS_openat2, dir, name, &how, sizeof(how));
}

static int root_of_a_folder(void)
{
	char name[] = "/tmp/reeve-platform-XXXXXX";
	int dir, made;

	expect(mkdtemp(name) && (dir = open(name, O_RDONLY | O_DIRECTORY)) >= 0);
	made = symlinkat("/etc/passwd", dir, "absolute") | symlinkat("../../../../etc/passwd", dir, "up") |
	       symlinkat("/proc/self/root", dir, "magic");
	expect(made == 0);
	expect(open_how(dir, "absolute", O_RDONLY, RESOLVE_IN_ROOT) < 0 && errno == ENOENT);
	expect(open_how(dir, "up", O_RDONLY, RESOLVE_IN_ROOT) < 0 && errno == ENOENT);
	expect(open_how(dir, "up", O_RDONLY, RESOLVE_BENEATH) < 0 && errno == EXDEV);
	expect(open_how(dir, "absolute", O_RDONLY, 0) >= 0);
	expect(open_how(dir, "magic/etc/passwd", O_RDONLY, RESOLVE_NO_MAGICLINKS) < 0 && errno == ELOOP);
	unlinkat(dir, "absolute", 0), unlinkat(dir, "up", 0), unlinkat(dir, "magic", 0), rmdir(name);
	return HOLDS;
}

static int space(void)
{
	return enter_user_space(CLONE_NEWNS | CLONE_NEWPID) && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("room", "/tmp", "tmpfs", 0, "size=1m,nr_inodes=64") == 0 && chdir("/tmp") == 0 ? 0 : -1;
}

static int bounded_memory(void)
{
	char name[16];
	int fd, count;
	static char page[65536];
	ssize_t got;

	if (space() < 0)
		return LACKS;
	fd = open("file", O_CREAT | O_WRONLY, 0600);
	for (count = 0; (got = write(fd, page, sizeof(page))) == sizeof(page) && count < 100; count++)
		;
	expect(count == 16 && got < 0 && errno == ENOSPC);
	for (count = 0; count < 100; count++) {
		snprintf(name, sizeof(name), "f%d", count);
		if (open(name, O_CREAT | O_WRONLY, 0600) < 0)
			break;
	}
	expect(count < 64 && errno == ENOSPC);
	return HOLDS;
}

static bool write_text(const char *name, const char *text)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0;
}

/* A change goes above, a removal is a device 0:0 there, a replaced folder is marked by a user attribute. */
static int overlay(void)
{
	struct stat st;
	char mark[8] = { 0 };

	if (space() < 0)
		return LACKS;
	expect(mkdir("l", 0700) == 0 && mkdir("u", 0700) == 0 && mkdir("w", 0700) == 0 && mkdir("m", 0700) == 0);
	expect(mkdir("l/d", 0700) == 0 && write_text("l/d/x", "x") && write_text("l/gone", "x") && write_text("l/kept", "old"));
	if (mount("o", "m", "overlay", 0, "lowerdir=l,upperdir=u,workdir=w,userxattr") < 0)
		return LACKS;
	expect(unlink("m/gone") == 0 && write_text("m/kept", "new"));
	expect(unlink("m/d/x") == 0 && rmdir("m/d") == 0 && mkdir("m/d", 0700) == 0);
	expect(stat("u/gone", &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0);
	expect(access("l/gone", F_OK) == 0 && stat("l/kept", &st) == 0 && st.st_size == 3);
	expect(getxattr("u/d", "user.overlay.opaque", mark, sizeof(mark)) == 1 && mark[0] == 'y');
	expect(access("m/d/x", F_OK) < 0 && access("l/d/x", F_OK) == 0);
	return HOLDS;
}

static int flags_stay(void)
{
	int tree;
	struct statvfs st;

	if (space() < 0)
		return LACKS;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/usr", 1 | O_CLOEXEC); /* OPEN_TREE_CLONE */
	expect(tree >= 0 && mkdir("usr", 0700) == 0);
	expect(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &(uint64_t[4]){ 1 | 2 }, 32) == 0);
	expect(syscall(SYS_move_mount, tree, "", AT_FDCWD, "usr", 4) == 0);
	expect(statvfs("usr", &st) == 0 && (st.f_flag & ST_RDONLY) && (st.f_flag & ST_NOSUID));
	expect(open("usr/x", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS);
	return HOLDS;
}

static int terminals_apart(void)
{
	int master, number = -1, unlock = 0;

	if (space() < 0)
		return LACKS;
	expect(mkdir("pts", 0755) == 0);
	if (mount("devpts", "pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620") < 0)
		return LACKS;
	master = open("pts/ptmx", O_RDWR | O_NOCTTY);
	expect(master >= 0 && ioctl(master, TIOCSPTLCK, &unlock) == 0 && ioctl(master, TIOCGPTN, &number) == 0);
	expect(number == 0 && access("pts/0", F_OK) == 0 && access("pts/1", F_OK) < 0);
	return HOLDS;
}

/* A descriptor from before leads past any new root: why none may be open. */
static int folder_leads_out(void)
{
	int before = open("/", O_RDONLY | O_DIRECTORY);

	if (space() < 0 || chroot("/tmp") < 0 || chdir("/") < 0)
		return LACKS;
	expect(access("/etc/passwd", F_OK) < 0 && faccessat(before, "etc/passwd", F_OK, 0) == 0);
	return HOLDS;
}

static int no_exec_stays(void)
{
	if (space() < 0 || mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, NULL) < 0)
		return LACKS;
	expect(mknod("null", S_IFCHR | 0666, 0x103) < 0 && errno == EPERM);
	return HOLDS;
}

static const struct fact facts[] = {
	{ "a sealed memory file stays as it is", sealed_stays, NULL },
	{ "so does a program executed from one", sealed_executes, NULL },
	{ "a running program is not opened for writing", running_is_busy, NULL },
	{ "a file opened for reading never becomes writable memory", reader_never_writes, NULL },
	{ "OFD locks are of the open file", locks_of_descriptors, NULL },
	{ "room kept ahead is not size", room_kept, "a file system with fallocate" },
	{ "openat2 keeps a name beneath a folder, whatever it leads to", root_of_a_folder, NULL },
	{ "tmpfs is bounded in bytes and in names", bounded_memory, "user namespaces" },
	{ "an overlay in a user namespace: whiteouts and user attributes", overlay, "overlay in a user namespace" },
	{ "a tree's copy carries its own flags", flags_stay, "user namespaces" },
	{ "devpts: terminals of its own", terminals_apart, "devpts in a user namespace" },
	{ "a folder opened before leads past a new root", folder_leads_out, "user namespaces" },
	{ "no capability in a user namespace makes a device", no_exec_stays, "user namespaces" },
};

int main(int argc, char **argv)
{
	(void)argv;
	if (argc == 2) /* sealed_executes() */
		return is_sealed();
	return facts_main(facts, count_of(facts));
}

/* Every other call that opens, makes, renames or changes, on what is read-only or not there: THREATS 8. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "threat.h"

#define FILE_OF_SYSTEM "/usr/bin/env"

enum { FCHMODAT2 = 452, SETXATTRAT = 463, REMOVEXATTRAT = 466, OPEN_TREE_ATTR = 467, FILE_SETATTR = 469, OPENAT2 = 437 };

struct how { unsigned long long flags, mode, resolve; };

static int by_open(const char *on)	{ return told(syscall(SYS_open, on, O_RDWR)); }
static int by_creat(const char *on)	{ return told(syscall(SYS_creat, on, 0644)); }
static int by_openat2(const char *on)
{
	struct how how = { .flags = O_RDWR };

	return told(syscall(OPENAT2, AT_FDCWD, on, &how, sizeof(how)));
}
static int by_tmpfile(const char *on)	{ return told(open(on, O_TMPFILE | O_RDWR, 0600)); }
static int truncates(const char *on)	{ return told(truncate(on, 0)); }
static int exchanges(const char *on)
{
	close(open("mine", O_CREAT | O_WRONLY, 0600));
	return told(syscall(SYS_renameat2, AT_FDCWD, "mine", AT_FDCWD, on, 2));
}
static int whites_out(const char *on)
{
	close(open("mine", O_CREAT | O_WRONLY, 0600));
	if (syscall(SYS_renameat2, AT_FDCWD, "mine", AT_FDCWD, on, 4) < 0)
		return errno;
	return open("mine", O_RDWR) >= 0 ? OUT : WORKED;
}
static int links_descriptor(const char *on)
{
	return told(linkat(open(FILE_OF_SYSTEM, O_RDONLY), "", AT_FDCWD, on, AT_EMPTY_PATH));
}
static int links_by_proc(const char *on)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", open(FILE_OF_SYSTEM, O_RDONLY));
	return told(linkat(AT_FDCWD, name, AT_FDCWD, on, AT_SYMLINK_FOLLOW));
}
static int symlinks(const char *on)	{ return told(symlinkat("x", AT_FDCWD, on)); }
static int device(const char *on)	{ return told(mknodat(AT_FDCWD, on, S_IFBLK | 0600, 0x800)); }
static int null_device(const char *on)	{ return told(mknodat(AT_FDCWD, on, S_IFCHR | 0600, 0x103)); }
static int chmods(const char *on)	{ return told(chmod(on, 0777)); }
static int chmods_flagged(const char *on) { return told(syscall(FCHMODAT2, AT_FDCWD, on, 0777, AT_SYMLINK_NOFOLLOW)); }
static int chmods_descriptor(const char *on) { return told(fchmod(open(on, O_RDONLY), 0777)); }
static int owns(const char *on)		{ return told(chown(on, getuid(), getgid())); }
static int dates(const char *on)	{ return told(utimensat(AT_FDCWD, on, NULL, 0)); }
static int attributes(const char *on)	{ return told(syscall(SYS_setxattr, on, "user.x", "x", 1, 0)); }
static int attributes_at(const char *on) { return told(syscall(SETXATTRAT, AT_FDCWD, on, 0, "user.x", NULL, 0)); }
static int unattributes_at(const char *on) { return told(syscall(REMOVEXATTRAT, AT_FDCWD, on, 0, "user.x")); }
static int file_attributes(const char *on) { return told(syscall(FILE_SETATTR, AT_FDCWD, on, NULL, 0, 0)); }
static int mount_attributes(const char *on) { return told(syscall(SYS_mount_setattr, AT_FDCWD, on, 0, "", 32)); }
static int tree_attributes(const char *on) { return told(syscall(OPEN_TREE_ATTR, AT_FDCWD, on, 1, NULL, 0)); }
static int copies(const char *on)
{
	int from = open(FILE_OF_SYSTEM, O_RDONLY), to = open(on, O_RDONLY);

	return from < 0 || to < 0 ? BROKEN : told(copy_file_range(from, NULL, to, NULL, 16, 0));
}
static int by_handle(const char *on)
{
	struct { unsigned bytes; int type; unsigned char handle[128]; } h = { .bytes = 128 };
	int mount;

	if (syscall(SYS_name_to_handle_at, AT_FDCWD, on, &h, &mount, 0) < 0)
		return BROKEN;
	return told(syscall(SYS_open_by_handle_at, open("/usr", O_RDONLY), &h, O_RDWR));
}

/* A file opened for reading, shared: never to become writable memory, not later either. */
static int maps(const char *on)
{
	int fd = open(on, O_RDONLY);
	void *at;

	if (fd < 0)
		return BROKEN;
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED)
		return OUT;
	at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	return at == MAP_FAILED ? BROKEN : told(mprotect(at, 4096, PROT_READ | PROT_WRITE));
}
static int immutable(const char *on)
{
	int flags = 0x10, fd = open(on, O_RDONLY);

	return told(syscall(SYS_ioctl, fd, 0x40086602, &flags));
}

/* btrfs makes, copies and removes whole folders by ioctl(2), where Landlock is not asked about their names. */
static int subvolume(const char *on)
{
	char name[4096] = { [8] = 'x' };

	return told(syscall(SYS_ioctl, open(".", O_RDONLY | O_DIRECTORY), strtoul(on, NULL, 16), name));
}

#define LINK "/usr/reeve-was-here"

static const struct attempt attempts[] = {
	{ "open", by_open, FILE_OF_SYSTEM, EROFS, EACCES, NULL, NULL },
	{ "creat", by_creat, FILE_OF_SYSTEM, EROFS, EACCES, NULL, NULL },
	{ "creat of a new name", by_creat, LINK, EROFS, EACCES, NULL, NULL },
	{ "openat2", by_openat2, FILE_OF_SYSTEM, EROFS, EACCES, NULL, NULL },
	{ "a file without a name", by_tmpfile, "/usr", EROFS, EACCES, NULL, NULL },
	{ "truncate", truncates, FILE_OF_SYSTEM, EROFS, EACCES, NULL, NULL },
	{ "renameat2, exchanging", exchanges, FILE_OF_SYSTEM, EXDEV, EROFS, NULL, NULL },
	{ "renameat2, whiting out: a device 0:0 opens nothing", whites_out, "whited", WORKED, EINVAL, NULL, NULL },
	{ "linkat of a descriptor", links_descriptor, "linked", ENOENT, EXDEV, NULL, NULL },
	{ "linkat by /proc/self/fd", links_by_proc, "linked", EXDEV, EPERM, NULL, NULL },
	{ "symlinkat", symlinks, LINK, EROFS, EACCES, NULL, NULL },
	{ "mknodat of a disk", device, "disk", EPERM, EACCES, NULL, NULL },
	{ "mknodat of a harmless device", null_device, "null", EPERM, EACCES, NULL, NULL },
	{ "chmod", chmods, FILE_OF_SYSTEM, EROFS, EPERM, NULL, NULL },
	{ "fchmodat2", chmods_flagged, FILE_OF_SYSTEM, ENOSYS, 0, "fchmodat2", NULL },
	{ "fchmod of what was opened for reading", chmods_descriptor, FILE_OF_SYSTEM, EROFS, EPERM, NULL, NULL },
	{ "chown", owns, FILE_OF_SYSTEM, EROFS, EPERM, NULL, NULL },
	{ "utimensat", dates, FILE_OF_SYSTEM, EROFS, EACCES, NULL, NULL },
	{ "setxattr", attributes, FILE_OF_SYSTEM, EROFS, EACCES, NULL, NULL },
	{ "setxattrat", attributes_at, FILE_OF_SYSTEM, ENOSYS, 0, "setxattrat", NULL },
	{ "removexattrat", unattributes_at, FILE_OF_SYSTEM, ENOSYS, 0, "removexattrat", NULL },
	{ "file_setattr", file_attributes, FILE_OF_SYSTEM, ENOSYS, 0, "file_setattr", NULL },
	{ "mount_setattr", mount_attributes, "/usr", EPERM, 0, "mount_setattr", NULL },
	{ "open_tree_attr", tree_attributes, "/usr", ENOSYS, 0, "open_tree_attr", NULL },
	{ "copy_file_range", copies, "/usr/bin/id", EBADF, 0, NULL, NULL },
	{ "open_by_handle_at", by_handle, FILE_OF_SYSTEM, EPERM, 0, "open_by_handle_at", NULL },
	{ "writable memory of a file opened for reading", maps, FILE_OF_SYSTEM, EACCES, 0, NULL, NULL },
	{ "a subvolume", subvolume, "5000940e", EPERM, 0, "ioctl", NULL },
	{ "a subvolume, second form", subvolume, "50009418", EPERM, 0, "ioctl", NULL },
	{ "a snapshot", subvolume, "50009401", EPERM, 0, "ioctl", NULL },
	{ "a snapshot, second form, with high bits set", subvolume, "7ffffff50009417", EPERM, 0, "ioctl", NULL },
	{ "a subvolume removed", subvolume, "5000940f", EPERM, 0, "ioctl", NULL },
	{ "a subvolume removed, second form", subvolume, "5000943f", EPERM, 0, "ioctl", NULL },
	{ "the immutable flag", immutable, FILE_OF_SYSTEM, EROFS, EACCES, NULL, NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}

/* What was open outside, and what may be opened anew through it: THREATS 18. outside.c leaves 77 a folder, 78 an
 * io_uring, 79 a file opened for writing, 80 a socket, and a file opened for reading as standard input. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "threat.h"

static int there(const char *on)	{ return told(fcntl(atoi(on), F_GETFD)); }
static int enters(const char *on)	{ return told(fchdir(atoi(on))); }
static int beneath(const char *on)	{ return told(openat(atoi(on), "..", O_RDONLY)); }
static int anew(const char *on)		{ return told(open(on, O_RDWR)); }
static int emptied(const char *on)	{ return told(truncate(on, 0)); }
static int stdin_emptied(const char *on) { (void)on; return told(ftruncate(0, 0)); }
static int stdin_written(const char *on) { (void)on; return told(write(0, "x", 1)); }
static int follows(const char *on)	{ return told(open(on, O_RDONLY | O_DIRECTORY)); }

static int any_other(const char *on)
{
	int fd;

	(void)on;
	for (fd = 3; fd < 65536; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return OUT;
	return EBADF;
}

static int stdin_mapped(const char *on)
{
	(void)on;
	return mmap(NULL, 1, PROT_WRITE, MAP_SHARED, 0, 0) == MAP_FAILED ? errno : OUT;
}

static int linked(const char *on)
{
	return told(linkat(AT_FDCWD, on, AT_FDCWD, "kept", AT_SYMLINK_FOLLOW));
}

/* The directories of every process that can be seen: none may lead out. */
static int by_process(const char *on)
{
	DIR *all = opendir("/proc");
	struct dirent *one;
	char path[300];

	while (all && (one = readdir(all))) {
		if (one->d_name[0] < '0' || one->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/%s", one->d_name, on);
		if (open(path, O_RDONLY) >= 0)
			return OUT;
	}
	return all ? ENOENT : BROKEN;
}

static const struct attempt attempts[] = {
	{ "a folder", there, "77", EBADF, 0, NULL, NULL },
	{ "into it", enters, "77", EBADF, 0, NULL, NULL },
	{ "above it", beneath, "77", EBADF, 0, NULL, NULL },
	{ "it by /proc", follows, "/proc/self/fd/77", ENOENT, 0, NULL, NULL },
	{ "an io_uring", there, "78", EBADF, 0, NULL, NULL },
	{ "a file opened for writing", there, "79", EBADF, 0, NULL, NULL },
	{ "a socket", there, "80", EBADF, 0, NULL, NULL },
	{ "any but the three", any_other, NULL, EBADF, 0, NULL, NULL },
	{ "into standard input", enters, "0", ENOTDIR, 0, NULL, NULL },
	{ "standard input opened anew for writing", anew, "/proc/self/fd/0", EACCES, 0, NULL, NULL },
	{ "it by /dev", anew, "/dev/stdin", EACCES, 0, NULL, NULL },
	{ "it emptied by name", emptied, "/proc/self/fd/0", EACCES, 0, NULL, NULL },
	{ "it emptied", stdin_emptied, NULL, EINVAL, EBADF, NULL, NULL },
	{ "it written", stdin_written, NULL, EBADF, 0, NULL, NULL },
	{ "it as writable memory", stdin_mapped, NULL, EACCES, 0, NULL, NULL },
	{ "it given a name in the workspace", linked, "/proc/self/fd/0", EXDEV, EPERM, NULL, NULL },
	{ "the root of any process", by_process, "root/etc/shadow", ENOENT, 0, NULL, NULL },
	{ "a descriptor 77 of any process", by_process, "fd/77", ENOENT, 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}

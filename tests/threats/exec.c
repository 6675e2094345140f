/*
 * Ways to run a program that avoid its name: THREATS 20. What runs inside may run; it must stay what everything
 * inside is. Called as "exec still" this program tells whether it is confined.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "threat.h"

static char *still[] = { "exec", "still", NULL }, *none[] = { NULL };

/* In the filter, without privilege, and where no host file is. */
static int confined(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_SECCOMP) == 2 && access("/etc/shadow", F_OK) < 0 &&
	       syscall(SYS_unshare, 0) < 0 ? WORKED : OUT;
}

static int copy_to(int to)
{
	char bytes[65536];
	ssize_t got;
	int from = open("/proc/self/exe", O_RDONLY);

	while (from >= 0 && (got = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)got) != got)
			return -1;
	close(from);
	return from < 0 ? -1 : 0;
}

static int from_memory(const char *on)
{
	int fd = memfd_create("x", 0);
	char path[64];

	if (fd < 0 || copy_to(fd) < 0)
		return BROKEN;
	if (on) {
		snprintf(path, sizeof(path), on, fd);
		close(open("/dev/null", O_RDONLY));
		fcntl(fd, F_SETFD, 0);
		execve(path, still, none);
	} else {
		syscall(SYS_execveat, fd, "", still, none, AT_EMPTY_PATH);
	}
	return errno;
}

static int from_sealed_memory(const char *on)
{
	int fd = memfd_create("x", MFD_ALLOW_SEALING);
	char path[64];

	if (fd < 0 || copy_to(fd) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return BROKEN;
	snprintf(path, sizeof(path), on, fd);
	execve(path, still, none);
	return errno;
}

static int copied(const char *on)
{
	int fd;

	unlink(on);
	fd = open(on, O_CREAT | O_EXCL | O_WRONLY, 0700);
	if (fd < 0 || copy_to(fd) < 0 || close(fd) < 0)
		return BROKEN;
	execve(on, still, none);
	return errno;
}

static int hard_linked(const char *on)
{
	unlink(on);
	if (link("exec", on) < 0)
		return BROKEN;
	execve(on, still, none);
	return errno;
}

static int by_loader(const char *on)
{
	char *argv[] = { (char *)(size_t)on, "/bin/sh", "-c", "! unshare -Ur true 2>/dev/null", NULL };

	if (access(on, X_OK) < 0)
		return LACKING;
	execve(on, argv, none);
	return errno;
}

/* A script whose interpreter is a script. */
static int chained(const char *on)
{
	char cwd[3500], line[4096];
	int fd;

	if (!getcwd(cwd, sizeof(cwd)))
		return BROKEN;
	fd = open("second", O_CREAT | O_TRUNC | O_WRONLY, 0700);
	snprintf(line, sizeof(line), "#!%s/exec still\n", cwd);
	if (write(fd, line, strlen(line)) < 0 || close(fd) < 0)
		return BROKEN;
	fd = open(on, O_CREAT | O_TRUNC | O_WRONLY, 0700);
	snprintf(line, sizeof(line), "#!%s/second\n", cwd);
	if (write(fd, line, strlen(line)) < 0 || close(fd) < 0)
		return BROKEN;
	execve(on, still, none);
	return errno;
}

static int by_name(const char *on)
{
	execve(on, still, none);
	return errno;
}

static const struct attempt attempts[] = {
	{ "execveat of memory", from_memory, NULL, ENOSYS, 0, "execveat", NULL },
	{ "memory by /proc/self/fd: it stays confined", from_memory, "/proc/self/fd/%d", WORKED, 0, "unshare EPERM", NULL },
	{ "sealed memory: it stays confined", from_sealed_memory, "/proc/self/fd/%d", WORKED, 0, "unshare EPERM", NULL },
	{ "a copy: it stays confined", copied, "copy", WORKED, 0, "unshare EPERM", NULL },
	{ "a copy in /tmp: it stays confined", copied, "/tmp/copy", WORKED, 0, "unshare EPERM", NULL },
	{ "a copy in /dev/shm: it stays confined", copied, "/dev/shm/copy", WORKED, EACCES, "unshare EPERM", NULL },
	{ "a hard link: it stays confined", hard_linked, "linked", WORKED, 0, "unshare EPERM", NULL },
	{ "the loader as a program: it stays confined", by_loader, "/lib64/ld-linux-x86-64.so.2", WORKED, 0, "unshare EPERM", NULL },
	{ "a script of a script: it stays confined", chained, "first", WORKED, 0, "unshare EPERM", NULL },
	{ "the operator's own reeve", by_name, "/usr/local/bin/reeve", ENOENT, 0, NULL, NULL },
	{ "the recorder", by_name, "/usr/local/libexec/reeve/reeve-recorder", ENOENT, 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "still") == 0)
		return confined();
	return threat_main(attempts, count_of(attempts), argc, argv);
}

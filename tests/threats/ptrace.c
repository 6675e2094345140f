/* Into another process: init of the jail, and what is outside: THREATS 16, and pidfds of 22. */
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "threat.h"

enum { KCMP = 312, PIDFD_OPEN = 434, PIDFD_GETFD = 438, PROCESS_MADVISE = 440, PROCESS_MRELEASE = 448 };

/* "init", "outside" or "parent" */
static pid_t who(const char *on)
{
	return strcmp(on, "init") == 0 ? 1 : strcmp(on, "outside") == 0 ? around.pid : getppid();
}

static int attaches(const char *on)	{ return told(ptrace(PTRACE_ATTACH, who(on), 0, 0)); }
static int seizes(const char *on)	{ return told(ptrace(PTRACE_SEIZE, who(on), 0, 0)); }
static int traced(const char *on)	{ (void)on; return told(ptrace(PTRACE_TRACEME, 0, 0, 0)); }
static int compares(const char *on)	{ return told(syscall(KCMP, getpid(), who(on), 0, 0, 0)); }

static int reads(const char *on)
{
	char byte;
	struct iovec mine = { &byte, 1 }, its = { &byte, 1 };

	return told(process_vm_readv(who(on), &mine, 1, &its, 1, 0));
}

static int writes(const char *on)
{
	char byte = 0;
	struct iovec mine = { &byte, 1 }, its = { &byte, 1 };

	return told(process_vm_writev(who(on), &mine, 1, &its, 1, 0));
}

static int holds(const char *on)
{
	return told(syscall(PIDFD_OPEN, who(on), 0));
}

static int takes_descriptor(const char *on)
{
	int fd = (int)syscall(PIDFD_OPEN, who(on), 0);

	return fd < 0 ? errno : told(syscall(PIDFD_GETFD, fd, 3, 0));
}

static int advises(const char *on)
{
	struct iovec its = { (void *)0x1000, 4096 };
	int fd = (int)syscall(PIDFD_OPEN, who(on), 0);

	return fd < 0 ? errno : told(syscall(PROCESS_MADVISE, fd, &its, 1, 21, 0));
}

static int releases(const char *on)
{
	int fd = (int)syscall(PIDFD_OPEN, who(on), 0);

	return fd < 0 ? errno : told(syscall(PROCESS_MRELEASE, fd, 0));
}

static int joins(const char *on)
{
	int fd = (int)syscall(PIDFD_OPEN, who(on), 0);

	return fd < 0 ? errno : told(syscall(SYS_setns, fd, 0x20000000));
}

static int opens(const char *on)
{
	return told(open(on, O_RDWR));
}

static int reads_entry(const char *on)
{
	char byte;
	int fd = open(on, O_RDONLY);

	return fd < 0 ? errno : told(read(fd, &byte, 1));
}

static int follows(const char *on)
{
	char text[64];

	return told(readlink(on, text, sizeof(text)));
}

/* As the owner of every entry sees it, be it init's or its own. */
static int entries_outside(const char *on)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", around.pid, on);
	return around.pid > 1000 ? told(open(path, O_RDONLY)) : LACKING;
}

static const struct attempt attempts[] = {
	{ "attach to init", attaches, "init", EPERM, 0, "ptrace", NULL },
	{ "seize init", seizes, "init", EPERM, 0, "ptrace", NULL },
	{ "attach outside", attaches, "outside", EPERM, 0, "ptrace", NULL },
	{ "be traced by the parent", traced, NULL, EPERM, 0, "ptrace", NULL },
	{ "process_vm_readv of init", reads, "init", EPERM, 0, "process_vm_readv", NULL },
	{ "process_vm_readv outside", reads, "outside", EPERM, 0, "process_vm_readv", NULL },
	{ "process_vm_writev of init", writes, "init", EPERM, 0, "process_vm_writev", NULL },
	{ "process_vm_writev of the parent", writes, "parent", EPERM, 0, "process_vm_writev", NULL },
	{ "a pidfd of what is outside", holds, "outside", ESRCH, 0, NULL, NULL },
	{ "pidfd_getfd from init", takes_descriptor, "init", EPERM, 0, "pidfd_getfd", NULL },
	{ "process_madvise of init", advises, "init", EPERM, EACCES, NULL, NULL },
	{ "process_mrelease of init", releases, "init", EINVAL, EPERM, NULL, NULL },
	{ "setns by a pidfd of init", joins, "init", EPERM, 0, "setns", NULL },
	{ "setns by a pidfd of its own parent", joins, "parent", EPERM, 0, "setns", NULL },
	{ "kcmp with init", compares, "init", EPERM, 0, NULL, NULL },
	{ "kcmp outside", compares, "outside", ESRCH, 0, NULL, NULL },
	{ "the memory of init", opens, "/proc/1/mem", EACCES, EROFS, NULL, NULL },
	{ "the maps of init", reads_entry, "/proc/1/maps", EACCES, EPERM, NULL, NULL },
	{ "the environment of init", reads_entry, "/proc/1/environ", EACCES, EPERM, NULL, NULL },
	{ "the auxiliary vector of init", reads_entry, "/proc/1/auxv", EACCES, EPERM, NULL, NULL },
	{ "the stack of init", reads_entry, "/proc/1/stack", EACCES, EPERM, NULL, NULL },
	{ "what init waits in", reads_entry, "/proc/1/syscall", EACCES, EPERM, NULL, NULL },
	{ "a descriptor of init", reads_entry, "/proc/1/fd/3", EACCES, 0, NULL, NULL },
	{ "the program of init", follows, "/proc/1/exe", EACCES, 0, NULL, NULL },
	{ "the namespaces of init", follows, "/proc/1/ns/mnt", EACCES, 0, NULL, NULL },
	{ "the entry of what is outside", entries_outside, "status", ENOENT, 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}

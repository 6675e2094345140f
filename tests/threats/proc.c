/* What /proc, /sys and /dev would hand out or let be set: THREATS 19. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "threat.h"

static int writes(const char *on)
{
	int fd = open(on, O_WRONLY);

	return fd < 0 ? errno : told(write(fd, "1", 1));
}

static int reads(const char *on)
{
	char byte;
	int fd = open(on, O_RDONLY);

	return fd < 0 ? errno : told(read(fd, &byte, 1));
}

/* A file that is covered reads as nothing. */
static int empty(const char *on)
{
	char byte;
	int fd = open(on, O_RDONLY);

	return fd < 0 ? errno : read(fd, &byte, 1) > 0 ? OUT : ENOENT;
}

static int makes(const char *on)
{
	return told(mkdir(on, 0700));
}

/* Only processes of this jail: fewer than ten, and none of them of ours by name. */
static int processes(const char *on)
{
	DIR *all = opendir(on);
	struct dirent *one;
	int count = 0;

	while (all && (one = readdir(all)))
		count += one->d_name[0] >= '1' && one->d_name[0] <= '9';
	return all && count >= 1 && count < 10 ? ENOENT : OUT;
}

static int words_of_init(const char *on)
{
	char text[64];
	int fd = open(on, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text)), i;

	for (i = 0; i < got; i++)
		if (text[i])
			return OUT;
	return got < 0 ? BROKEN : ENOENT;
}

/* The running program: rewritten through its own entry it would be another for who starts it next. */
static int own_program(const char *on)
{
	int fd = open(on, O_WRONLY);

	return fd < 0 ? errno : OUT;
}

static int root_of_all(const char *on)
{
	struct stat here, there;

	return stat("/", &here) < 0 || stat(on, &there) < 0 ? errno :
	       here.st_dev == there.st_dev && here.st_ino == there.st_ino ? ENOENT : OUT;
}

/* Its own, were a page of init's mapped: there is none. */
static int listed_mounts(const char *on)
{
	char line[1024];
	FILE *f = fopen("/proc/self/mountinfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, on))
			return OUT;
	return f ? ENOENT : BROKEN;
}

static const struct attempt attempts[] = {
	{ "core_pattern", writes, "/proc/sys/kernel/core_pattern", EROFS, EACCES, NULL, NULL },
	{ "modprobe's path", writes, "/proc/sys/kernel/modprobe", EROFS, ENOENT, NULL, NULL },
	{ "hotplug", writes, "/proc/sys/kernel/hotplug", EROFS, ENOENT, NULL, NULL },
	{ "binfmt_misc", writes, "/proc/sys/fs/binfmt_misc/register", EROFS, ENOENT, NULL, NULL },
	{ "the limit of user namespaces", writes, "/proc/sys/user/max_user_namespaces", EROFS, EACCES, NULL, NULL },
	{ "the ports anybody may bind", writes, "/proc/sys/net/ipv4/ip_unprivileged_port_start", EROFS, EACCES, NULL, NULL },
	{ "sysrq-trigger", writes, "/proc/sysrq-trigger", EROFS, ENOENT, NULL, NULL },
	{ "the own uid map", writes, "/proc/self/uid_map", EROFS, EACCES, NULL, NULL },
	{ "the own setgroups", writes, "/proc/self/setgroups", EROFS, EACCES, NULL, NULL },
	{ "the own time offsets", writes, "/proc/self/timens_offsets", EROFS, EACCES, NULL, NULL },
	{ "the own out of memory score", writes, "/proc/self/oom_score_adj", EROFS, EACCES, NULL, NULL },
	{ "the own LSM attribute", writes, "/proc/self/attr/exec", EROFS, EACCES, NULL, NULL },
	{ "the own memory, by name", writes, "/proc/self/mem", EROFS, EACCES, NULL, NULL },
	{ "a task's name of init", writes, "/proc/1/comm", EROFS, EACCES, NULL, NULL },
	{ "the kernel's memory", reads, "/proc/kcore", EACCES, ENOENT, NULL, NULL },
	{ "the kernel's log", reads, "/proc/kmsg", EACCES, EPERM, NULL, NULL },
	{ "keys of every user", empty, "/proc/keys", ENOENT, EACCES, NULL, NULL },
	{ "timers of every process", empty, "/proc/timer_list", ENOENT, EACCES, NULL, NULL },
	{ "the kernel's own pages", empty, "/proc/kpageflags", ENOENT, EACCES, NULL, NULL },
	{ "a cgroup's release agent", writes, "/sys/fs/cgroup/release_agent", ENOENT, 0, NULL, NULL },
	{ "any cgroup", makes, "/sys/fs/cgroup/escape", ENOENT, EROFS, NULL, NULL },
	{ "the kernel's files in /sys", reads, "/sys/kernel/notes", ENOENT, 0, NULL, NULL },
	{ "physical memory", reads, "/dev/mem", ENOENT, 0, NULL, NULL },
	{ "the log as a device", reads, "/dev/kmsg", ENOENT, 0, NULL, NULL },
	{ "a disk", reads, "/dev/vda", ENOENT, 0, NULL, NULL },
	{ "virtual machines", reads, "/dev/kvm", ENOENT, 0, NULL, NULL },
	{ "file systems in user space", reads, "/dev/fuse", ENOENT, 0, NULL, NULL },
	{ "the hypervisor's socket device", reads, "/dev/vsock", ENOENT, 0, NULL, NULL },
	{ "userfaultfd as a device", reads, "/dev/userfaultfd", ENOENT, 0, NULL, NULL },
	{ "io memory", reads, "/dev/port", ENOENT, 0, NULL, NULL },
	{ "a new name in /dev", makes, "/dev/x", EROFS, EACCES, NULL, NULL },
	{ "a new name in /run/reeve", makes, "/run/reeve/x", EROFS, EACCES, NULL, NULL },
	{ "a new name in the root", makes, "/x", EROFS, EACCES, NULL, NULL },
	{ "processes of others", processes, "/proc", ENOENT, 0, NULL, NULL },
	{ "the words of init", words_of_init, "/proc/1/cmdline", ENOENT, 0, NULL, NULL },
	{ "the own program, rewritten", own_program, "/proc/self/exe", ETXTBSY, 0, NULL, NULL },
	{ "the program of init, rewritten", own_program, "/proc/1/exe", EACCES, EROFS, NULL, NULL },
	{ "the client's program, rewritten", own_program, "/run/reeve/bin/reeve-call", EROFS, EACCES, NULL, NULL },
	{ "another root by its own entry", root_of_all, "/proc/self/root", ENOENT, 0, NULL, NULL },
	{ "another root by its task's", root_of_all, "/proc/thread-self/root", ENOENT, 0, NULL, NULL },
	{ "the place of the ledger among the mounts", listed_mounts, "/state/reeve", ENOENT, 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}

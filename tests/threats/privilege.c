/*
 * A way back to privilege: setuid programs, file capabilities, the rules that make uid 0 special: THREATS 23.
 * tests/threats/run.sh leaves copies of this program in the workspace: "setuid" (root's, 6755) and "capable" (with
 * file capabilities), where it can make them. Called as "privilege identity" a copy tells what it became.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "threat.h"

static bool powerless(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2] = { { 0 } };
	int cap, ambient = 0, bound = 0;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		bound |= prctl(PR_CAPBSET_READ, cap);
		ambient |= prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0);
	}
	return syscall(SYS_capget, &head, have) == 0 && cap > 0 && !bound && !ambient &&
	       !(have[0].permitted | have[1].permitted | have[0].effective | have[1].effective |
		 have[0].inheritable | have[1].inheritable);
}

static int identity(const char *uid)
{
	return geteuid() == (uid_t)strtoul(uid, NULL, 10) && getuid() == geteuid() && powerless() &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? WORKED : OUT;
}

/* WORKED: it ran, as who we are and with nothing. */
static int becomes(const char *on)
{
	char uid[16];
	char *argv[] = { (char *)(size_t)on, "identity", uid, NULL }, *env[] = { NULL };

	snprintf(uid, sizeof(uid), "%u", getuid());
	execve(on, argv, env);
	return errno == ENOENT ? LACKING : errno;
}

static int no_power(const char *on)	{ (void)on; return powerless() ? EPERM : OUT; }
static int takes_all(const char *on)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct all[2] = { { ~0u, ~0u, 0 }, { ~0u, ~0u, 0 } };

	(void)on;
	return told(syscall(SYS_capset, &head, all));
}
static int inherits(const char *on)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct all[2] = { { 0, 0, ~0u }, { 0, 0, ~0u } };

	(void)on;
	return told(syscall(SYS_capset, &head, all));
}
static int ambient(const char *on)	{ (void)on; return told(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0)); }
static int root_again(const char *on)	{ (void)on; return told(prctl(PR_SET_SECUREBITS, 0)); }
static int keeps(const char *on)	{ (void)on; return told(prctl(PR_SET_KEEPCAPS, 1)); }
static int privileges(const char *on)	{ (void)on; return told(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0)); }
static int filter_off(const char *on)	{ (void)on; return told(prctl(PR_SET_SECCOMP, 0, 0, 0, 0)); }
static int uid_of(const char *on)	{ return told(setuid((uid_t)strtoul(on, NULL, 10))); }
static int uids(const char *on)		{ uid_t u = (uid_t)strtoul(on, NULL, 10); return told(setresuid(u, u, u)); }
static int gid_of(const char *on)	{ return told(setgid((gid_t)strtoul(on, NULL, 10))); }
static int groups(const char *on)	{ gid_t g = (gid_t)strtoul(on, NULL, 10); return told(syscall(SYS_setgroups, 1, &g)); }
static int given_away(const char *on)
{
	close(open("mine", O_CREAT | O_WRONLY, 0600));
	return told(chown("mine", (uid_t)strtoul(on, NULL, 10), (gid_t)-1));
}
/* What carries our uid to whoever runs it outside, where the workspace is not nosuid. */
static int of_mine(void)
{
	return open("mine", O_CREAT | O_RDWR, 0700);
}
static int lent(const char *on)		{ close(of_mine()); return told(syscall(SYS_chmod, "mine", strtoul(on, NULL, 8))); }
static int lent_at(const char *on)	{ close(of_mine()); return told(syscall(SYS_fchmodat, AT_FDCWD, "mine", strtoul(on, NULL, 8))); }
static int lent_open(const char *on)	{ return told(syscall(SYS_fchmod, of_mine(), strtoul(on, NULL, 8))); }
static int lent_at_birth(const char *on)
{
	struct stat st;
	int fd = open("lent", O_CREAT | O_EXCL | O_RDWR, 04755);

	if (fd < 0)
		return errno;
	if (write(fd, on, 1) != 1 || fstat(fd, &st) < 0)
		return BROKEN;
	return st.st_mode & S_ISUID ? OUT : WORKED;
}
static int raised(const char *on)
{
	struct rlimit now, more;

	if (getrlimit(RLIMIT_NOFILE, &now) < 0)
		return BROKEN;
	more = (struct rlimit){ now.rlim_max + 1, now.rlim_max + 1 };
	(void)on;
	return told(setrlimit(RLIMIT_NOFILE, &more));
}
static int dumped(const char *on)
{
	const struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };

	(void)on;
	return told(setrlimit(RLIMIT_CORE, &more));
}
static int nicer(const char *on)	{ (void)on; return told(syscall(SYS_setpriority, 0, 0, -20)); }

static const struct attempt attempts[] = {
	{ "a capability in any set", no_power, NULL, EPERM, 0, NULL, NULL },
	{ "a setuid program", becomes, "./setuid", WORKED, 0, NULL, NULL },
	{ "a program with file capabilities", becomes, "./capable", WORKED, EPERM, NULL, NULL },
	{ "capset of all", takes_all, NULL, EPERM, 0, NULL, NULL },
	{ "capset, inheritable", inherits, NULL, EPERM, 0, NULL, NULL },
	{ "an ambient capability", ambient, NULL, EPERM, 0, NULL, NULL },
	{ "securebits", root_again, NULL, EPERM, 0, NULL, NULL },
	{ "keeping capabilities", keeps, NULL, EPERM, 0, NULL, NULL },
	{ "no_new_privs off", privileges, NULL, EINVAL, 0, NULL, NULL },
	{ "seccomp off", filter_off, NULL, EINVAL, 0, NULL, NULL },
	{ "another uid", uid_of, "1", EPERM, EINVAL, NULL, NULL },
	{ "another uid, all three", uids, "1", EPERM, EINVAL, NULL, NULL },
	{ "another gid", gid_of, "1", EPERM, EINVAL, NULL, NULL },
	{ "other groups", groups, "1", EPERM, 0, NULL, NULL },
	{ "a file given away", given_away, "1", EPERM, EINVAL, NULL, NULL },
	{ "a file that lends our uid", lent, "4755", EPERM, 0, "chmod", NULL },
	{ "the same, with high bits set", lent, "700000000004755", EPERM, 0, "chmod", NULL },
	{ "the same, by fchmodat", lent_at, "4755", EPERM, 0, "fchmodat", NULL },
	{ "the same, by fchmod", lent_open, "6755", EPERM, 0, "fchmod", NULL },
	{ "the same at its birth: gone when it is written", lent_at_birth, "x", WORKED, 0, NULL, NULL },
	{ "any other mode", lent, "3750", WORKED, 0, NULL, NULL },
	{ "a limit raised", raised, NULL, EPERM, 0, NULL, NULL },
	{ "core files", dumped, NULL, EPERM, 0, NULL, NULL },
	{ "a better priority", nicer, NULL, EACCES, EPERM, NULL, NULL },
};

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "identity") == 0)
		return identity(argv[2]);
	return threat_main(attempts, count_of(attempts), argc, argv);
}

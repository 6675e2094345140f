/* seccomp filters: what a program must ask of a call, in which order, and in how many bits. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "platform.h"

#define LOAD(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define SAME(v, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(v), yes, no)
#define ANSWER(e) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (e))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define HIGH(n) args[n]) + 4 + (0

static int install(struct sock_filter *code, size_t count)
{
	struct sock_fprog program = { (unsigned short)count, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

#ifdef __x86_64__
/* -1: this kernel has no such entry. */
static long int80(long number)
{
	long rc;

	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(number) : "memory", "r8", "r9", "r10", "r11");
	return rc;
}

static int crashes(void)
{
	int80(20);
	return 0;
}

static bool has_i386(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(crashes());
	waitpid(child, &status, 0);
	return WIFEXITED(status) && int80(20) == getpid();
}

/* 39 is getpid here and mkdir there: a filter of numbers alone lets another call in. */
static int architecture_first(void)
{
	struct sock_filter by_number[] = { LOAD(nr), SAME(20, 0, 1), ANSWER(EDOM), ALLOW };
	struct sock_filter by_arch[] = { LOAD(arch), SAME(AUDIT_ARCH_I386, 0, 1), ANSWER(EXDEV), ALLOW };

	if (!has_i386())
		return LACKS;
	expect(install(by_number, count_of(by_number)) == 0);
	expect(int80(20) == -EDOM);	/* i386 getpid, refused because writev here has its number */
	expect(int80(64) == getppid());	/* i386 getppid; 64 is semget here */
	expect(install(by_arch, count_of(by_arch)) == 0);
	expect(int80(64) == -EXDEV);
	return HOLDS;
}

/* x32 says it is x86_64: only the number tells. */
static int x32_bit(void)
{
	struct sock_filter both[] = { LOAD(arch), SAME(AUDIT_ARCH_X86_64, 1, 0), ALLOW, LOAD(nr),
				      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), ANSWER(EDOM), ALLOW };

	expect(install(both, count_of(both)) == 0);
	expect(syscall(0x40000000 | SYS_getpid) < 0 && errno == EDOM);
	expect(syscall(SYS_getpid) == getpid());
	return HOLDS;
}
#else
static int architecture_first(void) { return LACKS; }
static int x32_bit(void) { return LACKS; }
#endif

/* A filter that compares 64 bits is stepped past by bits the kernel does not look at. */
static int low_half_of_ioctl(void)
{
	struct sock_filter whole[] = { LOAD(nr), SAME(SYS_ioctl, 0, 5), LOAD(HIGH(1)), SAME(0, 0, 3),
				       LOAD(args[1]), SAME(FIONREAD, 0, 1), ANSWER(EDOM), ALLOW };
	struct sock_filter low[] = { LOAD(nr), SAME(SYS_ioctl, 0, 3), LOAD(args[1]), SAME(FIONREAD, 0, 1), ANSWER(EXDEV), ALLOW };
	int pipes[2], bytes;

	expect(pipe(pipes) == 0 && install(whole, count_of(whole)) == 0);
	expect(syscall(SYS_ioctl, pipes[0], (unsigned long)FIONREAD, &bytes) < 0 && errno == EDOM);
	expect(syscall(SYS_ioctl, pipes[0], FIONREAD | 7ul << 32, &bytes) == 0);
	expect(install(low, count_of(low)) == 0);
	expect(syscall(SYS_ioctl, pipes[0], FIONREAD | 7ul << 32, &bytes) < 0 && errno == EXDEV);
	return HOLDS;
}

static int low_half_of_socket(void)
{
	struct sock_filter whole[] = { LOAD(nr), SAME(SYS_socket, 0, 5), LOAD(HIGH(0)), SAME(0, 0, 3),
				       LOAD(args[0]), SAME(AF_UNIX, 0, 1), ANSWER(EDOM), ALLOW };

	expect(install(whole, count_of(whole)) == 0);
	expect(syscall(SYS_socket, (long)AF_UNIX, (long)SOCK_STREAM, 0l) < 0 && errno == EDOM);
	expect(syscall(SYS_socket, AF_UNIX | 1l << 32, (long)SOCK_STREAM, 0l) >= 0);
	return HOLDS;
}

static int strictest_wins(void)
{
	struct sock_filter refuse[] = { LOAD(nr), SAME(SYS_getpgrp, 0, 1), ANSWER(EDOM), ALLOW };
	struct sock_filter allow[] = { ALLOW };

	expect(install(refuse, count_of(refuse)) == 0 && install(allow, count_of(allow)) == 0);
	expect(syscall(SYS_getpgrp) < 0 && errno == EDOM);
	return HOLDS;
}

static int survives_exec(void)
{
	struct sock_filter refuse[] = { LOAD(nr), SAME(SYS_getpgrp, 0, 1), ANSWER(EDOM), ALLOW };

	expect(install(refuse, count_of(refuse)) == 0);
	execl("/proc/self/exe", "filters", "again", NULL);
	return DIFFERS;
}

static int needs_no_new_privs(void)
{
	struct sock_filter allow[] = { ALLOW };
	struct sock_fprog program = { 1, allow };

	if (geteuid() == 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return LACKS;
	expect(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 && errno == EACCES);
	return HOLDS;
}

static int longest(void)
{
	static struct sock_filter code[BPF_MAXINSNS + 1];
	size_t i;

	for (i = 0; i <= BPF_MAXINSNS; i++)
		code[i] = (struct sock_filter)ALLOW;
	expect(install(code, BPF_MAXINSNS + 1) < 0 && errno == EINVAL);
	expect(install(code, BPF_MAXINSNS) == 0);
	return HOLDS;
}

/* The kernel sees a new thread's flags behind a pointer: why clone3 must not exist, and libc's fall-back. */
static int clone3_falls_back(void)
{
	struct sock_filter refuse[] = { LOAD(nr), SAME(435, 0, 1), ANSWER(ENOSYS), ALLOW };
	pid_t child;

	expect(install(refuse, count_of(refuse)) == 0);
	child = fork();
	if (child == 0)
		_exit(0);
	expect(child > 0 && waitpid(child, NULL, 0) == child);
	return HOLDS;
}

static const struct fact facts[] = {
	{ "the same number means another call by another entry: the architecture first", architecture_first, "i386 entry" },
	{ "x32 calls itself x86_64 and tells by the number", x32_bit, "x86_64" },
	{ "a request of ioctl is its low 32 bits", low_half_of_ioctl, NULL },
	{ "so is a family of sockets", low_half_of_socket, NULL },
	{ "of several filters the strictest wins", strictest_wins, NULL },
	{ "a filter survives execve", survives_exec, NULL },
	{ "it needs no_new_privs", needs_no_new_privs, "an ordinary user without it" },
	{ "a program may have 4096 instructions", longest, NULL },
	{ "without clone3 fork still works", clone3_falls_back, NULL },
};

int main(int argc, char **argv)
{
	(void)argv;
	if (argc == 2) /* survives_exec() */
		return syscall(SYS_getpgrp) < 0 && errno == EDOM ? HOLDS : DIFFERS;
	return facts_main(facts, count_of(facts));
}

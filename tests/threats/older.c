/*
 * tests/threats/older.c - a kernel whose Landlock is older than it is, for a command and all it starts: it says so, and
 * refuses what it would not know. Takes root, because who is not dumpable is traced too.
 *
 *   older ABI COMMAND...     ABI 0: it has no Landlock
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "threat.h"

#ifdef __x86_64__
enum { CREATE_RULESET = 444, VERSION = 1 };

static const struct {
	uint64_t fs, net, scoped;
} known[] = {
	[1] = { (1 << 13) - 1, 0, 0 }, [2] = { (1 << 14) - 1, 0, 0 }, [3] = { (1 << 15) - 1, 0, 0 },
	[4] = { (1 << 15) - 1, 3, 0 }, [5] = { (1 << 16) - 1, 3, 0 }, [6] = { (1 << 16) - 1, 3, 3 },
};

static void become(char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CREATE_RULESET, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { count_of(code), code };

	if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0 || raise(SIGSTOP) != 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		_exit(BROKEN);
	execvp(argv[0], argv);
	_exit(127);
}

static long old_answer(pid_t pid, const struct user_regs_struct *r, unsigned abi)
{
	uint64_t asked[3] = { 0 };
	size_t i;

	if (abi == 0)
		return -EOPNOTSUPP;
	if (r->rdx == VERSION)
		return r->rdi == 0 && r->rsi == 0 ? (long)abi : -EINVAL;
	for (i = 0; i < 3 && i < r->rsi / 8; i++)
		asked[i] = (uint64_t)ptrace(PTRACE_PEEKDATA, pid, r->rdi + 8 * i, 0);
	if ((abi < 4 && asked[1]) || (abi < 6 && asked[2]))
		return -E2BIG;
	return (asked[0] & ~known[abi].fs) || (asked[1] & ~known[abi].net) || (asked[2] & ~known[abi].scoped) ? -EINVAL : 1;
}

/* 1: the real kernel goes on; anything else is the answer. */
static void judge(pid_t pid, unsigned abi)
{
	struct user_regs_struct r;
	long answer;

	if (ptrace(PTRACE_GETREGS, pid, 0, &r) < 0)
		return;
	answer = old_answer(pid, &r, abi);
	if (answer == 1 && r.rdx != VERSION)
		return;
	r.orig_rax = (unsigned long)-1;
	r.rax = (unsigned long)answer;
	ptrace(PTRACE_SETREGS, pid, 0, &r);
}

static int watch(pid_t first, unsigned abi)
{
	const int options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	int status, pass;
	pid_t pid;

	if (waitpid(first, &status, 0) != first || ptrace(PTRACE_SETOPTIONS, first, 0, options) < 0)
		return BROKEN;
	ptrace(PTRACE_CONT, first, 0, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (pid == first && !WIFSTOPPED(status))
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		if (!WIFSTOPPED(status))
			continue;
		pass = status >> 16 || WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
			judge(pid, abi);
		ptrace(PTRACE_CONT, pid, 0, pass);
	}
	return BROKEN;
}

int main(int argc, char **argv)
{
	unsigned abi = argc > 2 ? (unsigned)atoi(argv[1]) : 99;
	pid_t child;

	if (abi >= count_of(known))
		return 2;
	child = fork();
	if (child == 0)
		become(argv + 2);
	return watch(child, abi);
}
#else
int main(void)
{
	return LACKING;
}
#endif

/*
 * The agent's list is a table of numbers with one answer each, so its program is written here as
 * runs of equal answers: libseccomp needs 1.7 ms for the same, a third of what a whole jail may
 * cost. Each run is two instructions and no jump is longer than one, so there is nothing to get
 * wrong in an offset; tests/unit/test_jail_filter.c still asks it about every number. The kernel's
 * bitmap answers the allowed numbers without running it at all. libseccomp keeps the lists with
 * conditions (self.c).
 */
#include "jail/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#endif

SCOPED(ctx, scmp_filter_ctx, seccomp_release)

enum {
	ANSWER_ALLOW = 0, /* otherwise an errno */
	NUMBERS = 512,    /* x32 numbers and whatever comes later lie above: ENOSYS */
	LONGEST = 8 + 2 * NUMBERS,
};

static const struct {
	int call;
	int answer;
} agent_calls[] = {
#define AGENT(name, because) { SCMP_SYS(name), ANSWER_ALLOW },
#define REFUSE(name, error, because) { SCMP_SYS(name), error },
#include "jail/agent.def"
#undef AGENT
#undef REFUSE
};

/* The answer of every number; a call this architecture does not have is negative to libseccomp. */
static void fill_answers(int answers[NUMBERS])
{
	size_t i;

	for (i = 0; i < NUMBERS; i++)
		answers[i] = ENOSYS;
	for (i = 0; i < count_of(agent_calls); i++)
		if (agent_calls[i].call >= 0 && agent_calls[i].call < NUMBERS)
			answers[agent_calls[i].call] = agent_calls[i].answer;
}

static struct sock_filter returns(int answer)
{
	uint32_t value = SECCOMP_RET_ALLOW;

	if (answer != ANSWER_ALLOW)
		value = SECCOMP_RET_ERRNO | (uint32_t)answer;
	return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value);
}

/* Ascending runs: at or above the end of this one, go on; below it, this is the answer. */
static size_t write_runs(struct sock_filter *code, size_t at, const int answers[NUMBERS])
{
	uint32_t end;

	for (end = 1; end <= NUMBERS; end++) {
		if (end < NUMBERS && answers[end] == answers[end - 1])
			continue;
		code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, end, 1, 0);
		code[at++] = returns(answers[end - 1]);
	}
	return at;
}

int filter_agent(struct filter *out, struct err *e)
{
	/* The architecture first: the same number means another call in another table. */
	const struct sock_filter start[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_filter *code = calloc(LONGEST, sizeof(*code));
	int answers[NUMBERS];
	size_t at = count_of(start);

	if (!code)
		return err_sys(e, "memory for a filter");
	memcpy(code, start, sizeof(start));
	fill_answers(answers);
	at = write_runs(code, at, answers);
	code[at++] = returns(ENOSYS);
	out->code = code;
	out->count = at;
	return 0;
}

int filter_export(struct filter *out, scmp_filter_ctx taken, struct err *e)
{
	scoped(ctx) scmp_filter_ctx ctx = taken;
	scoped(fd) int fd = memfd_create("seccomp", MFD_CLOEXEC);
	char *bytes;
	size_t size;
	int rc;

	if (fd < 0)
		return err_sys(e, "memory for a filter");
	rc = seccomp_export_bpf(ctx, fd);
	if (rc < 0) {
		errno = -rc;
		return err_sys(e, "libseccomp cannot write the filter");
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "filter");
	if (fd_read_all(&bytes, &size, fd, BPF_MAXINSNS * sizeof(struct sock_filter), e) < 0)
		return err_in(e, "filter");
	out->code = (struct sock_filter *)(void *)bytes;
	out->count = size / sizeof(struct sock_filter);
	return 0;
}

int filter_install(const struct filter *f, struct err *e)
{
	struct sock_fprog program = { .len = (unsigned short)f->count, .filter = f->code };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return err_sys(e, "the kernel refuses the filter");
	return 0;
}

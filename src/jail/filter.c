/*
 * The agent's list is a table of numbers with one answer each, so its program is written here as
 * runs of equal answers: libseccomp needs 1.7 ms for the same, a third of what a whole jail may
 * cost. Each run is two instructions and no jump is longer than one, so there is nothing to get
 * wrong in an offset; tests/unit/test_jail_filter.c still asks it about every number. The kernel's
 * bitmap answers the allowed numbers without running it at all. The calls whose arguments matter
 * come before the runs (arguments.c), in the same program: only one may have a listener, and a
 * question without one would be ENOSYS. libseccomp keeps the lists with conditions (self.c).
 */
#include "jail/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

SCOPED(ctx, scmp_filter_ctx, seccomp_release)

enum { NUMBERS = 512 }; /* x32 numbers and whatever comes later lie above: ENOSYS */

_Static_assert(8 + FILTER_ARGUMENTS + 2 * NUMBERS <= FILTER_LONGEST, "the longest program fits");

static const struct row {
	int call;
	int error; /* what it answers when it is refused */
	enum { EXISTS, NAMED_ONE, REFUSED, ABSENT_ONE } kind;
} rows[] = {
#define AGENT(name, because) { SCMP_SYS(name), ENOSYS, EXISTS },
#define PARTLY(name, error, because) { SCMP_SYS(name), error, EXISTS },
#define NAMED(name, because) { SCMP_SYS(name), EPERM, NAMED_ONE },
#define REFUSE(name, error, because) { SCMP_SYS(name), error, REFUSED },
#define ABSENT(name, error, because) { SCMP_SYS(name), error, ABSENT_ONE },
#include "jail/agent.def"
#undef AGENT
#undef REFUSE
};

static uint32_t refusal(int error, const struct filter_want *want)
{
	return want->asks ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ERRNO | (uint32_t)error;
}

static uint32_t answer_of(const struct row *r, const struct filter_want *want)
{
	if (r->kind == REFUSED)
		return refusal(r->error, want);
	if (r->kind == ABSENT_ONE)
		return SECCOMP_RET_ERRNO | (uint32_t)r->error;
	return r->kind == NAMED_ONE && want->names ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW;
}

/* The answer of every number; a call this architecture does not have is negative to libseccomp. */
static void fill_answers(uint32_t answers[NUMBERS], const struct filter_want *want)
{
	size_t i;

	for (i = 0; i < NUMBERS; i++)
		answers[i] = want->theirs ? SECCOMP_RET_ALLOW : refusal(ENOSYS, want);
	for (i = 0; i < count_of(rows); i++)
		if (rows[i].call >= 0 && rows[i].call < NUMBERS)
			answers[rows[i].call] = answer_of(&rows[i], want);
}

/* Ascending runs: at or above the end of this one, go on; below it, this is the answer. */
static size_t write_runs(struct sock_filter *code, size_t at, const uint32_t answers[NUMBERS])
{
	uint32_t end;

	for (end = 1; end <= NUMBERS; end++) {
		if (end < NUMBERS && answers[end] == answers[end - 1])
			continue;
		code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, end, 1, 0);
		code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answers[end - 1]);
	}
	return at;
}

/* The blocks say errno; where somebody listens that becomes a question, for whose answer the row stands. */
static size_t write_arguments(struct sock_filter *code, size_t at, const struct filter_want *want)
{
	size_t end = at + filter_arguments(code + at, want);

	for (; at < end; at++)
		if (code[at].code == (BPF_RET | BPF_K) &&
		    (code[at].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
			code[at].k = refusal((int)(code[at].k & SECCOMP_RET_DATA), want);
	return end;
}

size_t filter_agent(struct sock_filter code[FILTER_LONGEST], const struct filter_want *want)
{
	/* The architecture first: the same number means another call in another table. */
	const struct sock_filter start[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FILTER_NATIVE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, refusal(ENOSYS, want)),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	uint32_t answers[NUMBERS];
	size_t at = count_of(start);

	memcpy(code, start, sizeof(start));
	fill_answers(answers, want);
	at = write_arguments(code, at, want);
	at = write_runs(code, at, answers);
	if (want->theirs) {
		code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FILTER_FOREIGN, 1, 0);
		code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, refusal(ENOSYS, want));
	return at;
}

bool filter_is_native(uint32_t arch)
{
	return arch == FILTER_NATIVE;
}

int filter_errno(uint32_t arch, int call)
{
	size_t i;

	for (i = 0; arch == FILTER_NATIVE && i < count_of(rows); i++)
		if (rows[i].call == call && call >= 0)
			return rows[i].error;
	return ENOSYS;
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

int filter_init(bool reaches, struct err *e)
{
	static const struct {
		int call;
		bool reaching;
	} calls[] = {
#define INIT(name, because) { SCMP_SYS(name), false },
#define REACH(name, because) { SCMP_SYS(name), true },
#include "jail/init.def"
#undef INIT
#undef REACH
	};
	struct sock_filter code[8 + 2 * count_of(calls)] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FILTER_NATIVE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct filter f = { .code = code, .count = 4 };
	size_t i;

	for (i = 0; i < count_of(calls); i++) {
		if (calls[i].call < 0 || (calls[i].reaching && !reaches))
			continue; /* negative: this architecture has no such call */
		code[f.count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							       (uint32_t)calls[i].call, 0, 1);
		code[f.count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	code[f.count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	return filter_install(&f, e);
}

/* Once its question is read a program waits for the answer, and not even a signal lets it ask again. */
int filter_listen(const struct filter *f, struct err *e)
{
	struct sock_fprog program = { .len = (unsigned short)f->count, .filter = f->code };
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			  SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			  &program);

	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			     &program);
	if (fd < 0)
		return err_sys(e, "the kernel gives no listener for refused calls");
	return (int)fd;
}

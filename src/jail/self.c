/*
 * Our own processes, confined by the table in calls.def. The program is exported from libseccomp
 * and its context released before the list is on: releasing afterwards takes calls that a list may
 * not have.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

SCOPED(ctx, scmp_filter_ctx, seccomp_release)

/* clang-format off */
enum condition {
	ALWAYS,
	NOT_EXEC,
	PROTECT_DATA,
	GETS_FLAGS, SETS_FLAGS, GETS_CLOEXEC, GETS_SEALS,
	LOCKS, LOCKS_FILE, SETS_CLOEXEC, COPIES, SIZES_PIPE,
	ADDS_SEALS,
	BY_DESCRIPTOR,
	TO_ITSELF,
	UNIX_ONLY,
	TCP_4, TCP_6, UDP_4, UDP_6, UNIX_STREAM,
	READS_FILE, COUNTS_INPUT, SETS_NONBLOCK,
	MAKES, MAKES_ANEW, NO_FLAGS,
	GETS_MODES, SETS_MODES, GETS_FOREGROUND, GETS_WINDOW, SETS_WINDOW,
};
/* clang-format on */

static const struct call {
	enum jail_self who;
	int number;
	const char *name;
	enum condition where;
} calls[] = {
#define CALL(who, name, because) { JAIL_##who, SCMP_SYS(name), #name, ALWAYS },
#define WHERE(who, name, because, where) { JAIL_##who, SCMP_SYS(name), #name, where },
#include "jail/calls.def"
#undef CALL
#undef WHERE
};

/* ALWAYS and TO_ITSELF are not here: one has no comparison, the other's is not constant. */
static const struct scmp_arg_cmp conditions[] = {
	[NOT_EXEC] = { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 },
	[PROTECT_DATA] = { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 },
	[GETS_FLAGS] = { 1, SCMP_CMP_EQ, F_GETFL, 0 },
	[SETS_FLAGS] = { 1, SCMP_CMP_EQ, F_SETFL, 0 },
	[GETS_CLOEXEC] = { 1, SCMP_CMP_EQ, F_GETFD, 0 },
	[GETS_SEALS] = { 1, SCMP_CMP_EQ, F_GET_SEALS, 0 },
	[LOCKS] = { 1, SCMP_CMP_EQ, F_SETLK, 0 },
	[LOCKS_FILE] = { 1, SCMP_CMP_EQ, F_OFD_SETLK, 0 },
	[SETS_CLOEXEC] = { 1, SCMP_CMP_EQ, F_SETFD, 0 },
	[COPIES] = { 1, SCMP_CMP_EQ, F_DUPFD_CLOEXEC, 0 },
	[SIZES_PIPE] = { 1, SCMP_CMP_EQ, F_SETPIPE_SZ, 0 },
	[ADDS_SEALS] = { 1, SCMP_CMP_EQ, F_ADD_SEALS, 0 },
	[BY_DESCRIPTOR] = { 3, SCMP_CMP_EQ, AT_EMPTY_PATH, 0 },
	[GETS_MODES] = { 1, SCMP_CMP_MASKED_EQ, UINT32_MAX, TCGETS },
	[SETS_MODES] = { 1, SCMP_CMP_MASKED_EQ, UINT32_MAX, TCSETS },
	[GETS_FOREGROUND] = { 1, SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCGPGRP },
	[GETS_WINDOW] = { 1, SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCGWINSZ },
	[SETS_WINDOW] = { 1, SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCSWINSZ },
	[READS_FILE] = { 2, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	[MAKES] = { 2, SCMP_CMP_MASKED_EQ, O_CREAT | O_EXCL | O_NOFOLLOW, O_CREAT | O_EXCL | O_NOFOLLOW },
	[MAKES_ANEW] = { 2, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC | O_NOFOLLOW, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW },
	[NO_FLAGS] = { 4, SCMP_CMP_EQ, 0, 0 },
	[COUNTS_INPUT] = { 1, SCMP_CMP_MASKED_EQ, UINT32_MAX, FIONREAD },
	[SETS_NONBLOCK] = { 1, SCMP_CMP_MASKED_EQ, UINT32_MAX, FIONBIO },
	[UNIX_ONLY] = { 0, SCMP_CMP_EQ, AF_UNIX, 0 },
	[TCP_4] = { 0, SCMP_CMP_EQ, AF_INET, 0 },
	[TCP_6] = { 0, SCMP_CMP_EQ, AF_INET6, 0 },
	[UDP_4] = { 0, SCMP_CMP_EQ, AF_INET, 0 },
	[UDP_6] = { 0, SCMP_CMP_EQ, AF_INET6, 0 },
	[UNIX_STREAM] = { 0, SCMP_CMP_EQ, AF_UNIX, 0 },
};

/* What must hold besides: a socket's kind, whatever flags come with it. */
static const struct scmp_arg_cmp also[count_of(conditions)] = {
	[TCP_4] = { 1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM },
	[TCP_6] = { 1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM },
	[UDP_4] = { 1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_DGRAM },
	[UDP_6] = { 1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_DGRAM },
	[UNIX_STREAM] = { 1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM },
};

static int add_call(scmp_filter_ctx ctx, const struct call *c)
{
	struct scmp_arg_cmp is_self = { 0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0 };
	struct scmp_arg_cmp both[2];

	if (c->where == ALWAYS)
		return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, c->number, 0);
	if (c->where == TO_ITSELF)
		return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, c->number, 1, &is_self);
	both[0] = conditions[c->where];
	both[1] = also[c->where];
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, c->number, both[1].op ? 2 : 1, both);
}

static int filter_self(struct filter *out, enum jail_self who, struct err *e)
{
	scoped(ctx) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	size_t i;
	int rc;

	if (!ctx)
		return err_set(e, ERR_SYSTEM, "libseccomp gives no filter for this architecture");
	for (i = 0; i < count_of(calls); i++) {
		rc = calls[i].who == who ? add_call(ctx, &calls[i]) : 0;
		if (rc < 0 && rc != -EEXIST) {
			errno = -rc;
			return err_sys(e, "rule for %s", calls[i].name);
		}
	}
	return filter_export(out, take(&ctx), e);
}

/* The bounding set is root's to empty; an ordinary user under no_new_privs gains nothing from it.
 */
static int give_up_privilege(struct err *e)
{
	struct err ignored = { .kind = ERR_NONE };
	const struct rlimit none = { 0 };

	if (capabilities_drop(true, &ignored) < 0 && capabilities_drop(false, e) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(e, "non-dumpable");
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return err_sys(e, "no core files");
	return 0;
}

/* By address space: what is reserved and never touched counts too, so nothing slips by. */
int jail_self_memory(size_t most, struct err *e)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) < 0)
		return err_sys(e, "own jail: limit of memory");
	limit.rlim_max = limit.rlim_max < most ? limit.rlim_max : most;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_AS, &limit) < 0)
		return err_sys(e, "own jail: limit of memory");
	return 0;
}

/* Who may not raise the most there may be takes all of that. */
void jail_self_descriptors(size_t most)
{
	struct rlimit limit = { most, most };

	if (setrlimit(RLIMIT_NOFILE, &limit) == 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max < most ? limit.rlim_max : most;
	(void)!setrlimit(RLIMIT_NOFILE, &limit);
}

int jail_self(enum jail_self who, struct err *e)
{
	scoped(filter) struct filter f = { 0 };

	if (filter_self(&f, who, e) < 0 || give_up_privilege(e) < 0 || filter_install(&f, e) < 0)
		return err_in(e, "own jail");
	return 0;
}

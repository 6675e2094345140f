/* The agent's program, run here by hand over every number there is: what the kernel would answer. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/attr.h"
#include "jail/filter.h"

enum { NUMBERS = 1024 };

#ifdef __x86_64__
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

#define ASKED SECCOMP_RET_USER_NOTIF
#define PLAIN(error) (SECCOMP_RET_ERRNO | (uint32_t)(error))

struct program {
	struct sock_filter code[FILTER_LONGEST];
	size_t count;
};

static uint32_t field(const struct seccomp_data *d, uint32_t at)
{
	uint32_t value;

	assert_true(at % 4 == 0 && at + sizeof(value) <= sizeof(*d));
	memcpy(&value, (const char *)d + at, sizeof(value));
	return value;
}

/* The instructions the program is made of; anything else fails the test. *looked: an argument was asked for. */
static uint32_t answer(const struct program *p, const struct seccomp_data *d, int *looked)
{
	uint32_t held = 0;
	size_t at;

	for (at = 0; at < p->count; at++) {
		const struct sock_filter *i = &p->code[at];

		if (i->code == (BPF_RET | BPF_K))
			return i->k;
		if (i->code == (BPF_LD | BPF_W | BPF_ABS)) {
			held = field(d, i->k);
			*looked |= i->k >= offsetof(struct seccomp_data, args);
		} else if (i->code == (BPF_ALU | BPF_AND | BPF_K))
			held &= i->k;
		else if (i->code == (BPF_JMP | BPF_JEQ | BPF_K))
			at += held == i->k ? i->jt : i->jf;
		else if (i->code == (BPF_JMP | BPF_JGE | BPF_K))
			at += held >= i->k ? i->jt : i->jf;
		else if (i->code == (BPF_JMP | BPF_JSET | BPF_K))
			at += held & i->k ? i->jt : i->jf;
		else
			fail_msg("instruction %zu is none the program may hold", at);
	}
	fail_msg("the program runs off its end");
	return 0;
}

static uint32_t number(const struct program *p, uint32_t arch, uint32_t nr, int *looked)
{
	struct seccomp_data d = { .nr = (int)nr, .arch = arch };

	*looked = 0;
	return answer(p, &d, looked);
}

enum kind { EXISTS, PARTLY_ONE, NAMED_ONE, REFUSED, ABSENT_ONE };

static const struct {
	int call;
	int error;
	enum kind kind;
} table[] = {
#define AGENT(name, because) { SCMP_SYS(name), 0, EXISTS },
#define PARTLY(name, error, because) { SCMP_SYS(name), error, PARTLY_ONE },
#define NAMED(name, because) { SCMP_SYS(name), 0, NAMED_ONE },
#define REFUSE(name, error, because) { SCMP_SYS(name), error, REFUSED },
#define ABSENT(name, error, because) { SCMP_SYS(name), error, ABSENT_ONE },
#include "jail/agent.def"
#undef AGENT
#undef REFUSE
};

/* What the table promises of a number; *error: of a refusal. */
static enum kind kind_of(uint32_t nr, int *error)
{
	size_t i;

	*error = ENOSYS;
	for (i = 0; i < count_of(table); i++)
		if (table[i].call == (int)nr) {
			*error = table[i].error;
			return table[i].kind;
		}
	return REFUSED;
}

static void make_program(struct program *p, struct filter_want want)
{
	p->count = filter_agent(p->code, &want);
	assert_true(p->count < FILTER_LONGEST);
}

static bool is_open(uint32_t nr)
{
#ifdef SYS_open
	if (nr == SYS_open)
		return true;
#endif
	return nr == SYS_openat;
}

/* One number, its arguments all zero, by one program. */
static void check_number(const struct program *p, const struct filter_want *want, uint32_t nr)
{
	int error, looked;
	enum kind kind = kind_of(nr, &error);
	uint32_t got = number(p, NATIVE, nr, &looked), refusal = want->asks ? ASKED : PLAIN(error);

	if (kind == REFUSED)
		assert_int_equal(got, refusal);
	else if (kind == ABSENT_ONE)
		assert_int_equal(got, PLAIN(error));
	else if (kind == NAMED_ONE)
		assert_int_equal(got, want->names && !is_open(nr) ? ASKED : SECCOMP_RET_ALLOW);
	else if (kind == EXISTS)
		assert_int_equal(got, SECCOMP_RET_ALLOW);
	/* The kernel's bitmap knows a number whose arguments nobody looks at. */
	assert_int_equal(looked, kind == PARTLY_ONE || (want->names && is_open(nr)));
	if (kind == REFUSED)
		assert_int_equal(filter_errno(NATIVE, (int)nr), error);
}

static void test_every_number(void **state)
{
	struct program p;
	struct filter_want want;
	uint32_t nr, way, foreign;
	int looked;

	(void)state;
	for (way = 0; way < 8; way++) {
		want = (struct filter_want){ .asks = way & 1, .names = (way & 1) && (way & 2), .own_net = way & 4 };
		make_program(&p, want);
		foreign = want.asks ? ASKED : PLAIN(ENOSYS);
		for (nr = 0; nr < NUMBERS; nr++) {
			check_number(&p, &want, nr);
			assert_int_equal(number(&p, NATIVE, nr | 0x40000000, &looked), foreign);
			assert_int_equal(number(&p, AUDIT_ARCH_I386, nr, &looked), foreign);
			assert_int_equal(filter_errno(AUDIT_ARCH_I386, (int)nr), ENOSYS);
			assert_int_equal(filter_errno(NATIVE, (int)(nr | 0x40000000)), ENOSYS);
		}
		assert_int_equal(number(&p, NATIVE, UINT32_MAX, &looked), foreign);
		assert_int_equal(filter_errno(NATIVE, -1), ENOSYS);
	}
}

#define HIGH (7ull << 32)
static const struct {
	const char *what;
	int call;
	uint64_t args[4];
	int error; /* 0: allowed */
} arguments[] = {
	{ "asking a terminal's size", SYS_ioctl, { 0, TIOCGWINSZ }, 0 },
	{ "TIOCSTI", SYS_ioctl, { 0, TIOCSTI }, EPERM },
	{ "TIOCSTI with high bits", SYS_ioctl, { 0, TIOCSTI | HIGH }, EPERM },
	{ "TIOCLINUX with high bits", SYS_ioctl, { 0, 0x541c | HIGH }, EPERM },
	{ "a thread", SYS_clone, { 0x3d0f00 }, 0 },
	{ "a fork", SYS_clone, { 17 }, 0 },
	{ "a user namespace", SYS_clone, { CLONE_NEWUSER | 17 }, EPERM },
	{ "a user namespace with high bits", SYS_clone, { CLONE_NEWUSER | HIGH }, EPERM },
	{ "a network namespace", SYS_clone, { CLONE_NEWNET | CLONE_VM }, EPERM },
	{ "asking the personality", SYS_personality, { 0xffffffff }, 0 },
	{ "the usual personality", SYS_personality, { 0 }, 0 },
	{ "PER_LINUX32", SYS_personality, { 8 }, EPERM },
	{ "ADDR_NO_RANDOMIZE", SYS_personality, { 0x40000 }, EPERM },
	{ "one's own limits", SYS_prlimit64, { 0, 7 }, 0 },
	{ "init's limits", SYS_prlimit64, { 1, 7 }, EPERM },
	{ "init's limits with high bits", SYS_prlimit64, { 1 | HIGH, 7 }, EPERM },
	{ "a unix pair", SYS_socketpair, { AF_UNIX }, 0 },
	{ "a TIPC pair", SYS_socketpair, { 30 }, EAFNOSUPPORT },
	{ "a unix socket", SYS_socket, { AF_UNIX, SOCK_SEQPACKET }, 0 },
	{ "routes", SYS_socket, { AF_NETLINK, SOCK_RAW, 0 }, 0 },
	{ "audit", SYS_socket, { AF_NETLINK, SOCK_RAW, 9 }, EAFNOSUPPORT },
	{ "uevents", SYS_socket, { AF_NETLINK, SOCK_RAW, 15 }, EAFNOSUPPORT },
	{ "vsock", SYS_socket, { 40, SOCK_STREAM }, EAFNOSUPPORT },
	{ "alg", SYS_socket, { 38, SOCK_SEQPACKET }, EAFNOSUPPORT },
	{ "packets", SYS_socket, { AF_PACKET, SOCK_RAW, 3 }, EAFNOSUPPORT },
	{ "vsock with high bits", SYS_socket, { 40 | HIGH, SOCK_STREAM }, EAFNOSUPPORT },
	{ "text in a message", SYS_sendto, { 3, 0, 0, MSG_NOSIGNAL }, 0 },
	{ "fast open by sendto", SYS_sendto, { 3, 0, 0, MSG_FASTOPEN }, EOPNOTSUPP },
	{ "fast open by sendmsg", SYS_sendmsg, { 3, 0, MSG_FASTOPEN | MSG_DONTWAIT }, EOPNOTSUPP },
	{ "fast open by sendmmsg", SYS_sendmmsg, { 3, 0, 1, MSG_FASTOPEN | HIGH }, EOPNOTSUPP },
	{ "a plain sendmsg", SYS_sendmsg, { 3, 0, MSG_DONTWAIT }, 0 },
}, inet[] = {
	{ "tcp", SYS_socket, { AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0 }, 0 },
	{ "tcp by name", SYS_socket, { AF_INET6, SOCK_STREAM, IPPROTO_TCP }, 0 },
	{ "udp", SYS_socket, { AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP }, 0 },
	{ "udp 6", SYS_socket, { AF_INET6, SOCK_DGRAM, 0 }, 0 },
	{ "mptcp", SYS_socket, { AF_INET, SOCK_STREAM, 262 }, EAFNOSUPPORT },
	{ "sctp", SYS_socket, { AF_INET, SOCK_STREAM, 132 }, EAFNOSUPPORT },
	{ "sctp by protocol 0", SYS_socket, { AF_INET, SOCK_SEQPACKET, 0 }, EAFNOSUPPORT },
	{ "ping", SYS_socket, { AF_INET, SOCK_DGRAM, IPPROTO_ICMP }, EAFNOSUPPORT },
	{ "ping 6", SYS_socket, { AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6 }, EAFNOSUPPORT },
	{ "raw tcp", SYS_socket, { AF_INET, SOCK_RAW, IPPROTO_TCP }, EAFNOSUPPORT },
	{ "dccp", SYS_socket, { AF_INET, 6, 0 }, EAFNOSUPPORT },
}, opens[] = {
	{ "reading", SYS_openat, { 0, 0, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW }, 0 },
	{ "naming", SYS_openat, { 0, 0, O_PATH }, 0 },
	{ "writing", SYS_openat, { 0, 0, O_WRONLY }, 1 },
	{ "reading and writing", SYS_openat, { 0, 0, O_RDWR }, 1 },
	{ "neither", SYS_openat, { 0, 0, 3 }, 1 },
	{ "making", SYS_openat, { 0, 0, O_CREAT }, 1 },
	{ "cutting", SYS_openat, { 0, 0, O_TRUNC }, 1 },
	{ "without a name", SYS_openat, { 0, 0, O_TMPFILE }, 1 },
#ifdef SYS_open
	{ "reading", SYS_open, { 0, O_RDONLY }, 0 },
	{ "writing", SYS_open, { 0, O_WRONLY }, 1 },
	{ "cutting", SYS_open, { 0, O_RDONLY | O_TRUNC }, 1 },
#endif
};

static uint32_t ask(const struct program *p, int call, const uint64_t args[4])
{
	struct seccomp_data d = { .nr = call, .arch = NATIVE };
	int looked = 0;

	memcpy(d.args, args, 4 * sizeof(args[0]));
	return answer(p, &d, &looked);
}

static void test_arguments(void **state)
{
	struct program asks, plain, host, reads;
	size_t i;

	(void)state;
	make_program(&asks, (struct filter_want){ .asks = true, .names = true, .own_net = true });
	make_program(&plain, (struct filter_want){ .own_net = true });
	make_program(&host, (struct filter_want){ .asks = true });
	make_program(&reads, (struct filter_want){ .asks = true, .own_net = true });
	for (i = 0; i < count_of(arguments); i++) {
		print_message("# %s\n", arguments[i].what);
		assert_int_equal(ask(&asks, arguments[i].call, arguments[i].args),
				 arguments[i].error ? ASKED : SECCOMP_RET_ALLOW);
		assert_int_equal(ask(&host, arguments[i].call, arguments[i].args),
				 arguments[i].error ? ASKED : SECCOMP_RET_ALLOW);
		assert_int_equal(ask(&plain, arguments[i].call, arguments[i].args),
				 arguments[i].error ? PLAIN(arguments[i].error) : SECCOMP_RET_ALLOW);
		if (arguments[i].error)
			assert_int_equal(filter_errno(NATIVE, arguments[i].call), arguments[i].error);
	}
	for (i = 0; i < count_of(inet); i++) {
		print_message("# %s\n", inet[i].what);
		assert_int_equal(ask(&asks, inet[i].call, inet[i].args), inet[i].error ? ASKED : SECCOMP_RET_ALLOW);
		assert_int_equal(ask(&host, inet[i].call, inet[i].args), ASKED);
	}
	for (i = 0; i < count_of(opens); i++) {
		print_message("# %s\n", opens[i].what);
		assert_int_equal(ask(&asks, opens[i].call, opens[i].args), opens[i].error ? ASKED : SECCOMP_RET_ALLOW);
		assert_int_equal(ask(&reads, opens[i].call, opens[i].args), SECCOMP_RET_ALLOW);
	}
}

/* Where init reaches out for the program: with a network, and without one. */
static const struct {
	const char *what;
	int call;
	uint64_t args[6];
	bool asked, asked_without;
} reaching[] = {
	{ "connect", SYS_connect, { 3, 1, 16 }, true, true },
	{ "bind", SYS_bind, { 3, 1, 16 }, true, true },
	{ "listen", SYS_listen, { 3, 5 }, true, true },
	{ "accept", SYS_accept, { 3 }, false, false },
	{ "a unix stream", SYS_socket, { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC }, false, false },
	{ "unix messages", SYS_socket, { AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK }, false, false },
	{ "unix datagrams", SYS_socket, { AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC }, true, true },
	{ "by their other name", SYS_socket, { AF_UNIX, SOCK_RAW }, true, true },
	{ "with high bits", SYS_socket, { AF_UNIX | HIGH, SOCK_DGRAM | HIGH }, true, true },
	{ "tcp", SYS_socket, { AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0 }, false, true },
	{ "tcp 6 by name", SYS_socket, { AF_INET6, SOCK_STREAM, IPPROTO_TCP }, false, true },
	{ "udp", SYS_socket, { AF_INET, SOCK_DGRAM, 0 }, true, true },
	{ "udp 6 by name", SYS_socket, { AF_INET6, SOCK_DGRAM, IPPROTO_UDP }, true, true },
	{ "mptcp", SYS_socket, { AF_INET, SOCK_STREAM, 262 }, true, true },
	{ "ping", SYS_socket, { AF_INET, SOCK_DGRAM, IPPROTO_ICMP }, true, true },
	{ "raw", SYS_socket, { AF_INET, SOCK_RAW, IPPROTO_UDP }, true, true },
	{ "routes", SYS_socket, { AF_NETLINK, SOCK_RAW, 0 }, false, false },
	{ "audit", SYS_socket, { AF_NETLINK, SOCK_RAW, 9 }, true, true },
	{ "vsock", SYS_socket, { 40, SOCK_STREAM }, true, true },
	{ "a pair of streams", SYS_socketpair, { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC }, false, false },
	{ "of messages", SYS_socketpair, { AF_UNIX, SOCK_SEQPACKET }, false, false },
	{ "of datagrams", SYS_socketpair, { AF_UNIX, SOCK_DGRAM }, true, true },
	{ "by their other name", SYS_socketpair, { AF_UNIX, SOCK_RAW }, true, true },
	{ "of another family", SYS_socketpair, { 30, SOCK_STREAM }, true, true },
	{ "a message without an address", SYS_sendto, { 3, 1, 1, MSG_NOSIGNAL, 0, 16 }, false, false },
	{ "with one", SYS_sendto, { 3, 1, 1, 0, 0x1000, 16 }, true, true },
	{ "far up", SYS_sendto, { 3, 1, 1, 0, HIGH, 16 }, true, true },
	{ "fast open", SYS_sendto, { 3, 1, 1, MSG_FASTOPEN, 0, 0 }, true, true },
	{ "a plain sendmsg", SYS_sendmsg, { 3, 1, 0 }, false, false },
	{ "fast open by sendmsg", SYS_sendmsg, { 3, 1, MSG_FASTOPEN }, true, true },
};

static void test_reaching(void **state)
{
	struct program with, without, theirs;
	struct seccomp_data d;
	int looked;
	size_t i;

	(void)state;
	make_program(&with, (struct filter_want){ .asks = true, .reach = true, .own_net = true });
	make_program(&without, (struct filter_want){ .asks = true, .reach = true });
	make_program(&theirs, (struct filter_want){ .asks = true, .names = true, .reach = true, .theirs = true,
						    .own_net = true });
	for (i = 0; i < count_of(reaching); i++) {
		print_message("# %s\n", reaching[i].what);
		d = (struct seccomp_data){ .nr = reaching[i].call, .arch = NATIVE };
		memcpy(d.args, reaching[i].args, sizeof(d.args));
		assert_int_equal(answer(&with, &d, &looked), reaching[i].asked ? ASKED : SECCOMP_RET_ALLOW);
		assert_int_equal(answer(&theirs, &d, &looked), reaching[i].asked ? ASKED : SECCOMP_RET_ALLOW);
		assert_int_equal(answer(&without, &d, &looked),
				 reaching[i].asked_without ? ASKED : SECCOMP_RET_ALLOW);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_number),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_reaching),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

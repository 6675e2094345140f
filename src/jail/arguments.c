/*
 * The jail's second program, by hand: calls that exist inside, but not with these arguments. Every
 * comparison is of the low 32 bits, which is all the kernel looks at in these arguments; so bits
 * set above change nothing. Foreign entry never reaches it alive: the first program refuses it
 * whole.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "jail/filter.h"

#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "low halves of arguments come first");

/* clang-format off: one block a call, one instruction a line */
#define NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

#define NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n]))
#define UNLESS(v, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(v), 0, skip)
#define IF(v, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(v), skip, 0)
#define ANY(v, skip) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(v), skip, 0)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define ANSWER(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))

/* Each block is skipped whole when the number is not its own, so a block may change without the
 * others. */
static const struct sock_filter arguments[] = {
	NUMBER,
	UNLESS(SYS_ioctl, 5), /* typing into, or selecting on, the operator's terminal */
	ARGUMENT(1),
	IF(TIOCSTI, 2),
	IF(TIOCLINUX, 1),
	ALLOW,
	ANSWER(EPERM),
	UNLESS(SYS_clone, 4), /* a nested namespace would hand back capabilities */
	ARGUMENT(0),
	ANY(NAMESPACES, 1),
	ALLOW,
	ANSWER(EPERM),
	UNLESS(SYS_personality, 5), /* asking is fine; becoming another architecture is not */
	ARGUMENT(0),
	IF(0, 2),
	IF(0xffffffff, 1),
	ANSWER(EPERM),
	ALLOW,
	UNLESS(SYS_socketpair, 4),
	ARGUMENT(0),
	IF(AF_UNIX, 1),
	ANSWER(EAFNOSUPPORT),
	ALLOW,
	UNLESS(SYS_socket, 12), /* AF_VSOCK and AF_ALG are in no namespace: only this stops them */
	ARGUMENT(0),
	IF(AF_UNIX, 10),
	IF(AF_INET, 4),
	IF(AF_INET6, 3),
	UNLESS(AF_NETLINK, 6),
	ARGUMENT(2),
	UNLESS(0, 4), /* NETLINK_ROUTE: getifaddrs(3) */
	ARGUMENT(2),
	IF(0, 3),
	IF(IPPROTO_TCP, 2),
	IF(IPPROTO_UDP, 1),
	ANSWER(EAFNOSUPPORT),
	ALLOW,
};
/* clang-format on */

int filter_install_arguments(struct err *e)
{
	struct sock_filter copy[count_of(arguments)];
	struct filter f = { .code = copy, .count = count_of(arguments) };
	size_t i;

	for (i = 0; i < count_of(arguments); i++)
		copy[i] = arguments[i];
	return filter_install(&f, e);
}

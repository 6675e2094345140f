/*
 * Calls that exist inside, but not with every argument: one block a call, at the head of the agent's
 * program, by hand. Every comparison is of the low 32 bits, which is all the kernel looks at in these
 * arguments; so bits set above change nothing. Foreign entry never reaches it: the architecture is
 * asked first. A block is skipped whole when the number is not its own, and always ends in an answer:
 * so the number is still held after it, and the kernel's bitmap still knows every other call.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/scope.h"
#include "jail/filter.h"

#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "low halves of arguments come first");

/* clang-format off: one block a call, one instruction a line */
#define NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)
/* What makes or changes: O_TMPFILE without the O_DIRECTORY in it. */
#define WRITES (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))
#define TYPE_BITS 0xf
#define FCHMODAT2 452 /* Debian 12's headers know none */

#define ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n]))
#define UPPER(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n]) + 4)
#define UNLESS(v, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(v), 0, skip)
#define IF(v, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(v), skip, 0)
#define EITHER(v, then, otherwise) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(v), then, otherwise)
#define ANY(v, skip) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(v), skip, 0)
#define KEEP(v) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (uint32_t)(v))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define ASK BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)
/* The errno of agent.def's PARTLY row; filter.c makes a notification of it. */
#define ANSWER(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))

static const struct sock_filter always[] = {
	UNLESS(SYS_ioctl, 11), /* typing into, or selecting on, the operator's terminal ... */
	ARGUMENT(1),
	IF(TIOCSTI, 8),
	IF(TIOCLINUX, 7),
	IF(BTRFS_IOC_SUBVOL_CREATE, 6), /* ... and folders made, copied or removed behind Landlock's back */
	IF(BTRFS_IOC_SUBVOL_CREATE_V2, 5),
	IF(BTRFS_IOC_SNAP_CREATE, 4),
	IF(BTRFS_IOC_SNAP_CREATE_V2, 3),
	IF(BTRFS_IOC_SNAP_DESTROY, 2),
	IF(BTRFS_IOC_SNAP_DESTROY_V2, 1),
	ALLOW,
	ANSWER(EPERM),
	UNLESS(SYS_fchmod, 4), /* a file in the workspace would lend whoever runs it outside our uid: root's, if we are */
	ARGUMENT(1),
	ANY(S_ISUID, 1),
	ALLOW,
	ANSWER(EPERM),
	UNLESS(SYS_fchmodat, 4),
	ARGUMENT(2),
	ANY(S_ISUID, 1),
	ALLOW,
	ANSWER(EPERM),
#ifdef SYS_chmod
	UNLESS(SYS_chmod, 4),
	ARGUMENT(1),
	ANY(S_ISUID, 1),
	ALLOW,
	ANSWER(EPERM),
#endif
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
	UNLESS(SYS_prlimit64, 4), /* init has the same uid, and would be deaf without descriptors */
	ARGUMENT(0),
	IF(0, 1),
	ANSWER(EPERM),
	ALLOW,
	UNLESS(SYS_socketpair, 4),
	ARGUMENT(0),
	IF(AF_UNIX, 1),
	ANSWER(EAFNOSUPPORT),
	ALLOW,
	UNLESS(SYS_sendto, 4), /* a connection that no connect(2) asked for */
	ARGUMENT(3),
	ANY(MSG_FASTOPEN, 1),
	ALLOW,
	ANSWER(EOPNOTSUPP),
	UNLESS(SYS_sendmsg, 4),
	ARGUMENT(2),
	ANY(MSG_FASTOPEN, 1),
	ALLOW,
	ANSWER(EOPNOTSUPP),
	UNLESS(SYS_sendmmsg, 4),
	ARGUMENT(3),
	ANY(MSG_FASTOPEN, 1),
	ALLOW,
	ANSWER(EOPNOTSUPP),
};

/* AF_VSOCK and AF_ALG are in no namespace: only this stops them. */
static const struct sock_filter socket_in_own_net[] = {
	UNLESS(SYS_socket, 17),
	ARGUMENT(0),
	IF(AF_UNIX, 14),
	IF(AF_INET, 4),
	IF(AF_INET6, 3),
	UNLESS(AF_NETLINK, 10),
	ARGUMENT(2),
	EITHER(0, 9, 8), /* NETLINK_ROUTE: getifaddrs(3) */
	ARGUMENT(1),
	KEEP(TYPE_BITS),
	IF(SOCK_STREAM, 1), /* by protocol 0 another type would be SCTP, or a raw socket */
	UNLESS(SOCK_DGRAM, 4),
	ARGUMENT(2),
	IF(0, 3),
	IF(IPPROTO_TCP, 2),
	IF(IPPROTO_UDP, 1),
	ANSWER(EAFNOSUPPORT),
	ALLOW,
};

/* Where another list stands before ours it may have what ours has not. */
static const struct sock_filter theirs[] = {
	UNLESS(FCHMODAT2, 4),
	ARGUMENT(2),
	ANY(S_ISUID, 1),
	ALLOW,
	ANSWER(ENOSYS),
};

/* Without a network namespace nothing else would say where packets go. */
static const struct sock_filter socket_in_host_net[] = {
	UNLESS(SYS_socket, 7),
	ARGUMENT(0),
	IF(AF_UNIX, 4),
	UNLESS(AF_NETLINK, 2),
	ARGUMENT(2),
	IF(0, 1),
	ANSWER(EAFNOSUPPORT),
	ALLOW,
};

/* The same where init makes every socket that needs no connect(2) to send: reaching.h. */
static const struct sock_filter socket_by_init[] = {
	UNLESS(SYS_socket, 24),
	ARGUMENT(0),
	IF(AF_UNIX, 15),
	IF(AF_INET, 4),
	IF(AF_INET6, 3),
	UNLESS(AF_NETLINK, 17),
	ARGUMENT(2),
	EITHER(0, 16, 15),
	ARGUMENT(1),
	KEEP(TYPE_BITS),
	IF(SOCK_STREAM, 4),
	UNLESS(SOCK_DGRAM, 11),
	ARGUMENT(2),
	IF(0, 8),
	EITHER(IPPROTO_UDP, 7, 8),
	ARGUMENT(2),
	IF(0, 7),
	EITHER(IPPROTO_TCP, 6, 5),
	ARGUMENT(1),
	KEEP(TYPE_BITS),
	IF(SOCK_STREAM, 3),
	EITHER(SOCK_SEQPACKET, 2, 0),
	ASK,
	ANSWER(EAFNOSUPPORT),
	ALLOW,
};

/* And where there is no network at all. */
static const struct sock_filter local_by_init[] = {
	UNLESS(SYS_socket, 12),
	ARGUMENT(0),
	IF(AF_UNIX, 3),
	UNLESS(AF_NETLINK, 7),
	ARGUMENT(2),
	EITHER(0, 6, 5),
	ARGUMENT(1),
	KEEP(TYPE_BITS),
	IF(SOCK_STREAM, 3),
	EITHER(SOCK_SEQPACKET, 2, 0),
	ASK,
	ANSWER(EAFNOSUPPORT),
	ALLOW,
};

/* What init does, or refuses, in the program's place; a datagram pair would send to any name. */
static const struct sock_filter reaches[] = {
	UNLESS(SYS_connect, 1),
	ASK,
	UNLESS(SYS_bind, 1),
	ASK,
	UNLESS(SYS_listen, 1),
	ASK,
	UNLESS(SYS_sendto, 8),
	ARGUMENT(3),
	ANY(MSG_FASTOPEN, 5),
	ARGUMENT(4),
	UNLESS(0, 3),
	UPPER(4),
	UNLESS(0, 1),
	ALLOW,
	ASK,
	UNLESS(SYS_socketpair, 8),
	ARGUMENT(0),
	UNLESS(AF_UNIX, 4),
	ARGUMENT(1),
	KEEP(TYPE_BITS),
	IF(SOCK_STREAM, 2),
	IF(SOCK_SEQPACKET, 1),
	ANSWER(EAFNOSUPPORT),
	ALLOW,
};

/* Only what may make or change a file costs a question; reading stays as fast as it was. */
static const struct sock_filter opens[] = {
	UNLESS(SYS_openat, 4),
	ARGUMENT(2),
	ANY(WRITES, 1),
	ALLOW,
	ASK,
#ifdef SYS_open
	UNLESS(SYS_open, 4),
	ARGUMENT(1),
	ANY(WRITES, 1),
	ALLOW,
	ASK,
#endif
};
/* clang-format on */

_Static_assert(count_of(always) + count_of(reaches) + count_of(socket_by_init) + count_of(opens) +
			       count_of(theirs) <=
		       FILTER_ARGUMENTS,
	       "filter.c leaves room for all blocks");

static size_t append(struct sock_filter *code, size_t at, const struct sock_filter *block, size_t count)
{
	memcpy(code + at, block, count * sizeof(*block));
	return at + count;
}

static size_t append_sockets(struct sock_filter *code, size_t at, const struct filter_want *want)
{
	if (want->reach) {
		at = append(code, at, reaches, count_of(reaches));
		return want->own_net ? append(code, at, socket_by_init, count_of(socket_by_init))
				     : append(code, at, local_by_init, count_of(local_by_init));
	}
	return want->own_net ? append(code, at, socket_in_own_net, count_of(socket_in_own_net))
			     : append(code, at, socket_in_host_net, count_of(socket_in_host_net));
}

size_t filter_arguments(struct sock_filter *code, const struct filter_want *want)
{
	size_t at = 0;

	if (want->names)
		at = append(code, at, opens, count_of(opens));
	if (want->theirs)
		at = append(code, at, theirs, count_of(theirs));
	at = append_sockets(code, at, want);
	return append(code, at, always, count_of(always));
}

/*
 * Every address is local: what a program in the jail connects to, wherever that is, ends at our own ears or is
 * refused there and then. What it sends comes from 127.0.0.1, so that nothing ever connects to itself by chance.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/inside.h"

struct request {
	struct nlmsghdr head;
	struct rtmsg route;
	char room[64];
};

struct answer {
	struct nlmsghdr head;
	struct nlmsgerr error;
};

static void add(struct request *r, unsigned short type, const void *value, size_t size)
{
	struct rtattr *a = (struct rtattr *)(void *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	must(NLMSG_ALIGN(r->head.nlmsg_len) + RTA_SPACE(size) <= sizeof(*r));
	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(a), value, size);
	r->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

/* 0, or the errno that the kernel answered. */
static int ask(int fd, const struct request *r)
{
	struct answer a = { 0 };

	if (send(fd, r, r->head.nlmsg_len, 0) < 0 || recv(fd, &a, sizeof(a), 0) < (ssize_t)sizeof(a.head))
		return errno;
	return a.head.nlmsg_type == NLMSG_ERROR ? -a.error.error : EPROTO;
}

/* All of one family; the kernel's own routes, of 127.0.0.0/8 and ::1, are narrower and stay in force. */
static struct request all_of(unsigned char family)
{
	struct request r = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
				       .nlmsg_type = RTM_NEWROUTE,
				       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE },
			     .route = { .rtm_family = family,
					.rtm_table = RT_TABLE_LOCAL,
					.rtm_protocol = RTPROT_STATIC,
					.rtm_scope = RT_SCOPE_HOST,
					.rtm_type = RTN_LOCAL } };
	const int lo = (int)if_nametoindex("lo");

	add(&r, RTA_OIF, &lo, sizeof(lo));
	return r;
}

/* Without IPv6, or where it is switched off, its addresses stay unreachable: that is as good as refused. */
static bool has_none(int why)
{
	return why == EAFNOSUPPORT || why == EOPNOTSUPP || why == EACCES || why == ENODEV;
}

int routes_all_local(struct err *e)
{
	scoped(fd) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const struct in_addr self = { .s_addr = htonl(INADDR_LOOPBACK) };
	struct request four = all_of(AF_INET), six = all_of(AF_INET6);

	if (fd < 0)
		return err_sys(e, "netlink");
	add(&four, RTA_PREFSRC, &self, sizeof(self));
	errno = ask(fd, &four);
	if (errno)
		return err_sys(e, "route of all addresses to lo");
	errno = ask(fd, &six);
	if (errno && !has_none(errno))
		return err_sys(e, "route of all IPv6 addresses to lo");
	return 0;
}

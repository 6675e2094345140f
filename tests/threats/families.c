/* Families of sockets, several of which are in no namespace: THREATS 11. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "threat.h"

/* "FAMILY TYPE PROTOCOL" */
static int opens(const char *on)
{
	int family, type, protocol;

	if (sscanf(on, "%d %d %d", &family, &type, &protocol) != 3)
		return BROKEN;
	return told(socket(family, type, protocol));
}

static int opens_with_high_bits(const char *on)
{
	return told(syscall(SYS_socket, (1ul << 32) | strtoul(on, NULL, 10), SOCK_STREAM, 0));
}

static int pairs(const char *on)
{
	int fds[2];

	return told(socketpair(atoi(on), SOCK_STREAM, 0, fds));
}

/* Whatever the kernel knows or will know, of every type: nothing but the four of agent programs. */
static int every_other(const char *on)
{
	int family, type;

	(void)on;
	for (family = 0; family < 64; family++)
		for (type = 1; type <= 10; type++)
			if (family != AF_UNIX && family != AF_INET && family != AF_INET6 && family != AF_NETLINK &&
			    socket(family, type, 0) >= 0)
				return OUT;
	return errno;
}

static int every_netlink(const char *on)
{
	int protocol;

	(void)on;
	for (protocol = 1; protocol < 64; protocol++)
		if (socket(AF_NETLINK, SOCK_RAW, protocol) >= 0)
			return OUT;
	return errno;
}

#define REFUSED EAFNOSUPPORT, 0, "socket", NULL

static const struct attempt attempts[] = {
	{ "VSOCK", opens, "40 1 0", REFUSED },
	{ "VSOCK datagrams", opens, "40 2 0", REFUSED },
	{ "VSOCK with high bits set", opens_with_high_bits, "40", REFUSED },
	{ "ALG", opens, "38 5 0", REFUSED },
	{ "PACKET", opens, "17 3 768", REFUSED },
	{ "PACKET, cooked", opens, "17 2 0", REFUSED },
	{ "XDP", opens, "44 3 0", REFUSED },
	{ "TIPC", opens, "30 5 0", REFUSED },
	{ "Bluetooth", opens, "31 3 1", REFUSED },
	{ "CAN", opens, "29 3 1", REFUSED },
	{ "KEY", opens, "15 3 2", REFUSED },
	{ "RDS", opens, "21 5 0", REFUSED },
	{ "SMC", opens, "43 1 0", REFUSED },
	{ "QIPCRTR", opens, "42 2 0", REFUSED },
	{ "MPTCP", opens, "2 1 262", REFUSED },
	{ "MPTCP over IPv6", opens, "10 1 262", REFUSED },
	{ "SCTP", opens, "2 1 132", REFUSED },
	{ "SCTP one to many", opens, "2 5 132", REFUSED },
	{ "DCCP", opens, "2 6 33", REFUSED },
	{ "UDP-Lite", opens, "2 2 136", REFUSED },
	{ "ping", opens, "2 2 1", REFUSED },
	{ "ping over IPv6", opens, "10 2 58", REFUSED },
	{ "raw IP", opens, "2 3 255", REFUSED },
	{ "raw ICMP", opens, "2 3 1", REFUSED },
	{ "netlink of audit", opens, "16 3 9", REFUSED },
	{ "netlink of device events", opens, "16 3 15", REFUSED },
	{ "netlink of the firewall", opens, "16 3 12", REFUSED },
	{ "generic netlink", opens, "16 3 16", REFUSED },
	{ "every other family", every_other, NULL, REFUSED },
	{ "every other netlink", every_netlink, NULL, REFUSED },
	{ "a pair of TIPC", pairs, "30", EAFNOSUPPORT, 0, "socketpair", NULL },
	{ "rtnetlink lists addresses", opens, "16 3 0", WORKED, 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}

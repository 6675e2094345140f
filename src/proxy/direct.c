/* Programs that know no proxy: the address they connected to is ours, and says whom they meant. And unix sockets. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "proxy/proxy.h"

static void opened(struct proxy *p, struct link *l)
{
	l->look = l->host ? LOOK_FIRST : LOOK_NONE;
	link_open(p, l);
}

static void denied(struct proxy *p, struct link *l, const struct answer *x)
{
	(void)x;
	link_die(p, l, true);
}

static const struct manner directly = { .opened = opened, .denied = denied };

static bool whom(struct egress_host *out, uint16_t *port, int fd)
{
	union { struct sockaddr any; struct sockaddr_in four; struct sockaddr_in6 six; } at = { .six = { 0 } };
	socklen_t size = sizeof(at);
	uint8_t bytes[16] = { [10] = 0xff, [11] = 0xff };

	if (getsockname(fd, &at.any, &size) < 0)
		return false;
	*port = ntohs(at.any.sa_family == AF_INET ? at.four.sin_port : at.six.sin6_port);
	if (at.any.sa_family == AF_INET)
		memcpy(bytes + 12, &at.four.sin_addr, 4);
	else
		memcpy(bytes, &at.six.sin6_addr, 16);
	address_host(out, bytes);
	return true;
}

void ear_direct(struct proxy *p, struct ear *ear, int fd)
{
	struct egress_host host;
	uint16_t port = ear->port;
	bool known = whom(&host, &port, fd);

	direct_begin(p, fd, known ? &host : NULL, port);
}

void direct_begin(struct proxy *p, int fd, const struct egress_host *host, uint16_t port)
{
	struct link *l = link_new(p, fd, &directly, NET_DIRECTLY);
	struct net_ask q;

	if (!l)
		return;
	if (!host || !link_judge(p, l, host, port)) {
		link_fault(p, l, "an address of 198.18.0.0/15 that stands for no name");
		return;
	}
	q = net_ask_of(l, "tcp");
	if (!l->busy && hand_is_for(p, l->host, port))
		hand_over(p, l);
	else
		link_ask(p, l, &q);
}

void ear_unix(struct proxy *p, struct ear *ear, int fd)
{
	struct link *l = link_new(p, fd, &directly, NET_BY_UNIX);
	struct net_ask q;

	if (!l)
		return;
	q = net_ask_of(l, "unix");
	snprintf(q.path, sizeof(q.path), "%s", ear->path);
	link_ask(p, l, &q);
}

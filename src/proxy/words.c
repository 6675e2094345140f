/*
 * What the agent has said, as it lies in the socket. It is looked at there, so that who says little costs no memory; but
 * it may be a page that the agent can still write (vmsplice, sendfile), so what is decided by it is decided by a copy,
 * and the copy is what goes on.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "proxy/proxy.h"

ssize_t link_peek(struct proxy *p, struct link *l)
{
	struct end *from = &l->ends[AGENT];
	ssize_t got = recv(from->watch.fd, p->bytes, sizeof(p->bytes), MSG_PEEK | MSG_DONTWAIT);

	if (got >= 0)
		return got;
	from->readable = errno == EINTR;
	if (errno != EAGAIN && errno != EINTR)
		link_over(p, l, &(struct net_over){ .status = "cancelled", .why = "the program broke it off" });
	return -1;
}

bool link_take(struct proxy *p, struct link *l, size_t size)
{
	must(size <= sizeof(p->bytes));
	return recv(l->ends[AGENT].watch.fd, p->bytes, size, MSG_DONTWAIT) == (ssize_t)size;
}

/* At once or not at all: what we say ourselves is small, and the first that it is told. */
void link_say(struct proxy *p, struct link *l, const void *bytes, size_t size)
{
	if (send(l->ends[AGENT].watch.fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size)
		link_die(p, l, true);
}

/* The host it is judged by: an address that stands for a name means that name. */
bool link_judge(struct proxy *p, struct link *l, const struct egress_host *h, uint16_t port)
{
	uint32_t number;

	free(l->host);
	l->port = port;
	l->host = malloc(sizeof(*l->host));
	if (!l->host)
		return false;
	*l->host = *h;
	if (!name_is_stand_in(h, &number))
		return true;
	if (number >= p->names.count)
		return false;
	return egress_host(l->host, p->names.all[number]->text, strlen(p->names.all[number]->text), false);
}

/* Connections that were stopped on their way (notify.c): asked about as others, and carried once they are open. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "proxy/proxy.h"

static void tell(struct proxy *p, struct link *l, int error)
{
	struct carry_from *who = take(&l->more);

	if (!who)
		return;
	who->done(p, who->who, error);
	free(who);
}

static void opened(struct proxy *p, struct link *l)
{
	tell(p, l, 0);
	l->look = l->host ? LOOK_FIRST : LOOK_NONE;
	link_open(p, l);
}

static void denied(struct proxy *p, struct link *l, const struct answer *x)
{
	tell(p, l, net_no_errno(x));
	link_die(p, l, true);
}

/* It hung up while it was being asked about. */
static void died(struct proxy *p, struct link *l)
{
	tell(p, l, ECONNABORTED);
}

static const struct manner carried = { .opened = opened, .denied = denied, .died = died };

static bool know(struct link *l, const struct net_ask *q, const struct carry_from *who)
{
	struct carry_from *kept = malloc(sizeof(*kept));

	if (!kept)
		return false;
	*kept = *who;
	l->more = kept;
	l->port = q->port;
	if (!q->host[0])
		return true;
	l->host = malloc(sizeof(*l->host));
	return l->host && egress_host(l->host, q->host, strlen(q->host), false);
}

void carry_begin(struct proxy *p, int agent_fd, const struct net_ask *q, const struct carry_from *who)
{
	struct net_ask asked = *q;
	struct link *l = NULL;

	if (fcntl(agent_fd, F_SETFL, O_NONBLOCK) == 0)
		l = link_new(p, agent_fd, &carried, q->way);
	else
		fd_close(&agent_fd);
	if (!l) {
		who->done(p, who->who, EAGAIN);
	} else if (know(l, q, who)) {
		link_ask(p, l, &asked);
	} else {
		if (!l->more)
			who->done(p, who->who, ENOMEM);
		link_die(p, l, true);
	}
}

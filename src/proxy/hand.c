/* Connections for hosts that the profile names are the inspector's, from the agent's first word of TLS on. */
#include <string.h>

#include "base/fd.h"
#include "proxy/proxy.h"

enum { HTTPS = 443, HAND_MOST = 512 };

bool hand_is_for(const struct proxy *p, const struct egress_host *h, uint16_t port)
{
	size_t i;

	if (port != HTTPS || h->bits || !p->inspector.open)
		return false;
	for (i = 0; i < p->inspected.count; i++)
		if (egress_matches(p->inspected.text[i], h->text))
			return true;
	return false;
}

void hand_over(struct proxy *p, struct link *l)
{
	uint8_t room[HAND_MOST];
	struct pack body = { .at = room, .room = sizeof(room) };
	int fd;

	if (l->state == LINK_DEAD)
		return;
	fd = proxy_leave(p, &l->ends[AGENT].watch);
	pack_text(&body, l->host->text, strlen(l->host->text));
	pack_number(&body, l->port, 2);
	pack_number(&body, l->way, 1);
	pack_text(&body, "", 0);
	(void)!post(p, &p->inspector, MSG_HAND, 0, &body, fd);
	link_die(p, l, false);
}

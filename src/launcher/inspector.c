/*
 * The inspector, in a run whose profile names hosts to look into. It is started before the jail is built, because
 * the jail's trust store needs its certificate; it is told credentials by sealed descriptor, which nobody else has.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "json/json.h"
#include "launcher/run.h"

enum { AUTHORITY_MS = 10000, AUTHORITIES_MOST = 1 << 20 };

static bool is_wanted(const struct run *r, struct profile_network *n)
{
	profile_network(n, r->ask->profile);
	return net_wanted(r) && json_array_size(n->inspect) > 0;
}

static int tell_credentials(struct run *r, struct err *e)
{
	struct profile_credential c;
	const struct secret *s;
	uint8_t body[1024];
	size_t n;

	for (n = 0; profile_credential(&c, r->ask->profile, n); n++) {
		struct pack b = { .at = body, .room = sizeof(body) };
		scoped(fd) int fd = -1;

		s = secrets_of_credential(r->ask->secrets, n);
		must(s);
		pack_text(&b, c.host, strlen(c.host));
		pack_text(&b, c.name, strlen(c.name));
		pack_text(&b, c.placeholder, strlen(c.placeholder));
		must(!b.over);
		if (fd_of_bytes(&fd, "credential", s->bytes, s->size, e) < 0 ||
		    wire_send(&r->inspector, MSG_CREDENTIAL, 0, body, b.size, &fd, 1, e) < 0)
			return -1;
	}
	return 0;
}

static int tell_trust(struct run *r, const struct profile_network *n, struct err *e)
{
	scoped(mem) char *pem = NULL;
	scoped(fd) int fd = -1;
	size_t size = 0;

	if (!n->authorities)
		return 0;
	if (fd_read_file(&pem, &size, n->authorities, AUTHORITIES_MOST, e) < 0 ||
	    fd_of_bytes(&fd, "authorities", pem, size, e) < 0)
		return -1;
	return wire_send(&r->inspector, MSG_TRUST, 0, NULL, 0, &fd, 1, e);
}

static int send_hosts(struct wire *to, const struct profile_network *n, int fd, struct err *e)
{
	uint8_t body[NET_TEXTS];
	struct pack b = { .at = body, .room = sizeof(body) };

	if (net_pack(&b, n->inspect, "inspect", e) < 0)
		return -1;
	return wire_send(to, MSG_INSPECT, 0, body, b.size, &fd, 1, e);
}

int inspector_begin(struct run *r, struct err *e)
{
	scoped(fd) int its = -1;
	struct profile_network n;
	int ends[2];

	if (!is_wanted(r, &n))
		return 0;
	if (net_start(&r->inspector_pid, &r->inspector, r, "reeve-inspector", e) < 0 || wire_pair(ends, e) < 0)
		return err_in(e, "inspector");
	r->hands = ends[0];
	its = ends[1];
	if (tell_credentials(r, e) < 0 || tell_trust(r, &n, e) < 0 || send_hosts(&r->inspector, &n, its, e) < 0)
		return err_in(e, "inspector");
	return 0;
}

static int hear_authority(struct run *r, struct err *e)
{
	struct pollfd in = { .fd = r->inspector.fd, .events = POLLIN };
	struct unpack u;
	scoped(mem) char *pem = NULL;
	int got;

	if (poll(&in, 1, AUTHORITY_MS) == 0)
		return err_set(e, ERR_PEER, "it does not get ready");
	got = wire_receive(&r->inspector, &r->msg, true, e);
	if (got != WIRE_MESSAGE || r->msg.type != MSG_AUTHORITY)
		return got < 0 ? -1 : err_set(e, ERR_PEER, "it ended before it was ready; its last words are above");
	pem = calloc(1, r->msg.size + 1);
	u = (struct unpack){ .at = r->msg.body, .left = r->msg.size };
	if (!pem || !unpack_copy(&u, pem, r->msg.size + 1) || !unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed AUTHORITY");
	return jail_plan_trust(&r->plan, pem, e);
}

int inspector_authority(struct run *r, struct err *e)
{
	if (r->inspector.fd < 0)
		return 0;
	return hear_authority(r, e) < 0 ? err_in(e, "inspector") : 0;
}

int inspector_tell(struct run *r, struct err *e)
{
	struct profile_network n;
	uint8_t body[1];
	struct pack b = { .at = body, .room = sizeof(body) };
	int done;

	if (r->inspector.fd < 0)
		return 0;
	profile_network(&n, r->ask->profile);
	done = send_hosts(&r->proxy, &n, r->hands, e);
	fd_close(&r->hands);
	if (done < 0)
		return -1;
	pack_number(&b, n.ech, 1);
	return net_join(r, MSG_CARRIER, &r->inspector, MSG_CARRY, &b, e) < 0 ? err_in(e, "inspector") : 0;
}

int inspector_await(struct run *r, struct err *e)
{
	return r->inspector.fd < 0 ? 0 : net_ready(r, &r->inspector, MSG_CARRYING, "inspector", e);
}

/*
 * The network of a run, where it has one: reeve-proxy hears programs in the jail, reeve-dialer reaches out for
 * them, and the broker stands between the two. Each is started before the jail is built, and told when it stands
 * what it will ever know. The launcher hears no more of them than that they are ready, and their end.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "json/json.h"
#include "launcher/run.h"

enum { READY_MS = 10000 };

bool net_wanted(const struct run *r)
{
	return r->plan.spec.ear_count > 0;
}

int net_start(pid_t *pid, struct wire *wire, const struct run *r, const char *program, struct err *e)
{
	const char *const argv[] = { program, NULL };
	scoped(fd) int its = -1;
	int fds[2];

	if (wire_pair(fds, e) < 0)
		return -1;
	wire->fd = fds[0];
	its = fds[1];
	return spawn_own(pid, r, argv, its, true, e);
}

int net_begin(struct run *r, struct err *e)
{
	if (!net_wanted(r))
		return 0;
	if (net_start(&r->dialer_pid, &r->dialer, r, "reeve-dialer", e) < 0)
		return -1;
	return net_start(&r->proxy_pid, &r->proxy, r, "reeve-proxy", e);
}

int net_join(struct run *r, enum msg_type broker, struct wire *other, enum msg_type type, const struct pack *body,
	     struct err *e)
{
	int ways[2], done;

	if (wire_pair(ways, e) < 0)
		return -1;
	done = wire_send(&r->broker, broker, 0, NULL, 0, &ways[0], 1, e);
	if (done == 0)
		done = wire_send(other, type, 0, body->at, body->size, &ways[1], 1, e);
	fd_close(&ways[0]);
	fd_close(&ways[1]);
	return done;
}

int net_pack(struct pack *out, const json_t *texts, const char *member, struct err *e)
{
	size_t count = json_array_size(texts), i;
	const char *text;

	pack_number(out, count, 2);
	for (i = 0; i < count; i++) {
		text = json_string_value(json_array_get(texts, i));
		pack_text(out, text, strlen(text));
	}
	if (out->over || count > UINT16_MAX)
		return err_set(e, ERR_LIMIT, "\"%s\": more than can be told", member);
	return 0;
}

static int tell_dialer(struct run *r, const struct profile_network *n, struct err *e)
{
	uint8_t body[NET_TEXTS];
	struct pack b = { .at = body, .room = sizeof(body) };

	if (net_pack(&b, n->private, "private", e) < 0)
		return -1;
	return net_join(r, MSG_DIALER, &r->dialer, MSG_REACH, &b, e);
}

/*
 * What comes in where; or, in a network that others share, what init stops on its way. The sockets are the proxy's from
 * now on, and nobody else's.
 */
static int tell_ears(struct run *r, struct err *e)
{
	static const struct jail_hearing by_init = { .kind = EAR_NOTIFY };
	const bool own = r->agent.layers[LAYER_NET].obtained;
	const struct jail_spec *spec = &r->plan.spec;
	const size_t count = own ? spec->ear_count : 1;
	uint8_t body[512];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct jail_hearing *h = own ? &spec->ears[i] : &by_init;
		struct pack b = { .at = body, .room = sizeof(body) };

		pack_number(&b, h->kind, 1);
		pack_number(&b, h->port, 2);
		pack_text(&b, h->path ? h->path : "", h->path ? strlen(h->path) : 0);
		must(!b.over && r->agent.ears[i] >= 0);
		if (wire_send(&r->proxy, MSG_HEAR, 0, body, b.size, &r->agent.ears[i], 1, e) < 0)
			return -1;
		fd_close(&r->agent.ears[i]);
	}
	return 0;
}

static int tell_proxy(struct run *r, const struct profile_network *n, struct err *e)
{
	uint8_t body[16];
	struct pack b = { .at = body, .room = sizeof(body) };

	pack_number(&b, n->ech, 1);
	if (tell_ears(r, e) < 0 || inspector_tell(r, e) < 0)
		return -1;
	return net_join(r, MSG_CARRIER, &r->proxy, MSG_CARRY, &b, e);
}

int net_tell(struct run *r, struct err *e)
{
	struct profile_network n;

	if (!net_wanted(r))
		return 0;
	profile_network(&n, r->ask->profile);
	if (tell_dialer(r, &n, e) < 0)
		return err_in(e, "dialer");
	return tell_proxy(r, &n, e) < 0 ? err_in(e, "proxy") : 0;
}

int net_ready(struct run *r, struct wire *w, enum msg_type ready, const char *name, struct err *e)
{
	struct pollfd in = { .fd = w->fd, .events = POLLIN };
	int got;

	if (poll(&in, 1, READY_MS) == 0)
		return err_set(e, ERR_PEER, "%s: it does not get ready", name);
	got = wire_receive(w, &r->msg, true, e);
	if (got == WIRE_MESSAGE && r->msg.type == ready) {
		w->now = PHASE_RUNNING;
		return 0;
	}
	return got < 0 ? err_in(e, "%s", name) : err_set(e, ERR_PEER, "%s: it ended before it was ready", name);
}

int net_await(struct run *r, struct err *e)
{
	if (!net_wanted(r))
		return 0;
	if (net_ready(r, &r->dialer, MSG_DIALING, "dialer", e) < 0)
		return -1;
	return net_ready(r, &r->proxy, MSG_CARRYING, "proxy", e);
}

int net_hear(struct run *r, struct wire *w, const char *name, struct err *e)
{
	int got = wire_receive(w, &r->msg, false, e);

	if (got == WIRE_LATER)
		return 0;
	return got < 0 ? err_in(e, "%s", name)
		       : err_set(e, ERR_PEER, "the %s ended: nobody carries the agent's connections any more", name);
}

/* A program says of a refusal what it likes, or nothing: here the operator learns that there was one. */
void net_tell_unmade(const struct run *r)
{
	const bool other = strcmp(r->ask->tenant, "default") != 0;

	if (r->unmade.refused + r->unmade.failed == 0)
		return;
	log_say("connections: %llu refused, %llu failed. Which, and why: reeve net log %s%s%s%llu",
		(unsigned long long)r->unmade.refused, (unsigned long long)r->unmade.failed, other ? "--tenant " : "",
		other ? r->ask->tenant : "", other ? " " : "", (unsigned long long)r->index);
}

static void end(pid_t *pid, struct wire *w)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
	}
	*pid = -1;
	fd_close(&w->fd);
}

void net_end(struct run *r)
{
	end(&r->proxy_pid, &r->proxy);
	end(&r->inspector_pid, &r->inspector);
	fd_close(&r->hands);
	end(&r->dialer_pid, &r->dialer);
}

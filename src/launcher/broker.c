#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "launcher/run.h"

enum { READY_MS = 10000, JOINED = 0xffff, LISTENERS = TOOLS_SERVERS + 1 };

static int tell_policies(struct run *r, struct err *e)
{
	uint8_t body[512];
	size_t i;

	for (i = 0; i < r->ask->policy.count; i++) {
		const struct policy_bytes *p = &r->ask->policy.at[i];
		struct pack b = { .at = body, .room = sizeof(body) };
		scoped(fd) int fd = -1;

		pack_text(&b, p->name, strlen(p->name));
		if (b.over)
			return err_set(e, ERR_LIMIT, "policy %.64s…: too long a name", p->name);
		if (fd_of_bytes(&fd, "policy", p->bytes, p->size, e) < 0 ||
		    wire_send(&r->broker, MSG_POLICY, 0, body, b.size, &fd, 1, e) < 0)
			return -1;
	}
	return 0;
}

/* Who the run is of and for: what its policies may ask about. */
static int tell_about(struct run *r, struct err *e)
{
	const struct run_request *ask = r->ask;
	const char *const parties[PARTIES] = {
		[PARTY_AGENT] = ask->agent,	      [PARTY_OWNER] = ask->owner,
		[PARTY_TENANT] = ask->tenant,	      [PARTY_DEPARTMENT] = ask->department,
		[PARTY_ENVIRONMENT] = ask->environment, [PARTY_INITIATOR] = ask->initiator,
		[PARTY_WORKSPACE] = ask->place.workspace, [PARTY_MODEL] = ask->model,
	};
	uint8_t body[8192];
	struct pack b = { .at = body, .room = sizeof(body) };
	int i;

	for (i = 0; i < PARTIES; i++) {
		pack_number(&b, parties[i] != NULL, 1);
		if (parties[i])
			pack_text(&b, parties[i], strlen(parties[i]));
	}
	if (b.over)
		return err_set(e, ERR_LIMIT, "who and where this run is: more than %zu bytes", sizeof(body));
	return wire_send(&r->broker, MSG_ABOUT, 0, body, b.size, NULL, 0, e);
}

static void pack_resources(struct pack *b, const struct tools *t, size_t server)
{
	const char *tool, *pointer;
	size_t count = 0, i;

	while (tools_server_resource(t, server, count, &tool, &pointer))
		count++;
	pack_number(b, count, 2);
	for (i = 0; i < count; i++) {
		tools_server_resource(t, server, i, &tool, &pointer);
		pack_text(b, tool, strlen(tool));
		pack_text(b, pointer, strlen(pointer));
	}
}

static void pack_life(struct pack *b, const struct tools *t, size_t server)
{
	struct tools_life life;

	tools_server_life(&life, t, server);
	pack_number(b, life.deadline_ms, 4);
	pack_number(b, life.start_ms, 4);
	pack_number(b, life.idle_ms, 4);
	pack_number(b, life.rest_ms, 4);
	pack_number(b, (life.unpinned ? 1U : 0U) | (life.payloads ? 2U : 0U), 1);
}

static int tell_server(struct run *r, size_t server, struct err *e)
{
	const struct tools *t = r->ask->tools;
	const char *name = tools_server_name(t, server);
	struct buf list = BUF(1 << 20);
	uint8_t body[65536];
	struct pack b = { .at = body, .room = sizeof(body) };
	scoped(fd) int fd = -1;
	int done;

	pack_number(&b, tools_server_kind(t, server), 2);
	pack_text(&b, name, strlen(name));
	pack_life(&b, t, server);
	pack_resources(&b, t, server);
	if (b.over)
		return err_set(e, ERR_LIMIT, "tool server %s: too many resources", name);
	done = tools_server_kind(t, server) == TOOLS_EXEC ? tools_exec_list(&list, t, server, e)
							  : 0;
	if (done == 0)
		done = fd_of_bytes(&fd, name, list.data ? list.data : "", list.size, e);
	buf_free(&list);
	if (done < 0)
		return -1;
	return wire_send(&r->broker, MSG_SERVER, 0, body, b.size, &fd, 1, e);
}

static int send_catalogue(struct run *r, size_t server, const char *name, const char *bytes, size_t size,
			  struct err *e)
{
	const char *digest = tools_digest(r->ask->tools);
	uint8_t body[1024];
	struct pack b = { .at = body, .room = sizeof(body) };
	scoped(fd) int fd = -1;

	pack_number(&b, server, 2);
	pack_number(&b, r->ask->show_fd > 0, 1);
	pack_text(&b, name, strlen(name));
	pack_text(&b, digest, strlen(digest));
	if (b.over)
		return err_set(e, ERR_LIMIT, "catalogue %.64s…: too long a name", name);
	if (fd_of_bytes(&fd, "catalogue", bytes, size, e) < 0)
		return -1;
	return wire_send(&r->broker, MSG_CATALOGUE, 0, body, b.size, &fd, 1, e);
}

/* What is known of each server: nothing, or the files about it. */
static int tell_catalogues(struct run *r, struct err *e)
{
	const struct catalogue_bytes *c;
	size_t i, j;

	for (i = 0; i < tools_count(r->ask->tools); i++) {
		if (send_catalogue(r, i, "", "", 0, e) < 0)
			return -1;
		for (j = 0; j < r->ask->catalogue_count; j++) {
			c = &r->ask->catalogues[j];
			if (c->server == i && send_catalogue(r, i, c->name, c->bytes, c->size, e) < 0)
				return -1;
		}
	}
	return 0;
}

/* The sockets the agent's jail listens on: one per server, in their order, then the joined one. */
static int tell_listeners(struct run *r, struct err *e)
{
	size_t count = tools_count(r->ask->tools), i;
	uint16_t server;

	for (i = 0; i <= count; i++) {
		server = i < count ? (uint16_t)i : JOINED;
		must(r->agent.listeners[i] >= 0);
		if (wire_send(&r->broker, MSG_LISTEN, 0, &server, 2, &r->agent.listeners[i], 1, e) <
		    0)
			return -1;
		fd_close(&r->agent.listeners[i]);
	}
	return 0;
}

static int keep_one(struct run *r, const char *path, bool secret, struct err *e)
{
	uint8_t body[4200];
	struct pack b = { .at = body, .room = sizeof(body) };

	pack_number(&b, secret, 1);
	pack_text(&b, path, strlen(path));
	if (b.over)
		return err_set(e, ERR_LIMIT, "%.64s…: too long a path", path);
	return wire_send(&r->broker, MSG_KEEP, 0, body, b.size, NULL, 0, e);
}

/* As it was named, and as it is; what is not there yet has only its name. */
static int keep(struct run *r, const char *path, bool secret, struct err *e)
{
	char real[PATH_MAX];

	if (path[0] == '/' && keep_one(r, path, secret, e) < 0)
		return -1;
	if (!realpath(path, real) || strcmp(real, path) == 0)
		return 0;
	return keep_one(r, real, secret, e);
}

/* What the guards keep: but for the folder of the programs, which may be everybody's. */
static int tell_kept(struct run *r, struct err *e)
{
	const char *const *at;

	for (at = r->ask->place.hidden; at && *at; at++)
		if (keep(r, *at, true, e) < 0)
			return -1;
	for (at = r->ask->place.fixed; at && *at; at++)
		if (strcmp(*at, r->at.programs) != 0 && keep(r, *at, false, e) < 0)
			return -1;
	return 0;
}

static int tell_all(struct run *r, struct err *e)
{
	scoped(fd) int ledger = -1;
	char policy[SEAL_DIGEST_TEXT];
	size_t i;

	record_policy(policy, &r->ask->policy);
	if (recorder_attach(&ledger, r, e) < 0 ||
	    wire_send(&r->broker, MSG_LEDGER, 0, &r->index, 8, &ledger, 1, e) < 0)
		return -1;
	if (tell_about(r, e) < 0 || tell_kept(r, e) < 0 || tell_policies(r, e) < 0 ||
	    known_tell(r, e) < 0)
		return -1;
	for (i = 0; i < tools_count(r->ask->tools); i++)
		if (tell_server(r, i, e) < 0)
			return -1;
	if (tell_catalogues(r, e) < 0 || bounds_tell(r, e) < 0 || prints_tell(r, e) < 0 || tell_listeners(r, e) < 0 ||
	    porter_tell(r, e) < 0 || net_tell(r, e) < 0)
		return -1;
	return wire_send_text(&r->broker, MSG_START, 0, policy, e);
}

static int await_ready(struct run *r, struct err *e)
{
	struct pollfd in = { .fd = r->broker.fd, .events = POLLIN };
	int got;

	if (poll(&in, 1, READY_MS) == 0)
		return err_set(e, ERR_PEER, "it does not get ready");
	got = wire_receive(&r->broker, &r->msg, true, e);
	if (got == WIRE_CLOSED)
		return err_set(e, ERR_PEER, "it ended before it was ready");
	if (got < 0)
		return -1;
	if (r->msg.type == MSG_REJECT)
		return err_set(e, ERR_PEER, "%.*s", (int)(r->msg.size - 4),
			       (const char *)r->msg.body + 4);
	if (r->msg.type != MSG_READY)
		return err_set(e, ERR_PEER, "%s where READY was expected", msg_name(r->msg.type));
	r->broker.now = PHASE_RUNNING;
	return 0;
}

int broker_begin(struct run *r, struct err *e)
{
	const char *const argv[] = { "reeve-broker", NULL };
	scoped(fd) int its = -1;
	int fds[2];

	if (wire_pair(fds, e) < 0)
		return -1;
	r->broker.fd = fds[0];
	its = fds[1];
	return spawn_own(&r->broker_pid, r, argv, its, true, e);
}

int broker_tell(struct run *r, struct err *e)
{
	if (tell_all(r, e) < 0 || await_ready(r, e) < 0)
		return err_in(e, "broker");
	return 0;
}

/* What the launcher tells before anything is served: ledger, policy, tool servers, sockets. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "broker/net.h"

/* As profile.h counts them. */
enum { KIND_COMMAND, KIND_EXEC, KIND_URL };

static int hear_ledger(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };

	b->run = unpack_number(&u, 8);
	if (!unpack_done(&u) || b->recorder.fd >= 0)
		return err_set(e, ERR_PEER, "malformed or second LEDGER");
	b->recorder.fd = fd_take(&m->fds[0]);
	return 0;
}

static int hear_about(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	char *at = b->about_room;
	int i;

	for (i = 0; i < PARTIES; i++) {
		if (unpack_number(&u, 1) == 0)
			continue;
		if (!unpack_copy(&u, at, (size_t)(b->about_room + sizeof(b->about_room) - at)))
			break;
		b->about.party[i] = at;
		at += strlen(at) + 1;
	}
	if (!unpack_done(&u) || b->told_about)
		return err_set(e, ERR_PEER, "malformed or second ABOUT");
	b->told_about = true;
	return 0;
}

/* From offset 0 whatever its position: the descriptor's position is shared with who sent it. */
int setup_read(struct buf *out, int fd, struct err *e)
{
	ssize_t got = 1;

	while (got > 0) {
		if (!buf_reserve(out, 65536))
			return err_set(e, ERR_LIMIT, "larger than %zu bytes", out->most - 65536);
		got = pread(fd, out->data + out->size, 65536, (off_t)out->size);
		if (got < 0)
			return err_sys(e, "read");
		out->size += (size_t)got;
	}
	return 0;
}

static int hear_policy(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	scoped(buf) struct buf bytes = BUF(POLICY_MOST + 65536);
	char name[512];

	if (!unpack_copy(&u, name, sizeof(name)) || !unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed POLICY");
	if (setup_read(&bytes, m->fds[0], e) < 0)
		return err_in(e, "policy %s", name);
	return policy_add(b->policy, name, bytes.data, bytes.size, e);
}

static int read_bounds(struct broker *b, struct unpack *u, struct err *e)
{
	uint64_t whose = unpack_number(u, 2), text = unpack_number(u, 1), result = unpack_number(u, 8);
	struct server *s = whose < b->server_count ? &b->servers[whose] : NULL;
	struct quota *q = s ? &s->quota.may : whose == JOINED ? &b->quota.may : &b->connection_quota;
	int kind;

	for (kind = 0; kind < QUOTAS; kind++)
		q->most[kind] = unpack_number(u, 8);
	if (!unpack_done(u) || (!s && whose < EACH_CONNECTION) || text > SHOW_AS_IT_IS || result > SIZE_MAX / 4)
		return err_set(e, ERR_PEER, "malformed BOUNDS");
	if (s)
		s->bounds = (struct inspect_bounds){ (enum inspect_show)text, result, 4 * result };
	return 0;
}

static int hear_bounds(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };

	return read_bounds(b, &u, e);
}

static int hear_secrets(struct broker *b, struct msg *m, struct err *e)
{
	scoped(buf) struct buf bytes = BUF(INSPECT_PRINTS + 65536);

	if (m->size > 0 || b->secrets)
		return err_set(e, ERR_PEER, "malformed or second SECRETS");
	if (setup_read(&bytes, m->fds[0], e) < 0)
		return err_in(e, "fingerprints");
	return inspect_held_load(&b->secrets, bytes.data, bytes.size, e);
}

static int read_resources(struct server *s, struct unpack *u, struct err *e)
{
	size_t count = unpack_number(u, 2), i;
	char tool[1024], pointer[4096];

	s->resources = calloc(count ? count : 1, sizeof(s->resources[0]));
	for (i = 0; s->resources && i < count; i++) {
		if (!unpack_copy(u, tool, sizeof(tool)) ||
		    !unpack_copy(u, pointer, sizeof(pointer)))
			return err_set(e, ERR_PEER, "malformed SERVER");
		s->resources[i] = (struct resource){ strdup(tool), strdup(pointer) };
		if (!s->resources[i].tool || !s->resources[i].pointer)
			return err_sys(e, "memory for resources");
	}
	s->resource_count = count;
	return s->resources ? 0 : err_sys(e, "memory for resources");
}

/* The tools of an exec server are the operator's own words, but read as strictly as anybody's. */
static int read_tools(struct server *s, int fd, struct err *e)
{
	scoped(buf) struct buf bytes = BUF(MCP_LINE + 65536);
	scoped(json) json_t *list = NULL, *seen = json_object();
	json_t *tools;

	if (setup_read(&bytes, fd, e) < 0 || json_read(&list, bytes.data, bytes.size, NULL, e) < 0)
		return err_in(e, "tools of %s", s->name);
	tools = s->lists[MCP_TOOL_LIST].items = json_array();
	if (!tools || !seen || !mcp_tools_add(tools, seen, list) ||
	    json_array_size(tools) != json_array_size(list))
		return err_set(e, ERR_INPUT,
			       "tools of %s: not a list of tools with names of their own", s->name);
	return 0;
}

static int hear_server(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	struct server *s = &b->servers[b->server_count];
	uint64_t kind = unpack_number(&u, 2);
	unsigned flags;

	if (b->server_count == SERVERS)
		return err_set(e, ERR_LIMIT, "more than %d tool servers", SERVERS);
	*s = (struct server){ .broker = b,
			      .exec = kind == KIND_EXEC,
			      .index = (uint16_t)b->server_count,
			      .in = -1,
			      .out = -1,
			      .bounds = { SHOW_VISIBLE, 1 << 20, 4 << 20 },
			      .lines = LARGE_LINES,
			      .outlet = OUTLET };
	TAILQ_INIT(&s->open);
	quota_open(&s->quota.may);
	TAILQ_INIT(&s->waiting);
	TAILQ_INIT(&s->flying);
	TAILQ_INIT(&s->asking_back);
	TAILQ_INIT(&s->parked);
	TAILQ_INIT(&s->upward);
	if (!unpack_copy(&u, s->name, sizeof(s->name)) || kind > KIND_URL)
		return err_set(e, ERR_PEER, "malformed SERVER");
	if (!text_is_name(s->name) || strstr(s->name, "__"))
		return err_set(e, ERR_INPUT, "%s cannot be the name of a tool server", s->name);
	s->deadline_ms = (unsigned)unpack_number(&u, 4);
	s->start_ms = (unsigned)unpack_number(&u, 4);
	s->idle_ms = (unsigned)unpack_number(&u, 4);
	s->rest_ms = (unsigned)unpack_number(&u, 4);
	flags = (unsigned)unpack_number(&u, 1);
	s->unpinned = flags & 1;
	s->payloads = flags & 2;
	if (read_resources(s, &u, e) < 0)
		return -1;
	if (!unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed SERVER");
	if (s->exec && read_tools(s, m->fds[0], e) < 0)
		return -1;
	b->server_count++;
	return 0;
}

/* Files about a server that were read already, by who wants a sentence with a place if they are wrong. */
static int hear_catalogue(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	scoped(buf) struct buf bytes = BUF(CATALOGUE_MOST + 65536);
	uint64_t server = unpack_number(&u, 2);
	struct server *s = &b->servers[server < b->server_count ? server : 0];
	char name[512];

	b->show = unpack_number(&u, 1) == 1;
	if (!unpack_copy(&u, name, sizeof(name)) ||
	    !unpack_copy(&u, b->tools_digest, sizeof(b->tools_digest)) || !unpack_done(&u) ||
	    server >= b->server_count)
		return err_set(e, ERR_PEER, "malformed CATALOGUE");
	if (!s->catalogue && catalogue_new(&s->catalogue, s->name, e) < 0)
		return -1;
	if (!name[0])
		return 0;
	if (setup_read(&bytes, m->fds[0], e) < 0)
		return err_in(e, "catalogue %s", name);
	return catalogue_add(s->catalogue, name, bytes.data, bytes.size, e);
}

static int hear_listen(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t server = unpack_number(&u, 2);
	struct listener *l = &b->listeners[b->listener_count];

	if (!unpack_done(&u) || (server != JOINED && server >= b->server_count))
		return err_set(e, ERR_PEER, "malformed LISTEN");
	if (b->listener_count == count_of(b->listeners))
		return err_set(e, ERR_LIMIT, "more than %zu sockets", count_of(b->listeners));
	*l = (struct listener){ b, fd_take(&m->fds[0]),
				server == JOINED ? NULL : &b->servers[server] };
	b->listener_count++;
	return fcntl(l->fd, F_SETFL, O_NONBLOCK) < 0 ? err_sys(e, "a listening socket") : 0;
}

static int hear_porter(struct broker *b, struct msg *m, struct err *e)
{
	if (b->porter.fd >= 0)
		return err_set(e, ERR_PEER, "second PORTER");
	b->porter.fd = fd_take(&m->fds[0]);
	return 0;
}

/* What cannot be believed is no reason not to run: what rules ask of it is then not known, and they refuse. */
static int hear_history(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	char boot[41] = "";

	if ((m->size > 0 && !unpack_copy(&u, boot, sizeof(boot))) || !unpack_done(&u) || b->history)
		return err_set(e, ERR_PEER, "malformed or second HISTORY");
	if (history_open(&b->history, m->fds[0], boot, history_now(), e) < 0)
		return -1;
	if (history_doubt(b->history))
		log_say("the history of this agent cannot be believed: %s. Rules that ask about earlier runs refuse, and no "
			"risk is known, until it is moved away: reeve-policy(5), ACROSS RUNS",
			history_doubt(b->history));
	return 0;
}

static int hear_carrier(struct broker *b, struct msg *m, struct err *e)
{
	return net_carrier(b, fd_take(&m->fds[0]), e);
}

static int hear_dialer(struct broker *b, struct msg *m, struct err *e)
{
	return net_dialer(b, fd_take(&m->fds[0]), e);
}

static int hear_start(struct broker *b, struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };

	if (!unpack_copy(&u, b->policy_digest, sizeof(b->policy_digest)) || !unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed START");
	if (b->recorder.fd < 0)
		return err_set(e, ERR_PEER, "START without LEDGER");
	if (!net_is_whole(b))
		return err_set(e, ERR_PEER, "CARRIER without DIALER, or the other way round");
	b->launcher.now = PHASE_RUNNING;
	return runtime_new(&b->runtime, b->policy, b->history, e) < 0 ? -1
	       : alerts_new(&b->alerts, b->policy, b->history, e);
}

static const struct {
	enum msg_type type;
	int (*hear)(struct broker *b, struct msg *m, struct err *e);
} heard[] = {
	{ MSG_LEDGER, hear_ledger }, { MSG_ABOUT, hear_about },	  { MSG_POLICY, hear_policy },
	{ MSG_SERVER, hear_server }, { MSG_CATALOGUE, hear_catalogue }, { MSG_SECRETS, hear_secrets }, { MSG_KEEP, guard_hear },
	{ MSG_BOUNDS, hear_bounds }, { MSG_LISTEN, hear_listen }, { MSG_HISTORY, hear_history }, { MSG_PORTER, hear_porter },
	{ MSG_CARRIER, hear_carrier }, { MSG_DIALER, hear_dialer }, { MSG_REVIEWERS, reviewers_hear }, { MSG_SCOPES, scopes_hear },
	{ MSG_START, hear_start },
};

int setup_hear(struct broker *b, struct err *e)
{
	size_t i;
	int got, done;

	while (b->launcher.now == PHASE_STARTING) {
		got = wire_receive(&b->launcher, &b->msg, true, e);
		if (got != WIRE_MESSAGE)
			return got < 0 ? -1 : err_set(e, ERR_PEER, "the launcher ended");
		done = err_set(e, ERR_PEER, "%s before START", msg_name(b->msg.type));
		for (i = 0; i < count_of(heard); i++)
			if (heard[i].type == b->msg.type)
				done = heard[i].hear(b, &b->msg, e);
		msg_drop(&b->msg);
		if (done < 0)
			return -1;
		*e = (struct err){ 0 };
	}
	return 0;
}

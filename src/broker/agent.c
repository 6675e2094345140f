/*
 * Connections of agents. Who has too much in flight, or does not read its answers, is not read
 * from: the kernel then makes it wait. Nothing here ever waits for an agent.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "broker/broker.h"

enum { COMMITS_PAUSE = 512, LINES_MOST = 64 << 20 };

int agent_admit(struct broker *b, struct server *server, int fd, struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s) {
		fd_close(&fd);
		return err_sys(e, "memory for a connection");
	}
	*s = (struct session){ .broker = b, .server = server, .fd = fd, .lines = LINES, .outlet = OUTLET,
			      .quota = { .may = b->connection_quota },
			      .log_level = news_level("info") };
	b->sessions[b->session_count++] = s;
	return 0;
}

int agent_accept(void *listener, short what, struct err *e)
{
	struct listener *l = listener;
	struct broker *b = l->broker;
	int fd;

	(void)what;
	if (b->session_count == SESSIONS)
		return 0;
	fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return 0; /* it has gone again */
	return agent_admit(b, l->server, fd, e);
}

/* What waits because of agents: their calls, and what servers have yet to read. */
static size_t held(const struct broker *b)
{
	size_t total = b->held, i;

	for (i = 0; i < b->server_count; i++)
		total += outlet_left(&b->servers[i].outlet);
	return total;
}

/* Back-pressure: of one agent by its own calls and unread answers, of all by what is held, in
 * flight and to be recorded. One call of each is let in, whatever the others have in flight. */
static bool may_ask(const struct session *s)
{
	const struct broker *b = s->broker;

	return !s->gone && s->calls < SESSION_CALLS && outlet_left(&s->outlet) < OUT_PAUSE &&
	       b->call_count < (s->calls ? BROKER_CALLS : CALLS_MOST) &&
	       b->commits.count < COMMITS_PAUSE && held(b) < HELD_MOST;
}

static bool has_input(const struct session *s)
{
	return s->lines.in.size > s->lines.at;
}

/* When unfinished lines have become too much, one goes on after the other: that ends. */
static bool may_read(const struct session *s)
{
	const struct broker *b = s->broker;
	const struct session *oldest = NULL;
	size_t total = 0, i;

	for (i = 0; i < b->session_count; i++) {
		total += b->sessions[i]->lines.in.room;
		if (!oldest && has_input(b->sessions[i]))
			oldest = b->sessions[i];
	}
	return !s->half_closed && (total < LINES_MOST || s == oldest) && may_ask(s);
}

short agent_events(const struct session *s)
{
	short events = outlet_left(&s->outlet) ? POLLOUT : 0;

	return may_read(s) ? events | POLLIN : events;
}

int agent_work(struct session *s, struct err *e)
{
	const char *line;
	size_t size;
	enum lines_got got;
	int done = 0;

	while (done == 0 && may_ask(s) && has_input(s)) {
		got = lines_next(&s->lines, &line, &size);
		if (got == LINES_NONE)
			break;
		done = got == LINES_LINE ? session_take(s, line, size, e)
					 : session_too_long(s, size, e);
	}
	if (!has_input(s))
		lines_tidy(&s->lines);
	return done;
}

void agent_finish(struct session *s)
{
	if (s->half_closed && s->calls == 0 && outlet_left(&s->outlet) == 0 && may_ask(s))
		agent_drop(s);
}

int agent_attend(void *session, short what, struct err *e)
{
	struct session *s = session;

	if (s->gone)
		return 0;
	if ((what & POLLIN) && lines_read(&s->lines, s->fd) < 0)
		s->half_closed = true;
	/* Hung up, and all it said has been read: there is nobody left to answer. */
	if ((what & (POLLHUP | POLLERR)) && (s->half_closed || !(what & POLLIN)))
		agent_drop(s);
	return s->gone ? 0 : agent_work(s, e);
}

void agent_flush(struct session *s)
{
	if (!s->gone && (s->outlet.out.over || outlet_left(&s->outlet)) &&
	    !outlet_flush(&s->outlet, s->fd))
		agent_drop(s);
}

/*
 * What a tool or the recorder has goes on to its outcome; what is still ours is forgotten. The
 * session itself goes when the loop comes round.
 */
void agent_drop(struct session *s)
{
	struct call *c, *next;
	size_t i;

	for (c = TAILQ_FIRST(&s->broker->calls); c; c = next) {
		next = TAILQ_NEXT(c, all);
		if (c->parked_by == s)
			c->parked_by = NULL;
		if (c->session != s)
			continue;
		if (!c->up)
			s->calls--;
		c->session = NULL; /* what a server has asked it the loop gives up: upcall_expire() */
		if (!c->up && (c->state == CALL_ASKING || c->state == CALL_STARTING ||
			       c->state == CALL_LISTING || c->state == CALL_INPUT || c->state == CALL_HELD))
			call_end(c);
	}
	listen_drop(s);
	for (i = 0; i < s->broker->server_count; i++)
		if (s->broker->servers[i].rooted == s)
			s->broker->servers[i].rooted = NULL;
	s->gone = true;
}

/* Resources and their templates are told of by the same word. */
void agents_tell_changed(struct broker *b, const struct server *changed, enum mcp_list which)
{
	enum mcp_list told = which == MCP_TEMPLATE_LIST ? MCP_RESOURCE_LIST : which;
	struct session *s;
	size_t i;

	for (i = 0; i < b->session_count; i++) {
		s = b->sessions[i];
		if (s->server && s->server != changed)
			continue;
		listen_changed(s, told);
		if (!s->greeted || !session_hears(s) || s->told[told])
			continue;
		session_tell(s, mcp_list_info(told)->changed, NULL);
		s->told[told] = true;
	}
}

/* Who reads least of what it asked for goes first. */
void agents_relieve(struct broker *b)
{
	size_t total = 0, i;
	struct session *most = NULL, *s;

	for (i = 0; i < b->session_count; i++) {
		s = b->sessions[i];
		total += s->gone ? 0 : outlet_left(&s->outlet);
		if (!s->gone && (!most || outlet_left(&s->outlet) > outlet_left(&most->outlet)))
			most = s;
	}
	if (total > OUT_MOST)
		agent_drop(most);
}

int agents_bury(struct broker *b, struct err *e)
{
	size_t i, kept = 0;
	struct session *s;

	for (i = 0; i < b->session_count; i++) {
		s = b->sessions[i];
		if (!s->gone) {
			b->sessions[kept++] = s;
			continue;
		}
		if (dropped_rest(b, &s->drops, NULL, e) < 0)
			return -1;
		fd_close(&s->fd);
		lines_free(&s->lines);
		buf_free(&s->outlet.out);
		json_decref(s->subscribed);
		json_decref(s->shown);
		free(s);
	}
	b->session_count = kept;
	return 0;
}

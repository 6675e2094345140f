/*
 * What tool servers tell without being asked. Each goes to those it concerns and to nobody else,
 * only so often, and in our own words; what concerns nobody, or comes too often, is counted.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "broker/broker.h"

enum {
	NEWS_BURST = 256,
	NEWS_EACH_SECOND = 64,
	PROGRESS_BURST = 64,
	PROGRESS_EACH_SECOND = 16,
};

static const char *const levels[] = { "debug", "info",     "notice", "warning",
				      "error", "critical", "alert",  "emergency" };

int news_level(const char *word)
{
	size_t i;

	for (i = 0; word && i < count_of(levels); i++)
		if (strcmp(levels[i], word) == 0)
			return (int)i;
	return -1;
}

const char *news_word(int level)
{
	return levels[level];
}

/* What is heard: whose line, and what became of it. */
struct news {
	struct server *s;
	const struct mcp_message *m;
	enum reason why; /* nobody got it; zero: somebody did, or need not */
};

/* Only these members, in this order. New reference. */
static json_t *pick(const json_t *params, const char *const *members)
{
	json_t *out = json_object();

	for (; out && *members; members++)
		if (json_object_get(params, *members))
			json_object_set(out, *members, json_object_get(params, *members));
	return out;
}

/* Looked at once, however many get it; NULL: nobody may. New reference. */
static json_t *passed(const struct news *n, const char *const *members)
{
	json_t *out = pick(n->m->params, members);

	if (out && stages_news(n->s, n->m->method, &out))
		return out;
	json_decref(out);
	return NULL;
}

static bool tell(struct session *a, const char *method, const json_t *params)
{
	if (!params || !session_hears(a))
		return false;
	session_tell(a, method, params);
	return true;
}

static struct call *find_live(const struct server *s, const json_t *token)
{
	struct call *c;

	if (json_is_integer(token))
		TAILQ_FOREACH(c, &s->flying, queued)
			if (c->token && c->relay_id == (uint64_t)json_integer_value(token))
				return c;
	return NULL;
}

/* Its token is our id of the call; the agent's own takes its place. It only ever grows. */
static void progress(struct news *n)
{
	static const char *const members[] = { "progress", "total", "message", NULL };
	const json_t *at = json_object_get(n->m->params, "progress");
	struct call *c = find_live(n->s, json_object_get(n->m->params, "progressToken"));
	scoped(json) json_t *out = NULL;

	if (!c || !c->session || c->silent) {
		n->why = c ? REASON_NO_RULE : REASON_UNSOLICITED;
		return;
	}
	if (c->waits_told && json_number_value(at) <= c->progress)
		return; /* its agent has heard more while it waited for a person: the server could not know */
	if (!json_is_number(at) || (c->progressed && json_number_value(at) <= c->progress)) {
		n->why = REASON_BAD_PARAMS;
		return;
	}
	c->progressed = true;
	c->progress = json_number_value(at);
	if (pace_allows(&c->pace, PROGRESS_BURST, PROGRESS_EACH_SECOND, clock_mono_ns()))
		out = passed(n, members);
	if (out)
		json_object_set(out, "progressToken", c->token);
	if (!tell(c->session, n->m->method, out))
		n->why = REASON_FLOODING;
}

static bool concerns(const struct session *a, const struct server *s)
{
	return !a->gone && (a->greeted || a->era == MCP_ERA_MODERN) &&
	       (!a->server || a->server == s);
}

/* The newer era asks for messages with each call, the older once and for all. */
static bool wants(const struct session *a, const struct server *s, int level)
{
	const struct call *c;

	if (a->greeted)
		return level >= a->log_level;
	TAILQ_FOREACH(c, &s->flying, queued)
		if (c->session == a && c->envelope.log_level &&
		    level >= news_level(c->envelope.log_level))
			return true;
	return false;
}

static void message(struct news *n)
{
	static const char *const members[] = { "level", "logger", "data", NULL };
	int level = news_level(json_string_value(json_object_get(n->m->params, "level")));
	scoped(json) json_t *out = NULL;
	struct broker *b = n->s->broker;
	size_t i;

	if (level < 0 || !json_object_get(n->m->params, "data")) {
		n->why = REASON_BAD_PARAMS;
		return;
	}
	for (i = 0; i < b->session_count; i++) { /* one that does not read harms no other */
		if (!concerns(b->sessions[i], n->s) || !wants(b->sessions[i], n->s, level))
			continue;
		if (!out && !(out = passed(n, members)))
			n->why = REASON_FLOODING;
		if (!out)
			return;
		if (!tell(b->sessions[i], n->m->method, out))
			n->why = REASON_FLOODING;
	}
}

/* Each by its own era's words. */
static bool tell_updated(struct session *a, const char *method, const char *uri, const json_t *out)
{
	if (!out)
		return false;
	return a->greeted ? tell(a, method, out) : listen_updated(a, method, uri, out);
}

/* Who has subscribed to it, or to what it lies beneath. */
static void updated(struct news *n)
{
	static const char *const members[] = { "uri", "title", NULL };
	const char *said = json_string_value(json_object_get(n->m->params, "uri"));
	char uri[MCP_URI + 1]; /* by which it is known; what is shown may be another */
	scoped(json) json_t *out = NULL;
	struct broker *b = n->s->broker;
	bool somebody = false;
	size_t i;

	if (!said || (size_t)snprintf(uri, sizeof(uri), "%s", said) >= sizeof(uri)) {
		n->why = REASON_BAD_PARAMS;
		return;
	}
	out = passed(n, members);
	for (i = 0; i < b->session_count; i++)
		if (concerns(b->sessions[i], n->s) && subscribed(b->sessions[i], n->s, uri)) {
			somebody = true;
			if (!tell_updated(b->sessions[i], n->m->method, uri, out))
				n->why = REASON_FLOODING;
		}
	if (!somebody)
		n->why = REASON_UNSOLICITED;
}

static void elicited(struct news *n)
{
	static const char *const members[] = { "elicitationId", NULL };
	scoped(json) json_t *out = passed(n, members);
	const char *id = json_text(out, "elicitationId");
	struct broker *b = n->s->broker;
	const json_t *whose;
	size_t i;

	n->why = REASON_UNSOLICITED;
	for (i = 0; *id && i < b->session_count; i++) {
		whose = json_object_get(b->sessions[i]->shown, id);
		if (!whose || json_integer_value(whose) != n->s->index)
			continue;
		json_object_del(b->sessions[i]->shown, id);
		n->why = tell(b->sessions[i], n->m->method, out) ? REASON_NO_RULE
								       : REASON_FLOODING;
	}
}

static const struct {
	const char *method;
	void (*hear)(struct news *n);
} told[] = {
	{ "notifications/progress", progress },
	{ "notifications/message", message },
	{ "notifications/resources/updated", updated },
	{ "notifications/elicitation/complete", elicited },
};

static void hear_news(struct news *n)
{
	size_t i;

	n->why = REASON_NO_METHOD;
	for (i = 0; i < count_of(told); i++) {
		if (strcmp(told[i].method, n->m->method) != 0)
			continue;
		n->why = pace_allows(&n->s->news, NEWS_BURST, NEWS_EACH_SECOND, clock_mono_ns())
				 ? REASON_NO_RULE
				 : REASON_FLOODING;
		if (!n->why)
			told[i].hear(n);
	}
}

int news_hear(struct server *s, const struct mcp_message *m, const char *line, size_t size,
	      struct err *e)
{
	struct news n = { .s = s, .m = m };
	bool changed = false;
	int which, done;

	if (strcmp(m->method, "notifications/subscriptions/acknowledged") == 0 &&
	    listen_begun(&done, s, m, line, size, e))
		return done;
	if (strcmp(m->method, "notifications/cancelled") == 0)
		return upcall_cancelled(s, json_object_get(m->params, "requestId"), e);
	for (which = 0; which < MCP_LISTS; which++) {
		if (strcmp(m->method, mcp_list_info((enum mcp_list)which)->changed) != 0)
			continue;
		changed = true;
		if (listing_changed(s, (enum mcp_list)which, e) < 0)
			return -1;
	}
	if (changed)
		return 0;
	hear_news(&n);
	return n.why ? dropped(s->broker, &s->drops, s->name, n.why, line, size, e) : 0;
}

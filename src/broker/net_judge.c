/*
 * What one connection is, for the policy and for the record, and whether it may be. Stages as a call's, in
 * their order: can it be read, is there room, does it hold a secret that reeve keeps, what does the policy say.
 */
#include "broker/net.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static const char HIDDEN[] = "[held by reeve]";

/* "HOST:PORT", of a unix socket its path, of a name whose address is asked for the name. */
static void name_it(struct asked_link *a)
{
	const struct net_ask *ask = &a->ask;
	bool six = strchr(ask->host, ':');

	if (ask->way == NET_BY_UNIX)
		snprintf(a->tool, sizeof(a->tool), "%s", ask->path);
	else if (ask->way == NET_BY_DNS || !ask->host[0])
		snprintf(a->tool, sizeof(a->tool), "%s", ask->host);
	else
		snprintf(a->tool, sizeof(a->tool), "%s%s%s:%u", six ? "[" : "", ask->host, six ? "]" : "", ask->port);
}

static const char *known(const char *text)
{
	return text[0] ? text : NULL;
}

/* As far as they are known. False: no memory, or bytes that no JSON can hold. */
static bool add_texts(json_t *args, const struct net_ask *ask)
{
	const struct {
		const char *name, *text;
	} texts[] = { { "host", ask->host }, { "scheme", ask->scheme }, { "method", ask->method },
		      { "path", ask->path }, { "query", ask->query },	{ "way", net_way_word(ask->way) } };
	size_t i;

	for (i = 0; i < count_of(texts); i++)
		if (texts[i].text[0] && json_object_set_new(args, texts[i].name, json_string(texts[i].text)) < 0)
			return false;
	return ask->port == 0 || json_object_set_new(args, "port", json_integer(ask->port)) == 0;
}

static void describe(struct broker *b, struct asked_link *a)
{
	const struct net_ask *ask = &a->ask;

	name_it(a);
	a->args = json_object();
	a->resource = json_string(a->tool);
	a->action = (struct action){ .kind = ask->way == NET_BY_DNS ? ACTION_NET_RESOLVE : ACTION_NET_CONNECT,
				     .server = "net",
				     .tool = known(a->tool),
				     .args = a->args,
				     .run = &b->about,
				     .flow = FLOW_SENDS_OUTSIDE | FLOW_READS_UNTRUSTED,
				     .flow_known = true,
				     .resource = a->resource,
				     .wall_us = clock_wall_us() };
	a->record = (struct commit_net){ .host = known(ask->host),
					 .method = known(ask->method),
					 .path = known(ask->path),
					 .scheme = known(ask->scheme),
					 .way = net_way_word(ask->way),
					 .port = ask->port };
}

static void refuse(struct asked_link *a, enum reason reason, enum net_no no, const char *why)
{
	a->verdict = (struct verdict){ .reason = reason, .why = why };
	a->no = no;
}

static bool can_be_read(struct broker *b, struct asked_link *a)
{
	const struct net_ask *ask = &a->ask;
	const char *fault = known(ask->fault);

	(void)b;
	if (!fault && !add_texts(a->args, ask))
		fault = "what was asked is not UTF-8";
	if (!fault && !a->tool[0])
		fault = "it does not say where to";
	if (!fault && ask->way != NET_BY_UNIX && ask->way != NET_BY_DNS && ask->port == 0)
		fault = "there is no port 0";
	if (!fault)
		return true;
	refuse(a, REASON_BAD_CONNECT, NET_BAD, fault);
	return false;
}

static bool has_room(struct broker *b, struct asked_link *a)
{
	if (b->net->count <= NET_CONNECTIONS)
		return true;
	refuse(a, REASON_OVER_QUOTA, NET_BUSY, "this run has too many connections: close some, and try again");
	return false;
}

static enum inspect_found find(struct broker *b, const char **name, const char *one, const char *other)
{
	scoped(json) json_t *all = json_array();

	if (!all || (one[0] && json_array_append_new(all, json_string(one)) < 0) ||
	    (other[0] && json_array_append_new(all, json_string(other)) < 0))
		return INSPECT_UNSURE;
	return inspect_find(b->secrets, all, name);
}

/* Its record says of it what holds nothing, from the host on; where it goes is worth knowing. */
static void veil(struct broker *b, struct asked_link *a)
{
	const struct net_ask *ask = &a->ask;
	const char *name;

	if (find(b, &name, ask->host, ask->method) != INSPECT_NONE) {
		a->action.tool = HIDDEN;
		a->record.host = a->record.method = NULL;
	}
	if (!a->record.host || find(b, &name, ask->host, ask->path) != INSPECT_NONE)
		a->record.path = NULL;
	if (ask->way == NET_BY_UNIX && !a->record.path)
		a->action.tool = HIDDEN;
	if (find(b, &name, a->verdict.why, "") != INSPECT_NONE)
		a->verdict.why = "it holds what reeve keeps secret";
}

/* All that would leave, and all that a record would say. */
static bool holds_no_secret(struct broker *b, struct asked_link *a)
{
	const char *name = NULL;
	enum inspect_found found = b->secrets ? inspect_find(b->secrets, a->args, &name) : INSPECT_NONE;

	if (found == INSPECT_NONE)
		return true;
	snprintf(a->why, sizeof(a->why), found == INSPECT_FOUND
			 ? "it holds the secret %s, which reeve keeps and lets nobody send. Leave it out"
			 : "whether it holds a secret cannot be told%s: too much is encoded within something encoded",
		 found == INSPECT_FOUND ? name : "");
	refuse(a, found == INSPECT_FOUND ? REASON_HELD_SECRET : REASON_UNDECIDABLE, NET_REFUSED, a->why);
	return false;
}

static bool only_reads(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "OPTIONS") == 0;
}

/* A socket may be one of ours; a request may do what no agent may, as a tool that sends it would. */
static bool passes_guards(struct broker *b, struct asked_link *a)
{
	struct action as_tool = a->action;
	enum guard which = GUARD_UNCLEAR;

	as_tool.kind = ACTION_TOOL_CALL;
	as_tool.tool = "http_request";
	if (a->ask.way != NET_BY_UNIX && (!a->ask.method[0] || only_reads(a->ask.method)))
		return true;
	if (guards_pass(b->guards, &as_tool, false, &which))
		return true;
	refuse(a, REASON_GUARD, NET_REFUSED, guard_why(which));
	a->verdict.guard = guard_word(which);
	return false;
}

/*
 * The path of a request is beneath no folder, which is the answer that a question gets whom nobody asks. A
 * socket's is a file's name, and where that lies only the kernel could say.
 */
static bool is_decidable(struct broker *b, struct asked_link *a)
{
	bool asks = !policy_questions(b->policy, &a->action) ||
		    (a->ask.way == NET_BY_UNIX && a->action.fact_count > 0);

	if (asks)
		refuse(a, REASON_UNDECIDABLE, NET_REFUSED, "a rule asks where its path lies: name it by \"path\" instead");
	return !asks;
}

static bool is_allowed(struct broker *b, struct asked_link *a)
{
	a->no = NET_REFUSED;
	a->action.runtime = runtime_ask(b->runtime, &a->action, clock_mono_ns());
	a->action.risk = runtime_risk(b->runtime, &a->risk);
	if (a->ask.way != NET_BY_DNS) {
		a->verdict = policy_decide(b->policy, &a->action);
		if (a->verdict.kind == VERDICT_REVIEW) {
			a->verdict.kind = VERDICT_REFUSE;
			a->verdict.why = "a connection cannot wait for a person";
		}
		return a->verdict.kind == VERDICT_ALLOW;
	}
	if (policy_may_connect(b->policy, &b->about, a->ask.host, &a->verdict))
		a->verdict = (struct verdict){ .kind = VERDICT_ALLOW, .reason = REASON_RULE_ALLOWS };
	return a->verdict.kind == VERDICT_ALLOW;
}

static bool (*const stages[])(struct broker *b, struct asked_link *a) = {
	can_be_read, holds_no_secret, has_room, passes_guards, is_decidable, is_allowed,
};

void net_judge(struct broker *b, struct asked_link *a)
{
	size_t i;

	describe(b, a);
	for (i = 0; i < count_of(stages); i++)
		if (!stages[i](b, a))
			break;
	if (i < count_of(stages) && b->secrets && i < 2)
		veil(b, a);
	judged(b, &a->action, &a->verdict);
}

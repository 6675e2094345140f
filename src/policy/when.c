/* What a rule speaks about: reeve-policy(5), "Members of when". */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/read.h"

static const struct json_member when_members[] = {
	{ "action", JSON_NULL, JSON_MAY },
	{ "tool", JSON_NULL, JSON_MAY },       { "server", JSON_NULL, JSON_MAY },
	{ "category", JSON_NULL, JSON_MAY },   { "class", JSON_NULL, JSON_MAY },
	{ "flow", JSON_NULL, JSON_MAY },       { "scope", JSON_NULL, JSON_MAY },
	{ "resource", JSON_OBJECT, JSON_MAY }, { "agent", JSON_NULL, JSON_MAY },
	{ "owner", JSON_NULL, JSON_MAY },      { "tenant", JSON_NULL, JSON_MAY },
	{ "department", JSON_NULL, JSON_MAY }, { "environment", JSON_NULL, JSON_MAY },
	{ "initiator", JSON_NULL, JSON_MAY },  { "workspace", JSON_NULL, JSON_MAY },
	{ "model", JSON_NULL, JSON_MAY },
	{ "time", JSON_OBJECT, JSON_MAY },     { "args", JSON_OBJECT, JSON_MAY },
	{ "has_secret", JSON_TRUE, JSON_MAY }, { "host", JSON_NULL, JSON_MAY },
	{ "port", JSON_NULL, JSON_MAY },       { "cidr", JSON_NULL, JSON_MAY },
	{ "scheme", JSON_NULL, JSON_MAY },     { "method", JSON_NULL, JSON_MAY },
	{ "path", JSON_NULL, JSON_MAY },       { "calls", JSON_OBJECT, JSON_MAY },
	{ "repeated", JSON_OBJECT, JSON_MAY }, { "refusals", JSON_OBJECT, JSON_MAY },
	{ "taint", JSON_NULL, JSON_MAY },      { "risk", JSON_OBJECT, JSON_MAY },
	{ "spent", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member time_members[] = {
	{ "days", JSON_NULL, JSON_MAY },
	{ "hours", JSON_NULL, JSON_MAY },
	{ "offset", JSON_STRING, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

int read_hours(struct hours **out, struct reading *r, const json_t *time, const char *member, struct err *e)
{
	static const struct {
		const char *member, *takes;
	} takes[] = {
		{ "days", "mon, tue, wed, thu, fri, sat or sun, or an array of them" },
		{ "hours",
		  "\"HH:MM-HH:MM\", or an array of at most 8 such spans, none of them empty" },
		{ "offset", "the distance from UTC, \"+HH:MM\" or \"-HH:MM\", at most 14 hours" },
	};
	size_t start = r->at.size, i;
	const char *wrong;

	if (!time)
		return 0;
	if (json_members(r->f, below(r, member), time_members, e) < 0)
		return -1;
	if (!json_object_get(time, "days") && !json_object_get(time, "hours"))
		return json_wrong(r->f, here(r), false, e,
				  "\"%s\": expected \"days\" or \"hours\" in it", member);
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return err_sys(e, "memory for a rule");
	if (hours_read(*out, time, &wrong) < 0) {
		for (i = 0; strcmp(takes[i].member, wrong) != 0; i++)
			;
		return json_wrong(r->f, below(r, wrong), false, e, "\"%s\": expected %s", wrong,
				  takes[i].takes);
	}
	back(r, start);
	return 0;
}

/* "fs/read" said of the server "git": each pair of the two lists excludes the other. */
static bool tools_elsewhere(const json_t *tools, const json_t *servers)
{
	scoped(json) json_t *halves = tools && servers ? json_array() : NULL;
	const char *name;
	size_t i;

	if (!tools || !servers)
		return false; /* most rules: nothing is built for them */
	for (i = 0; i < names_count(tools); i++) {
		name = names_at(tools, i);
		json_array_append_new(halves, json_stringn(name, strcspn(name, "/")));
	}
	return json_array_size(halves) > 0 && names_disjoint(halves, servers);
}

static int possible_connect(const struct rule *rule, struct reading *r, struct err *e)
{
	scoped(json) json_t *net = json_string("net");
	const json_t *host = rule->connects[CONNECT_HOST];
	bool address = !host || !rule->connects[CONNECT_CIDR];
	size_t i;

	if (tools_elsewhere(rule->tool, net))
		return json_wrong(r->f, below(r, "tool"), false, e,
				  "it can never match: connections are of the server \"net\"");
	if (names_disjoint(rule->names.server, net))
		return json_wrong(r->f, below(r, "server"), false, e,
				  "it can never match: connections are of the server \"net\"");
	if (names_disjoint(rule->file->applies.server, net))
		return json_wrong(r->f, here(r), false, e,
				  "it can never match: the file applies to other servers, "
				  "and connections are of \"net\"");
	for (i = 0; i < names_count(host) && !address; i++)
		address = net_cidr_usable(names_at(host, i));
	if (!address)
		return json_wrong(r->f, below(r, "cidr"), false, e,
				  "it can never match: \"host\" has no address");
	for (i = 0; i < rule->condition_count; i++)
		if (!rule->conditions[i].pointer)
			return json_wrong(r->f, below(r, "resource"), false, e,
					  "\"resource\": of a connection write \"host\" and \"port\"");
	return 0;
}

/* What a rule asks for and its file never is, or its own members never are together. */
static int possible(const struct rule *rule, struct reading *r, struct err *e)
{
	const struct names *file = &rule->file->applies;
	int i;

	if (tools_elsewhere(rule->tool, rule->names.server))
		return json_wrong(r->f, below(r, "server"), false, e,
				  "it can never match: no \"tool\" of the rule is of this server");
	if (tools_elsewhere(rule->tool, file->server))
		return json_wrong(r->f, below(r, "tool"), false, e,
				  "it can never match: the file applies to other servers");
	if (names_disjoint(rule->names.server, file->server))
		return json_wrong(r->f, below(r, "server"), false, e,
				  "it can never match: the file applies to other servers");
	if (rule->is_net && possible_connect(rule, r, e) < 0)
		return -1;
	for (i = 0; i < PARTIES; i++)
		if (names_disjoint(rule->names.party[i], file->party[i]))
			return json_wrong(r->f, below(r, party_word((enum party)i)), false, e,
					  "it can never match: the file applies to other names");
	return 0;
}

/* The server of connections, which no tool server can be called. */
static bool all_net(const json_t *names)
{
	const char *name;
	size_t i;

	for (i = 0; i < names_count(names); i++) {
		name = names_at(names, i);
		if (strncmp(name, "net", strcspn(name, "/")) != 0 || strcspn(name, "/") != 3)
			return false;
	}
	return names != NULL;
}

/* Of connections alone: no other action fits what the rule says. */
static int only_connects(struct rule *rule, struct reading *r, bool spoken, struct err *e)
{
	bool speaks = rule_speaks(rule, ACTION_NET_CONNECT);
	int i;

	for (i = 0; i < ACTION_KINDS && rule->asks_connect; i++)
		speaks = speaks && (i == ACTION_NET_CONNECT || !rule_speaks(rule, (enum action_kind)i));
	if (spoken && !speaks)
		return json_wrong(r->f, below(r, "action"), false, e,
				  "\"action\": host, port, cidr, scheme, method, path and the server \"net\" are "
				  "of net.connect alone; leave it out, and write another rule for what else");
	rule->actions = 1U << ACTION_NET_CONNECT;
	rule->is_net = true;
	return 0;
}

/* Those that a rule speaks about which does not say: what narrows speaks about all it can. */
static unsigned silent(const struct rule *rule)
{
	return rule->refuse ? ~0U : rule->review ? ACTIONS_ASKED : 1U << ACTION_TOOL_CALL;
}

static int read_actions(struct rule *rule, struct reading *r, const json_t *when, struct err *e)
{
	const json_t *names = NULL;
	const char *word;
	int i;

	if (read_names(&names, r, when, "action", NAMES_ACTIONS, e) < 0)
		return -1;
	for (i = 0; i < ACTION_KINDS; i++) {
		word = action_word((enum action_kind)i);
		if (action_is_judged((enum action_kind)i) &&
		    (names ? names_hold(names, word) == HELD_YES
			   : (silent(rule) >> i & 1) != 0))
			rule->actions |= 1u << i;
	}
	if (rule->asks_connect || all_net(rule->tool) || all_net(rule->names.server))
		return only_connects(rule, r, names != NULL, e);
	rule->is_net = rule->actions == 1U << ACTION_NET_CONNECT;
	return 0;
}

static bool asks_kernel(const struct test *t)
{
	bool asks = matcher_is_under(t->how);
	size_t i;

	for (i = 0; i < t->count && !asks; i++)
		asks = asks_kernel(&t->below[i]);
	return asks;
}

/* The members that are lists of names, and where they go. */
static const struct {
	const char *key;
	enum names_kind kind;
	size_t at;
} lists[] = {
	{ "tool", NAMES_TOOLS, offsetof(struct rule, tool) },
	{ "server", NAMES_SERVERS, offsetof(struct rule, names.server) },
	{ "category", NAMES_WORDS, offsetof(struct rule, names.category) },
	{ "class", NAMES_CLASSES, offsetof(struct rule, names.class) },
	{ "flow", NAMES_FLOWS, offsetof(struct rule, names.flow) },
	{ "scope", NAMES_WORDS, offsetof(struct rule, names.scope) },
	{ "agent", NAMES_WORDS, offsetof(struct rule, names.party[PARTY_AGENT]) },
	{ "owner", NAMES_WORDS, offsetof(struct rule, names.party[PARTY_OWNER]) },
	{ "tenant", NAMES_WORDS, offsetof(struct rule, names.party[PARTY_TENANT]) },
	{ "department", NAMES_WORDS, offsetof(struct rule, names.party[PARTY_DEPARTMENT]) },
	{ "environment", NAMES_WORDS, offsetof(struct rule, names.party[PARTY_ENVIRONMENT]) },
	{ "initiator", NAMES_WORDS, offsetof(struct rule, names.party[PARTY_INITIATOR]) },
	{ "workspace", NAMES_WORDS, offsetof(struct rule, names.party[PARTY_WORKSPACE]) },
	{ "model", NAMES_WORDS, offsetof(struct rule, names.party[PARTY_MODEL]) },
};

/* What else stands in "when": of connections, and neither that nor "action" and "args". */
struct others {
	bool connect, strange;
};

/* Most rules have one or two members: only those that are there are looked at. */
static int read_lists(struct rule *rule, struct reading *r, json_t *when, struct others *o, struct err *e)
{
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach(when, key, value) {
		for (i = 0; i < count_of(lists) && strcmp(lists[i].key, key) != 0; i++)
			;
		if (i == count_of(lists) && connect_is_member(key))
			o->connect = true;
		else if (i == count_of(lists))
			o->strange = o->strange || (strcmp(key, "args") == 0 ? !json_is_object(value)
									     : strcmp(key, "action") != 0);
		else if (read_names((const json_t **)(void *)((char *)rule + lists[i].at), r, when,
				    key, lists[i].kind, e) < 0)
			return -1;
	}
	return 0;
}

int read_when(struct rule *rule, struct reading *r, const json_t *object, const char *member, struct err *e)
{
	json_t *when = json_object_get(object, member);
	size_t start = r->at.size, i;
	struct others o = { 0 };

	below(r, member);
	if (read_lists(rule, r, when, &o, e) < 0 ||
	    (o.strange && json_members(r->f, here(r), when_members, e) < 0) ||
	    (o.connect && read_connects(rule, r, when, e) < 0) || read_actions(rule, r, when, e) < 0 ||
	    (o.strange && read_hours(&rule->hours, r, json_object_get(when, "time"), "time", e) < 0) ||
	    (o.strange && read_so_far(rule, r, when, e) < 0) || read_conditions(rule, r, when, e) < 0 ||
	    possible(rule, r, e) < 0)
		return -1;
	rule->is_open = !names_ask(&rule->names);
	for (i = 0; i < rule->condition_count; i++)
		rule->asks_kernel = rule->asks_kernel || asks_kernel(&rule->conditions[i].all);
	back(r, start);
	return 0;
}

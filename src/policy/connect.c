/*
 * Where a connection leads, as a rule names it: one row a member. What a program did not say, or said
 * so that programs read it differently, cannot be judged; only a unix socket surely has no host.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "egress/egress.h"
#include "policy/read.h"

enum { PORT_MOST = 65535, METHOD_MOST = 31 };

static bool is_of(const char *text, const char *set)
{
	return *text && text[strspn(text, set)] == '\0';
}

static bool host_usable(const json_t *v)
{
	return json_is_string(v) && net_host_usable(json_string_value(v));
}

static enum held host_holds(const json_t *wanted, const json_t *found)
{
	return json_is_string(found) ? net_host_holds(json_string_value(wanted), json_string_value(found),
						      json_string_length(found))
				     : HELD_UNKNOWN;
}

static bool host_covers(const json_t *wide, const json_t *narrow)
{
	return egress_matches(json_string_value(wide), json_string_value(narrow));
}

static bool cidr_usable(const json_t *v)
{
	return json_is_string(v) && net_cidr_usable(json_string_value(v));
}

static enum held cidr_holds(const json_t *wanted, const json_t *found)
{
	return json_is_string(found) ? net_cidr_holds(json_string_value(wanted), json_string_value(found),
						      json_string_length(found))
				     : HELD_UNKNOWN;
}

static bool cidr_covers(const json_t *wide, const json_t *narrow)
{
	return net_cidr_covers(json_string_value(wide), json_string_value(narrow));
}

static bool is_port(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 1 && json_integer_value(v) <= PORT_MOST;
}

static json_int_t port_end(const json_t *v, size_t which)
{
	return json_integer_value(json_is_array(v) ? json_array_get(v, which) : v);
}

static bool port_usable(const json_t *v)
{
	return is_port(v) || (json_array_size(v) == 2 && is_port(json_array_get(v, 0)) &&
			      is_port(json_array_get(v, 1)) && port_end(v, 0) <= port_end(v, 1));
}

static enum held port_holds(const json_t *wanted, const json_t *found)
{
	json_int_t port = json_integer_value(found);

	if (!is_port(found))
		return HELD_UNKNOWN;
	return port >= port_end(wanted, 0) && port <= port_end(wanted, 1) ? HELD_YES : HELD_NO;
}

static bool port_covers(const json_t *wide, const json_t *narrow)
{
	return port_end(wide, 0) <= port_end(narrow, 0) && port_end(narrow, 1) <= port_end(wide, 1);
}

static bool scheme_usable(const json_t *v)
{
	static const char *const schemes[] = { "tcp", "tls", "http", "https", "udp", "unix" };
	const char *text = json_string_value(v);
	size_t i;

	for (i = 0; text && i < count_of(schemes); i++)
		if (strcmp(text, schemes[i]) == 0)
			return true;
	return false;
}

static enum held scheme_holds(const json_t *wanted, const json_t *found)
{
	return !json_is_string(found) ? HELD_UNKNOWN : json_equal(wanted, found) ? HELD_YES : HELD_NO;
}

static bool is_method(const char *text)
{
	return text && strlen(text) <= METHOD_MOST && is_of(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_");
}

static bool method_usable(const json_t *v)
{
	return is_method(json_string_value(v)) && strcmp(json_string_value(v), "CONNECT") != 0;
}

/* CONNECT is what the tunnel was asked for by; what is asked within it nobody sees. */
static enum held method_holds(const json_t *wanted, const json_t *found)
{
	return !method_usable(found) ? HELD_UNKNOWN : json_equal(wanted, found) ? HELD_YES : HELD_NO;
}

static bool same(const json_t *wide, const json_t *narrow)
{
	return json_equal(wide, narrow);
}

static bool path_usable(const json_t *v)
{
	return json_is_string(v) && net_path_usable(json_string_value(v), json_string_length(v));
}

static enum held path_holds(const json_t *wanted, const json_t *found)
{
	return json_is_string(found) ? net_path_holds(json_string_value(wanted), json_string_value(found),
						      json_string_length(found))
				     : HELD_UNKNOWN;
}

static bool path_covers(const json_t *wide, const json_t *narrow)
{
	return path_holds(wide, narrow) == HELD_YES;
}

static const struct connect {
	const char *word, *takes;
	bool (*usable)(const json_t *wanted);
	enum held (*holds)(const json_t *wanted, const json_t *found);
	bool (*covers)(const json_t *wide, const json_t *narrow);
	bool always_there; /* but of a unix socket */
} connects[CONNECTS] = {
	[CONNECT_HOST] = { "host",
			   "a host's name, \"*.\" and a name, an address in its one form (203.0.113.7, 2001:db8::7)",
			   host_usable, host_holds, host_covers, true },
	[CONNECT_PORT] = { "port", "a number from 1 to 65535, or in an array also [FROM, TO]", port_usable,
			   port_holds, port_covers, true },
	[CONNECT_CIDR] = { "cidr", "a network such as \"10.0.0.0/8\" with no bits behind its length", cidr_usable,
			   cidr_holds, cidr_covers, true },
	[CONNECT_SCHEME] = { "scheme", "tcp, tls, http, https, udp or unix", scheme_usable, scheme_holds, same, false },
	[CONNECT_METHOD] = { "method", "a method of HTTP in capital letters, but CONNECT", method_usable, method_holds,
			     same, false },
	[CONNECT_PATH] = { "path",
			   "a path from \"/\" on, in printable ASCII, without % ; ? # \\, empty segments, \".\", \"..\" "
			   "or a slash at its end",
			   path_usable, path_holds, path_covers, false },
};

const char *connect_word(enum connect_member m)
{
	return connects[m].word;
}

bool connect_is_member(const char *key)
{
	int i;

	for (i = 0; i < CONNECTS; i++)
		if (strcmp(connects[i].word, key) == 0)
			return true;
	return false;
}

bool connect_takes(enum connect_member m, const char *text)
{
	scoped(json) json_t *wanted = json_string(text);

	return wanted && connects[m].usable(wanted);
}

/* An array is one of several, and [FROM, TO] stands within one. */
static size_t count(const json_t *list)
{
	return json_is_array(list) ? json_array_size(list) : 1;
}

static const json_t *item(const json_t *list, size_t i)
{
	return json_is_array(list) ? json_array_get(list, i) : list;
}

int read_connects(struct rule *rule, struct reading *r, const json_t *when, struct err *e)
{
	size_t start = r->at.size, i, m;
	const json_t *wanted;

	for (m = 0; m < CONNECTS; m++) {
		wanted = json_object_get(when, connects[m].word);
		if (!wanted)
			continue;
		below(r, connects[m].word);
		for (i = 0; i == 0 || i < count(wanted); i++) {
			if (connects[m].usable(item(wanted, i)))
				continue;
			if (json_array_size(wanted) > 0)
				below_item(r, i);
			return json_wrong(r->f, here(r), false, e, "\"%s\": expected %s%s", connects[m].word,
					  connects[m].takes,
					  json_is_array(wanted) ? "" : ", or an array of such");
		}
		rule->connects[m] = wanted;
		rule->asks_connect = true;
		back(r, start);
	}
	return 0;
}

const json_t *connect_argument(const struct action *a, enum connect_member m)
{
	return json_object_get(a->args, connects[m == CONNECT_CIDR ? CONNECT_HOST : m].word);
}

enum held connect_holds(const struct rule *r, const struct action *a, enum connect_member m)
{
	const json_t *wanted = r->connects[m], *found = connect_argument(a, m);
	enum held best = HELD_NO, now;
	size_t i;

	if (!wanted)
		return HELD_YES;
	if (!found && connects[m].always_there && !json_object_get(a->args, "host") &&
	    json_object_get(a->args, "path"))
		return HELD_NO;
	for (i = 0; i < count(wanted) && best != HELD_YES; i++) {
		now = found ? connects[m].holds(item(wanted, i), found) : HELD_UNKNOWN;
		best = now == HELD_NO ? best : now;
	}
	return best;
}

enum held connects_hold(const struct rule *r, const struct action *a)
{
	enum held all = HELD_YES;
	int m;

	for (m = 0; m < CONNECTS && all != HELD_NO && r->asks_connect; m++)
		all = held_and(all, connect_holds(r, a, (enum connect_member)m));
	return all;
}

static bool one_covers(const json_t *wide, const json_t *narrow, const struct connect *c)
{
	size_t i;

	for (i = 0; i < count(wide); i++)
		if (c->covers(item(wide, i), narrow))
			return true;
	return false;
}

bool connects_within(const struct rule *wide, const struct rule *narrow)
{
	size_t m, i;

	for (m = 0; m < CONNECTS; m++) {
		if (!wide->connects[m])
			continue;
		for (i = 0; narrow->connects[m] && i < count(narrow->connects[m]); i++)
			if (!one_covers(wide->connects[m], item(narrow->connects[m], i), &connects[m]))
				return false;
		if (!narrow->connects[m])
			return false;
	}
	return true;
}

/* ::ffff:10.0.0.1 and its like are two addresses to two readers. */
bool connect_host_is_one(const char *host)
{
	struct egress_host read;

	return egress_host(&read, host, strlen(host), false) && strcmp(read.text, host) == 0 &&
	       (read.bits == 0 || net_cidr_usable(host));
}

bool connect_is_askable(const struct action *a)
{
	const json_t *port = json_object_get(a->args, "port");
	const char *host = json_string_value(json_object_get(a->args, "host"));
	const char *path = json_string_value(json_object_get(a->args, "path"));
	char name[EGRESS_NAME + 16];

	if (!json_object_get(a->args, "host"))
		return !port && path && strcmp(path, a->tool) == 0;
	if (!host || !is_port(port) || !connect_host_is_one(host))
		return false;
	snprintf(name, sizeof(name), strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, (int)json_integer_value(port));
	return strcmp(name, a->tool) == 0;
}

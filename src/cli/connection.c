#include "cli/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "egress/egress.h"

static const struct {
	const char *name;
	bool number;
} members[] = {
	{ "host", false }, { "port", true },   { "scheme", false }, { "method", false },
	{ "path", false }, { "query", false }, { "way", false },
};

bool connection_says(const char *member)
{
	size_t i;

	for (i = 0; i < count_of(members); i++)
		if (strcmp(members[i].name, member) == 0)
			return true;
	return false;
}

static int copy_members(json_t *args, const json_t *from, struct err *e)
{
	json_t *value;
	size_t i;

	for (i = 0; i < count_of(members); i++) {
		value = json_object_get(from, members[i].name);
		if (!value)
			continue;
		if (members[i].number ? !json_is_integer(value) : !json_is_string(value))
			return err_set(e, ERR_INPUT, "\"%s\": expected %s", members[i].name,
				       members[i].number ? "a number" : "a text");
		if (json_object_set(args, members[i].name, value) < 0)
			return err_sys(e, "memory for a connection");
	}
	return 0;
}

/* As reeve's own readers give it on; what they would not take stays, and is refused. */
static int tidy_host(json_t *args, struct err *e)
{
	const char *text = json_string_value(json_object_get(args, "host"));
	struct egress_host host;

	if (!text || !egress_host(&host, text, strlen(text), false))
		return 0;
	return json_object_set_new(args, "host", json_string(host.text)) < 0 ? err_sys(e, "memory for a connection")
									     : 0;
}

static int name_tool(char **tool, const json_t *args, struct err *e)
{
	const char *host = json_string_value(json_object_get(args, "host"));
	const char *path = json_string_value(json_object_get(args, "path"));
	const json_t *port = json_object_get(args, "port");
	int done;

	if (host ? !port : !path || port)
		return err_set(e, ERR_INPUT,
			       "a connection has \"host\" and \"port\", or of a unix socket only \"path\"");
	done = host ? asprintf(tool, strchr(host, ':') ? "[%s]:%lld" : "%s:%lld", host,
			       (long long)json_integer_value(port))
		    : asprintf(tool, "%s", path);
	if (done >= 0)
		return 0;
	*tool = NULL;
	return err_sys(e, "memory for a connection");
}

/* What nobody says of a connection is what reeve would see of the plainest. */
static int guess_scheme(json_t *args, struct err *e)
{
	const char *word = "tcp";

	if (!json_object_get(args, "host"))
		word = "unix";
	else if (json_object_get(args, "method") || json_object_get(args, "path"))
		word = json_integer_value(json_object_get(args, "port")) == 80 ? "http" : "https";
	if (!json_object_get(args, "scheme") && json_object_set_new(args, "scheme", json_string(word)) < 0)
		return err_sys(e, "memory for a connection");
	return 0;
}

static int finish(json_t **out, char **tool, json_t *args, struct err *e)
{
	if (tidy_host(args, e) < 0 || guess_scheme(args, e) < 0 || name_tool(tool, args, e) < 0)
		return -1;
	*out = json_incref(args);
	return 0;
}

int connection_of_members(json_t **out, char **tool, const json_t *from, struct err *e)
{
	scoped(json) json_t *args = json_object();

	if (!args)
		return err_sys(e, "memory for a connection");
	return copy_members(args, from, e) < 0 ? -1 : finish(out, tool, args, e);
}

int connection_of_tool(json_t **out, char **tool, const char *text, const json_t *more, struct err *e)
{
	scoped(json) json_t *args = json_object();
	struct egress_host host;
	uint16_t port;

	if (!args || (more && json_object_update(args, (json_t *)(uintptr_t)more) < 0))
		return err_sys(e, "memory for a connection");
	if (egress_authority(&host, &port, text, strlen(text))) {
		json_object_set_new(args, "host", json_string(host.text));
		json_object_set_new(args, "port", json_integer(port));
	} else if (text[0] == '/') {
		json_object_set_new(args, "path", json_string(text));
	} else {
		return err_set(e, ERR_INPUT, "net/%.80s: expected net/HOST:PORT, or of a unix socket net/ and its path",
			       text);
	}
	return finish(out, tool, args, e);
}

/*
 * What would have to be written for a refused connection to be allowed. What stands in it was said by the
 * program that was refused, so only what a rule could hold anyway is written: nothing in that needs to be
 * escaped but by accident.
 */
#include <stdio.h>
#include <string.h>

#include "policy/rule.h"

enum { ID_MOST = 63 };

/* "example.com-443", as far as an id may hold it. */
static void name_rule(char out[ID_MOST + 1], const struct policy_route *to)
{
	const char *from = to->host ? to->host : strrchr(to->path, '/') + 1;
	size_t size = 0;
	char port[16] = "";

	if (to->port)
		snprintf(port, sizeof(port), "-%u", to->port);
	for (; *from && size < ID_MOST - strlen(port); from++) {
		char c = *from >= 'A' && *from <= 'Z' ? (char)(*from | 0x20) : *from;

		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789", c) || (size && strchr("._-", c)))
			out[size++] = c;
		else if (size)
			out[size++] = '-';
	}
	if (size == 0)
		out[size++] = 'x';
	memcpy(out + size, port, strlen(port) + 1);
}

/* A path by which it could be allowed; without one of those the rule says nothing of it. */
static bool path_says(const char *path)
{
	return path && net_path_usable(path, strlen(path));
}

static json_t *where(const struct policy_route *to)
{
	json_t *when = json_object();

	if (to->host)
		json_object_set_new(when, "host", json_string(to->host));
	else
		json_object_set_new(when, "scheme", json_string("unix"));
	if (to->host && to->port)
		json_object_set_new(when, "port", json_integer(to->port));
	if (to->host && to->method && *to->method && connect_takes(CONNECT_METHOD, to->method))
		json_object_set_new(when, "method", json_string(to->method));
	if (path_says(to->path))
		json_object_set_new(when, "path", json_string(to->path));
	return when;
}

bool net_smallest_rule(char *out, size_t room, const struct policy_route *to)
{
	scoped(buf) struct buf text = BUF(4096);
	scoped(json) json_t *rule = NULL;
	char id[ID_MOST + 1];

	if (to->host ? !connect_host_is_one(to->host) || to->port > 65535 : !path_says(to->path))
		return false;
	name_rule(id, to);
	rule = json_pack("{s:s,s:s,s:o}", "id", id, "then", "allow", "when", where(to));
	if (!rule || !json_write(&text, rule) || text.size >= room)
		return false;
	memcpy(out, text.data, text.size);
	out[text.size] = '\0';
	return true;
}

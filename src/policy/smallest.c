/* The narrowest rule that would allow one connection, written so that it can be pasted into a policy. */
#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"
#include "policy/policy.h"

enum { ID_MOST = 60 };

static bool is_address(const char *host)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* "net-api.example.com"; of what else may not stand in an id, "-". */
static json_t *id_of(const char *about)
{
	static const char usable[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
	char id[ID_MOST + 1] = "net-";
	size_t at = strlen(id);

	for (; *about && at < ID_MOST; about++)
		if (strchr(usable, *about))
			id[at++] = *about;
		else if (id[at - 1] != '-')
			id[at++] = '-';
	id[at] = '\0';
	return json_string(id);
}

static void copy(json_t *when, const json_t *args, const char *name)
{
	json_t *value = json_object_get(args, name);

	if (value)
		json_object_set(when, name, value);
}

bool net_smallest_rule(struct buf *out, const struct action *a)
{
	const char *host = json_text(a->args, "host"), *path = json_text(a->args, "path");
	scoped(json) json_t *when = json_object(), *rule = NULL;

	if (a->kind != ACTION_NET_CONNECT || !when || (!host && !path))
		return false;
	json_object_set_new(when, "action", json_string(action_word(a->kind)));
	if (host) {
		json_object_set_new(when, is_address(host) ? "cidr" : "host", json_string(host));
		copy(when, a->args, "port");
		copy(when, a->args, "method");
	} else {
		copy(when, a->args, "path");
	}
	rule = json_pack("{s:o, s:s, s:O}", "id", id_of(host ? host : path), "then", "allow", "when", when);
	return rule && json_write(out, rule);
}

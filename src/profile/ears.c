/* The agent's jail where its connections are heard: who listens, what programs are told of it, and by which files. */
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "profile/network.h"

static const char HTTP_WORDS[] = "http://127.0.0.1:7339", SOCKS_WORDS[] = "socks5h://127.0.0.1:7339";
static const char NEAR_WORDS[] = "localhost,127.0.0.1,::1";

/* Programs ask for either spelling. */
static const struct {
	const char *name, *value;
} variables[] = {
	{ "HTTP_PROXY", HTTP_WORDS },	{ "http_proxy", HTTP_WORDS },	{ "HTTPS_PROXY", HTTP_WORDS },
	{ "https_proxy", HTTP_WORDS },	{ "ALL_PROXY", SOCKS_WORDS },	{ "all_proxy", SOCKS_WORDS },
	{ "NO_PROXY", NEAR_WORDS },	{ "no_proxy", NEAR_WORDS },
};

static void add_ear(struct plan *p, enum jail_ear kind, uint16_t port, const char *path)
{
	if (p->ear_count == JAIL_EARS)
		p->over = true;
	else
		p->ears[p->ear_count++] = (struct jail_hearing){ kind, port, path };
}

static void add_ports(struct plan *p, enum jail_ear kind, const json_t *ports)
{
	json_t *value;
	size_t i;

	json_array_foreach(ports, i, value)
		add_ear(p, kind, (uint16_t)json_integer_value(value), NULL);
}

/* Who connects for the agent follows no link: said here, and not when it is too late. A socket may be made later. */
static int check_direct(const struct grant *g, const char *path, struct err *e)
{
	char real[PATH_MAX], folder[PATH_MAX];
	const char *named = path;

	if (!realpath(path, real)) {
		strncpy(folder, path, sizeof(folder) - 1);
		folder[sizeof(folder) - 1] = '\0';
		named = dirname(folder);
		if (!realpath(named, real))
			return 0;
	}
	if (strcmp(real, named) == 0)
		return 0;
	return grant_wrong(g, path, e, "%.80s leads over a link, which reeve does not follow to a socket: %.60s is %.80s, "
			   "name that", path, named, real);
}

/* A socket there would be one of the host's files, or one that is there already. */
static int check_free(const struct plan *p, const struct grant *g, const char *path, const struct place *at,
		      struct err *e)
{
	const char *why = network_unix_wrong(path);
	size_t i;

	if (why)
		return grant_wrong(g, path, e, "%.80s %s", path, why);
	for (i = 0; at->hidden && at->hidden[i]; i++)
		if (path_is_within(path, at->hidden[i]))
			return grant_wrong(g, path, e, "%.80s lies where reeve keeps its own; no jail reaches that", path);
	for (i = 0; i < p->mount_count; i++)
		if (p->mounts[i].source && p->mounts[i].kind != JAIL_LINK && path_is_within(path, p->mounts[i].target))
			return grant_wrong(g, path, e,
					   "%.80s lies in %.60s, which is in the jail as it is; a socket there is not "
					   "heard by reeve: have it elsewhere",
					   path, p->mounts[i].target);
	return plan_steady(g, path, at, e) < 0 ? -1 : check_direct(g, path, e);
}

static int add_sockets(struct plan *p, const struct profile *from, const struct place *at, struct err *e)
{
	const struct grant g = { .from = from, .pointer = "/network/unix" };
	const char *path;
	json_t *value;
	size_t i;

	json_array_foreach(json_at(from->file.root, g.pointer), i, value) {
		path = json_string_value(value);
		if (check_free(p, &g, path, at, e) < 0)
			return -1;
		add_ear(p, EAR_UNIX, 0, path);
	}
	return 0;
}

static int tell_programs(struct plan *p, const struct profile *from, struct err *e)
{
	static const char *const lists[] = { "/environment/pass", "/environment/set" };
	struct profile_credential c;
	size_t i, n;

	for (i = 0; i < count_of(variables); i++) {
		for (n = 0; n < count_of(lists); n++)
			if (profile_names(from, lists[n], variables[i].name))
				return profile_wrong(from, lists[n], variables[i].name, e,
						     "%s is reeve's own to set where the network is on: take it away here",
						     variables[i].name);
		plan_env(p, variables[i].name, variables[i].value);
	}
	for (i = 0; profile_credential(&c, from, i); i++)
		plan_env(p, c.variable, c.placeholder);
	return 0;
}

static bool brings(const struct plan *p, const char *path)
{
	size_t i;

	for (i = 0; i < p->mount_count; i++)
		if (path_is_within(path, p->mounts[i].target))
			return true;
	return false;
}

/* What else a resolver asks: of the host's own it would learn servers that are not heard of here. */
static void add_files(struct plan *p)
{
	if (!brings(p, "/etc/hosts"))
		plan_mount(p, (struct jail_mount){ .kind = JAIL_TEXT,
						   .text = "127.0.0.1 localhost\n::1 localhost\n",
						   .target = "/etc/hosts" });
	plan_mount(p, (struct jail_mount){ .kind = JAIL_TEXT,
					   .text = "nameserver 127.0.0.1\n",
					   .target = "/etc/resolv.conf",
					   .maybe = true });
}

int plan_ears(struct plan *p, struct jail_spec *spec, const struct profile *from, const struct place *at, struct err *e)
{
	static const uint16_t usual[] = { 80, 443 };
	const json_t *network = json_object_get(from->file.root, "network"), *ports = json_object_get(network, "ports");
	size_t i;

	if (!json_is_object(network) && !at->network)
		return 0;
	add_ear(p, EAR_PROXY, PROFILE_PROXY, NULL);
	add_ear(p, EAR_DNS, 53, NULL);
	add_ear(p, EAR_DNS_STREAM, 53, NULL);
	for (i = 0; !ports && i < count_of(usual); i++)
		add_ear(p, EAR_DIRECT, usual[i], NULL);
	add_ports(p, EAR_DIRECT, ports);
	add_ports(p, EAR_UDP, json_object_get(network, "udp"));
	if (add_sockets(p, from, at, e) < 0 || tell_programs(p, from, e) < 0)
		return -1;
	add_files(p);
	spec->ears = p->ears;
	spec->ear_count = p->ear_count;
	return 0;
}

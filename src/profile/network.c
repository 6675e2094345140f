/*
 * What a jail may reach, as the profile says it: checked file by file, so that an error names its place, and again
 * when all files are one. Which connections are made is policy's matter; here is said what there is to hear.
 */
#include "profile/network.h"

#include <string.h>
#include <sys/un.h>

#include "egress/egress.h"

enum { DNS = 53, QUIC = 443, PORTS_MOST = 32, UDP_MOST = 16, UNIX_MOST = 16, NETWORKS_MOST = 256, HOSTS_MOST = 256 };

static const struct json_member members[] = {
	{ "ports", JSON_ARRAY, JSON_MAY },  { "udp", JSON_ARRAY, JSON_MAY },
	{ "private", JSON_NULL, JSON_MAY }, { "unix", JSON_NULL, JSON_MAY },
	{ "ech", JSON_STRING, JSON_MAY },   { "inspect", JSON_NULL, JSON_MAY },
	{ "credentials", JSON_ARRAY, JSON_MAY }, { "authorities", JSON_STRING, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

/* Ports that are something else already, or never can be what is asked. */
static const struct {
	const char *list;
	json_int_t port;
	const char *why;
} taken[] = {
	{ "ports", DNS, "53 is where reeve answers questions about names" },
	{ "ports", PROFILE_PROXY, "7339 is the port of reeve's own proxy" },
	{ "udp", DNS, "53 is where reeve answers questions about names" },
	{ "udp", QUIC, "443 would be QUIC, which nobody can read: without it programs use TCP, where the host's name is held "
		       "to what was judged" },
};

static int check_port(const struct json_file *f, const char *key, size_t i, struct err *e)
{
	char list[POINT_MOST], at[POINT_MOST];
	json_t *ports = json_at(f->root, point_key(list, "/network", key)), *value = json_array_get(ports, i);
	json_int_t port = json_integer_value(value);
	size_t n;

	point_index(at, list, i);
	if (!json_is_integer(value) || port < 1 || port > 65535)
		return json_wrong(f, at, false, e, "expected a port from 1 to 65535");
	for (n = 0; n < count_of(taken); n++)
		if (strcmp(taken[n].list, key) == 0 && taken[n].port == port)
			return json_wrong(f, at, false, e, "%s", taken[n].why);
	for (n = 0; n < i; n++)
		if (json_integer_value(json_array_get(ports, n)) == port)
			return json_wrong(f, at, false, e, "%d stands in \"%s\" twice; keep one", (int)port, key);
	return 0;
}

static int check_ports(const struct json_file *f, const char *key, size_t most, struct err *e)
{
	char list[POINT_MOST];
	const json_t *ports = json_at(f->root, point_key(list, "/network", key));
	size_t i;

	if (json_array_size(ports) > most)
		return json_wrong(f, list, false, e, "expected at most %zu ports", most);
	for (i = 0; i < json_array_size(ports); i++)
		if (check_port(f, key, i, e) < 0)
			return -1;
	return 0;
}

/* Why this network is not one that can be named; NULL: it can. */
static const char *network_wrong(const struct egress_network *n)
{
	struct egress_network names;
	const char *what;

	if (!egress_network(&names, "198.18.0.0/15") || egress_within(&names, n->address, n->bits))
		return "is where addresses stand for names in a jail";
	switch (egress_reach(n->address, n->bits, &what)) {
	case EGRESS_PUBLIC:
		if (n->length == n->bits)
			return NULL; /* this machine's own may be such a one, and is not to be reached unnamed */
		return "is public, or begins so: that takes no naming here, only a rule in the policy";
	case EGRESS_NEVER:
		return "is of no one machine, or begins so; name what is needed";
	case EGRESS_ALONE:
		return n->length < n->bits ? "is where clouds keep their metadata, or alike; name each address by itself"
					   : NULL;
	case EGRESS_PRIVATE:
		break;
	}
	return NULL;
}

static int private_item(const struct item *item, struct err *e)
{
	struct egress_network n;
	const char *why;

	if (!egress_network(&n, item->name))
		return json_wrong(item->file, item->at, item->is_key, e,
				  "expected a network such as \"10.1.2.0/24\", with no bits behind its length, or an "
				  "address, found \"%.60s\"",
				  item->name);
	why = network_wrong(&n);
	return why ? json_wrong(item->file, item->at, item->is_key, e, "%.60s %s", item->name, why) : 0;
}

static int unix_item(const struct item *item, struct err *e)
{
	const char *why = network_unix_wrong(item->name);

	if (!path_is_plain(item->name) || strlen(item->name) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return json_wrong(item->file, item->at, item->is_key, e,
				  "expected an absolute path of a socket, of at most 107 bytes, found \"%.80s\"",
				  item->name);
	if (why)
		return json_wrong(item->file, item->at, item->is_key, e, "%.80s %s", item->name, why);
	return 0;
}

bool host_is_name(const char *host)
{
	struct egress_host read;

	return egress_host(&read, host, strlen(host), false) && read.bits == 0 && strcmp(read.text, host) == 0;
}

/* A name in small letters; "*." before it for all that lie beneath. An address has no name to sign for. */
static int inspect_item(const struct item *item, struct err *e)
{
	const char *host = strncmp(item->name, "*.", 2) == 0 ? item->name + 2 : item->name;

	if (host_is_name(host))
		return 0;
	return json_wrong(item->file, item->at, item->is_key, e,
			  "expected a host's name in small letters, such as \"api.example.org\" or \"*.example.org\", "
			  "found \"%.60s\"",
			  item->name);
}

static int check_size(const struct json_file *f, const char *key, size_t most, struct err *e)
{
	char list[POINT_MOST];
	const json_t *found = json_at(f->root, point_key(list, "/network", key));

	if (json_array_size(found) <= most && json_object_size(found) <= most)
		return 0;
	return json_wrong(f, list, false, e, "expected at most %zu of them", most);
}

static int check_lists(const struct json_file *f, struct err *e)
{
	static const struct {
		const char *key;
		int (*item)(const struct item *item, struct err *e);
		size_t most;
	} lists[] = { { "private", private_item, NETWORKS_MOST },
		      { "unix", unix_item, UNIX_MOST },
		      { "inspect", inspect_item, HOSTS_MOST } };
	size_t i;

	for (i = 0; i < count_of(lists); i++)
		if (check_size(f, lists[i].key, lists[i].most, e) < 0 ||
		    check_list(f, "/network", lists[i].key, lists[i].item, e) < 0)
			return -1;
	return 0;
}

int network_check(const struct json_file *f, struct err *e)
{
	const json_t *network = json_object_get(f->root, "network");
	const char *ech = json_string_value(json_object_get(network, "ech"));
	const char *authorities = json_string_value(json_object_get(network, "authorities"));

	if (!network || json_is_boolean(network))
		return 0;
	if (!json_is_object(network))
		return json_wrong(f, "/network", false, e, "expected true, false or an object");
	if (json_members(f, "/network", members, e) < 0)
		return -1;
	if (ech && strcmp(ech, "refuse") != 0 && strcmp(ech, "record") != 0)
		return json_wrong(f, "/network/ech", false, e, "expected \"refuse\" or \"record\", found \"%.40s\"", ech);
	if (authorities && !path_is_plain(authorities))
		return json_wrong(f, "/network/authorities", false, e,
				  "expected an absolute path without \"..\", found \"%.80s\"", authorities);
	if (check_ports(f, "ports", PORTS_MOST, e) < 0 || check_ports(f, "udp", UDP_MOST, e) < 0)
		return -1;
	return check_lists(f, e) < 0 ? -1 : credentials_check(f, e);
}

void network_settle(json_t *root)
{
	if (json_is_true(json_object_get(root, "network")))
		json_object_set_new(root, "network", json_object());
}

/* Each file may be well, and their union be more than there can be. */
int network_check_whole(const struct profile *p, struct err *e)
{
	static const struct {
		const char *key;
		size_t most;
	} lists[] = { { "ports", PORTS_MOST },	      { "udp", UDP_MOST },	{ "private", NETWORKS_MOST },
		      { "unix", UNIX_MOST },	      { "inspect", HOSTS_MOST } };
	json_t *network = json_object_get(p->file.root, "network"), *ports, *value;
	size_t i;

	_Static_assert(3 + PORTS_MOST + UDP_MOST + UNIX_MOST <= JAIL_EARS, "each has an ear");
	for (i = 0; i < count_of(lists); i++)
		if (json_array_size(json_object_get(network, lists[i].key)) > lists[i].most)
			return profile_wrong(p, "/network", "", e, "\"%s\": all files together have more than %zu",
					     lists[i].key, lists[i].most);
	ports = json_object_get(network, "ports");
	json_array_foreach(ports, i, value)
		if (json_equal(value, json_object_get(p->file.root, "http")))
			return profile_wrong(p, "/network", "", e, "\"http\" stands in \"ports\" of \"network\" too; "
					     "the port can be heard for one of them");
	return credentials_check_whole(p, e);
}

void profile_network(struct profile_network *out, const struct profile *p)
{
	const json_t *network = json_object_get(for_agent(p)->file.root, "network");
	const char *ech = json_text(network, "ech");

	*out = (struct profile_network){ .on = json_is_object(network),
					 .ech = strcmp(ech, "record") == 0,
					 .private = json_object_get(network, "private"),
					 .inspect = json_object_get(network, "inspect"),
					 .unix = json_object_get(network, "unix"),
					 .authorities = json_string_value(json_object_get(network, "authorities")) };
}

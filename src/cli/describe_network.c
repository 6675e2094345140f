/* What programs in the jail may reach out by, and for: reeve-profile(5), NETWORK. */
#include <stdio.h>

#include "cli/describe.h"

static void add(json_t *rows, const char *name, const char *because)
{
	json_t *row = json_object();

	json_object_set_new(row, "name", json_string(name));
	if (because)
		json_object_set_new(row, "because", json_string(because));
	json_array_append_new(rows, row);
}

static const struct {
	const char *before, *after, *because;
} ears[] = {
	[EAR_PROXY] = { "127.0.0.1:", "", "proxy: HTTP and SOCKS 5" },
	[EAR_DIRECT] = { "port ", "/tcp", "of every address, for programs that know no proxy" },
	[EAR_DNS] = { "port ", "/udp", "of every address: questions about names" },
	[EAR_DNS_STREAM] = { "port ", "/tcp", "the same" },
	[EAR_UDP] = { "port ", "/udp", "of every address: datagrams" },
};

static void add_ears(json_t *rows, const struct profile *p, const struct jail_spec *spec)
{
	const struct jail_hearing *h;
	char text[32];
	size_t i;

	for (i = 0; i < spec->ear_count; i++) {
		h = &spec->ears[i];
		if (h->kind == EAR_UNIX) {
			add(rows, h->path, profile_because(p, "unix", h->path));
			continue;
		}
		if ((size_t)h->kind >= count_of(ears))
			continue;
		snprintf(text, sizeof(text), "%s%u%s", ears[h->kind].before, (unsigned)h->port, ears[h->kind].after);
		add(rows, text, ears[h->kind].because);
	}
}

static void add_names(json_t *rows, const struct profile *p, const char *list, const char *before, const json_t *names)
{
	const char *name;
	char text[300];
	size_t i;

	for (i = 0; i < json_array_size(names); i++) {
		name = json_string_value(json_array_get(names, i));
		snprintf(text, sizeof(text), "%s %.253s", before, name);
		add(rows, text, profile_because(p, list, name));
	}
}

static void add_credentials(json_t *rows, const struct profile *p)
{
	struct profile_credential c;
	char text[300], where[400];
	size_t i;

	for (i = 0; profile_credential(&c, p, i); i++) {
		snprintf(text, sizeof(text), "credential %.200s", c.name);
		snprintf(where, sizeof(where), "for %.253s, in place of what %.30s holds", c.host, c.variable);
		add(rows, text, where);
	}
}

json_t *describe_network(const struct profile *p, const struct jail_spec *spec)
{
	json_t *rows = json_array();
	struct profile_network n;

	profile_network(&n, p);
	add_ears(rows, p, spec);
	add_names(rows, p, "private", "may reach", n.private);
	add_names(rows, p, "inspect", "opens TLS to", n.inspect);
	if (n.ech)
		add(rows, "ech", "TLS may hide the host's name");
	if (spec->ear_count > 0)
		add_credentials(rows, p);
	return rows;
}

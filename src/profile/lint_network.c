/* The questions behind the points of exposure that are about the network. */
#include <string.h>

#include "egress/egress.h"
#include "profile/lint.h"

static json_t *member(const struct lint *l, const char *key)
{
	return json_object_get(json_object_get(l->root, "network"), key);
}

static bool each_network(const struct lint *l, bool (*is)(const struct egress_network *n))
{
	struct egress_network n;
	json_t *value;
	size_t i;

	json_array_foreach(member(l, "private"), i, value)
		if (egress_network(&n, json_string_value(value)) && is(&n))
			blame(l, json_string_value(value));
	return l->names->size > 0;
}

static bool is_loopback(const struct egress_network *n)
{
	static const unsigned char one[16] = { [15] = 1 };

	return n->bits == 32 ? n->address[0] == 127 : memcmp(n->address, one, sizeof(one)) == 0;
}

static bool is_other(const struct egress_network *n)
{
	return !is_loopback(n);
}

/* More than one segment of a network usually holds. */
static bool is_wide(const struct egress_network *n)
{
	return !is_loopback(n) && n->length < (n->bits == 32 ? 24 : 64);
}

bool reaches_out(const struct lint *l, const struct row *row)
{
	(void)row;
	return json_is_object(json_object_get(l->root, "network"));
}

bool reaches_private(const struct lint *l, const struct row *row)
{
	(void)row;
	return each_network(l, is_other);
}

bool reaches_wide(const struct lint *l, const struct row *row)
{
	(void)row;
	return each_network(l, is_wide);
}

bool reaches_loopback(const struct lint *l, const struct row *row)
{
	(void)row;
	return each_network(l, is_loopback);
}

bool hears_sockets(const struct lint *l, const struct row *row)
{
	json_t *value;
	size_t i;

	(void)row;
	json_array_foreach(member(l, "unix"), i, value)
		blame(l, json_string_value(value));
	return l->names->size > 0;
}

bool sends_datagrams(const struct lint *l, const struct row *row)
{
	(void)row;
	return json_array_size(member(l, "udp")) > 0;
}

bool hides_names(const struct lint *l, const struct row *row)
{
	(void)row;
	return strcmp(json_text(json_object_get(l->root, "network"), "ech"), "record") == 0;
}

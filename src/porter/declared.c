/*
 * Which arguments a tool wants repeated in a header, from the lists that pass by: a client that repeats them has read the
 * same lists. What is repeated without having been asked for is not looked at: nothing here acts on a header.
 */
#include <stdio.h>
#include <string.h>

#include "porter/porter.h"

enum { DEEP = 8 };

static void forget(struct porter *p, uint16_t server, const char *tool)
{
	size_t i, kept = 0;

	for (i = 0; i < p->declared_count; i++)
		if (p->declared[i].server != server || strcmp(p->declared[i].tool, tool) != 0)
			p->declared[kept++] = p->declared[i];
	p->declared_count = kept;
}

/* One part of a JSON pointer, escaped; false: too long. */
static bool add_part(char pointer[256], const char *key)
{
	size_t used = strlen(pointer);

	if (used + 2 * strlen(key) + 2 > 256)
		return false;
	pointer[used++] = '/';
	for (; *key; key++) {
		if (*key == '~' || *key == '/') {
			pointer[used++] = '~';
			pointer[used++] = *key == '~' ? '0' : '1';
		} else {
			pointer[used++] = *key;
		}
	}
	pointer[used] = '\0';
	return true;
}

static void learn(struct porter *p, const struct declared *so_far, const json_t *schema, unsigned deep)
{
	const json_t *properties = json_object_get(schema, "properties");
	const char *name, *header, *type;
	json_t *property;

	json_object_foreach((json_t *)(uintptr_t)properties, name, property) {
		struct declared d = *so_far;

		if (!add_part(d.pointer, name))
			continue;
		header = json_string_value(json_object_get(property, "x-mcp-header"));
		type = json_text(property, "type");
		d.number = strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
		if (header && strlen(header) < sizeof(d.header) && p->declared_count < PORTER_DECLARED) {
			snprintf(d.header, sizeof(d.header), "%s", header);
			p->declared[p->declared_count++] = d;
		}
		if (deep < DEEP)
			learn(p, &d, property, deep + 1);
	}
}

void declared_learn(struct porter *p, uint16_t server, const json_t *tools)
{
	const char *name;
	json_t *tool;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)tools, i, tool) {
		struct declared d = { .server = server };

		name = json_text(tool, "name");
		if (!name[0] || strlen(name) >= sizeof(d.tool))
			continue;
		forget(p, server, name);
		snprintf(d.tool, sizeof(d.tool), "%s", name);
		learn(p, &d, json_object_get(tool, "inputSchema"), 0);
	}
}

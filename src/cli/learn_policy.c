/* One rule for each tool that was called: that tool, and its resource as far as the ledger tells.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/learn.h"

enum { RESOURCES_MOST = 64 };

/* By its name, such a tool does whatever its arguments say; a rule without a condition is then no
 * rule. */
static const char *does_anything(const char *tool)
{
	static const struct {
		const char *part, *why;
	} parts[] = {
		{ "exec", "executes what it is told" },
		{ "shell", "executes what it is told" },
		{ "bash", "executes what it is told" },
		{ "command", "executes what it is told" },
		{ "eval", "executes what it is told" },
		{ "spawn", "executes what it is told" },
		{ "terminal", "executes what it is told" },
		{ "fetch", "reaches any host it is told" },
		{ "http", "reaches any host it is told" },
		{ "url", "reaches any host it is told" },
		{ "browse", "reaches any host it is told" },
		{ "navigate", "reaches any host it is told" },
		{ "download", "reaches any host it is told" },
		{ "curl", "reaches any host it is told" },
	};
	size_t i;

	if (strpbrk(tool, "*?"))
		return "its name is a pattern: a rule for it would be one for many tools";
	for (i = 0; i < count_of(parts); i++)
		if (strcasestr(tool, parts[i].part))
			return parts[i].why;
	return strcmp(tool, "run") == 0 || strncmp(tool, "run_", 4) == 0
		       ? "executes what it is told"
		       : NULL;
}

/* Which argument is the tool's resource, as the tool file says. */
static const char *pointer_of(const struct learn *l, const char *name)
{
	size_t count = l->read_tools ? tools_count(l->read_tools) : 0, size = strcspn(name, "/"), i,
	       n;
	const char *server, *tool, *pointer;

	for (i = 0; i < count; i++) {
		server = tools_server_name(l->read_tools, i);
		if (strlen(server) != size || strncmp(server, name, size) != 0)
			continue;
		for (n = 0; tools_server_resource(l->read_tools, i, n, &tool, &pointer); n++)
			if (strcmp(tool, name + size + 1) == 0)
				return pointer;
	}
	return NULL;
}

/* Only what is a file there counts as a path: another word is just that word. */
static bool is_in_workspace(const char *text, const char *workspace)
{
	char path[PATH_MAX];

	if (!*workspace || !*text || *text == '~' || strstr(text, "..") || strstr(text, "://"))
		return false;
	if (text[0] == '/')
		return path_is_within(text, workspace);
	return (size_t)snprintf(path, sizeof(path), "%s/%s", workspace, text) < sizeof(path) &&
	       access(path, F_OK) == 0;
}

/* A name that policy might read otherwise than it stands there is no folder to speak of. */
static const char *in_workspace(const char *name, const char *workspace)
{
	const char *rest = name[0] == '/' ? name + strlen(workspace) : name;

	rest += strspn(rest, "/");
	return *rest == '~' || strstr(rest, "./") || strstr(rest, "//") ? "" : rest;
}

/* The folder that holds them all, relative to the workspace; "." at the most. */
static void common_folder(char out[PATH_MAX], json_t *all, const char *workspace)
{
	const char *name, *rest;
	bool first = true;
	json_t *value;
	char *slash;
	size_t size;

	json_object_foreach(all, name, value) {
		rest = in_workspace(name, workspace);
		if (first)
			snprintf(out, PATH_MAX, "%s", rest);
		first = false;
		size = strlen(out);
		while (size > 0 && (strncmp(out, rest, size) != 0 || rest[size] != '/')) {
			out[size] = '\0';
			slash = strrchr(out, '/');
			size = slash ? (size_t)(slash - out) : 0;
		}
		out[size] = '\0';
	}
	if (!out[0])
		snprintf(out, PATH_MAX, ".");
}

/* {"under": FOLDER} if all lie in the workspace, otherwise exactly those that were named. NULL: cannot
 * be said. */
static json_t *condition_of(const struct learn *l, json_t *row)
{
	const char *workspace = json_string_value(json_object_get(l->record, "workspace")), *name;
	json_t *all = json_object_get(row, "resources"), *list, *value;
	char folder[PATH_MAX] = "";
	bool inside = true;

	if (json_integer_value(json_object_get(row, "unknown")) || json_object_size(all) == 0)
		return NULL;
	json_object_foreach(all, name, value)
		inside = inside && is_in_workspace(name, workspace ? workspace : "");
	if (inside) {
		common_folder(folder, all, workspace);
		return json_pack("{s:s}", "under", folder);
	}
	if (json_object_size(all) > RESOURCES_MOST)
		return NULL;
	list = json_array();
	json_object_foreach(all, name, value)
		json_array_append_new(list, json_string(name));
	return json_pack("{s:o}", "in", list);
}

static json_t *rule_of(const struct learn *l, const char *name, json_t *row, json_t *condition,
		       size_t n)
{
	const char *pointer = pointer_of(l, name);
	json_t *when = json_pack("{s:s}", "tool", name);
	char id[32], why[200];

	if (condition)
		json_object_set_new(when, "args", json_pack("{s:O}", pointer, condition));
	snprintf(id, sizeof(id), "learnt-%zu", n);
	snprintf(why, sizeof(why), "called %lld times in run %lld%s",
		 (long long)json_integer_value(json_object_get(row, "allowed")),
		 (long long)json_integer_value(json_object_get(l->record, "run")),
		 condition ? "" : "; its arguments are not in the ledger: narrow them");
	return json_pack("{s:s,s:s,s:o,s:s}", "id", id, "then", "allow", "when", when, "why", why);
}

int learn_policy(json_t **out, struct learn *l, struct err *e)
{
	json_t *rules = json_array(), *row;
	const char *name, *why;
	size_t n = 0;

	json_object_foreach(json_object_get(l->record, "calls"), name, row) {
		scoped(json) json_t *condition = pointer_of(l, name) ? condition_of(l, row) : NULL;

		why = condition && !strpbrk(name, "*?") ? NULL
							: does_anything(strchr(name, '/') + 1);
		if (json_integer_value(json_object_get(row, "allowed")) &&
		    (!why || learn_may(l, name, why)))
			json_array_append_new(rules, rule_of(l, name, row, condition, ++n));
	}
	*out = json_pack("{s:s,s:s,s:s,s:s,s:o}", "reeve", "policy/1", "layer", "action", "version",
			 "1", "unmatched", "refuse", "rules", rules);
	return *out ? 0 : err_set(e, ERR_SYSTEM, "no memory for a policy");
}

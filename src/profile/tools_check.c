/* A tool file before anything of it is used: every member known, every word of it sound. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "profile/limits.h"
#include "profile/tools.h"

enum { TIME_MOST_S = 24 * 3600 };

static const struct json_member file_members[] = {
	{ "reeve", JSON_STRING, JSON_MUST },
	{ "servers", JSON_OBJECT, JSON_MUST },
	{ "quota", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

/* clang-format off */
#define OF_ALL \
	{ "kind", JSON_STRING, JSON_MUST },	{ "deadline", JSON_STRING, JSON_MAY }, \
	{ "limits", JSON_OBJECT, JSON_MAY },	{ "secrets", JSON_OBJECT, JSON_MAY }, \
	{ "text", JSON_STRING, JSON_MAY },	{ "result", JSON_NULL, JSON_MAY }, \
	{ "quota", JSON_OBJECT, JSON_MAY },	{ "payloads", JSON_TRUE, JSON_MAY }
#define OF_PROGRAMS \
	{ "env", JSON_OBJECT, JSON_MAY },	{ "workspace", JSON_STRING, JSON_MAY }, \
	{ "read", JSON_ARRAY, JSON_MAY },	{ "write", JSON_ARRAY, JSON_MAY }, \
	{ "cwd", JSON_STRING, JSON_MAY },	{ "from_workspace", JSON_TRUE, JSON_MAY }
#define OF_SERVERS \
	{ "start_deadline", JSON_STRING, JSON_MAY },	{ "idle", JSON_STRING, JSON_MAY }, \
	{ "restart", JSON_STRING, JSON_MAY },		{ "pins", JSON_STRING, JSON_MAY }, \
	{ "resources", JSON_OBJECT, JSON_MAY }

static const struct json_member command_members[] = {
	OF_ALL, OF_PROGRAMS, OF_SERVERS,
	{ "argv", JSON_ARRAY, JSON_MUST },
	{ "network", JSON_NULL, JSON_MAY },	/* a word or a list: check_network() */
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member exec_members[] = {
	OF_ALL, OF_PROGRAMS,
	{ "tools", JSON_OBJECT, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member url_members[] = {
	OF_ALL, OF_SERVERS,
	{ "url", JSON_STRING, JSON_MUST },
	{ "headers", JSON_OBJECT, JSON_MAY },
	{ "ca", JSON_STRING, JSON_MAY },
	{ "private", JSON_TRUE, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};
/* clang-format on */

unsigned time_of_text(const char *text)
{
	static const struct {
		const char *unit;
		unsigned long ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	char *end;
	unsigned long value = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
	size_t i;

	for (i = 0; value > 0 && value <= TIME_MOST_S * 1000ul && i < count_of(units); i++)
		if (strcmp(end, units[i].unit) == 0 && value * units[i].ms <= TIME_MOST_S * 1000ul)
			return (unsigned)(value * units[i].ms);
	return 0;
}

int check_time(const struct json_file *f, const char *pointer, const char *key, struct err *e)
{
	char at[POINT_MOST];
	const char *text = json_string_value(json_at(f->root, point_key(at, pointer, key)));

	if (!text || time_of_text(text) > 0)
		return 0;
	return json_wrong(f, at, false, e,
			  "expected a time like \"30s\" or \"5m\", at most a day, found \"%.40s\"",
			  text);
}

static int check_times(const struct json_file *f, const char *pointer, struct err *e)
{
	static const char *const keys[] = { "deadline", "start_deadline", "idle", "restart" };
	size_t i;

	for (i = 0; i < count_of(keys); i++)
		if (check_time(f, pointer, keys[i], e) < 0)
			return -1;
	return 0;
}

/* Members that are one of a few words. */
static int check_words(const struct json_file *f, const char *pointer, struct err *e)
{
	static const struct {
		const char *key, *words[4], *expected;
	} rows[] = {
		{ "workspace", { "none", "read", "write" }, "\"none\", \"read\" or \"write\"" },
		{ "cwd", { "private", "workspace" }, "\"private\" or \"workspace\"" },
		{ "pins", { "none" }, "\"none\"" },
		{ "text", { "visible", "remove", "pass" }, "\"visible\", \"remove\" or \"pass\"" },
	};
	const char *found;
	char at[POINT_MOST];
	size_t i, n;

	for (i = 0; i < count_of(rows); i++) {
		found = json_string_value(json_at(f->root, point_key(at, pointer, rows[i].key)));
		for (n = 0; found && rows[i].words[n] && strcmp(found, rows[i].words[n]) != 0; n++)
			;
		if (found && !rows[i].words[n])
			return json_wrong(f, at, false, e, "expected %s, found \"%.40s\"",
					  rows[i].expected, found);
	}
	return 0;
}

/* There is no workspace to be in. */
static int check_cwd(const struct json_file *f, const char *pointer, struct err *e)
{
	json_t *server = json_at(f->root, pointer);
	char at[POINT_MOST];

	if (strcmp(json_text(server, "cwd"), "workspace") != 0 ||
	    strcmp(json_text(server, "workspace"), "none") != 0)
		return 0;
	return json_wrong(f, point_key(at, pointer, "cwd"), false, e,
			  "\"cwd\": \"workspace\" takes \"workspace\": \"read\" or \"write\"");
}

/* What every kind may have, or what only some have and the others' tables refuse. */
static int check_common(const struct json_file *f, const char *pointer, struct err *e)
{
	char at[POINT_MOST];

	if (check_words(f, pointer, e) < 0 || check_times(f, pointer, e) < 0 ||
	    check_cwd(f, pointer, e) < 0 || check_paths(f, pointer, "read", e) < 0 ||
	    check_paths(f, pointer, "write", e) < 0 || check_variables(f, pointer, "env", e) < 0)
		return -1;
	if (check_limits_at(f, point_key(at, pointer, "limits"), e) < 0 ||
	    check_amounts(f, pointer, e) < 0)
		return -1;
	return check_secrets(f, pointer, e);
}

static int check_resources(const struct json_file *f, const char *pointer, struct err *e)
{
	char at[POINT_MOST], list[POINT_MOST];
	const char *tool;
	json_t *value;

	point_key(list, pointer, "resources");
	json_object_foreach(json_at(f->root, list), tool, value)
		if (!json_is_string(value) || json_string_value(value)[0] != '/')
			return json_wrong(f, point_key(at, list, tool), false, e,
					  "expected a JSON pointer that starts with \"/\"");
	return 0;
}

static int check_command(const struct json_file *f, const char *pointer, struct err *e)
{
	char list[POINT_MOST];

	if (json_members(f, pointer, command_members, e) < 0 ||
	    check_texts(f, pointer, "argv", e) < 0)
		return -1;
	point_key(list, pointer, "argv");
	if (json_array_size(json_at(f->root, list)) == 0)
		return json_wrong(f, list, false, e,
				  "expected a program to execute, found an empty list");
	if (check_resources(f, pointer, e) < 0 || check_network(f, pointer, e) < 0)
		return -1;
	return check_common(f, pointer, e);
}

static int check_exec(const struct json_file *f, const char *pointer, struct err *e)
{
	if (json_members(f, pointer, exec_members, e) < 0 || check_exec_tools(f, pointer, e) < 0)
		return -1;
	return check_common(f, pointer, e);
}

static int check_url(const struct json_file *f, const char *pointer, struct err *e)
{
	if (json_members(f, pointer, url_members, e) < 0 || check_resources(f, pointer, e) < 0 ||
	    check_common(f, pointer, e) < 0)
		return -1;
	return check_remote(f, pointer, e);
}

static const struct {
	const char *word;
	int (*check)(const struct json_file *f, const char *pointer, struct err *e);
} kinds[] = {
	[TOOLS_COMMAND] = { "command", check_command },
	[TOOLS_EXEC] = { "exec", check_exec },
	[TOOLS_URL] = { "url", check_url },
};

enum tools_kind kind_of_word(const char *word)
{
	size_t i;

	for (i = 0; i < count_of(kinds) && strcmp(word, kinds[i].word) != 0; i++)
		;
	return (enum tools_kind)i;
}

static int check_server(const struct json_file *f, const char *name, json_t *server, struct err *e)
{
	const char *kind = json_string_value(json_object_get(server, "kind"));
	size_t i = kind ? kind_of_word(kind) : count_of(kinds);
	char pointer[POINT_MOST], at[POINT_MOST];

	point_key(pointer, "/servers", name);
	if (!text_is_name(name) || strstr(name, "__") || strcmp(name, "all") == 0 || strcmp(name, "net") == 0 ||
	    name[strlen(name) - 1] == '_')
		return json_wrong(f, pointer, true, e,
				  "expected a server's name of [a-z0-9_.-] without \"__\", without "
				  "\"_\" at its end and neither \"all\" nor \"net\", found \"%.40s\"",
				  name);
	if (i < count_of(kinds))
		return kinds[i].check(f, pointer, e);
	return json_wrong(f, kind ? point_key(at, pointer, "kind") : pointer, false, e,
			  "expected \"kind\": \"command\", \"exec\" or \"url\", found %.40s",
			  kind ? kind : "none");
}

int check_tools(const struct json_file *f, struct err *e)
{
	json_t *server, *servers = json_object_get(f->root, "servers");
	const char *name;

	if (json_members(f, "", file_members, e) < 0 || check_version(f, "tools/1", e) < 0)
		return -1;
	if (json_object_size(servers) > TOOLS_SERVERS)
		return json_wrong(f, "/servers", false, e, "expected at most %d servers, found %zu",
				  TOOLS_SERVERS, json_object_size(servers));
	if (check_quotas(f, e) < 0)
		return -1;
	json_object_foreach(servers, name, server)
		if (check_server(f, name, server, e) < 0)
			return -1;
	return 0;
}

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "profile/tools.h"
#include "seal/seal.h"

enum { DEADLINE_MS = 60 * 1000, DEADLINE_MOST_S = 24 * 3600 };

static const struct json_member file_members[] = {
	{ "reeve", JSON_STRING, JSON_MUST },
	{ "servers", JSON_OBJECT, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member command_members[] = {
	{ "kind", JSON_STRING, JSON_MUST },        { "argv", JSON_ARRAY, JSON_MUST },
	{ "env", JSON_OBJECT, JSON_MAY },          { "workspace", JSON_STRING, JSON_MAY },
	{ "read", JSON_ARRAY, JSON_MAY },          { "write", JSON_ARRAY, JSON_MAY },
	{ "deadline", JSON_STRING, JSON_MAY },     { "resources", JSON_OBJECT, JSON_MAY },
	{ "from_workspace", JSON_TRUE, JSON_MAY }, { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member exec_members[] = {
	{ "kind", JSON_STRING, JSON_MUST },    { "tools", JSON_OBJECT, JSON_MUST },
	{ "env", JSON_OBJECT, JSON_MAY },      { "workspace", JSON_STRING, JSON_MAY },
	{ "read", JSON_ARRAY, JSON_MAY },      { "write", JSON_ARRAY, JSON_MAY },
	{ "deadline", JSON_STRING, JSON_MAY }, { "from_workspace", JSON_TRUE, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

/* "250ms", "30s", "5m", in milliseconds; 0: no such thing. */
static unsigned deadline_ms(const char *text)
{
	static const struct {
		const char *unit;
		unsigned long ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 } };
	char *end;
	unsigned long value = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
	size_t i;

	for (i = 0; value > 0 && value <= DEADLINE_MOST_S * 1000ul && i < count_of(units); i++)
		if (strcmp(end, units[i].unit) == 0 &&
		    value * units[i].ms <= DEADLINE_MOST_S * 1000ul)
			return (unsigned)(value * units[i].ms);
	return 0;
}

static int check_words(const struct json_file *f, const char *pointer, struct err *e)
{
	static const char *const ways[] = { "none", "read", "write" };
	json_t *server = json_at(f->root, pointer);
	const char *way = json_string_value(json_object_get(server, "workspace"));
	const char *deadline = json_string_value(json_object_get(server, "deadline"));
	char at[POINT_MOST];
	size_t i;

	for (i = 0; way && i < count_of(ways) && strcmp(way, ways[i]) != 0; i++)
		;
	if (way && i == count_of(ways))
		return json_wrong(f, point_key(at, pointer, "workspace"), false, e,
				  "expected \"none\", \"read\" or \"write\", found \"%.40s\"", way);
	if (deadline && deadline_ms(deadline) == 0)
		return json_wrong(
			f, point_key(at, pointer, "deadline"), false, e,
			"expected a time like \"30s\" or \"5m\", at most a day, found \"%.40s\"",
			deadline);
	return 0;
}

static int check_common(const struct json_file *f, const char *pointer, struct err *e)
{
	if (check_words(f, pointer, e) < 0 || check_paths(f, pointer, "read", e) < 0 ||
	    check_paths(f, pointer, "write", e) < 0)
		return -1;
	return check_variables(f, pointer, "env", e);
}

static int check_command(const struct json_file *f, const char *pointer, struct err *e)
{
	char at[POINT_MOST], list[POINT_MOST];
	const char *tool;
	json_t *value;

	if (json_members(f, pointer, command_members, e) < 0 ||
	    check_texts(f, pointer, "argv", e) < 0)
		return -1;
	point_key(list, pointer, "argv");
	if (json_array_size(json_at(f->root, list)) == 0)
		return json_wrong(f, list, false, e,
				  "expected a program to execute, found an empty list");
	point_key(list, pointer, "resources");
	json_object_foreach(json_at(f->root, list), tool, value)
		if (!json_is_string(value) || json_string_value(value)[0] != '/')
			return json_wrong(f, point_key(at, list, tool), false, e,
					  "expected a JSON pointer that starts with \"/\"");
	return check_common(f, pointer, e);
}

static int check_exec(const struct json_file *f, const char *pointer, struct err *e)
{
	if (json_members(f, pointer, exec_members, e) < 0 || check_exec_tools(f, pointer, e) < 0)
		return -1;
	return check_common(f, pointer, e);
}

static int check_server(const struct json_file *f, const char *name, json_t *server, struct err *e)
{
	const char *kind = json_string_value(json_object_get(server, "kind"));
	char pointer[POINT_MOST], at[POINT_MOST];

	point_key(pointer, "/servers", name);
	if (!text_is_name(name) || strstr(name, "__") || strcmp(name, "all") == 0 ||
	    name[strlen(name) - 1] == '_')
		return json_wrong(f, pointer, true, e,
				  "expected a server's name of [a-z0-9_.-] without \"__\", without "
				  "\"_\" at its end "
				  "and not \"all\", found \"%.40s\"",
				  name);
	if (kind && strcmp(kind, "command") == 0)
		return check_command(f, pointer, e);
	if (kind && strcmp(kind, "exec") == 0)
		return check_exec(f, pointer, e);
	return json_wrong(f, kind ? point_key(at, pointer, "kind") : pointer, false, e,
			  "expected \"kind\": \"command\" or \"exec\", found %.40s",
			  kind ? kind : "none");
}

static int check_tools(const struct json_file *f, struct err *e)
{
	json_t *server, *servers = json_object_get(f->root, "servers");
	const char *name;

	if (json_members(f, "", file_members, e) < 0 || check_version(f, "tools/1", e) < 0)
		return -1;
	if (json_object_size(servers) > TOOLS_SERVERS)
		return json_wrong(f, "/servers", false, e, "expected at most %d servers, found %zu",
				  TOOLS_SERVERS, json_object_size(servers));
	json_object_foreach(servers, name, server)
		if (check_server(f, name, server, e) < 0)
			return -1;
	return 0;
}

void tools_free(struct tools *t)
{
	if (!t)
		return;
	if (t->file.root)
		json_file_free(&t->file);
	free(t);
}

int tools_load(struct tools **out, const char *path, struct err *e)
{
	scoped(tools) struct tools *t = calloc(1, sizeof(*t));

	if (!t)
		return err_sys(e, "tools");
	if (json_file_load(&t->file, path, PROFILE_MOST, e) < 0 || check_tools(&t->file, e) < 0)
		return -1;
	_Static_assert(sizeof(t->digest) >= SEAL_DIGEST_TEXT, "room for a digest");
	seal_digest(t->digest, t->file.bytes, t->file.size);
	*out = take(&t);
	return 0;
}

int tools_none(struct tools **out, struct err *e)
{
	struct tools *t = calloc(1, sizeof(*t));

	if (!t)
		return err_sys(e, "tools");
	*out = t;
	return 0;
}

const char *tools_digest(const struct tools *t)
{
	return t->digest;
}

json_t *member_at(json_t *object, size_t n, const char **key)
{
	void *at = json_object_iter(object);

	while (at && n-- > 0)
		at = json_object_iter_next(object, at);
	if (!at)
		return NULL;
	if (key)
		*key = json_object_iter_key(at);
	return json_object_iter_value(at);
}

json_t *server_at(const struct tools *t, size_t server, const char **name)
{
	return t->file.root ? member_at(json_object_get(t->file.root, "servers"), server, name)
			    : NULL;
}

size_t tools_count(const struct tools *t)
{
	return t->file.root ? json_object_size(json_object_get(t->file.root, "servers")) : 0;
}

const char *tools_server_name(const struct tools *t, size_t server)
{
	const char *name = NULL;

	must(server_at(t, server, &name));
	return name;
}

enum tools_kind tools_server_kind(const struct tools *t, size_t server)
{
	const char *kind = json_string_value(json_object_get(server_at(t, server, NULL), "kind"));

	must(kind);
	return strcmp(kind, "exec") == 0 ? TOOLS_EXEC : TOOLS_COMMAND;
}

unsigned tools_server_deadline_ms(const struct tools *t, size_t server)
{
	const char *text =
		json_string_value(json_object_get(server_at(t, server, NULL), "deadline"));

	return text ? deadline_ms(text) : DEADLINE_MS;
}

bool tools_server_resource(const struct tools *t, size_t server, size_t n, const char **tool,
			   const char **pointer)
{
	json_t *s = server_at(t, server, NULL), *value, *found;
	const char *key;

	if (tools_server_kind(t, server) == TOOLS_COMMAND) {
		found = member_at(json_object_get(s, "resources"), n, tool);
		*pointer = json_string_value(found);
		return found != NULL;
	}
	json_object_foreach(json_object_get(s, "tools"), key, value) {
		found = json_object_get(value, "resource");
		if (!found || n-- > 0)
			continue;
		*tool = key;
		*pointer = json_string_value(found);
		return true;
	}
	return false;
}

/* Environment and arguments may say where the workspace is, wherever they like. */
static const char *with_workspace(struct plan *p, const char *text, const char *workspace)
{
	static const char word[] = "$WORKSPACE";
	const char *hit = strstr(text, word), *out = "";

	for (; hit; hit = strstr(text, word)) {
		out = plan_keep(p, "%s%.*s%s", out, (int)(hit - text), text, workspace);
		text = hit + sizeof(word) - 1;
	}
	return plan_keep(p, "%s%s", out, text);
}

static void plan_server_env(struct plan *p, json_t *server, const struct place *at)
{
	const char *name;
	json_t *value;

	plan_env(p, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	plan_env(p, "LANG", "C.UTF-8");
	json_object_foreach(json_object_get(server, "env"), name, value)
		plan_env(p, name, with_workspace(p, json_string_value(value), at->workspace));
	plan_env(p, "HOME", at->home);
}

int plan_server(struct plan *p, struct jail_spec *spec, const struct tools *t, size_t server,
		const struct profile *from, const struct place *at, struct err *e)
{
	const char *name = NULL;
	struct grant read = { .kind = JAIL_READ, .from = from, .file = &t->file };
	struct grant write = { .kind = JAIL_WRITE, .from = from, .file = &t->file };
	char at_server[POINT_MOST], at_read[POINT_MOST], at_write[POINT_MOST];
	json_t *s = server_at(t, server, &name);
	const char *way = json_string_value(json_object_get(s, "workspace"));
	enum jail_mount_kind kind = way && strcmp(way, "write") == 0 ? JAIL_WRITE : JAIL_READ;

	must(s);
	*spec = (struct jail_spec){ .name = plan_keep(p, "server %s", name),
				    .hostname = "tool",
				    .stdio = { -1, -1, -1 },
				    .new_session = true };
	point_key(at_server, "/servers", name);
	read.pointer = point_key(at_read, at_server, "read");
	write.pointer = point_key(at_write, at_server, "write");
	if (plan_common(p, from, at, e) < 0 || plan_paths(p, &read, at, e) < 0 || plan_paths(p, &write, at, e) < 0)
		return err_in(e, "server %s", name);
	spec->calls = profile_calls(from);
	spec->cwd = plan_keep(p, "%s", at->home);
	if (!way || strcmp(way, "none") != 0) {
		spec->cwd = plan_keep(p, "%s", at->workspace);
		plan_workspace(p, at, kind);
		if (kind == JAIL_WRITE) /* what the agent may not make it may not have made */
			spec->protect = plan_protect(p, from);
	}
	if (plan_copy_alone(p, from, at, e) < 0)
		return err_in(e, "server %s", name);
	plan_server_env(p, s, at);
	return 0;
}

int tools_server_plan(struct jail_plan *out, const struct tools *t, size_t server,
		      const struct profile *from, const struct place *at, struct err *e)
{
	scoped(plan) struct plan *p = calloc(1, sizeof(*p));
	struct jail_spec spec;
	json_t *word;
	size_t i;

	must(tools_server_kind(t, server) == TOOLS_COMMAND);
	if (!p)
		return err_sys(e, "plan");
	if (plan_server(p, &spec, t, server, from, at, e) < 0)
		return -1;
	json_array_foreach(json_object_get(server_at(t, server, NULL), "argv"), i, word)
		plan_argv(p, with_workspace(p, json_string_value(word), at->workspace));
	return plan_done(out, &p, spec, at, e);
}

static int check_argv_words(struct plan *p, json_t *argv, const char *name,
			    const struct profile *from, const struct place *at, struct err *e)
{
	const char *word;
	json_t *value;
	size_t i;

	json_array_foreach(argv, i, value) {
		word = with_workspace(p, json_string_value(value), at->workspace);
		if (!strchr(word, '{') && plan_program(word, i, name, from, at, e) < 0)
			return -1;
	}
	return 0;
}

static int check_env(struct plan *p, json_t *env, const char *server, const struct profile *from,
		     const struct place *at, struct err *e)
{
	const char *name;
	json_t *value;

	json_object_foreach(env, name, value)
		if (plan_variable(name, with_workspace(p, json_string_value(value), at->workspace), server,
				  from, at, e) < 0)
			return -1;
	return 0;
}

int tools_check_programs(const struct tools *t, size_t server, const struct profile *from,
			 const struct place *at, struct err *e)
{
	scoped(plan) struct plan *p = calloc(1, sizeof(*p));
	const char *name = NULL, *tool;
	json_t *s = server_at(t, server, &name), *what;
	struct jail_spec spec;

	if (!p)
		return err_sys(e, "plan");
	/* A command's jail is planned whole before it starts; one of a call only with its arguments. */
	if (tools_server_kind(t, server) == TOOLS_EXEC && plan_server(p, &spec, t, server, from, at, e) < 0)
		return -1;
	if (json_is_true(json_object_get(s, "from_workspace")))
		return 0;
	if (check_env(p, json_object_get(s, "env"), name, from, at, e) < 0 ||
	    check_argv_words(p, json_object_get(s, "argv"), name, from, at, e) < 0)
		return -1;
	json_object_foreach(json_object_get(s, "tools"), tool, what)
		if (check_argv_words(p, json_object_get(what, "argv"), name, from, at, e) < 0)
			return -1;
	return 0;
}

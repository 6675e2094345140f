#include "profile/profile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "profile/limits.h"
#include "profile/network.h"
#include "seal/seal.h"

#define AGENT_CALL "/run/reeve/bin/reeve-call"
#define AGENT_CONFIG "/run/reeve/mcp.json"

static const char AGENT_PATH[] =
	"/run/reeve/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* JSON_NULL: a list, as check_list() takes it. */
static const struct json_member members[] = {
	{ "reeve", JSON_STRING, JSON_MUST },
	{ "name", JSON_STRING, JSON_MAY },
	{ "about", JSON_STRING, JSON_MAY },
	{ "extends", JSON_STRING, JSON_MAY },
	{ "project", JSON_TRUE, JSON_MAY },
	{ "read", JSON_NULL, JSON_MAY },
	{ "maybe_read", JSON_NULL, JSON_MAY },
	{ "write", JSON_NULL, JSON_MAY },
	{ "environment", JSON_OBJECT, JSON_MAY },
	{ "limits", JSON_OBJECT, JSON_MAY },
	{ "hostname", JSON_STRING, JSON_MAY },
	{ "http", JSON_NULL, JSON_MAY },
	{ "network", JSON_NULL, JSON_MAY },
	{ "tools", JSON_STRING, JSON_MAY },
	{ "workspace", JSON_STRING, JSON_MAY },
	{ "protect", JSON_NULL, JSON_MAY },
	{ "seccomp", JSON_OBJECT, JSON_MAY },
	{ "because", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member environment_members[] = {
	{ "pass", JSON_NULL, JSON_MAY },
	{ "set", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static int passed_item(const struct item *item, struct err *e)
{
	if (variable_is_settable(item->name))
		return 0;
	return json_wrong(item->file, item->at, item->is_key, e,
			  "expected a variable that reeve does not set itself, found \"%.40s\"", item->name);
}

static int check_environment(const struct json_file *f, struct err *e)
{
	if (!json_object_get(f->root, "environment"))
		return 0;
	if (json_members(f, "/environment", environment_members, e) < 0 ||
	    check_list(f, "/environment", "pass", passed_item, e) < 0)
		return -1;
	return check_variables(f, "/environment", "set", e);
}

static int check_workspace(const struct json_file *f, struct err *e)
{
	const char *word = json_string_value(json_object_get(f->root, "workspace"));

	if (word && strcmp(word, "write") != 0 && strcmp(word, "cow") != 0)
		return json_wrong(f, "/workspace", false, e, "expected \"write\" or \"cow\", found \"%.40s\"", word);
	return 0;
}

static int check_http(const struct json_file *f, struct err *e)
{
	const json_t *http = json_object_get(f->root, "http");
	json_int_t port = json_integer_value(http);

	if (!http || json_is_boolean(http) || (port >= 1024 && port <= 65535))
		return 0;
	return json_wrong(f, "/http", false, e, "expected true, false or a port from 1024 to 65535");
}

/* Relative names, of one part or several: reeve-profile(5). */
int protect_item(const struct item *item, struct err *e)
{
	char whole[POINT_MOST];

	if ((size_t)snprintf(whole, sizeof(whole), "/%s", item->name) < sizeof(whole) && path_is_plain(whole))
		return 0;
	return json_wrong(item->file, item->at, item->is_key, e,
			  "expected a name such as \".git/hooks\", found \"%.40s\"", item->name);
}

static int check_names(const struct json_file *f, struct err *e)
{
	static const char *const names[] = { "name", "hostname" };
	const char *text;
	char at[POINT_MOST];
	size_t i;

	for (i = 0; i < count_of(names); i++) {
		text = json_string_value(json_object_get(f->root, names[i]));
		if (text && !text_is_name(text))
			return json_wrong(f, point_key(at, "", names[i]), false, e,
					  "expected a name of [a-z0-9_.-], found \"%.40s\"", text);
	}
	return 0;
}

int profile_check(const struct json_file *f, struct err *e)
{
	if (json_members(f, "", members, e) < 0 || check_version(f, "profile/1", e) < 0 ||
	    check_names(f, e) < 0)
		return -1;
	if (check_paths(f, "", "read", e) < 0 || check_paths(f, "", "maybe_read", e) < 0 ||
	    check_paths(f, "", "write", e) < 0)
		return -1;
	if (check_http(f, e) < 0 || network_check(f, e) < 0)
		return -1;
	if (check_workspace(f, e) < 0 || check_list(f, "", "protect", protect_item, e) < 0)
		return -1;
	if (check_seccomp(f, e) < 0 || check_environment(f, e) < 0 || check_limits(f, e) < 0)
		return -1;
	return check_grants(f, e) < 0 ? -1 : check_because(f, e);
}

bool profile_has_member(const char *key)
{
	const struct json_member *m;

	for (m = members; m->key && strcmp(m->key, key) != 0; m++)
		;
	return m->key != NULL;
}

static void pass_one(struct plan *p, const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	if (value || otherwise)
		plan_env(p, name, value ? value : otherwise);
}

/* These, what the profile passes and sets, and nothing else: agents hand all they have to what they
 * start. */
static void plan_environment(struct plan *p, const struct profile *from, const struct place *at)
{
	json_t *value, *set = json_at(from->file.root, "/environment/set");
	const char *path = json_string_value(json_object_get(set, "PATH")), *name;
	size_t i;

	pass_one(p, "TERM", "dumb");
	pass_one(p, "LANG", "C.UTF-8");
	pass_one(p, "USER", "agent");
	plan_env(p, "SHELL", "/bin/sh");
	json_array_foreach(json_at(from->file.root, "/environment/pass"), i, value)
		pass_one(p, json_string_value(value), NULL);
	json_object_foreach(set, name, value)
		plan_env(p, name, json_string_value(value));
	plan_env(p, "PATH", path ? plan_keep(p, "/run/reeve/bin:%s", path) : AGENT_PATH);
	plan_env(p, "HOME", at->home);
	plan_env(p, "REEVE_SOCKET", "/run/reeve/all.sock");
	plan_env(p, "REEVE_MCP_CONFIG", AGENT_CONFIG);
}

/* The operator's own list stands instead of ours; an empty one protects nothing. */
const char *const *plan_protect(struct plan *p, const struct profile *from)
{
	json_t *value, *list = json_object_get(from->file.root, "protect");
	size_t i;

	if (!list)
		return jail_protected();
	json_array_foreach(list, i, value)
		if (i + 1 < PLAN_TEXTS)
			p->protect[i] = json_string_value(value);
		else
			p->over = true;
	return p->protect;
}

bool profile_is_cow(const struct profile *p)
{
	const char *word = json_string_value(json_object_get(for_agent(p)->file.root, "workspace"));

	return word && strcmp(word, "cow") == 0;
}

static void plan_sockets(struct plan *p, struct jail_spec *spec, const struct tools *t)
{
	size_t count = t ? tools_count(t) : 0, i;

	for (i = 0; i < count; i++)
		spec->sockets[i] = plan_keep(p, "/run/reeve/%s.sock", tools_server_name(t, i));
	spec->sockets[count] = "/run/reeve/all.sock";
}

/*
 * For agents that take an "mcpServers" file: a server each. Every name in it is one of ours or a
 * text_is_name(), so nothing needs to be escaped. Some agents clear the environment of what they
 * start, so the folder of the sockets stands there too.
 */
static void plan_config(struct plan *p, const struct tools *t)
{
	scoped(buf) struct buf out = BUF(64 << 10);
	size_t count = t ? tools_count(t) : 0, i;

	buf_puts(&out, "{\n\t\"mcpServers\": {");
	for (i = 0; i < count; i++)
		buf_printf(&out,
			   "%s\n\t\t\"%s\": { \"command\": \"" AGENT_CALL "\", "
			   "\"args\": [\"mcp\", \"%s\"], "
			   "\"env\": { \"REEVE_SOCKETS\": \"/run/reeve\" } }",
			   i ? "," : "", tools_server_name(t, i), tools_server_name(t, i));
	buf_puts(&out, "\n\t}\n}\n");
	must(!out.over);
	plan_mount(p, (struct jail_mount){ .kind = JAIL_TEXT,
					   .text = plan_keep(p, "%s", buf_text(&out)),
					   .target = AGENT_CONFIG });
}

/* The port on which the agent's HTTP is heard; 0: not at all. */
static uint16_t http_port(const struct profile *from, const struct place *at)
{
	const json_t *http = json_object_get(from->file.root, "http");

	if (json_is_integer(http))
		return (uint16_t)json_integer_value(http);
	return json_is_true(http) || at->http ? PROFILE_HTTP : 0;
}

static void plan_http(struct plan *p, struct jail_spec *spec, const struct profile *from, const struct place *at)
{
	spec->http = http_port(from, at);
	if (spec->http)
		plan_env(p, "REEVE_MCP_URL", plan_keep(p, "http://127.0.0.1:%u/mcp", (unsigned)spec->http));
}

int profile_agent_plan(struct jail_plan *out, const struct profile *whole, const struct tools *t,
		       const struct place *at, const char *const *argv, struct err *e)
{
	const struct profile *from = for_agent(whole);
	scoped(plan) struct plan *p = calloc(1, sizeof(*p));
	const char *host = json_string_value(json_object_get(from->file.root, "hostname"));
	struct jail_spec spec = {
		.name = "agent", .argv = argv, .stdio = { 0, 1, 2 }, .new_session = true
	};
	const struct grant write = { .kind = JAIL_WRITE, .from = from, .pointer = "/write" };

	if (!p)
		return err_sys(e, "plan");
	if (plan_common(p, from, at, e) < 0 || plan_paths(p, &write, at, e) < 0)
		return err_in(e, "profile %s", from->name);
	plan_workspace(p, at, profile_is_cow(from) ? JAIL_COW : JAIL_WRITE);
	if (plan_copy_alone(p, from, at, e) < 0)
		return err_in(e, "profile %s", from->name);
	plan_mount(p, (struct jail_mount){ .kind = JAIL_READ,
					   .source = plan_keep(p, "%s", at->call),
					   .target = AGENT_CALL });
	plan_environment(p, from, at);
	plan_sockets(p, &spec, t);
	plan_config(p, t);
	plan_http(p, &spec, from, at);
	if (plan_ears(p, &spec, from, at, e) < 0)
		return err_in(e, "profile %s", from->name);
	spec.cwd = plan_keep(p, "%s", at->workspace);
	spec.hostname = host ? host : "reeve";
	spec.protect = plan_protect(p, from);
	spec.calls = profile_calls(from);
	return plan_done(out, &p, spec, at, e);
}

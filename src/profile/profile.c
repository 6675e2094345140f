#include "profile/profile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "profile/plan.h"
#include "seal/seal.h"

static const char AGENT_PATH[] =
	"/run/reeve/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static const struct json_member members[] = {
	{ "reeve", JSON_STRING, JSON_MUST }, { "name", JSON_STRING, JSON_MAY },
	{ "read", JSON_ARRAY, JSON_MAY },    { "maybe_read", JSON_ARRAY, JSON_MAY },
	{ "write", JSON_ARRAY, JSON_MAY },   { "environment", JSON_OBJECT, JSON_MAY },
	{ "limits", JSON_OBJECT, JSON_MAY }, { "hostname", JSON_STRING, JSON_MAY },
	{ "tools", JSON_STRING, JSON_MAY },  { "workspace", JSON_STRING, JSON_MAY },
	{ "protect", JSON_ARRAY, JSON_MAY }, { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member environment_members[] = {
	{ "pass", JSON_ARRAY, JSON_MAY },
	{ "set", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member limit_members[] = {
	{ "processes", JSON_INTEGER, JSON_MAY },   { "open_files", JSON_INTEGER, JSON_MAY },
	{ "file_size", JSON_INTEGER, JSON_MAY },   { "address_space", JSON_INTEGER, JSON_MAY },
	{ "cpu_seconds", JSON_INTEGER, JSON_MAY }, { NULL, JSON_NULL, JSON_MAY },
};

static int check_environment(const struct json_file *f, struct err *e)
{
	json_t *value, *pass = json_at(f->root, "/environment/pass");
	char at[POINT_MOST];
	size_t i;

	if (!json_object_get(f->root, "environment"))
		return 0;
	if (json_members(f, "/environment", environment_members, e) < 0 ||
	    check_texts(f, "/environment", "pass", e) < 0)
		return -1;
	json_array_foreach(pass, i, value)
		if (!variable_is_settable(json_string_value(value)))
			return json_wrong(f, point_index(at, "/environment/pass", i), false, e,
					  "expected a variable that reeve does not set "
					  "itself, found \"%.40s\"",
					  json_string_value(value));
	return check_variables(f, "/environment", "set", e);
}

static int check_limits(const struct json_file *f, struct err *e)
{
	char at[POINT_MOST];
	const char *key;
	json_t *value;

	if (!json_object_get(f->root, "limits"))
		return 0;
	if (json_members(f, "/limits", limit_members, e) < 0)
		return -1;
	json_object_foreach(json_object_get(f->root, "limits"), key, value)
		if (json_integer_value(value) < 1)
			return json_wrong(f, point_key(at, "/limits", key), false, e,
					  "expected a number from 1, found %lld",
					  (long long)json_integer_value(value));
	return 0;
}

static int check_workspace(const struct json_file *f, struct err *e)
{
	const char *word = json_string_value(json_object_get(f->root, "workspace"));

	if (word && strcmp(word, "write") != 0 && strcmp(word, "cow") != 0)
		return json_wrong(f, "/workspace", false, e, "expected \"write\" or \"cow\", found \"%.40s\"", word);
	return 0;
}

/* Relative names, of one part or several: reeve-profile(5). */
static int check_protect(const struct json_file *f, struct err *e)
{
	char at[POINT_MOST], whole[POINT_MOST];
	json_t *value;
	size_t i;

	if (check_texts(f, "", "protect", e) < 0)
		return -1;
	json_array_foreach(json_object_get(f->root, "protect"), i, value) {
		if ((size_t)snprintf(whole, sizeof(whole), "/%s", json_string_value(value)) < sizeof(whole) &&
		    path_is_plain(whole))
			continue;
		return json_wrong(f, point_index(at, "/protect", i), false, e,
				  "expected a name such as \".git/hooks\", found \"%.40s\"",
				  json_string_value(value));
	}
	return 0;
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

static int check_profile(const struct json_file *f, struct err *e)
{
	if (json_members(f, "", members, e) < 0 || check_version(f, "profile/1", e) < 0 ||
	    check_names(f, e) < 0)
		return -1;
	if (check_paths(f, "", "read", e) < 0 || check_paths(f, "", "maybe_read", e) < 0 ||
	    check_paths(f, "", "write", e) < 0)
		return -1;
	if (check_workspace(f, e) < 0 || check_protect(f, e) < 0)
		return -1;
	return check_environment(f, e) < 0 ? -1 : check_limits(f, e);
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	json_file_free(&p->file);
	free(p->name);
	free(p->tools);
	free(p);
}

/* "agent" of ".../agent.json": what the operator called it when he did not say. */
static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t size = strlen(base);

	if (size > 5 && strcmp(base + size - 5, ".json") == 0)
		size -= 5;
	return strndup(base, size);
}

/* A tool file is looked for beside the profile that names it. */
static char *beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	char *out = NULL;

	if (name[0] == '/' || !slash)
		return strdup(name);
	return asprintf(&out, "%.*s/%s", (int)(slash - path), path, name) < 0 ? NULL : out;
}

int profile_load(struct profile **out, const char *path, struct err *e)
{
	scoped(profile) struct profile *p = calloc(1, sizeof(*p));
	const char *name, *tools;

	if (!p)
		return err_sys(e, "profile");
	if (json_file_load(&p->file, path, PROFILE_MOST, e) < 0 || check_profile(&p->file, e) < 0)
		return -1;
	name = json_string_value(json_object_get(p->file.root, "name"));
	tools = json_string_value(json_object_get(p->file.root, "tools"));
	p->name = name ? strdup(name) : name_of(path);
	p->tools = tools ? beside(path, tools) : NULL;
	if (!p->name || (tools && !p->tools))
		return err_sys(e, "profile");
	_Static_assert(sizeof(p->digest) >= SEAL_DIGEST_TEXT, "room for a digest");
	seal_digest(p->digest, p->file.bytes, p->file.size);
	*out = take(&p);
	return 0;
}

const char *profile_name(const struct profile *p)
{
	return p->name;
}

const char *profile_digest(const struct profile *p)
{
	return p->digest;
}

const char *profile_tools_path(const struct profile *p)
{
	return p->tools;
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
	const char *word = json_string_value(json_object_get(p->file.root, "workspace"));

	return word && strcmp(word, "cow") == 0;
}

static void plan_sockets(struct plan *p, struct jail_spec *spec, const struct tools *t)
{
	size_t count = t ? tools_count(t) : 0, i;

	for (i = 0; i < count; i++)
		spec->sockets[i] = plan_keep(p, "/run/reeve/%s.sock", tools_server_name(t, i));
	spec->sockets[count] = "/run/reeve/all.sock";
}

int profile_agent_plan(struct jail_plan *out, const struct profile *from, const struct tools *t,
		       const struct place *at, const char *const *argv, struct err *e)
{
	scoped(plan) struct plan *p = calloc(1, sizeof(*p));
	const char *host = json_string_value(json_object_get(from->file.root, "hostname"));
	struct jail_spec spec = {
		.name = "agent", .argv = argv, .stdio = { 0, 1, 2 }, .new_session = true
	};
	json_t *write = json_object_get(from->file.root, "write");

	if (!p)
		return err_sys(e, "plan");
	if (plan_common(p, from, at, e) < 0 ||
	    plan_paths(p, write, JAIL_WRITE, false, write, e) < 0 ||
	    plan_workspace(p, from, at, profile_is_cow(from) ? JAIL_COW : JAIL_WRITE, e) < 0 ||
	    plan_copy_alone(p, from, at, e) < 0)
		return err_in(e, "profile %s", from->name);
	plan_mount(p, (struct jail_mount){ .kind = JAIL_READ,
					   .source = plan_keep(p, "%s", at->call),
					   .target = "/run/reeve/bin/reeve-call" });
	plan_environment(p, from, at);
	plan_sockets(p, &spec, t);
	spec.cwd = plan_keep(p, "%s", at->workspace);
	spec.hostname = host ? host : "reeve";
	spec.protect = plan_protect(p, from);
	return plan_done(out, &p, spec, at, e);
}

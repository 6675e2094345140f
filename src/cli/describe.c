/* Member by member, in the order in which people ask: what is there, from where, and why. */
#include "cli/describe.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#endif

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_string(text));
}

/* Mounts that every jail has, and why. */
static const char *reason_of_ours(const struct jail_mount *m, const struct place *at)
{
	const struct {
		const char *target, *because;
	} ours[] = {
		{ "/proc", "its own processes, read-only" },
		{ "/dev", "null, zero, random and terminals" },
		{ "/tmp", "private, empty, gone with the run" },
		{ "/var/tmp", "private, empty, gone with the run" },
		{ at->home, "private, empty, gone with the run" },
		{ at->workspace, "where the agent works" },
		{ "/run/reeve/bin/reeve-call", "the way to the broker" },
		{ "/etc/resolv.conf", "names are answered by reeve" },
		{ "/etc/hosts", "localhost by its name" },
		{ "/run/reeve/mcp.json", "names the tool servers to agents: REEVE_MCP_CONFIG" },
	};
	size_t i;

	for (i = 0; i < count_of(ours); i++)
		if (strcmp(m->target, ours[i].target) == 0)
			return ours[i].because;
	return NULL;
}

static const char *reason_of_mount(const struct profile *p, const struct jail_mount *m,
				   const struct place *at)
{
	static const char *const lists[] = { "read", "maybe_read", "write" };
	const char *because = NULL;
	size_t i;

	for (i = 0; i < count_of(lists) && !because && m->kind != JAIL_TEXT; i++)
		because = profile_because(p, lists[i], m->target);
	return because ? because : reason_of_ours(m, at);
}

static json_t *mounts_of(const struct wish *w, const struct jail_spec *spec)
{
	static const char *const kinds[] = {
		[JAIL_READ] = "read", [JAIL_WRITE] = "write", [JAIL_TMPFS] = "private",
		[JAIL_LINK] = "link", [JAIL_PROC] = "proc",   [JAIL_DEV] = "dev",
		[JAIL_COW] = "cow",	[JAIL_TEXT] = "text",
	};
	json_t *all = json_array(), *row;
	const struct jail_mount *m;
	size_t i;

	for (i = 0; i < spec->mount_count; i++) {
		m = &spec->mounts[i];
		row = json_object();
		set_text(row, "kind", kinds[m->kind]);
		if (m->kind == JAIL_WRITE && profile_is_cow(w->read_profile) &&
		    strcmp(m->target, w->ask.place.workspace) == 0)
			set_text(row, "kind", "cow");
		set_text(row, "source", m->source);
		set_text(row, "target", m->target);
		set_text(row, "because", reason_of_mount(w->read_profile, m, &w->ask.place));
		json_array_append_new(all, row);
	}
	return all;
}

static bool is_passed(const struct profile *p, const char *name)
{
	json_t *value;
	size_t i;

	json_array_foreach(json_at(profile_whole(p), "/environment/pass"), i, value)
		if (strcmp(json_string_value(value), name) == 0)
			return true;
	return false;
}

/* What is passed on from the operator's own environment is named, not shown. */
static json_t *environment_of(const struct profile *p, const struct jail_spec *spec)
{
	json_t *all = json_array(), *row;
	const char *const *word;
	char name[256];
	size_t size;

	for (word = spec->env; *word; word++) {
		size = strcspn(*word, "=");
		snprintf(name, sizeof(name), "%.*s", (int)size, *word);
		row = json_object();
		set_text(row, "name", name);
		if (is_passed(p, name))
			set_text(row, "from", "operator");
		else
			set_text(row, "value", *word + size + 1);
		set_text(row, "because",
			 is_passed(p, name) ? profile_because(p, "pass", name)
					    : profile_because(p, "because", name));
		json_array_append_new(all, row);
	}
	return all;
}

static json_t *limits_of(const struct profile *p)
{
	json_t *all = json_array(), *row, *value;
	const char *name;

	json_object_foreach(json_object_get(profile_whole(p), "limits"), name, value) {
		row = json_object();
		set_text(row, "name", name);
		json_object_set(row, "most", value);
		set_text(row, "because", profile_because(p, "because", name));
		json_array_append_new(all, row);
	}
	return all;
}

static json_t *protected_of(const struct profile *p, const struct jail_spec *spec)
{
	json_t *all = json_array(), *row;
	const char *const *name;

	for (name = spec->protect; name && *name; name++) {
		row = json_object();
		set_text(row, "name", *name);
		set_text(row, "because", profile_because(p, "protect", *name));
		json_array_append_new(all, row);
	}
	return all;
}

static json_t *layers_of(const struct jail_spec *spec)
{
	bool names = spec->protect && spec->protect[0];
	json_t *all = json_array();
	int l;

	for (l = 0; l < LAYERS; l++)
		if (l != LAYER_NAMES || names)
			json_array_append_new(all,
					      json_string(jail_layer_word((enum jail_layer)l)));
	return all;
}

static const char *answer_of(int error)
{
	const char *word = error > 0 ? strerrorname_np(error) : NULL;

	if (error <= 0)
		return error == 0 ? "allow" : error == JAIL_TRAPS ? "trap" : "kill";
	return word ? word : "refuse";
}

static json_t *call_row(const char *name, int error, const char *because)
{
	json_t *row = json_object();

	set_text(row, "name", name);
	set_text(row, "answer", answer_of(error));
	set_text(row, "because", because);
	return row;
}

static bool we_refuse(int call)
{
	const struct jail_call *ours;
	size_t i;

	for (i = 0; (ours = jail_call_at(i)); i++)
		if (ours->call == call && ours->error)
			return true;
	return false;
}

/* Our table; or the profile's own list, beneath which our table's refusals hold. */
static json_t *calls_of(const struct jail_spec *spec)
{
	json_t *all = json_array();
	const struct jail_call *ours;
	const struct jail_rule *rule;
	char name[JAIL_CALL_NAME];
	size_t i;

	for (i = 0; (ours = jail_call_at(i)); i++)
		if (ours->call >= 0 && (!spec->calls || ours->error))
			json_array_append_new(all, call_row(ours->name, ours->error, ours->because));
	for (i = 0; spec->calls && i < spec->calls->count; i++) {
		rule = &spec->calls->rules[i];
		if (we_refuse(rule->call))
			continue;
		jail_call_name(name, NATIVE, rule->call);
		json_array_append_new(all, call_row(name, rule->error,
						    rule->compare_count ? "where its arguments match the file" : NULL));
	}
	return all;
}

static json_t *files_of(const struct profile *p)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; profile_file(p, i); i++)
		json_array_append_new(all, json_string(profile_file(p, i)));
	if (profile_oci_path(p))
		json_array_append_new(all, json_string(profile_oci_path(p)));
	return all;
}

static json_t *sockets_of(const struct jail_spec *spec)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < JAIL_SOCKETS && spec->sockets[i]; i++)
		json_array_append_new(all, json_string(spec->sockets[i]));
	if (spec->http)
		json_array_append_new(all, json_sprintf("http://127.0.0.1:%u/mcp", (unsigned)spec->http));
	return all;
}

json_t *describe_plan(const struct wish *w, const struct jail_spec *spec)
{
	const struct profile *p = w->read_profile;
	json_t *all = json_object();

	set_text(all, "profile", profile_name(p));
	set_text(all, "about", profile_about(p));
	set_text(all, "digest", profile_digest(p));
	json_object_set_new(all, "files", files_of(p));
	set_text(all, "workspace", w->ask.place.workspace);
	set_text(all, "changes",
		 profile_is_cow(p) ? "kept apart until they are committed"
				   : "made in the workspace itself");
	set_text(all, "cwd", spec->cwd);
	set_text(all, "hostname", spec->hostname);
	set_text(all, "network", spec->ear_count ? "its own, heard by reeve: each connection is judged"
						 : "its own loopback, nothing else");
	if (spec->ear_count)
		json_object_set_new(all, "reaches", describe_network(p, spec));
	json_object_set_new(all, "layers", layers_of(spec));
	json_object_set_new(all, "mounts", mounts_of(w, spec));
	json_object_set_new(all, "environment", environment_of(p, spec));
	json_object_set_new(all, "limits", limits_of(p));
	json_object_set_new(all, "protect", protected_of(p, spec));
	json_object_set_new(all, "sockets", sockets_of(spec));
	json_object_set_new(all, "calls", calls_of(spec));
	set_text(all, "other_calls", answer_of(spec->calls ? spec->calls->otherwise : ENOSYS));
	return all;
}

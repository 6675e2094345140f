/* The jail of a tool server: what the profile gives every jail, and what its own lines add. */
#include <stdlib.h>
#include <string.h>

#include "profile/limits.h"
#include "profile/tools.h"

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

/*
 * Interpreters that look for code where they stand must not find the agent's. What else a program loads from
 * its current folder reeve cannot know, so who need not stand in the workspace does not: reeve-profile(5).
 */
static void plan_apart_from_agent(struct plan *p, const struct tools *t, size_t server)
{
	if (tools_server_in_workspace(t, server))
		plan_env(p, "PYTHONSAFEPATH", "1");
}

static void plan_server_env(struct plan *p, const struct tools *t, size_t server, const struct secrets *secrets,
			    const struct place *at)
{
	const char *name;
	json_t *value;
	size_t i;

	plan_env(p, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	plan_env(p, "LANG", "C.UTF-8");
	plan_apart_from_agent(p, t, server);
	json_object_foreach(json_object_get(server_at(t, server, NULL), "env"), name, value)
		plan_env(p, name, with_workspace(p, json_string_value(value), at->workspace));
	for (i = 0; secrets && i < secrets->count; i++)
		if (secrets->at[i].server == server)
			plan_env(p, secrets->at[i].name, secrets->at[i].bytes);
	plan_env(p, "HOME", at->home);
}

/* Its own limits count before the profile's. After the mounts that they bound. */
int plan_own_limits(struct plan *p, json_t *server, const struct profile *from, struct err *e)
{
	json_t *own = json_object_get(server, "limits");
	scoped(json) json_t *both = json_copy(json_object_get(from->file.root, "limits"));

	if (!own)
		return 0;
	if (!both)
		both = json_object();
	if (!both || json_object_update(both, own) < 0)
		return err_set(e, ERR_SYSTEM, "no memory for limits");
	p->limit_count = 0;
	plan_limits(p, both);
	return 0;
}

static int plan_grants(struct plan *p, const struct tools *t, const char *name, const struct profile *from,
		       const struct place *at, struct err *e)
{
	struct grant read = { .kind = JAIL_READ, .from = from, .file = &t->file };
	struct grant write = { .kind = JAIL_WRITE, .from = from, .file = &t->file };
	char at_server[POINT_MOST], at_read[POINT_MOST], at_write[POINT_MOST];

	point_key(at_server, "/servers", name);
	read.pointer = point_key(at_read, at_server, "read");
	write.pointer = point_key(at_write, at_server, "write");
	return plan_paths(p, &read, at, e) < 0 ? -1 : plan_paths(p, &write, at, e);
}

static void plan_work(struct plan *p, struct jail_spec *spec, const struct tools *t, size_t server,
		      const struct profile *from, const struct place *at)
{
	const char *way = json_string_value(json_object_get(server_at(t, server, NULL), "workspace"));
	enum jail_mount_kind kind = way && strcmp(way, "write") == 0 ? JAIL_WRITE : JAIL_READ;

	if (way && strcmp(way, "none") == 0)
		return;
	if (tools_server_in_workspace(t, server))
		spec->cwd = plan_keep(p, "%s", at->workspace);
	plan_workspace(p, at, kind);
	if (kind == JAIL_WRITE) /* what the agent may not make it may not have made */
		spec->protect = plan_protect(p, from);
}

int plan_server(struct plan *p, struct jail_spec *spec, const struct tools *t, size_t server,
		const struct secrets *secrets, const struct profile *from, const struct place *at, struct err *e)
{
	const char *name = NULL;
	json_t *s = server_at(t, server, &name);

	must(s);
	*spec = (struct jail_spec){ .name = plan_keep(p, "server %s", name),
				    .hostname = "tool",
				    .stdio = { -1, -1, -1 },
				    .cwd = plan_keep(p, "%s", at->home),
				    .calls = profile_calls(from),
				    .new_session = true };
	if (plan_common(p, from, at, e) < 0 || plan_own_limits(p, s, from, e) < 0 ||
	    plan_grants(p, t, name, from, at, e) < 0)
		return err_in(e, "server %s", name);
	plan_network(p, spec, json_object_get(s, "network"));
	if (spec->host_net)
		plan_lookup(p);
	plan_work(p, spec, t, server, from, at);
	if (plan_copy_alone(p, from, at, e) < 0)
		return err_in(e, "server %s", name);
	plan_server_env(p, t, server, secrets, at);
	return 0;
}

int tools_server_plan(struct jail_plan *out, const struct tools *t, size_t server,
		      const struct secrets *secrets, const struct profile *from, const struct place *at,
		      struct err *e)
{
	scoped(plan) struct plan *p = calloc(1, sizeof(*p));
	bool remote = tools_server_kind(t, server) == TOOLS_URL;
	struct jail_spec spec;
	json_t *word;
	size_t i;

	must(tools_server_kind(t, server) != TOOLS_EXEC);
	if (!p)
		return err_sys(e, "plan");
	if ((remote ? plan_courier(p, &spec, t, server, from, at, e)
		    : plan_server(p, &spec, t, server, secrets, from, at, e)) < 0)
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
	if (tools_server_kind(t, server) == TOOLS_EXEC && plan_server(p, &spec, t, server, NULL, from, at, e) < 0)
		return -1;
	if (json_object_get(s, "ca") && plan_program(json_text(s, "ca"), 1, name, from, at, e) < 0)
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

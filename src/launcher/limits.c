/* Who holds the agent to its limits: a cgroup, the pid namespace, rlimits, the size of a tmpfs, or
 * nobody. */
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "launcher/run.h"

static int refuse(const char *why, struct err *e)
{
	return err_set(
		e, ERR_SYSTEM,
		"limits: the profile requires a cgroup, but %s: start reeve with systemd-run "
		"--user --scope -p Delegate=yes, or leave \"require\" out",
		why);
}

/* What tool servers want of a group: theirs are made beside the agent's, in the same place. */
static unsigned servers_need(const struct run *r)
{
	unsigned need = 0;
	struct bounds b;
	size_t i;

	for (i = 0; i < tools_count(r->ask->tools); i++) {
		tools_server_bounds(&b, r->ask->tools, i);
		need |= cgroup_need(&b);
	}
	return need;
}

/* Before anything else is started, so that a group delegated to us holds us alone. */
int limits_begin(struct run *r, struct err *e)
{
	struct cgroup_layout at = { 0 };
	struct err why = { 0 };
	unsigned need, own;

	profile_bounds(&r->bounds, r->ask->profile);
	own = cgroup_need(&r->bounds);
	need = own | servers_need(r);
	if (need == 0)
		return 0;
	if (cgroup_look(&at, &CGROUP_VIEW, need, &why) < 0)
		return r->bounds.required ? refuse(why.text, e) : 0;
	if (r->bounds.required && (at.holds & own) != own)
		return refuse("its controllers are not all there (memory, pids, cpu)", e);
	if (at.holds == 0)
		return 0;
	if (cgroup_make(&r->cgroup, &at, &r->bounds, &why) < 0)
		return r->bounds.required ? refuse(why.text, e) : 0;
	if (r->bounds.required && (r->cgroup.holds & own) != own)
		return refuse("it does not take all limits", e);
	return 0;
}

static bool has(const struct run *r, enum jail_layer l)
{
	return r->agent.layers[l].asked && r->agent.layers[l].obtained;
}

/* The kernel holds uid 0 to no RLIMIT_NPROC. */
static const char *processes_holder(const struct run *r)
{
	if (r->cgroup.holds & CGROUP_PIDS)
		return "cgroup";
	if (has(r, LAYER_LIMITS) && (r->agent.layers[LAYER_LIMITS].detail & JAIL_PROCESSES_HELD))
		return "pid_max";
	return has(r, LAYER_LIMITS) && geteuid() != 0 ? "rlimit" : "none";
}

static const char *holder_of(const struct run *r, enum limit_kind kind)
{
	switch (kind) {
	case LIMIT_MEMORY:
		return r->cgroup.holds & CGROUP_MEMORY ? "cgroup" : "none";
	case LIMIT_CPU:
		return r->cgroup.holds & CGROUP_CPU ? "cgroup" : "none";
	case LIMIT_PROCESSES:
		return processes_holder(r);
	case LIMIT_RESOURCE:
		return has(r, LAYER_LIMITS) ? "rlimit" : "none";
	case LIMIT_TMPFS:
		return has(r, LAYER_MOUNT) ? "tmpfs" : "none";
	}
	return "none";
}

bool limits_holder(const struct run *r, size_t n, const char **word, const char **holder)
{
	enum limit_kind kind;

	if (!profile_limit(r->ask->profile, n, word, &kind))
		return false;
	*holder = holder_of(r, kind);
	return true;
}

/* NULL: none can be had. */
static struct cgroup *make_group(const struct run *r, const struct bounds *b)
{
	struct cgroup_layout at = r->cgroup.at;
	struct cgroup *made = calloc(1, sizeof(*made));
	struct err ignored = { 0 };

	at.leave = false; /* that has been done, where it had to be */
	at.holds = r->cgroup.holds & cgroup_need(b);
	if (made && r->cgroup.dir >= 0 && at.holds && cgroup_make(made, &at, b, &ignored) == 0)
		return made;
	free(made);
	return NULL;
}

static void say_unheld(struct run *r, size_t server, unsigned unheld)
{
	uint32_t bit = UINT32_C(1) << server;

	if (unheld && !(r->unheld & bit))
		log_say("tool server %s: nobody holds its%s%s%s: no cgroup was delegated, see reeve doctor",
			tools_server_name(r->ask->tools, server), unheld & CGROUP_MEMORY ? " memory" : "",
			unheld == (CGROUP_MEMORY | CGROUP_CPU) ? " and" : "", unheld & CGROUP_CPU ? " cpu" : "");
	r->unheld |= bit;
}

/* The number of its processes is held by other means too: limits.c of jail/. */
int limits_server(struct cgroup **out, struct run *r, size_t server, struct err *e)
{
	struct bounds b;
	unsigned need, held;

	*out = NULL;
	tools_server_bounds(&b, r->ask->tools, server);
	need = cgroup_need(&b);
	if (need == 0)
		return 0;
	*out = make_group(r, &b);
	held = *out ? (*out)->holds : 0;
	if (!b.required) {
		say_unheld(r, server, need & ~held & ~(unsigned)CGROUP_PIDS);
		return 0;
	}
	if ((held & need) == need)
		return 0;
	limits_server_end(out);
	return err_set(e, ERR_SYSTEM, "its limits require a cgroup, and none that holds them can be had: see reeve doctor");
}

void limits_server_end(struct cgroup **group)
{
	if (*group)
		cgroup_end(*group);
	free(*group);
	*group = NULL;
}

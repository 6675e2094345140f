/* Who holds the agent to its limits: a cgroup, the pid namespace, rlimits, the size of a tmpfs, or
 * nobody. */
#include <unistd.h>

#include "launcher/run.h"

static int refuse(const char *why, struct err *e)
{
	return err_set(
		e, ERR_SYSTEM,
		"limits: the profile requires a cgroup, but %s: start reeve with systemd-run "
		"--user --scope -p Delegate=yes, or leave \"require\" out",
		why);
}

/* Before anything else is started, so that a group delegated to us holds us alone. */
int limits_begin(struct run *r, struct err *e)
{
	struct cgroup_layout at = { 0 };
	struct err why = { 0 };
	unsigned need;

	profile_bounds(&r->bounds, r->ask->profile);
	need = cgroup_need(&r->bounds);
	if (need == 0)
		return 0;
	if (cgroup_look(&at, &CGROUP_VIEW, need, &why) < 0)
		return r->bounds.required ? refuse(why.text, e) : 0;
	if (r->bounds.required && at.holds != need)
		return refuse("its controllers are not all there (memory, pids, cpu)", e);
	if (at.holds == 0)
		return 0;
	if (cgroup_make(&r->cgroup, &at, &r->bounds, &why) < 0)
		return r->bounds.required ? refuse(why.text, e) : 0;
	if (r->bounds.required && r->cgroup.holds != need)
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

/* Where a run happens: what may be a workspace, and what every jail has around it. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "profile/limits.h"
#include "profile/plan.h"

/* A mount that covered the private home would bring the operator's keys and settings inside. */
static int check_home(const struct profile *from, const struct place *at, struct err *e)
{
	static const char *const lists[] = { "read", "maybe_read", "write" };
	char pointer[POINT_MOST];
	json_t *value;
	size_t list, i;

	if (!at->home || !path_is_plain(at->home))
		return err_set(e, ERR_INPUT,
			       "HOME is \"%.80s\"; set it to an absolute path other than /",
			       at->home ? at->home : "");
	for (list = 0; list < count_of(lists); list++)
		json_array_foreach(json_object_get(from->file.root, lists[list]), i, value)
			if (path_is_within(at->home, json_string_value(value)))
				return profile_wrong(from, point_key(pointer, "", lists[list]),
						     json_string_value(value), e,
						     "\"%s\" holds %.60s, which would bring the home %.80s "
						     "inside; list what is needed in it",
						     lists[list], json_string_value(value), at->home);
	return 0;
}

/* Never a directory that holds what the jail keeps apart. */
static int check_workspace(const struct profile *from, const struct place *at, struct err *e)
{
	static const char *const apart[] = { "/tmp", "/var/tmp", "/run/reeve" };
	static const char *const never[] = { "/proc", "/dev", "/sys", "/run/reeve" };
	const char *w = at->workspace;
	json_t *value;
	size_t i;

	if (!w || !path_is_plain(w))
		return err_set(e, ERR_INPUT,
			       "workspace \"%.80s\": name an absolute directory other than /",
			       w ? w : "");
	if (path_is_within(at->home, w))
		return err_set(
			e, ERR_INPUT,
			"workspace %s holds your home directory; make a folder in it and use that",
			w);
	for (i = 0; i < count_of(apart); i++)
		if (path_is_within(apart[i], w))
			return err_set(e, ERR_INPUT,
				       "workspace %s holds %s, which is private inside; use a "
				       "folder beneath it",
				       w, apart[i]);
	for (i = 0; i < count_of(never); i++)
		if (path_is_within(w, never[i]))
			return err_set(e, ERR_INPUT,
				       "workspace %s lies in %s; use a folder elsewhere", w,
				       never[i]);
	json_array_foreach(json_object_get(from->file.root, "read"), i, value)
		if (path_is_within(json_string_value(value), w))
			return profile_wrong(from, "/read", json_string_value(value), e,
					     "workspace %.80s holds %.60s, which the profile gives "
					     "read-only; use a folder elsewhere",
					     w, json_string_value(value));
	return 0;
}

/* Home and /tmp first: what lies beneath them is mounted over them. */
int plan_private(struct plan *p, const struct profile *from, const struct place *at, struct err *e)
{
	if (check_home(from, at, e) < 0 || check_workspace(from, at, e) < 0)
		return -1;
	plan_mount(p, (struct jail_mount){ .kind = JAIL_PROC, .target = "/proc" });
	plan_mount(p, (struct jail_mount){ .kind = JAIL_DEV, .target = "/dev" });
	plan_mount(p, (struct jail_mount){ .kind = JAIL_TMPFS, .target = "/tmp" });
	plan_mount(p, (struct jail_mount){ .kind = JAIL_TMPFS, .target = "/var/tmp" });
	plan_mount(p, (struct jail_mount){ .kind = JAIL_TMPFS,
					   .target = plan_keep(p, "%s", at->home),
					   .mode = 0700 });
	plan_limits(p, json_object_get(from->file.root, "limits"));
	return 0;
}

int plan_common(struct plan *p, const struct profile *from, const struct place *at, struct err *e)
{
	const struct grant read = { .kind = JAIL_READ, .from = from, .pointer = "/read" };
	const struct grant maybe = { .kind = JAIL_READ, .maybe = true, .from = from, .pointer = "/maybe_read" };

	if (plan_private(p, from, at, e) < 0)
		return -1;
	return plan_paths(p, &read, at, e) < 0 ? -1 : plan_paths(p, &maybe, at, e);
}

/* After the home it may lie in. */
void plan_workspace(struct plan *p, const struct place *at, enum jail_mount_kind kind)
{
	const char *w = plan_keep(p, "%s", at->workspace);

	if (kind == JAIL_COW) {
		plan_mount(p, (struct jail_mount){ .kind = JAIL_COW,
						   .source = w,
						   .target = w });
		return;
	}
	plan_mount(p, (struct jail_mount){ .kind = kind, .source = w, .target = w });
}

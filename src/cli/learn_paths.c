/*
 * Which of the profile's paths were used, and which others were: from a list of opened files. A
 * file stands for its folder, unless that is too broad; then for itself, unless that is, too.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/text.h"
#include "cli/learn.h"

enum { LIST_MOST = 64 << 20 };

static const char *const lists[] = { "read", "maybe_read", "write" };

bool learn_may(struct learn *l, const char *name, const char *why)
{
	const char *grant;
	json_t *value;

	json_object_foreach(l->grants, grant, value)
		if (strcmp(name, grant) == 0 || (grant[0] == '/' && path_is_within(name, grant)))
			return true;
	json_object_set_new(l->refused, name, json_string(why));
	return false;
}

/* What every jail has of its own, or is the workspace: nothing to grant. A home is no temporary
 * folder. */
static bool is_given(const struct learn *l, const char *path)
{
	static const char *const own[] = { "/proc", "/dev", "/tmp", "/var/tmp", "/run/reeve" };
	const char *workspace = json_string_value(json_object_get(l->record, "workspace")),
		   *home = getenv("HOME");
	size_t i;

	if (workspace && *workspace && path_is_within(path, workspace))
		return true;
	if (home && *home && strcmp(home, "/") != 0 && path_is_within(path, home))
		return false;
	for (i = 0; i < count_of(own); i++)
		if (path_is_within(path, own[i]))
			return true;
	return false;
}

/* The name as it was used, and what it leads to: either may lie beneath a grant. */
static bool mark_used(json_t *used, json_t *whole, const char *path, const char *real)
{
	char root[PATH_MAX];
	bool found = false;
	const char *grant;
	size_t list, i;
	json_t *value;

	for (list = 0; list < count_of(lists); list++)
		json_array_foreach(json_object_get(whole, lists[list]), i, value) {
			grant = json_string_value(value);
			if (!path_is_within(path, grant) && !path_is_within(real, grant) &&
			    !(realpath(grant, root) && path_is_within(real, root)))
				continue;
			json_object_set_new(used, grant, json_true());
			found = true;
		}
	return found;
}

static void add_new(struct learn *l, json_t *more, const char *path, const struct stat *st)
{
	char folder[PATH_MAX];
	const char *why;
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!S_ISDIR(st->st_mode) && slash > folder) {
		*slash = '\0';
		if (!profile_too_broad(folder) && strchr(folder + 1, '/')) {
			json_object_set_new(more, folder, json_true());
			return;
		}
	}
	why = path[1] ? profile_too_broad(path) : "everything there is";
	if (!why || learn_may(l, path, why))
		json_object_set_new(more, path, json_true());
}

static void take_path(struct learn *l, json_t *used, json_t *more, char *path)
{
	char real[PATH_MAX];
	struct stat st;

	if (path[0] != '/' || !realpath(path, real) || stat(real, &st) < 0)
		return;
	if (mark_used(used, profile_whole(l->base), path, real) || is_given(l, path) ||
	    is_given(l, real))
		return;
	add_new(l, more, real, &st);
	if (strcmp(path, real) != 0 && !strstr(path, "/.") && !strstr(path, "//"))
		add_new(l, more, path, &st);
}

/* A line is a path, or a call as strace(1) writes it, which has one in quotes; a call that failed
 * opened nothing. */
static char *path_of(char *line)
{
	char *quoted = strstr(line, "\"/"), *end;

	if (line[0] == '/' || !quoted || strstr(line, ") = -1 "))
		return line;
	end = strchr(quoted + 1, '"');
	if (end)
		*end = '\0';
	return end ? quoted + 1 : line;
}

static int read_list(struct learn *l, json_t *used, json_t *more, struct err *e)
{
	scoped(mem) char *bytes = NULL;
	size_t size, line;
	char *at;

	if (fd_read_file(&bytes, &size, l->files, LIST_MOST, e) < 0)
		return err_in(e, "--files");
	for (at = bytes; *at; at += line + 1) {
		line = strcspn(at, "\n");
		if (!at[line])
			return err_set(e, ERR_INPUT,
				       "--files %s: its last line has no end; is it whole?",
				       l->files);
		at[line] = '\0';
		if (line > 0 && line < PATH_MAX)
			take_path(l, used, more, path_of(at));
	}
	return 0;
}

/* A link such as /bin leads into what is kept, and scripts name it. */
static bool is_kept(json_t *used, const char *grant)
{
	char root[PATH_MAX];
	const char *other;
	struct stat st;
	json_t *value;

	if (json_object_get(used, grant))
		return true;
	if (lstat(grant, &st) < 0 || !S_ISLNK(st.st_mode) || !realpath(grant, root))
		return false;
	json_object_foreach(used, other, value)
		if (path_is_within(root, other))
			return true;
	return false;
}

/* One list of the base without what was not used (`used` NULL: all was) or is too broad; names with
 * reasons. */
static json_t *keep_list(struct learn *l, const char *list, json_t *used)
{
	json_t *kept = json_object(), *value;
	const char *grant, *why, *because;
	size_t i;

	json_array_foreach(json_object_get(profile_whole(l->base), list), i, value) {
		grant = json_string_value(value);
		why = profile_too_broad(grant);
		if ((used && !is_kept(used, grant)) || (why && !learn_may(l, grant, why))) {
			l->changed = true;
			continue;
		}
		because = profile_because(l->base, list, grant);
		json_object_set_new(
			kept, grant,
			json_string(because ? because : "as in the profile of the run"));
	}
	return kept;
}

/* Each folder once, and none that lies in another. */
static void add_more(json_t *read, json_t *more)
{
	const char *path, *other;
	json_t *value, *ignored;
	bool beneath;

	json_object_foreach(more, path, value) {
		beneath = false;
		json_object_foreach(more, other, ignored)
			beneath |= strcmp(path, other) != 0 && path_is_within(path, other);
		if (!beneath)
			json_object_set_new(
				read, path,
				json_string("opened, but not in the profile of the run"));
	}
}

int learn_profile(json_t **out, struct learn *l, struct err *e)
{
	scoped(json) json_t *used = json_object(), *more = json_object();
	json_t *whole = json_deep_copy(profile_whole(l->base)), *kept[count_of(lists)];
	size_t i;

	if (!whole || (l->files && read_list(l, used, more, e) < 0)) {
		json_decref(whole);
		return whole ? -1 : err_set(e, ERR_SYSTEM, "no memory for a profile");
	}
	for (i = 0; i < count_of(lists); i++)
		kept[i] = keep_list(l, lists[i], l->files ? used : NULL);
	l->changed = l->changed || json_object_size(more) > 0;
	add_more(kept[0], more);
	for (i = 0; i < count_of(lists); i++)
		json_object_set_new(whole, lists[i], kept[i]);
	*out = whole;
	return 0;
}

/* The questions behind the points of exposure. Names are taken as they are written and as what they
 * lead to here. */
#include "profile/lint.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

void blame(const struct lint *l, const char *name)
{
	buf_printf(l->names, "%s%s", l->names->size ? ", " : "", name);
}

/* `path` begins with a home folder: how many bytes of it. 0: with none. */
static size_t home_size(const char *path)
{
	const char *home = getenv("HOME");
	size_t size;

	if (home && path_is_plain(home) && path_is_within(path, home))
		return strlen(home);
	if (path_is_within(path, "/root"))
		return strlen("/root");
	if (strncmp(path, "/home/", 6) != 0)
		return 0;
	size = strcspn(path + 6, "/");
	return size ? 6 + size : 0;
}

bool meets(const char *path, const char *place)
{
	size_t home;

	if (place[0] != '~')
		return path_is_within(path, place) || path_is_within(place, path);
	home = home_size(path);
	if (home == 0)
		return path_is_within("/root", path) || path_is_within("/home", path);
	return path[home] == '\0' || path_is_within(path + home, place + 1) ||
	       path_is_within(place + 1, path + home);
}

bool holds(const char *path, const char *place)
{
	if (place[0] != '~')
		return path_is_within(place, path);
	return home_size(path) == strlen(path) || path_is_within("/home", path);
}

bool any_place(const char *path, const char *const *places, bool (*is)(const char *, const char *))
{
	char real[PATH_MAX];
	bool leads = realpath(path, real) != NULL && real[1];

	for (; *places; places++)
		if (is(path, *places) || (leads && is(real, *places)))
			return true;
	return false;
}

static bool each_grant(const struct lint *l, const struct row *row,
		       bool (*is)(const struct lint *, const struct row *, const char *))
{
	static const struct {
		const char *key;
		unsigned bit;
	} lists[] = { { "read", READS }, { "maybe_read", READS }, { "write", WRITES } };
	size_t list, i;
	json_t *value;

	for (list = 0; list < count_of(lists); list++)
		json_array_foreach(json_object_get(l->root, lists[list].key), i, value)
			if ((row->lists & lists[list].bit) && is(l, row, json_string_value(value)))
				blame(l, json_string_value(value));
	return l->names->size > 0;
}

static bool grant_meets(const struct lint *l, const struct row *row, const char *path)
{
	(void)l;
	return any_place(path, row->places, meets);
}

static bool grant_holds(const struct lint *l, const struct row *row, const char *path)
{
	(void)l;
	return any_place(path, row->places, holds);
}

bool reaches(const struct lint *l, const struct row *row)
{
	return each_grant(l, row, grant_meets);
}

bool covers(const struct lint *l, const struct row *row)
{
	return each_grant(l, row, grant_holds);
}

static bool is_any(const struct lint *l, const struct row *row, const char *path)
{
	(void)l, (void)row, (void)path;
	return true;
}

static bool is_foreign(const struct lint *l, const struct row *row, const char *path)
{
	const char *home = getenv("HOME");
	size_t size = home_size(path);

	(void)l, (void)row;
	return size > 0 && path[size] && !(home && path_is_plain(home) && path_is_within(path, home));
}

bool lies_in_foreign_home(const struct lint *l, const struct row *row)
{
	return each_grant(l, row, is_foreign);
}

bool grants_any(const struct lint *l, const struct row *row)
{
	return each_grant(l, row, is_any);
}

static bool anyone_writes(const struct lint *l, const struct row *row, const char *path)
{
	struct stat st;

	(void)l, (void)row;
	return stat(path, &st) == 0 && (st.st_mode & S_IWOTH) && !S_ISCHR(st.st_mode);
}

bool world_writable(const struct lint *l, const struct row *row)
{
	return each_grant(l, row, anyone_writes);
}

static bool meets_workspace(const struct lint *l, const struct row *row, const char *path)
{
	(void)row;
	return l->workspace && meets(path, l->workspace);
}

bool overlaps(const struct lint *l, const struct row *row)
{
	return each_grant(l, row, meets_workspace);
}

static bool is_absent(const struct lint *l, const struct row *row, const char *path)
{
	struct stat st;

	(void)l, (void)row;
	return stat(path, &st) < 0;
}

bool is_missing(const struct lint *l, const struct row *row)
{
	json_t *value;
	size_t i;

	(void)row;
	json_array_foreach(json_object_get(l->root, "read"), i, value)
		if (is_absent(l, row, json_string_value(value)))
			blame(l, json_string_value(value));
	json_array_foreach(json_object_get(l->root, "write"), i, value)
		if (is_absent(l, row, json_string_value(value)))
			blame(l, json_string_value(value));
	return l->names->size > 0;
}

/* Not there, or there already as part of what is read anyway. */
bool maybe_unused(const struct lint *l, const struct row *row)
{
	json_t *value, *read;
	const char *path;
	size_t i, n;

	json_array_foreach(json_object_get(l->root, "maybe_read"), i, value) {
		path = json_string_value(value);
		json_array_foreach(json_object_get(l->root, "read"), n, read)
			if (path_is_within(path, json_string_value(read)))
				break;
		if (n < json_array_size(json_object_get(l->root, "read")) ||
		    is_absent(l, row, path))
			blame(l, path);
	}
	return l->names->size > 0;
}

static bool each_variable(const struct lint *l, bool (*is)(const char *name))
{
	const char *name;
	json_t *value;
	size_t i;

	json_array_foreach(json_at(l->root, "/environment/pass"), i, value)
		if (is(json_string_value(value)))
			blame(l, json_string_value(value));
	json_object_foreach(json_at(l->root, "/environment/set"), name, value)
		if (is(name))
			blame(l, name);
	return l->names->size > 0;
}

static bool smells(const char *name)
{
	static const char *const parts[] = { "TOKEN",   "KEY",        "SECRET",    "PASSWORD",
					     "PASSWD",  "CREDENTIAL", "AUTH_SOCK", "COOKIE",
					     "PRIVATE", "_PAT" };
	size_t i;

	for (i = 0; i < count_of(parts); i++)
		if (strcasestr(name, parts[i]))
			return true;
	return false;
}

static bool loads_code(const char *name)
{
	static const char *const all[] = { "LD_PRELOAD",    "LD_LIBRARY_PATH",   "LD_AUDIT",
					   "NODE_OPTIONS",  "NODE_PATH",         "PYTHONPATH",
					   "PYTHONSTARTUP", "PERL5LIB",          "PERL5OPT",
					   "RUBYLIB",       "RUBYOPT",           "BASH_ENV",
					   "ENV",           "JAVA_TOOL_OPTIONS", "GIT_SSH_COMMAND",
					   "BUN_OPTIONS" };
	size_t i;

	for (i = 0; i < count_of(all); i++)
		if (strcmp(name, all[i]) == 0)
			return true;
	return false;
}

bool passes_secrets(const struct lint *l, const struct row *row)
{
	(void)row;
	return each_variable(l, smells);
}

bool passes_loaders(const struct lint *l, const struct row *row)
{
	(void)row;
	return each_variable(l, loads_code);
}

static bool is_writable_inside(const struct lint *l, const char *folder)
{
	static const char *const always[] = { "/tmp", "/var/tmp" };
	json_t *value;
	size_t i;

	for (i = 0; i < count_of(always); i++)
		if (path_is_within(folder, always[i]))
			return true;
	json_array_foreach(json_object_get(l->root, "write"), i, value)
		if (path_is_within(folder, json_string_value(value)))
			return true;
	return folder[0] != '/' || home_size(folder) > 0 ||
	       (l->workspace && path_is_within(folder, l->workspace));
}

bool path_writable(const struct lint *l, const struct row *row)
{
	const char *at =
		json_string_value(json_object_get(json_at(l->root, "/environment/set"), "PATH"));
	char folder[PATH_MAX];
	size_t size;

	(void)row;
	for (; at && *at; at += size + (at[size] == ':')) {
		size = strcspn(at, ":");
		snprintf(folder, sizeof(folder), "%.*s", (int)size, at);
		if (is_writable_inside(l, folder))
			blame(l, folder[0] ? folder : "(the current folder)");
	}
	return l->names->size > 0;
}

bool protects_nothing(const struct lint *l, const struct row *row)
{
	json_t *list = json_object_get(l->root, "protect");

	(void)row;
	return list && json_array_size(list) == 0;
}

bool writes_at_once(const struct lint *l, const struct row *row)
{
	(void)row;
	return !profile_is_cow(l->p);
}

bool has_own_calls(const struct lint *l, const struct row *row)
{
	(void)row;
	return json_object_get(l->root, "seccomp") != NULL;
}

/* `places`: limits of which one is enough. */
bool unlimited(const struct lint *l, const struct row *row)
{
	const char *const *name;

	for (name = row->places; *name; name++)
		if (json_object_get(json_object_get(l->root, "limits"), *name))
			return false;
	return true;
}

#include "profile/check.h"

#include <stdio.h>
#include <string.h>

const char *point_key(char out[POINT_MOST], const char *parent, const char *key)
{
	size_t at = (size_t)snprintf(out, POINT_MOST, "%s/", parent);

	if (at >= POINT_MOST)
		return out;
	for (; *key && at + 3 < POINT_MOST; key++) {
		if (*key == '~' || *key == '/')
			out[at++] = '~';
		out[at++] = (char)(*key == '~' ? '0' : *key == '/' ? '1' : *key);
	}
	out[at] = '\0';
	return out;
}

const char *point_index(char out[POINT_MOST], const char *parent, size_t index)
{
	if (snprintf(out, POINT_MOST, "%s/%zu", parent, index) >= POINT_MOST)
		out[POINT_MOST - 1] = '\0';
	return out;
}

bool path_is_plain(const char *path)
{
	const char *part = path;
	size_t size;

	if (*path != '/')
		return false;
	while (*part == '/') {
		part++;
		size = strcspn(part, "/");
		if (size == 0 || (size == 1 && part[0] == '.') ||
		    (size == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += size;
	}
	return strlen(path) < 4000;
}

bool path_is_within(const char *path, const char *root)
{
	size_t size = strlen(root);

	if (strcmp(root, "/") == 0)
		return true;
	return strncmp(path, root, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

bool variable_is_settable(const char *name)
{
	static const char *const ours[] = { "HOME", "REEVE_SOCKET", "REEVE_MCP_CONFIG" };
	size_t i;

	for (i = 0; i < count_of(ours); i++)
		if (strcmp(name, ours[i]) == 0)
			return false;
	if (*name == '\0' || (*name >= '0' && *name <= '9'))
		return false;
	return name[strspn(name,
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] ==
	       '\0';
}

static int each_text(const struct json_file *f, const char *pointer, const char *key, bool paths,
		     struct err *e)
{
	char list[POINT_MOST], at[POINT_MOST];
	json_t *array = json_at(f->root, point_key(list, pointer, key)), *value;
	size_t i;

	json_array_foreach(array, i, value) {
		point_index(at, list, i);
		if (!json_is_string(value))
			return json_wrong(f, at, false, e, "expected a string in \"%s\"", key);
		if (paths && !path_is_plain(json_string_value(value)))
			return json_wrong(
				f, at, false, e,
				"expected an absolute path without \"..\", found \"%.80s\"",
				json_string_value(value));
	}
	return 0;
}

int check_paths(const struct json_file *f, const char *pointer, const char *key, struct err *e)
{
	return each_text(f, pointer, key, true, e);
}

int check_texts(const struct json_file *f, const char *pointer, const char *key, struct err *e)
{
	return each_text(f, pointer, key, false, e);
}

int check_variables(const struct json_file *f, const char *pointer, const char *key, struct err *e)
{
	char object[POINT_MOST], at[POINT_MOST];
	const char *name;
	json_t *value;

	json_object_foreach(json_at(f->root, point_key(object, pointer, key)), name, value) {
		point_key(at, object, name);
		if (!variable_is_settable(name))
			return json_wrong(f, at, true, e,
					  "expected a variable that reeve does not set itself, "
					  "found \"%.40s\"",
					  name);
		if (!json_is_string(value))
			return json_wrong(f, at, false, e,
					  "expected a string for the variable %.40s", name);
	}
	return 0;
}

int check_version(const struct json_file *f, const char *expected, struct err *e)
{
	const char *found = json_string_value(json_object_get(f->root, "reeve"));

	if (found && strcmp(found, expected) == 0)
		return 0;
	return json_wrong(f, found ? "/reeve" : "", false, e,
			  "expected \"reeve\": \"%s\", found %s%.40s", expected,
			  found ? "" : "none", found ? found : "");
}

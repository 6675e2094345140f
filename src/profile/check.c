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

bool variable_is_settable(const char *name)
{
	static const char *const ours[] = { "HOME", "REEVE_SOCKET", "REEVE_MCP_CONFIG", "REEVE_MCP_URL" };
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

/* One name of a list that is an object: what stands beside it is the reason, for whoever reads the file. */
static int check_named(const struct json_file *f, const char *list, const char *name, json_t *because,
		       int (*check)(const struct item *item, struct err *e), struct err *e)
{
	char at[POINT_MOST];

	point_key(at, list, name);
	if (!json_is_string(because))
		return json_wrong(f, at, false, e, "expected why \"%.60s\" is there (a string)", name);
	return check(&(struct item){ f, at, name, true }, e);
}

int check_list(const struct json_file *f, const char *pointer, const char *key,
	       int (*check)(const struct item *item, struct err *e), struct err *e)
{
	char list[POINT_MOST], at[POINT_MOST];
	json_t *found = json_at(f->root, point_key(list, pointer, key)), *value;
	const char *name;
	size_t i;

	if (found && !json_is_array(found) && !json_is_object(found))
		return json_wrong(f, list, false, e,
				  "\"%s\": expected an array of names, or an object of names and reasons", key);
	json_object_foreach(found, name, value)
		if (check_named(f, list, name, value, check, e) < 0)
			return -1;
	json_array_foreach(found, i, value) {
		point_index(at, list, i);
		if (!json_is_string(value))
			return json_wrong(f, at, false, e, "expected a string in \"%s\"", key);
		if (check(&(struct item){ f, at, json_string_value(value), false }, e) < 0)
			return -1;
	}
	return 0;
}

static int path_item(const struct item *item, struct err *e)
{
	if (path_is_plain(item->name))
		return 0;
	return json_wrong(item->file, item->at, item->is_key, e,
			  "expected an absolute path without \"..\", found \"%.80s\"", item->name);
}

static int any_item(const struct item *item, struct err *e)
{
	(void)item, (void)e;
	return 0;
}

int check_paths(const struct json_file *f, const char *pointer, const char *key, struct err *e)
{
	return check_list(f, pointer, key, path_item, e);
}

int check_texts(const struct json_file *f, const char *pointer, const char *key, struct err *e)
{
	return check_list(f, pointer, key, any_item, e);
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

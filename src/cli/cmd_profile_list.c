#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cmd_profile.h"
#include "cli/profiles.h"
#include "cli/rows.h"
#include "json/json.h"

enum { NAMES = 512 };

/* Names, each once: the first folder that has one wins, as it does in a run. */
struct names {
	char *at[NAMES];
	size_t count;
};

static void names_free(struct names *n)
{
	while (n->count > 0)
		free(n->at[--n->count]);
}

static bool is_known(const struct names *n, const char *name)
{
	size_t i;

	for (i = 0; i < n->count; i++)
		if (strcmp(n->at[i], name) == 0)
			return true;
	return false;
}

/* A folder that is not there has none. */
static void add_folder(struct names *n, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t size;

	while (dir && n->count < NAMES && (entry = readdir(dir))) {
		size = strlen(entry->d_name);
		if (size < 6 || strcmp(entry->d_name + size - 5, ".json") != 0)
			continue;
		entry->d_name[size - 5] = '\0';
		if (text_is_name(entry->d_name) && !is_known(n, entry->d_name))
			n->at[n->count] = strdup(entry->d_name);
		n->count += n->count < NAMES && n->at[n->count] != NULL;
	}
	if (dir)
		closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One that does not load is listed with what is wrong. */
static bool add_row(json_t *rows, const char *name)
{
	scoped(profile) struct profile *p = NULL;
	struct err e = { .kind = ERR_NONE };
	char path[PATH_MAX] = "";
	json_t *row = json_object();

	if (profile_read(&p, path, name, &e) == 0)
		json_object_set_new(row, "about",
				    json_string(profile_about(p) ? profile_about(p) : ""));
	else
		json_object_set_new(row, "error", json_string(e.text));
	json_object_set_new(row, "name", json_string(name));
	json_object_set_new(row, "file", json_string(path));
	json_object_set_new(row, "default", json_boolean(strcmp(name, "agent") == 0));
	json_array_append_new(rows, row);
	return p != NULL;
}

static void print_rows(json_t *rows)
{
	char left[96], said[320];
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		snprintf(left, sizeof(left), "%s%s",
			 json_string_value(json_object_get(row, "name")),
			 json_is_true(json_object_get(row, "default")) ? " (default)" : "");
		snprintf(said, sizeof(said), "%s%s",
			 json_object_get(row, "error") ? "cannot be used: " : "",
			 json_string_value(json_object_get(
				 row, json_object_get(row, "error") ? "error" : "about")));
		row_print(0, 18, left, said);
	}
}

static int list(bool json, struct err *e)
{
	scoped(json) json_t *rows = json_array();
	scoped(buf) struct buf out = BUF(1 << 20);
	struct names names = { .count = 0 };
	struct profile_dirs dirs;
	bool all = true;
	size_t i;

	if (profile_dirs(&dirs, e) < 0)
		return -1;
	for (i = 0; i < PROFILE_PLACES; i++)
		add_folder(&names, dirs.at[i]);
	qsort(names.at, names.count, sizeof(names.at[0]), by_name);
	for (i = 0; i < names.count; i++)
		all = add_row(rows, names.at[i]) && all;
	names_free(&names);
	if (!json)
		print_rows(rows);
	else if (json_write(&out, rows) && buf_puts(&out, "\n"))
		fwrite(out.data, 1, out.size, stdout);
	return all ? EXIT_DONE : EXIT_USAGE;
}

int cmd_profile_list(int argc, char **argv, struct err *e)
{
	bool json = false, wants_help = false;
	const struct option_row rows[] = {
		{ "json", NULL, OPTION_FLAG, &json, "for programs", NULL },
		{ "help", NULL, OPTION_FLAG, &wants_help, "print this", NULL },
		{ 0 },
	};
	int first = options_anywhere(argc, argv, rows, e);

	if (first >= 0 && first < argc)
		first = err_set(e, ERR_INPUT, "list takes no operand, found %s", argv[first]);
	if (first < 0)
		return profile_usage("list", e);
	if (!wants_help)
		return list(json, e);
	printf("usage: reeve profile list [--json]\n\n");
	options_print(rows);
	return EXIT_DONE;
}

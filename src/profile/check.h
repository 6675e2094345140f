/* profile/check.h - what the two kinds of file have in common: paths, names, where an error stands. */
#ifndef PROFILE_CHECK_H
#define PROFILE_CHECK_H

#include <stdbool.h>

#include "json/json.h"

enum { POINT_MOST = 512 };

/* parent + "/" + key, escaped as RFC 6901 asks; or an index. Cut, never overrun. */
const char *point_key(char out[POINT_MOST], const char *parent, const char *key);
const char *point_index(char out[POINT_MOST], const char *parent, size_t index);

/* Absolute, without "." or ".." or "//" or a slash at the end; "/" itself is not. */
bool path_is_plain(const char *path);

/* [A-Za-z_][A-Za-z0-9_]*, and not one that reeve itself sets. */
bool variable_is_settable(const char *name);

/* One name in a list, where it stands: as a string of an array, or as a member's name. */
struct item {
	const struct json_file *file;
	const char *at, *name;
	bool is_key;
};

/* A list is an array of names, or an object that says of each name why it is there. */
int check_list(const struct json_file *f, const char *pointer, const char *key,
	       int (*check)(const struct item *item, struct err *e), struct err *e) must_use;

/* Each checks the member `key` of the object at `pointer`, if it is there. */
int check_paths(const struct json_file *f, const char *pointer, const char *key, struct err *e) must_use;
int check_texts(const struct json_file *f, const char *pointer, const char *key, struct err *e) must_use;
int check_variables(const struct json_file *f, const char *pointer, const char *key, struct err *e) must_use;
int check_version(const struct json_file *f, const char *expected, struct err *e) must_use;

#endif

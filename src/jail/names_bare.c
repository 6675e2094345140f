/*
 * git obeys any folder that looks like a repository when somebody stands in it or beneath, whatever
 * its name: HEAD, objects and refs make it one, its config and hooks are what it then runs. So the
 * name that would complete the set is refused, and in a complete one config and hooks are
 * protected.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "jail/names.h"

static bool is_there(int folder, const char *up, const char *leaf, const char *word)
{
	char path[16];
	struct stat st;

	if (leaf && names_same(leaf, strlen(leaf), word, strlen(word)))
		return true;
	snprintf(path, sizeof(path), "%s%s", up, word);
	return fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* With `leaf` as if it were there already. */
static bool is_repository(int folder, const char *up, const char *leaf)
{
	return is_there(folder, up, leaf, "HEAD") && is_there(folder, up, leaf, "objects") &&
	       is_there(folder, up, leaf, "refs");
}

static bool is_steering(const char *leaf, size_t size)
{
	return names_same(leaf, size, "config", 6) || names_same(leaf, size, "hooks", 5);
}

/* The part of the path before the last. */
static bool parent_is(const char *path, const char *word)
{
	const char *leaf = strrchr(path, '/'), *from;

	for (from = leaf; from && from > path && from[-1] != '/';)
		from--;
	return from && names_same(from, (size_t)(leaf - from), word, strlen(word));
}

bool names_bare(int parent, const char *path, const char *leaf)
{
	static const char *const made_of[] = { "HEAD", "objects", "refs" };
	size_t size = strcspn(leaf, "/"), i;
	char name[NAME_MAX + 2];

	memcpy(name, leaf, size);
	name[size] = '\0';
	if (parent_is(path, "hooks") && is_repository(parent, "../", NULL))
		return true;
	if (parent_is(path, ".git"))
		return false; /* protected by name, and made by git in another order */
	if (is_steering(name, size))
		return is_repository(parent, "", NULL);
	for (i = 0; i < count_of(made_of); i++)
		if (names_same(name, size, made_of[i], strlen(made_of[i])))
			return !is_there(parent, "", NULL, made_of[i]) &&
			       is_repository(parent, "", name) &&
			       (is_there(parent, "", NULL, "config") ||
				is_there(parent, "", NULL, "hooks"));
	return false;
}

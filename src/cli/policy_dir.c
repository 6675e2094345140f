#include "cli/policy_dir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/scope.h"
#include "policy/policy.h"

void policy_files_free(struct policy_files *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		free(f->at[i].name);
		free(f->at[i].path);
		free(f->at[i].bytes);
	}
	free(f->at);
	*f = (struct policy_files){ 0 };
}

static int is_json(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return size > 5 && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + size - 5, ".json") == 0;
}

/* By bytes, not by locale: the order is part of what a policy means. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static char *bare_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t size = strlen(base);

	if (size > 5 && strcmp(base + size - 5, ".json") == 0)
		size -= 5;
	return strndup(base, size);
}

static int load_file(struct policy_files *out, const char *path, struct err *e)
{
	struct policy_file *more, *f;

	if (out->count == POLICY_FILES_MOST)
		return err_set(e, ERR_LIMIT, "%s: more than %d policy files", path,
			       POLICY_FILES_MOST);
	more = reallocarray(out->at, out->count + 1, sizeof(*more));
	if (!more)
		return err_sys(e, "memory for policies");
	out->at = more;
	f = &more[out->count];
	*f = (struct policy_file){ 0 };
	if (fd_read_file(&f->bytes, &f->size, path, POLICY_MOST, e) < 0)
		return -1;
	out->count++;
	f->name = bare_name(path);
	f->path = strdup(path);
	return f->name && f->path ? 0 : err_sys(e, "memory for policies");
}

static int load_entries(struct policy_files *out, const char *dir, struct dirent **list, int count,
			struct err *e)
{
	scoped(mem) char *path = NULL;
	int i;

	for (i = 0; i < count; i++) {
		free(path);
		if (asprintf(&path, "%s/%s", dir, list[i]->d_name) < 0) {
			path = NULL;
			return err_sys(e, "memory for policies");
		}
		if (load_file(out, path, e) < 0)
			return -1;
	}
	return 0;
}

static int load_dir(struct policy_files *out, const char *dir, struct err *e)
{
	struct dirent **list = NULL;
	int count = scandir(dir, &list, is_json, by_bytes), result, i;

	if (count < 0)
		return err_sys(e, "%s", dir);
	result = load_entries(out, dir, list, count, e);
	for (i = 0; i < count; i++)
		free(list[i]);
	free(list);
	return result;
}

int policy_dir_load(struct policy_files *out, const char *dir_or_file, struct err *e)
{
	struct stat st;

	if (stat(dir_or_file, &st) < 0)
		return err_sys(e, "%s", dir_or_file);
	return S_ISDIR(st.st_mode) ? load_dir(out, dir_or_file, e) : load_file(out, dir_or_file, e);
}

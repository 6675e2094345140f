/*
 * What a tool server's program is made of: reeve-catalogue(5), Program. Read by the launcher, as
 * the operator would read it, immediately before the server is started; nothing of it is parsed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/text.h"
#include "launcher/launcher.h"
#include "seal/seal.h"

enum { NAMES_MOST = 100000, LINES_MOST = 64 << 20 };

static const uint64_t BYTES_MOST = UINT64_C(1) << 30;

/* A folder's digest on its way. */
struct tree {
	struct buf lines;
	size_t names;
	uint64_t bytes;
	char path[PATH_MAX]; /* below the folder */
};

static int digest_file(char out[SEAL_DIGEST_TEXT], int at, const char *name, uint64_t most,
		       uint64_t *size, struct err *e)
{
	scoped(fd) int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "%s", name);
	return seal_digest_fd(out, size, fd, most, e) < 0 ? err_in(e, "%s", name) : 0;
}

static int put_line(struct tree *t, char kind, const char *what, struct err *e)
{
	buf_add(&t->lines, &kind, 1);
	buf_add(&t->lines, t->path, strlen(t->path) + 1);
	if (!buf_add(&t->lines, what, strlen(what) + 1))
		return err_set(e, ERR_LIMIT, "more than %d MiB of names", LINES_MOST >> 20);
	return 0;
}

static int put_tree(struct tree *t, int folder, struct err *e);

static int put_folder(struct tree *t, int at, const char *name, struct err *e)
{
	scoped(fd) int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "%s", name);
	return put_line(t, 'd', "", e) < 0 ? -1 : put_tree(t, fd_take(&fd), e);
}

static int put_name(struct tree *t, int at, const char *name, struct err *e)
{
	char what[PATH_MAX] = "";
	uint64_t size = 0;
	struct stat st;
	ssize_t got;

	if (++t->names > NAMES_MOST)
		return err_set(e, ERR_LIMIT, "more than %d names", NAMES_MOST);
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "%s", name);
	if (S_ISDIR(st.st_mode))
		return put_folder(t, at, name, e);
	if (S_ISLNK(st.st_mode)) {
		got = readlinkat(at, name, what, sizeof(what) - 1);
		return got < 0 ? err_sys(e, "%s", name) : put_line(t, 'l', what, e);
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	if (digest_file(what, at, name, BYTES_MOST - t->bytes, &size, e) < 0)
		return -1;
	t->bytes += size;
	return put_line(t, st.st_mode & 0111 ? 'x' : 'f', what, e);
}

static int is_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* `folder` is taken. */
static int put_tree(struct tree *t, int folder, struct err *e)
{
	struct dirent **list = NULL;
	size_t back = strlen(t->path);
	int count = scandirat(folder, ".", &list, is_name, by_bytes), i, done = 0;

	if (count < 0)
		done = err_sys(e, "a folder of the program");
	for (i = 0; i < count; i++) {
		if (done == 0 && back + strlen(list[i]->d_name) + 2 > sizeof(t->path))
			done = err_set(e, ERR_LIMIT, "a path that is too long");
		if (done == 0) {
			snprintf(t->path + back, sizeof(t->path) - back, "%s%s", back ? "/" : "",
				 list[i]->d_name);
			done = put_name(t, folder, list[i]->d_name, e);
			t->path[back] = '\0';
		}
		free(list[i]);
	}
	free(list);
	fd_close(&folder);
	return done;
}

static int digest_tree(char out[SEAL_DIGEST_TEXT], const char *path, struct err *e)
{
	struct tree *t = calloc(1, sizeof(*t));
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), done;

	if (!t || folder < 0) {
		free(t);
		fd_close(&folder);
		return err_sys(e, "%s", path);
	}
	t->lines = BUF(LINES_MOST);
	done = put_tree(t, folder, e);
	if (done == 0)
		seal_digest(out, t->lines.data ? t->lines.data : "", t->lines.size);
	buf_free(&t->lines);
	free(t);
	return done < 0 ? err_in(e, "%s", path) : 0;
}

static int add_part(struct parts *out, const char *path, struct err *e)
{
	struct part *p = &out->at[out->count];
	uint64_t size;
	struct stat st;
	size_t i;
	int done;

	for (i = 0; i < out->count; i++)
		if (strcmp(out->at[i].name, path) == 0)
			return 0;
	if (out->count == PARTS_MOST || strlen(path) >= sizeof(p->name) ||
	    !text_is_utf8(path, strlen(path)))
		return err_set(e, ERR_LIMIT,
			       "a program of more than %d parts, or with too long or odd a path",
			       PARTS_MOST);
	if (stat(path, &st) < 0)
		return err_sys(e, "%s", path);
	done = S_ISDIR(st.st_mode) ? digest_tree(p->what, path, e)
				   : digest_file(p->what, AT_FDCWD, path, BYTES_MOST, &size, e);
	if (done == 0)
		snprintf(out->at[out->count++].name, sizeof(p->name), "%s", path);
	return done;
}

/* As execvpe(3) would find it: false where there is none; then it fails to start, and says so. */
static bool find_program(char out[PATH_MAX], const char *word, const char *const *env)
{
	const char *at = "", *end;
	size_t i;

	if (strchr(word, '/'))
		return (size_t)snprintf(out, PATH_MAX, "%s", word) < PATH_MAX && word[0] == '/';
	for (i = 0; env && env[i]; i++)
		if (strncmp(env[i], "PATH=", 5) == 0)
			at = env[i] + 5;
	for (; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, ':');
		if ((size_t)snprintf(out, PATH_MAX, "%.*s/%s", (int)(end - at), at, word) <
			    PATH_MAX &&
		    access(out, X_OK) == 0)
			return true;
	}
	return false;
}

static bool is_script(const char *path, const struct stat *st)
{
	static const char *const ends[] = { ".js", ".mjs", ".cjs", ".ts", ".py",  ".pyz",
					    ".rb", ".pl",  ".php", ".sh", ".jar", ".lua" };
	size_t size = strlen(path), i;

	if (!S_ISREG(st->st_mode))
		return false;
	if (st->st_mode & 0111)
		return true;
	for (i = 0; i < count_of(ends); i++)
		if (size > strlen(ends[i]) && strcmp(path + size - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static bool holds_package(const char *folder)
{
	static const char *const marks[] = { "package.json", "pyproject.toml", "__main__.py" };
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < count_of(marks); i++)
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, marks[i]) <
			    sizeof(path) &&
		    access(path, F_OK) == 0)
			return true;
	return false;
}

/* The folder that `path` (itself, if it is one) stands in as a package; false: it is in none. */
static bool find_package(char out[PATH_MAX], const char *path, bool is_folder)
{
	static const char word[] = "/node_modules/";
	char *slash;
	const char *hit;

	if ((size_t)snprintf(out, PATH_MAX, "%s%s", path, is_folder ? "/" : "") >= PATH_MAX)
		return false;
	hit = strstr(out, word);
	if (hit) {
		out[hit - out + (long)sizeof(word) - 2] = '\0';
		return true;
	}
	while ((slash = strrchr(out, '/')) && slash != out) {
		*slash = '\0';
		if (holds_package(out))
			return true;
	}
	return false;
}

/* What the server itself can write, or the agent, is what it works on. */
static bool is_data(const struct jail_plan *plan, const char *path, const char *workspace)
{
	const struct jail_mount *m = plan->spec.mounts;
	size_t i;

	for (i = 0; i < plan->spec.mount_count; i++)
		if ((m[i].kind == JAIL_WRITE || m[i].kind == JAIL_COW) &&
		    path_is_within(path, m[i].target))
			return true;
	return path_is_within(path, workspace);
}

/* A word of argv behind the first. */
static int add_word(struct parts *out, const char *word, const struct jail_plan *plan,
		    const char *workspace, bool from_workspace, struct err *e)
{
	char path[PATH_MAX], package[PATH_MAX];
	struct stat st;

	if (word[0] != '/' || !realpath(word, path) || stat(path, &st) < 0)
		return 0;
	if (!from_workspace && is_data(plan, path, workspace))
		return 0;
	if (is_script(path, &st) && add_part(out, path, e) < 0)
		return -1;
	if (!is_script(path, &st) && !S_ISDIR(st.st_mode))
		return 0;
	if (!find_package(package, path, S_ISDIR(st.st_mode)) || path_is_within(workspace, package))
		return 0;
	return add_part(out, package, e);
}

static int add_origin(struct parts *out, const char *url, struct err *e)
{
	const char *host = strstr(url, "://");
	size_t size = host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?") : 0;

	if (size == 0 || size >= PART_WHAT)
		return err_set(e, ERR_LIMIT, "a url whose origin is too long");
	snprintf(out->at[0].name, PART_NAME, "origin");
	snprintf(out->at[0].what, PART_WHAT, "%.*s", (int)size, url);
	out->count = 1;
	return 0;
}

int parts_find(struct parts *out, const char *url, bool from_workspace,
	       const struct jail_plan *plan, const char *workspace, struct err *e)
{
	const char *const *argv = plan->spec.argv;
	char path[PATH_MAX];
	size_t i;

	out->count = 0;
	if (url)
		return add_origin(out, url, e);
	if (!find_program(path, argv[0], plan->spec.env))
		return 0;
	if (access(path, F_OK) == 0 && add_part(out, path, e) < 0)
		return err_in(e, "its program cannot be known");
	for (i = 1; argv[i]; i++)
		if (add_word(out, argv[i], plan, workspace, from_workspace, e) < 0)
			return err_in(e, "its program cannot be known");
	return 0;
}

/*
 * Which cgroup are we in, and may we make another? Three layouts are known: ours is the root of the
 * whole tree, which may hold processes and groups alike; ours was delegated and holds nobody but
 * us, so that we may step into a leaf of it; or ours is one of several and the folder that holds it
 * is this user's, where another stands beside it. Everything else is somebody else's to change.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "launcher/cgroup.h"

enum { TEXT_MOST = 1 << 20 };

static const struct {
	const char *word;
	unsigned bit;
} controllers[] = { { "memory", CGROUP_MEMORY }, { "pids", CGROUP_PIDS }, { "cpu", CGROUP_CPU } };

/* The kernel's files say their size is 0, and are no regular files' readers' business. */
static int read_text(char **out, const char *dir, const char *name, struct err *e)
{
	char path[PATH_MAX + 64];
	size_t size = 0;

	snprintf(path, sizeof(path), "%s%s%s", dir, *name ? "/" : "", name);
	return fd_read_file(out, &size, path, TEXT_MOST, e);
}

/* Our line of /proc/self/cgroup: "0::/path". */
static int own_path(char out[PATH_MAX], const char *file, struct err *e)
{
	scoped(mem) char *text = NULL;
	const char *line;
	size_t size;

	if (read_text(&text, file, "", e) < 0)
		return -1;
	line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
	if (!line)
		return err_set(e, ERR_SYSTEM, "this process is in no cgroup v2");
	line += strcspn(line, "/");
	size = strcspn(line, "\n");
	if (size >= PATH_MAX || strstr(line, "/../"))
		return err_set(e, ERR_LIMIT,
			       "this process's cgroup lies outside of what is mounted");
	memcpy(out, line, size);
	out[size] = '\0';
	return 0;
}

/* A line of mountinfo: "36 35 98:0 ROOT POINT options [tags] - TYPE source options". */
static bool is_cgroup2(const char *line, size_t size, char root[PATH_MAX], char point[PATH_MAX])
{
	const char *dash = memmem(line, size, " - cgroup2 ", 11);

	_Static_assert(PATH_MAX >= 4096, "room for what sscanf reads");
	return dash && sscanf(line, "%*s %*s %*s %4095s %4095s", root, point) == 2;
}

static int find_mount(char root[PATH_MAX], char point[PATH_MAX], const char *file, struct err *e)
{
	scoped(mem) char *text = NULL;
	const char *line;
	size_t size;

	if (read_text(&text, file, "", e) < 0)
		return -1;
	for (line = text; *line; line += size + (line[size] == '\n')) {
		size = strcspn(line, "\n");
		if (is_cgroup2(line, size, root, point))
			return 0;
	}
	return err_set(e, ERR_SYSTEM, "no cgroup v2 is mounted");
}

static unsigned words_in(const char *dir, const char *name)
{
	struct err ignored = { 0 };
	scoped(mem) char *text = NULL;
	char *word, *rest = NULL;
	unsigned bits = 0;
	size_t i;

	if (read_text(&text, dir, name, &ignored) < 0)
		return 0;
	for (word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
		for (i = 0; i < count_of(controllers); i++)
			if (strcmp(word, controllers[i].word) == 0)
				bits |= controllers[i].bit;
	return bits;
}

static bool is_writable(const char *dir)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	return access(dir, W_OK) == 0 && access(path, W_OK) == 0;
}

/* To a user by owning it; to root, who owns all, by systemd's mark. */
static bool is_delegated(const char *dir)
{
	struct stat st;
	char mark = 0;

	if (!is_writable(dir) || stat(dir, &st) < 0)
		return false;
	if (st.st_uid == geteuid() && geteuid() != 0)
		return true;
	return (getxattr(dir, "trusted.delegate", &mark, 1) == 1 ||
		getxattr(dir, "user.delegate", &mark, 1) == 1) &&
	       mark == '1';
}

static bool holds_only_us(const char *dir)
{
	struct err ignored = { 0 };
	scoped(mem) char *text = NULL;
	char us[32];

	snprintf(us, sizeof(us), "%d\n", getpid());
	return read_text(&text, dir, "cgroup.procs", &ignored) == 0 && strcmp(text, us) == 0;
}

/* cgroup.type exists everywhere but in the true root. */
static bool is_true_root(const char *dir)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/cgroup.type", dir);
	return access(path, F_OK) < 0 && errno == ENOENT;
}

static int choose(struct cgroup_layout *out, unsigned need, const char *top, struct err *e)
{
	char *slash;

	memcpy(out->parent, out->own, sizeof(out->parent));
	if (is_true_root(out->own) && is_writable(out->own)) {
		out->holds = need & words_in(out->own, "cgroup.subtree_control");
		return 0;
	}
	if (is_delegated(out->own) && holds_only_us(out->own)) {
		out->leave = true;
		out->holds = need & words_in(out->own, "cgroup.controllers");
		return 0;
	}
	slash = strrchr(out->parent, '/');
	if (strcmp(out->own, top) == 0 || !slash)
		return err_set(e, ERR_SYSTEM, "cgroup %s is shared with other processes", out->own);
	*slash = '\0';
	if (!is_writable(out->parent))
		return err_set(e, ERR_SYSTEM, "cgroup %s is not delegated to this user",
			       out->parent);
	out->holds = need & words_in(out->parent, "cgroup.subtree_control");
	return 0;
}

int cgroup_look(struct cgroup_layout *out, const struct cgroup_view *view, unsigned need,
		struct err *e)
{
	char path[PATH_MAX] = "", root[PATH_MAX] = "", point[PATH_MAX] = "";
	struct cgroup_layout found = { 0 };
	size_t size;

	if (own_path(path, view->self, e) < 0 || find_mount(root, point, view->mounts, e) < 0)
		return -1;
	if (!path_is_within(path, root))
		return err_set(e, ERR_SYSTEM, "this process's cgroup is not below the one mounted");
	size = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (snprintf(found.own, sizeof(found.own), "%s%s", point,
		     strcmp(path + size, "/") == 0 ? "" : path + size) >= (int)sizeof(found.own))
		return err_set(e, ERR_LIMIT, "too long a name of a cgroup");
	if (choose(&found, need, point, e) < 0)
		return -1;
	*out = found;
	return 0;
}

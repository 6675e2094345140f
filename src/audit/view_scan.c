/*
 * Before anything is written: every name in the folder is one that a view of this ledger has, of a
 * regular file or a folder. A folder that holds something else was meant for something else.
 */
#include "audit/view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

static void leave_listing(DIR **d)
{
	if (*d)
		closedir(*d);
}

struct scan {
	const struct view *v;
	uint64_t size; /* of the ledger */
};

static int foreign(const struct scan *s, const char *name, const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT, "%s/%s: %s; publish into an empty folder", s->v->path, name,
		       why);
}

/* tile, tile/0 to tile/7, tile/entries, and below them x000 and 000.p: else it holds no tile. */
static bool is_folder(const char *name)
{
	static const char digits[] = "0123456789";
	const char *last = strrchr(name, '/');
	size_t depth = 0;
	const char *at;

	for (at = name; *at; at++)
		depth += *at == '/';
	if (depth == 0)
		return strcmp(name, "tile") == 0 || strcmp(name, "epochs") == 0;
	last++;
	if (strncmp(name, "tile/", 5) != 0)
		return false;
	if (depth == 1)
		return strcmp(last, "entries") == 0 ||
		       (last[0] >= '0' && last[0] < '0' + TILE_LEVELS && last[1] == '\0');
	if (*last == 'x')
		return strspn(last + 1, digits) == 3 && last[4] == '\0';
	return strspn(last, digits) == 3 && strcmp(last + 3, ".p") == 0;
}

/* What was being written when a publish ended early: nobody was shown it. */
static bool is_unfinished(const char *name)
{
	char stem[VIEW_PATH + 8];
	size_t size = strlen(name), epoch;
	struct tile t;

	if (size < 4 || strcmp(name + size - 4, ".new") != 0)
		return false;
	snprintf(stem, sizeof(stem), "%.*s", (int)(size - 4), name);
	return strcmp(stem, "checkpoint") == 0 || tile_parse(&t, stem) || epoch_parse(&epoch, stem);
}

static int take_file(const struct scan *s, int dir, const char *last, const char *name,
		     struct err *e)
{
	uint64_t have;
	struct tile t;
	size_t epoch;

	if (strcmp(name, "checkpoint") == 0)
		return 0;
	if (is_unfinished(name))
		return unlinkat(dir, last, 0) < 0 ? err_sys(e, "%s/%s", s->v->path, name) : 0;
	if (epoch_parse(&epoch, name))
		return epoch <= s->v->epochs ? 0 : foreign(s, name, "of more epochs than the ledger has", e);
	if (!tile_parse(&t, name))
		return foreign(s, name, "no file of a published ledger", e);
	have = tile_hashes(&t, s->size);
	if (have < t.width || t.n > (have - t.width) / TILE_WIDTH)
		return foreign(s, name, "of more records than the ledger holds", e);
	return 0;
}

static int scan_folder(const struct scan *s, int fd, const char *at, struct err *e);

static int take_name(const struct scan *s, int dir, const char *at, const char *last, struct err *e)
{
	char name[VIEW_PATH + 8];
	struct stat st;
	int fd;

	if (snprintf(name, sizeof(name), "%s%s%s", at, *at ? "/" : "", last) >= (int)sizeof(name))
		return foreign(s, at, "holds a name that no published ledger has", e);
	if (fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "%s/%s", s->v->path, name);
	if (S_ISREG(st.st_mode))
		return take_file(s, dir, last, name, e);
	if (!S_ISDIR(st.st_mode))
		return foreign(s, name, S_ISLNK(st.st_mode) ? "a link" : "neither file nor folder",
			       e);
	if (!is_folder(name))
		return foreign(s, name, "no folder of a published ledger", e);
	fd = openat(dir, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "%s/%s", s->v->path, name) : scan_folder(s, fd, name, e);
}

/* Takes the descriptor. As deep as a name may be long. */
static int scan_folder(const struct scan *s, int fd, const char *at, struct err *e)
{
	__attribute__((cleanup(leave_listing))) DIR *listing = fdopendir(fd);
	const struct dirent *found;

	if (!listing) {
		fd_close(&fd);
		return err_sys(e, "%s/%s", s->v->path, at);
	}
	for (errno = 0; (found = readdir(listing)); errno = 0)
		if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0 &&
		    take_name(s, fd, at, found->d_name, e) < 0)
			return -1;
	return errno ? err_sys(e, "%s/%s", s->v->path, at) : 0;
}

int view_scan(const struct view *v, uint64_t size, struct err *e)
{
	const struct scan s = { .v = v, .size = size };
	int fd = openat(v->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "%s", v->path) : scan_folder(&s, fd, "", e);
}

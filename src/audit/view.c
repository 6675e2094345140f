/*
 * Each file is written under a name of its own (.new), flushed, and only then gets its name; many
 * share a flush, because a large ledger is thousands of files. Every path is resolved beneath the
 * folder and through no link, so that who may write there cannot make us write elsewhere.
 */
#include "audit/view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

static int reach(const struct view *v, const char *name, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(O_CLOEXEC | O_NONBLOCK | flags),
		.mode = flags & O_CREAT ? 0644 : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, v->dir, name, &how, sizeof(how));
}

int view_open(struct view *out, const char *path, bool make, struct err *e)
{
	scoped(fd) int dir = -1;

	if (make && mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make %s", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "%s", path);
	if (make && flock(dir, LOCK_EX | LOCK_NB) < 0)
		return err_sys(e, "%s: is somebody else publishing there?", path);
	*out = (struct view){ .path = path, .dir = fd_take(&dir) };
	return 0;
}

void view_close(struct view *v)
{
	fd_close(&v->dir);
}

int view_file(int *out, const struct view *v, const char *name, struct err *e)
{
	scoped(fd) int fd = reach(v, name, O_RDONLY);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && (errno == ELOOP || errno == EXDEV || errno == ENOTDIR))
		return err_set(e, ERR_INPUT,
			       "%s/%s: a link, or beneath one; nothing is published over links",
			       v->path, name);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s/%s", v->path, name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s/%s: not a regular file", v->path, name);
	*out = fd_take(&fd);
	return 0;
}

int view_read(bool *there, char **out, size_t *size, const struct view *v, const char *name,
	      size_t most, struct err *e)
{
	scoped(fd) int fd = -1;

	if (view_file(&fd, v, name, e) < 0)
		return -1;
	*there = fd >= 0;
	if (fd < 0 || fd_read_all(out, size, fd, most, e) == 0)
		return 0;
	if (e->kind == ERR_LIMIT)
		e->kind = ERR_INPUT; /* it cannot be what belongs there */
	return err_in(e, "%s/%s", v->path, name);
}

static int has(bool *there, const struct view *v, const char *name, const char *bytes, size_t size,
	       struct err *e)
{
	scoped(mem) char *found = NULL;
	size_t found_size;

	if (view_read(there, &found, &found_size, v, name, size, e) < 0)
		return -1;
	if (*there && (found_size != size || memcmp(found, bytes, size) != 0))
		return err_set(e, ERR_INPUT,
			       "%s/%s: not what the ledger holds; publish into an empty folder",
			       v->path, name);
	return 0;
}

static int make_parents(const struct view *v, const char *name, struct err *e)
{
	char part[VIEW_PATH + 8];
	const char *slash;

	for (slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(part, name, (size_t)(slash - name));
		part[slash - name] = '\0';
		if (mkdirat(v->dir, part, 0755) < 0 && errno != EEXIST)
			return err_sys(e, "make %s/%s", v->path, part);
	}
	return 0;
}

/* What stands in a folder, and the folder, each reached through no link. */
static int parent_of(int *out, const char **last, const struct view *v, const char *name,
		     struct err *e)
{
	const char *slash = strrchr(name, '/');
	char part[VIEW_PATH + 8] = ".";

	*last = slash ? slash + 1 : name;
	if (slash)
		snprintf(part, sizeof(part), "%.*s", (int)(slash - name), name);
	*out = reach(v, part, O_RDONLY | O_DIRECTORY);
	return *out < 0 ? err_sys(e, "%s/%s", v->path, part) : 0;
}

static int write_new(const struct view *v, const char *name, const char *bytes, size_t size,
		     bool flush, struct err *e)
{
	char new[VIEW_PATH + 8];
	scoped(fd) int fd = -1;

	snprintf(new, sizeof(new), "%s.new", name);
	fd = reach(v, new, O_WRONLY | O_CREAT | O_EXCL);
	if (fd < 0 && errno == ENOENT && make_parents(v, new, e) == 0)
		fd = reach(v, new, O_WRONLY | O_CREAT | O_EXCL);
	if (fd < 0)
		return err_sys(e, "make %s/%s", v->path, new);
	if (fd_write_all(fd, bytes, size, e) < 0)
		return err_in(e, "%s/%s", v->path, new);
	if (flush && fsync(fd) < 0)
		return err_sys(e, "%s/%s", v->path, new);
	return 0;
}

static int give_name(const struct view *v, const char *name, struct err *e)
{
	scoped(fd) int parent = -1;
	char new[VIEW_PATH + 8];
	const char *last;

	if (parent_of(&parent, &last, v, name, e) < 0)
		return -1;
	snprintf(new, sizeof(new), "%s.new", last);
	if (renameat(parent, new, parent, last) < 0)
		return err_sys(e, "%s/%s", v->path, name);
	return 0;
}

/* The shorter forms of a tile that is full now: whoever wanted one takes the full one. */
static int drop_partials(const struct view *v, const struct tile *full, struct err *e)
{
	char name[VIEW_PATH], folder[VIEW_PATH + 8];
	scoped(fd) int parent = -1;
	struct tile t = *full;
	const char *last;
	scoped(fd) int fd = -1;

	tile_name(name, full);
	snprintf(folder, sizeof(folder), "%s.p", name);
	fd = reach(v, folder, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s/%s", v->path, folder);
	for (t.width = 1; t.width < TILE_WIDTH; t.width++) {
		tile_name(name, &t);
		if (unlinkat(fd, strrchr(name, '/') + 1, 0) < 0 && errno != ENOENT)
			return err_sys(e, "%s/%s", v->path, name);
	}
	if (parent_of(&parent, &last, v, folder, e) < 0)
		return -1;
	if (unlinkat(parent, last, AT_REMOVEDIR) < 0)
		return err_sys(e, "%s/%s", v->path, folder);
	return 0;
}

static int flush(struct view *v, struct err *e)
{
	char name[VIEW_PATH];
	size_t i;

	if (v->waiting > 0 && syncfs(v->dir) < 0)
		return err_sys(e, "flush %s", v->path);
	for (i = 0; i < v->waiting; i++) {
		tile_name(name, &v->batch[i]);
		if (give_name(v, name, e) < 0)
			return -1;
		if (v->batch[i].width == TILE_WIDTH && drop_partials(v, &v->batch[i], e) < 0)
			return -1;
	}
	v->made += v->waiting;
	v->waiting = 0;
	return 0;
}

/*
 * The shorter forms that earlier checkpoints needed must be beginnings of this one. What the
 * checkpoint that lies there needs must be there, in that form or a longer one.
 */
static int check_partials(const struct view *v, const struct tile *t, const char *bytes,
			  size_t size, bool there, struct err *e)
{
	unsigned needed = tile_width(t, v->published);
	char name[VIEW_PATH], folder[VIEW_PATH];
	struct tile part = *t;
	scoped(fd) int fd = -1;
	bool found = false;

	tile_name(name, t);
	part.width = 1;
	tile_name(folder, &part);
	*strrchr(folder, '/') = '\0';
	fd = reach(v, folder, O_RDONLY | O_DIRECTORY);
	if (fd < 0 && errno != ENOENT)
		return err_sys(e, "%s/%s", v->path, folder);
	for (; fd >= 0 && part.width < t->width; part.width++) {
		tile_name(name, &part);
		if (has(&found, v, name, bytes, tile_prefix(t, bytes, size, part.width), e) < 0)
			return -1;
		there = there || (found && part.width >= needed);
	}
	if (needed == 0 || there)
		return 0;
	part.width = needed;
	tile_name(name, &part);
	return err_set(e, ERR_INPUT,
		       "%s/%s: missing, though the checkpoint there needs it; publish into an "
		       "empty folder",
		       v->path, name);
}

int view_put(struct view *v, const struct tile *t, const char *bytes, size_t size, struct err *e)
{
	char name[VIEW_PATH];
	bool there = false;

	tile_name(name, t);
	if (has(&there, v, name, bytes, size, e) < 0 ||
	    check_partials(v, t, bytes, size, there, e) < 0)
		return -1;
	if (there) {
		v->kept++;
		return t->width == TILE_WIDTH ? drop_partials(v, t, e) : 0;
	}
	if (write_new(v, name, bytes, size, false, e) < 0)
		return -1;
	v->batch[v->waiting++] = *t;
	return v->waiting == VIEW_BATCH ? flush(v, e) : 0;
}

int view_put_epoch(struct view *v, size_t number, const char *proof, size_t size, struct err *e)
{
	char name[VIEW_PATH];
	bool there = false;

	epoch_name(name, number);
	if (has(&there, v, name, proof, size, e) < 0)
		return -1;
	v->kept += there;
	v->made += !there;
	return there ? 0 : write_new(v, name, proof, size, true, e) < 0 ? -1 : give_name(v, name, e);
}

int view_seal(struct view *v, const char *checkpoint, size_t size, struct err *e)
{
	bool changed;

	if (flush(v, e) < 0)
		return -1;
	changed = v->made > 0;
	if (changed && syncfs(v->dir) < 0)
		return err_sys(e, "flush %s", v->path);
	if (write_new(v, "checkpoint", checkpoint, size, true, e) < 0 ||
	    give_name(v, "checkpoint", e) < 0)
		return -1;
	if (fsync(v->dir) < 0)
		return err_sys(e, "flush %s", v->path);
	return 0;
}

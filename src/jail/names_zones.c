/* Where init changes names on the program's behalf, by the true paths of what is mounted. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/names.h"

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000
#endif

static bool is_beneath(const char *path, const struct zone *z)
{
	if (!z->path || strncmp(path, z->path, z->size) != 0)
		return false;
	return path[z->size] == '\0' || path[z->size] == '/';
}

static bool is_operators(enum jail_mount_kind kind)
{
	return kind == JAIL_WRITE || kind == JAIL_COW;
}

static bool is_private(enum jail_mount_kind kind)
{
	return kind == JAIL_TMPFS || kind == JAIL_DEV;
}

/* A file, a link, or nothing at all holds no names. Without a root of our own the host's stand for
 * themselves. */
static int find_zone(struct inside *in, size_t i, struct err *e)
{
	const struct jail_mount *m = &in->spec->mounts[i];
	char room[INSIDE_PATH];
	const char *path = apart_source(in, m, room);
	scoped(fd) int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct zone *z = &in->names->zones[i];
	char text[PATH_MAX];
	struct statx st;

	if (m->kind == JAIL_LINK || fd < 0)
		return 0;
	if (path_text(text, in->names, fd) < 0 ||
	    statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return err_sys(e, "%s", path);
	z->path = strdup(text);
	if (!z->path)
		return err_sys(e, "memory for names");
	z->size = strcmp(text, "/") == 0 ? 0 : strlen(text);
	z->mount = st.stx_mnt_id;
	z->judged = is_operators(m->kind);
	z->done_here = z->judged || (in->names->empties && is_private(m->kind));
	return 0;
}

/*
 * Landlock's rights on a folder reach everything beneath it, other mounts too: what holds a place
 * of the operator's can have no more than that place.
 */
static void spread(struct names *n, const struct jail_mount *mounts)
{
	size_t i, j;

	for (i = 0; i < n->zone_count; i++)
		for (j = 0; mounts[i].kind == JAIL_TMPFS && j < n->zone_count; j++)
			if (n->zones[j].judged && n->zones[j].path &&
			    is_beneath(n->zones[j].path, &n->zones[i]))
				n->zones[i].done_here = true;
}

int names_prepare(struct inside *in, struct err *e)
{
	size_t i;

	in->names = calloc(1, sizeof(*in->names));
	if (!in->names)
		return err_sys(e, "memory for names");
	in->names->empties = jail_landlock_abi() < 3;
	in->names->zone_count = in->spec->mount_count;
	in->names->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (in->names->proc < 0)
		return err_sys(e, "names are protected by one who reads /proc: mount it, or use "
				  "--without=names");
	for (i = 0; i < in->names->zone_count; i++)
		if (find_zone(in, i, e) < 0)
			return -1;
	spread(in->names, in->spec->mounts);
	return 0;
}

static const struct zone *innermost(const struct names *n, const char *path)
{
	const struct zone *inmost = NULL;
	size_t i;

	for (i = 0; i < n->zone_count; i++)
		if (is_beneath(path, &n->zones[i]) && (!inmost || n->zones[i].size >= inmost->size))
			inmost = &n->zones[i];
	return inmost;
}

const struct zone *names_zone(const struct names *n, const char *path)
{
	const struct zone *z = innermost(n, path);

	return z && z->done_here ? z : NULL;
}

const struct zone *names_writable(const struct inside *in, const char *path)
{
	const struct zone *z = innermost(in->names, path);
	enum jail_mount_kind kind;

	if (!z)
		return NULL;
	kind = in->spec->mounts[z - in->names->zones].kind;
	return is_operators(kind) || kind == JAIL_TMPFS ? z : NULL;
}

bool names_done_here(const struct inside *in, size_t i)
{
	return in->layers[LAYER_NAMES].obtained && in->names && in->names->zones[i].done_here;
}

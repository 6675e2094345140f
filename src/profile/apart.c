/*
 * The agent cannot touch its judge: whatever a profile or a tool file grants, no jail holds the
 * ledger, its key or the recorder's socket, and none can write a policy, a profile, a tool file or a
 * program of ours. Compared by device and inode of every folder above, because names can be links.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "profile/plan.h"

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Cut the last part off; false at the root. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !path[1])
		return false;
	slash[slash == path] = '\0';
	return true;
}

/* Is `path`, which need not exist yet, `dir` or beneath it? What cannot be found out counts as yes. */
static bool is_beneath(const char *path, const char *dir)
{
	char given[PATH_MAX], real[PATH_MAX];
	struct stat here, there;

	if (stat(dir, &there) < 0)
		return false;	/* nothing is mounted from there */
	if (strlen(path) >= sizeof(given))
		return true;
	memcpy(given, path, strlen(path) + 1);
	while (!realpath(given, real))
		if (!go_up(given))
			return true;
	do
		if (stat(real, &here) < 0 || is_same(&here, &there))
			return true;
	while (go_up(real));
	return false;
}

static int check_hidden(const char *source, const struct place *at, struct err *e)
{
	size_t i;

	for (i = 0; at->hidden && at->hidden[i]; i++)
		if (is_beneath(at->hidden[i], source) || is_beneath(source, at->hidden[i]))
			return err_set(e, ERR_INPUT,
				       "%s would bring %s into a jail, where reeve keeps ledgers and keys; "
				       "grant another folder", source, at->hidden[i]);
	return 0;
}

static int check_fixed(const char *source, const struct place *at, struct err *e)
{
	size_t i;

	for (i = 0; at->fixed && at->fixed[i]; i++)
		if (is_beneath(at->fixed[i], source))
			return err_set(e, ERR_INPUT,
				       "%s can be written in a jail, and holds %s, by which the agent is judged; "
				       "keep that elsewhere", source, at->fixed[i]);
	return 0;
}

int plan_apart(const struct plan *p, const struct place *at, struct err *e)
{
	const struct jail_mount *m;
	size_t i;

	for (i = 0; i < p->mount_count; i++) {
		m = &p->mounts[i];
		if (m->kind != JAIL_READ && m->kind != JAIL_WRITE)
			continue;
		if (check_hidden(m->source, at, e) < 0)
			return -1;
		if (m->kind == JAIL_WRITE && check_fixed(m->source, at, e) < 0)
			return -1;
	}
	return 0;
}

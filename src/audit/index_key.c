/*
 * The folder of indexes, and the secret that seals them. Both are this user's alone: an index that came from elsewhere
 * has no seal of ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/index.h"
#include "base/fd.h"

int index_folder(char out[4096], bool make, struct err *e)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int size;

	if (cache && cache[0] == '/')
		size = snprintf(out, 4096, "%s/reeve", cache);
	else if (home && home[0] == '/')
		size = snprintf(out, 4096, "%s/.cache/reeve", home);
	else
		return err_set(e, ERR_INPUT, "neither XDG_CACHE_HOME nor HOME is set");
	if (size >= 4096)
		return err_set(e, ERR_LIMIT, "too long a name of a cache folder");
	return make ? fd_make_dirs(out, 0700, e) : 0;
}

static int read_key(uint8_t out[SEAL_HASH], const char *name, struct err *e)
{
	scoped(fd) int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s", name);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) || st.st_size != SEAL_HASH)
		return err_set(e, ERR_INPUT, "%s: not 32 bytes that only you can read; remove it", name);
	return read(fd, out, SEAL_HASH) == SEAL_HASH ? 0 : err_sys(e, "%s", name);
}

/* Whole, or not there: of two who make one at once both read the first. */
static int make_key(const char *name, struct err *e)
{
	uint8_t secret[SEAL_HASH];
	char fresh[PATH_MAX];
	scoped(fd) int fd = -1;
	int status;

	if (snprintf(fresh, sizeof(fresh), "%s.%d", name, (int)getpid()) >= (int)sizeof(fresh))
		return err_set(e, ERR_LIMIT, "too long a name of a cache folder");
	unlink(fresh); /* of one who had our number once */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "%s", fresh);
	seal_random(secret, sizeof(secret));
	status = fd_write_all(fd, secret, sizeof(secret), e);
	if (status == 0 && link(fresh, name) < 0 && errno != EEXIST)
		status = err_sys(e, "%s", name);
	unlink(fresh);
	return status;
}

int index_key(uint8_t out[SEAL_HASH], bool *there, bool make, const char *folder, struct err *e)
{
	char name[PATH_MAX];

	if (snprintf(name, sizeof(name), "%s/index.key", folder) >= (int)sizeof(name))
		return err_set(e, ERR_LIMIT, "too long a name of a cache folder");
	*there = access(name, F_OK) == 0 || errno != ENOENT;
	if (!*there && !make)
		return 0;
	if (!*there && make_key(name, e) < 0)
		return -1;
	*there = true;
	return read_key(out, name, e);
}

/*
 * How far an export has come, in a file that is replaced whole, and only when what was written before it has left our
 * hands: a file's bytes are on its disk then, a pipe's in the pipe. Of a file it is known how long it was, so what a
 * killed exporter wrote behind that is cut off again and comes once. What is in a pipe nobody can take back: there it
 * comes again, from the cursor on, and whoever reads tells it by its number.
 */
#include "audit/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

enum { CURSOR_MOST = 1024 };

#define HEAD "reeve-cursor/1 "

/* "reeve-cursor/1 ORIGIN NEXT DEVICE INODE SIZE" */
static int read_text(struct cursor *c, const char *text, struct err *e)
{
	char origin[ORIGIN_ROOM];
	int end = 0;

	if (sscanf(text, HEAD "%159s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 "%n", origin, &c->next, &c->device,
		   &c->inode, &c->size, &end) != 5 || strcmp(text + end, "\n") != 0)
		return err_set(e, ERR_INPUT, "%.200s: this is no cursor of reeve-audit export; name another file", c->path);
	if (strcmp(origin, c->origin) != 0)
		return err_set(e, ERR_INPUT, "%.80s: it is the cursor of %.80s, and this ledger is %.80s", c->path, origin, c->origin);
	return 0;
}

/* Behind what the cursor says the file has what a killed exporter wrote: half a line, perhaps. */
static int cut_output(const struct cursor *c, struct err *e)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) < 0 || !S_ISREG(st.st_mode) || st.st_dev != c->device || st.st_ino != c->inode ||
	    (uint64_t)st.st_size <= c->size)
		return 0;
	if (ftruncate(STDOUT_FILENO, (off_t)c->size) < 0 || lseek(STDOUT_FILENO, 0, SEEK_END) < 0)
		return err_sys(e, "standard output: cutting off what was written behind the cursor");
	return 0;
}

/* On a file of its own, which stays, since the cursor's is replaced. */
static int lock_out(struct cursor *c, struct err *e)
{
	char name[PATH_MAX];

	if (snprintf(name, sizeof(name), "%s.lock", c->path) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%.100s: name too long", c->path);
	c->lock = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (c->lock < 0)
		return err_sys(e, "%s", name);
	if (flock(c->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno != EWOULDBLOCK ? err_sys(e, "%s", name)
				    : err_set(e, ERR_INPUT, "%.180s: another reeve-audit is exporting by this cursor", c->path);
}

void cursor_close(struct cursor *c)
{
	fd_close(&c->lock);
}

int cursor_open(struct cursor *c, const char *path, const char *origin, struct err *e)
{
	struct stat st;
	char *text = NULL;
	size_t size;
	int done;

	*c = (struct cursor){ .path = path, .lock = -1 };
	snprintf(c->origin, sizeof(c->origin), "%s", origin);
	if (lock_out(c, e) < 0)
		return -1;
	if (lstat(path, &st) < 0 && errno == ENOENT)
		return cursor_move(c, 0, e); /* from now on what is written before the next one can be cut off */
	if (fd_read_file(&text, &size, path, CURSOR_MOST, e) < 0)
		return -1;
	done = strlen(text) == size ? read_text(c, text, e)
				    : err_set(e, ERR_INPUT, "%.200s: this is no cursor of reeve-audit export", path);
	free(text);
	return done < 0 ? -1 : cut_output(c, e);
}

/* A pipe or a terminal cannot be synced, which is no failure of it. */
static int settle_output(struct stat *st, struct err *e)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_sys(e, "standard output");
	if (fsync(STDOUT_FILENO) < 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS)
		return err_sys(e, "standard output");
	return fstat(STDOUT_FILENO, st) < 0 ? err_sys(e, "standard output") : 0;
}

int cursor_move(struct cursor *c, uint64_t next, struct err *e)
{
	char folder[PATH_MAX], text[CURSOR_MOST];
	const char *name = strrchr(c->path, '/');
	struct stat st = { 0 };
	int size;

	if (settle_output(&st, e) != 0)
		return -1;
	c->next = next;
	snprintf(folder, sizeof(folder), "%.*s", name ? (int)(name - c->path + 1) : 1, name ? c->path : ".");
	size = snprintf(text, sizeof(text), HEAD "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", c->origin, next,
			(uint64_t)st.st_dev, (uint64_t)st.st_ino, S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0);
	return fd_replace_file(folder, name ? name + 1 : c->path, 0644, text, (size_t)size, e);
}

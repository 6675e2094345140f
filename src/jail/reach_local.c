/*
 * Unix sockets with a name. Landlock before ABI 9 does not say which may be connected to; init does: the
 * broker's, those that it bound for the program, wherever they lie by now, and by the proxy those that the profile
 * names. A name is pinned before it is judged, and what is pinned is connected to.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/reaching.h"

enum { WAITING = 1024 };

/* The name in the address as text; false: it has none in the file system. */
static bool named(char path[REACH_PATH], const union address *a, size_t size)
{
	const size_t begins = offsetof(struct sockaddr_un, sun_path);

	memset(path, 0, REACH_PATH);
	if (size <= begins || size > sizeof(a->local) || a->local.sun_path[0] == '\0')
		return false;
	memcpy(path, a->local.sun_path, size - begins);
	return true;
}

/* As the asker would follow it, but never by a link that the kernel makes up: there it would mean init's own. */
static int pin(const struct question *q, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	scoped(fd) int base = path_cwd(q);

	return base < 0 ? -1 : (int)syscall(SYS_openat2, base, path, &how, sizeof(how));
}

static const char *grant_of(const struct inside *in, const char *path, const char *text)
{
	const struct jail_hearing *h = in->spec->ears;
	size_t i;

	for (i = 0; i < in->spec->ear_count; i++)
		if (h[i].kind == EAR_UNIX && (strcmp(h[i].path, path) == 0 || strcmp(h[i].path, text) == 0))
			return h[i].path;
	return NULL;
}

static int ask_for(struct question *q, const struct target *t, const char *path)
{
	struct reach_ask what = { .kind = REACH_UNIX };
	int ends[2], rc;

	if (strlen(path) >= sizeof(what.path))
		return -ENAMETOOLONG;
	memcpy(what.path, path, strlen(path));
	rc = pair_local(ends, SOCK_STREAM);
	return rc < 0 ? rc : reach_ask_proxy(q, t, &what, ends, 0);
}

/*
 * Init itself made it listen. A file that was made in the same tick as one that is gone, and got its number, passes for
 * it; who listens cannot.
 */
static bool is_ours(int fd)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.pid == getpid();
}

/* By its number, which is this very file. Of which type it is, is tried. */
static int dial(struct question *q, const struct target *t, int it)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = -1, rc = -EPROTOTYPE;
	size_t i;

	fd_name(at.sun_path, it);
	for (i = 0; i < count_of(types) && rc == -EPROTOTYPE; i++) {
		fd_close(&fd);
		fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		rc = fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ? -errno : 0;
	}
	if (rc == 0 && is_ours(fd))
		return target_put(q, t, fd, 0);
	fd_close(&fd);
	return rc == 0 ? reach_refuse(q, EACCES) : rc;
}

int local_connect(struct question *q, const struct target *t, const union address *a, size_t size)
{
	char path[REACH_PATH], text[PATH_MAX];
	scoped(fd) int it = -1;
	const char *grant;
	struct stat st;

	if (a->any.sa_family != AF_UNIX)
		return -EINVAL;
	if (!named(path, a, size))
		return reach_refuse(q, EACCES);
	it = pin(q, path, 0);
	if (it < 0 || fstat(it, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ECONNREFUSED;
	if (path_text(text, q->in->names, it) < 0)
		return reach_refuse(q, EACCES);
	grant = grant_of(q->in, path, text);
	if (grant)
		return ask_for(q, t, grant);
	if (!own_file(q->in->reach, it))
		return reach_refuse(q, EACCES);
	return notify_still(q) ? dial(q, t, it) : NOTIFY_GONE;
}

/* The folder and the last part of a name. */
static int find_spot(struct spot *out, const struct question *q, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[REACH_PATH] = ".", text[PATH_MAX];
	const char *leaf = slash ? slash + 1 : path;

	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash == path ? 1 : slash - path), path);
	if (!*leaf || strcmp(leaf, ".") == 0 || strcmp(leaf, "..") == 0)
		return -EADDRINUSE;
	out->parent = pin(q, folder, O_DIRECTORY);
	if (out->parent < 0)
		return -errno;
	if (path_text(text, q->in->names, out->parent) < 0)
		return -EACCES;
	out->zone = names_writable(q->in, text);
	snprintf(out->leaf, sizeof(out->leaf), "%s", leaf);
	snprintf(out->path, sizeof(out->path), "%s/%s", text, leaf);
	return 0;
}

/* bind(2) takes no folder, so init goes there. */
static int bind_at(int fd, const struct spot *s)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int rc;

	if (strlen(s->leaf) >= sizeof(at.sun_path))
		return -EINVAL;
	memcpy(at.sun_path, s->leaf, strlen(s->leaf));
	if (fchdir(s->parent) < 0)
		return -errno;
	rc = bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, WAITING) < 0 ? -errno : 0;
	if (chdir("/") < 0)
		_exit(NAMES_LOST);
	return rc;
}

static int bind_new(struct question *q, const struct target *t, const struct spot *s)
{
	int type = t->kind == KIND_UNIX_STREAM ? SOCK_STREAM : SOCK_SEQPACKET;
	scoped(fd) int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	struct own own = { 0 };
	struct stat st;
	int rc = fd < 0 ? -errno : path_umask(q);

	if (rc == 0)
		rc = bind_at(fd, s);
	if (rc != 0)
		return rc;
	if (fstat(fd, &st) == 0 && own_which(&own.file, s->parent, s->leaf)) {
		own.socket = st.st_ino;
		own_remember(q->in->reach, &own);
	}
	return target_put(q, t, fd_take(&fd), 0);
}

int local_bind(struct question *q, const struct target *t, const union address *a, size_t size)
{
	scoped(spot) struct spot s = NO_SPOT;
	char path[REACH_PATH];
	int rc;

	if (a->any.sa_family != AF_UNIX)
		return -EINVAL;
	if (!named(path, a, size))
		return reach_refuse(q, EACCES);
	rc = find_spot(&s, q, path);
	if (rc != 0)
		return rc;
	if (!s.zone)
		return reach_refuse(q, EACCES);
	if (q->in->layers[LAYER_NAMES].obtained)
		rc = names_refuse(q, &s, USE_CHANGE);
	if (rc == 0 && !notify_still(q))
		rc = NOTIFY_GONE;
	return rc != 0 ? rc : bind_new(q, t, &s);
}

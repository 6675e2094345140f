/*
 * Sockets that init bound for the program: a ring, because a program binds few and nobody says when one is closed. What
 * is closed may have become another's: so a name counts only if it is the very file, a port only if the very socket
 * still listens there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/reaching.h"

enum { LISTENS = 0x0a, ROOM = 4096 };

void own_remember(struct reach *r, const struct own *one)
{
	r->own[r->own_next++ % count_of(r->own)] = *one;
}

const struct own *own_socket(const struct reach *r, ino_t socket)
{
	size_t i;

	for (i = 0; i < count_of(r->own); i++)
		if (socket != 0 && r->own[i].socket == socket)
			return &r->own[i];
	return NULL;
}

/* The last that had it. */
const struct own *own_port(const struct reach *r, uint16_t port)
{
	size_t i;

	for (i = r->own_next; i-- > 0 && r->own_next - i <= count_of(r->own);)
		if (port != 0 && r->own[i % count_of(r->own)].port == port)
			return &r->own[i % count_of(r->own)];
	return NULL;
}

bool own_which(struct which *out, int fd, const char *name)
{
	struct statx st;

	if (statx(fd, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &st) < 0 ||
	    !(st.stx_mask & STATX_BTIME))
		return false;
	*out = (struct which){ .mount = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor,
			       .number = st.stx_ino,
			       .sec = (uint64_t)st.stx_btime.tv_sec,
			       .nsec = st.stx_btime.tv_nsec };
	return true;
}

static bool same(const struct which *a, const struct which *b)
{
	return a->number != 0 && a->number == b->number && a->mount == b->mount && a->sec == b->sec &&
	       a->nsec == b->nsec;
}

bool own_file(const struct reach *r, int fd)
{
	struct which it;
	size_t i;

	if (!own_which(&it, fd, ""))
		return false;
	for (i = 0; i < count_of(r->given); i++)
		if (same(&r->given[i], &it))
			return true;
	for (i = 0; i < count_of(r->own); i++)
		if (same(&r->own[i].file, &it))
			return true;
	return false;
}

/* proc_net_tcp(5): "sl: local:port remote:port state queues timer retransmits uid timeout inode". */
static bool is_line_of(char *line, const struct own *one)
{
	enum { LOCAL = 1, STATE = 3, INODE = 9, FIELDS };
	char *fields[FIELDS], *rest = NULL, *port;
	size_t n;

	for (n = 0; n < FIELDS; n++) {
		fields[n] = strtok_r(n ? NULL : line, " ", &rest);
		if (!fields[n])
			return false;
	}
	port = strchr(fields[LOCAL], ':');
	return port && strtoul(port + 1, NULL, 16) == one->port && strtoul(fields[STATE], NULL, 16) == LISTENS &&
	       strtoul(fields[INODE], NULL, 10) == one->socket;
}

static bool is_listed(const struct inside *in, const char *table, const struct own *one)
{
	scoped(fd) int fd = openat(in->names->proc, table, O_RDONLY | O_CLOEXEC);
	char text[ROOM + 1], *line, *end;
	size_t have = 0;
	ssize_t got;

	while (fd >= 0 && (got = read(fd, text + have, ROOM - have)) > 0) {
		have += (size_t)got;
		text[have] = '\0';
		for (line = text; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			if (is_line_of(line, one))
				return true;
		}
		have = strlen(line);
		memmove(text, line, have);
	}
	return false;
}

bool own_listens(const struct inside *in, const struct own *one)
{
	return is_listed(in, "self/net/tcp", one) || is_listed(in, "self/net/tcp6", one);
}

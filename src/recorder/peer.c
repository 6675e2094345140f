/*
 * Who connected, by the kernel's word: uid and pid as they were then, and where it can (Linux 6.5) the process itself.
 * A number alone may be another's by now; as long as the process lives it is not.
 */
#include <poll.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "recorder/recorder.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

bool peer_of(struct peer *out, int fd)
{
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return false;
	*out = (struct peer){ .uid = who.uid, .pid = who.pid, .process = -1 };
	size = sizeof(out->process);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &out->process, &size) < 0)
		out->process = -1;
	return true;
}

void peer_free(struct peer *p)
{
	fd_close(&p->process);
}

static bool may_live(const struct peer *p)
{
	struct pollfd end = { .fd = p->process, .events = POLLIN };

	return p->process < 0 || poll(&end, 1, 0) == 0;
}

/* Both at once alive and of one number: then it is one process. Of those of another pid namespace (0) only the uid is known. */
bool peer_same(const struct peer *a, const struct peer *b)
{
	if (a->uid != b->uid)
		return false;
	return a->pid == 0 || b->pid == 0 || (a->pid == b->pid && may_live(a) && may_live(b));
}

/* What init tells the launcher once the jail stands, or why it does not; and every descriptor made inside. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jail/inside.h"

/* Below what the kernel lets travel at once (SCM_MAX_FD). */
enum { TRAVELLERS = JAIL_SOCKETS + JAIL_EARS + 1, SCM_MOST = 253 };
_Static_assert(TRAVELLERS <= SCM_MOST, "one message carries them all");

union with {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int) * TRAVELLERS)];
};

/* The listeners in their order, the ears in theirs, then the terminal if there is one. */
static size_t gather(int fds[TRAVELLERS], const struct inside *in, struct report *r)
{
	size_t count = 0;

	for (; r->listeners < JAIL_SOCKETS && in->listeners[r->listeners] >= 0; r->listeners++)
		fds[count++] = in->listeners[r->listeners];
	for (; r->ears < JAIL_EARS && in->ears[r->ears] >= 0; r->ears++)
		fds[count++] = in->ears[r->ears];
	if (r->terminal)
		fds[count++] = in->master;
	return count;
}

bool report_send(const struct inside *in, struct report *r)
{
	union with with = { 0 };
	struct iovec part = { .iov_base = r, .iov_len = sizeof(*r) };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	int fds[TRAVELLERS];
	size_t count = gather(fds, in, r), size = count * sizeof(int);

	if (count > 0) {
		m.msg_control = &with;
		m.msg_controllen = CMSG_SPACE(size);
		with.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(size),
					      .cmsg_level = SOL_SOCKET,
					      .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&with.head), fds, size);
	}
	if (sendmsg(in->control, &m, MSG_NOSIGNAL) < 0)
		return false;
	while (count > 0)
		close(fds[--count]);
	return true;
}

static void take_descriptors(struct jail *out, struct msghdr *m, const struct report *r)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fds[TRAVELLERS];
	size_t count;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	must(count <= count_of(fds) && r->listeners <= JAIL_SOCKETS && r->ears <= JAIL_EARS);
	must(count == r->listeners + r->ears + (r->terminal ? 1 : 0));
	memcpy(fds, CMSG_DATA(c), count * sizeof(int));
	memcpy(out->listeners, fds, r->listeners * sizeof(int));
	memcpy(out->ears, fds + r->listeners, r->ears * sizeof(int));
	if (r->terminal)
		out->terminal = fds[count - 1];
}

bool report_take(struct jail *out, struct report *r)
{
	union with with = { 0 };
	struct iovec part = { .iov_base = r, .iov_len = sizeof(*r) };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = &with,
			    .msg_controllen = sizeof(with) };

	if (recvmsg(out->control, &m, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*r) || (m.msg_flags & MSG_CTRUNC))
		return false;
	take_descriptors(out, &m, r);
	return true;
}

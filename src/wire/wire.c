#include "wire/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* 16 bytes, little-endian on every machine we build for; checked below. */
struct msg_head {
	uint16_t version, type;
	uint32_t size;
	uint64_t tag;
};

_Static_assert(sizeof(struct msg_head) == 16, "the header has no padding");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the wire is little-endian");

enum { SEND_WAIT_MS = 10000 };

static const struct {
	const char *name;
	enum role from, to;
	enum phase during;
	size_t largest, fds;
} msgs[MSG_TYPES] = {
#define MSG(name, from, to, phase, largest, fds) \
	[MSG_##name] = { #name, ROLE_##from, ROLE_##to, PHASE_##phase, largest, fds },
#include "wire/msg.def"
#undef MSG
};

union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int) * WIRE_FDS)];
};

const char *msg_name(enum msg_type t)
{
	return t < MSG_TYPES ? msgs[t].name : "unknown message";
}

void msg_drop(struct msg *m)
{
	size_t i;

	for (i = 0; i < WIRE_FDS; i++) {
		if (m->fds[i] >= 0)
			close(m->fds[i]);
		m->fds[i] = -1;
	}
}

static int admit(const struct wire *w, const struct msg_head *h, size_t body, size_t fds,
		 struct err *e)
{
	if (h->version != WIRE_VERSION || h->type >= MSG_TYPES)
		return err_set(e, ERR_PEER, "unknown message %u", h->type);
	if (msgs[h->type].from != w->peer || msgs[h->type].to != w->me)
		return err_set(e, ERR_PEER, "%s from the wrong process", msgs[h->type].name);
	if (msgs[h->type].during != w->now && msgs[h->type].during != PHASE_ANY)
		return err_set(e, ERR_PEER, "%s out of turn", msgs[h->type].name);
	if (h->size != body || body > msgs[h->type].largest)
		return err_set(e, ERR_PEER, "%s of %zu bytes", msgs[h->type].name, body);
	if (fds != msgs[h->type].fds)
		return err_set(e, ERR_PEER, "%s with %zu descriptors", msgs[h->type].name, fds);
	return 0;
}

/* Take whatever descriptors came, before judging: an unwanted one must not stay open. */
static size_t collect_fds(struct msg *m, struct msghdr *h)
{
	struct cmsghdr *c;
	size_t count = 0;

	for (c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		must(count <= WIRE_FDS);
		memcpy(m->fds, CMSG_DATA(c), count * sizeof(int));
	}
	return count;
}

int wire_receive(struct wire *w, struct msg *out, bool wait, struct err *e)
{
	struct msg_head head = { 0 };
	struct iovec parts[] = { { &head, sizeof(head) }, { out->body, sizeof(out->body) } };
	union control control = { 0 };
	struct msghdr h = { .msg_iov = parts,
			    .msg_iovlen = 2,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	size_t fds;
	ssize_t got;

	memset(out->fds, -1, sizeof(out->fds));
	do
		got = recvmsg(w->fd, &h, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return WIRE_LATER;
	if (got < 0 && errno != ECONNRESET)
		return err_sys(e, "receive a message");
	fds = got < 0 ? 0 : collect_fds(out, &h);
	if (got <= 0) {
		msg_drop(out);	/* no bytes are the end of it, but what is sent so may bring descriptors, too */
		return WIRE_CLOSED;
	}
	if ((size_t)got < sizeof(head) || (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
	    admit(w, &head, (size_t)got - sizeof(head), fds, e) < 0) {
		msg_drop(out);
		return e->kind ? -1 : err_set(e, ERR_PEER, "malformed message");
	}
	out->type = (enum msg_type)head.type;
	out->tag = head.tag;
	out->size = head.size;
	return WIRE_MESSAGE;
}

static int send_waiting(int fd, const struct msghdr *h, struct err *e)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	while (sendmsg(fd, h, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return err_sys(e, "send a message");
		if (poll(&room, 1, SEND_WAIT_MS) == 0)
			return err_set(e, ERR_PEER, "a process of ours does not read its messages");
	}
	return 0;
}

int wire_send(struct wire *w, enum msg_type t, uint64_t tag, const void *body, size_t size,
	      const int *fds, size_t fd_count, struct err *e)
{
	struct msg_head head = { WIRE_VERSION, (uint16_t)t, (uint32_t)size, tag };
	struct iovec parts[] = { { &head, sizeof(head) }, { (void *)(uintptr_t)body, size } };
	union control control = { 0 };
	struct msghdr h = { .msg_iov = parts, .msg_iovlen = 2 };

	must(t < MSG_TYPES && size <= msgs[t].largest && fd_count == msgs[t].fds);
	must(msgs[t].from == w->me && msgs[t].to == w->peer);
	if (fd_count) {
		control.align = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int) * fd_count),
						  .cmsg_level = SOL_SOCKET,
						  .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * fd_count);
		h.msg_control = &control;
		h.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
	}
	if (send_waiting(w->fd, &h, e) < 0)
		return err_in(e, "%s", msgs[t].name);
	return 0;
}

int wire_send_text(struct wire *w, enum msg_type t, uint64_t tag, const char *text, struct err *e)
{
	uint8_t body[256];
	struct pack p = { .at = body, .room = sizeof(body) };
	size_t size = strlen(text);

	pack_text(&p, text, size < 240 ? size : 240);
	return wire_send(w, t, tag, body, p.size, NULL, 0, e);
}

int wire_send_u64(struct wire *w, enum msg_type t, uint64_t tag, uint64_t number, struct err *e)
{
	return wire_send(w, t, tag, &number, sizeof(number), NULL, 0, e);
}

int wire_send_record(struct wire *w, enum msg_type t, uint64_t tag, const struct record *r,
		     struct err *e)
{
	uint8_t body[RECORD_MOST];
	size_t size = record_pack(body, r);

	if (size == 0)
		return err_set(e, ERR_LIMIT, "a record of more than %d bytes", RECORD_MOST);
	return wire_send(w, t, tag, body, size, NULL, 0, e);
}

int wire_pair(int fds[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(e, "socket pair");
	return 0;
}

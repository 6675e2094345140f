/* One datagram, and the answer to it: every address here is ours, so it must come from the one that was written to. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "proxy/proxy.h"

enum { CUT_MOST = 64 };

union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static bool is_four(const uint8_t six[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(six, mapped, sizeof(mapped)) == 0;
}

void address_host(struct egress_host *out, const uint8_t six[16])
{
	*out = (struct egress_host){ .bits = is_four(six) ? 32 : 128 };
	memcpy(out->address, is_four(six) ? six + 12 : six, is_four(six) ? 4 : 16);
	must(egress_address(out->text, sizeof(out->text), out->address, out->bits));
}

static bool read_target(struct packet *out, struct msghdr *h)
{
	struct in6_pktinfo six;
	struct in_pktinfo four;
	struct cmsghdr *c;
	bool found = false;

	for (c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&six, CMSG_DATA(c), sizeof(six));
			memcpy(out->to, &six.ipi6_addr, sizeof(out->to));
			found = true;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&four, CMSG_DATA(c), sizeof(four));
			memset(out->to, 0, 10);
			memset(out->to + 10, 0xff, 2);
			memcpy(out->to + 12, &four.ipi_addr, 4);
			found = true;
		}
	}
	return found;
}

bool packet_receive(int fd, struct packet *out, void *bytes, size_t room)
{
	struct iovec part = { bytes, room };
	union control control;
	struct msghdr h;
	unsigned tries;
	ssize_t got;

	for (tries = 0; tries < CUT_MOST; tries++) {
		*out = (struct packet){ .size = 0 };
		h = (struct msghdr){ .msg_name = &out->from, .msg_namelen = sizeof(out->from), .msg_iov = &part,
				     .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
		got = recvmsg(fd, &h, MSG_DONTWAIT);
		if (got < 0)
			return false;
		out->size = (size_t)got;
		out->from_size = h.msg_namelen;
		/* One that was cut is none; no client of ours sends so much. */
		if (!(h.msg_flags & MSG_TRUNC) && read_target(out, &h))
			return true;
	}
	return false;
}

static size_t put_source(union control *control, const struct packet *of)
{
	struct in6_pktinfo six = { .ipi6_ifindex = 0 };
	struct in_pktinfo four = { .ipi_ifindex = 0 };

	memset(control, 0, sizeof(*control));
	if (of->from.ss_family == AF_INET) {
		memcpy(&four.ipi_spec_dst, of->to + 12, 4);
		control->align = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(four)), .cmsg_level = IPPROTO_IP,
						   .cmsg_type = IP_PKTINFO };
		memcpy(CMSG_DATA(&control->align), &four, sizeof(four));
		return CMSG_SPACE(sizeof(four));
	}
	memcpy(&six.ipi6_addr, of->to, sizeof(of->to));
	control->align = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(six)), .cmsg_level = IPPROTO_IPV6,
					   .cmsg_type = IPV6_PKTINFO };
	memcpy(CMSG_DATA(&control->align), &six, sizeof(six));
	return CMSG_SPACE(sizeof(six));
}

bool packet_answer(int fd, const struct packet *of, const void *bytes, size_t size)
{
	struct sockaddr_storage to = of->from;
	struct iovec part = { (void *)(uintptr_t)bytes, size };
	union control control;
	struct msghdr h = { .msg_name = &to, .msg_namelen = of->from_size, .msg_iov = &part, .msg_iovlen = 1,
			    .msg_control = &control, .msg_controllen = put_source(&control, of) };

	return sendmsg(fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}

bool packet_same(const struct packet *a, const struct packet *b)
{
	return a->from_size == b->from_size && memcmp(&a->from, &b->from, a->from_size) == 0 &&
	       memcmp(a->to, b->to, sizeof(a->to)) == 0;
}

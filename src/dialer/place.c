/* Addresses as the kernel takes them, as they are written down, and whose they are. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dialer/dialer.h"

enum { DISCARD = 9 };

struct where place_where(const struct place *p, uint16_t port)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct where w = { .size = p->bits == 32 ? sizeof(four) : sizeof(six) };

	memcpy(p->bits == 32 ? (void *)&four.sin_addr : (void *)&six.sin6_addr, p->address,
	       p->bits / 8);
	memcpy(&w.at, p->bits == 32 ? (void *)&four : (void *)&six, w.size);
	return w;
}

bool place_text(char *out, size_t room, const struct place *p, uint16_t port)
{
	char text[INET6_ADDRSTRLEN];

	return egress_address(text, sizeof(text), p->address, p->bits) &&
	       (size_t)snprintf(out, room, p->bits == 32 ? "%s:%u" : "[%s]:%u", text, port) < room;
}

static bool read_source(struct place *out, int fd)
{
	struct sockaddr_storage at = { 0 };
	socklen_t size = sizeof(at);
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	if (getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		return false;
	memcpy(&four, &at, sizeof(four));
	memcpy(&six, &at, sizeof(six));
	out->bits = at.ss_family == AF_INET ? 32 : 128;
	memcpy(out->address,
	       out->bits == 32 ? (void *)&four.sin_addr : (void *)six.sin6_addr.s6_addr,
	       out->bits / 8);
	return true;
}

static bool is_loopback(const struct place *p)
{
	static const uint8_t one[16] = { [15] = 1 };

	return p->bits == 32 ? p->address[0] == 127 : memcmp(p->address, one, sizeof(one)) == 0;
}

/*
 * The kernel is asked from where it would send there; connect(2) of a datagram socket sends
 * nothing. To an address of this machine it would send from that address, or from the loopback's.
 * What cannot be found out counts as ours.
 */
enum place_kind place_kind(const struct place *p)
{
	struct where w = place_where(p, DISCARD);
	struct place source;
	scoped(fd) int fd = socket(w.at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno == EAFNOSUPPORT ? PLACE_NOWHERE : PLACE_OURS;
	if (connect(fd, (struct sockaddr *)&w.at, w.size) < 0)
		return errno == EPERM ? PLACE_OURS : PLACE_NOWHERE;
	if (!read_source(&source, fd))
		return PLACE_OURS;
	if (is_loopback(&source) ||
	    (source.bits == p->bits && memcmp(source.address, p->address, p->bits / 8) == 0))
		return PLACE_OURS;
	return PLACE_FAR;
}

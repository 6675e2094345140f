/*
 * A name's addresses, asked for once. Each lookup has a channel of libc-ares of its own: so it goes
 * by what /etc/resolv.conf says now, asks from ports that nobody could guess from the last one, and
 * is gone with its dial. Domains to search in are left out: a name is the whole name, as it was
 * judged.
 */
#include <string.h>
#include <sys/socket.h>

#include "dialer/dialer.h"

enum { QUESTION_MS = 2500, TRIES = 3 };

static bool take_place(struct place *out, const struct sockaddr *at, int family)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	memset(out, 0, sizeof(*out));
	if (family == AF_INET) {
		memcpy(&four, at, sizeof(four));
		memcpy(out->address, &four.sin_addr, 4);
		out->bits = 32;
		return true;
	}
	if (family != AF_INET6)
		return false;
	memcpy(&six, at, sizeof(six));
	memcpy(out->address, &six.sin6_addr, 16);
	out->bits = 128;
	egress_fold(out->address, &out->bits);
	return true;
}

/* Those that a way leads to, the two families in turn, the sixth first (RFC 8305, 4). */
static void order(struct dial *a, struct place lists[2][ADDRESSES], const size_t counts[2])
{
	size_t i, family;

	for (i = 0; i < ADDRESSES; i++)
		for (family = 0; family < 2; family++)
			if (i < counts[family] && a->count < ADDRESSES)
				a->places[a->count++] = lists[family][i];
}

static void sort_found(struct dial *a, const struct ares_addrinfo_node *n)
{
	struct place lists[2][ADDRESSES], lost[2][ADDRESSES], p;
	size_t counts[2] = { 0 }, losts[2] = { 0 }, seen, four;
	bool nowhere;

	for (seen = 0; n && seen < FOUND_MOST; n = n->ai_next, seen++) {
		if (!take_place(&p, n->ai_addr, n->ai_family) || !judge_address(a, &p))
			continue;
		four = p.bits == 32;
		nowhere = place_kind(&p) == PLACE_NOWHERE;
		if (nowhere && losts[four] < ADDRESSES)
			lost[four][losts[four]++] = p;
		else if (!nowhere && counts[four] < ADDRESSES)
			lists[four][counts[four]++] = p;
	}
	order(a, lists, counts);
	order(a, lost, losts);
}

static void found(void *arg, int status, int timeouts, struct ares_addrinfo *result)
{
	struct dial *a = arg;

	(void)timeouts;
	if (status == ARES_SUCCESS && result)
		sort_found(a, result->nodes);
	a->found = true;
	a->status = status;
	ares_freeaddrinfo(result);
}

void lookup_begin(struct dial *a)
{
	const struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NOSORT,
						   .ai_family = AF_UNSPEC,
						   .ai_socktype = SOCK_STREAM };
	struct ares_options options = { .timeout = QUESTION_MS, .tries = TRIES, .ndomains = 0 };

	a->status = ares_init_options(&a->lookup, &options,
				      ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS);
	if (a->status == ARES_SUCCESS && a->dialer->servers)
		a->status = ares_set_servers_ports_csv(a->lookup, a->dialer->servers);
	a->found = a->status != ARES_SUCCESS;
	if (!a->found)
		ares_getaddrinfo(a->lookup, a->host, NULL, &hints, found, a);
}

void lookup_end(struct dial *a)
{
	ares_channel gone = a->lookup;

	a->lookup = NULL;
	if (gone)
		ares_destroy(gone);
}

/* Without a descriptor it is the time that went by. */
void lookup_process(struct dial *a, int fd)
{
	ares_process_fd(a->lookup, fd < 0 ? ARES_SOCKET_BAD : fd, fd < 0 ? ARES_SOCKET_BAD : fd);
}

size_t lookup_watch(const struct dial *a, struct pollfd *out)
{
	ares_socket_t fds[NAME_SOCKETS];
	int bits = ares_getsock(a->lookup, fds, NAME_SOCKETS), i;
	size_t n = 0;
	short events;

	for (i = 0; i < NAME_SOCKETS; i++) {
		events = (short)((ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) |
				 (ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0));
		if (events)
			out[n++] = (struct pollfd){ .fd = fds[i], .events = events };
	}
	return n;
}

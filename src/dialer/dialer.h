/*
 * dialer/dialer.h - the run's hand to the network. It looks names up once, judges every address it finds, and
 * connects to what it judged. What is then said over the connection, others say.
 */
#ifndef DIALER_DIALER_H
#define DIALER_DIALER_H

#include <ares.h>
#include <netinet/in.h>
#include <poll.h>

#include "base/fd.h"
#include "base/scope.h"
#include "egress/egress.h"
#include "wire/net.h"

enum {
	DIALS = 1024,		/* at once; one more is told that we are busy */
	ADDRESSES = 8,		/* of one name that are tried */
	FOUND_MOST = 64,	/* of one name that are looked at */
	NETWORKS = 256,		/* that may be reached though private */
	NAME_SOCKETS = 8,	/* of one lookup */
	STAGGER_MS = 250,	/* before the next address is tried beside the last: RFC 8305, 5 */
	DIAL_MS_MOST = 600000,
	SENTENCE = 400,
};

struct place {
	uint8_t address[16];
	unsigned bits;		/* 32 or 128 */
};

struct dialer;

/* Where it stands follows from what it has: a lookup, attempts, or an answer that was sent. */
struct dial {
	struct dialer *dialer;
	uint64_t tag, deadline_ns, next_ns;
	bool datagrams, over;
	char host[NET_PATH + 1];	/* or a path, if port is 0 */
	uint16_t port;
	ares_channel lookup;		/* its own, gone when the answer is there */
	bool found;			/* the lookup has ended; status says how */
	int status;
	struct place places[ADDRESSES];	/* judged, in the order they are tried */
	int fds[ADDRESSES];		/* under way; -1: not yet, or no more */
	size_t count, begun;
	char refused[SENTENCE];		/* the first address that was not to be reached, and why; "" */
	int error;			/* the first connection's that failed; 0: none did */
};

enum { WATCH_FIXED = 2, WATCH_MOST = WATCH_FIXED + DIALS * (ADDRESSES + NAME_SOCKETS) };

struct watch {
	struct pollfd at[WATCH_MOST];
	struct dial *whose[WATCH_MOST];
	nfds_t count;
};

struct dialer {
	struct wire launcher, broker;
	struct egress_network networks[NETWORKS];
	size_t network_count;
	const char *servers;	/* NULL: as /etc/resolv.conf has it. Tests name their own, "127.0.0.1:5353" */
	struct dial *dials[DIALS];
	size_t count;
	struct watch watch;
	struct msg msg;
};

/* run.c: from the launcher's one message to the end of the broker's. */
int dialer_run(int channel, struct err *e) must_use;
int dialer_serve(struct dialer *d, struct err *e) must_use;

/* dial.c: one DIAL's life. All answers leave by it, and after one it is over. */
int dial_begin(struct dialer *d, const struct msg *m, uint64_t now, struct err *e) must_use;
void dial_attend(struct dial *a, int fd, uint64_t now);	/* something happened at that descriptor; -1: time went by */
size_t dial_watch(const struct dial *a, struct pollfd *out);	/* at most ADDRESSES + NAME_SOCKETS */
uint64_t dial_due(const struct dial *a, uint64_t now);		/* when to look at it again */
void dial_free(struct dial *a);

/* answer.c */
void answer_connected(struct dial *a, int fd, const struct place *to);	/* to NULL: a path */
void answer_no(struct dial *a, enum net_no no, int error, const char *fmt, ...) printf_like(4, 5);
void answer_failed(struct dial *a, int error);	/* by what connect(2) says */

/* judge.c: may it be reached? If not, says why in a->refused, once. */
bool judge_address(struct dial *a, const struct place *p);
int judge_networks(struct dialer *d, struct unpack *u, struct err *e) must_use;	/* of REACH */

/* name.c: what addresses a name has. lookup_begin() may have found them when it returns. */
void lookup_begin(struct dial *a);
void lookup_process(struct dial *a, int fd);
void lookup_end(struct dial *a);
size_t lookup_watch(const struct dial *a, struct pollfd *out);

/* place.c: an address as the kernel takes it. */
struct where {
	struct sockaddr_storage at;
	socklen_t size;
};

struct where place_where(const struct place *p, uint16_t port);
bool place_text(char *out, size_t room, const struct place *p, uint16_t port);	/* "203.0.113.7:443", "[::1]:443" */
enum place_kind { PLACE_FAR, PLACE_NOWHERE, PLACE_OURS } place_kind(const struct place *p);

/* path.c: a connection to a unix socket, -1 and errno if there is none. */
int path_connect(const char *path);

#endif

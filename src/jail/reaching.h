/*
 * jail/reaching.h - a jail without a network of its own reaches out by init, or not at all. Private to jail/.
 *
 * What a program holds can by itself go nowhere: its streams are not connected and do not listen, its datagram sockets
 * are made by init, shut for sending before it gets them, and drop what arrives. connect(2), bind(2) and listen(2) are
 * never let go on with a socket that could reach anything; init answers them by putting a socket in the place of the
 * program's. So nothing is gained by changing an address or a descriptor while init looks at it.
 */
#ifndef JAIL_REACHING_H
#define JAIL_REACHING_H

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "jail/names.h"
#include "jail/reach.h"

enum { REACH_PENDING = 256, REACH_OWN = 1024 };

/* An address, copied once from the asker's memory. */
union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	struct sockaddr_un local;
	struct sockaddr_storage room;
};

/* What stands behind a descriptor of the asker's, as far as it matters. */
enum socket_kind { KIND_STREAM, KIND_DATAGRAM, KIND_UNIX_STREAM, KIND_UNIX, KIND_NETLINK, KIND_OTHER };

struct target {
	int number;			/* the asker's descriptor */
	enum socket_kind kind;
	bool six;			/* KIND_STREAM, KIND_DATAGRAM: AF_INET6 */
	int flags;			/* O_CLOEXEC, O_NONBLOCK as they are */
	ino_t inode;			/* which socket */
};

/* A question about a connection that the proxy has not answered yet. */
struct pending {
	struct seccomp_notif ask;
	struct reach_ask what;
	struct target target;
	int inner, outer;		/* ours; -1: given away */
	int value;			/* what the call answers if it may */
	uint64_t until;			/* CLOCK_MONOTONIC, ns */
};

/* A file by its numbers, which are given again once it is gone; when it was made is not. */
struct which {
	uint64_t mount, number, sec;
	uint32_t nsec;
};

/* A socket that init bound for a program: which one, and how it is found again. */
struct own {
	ino_t socket;
	struct which file;		/* of a unix socket's name */
	uint16_t port;			/* of 127.0.0.1 */
};

struct reach {
	int channel;			/* init's end; -1: nothing is reached */
	struct which given[JAIL_SOCKETS];	/* spec->sockets: the broker's */
	size_t count;
	struct pending pending[REACH_PENDING];
	size_t own_next;
	struct own own[REACH_OWN];
};

/* reach.c: is init asked for everything that reaches out? Once the layers are known. */
bool reach_wanted(const struct inside *in) must_use;
bool reach_has_network(const struct inside *in) must_use;
int reach_prepare(struct inside *in, struct err *e) must_use;	/* after names_prepare() */
/* The answer to a call that reaches out. false: it is no such call. */
bool reach_serve(struct question *q, int *answer) must_use;
/* -error, and recorded. */
int reach_refuse(struct question *q, int error) must_use;

/* reach_wait.c: ask the proxy. Takes both ends, whatever it answers. */
int reach_ask_proxy(struct question *q, const struct target *t, const struct reach_ask *what, int ends[2],
		    int value) must_use;
/* What init waits for, what came, and after how many ms to come back (-1: never). */
struct pollfd reach_way(const struct inside *in) must_use;
void reach_hear(struct inside *in, short revents);
int reach_again(struct inside *in) must_use;

/* reach_target.c: what the asker's descriptor is. 0, or what to answer. */
int target_read(struct target *out, const struct question *q, int number) must_use;
int address_read(union address *out, const struct question *q, uint64_t at, uint64_t size) must_use;
/* Put ours where the target stands, and answer `value`. Ours is closed. */
int target_put(struct question *q, const struct target *t, int fd, int value) must_use;

/* reach_pair.c: two ends of a connection to ourselves, the second for the proxy. 0, or -errno. */
int pair_stream(int ends[2], bool six) must_use;
int pair_dial(uint16_t port, bool six) must_use;	/* of 127.0.0.1; -1: nobody answers there */
int pair_local(int ends[2], int type) must_use;
/* A socket that can send nothing and receives nothing; -errno. */
int pair_inert(int family, int flags) must_use;

/* reach_inet.c */
int inet_connect(struct question *q, const struct target *t, const union address *a) must_use;
int inet_send(struct question *q, const struct target *t) must_use;
int inet_bind(struct question *q, const struct target *t, const union address *a) must_use;
int inet_listen(struct question *q, const struct target *t) must_use;
/* reach_local.c */
int local_connect(struct question *q, const struct target *t, const union address *a, size_t size) must_use;
int local_bind(struct question *q, const struct target *t, const union address *a, size_t size) must_use;

/* reach_own.c: what init bound for the program. */
void own_remember(struct reach *r, const struct own *one);
const struct own *own_socket(const struct reach *r, ino_t socket) must_use;
const struct own *own_port(const struct reach *r, uint16_t port) must_use;
/* Of a path (O_PATH), or of what is at `name` beneath it. */
bool own_which(struct which *out, int fd, const char *name) must_use;
bool own_file(const struct reach *r, int fd) must_use;
/* Is it still that socket which listens there? Others may have the port by now. */
bool own_listens(const struct inside *in, const struct own *one) must_use;

#endif

/* wire/wire.h - messages between our own processes: SOCK_SEQPACKET, a fixed header, wire/msg.def. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "model/model.h"

enum { WIRE_VERSION = 1, WIRE_FDS = 2, WIRE_MOST = 131072, WIRE_COMMIT = 32768, WIRE_RECORDS = 32 };

enum { RESOLVE_NEVER = 2 };	/* RESOLVED: no path of the workspace to that server */

enum phase { PHASE_STARTING, PHASE_RUNNING, PHASE_ANY };

enum msg_type {
#define MSG(name, from, to, phase, largest, fds) MSG_##name,
#include "wire/msg.def"
#undef MSG
	MSG_TYPES
};

const char *msg_name(enum msg_type t);

/* One end of a channel. `now` is the receiver's own view; it moves it as the run goes on. */
struct wire {
	int fd;			/* borrowed */
	enum role me, peer;
	enum phase now;
};

/* Descriptors are the receiver's: every one it does not take, it closes with msg_drop(). */
struct msg {
	enum msg_type type;
	uint64_t tag;
	size_t size;
	int fds[WIRE_FDS];	/* -1 where there is none */
	uint8_t body[WIRE_MOST];
};

void msg_drop(struct msg *m);

enum wire_got { WIRE_CLOSED, WIRE_MESSAGE, WIRE_LATER };

/*
 * Returns enum wire_got, or -1: the peer misspoke, which means it has been taken over; end the run.
 * Blocks only if `wait` (WIRE_LATER is then never returned); callers poll with their own deadline.
 */
int wire_receive(struct wire *w, struct msg *out, bool wait, struct err *e) must_use;

/*
 * Send one message; `fds` may be NULL. Descriptors stay the caller's. Waits when the socket is full
 * for at most ten seconds, then fails: a peer that does not read is a failed peer.
 */
int wire_send(struct wire *w, enum msg_type t, uint64_t tag, const void *body, size_t size,
	      const int *fds, size_t fd_count, struct err *e) must_use;
int wire_send_text(struct wire *w, enum msg_type t, uint64_t tag, const char *text, struct err *e) must_use;
int wire_send_u64(struct wire *w, enum msg_type t, uint64_t tag, uint64_t number, struct err *e) must_use;
int wire_send_record(struct wire *w, enum msg_type t, uint64_t tag, const struct record *r,
		     struct err *e) must_use;

/* A connected pair, close-on-exec. */
int wire_pair(int fds[2], struct err *e) must_use;

/* Bodies: little-endian numbers; text is u32 size and bytes, without NUL. Errors are sticky. */
struct pack {
	uint8_t *at;
	size_t size, room;
	bool over;
};

void pack_number(struct pack *p, uint64_t number, size_t bytes);
void pack_text(struct pack *p, const char *text, size_t size);

struct unpack {
	const uint8_t *at;
	size_t left;
	bool bad;
};

uint64_t unpack_number(struct unpack *u, size_t bytes);
const char *unpack_text(struct unpack *u, size_t *size);	/* borrowed; NULL when bad */
bool unpack_copy(struct unpack *u, char *out, size_t room);	/* as a C string; bad if it holds NUL */
bool unpack_done(const struct unpack *u);			/* all read, nothing left, nothing bad */

#endif

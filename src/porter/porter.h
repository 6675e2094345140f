/* porter/porter.h - what the files of this folder share: the agent's HTTP, and its doors to the broker. */
#ifndef PORTER_PORTER_H
#define PORTER_PORTER_H

#include "mcp/mcp.h"
#include "porter/head.h"
#include "wire/wire.h"

enum {
	PORTER_CALLERS = 128,		/* connections of HTTP */
	PORTER_DOORS = 48,		/* connections to the broker */
	PORTER_SESSIONS = 24,		/* of them, those that last */
	PORTER_SERVERS = 32,
	PORTER_BODIES = 64 << 20,	/* bytes of all bodies that are still coming */
	PORTER_ANSWERS = 64 << 20,	/* bytes of answers that wait for who reads them; then the broker must wait */
	PORTER_ANSWER = 40 << 20,	/* of one caller */
	PORTER_KEPT = 1 << 20,		/* bytes of messages for which a session has no stream yet */
	PORTER_TURNED = 48,
	PORTER_DECLARED = 512,		/* arguments that tools want repeated in a header */
	HEAD_MS = 10000,
	BODY_MS = 15000,
	LINGER_MS = 2000,
	HALF_MS = 1000,
	QUIET_MS = 10000,		/* then who waits is told that we are still here: clients give up a silent server */
	JOINED = 0xffff,
	SESSION_ID = 32,		/* characters */
};

struct MHD_Connection;
struct MHD_Daemon;
struct porter;
struct door;

enum caller_state {
	CALLER_HEAD,		/* its head is not whole yet: it is looked at, and left where it is */
	CALLER_HELD,		/* turned away, and told so once that is in the ledger */
	CALLER_LINGERS,		/* turned away: has its answer, and is read until it hangs up */
	CALLER_BODY,		/* libmicrohttpd has it, and its body comes */
	CALLER_WAITS,		/* its message has gone in */
	CALLER_ANSWERED,
	CALLER_STREAMS,		/* events go out until it is `ended` */
	CALLER_DEAD,		/* freed when the loop comes round */
};

/* One connection of HTTP, which is one request: nothing can hide behind it. */
struct caller {
	struct porter *porter;
	enum caller_state state;
	int fd;				/* ours until `http` is there; afterwards libmicrohttpd's */
	size_t looked;			/* bytes of its head seen so far */
	uint64_t deadline_ns;		/* 0: none */
	char *bytes;			/* owned: its head, where `head` points to */
	struct head head;
	uint16_t server;
	struct MHD_Connection *http;	/* NULL: not yet, or no more */
	bool suspended, gone, noted, half;	/* half: it sends no more */
	struct buf body;
	struct door *door;		/* where its message went */
	json_t *id, *token;		/* owned: of its request, and the progress it asked for */
	bool greets;			/* it asked to initialize */
	uint64_t held;			/* HELD: until the broker has TOLD this tag */
	unsigned status;
	struct buf answer;		/* or the events that wait, from `at` on */
	size_t at;
	bool ended;
};

/* One connection to the broker: a session, or one request of the stateless era. */
struct door {
	struct porter *porter;
	int fd;
	uint16_t server;
	char session[SESSION_ID + 1];	/* ""; a session has one once it is initialized */
	bool lasts;			/* a session, or about to be one */
	bool closing;			/* once all has been said */
	struct caller *stream;		/* its GET; NULL: none */
	struct buf in, out, kept;
	size_t seen;			/* no newline in `in` before here */
	uint64_t used_ns;
};

struct turning {
	uint64_t tag;
	enum reason reason;
	const char *why;
	uint64_t count;
	size_t size;
};

/* An argument that a tool's inputSchema wants repeated as Mcp-Param-HEADER. */
struct declared {
	uint16_t server;
	bool number;
	char tool[MCP_NAME + 1], header[65], pointer[256];
};

struct porter {
	struct wire launcher, broker;
	int listener, events;		/* events: libmicrohttpd's epoll */
	uint16_t port;
	char servers[PORTER_SERVERS][64];
	size_t server_count;
	struct MHD_Daemon *http;
	struct caller *handing;		/* being given to libmicrohttpd */
	bool woken;			/* it has somebody to look at, and does not know yet */
	struct caller *callers[PORTER_CALLERS];
	size_t caller_count;
	struct door *doors[PORTER_DOORS];
	size_t door_count;
	struct turning turned[PORTER_TURNED];
	size_t turned_count;
	uint64_t turned_tag;		/* of the last */
	struct declared declared[PORTER_DECLARED];
	size_t declared_count;
	struct msg msg;			/* too large for a stack */
};

/* run.c: all of it, over this channel to the launcher; it ends when that, or the broker's, is closed. */
int porter_run(int channel, struct err *e) must_use;
void porter_expire(struct porter *p, uint64_t now);	/* who is late by that clock */

/* gate.c: connections until their head has been judged. */
void gate_accept(struct porter *p);
void gate_attend(struct caller *c);
void gate_turn(struct caller *c, unsigned status, const char *text);
void gate_tell(struct caller *c);		/* what gate_turn() said */

/* web.c: what libmicrohttpd does for us. */
int web_begin(struct porter *p, struct err *e) must_use;
void web_take(struct caller *c);		/* from the gate */
void web_wake(struct caller *c);		/* there is something to tell it */
void web_gone(struct caller *c);		/* it hung up while it was suspended */
void web_half(struct caller *c);		/* it sends no more, and its body may not be whole */
void web_cut(struct caller *c);			/* it was too slow */

/* caller.c: one caller's life, and what it is told. */
struct caller *caller_new(struct porter *p, int fd);
void caller_free(struct caller *c);
void caller_closed(struct caller *c);		/* libmicrohttpd is done with it */
void caller_body(struct caller *c, const char *bytes, size_t size);
void caller_answer(struct caller *c, unsigned status, const char *bytes, size_t size);
void caller_refuse(struct caller *c, unsigned status, int code, enum reason reason, const char *text);
void caller_hold(struct caller *c, uint64_t tag, unsigned status, const char *bytes, size_t size);
void caller_tell(struct caller *c);		/* what caller_hold() was given */
void caller_finish(struct caller *c, unsigned status, const char *line, size_t size);	/* the answer itself */
void caller_hears(struct caller *c);		/* in QUIET_MS, if nothing else was said by then */
void caller_comment(struct caller *c);
void caller_event(struct caller *c, const char *line, size_t size);			/* something before it */

/* post.c: a whole request. */
void post_serve(struct caller *c);
void post_forward(struct caller *c, struct door *d, const struct mcp_message *m);
/* stateless.c: of the era without sessions. */
bool stateless_is(struct span version);
void stateless_serve(struct caller *c, const struct mcp_message *m);
unsigned stateless_status(const json_t *error);
void stateless_refuse_version(struct caller *c, const struct mcp_message *m, const char *asked);

/* door.c: connections to the broker. */
struct door *door_open(struct porter *p, uint16_t server, bool lasts);	/* NULL: there is no room now */
struct door *door_of_session(struct porter *p, struct span session);
bool door_name(struct door *d);			/* from now on it is a session */
bool door_say(struct door *d, const char *message, size_t size);
void door_close(struct door *d);		/* once it has said all */
void door_attend(struct door *d);
void door_flush(struct door *d);
short door_events(const struct door *d);
void doors_bury(struct porter *p);

/* route.c: whose a message of the broker is. */
void route_line(struct door *d, const char *line, size_t size);
void route_kept(struct door *d);		/* there is a stream for them now */
void route_lost(struct door *d);		/* the broker closed it */
struct caller *route_find(const struct door *d, const json_t *id);

/* mirror.c: are the headers what the body says? NULL: they are; otherwise why not. */
const char *mirror_check(const struct head *h, const struct mcp_message *m, const struct declared *all, size_t count,
			 uint16_t server);
bool mirror_decode(struct buf *out, struct span value);		/* a header's value, as it is or in base64 */

/* declared.c: what tools want repeated, read from the lists that pass by. */
void declared_learn(struct porter *p, uint16_t server, const json_t *tools);

/* turned.c: what was refused before it was a message; sent when there is room, and answered when TOLD its tag. */
uint64_t turned_note(struct porter *p, enum reason reason, const char *why, size_t size);	/* why: a constant */
int turned_send(struct porter *p, struct err *e) must_use;
int turned_hear(struct porter *p, struct err *e) must_use;	/* enum wire_got: WIRE_CLOSED, the run is over */
bool porter_has_room(const struct porter *p);	/* may the broker be told something now? */

#endif

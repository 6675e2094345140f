/* proxy/proxy.h - what the files of this folder share: connections of programs in the jail, from their first word to the last. */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include <stddef.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/scope.h"
#include "egress/egress.h"
#include "jail/jail.h"
#include "wire/net.h"

enum {
	PROXY_SPARE = 256,		/* connections beyond the most there may be, which are still told so */
	PROXY_SEATS = 16384,		/* questions to the broker, and connections that are open */
	PROXY_REPORTS = 64,		/* of them, those that nobody in the jail waits for */
	PROXY_NAMES = 16384,		/* that got an address: 198.18.0.1 and upward */
	PROXY_NEW_NAMES = 64,		/* in a second */
	PROXY_QUERIES = 256,		/* of the DNS that wait for their answer */
	PROXY_QUERY = EGRESS_QUESTION,
	PROXY_FLOWS = 256,		/* of datagrams */
	PROXY_FLOW_BYTES = 64 << 10,	/* that wait in one of them until it is open */
	PROXY_PIPES = 256,		/* that bytes go through; who gets none is carried in small pieces */
	PROXY_PIPE = 256 << 10,		/* bytes of one */
	PROXY_SIP = 4 << 10,		/* a small piece */
	PROXY_TURN = 1 << 20,		/* bytes of one connection, then the next has its turn */
	PROXY_EARS = JAIL_EARS,
	PROXY_HOSTS = 256,		/* that are handed to the inspector */
};

struct proxy;

/* The structure that a member stands in. */
#define holder_of(at, type, member) ((type *)(void *)((char *)(at) - offsetof(type, member)))

/* --- time.c: who is late; all of one kind have the same time, so the first of a list is the soonest --- */

enum delay {
	DELAY_HEAD,	/* 10 s for the first words, all of them */
	DELAY_ASK,	/* 60 s for the broker's answer */
	DELAY_LINGER,	/* 2 s to read what it was told */
	DELAY_HALF,	/* 300 s without a byte when one end has said all it will */
	DELAY_FLOW,	/* 60 s without a datagram */
	DELAYS
};

struct deadline {
	TAILQ_ENTRY(deadline) all;
	bool set;
	enum delay kind;
	uint64_t at_ns;
	void (*late)(struct proxy *p, struct deadline *d);
};

TAILQ_HEAD(deadlines, deadline);

void deadline_set(struct proxy *p, struct deadline *d, enum delay kind);	/* anew, if it was set */
void deadline_clear(struct proxy *p, struct deadline *d);
void proxy_expire(struct proxy *p, uint64_t now);
int proxy_time_left(const struct proxy *p);

/* --- the loop (run.c): one descriptor each; what is freed is freed when the loop comes round (proxy_bury) --- */

struct watch {
	int fd;
	void (*ready)(struct proxy *p, struct watch *w, uint32_t events);
};

bool proxy_watch(struct proxy *p, struct watch *w, uint32_t events);
void proxy_unwatch(struct proxy *p, struct watch *w);		/* closes it; -1 is allowed */
int proxy_leave(struct proxy *p, struct watch *w) must_use;	/* gives it back instead */

/* --- post.c: messages that leave when there is room, so that nobody waits for the other side --- */

struct post;
TAILQ_HEAD(posts, post);

struct channel {
	struct watch watch;
	struct wire wire;
	struct posts posts;
	bool open, wants_room;
};

int channel_begin(struct proxy *p, struct channel *c, int fd, enum role peer, struct err *e) must_use;
/* The descriptor, unless -1, is taken. */
bool post(struct proxy *p, struct channel *c, enum msg_type t, uint64_t tag, const struct pack *body, int fd);
void post_flush(struct proxy *p, struct channel *c);
void post_drop(struct channel *c);

/* --- ask.c: questions to the broker --- */

struct answer {
	enum msg_type type;		/* MSG_OPENED, MSG_DENIED, MSG_MAY */
	int fd;				/* OPENED: the other end; whoever is answered takes it */
	enum net_no no;			/* DENIED */
	int error;			/* errno, or 0 */
	char text[NET_PATH];		/* OPENED: its address; DENIED: a sentence */
};

struct asker {
	uint64_t tag;			/* 0: nothing is asked, and nothing open */
	bool waits;
	void (*answered)(struct proxy *p, struct asker *a, struct answer *x);
};

bool ask(struct proxy *p, struct asker *a, const struct net_ask *q) must_use;	/* false: too many */
void ask_forget(struct proxy *p, struct asker *a);	/* it listens no more; should it be opened, that is over at once */
void ask_over(struct proxy *p, struct asker *a, const struct net_over *o);	/* of what was opened */
int ask_hear(struct proxy *p, struct msg *m, struct err *e) must_use;
void ask_report(struct proxy *p, const struct net_ask *q);	/* a fault for the record; nobody waits for the answer */
void reports_drop(struct proxy *p);
int net_no_errno(const struct answer *x);			/* what connect(2) says of it */

/* --- pipe.c --- */

struct conduit {
	TAILQ_ENTRY(conduit) all;
	int out, in;
	size_t held, room;
};

TAILQ_HEAD(conduits, conduit);

struct conduit *conduit_take(struct proxy *p);		/* NULL: none is left */
void conduit_give(struct proxy *p, struct conduit *c);	/* back; with bytes in it it is closed */

/* --- link.c: one connection, and the one that stands for it outside --- */

enum { AGENT, WORLD };

enum link_state {
	LINK_HEAD,	/* its first words come */
	LINK_ASKED,	/* the broker has been asked */
	LINK_OPEN,	/* bytes go both ways */
	LINK_LINGERS,	/* it was told why not, and is read until it hangs up */
	LINK_DEAD,	/* freed when the loop comes round */
};

/* What the agent's bytes are looked at for, once it is open. */
enum look {
	LOOK_NONE,
	LOOK_FIRST,	/* are they TLS, or HTTP, and for whom? */
	LOOK_SECOND,	/* the same again: whoever was asked to retry its ClientHello could name another */
	LOOK_WORD,	/* one word has gone: it must not become a request */
	LOOK_SIZED,	/* a body: `left` bytes */
	LOOK_CHUNKED,	/* a body that says itself where it ends */
	LOOK_AFTER,	/* a request was whole: nothing may follow */
};

struct link;

/* How one kind of connection is told what has become of it. */
struct manner {
	void (*words)(struct proxy *p, struct link *l);		/* in LINK_HEAD: there is something to read */
	void (*opened)(struct proxy *p, struct link *l);
	void (*denied)(struct proxy *p, struct link *l, const struct answer *x);
	void (*late)(struct proxy *p, struct link *l);		/* with its first words; NULL: a fault */
	void (*died)(struct proxy *p, struct link *l);		/* NULL: nothing of its own to do */
};

struct end {
	struct watch watch;
	struct link *link;
	bool readable, writable;	/* as far as is known: epoll says it once */
	bool ended;			/* it says no more than what there is to read */
};

/* From one end to the other. */
struct lane {
	struct conduit *pipe;		/* holds bytes, or NULL */
	struct buf held;		/* bytes that go first */
	uint64_t moved;
	bool ended;			/* no more will come */
	bool done;			/* and who gets them knows */
};

struct link {
	struct proxy *proxy;
	const struct manner *manner;
	enum link_state state;
	enum net_way way;
	struct end ends[2];		/* AGENT, WORLD */
	struct lane lanes[2];		/* lanes[AGENT] is what the agent sends */
	struct asker asker;
	struct deadline deadline;
	struct egress_host *host;	/* owned: what was judged, until the first bytes were looked at; NULL: a path */
	uint16_t port;
	enum look look;
	struct egress_chunks chunks;
	uint64_t left;
	void *more;			/* the manner's own; freed with it */
	char *sni;			/* owned: the name in its ClientHello; NULL: none was seen */
	uint16_t status;		/* of HTTP: what it will be refused with, or was answered; 0: not known */
	bool greeted;			/* SOCKS: the ways have been agreed on */
	bool expects;			/* HTTP: it waits for "100 Continue" */
	bool busy;			/* there are too many, and it is to be told so */
	bool faulty;			/* it cannot have been opened */
	bool broken;			/* one end could not be given what the other had said */
	bool again;			/* in the queue of those that have more to move */
	TAILQ_ENTRY(link) all, turns;
};

TAILQ_HEAD(links, link);

struct link *link_new(struct proxy *p, int agent_fd, const struct manner *m, enum net_way way);	/* NULL: closed */
/* Ask about it; a fault, or too many: it is answered so. Nothing about it may be touched afterwards. */
void link_ask(struct proxy *p, struct link *l, struct net_ask *q);
void link_fault(struct proxy *p, struct link *l, const char *why);	/* recorded, then answered by `denied` */
void link_open(struct proxy *p, struct link *l);			/* bytes may go */
void link_over(struct proxy *p, struct link *l, const struct net_over *o);	/* and dies */
void link_late(struct proxy *p, struct deadline *d);
void link_die(struct proxy *p, struct link *l, bool abort);		/* abort: with a reset */
void link_linger(struct proxy *p, struct link *l);	/* it has been told; it is read until it hangs up */
void link_say(struct proxy *p, struct link *l, const void *bytes, size_t size);	/* to the agent, at once or not at all */
ssize_t link_peek(struct proxy *p, struct link *l);	/* what the agent has said, in p->bytes; -1: nothing new, or it is over; 0: it says no more */
bool link_take(struct proxy *p, struct link *l, size_t size);	/* so many of those, now for good, in p->bytes */
struct net_ask net_ask_of(const struct link *l, const char *scheme);	/* with host and port */
bool link_judge(struct proxy *p, struct link *l, const struct egress_host *h, uint16_t port); /* false: stands for no name */
void proxy_bury(struct proxy *p);
void proxy_end(struct proxy *p);			/* the run is over: what is open is, too */

/* --- carry.c: a connection that somebody else has accepted: asked about, and carried once it is opened --- */

struct carry_from {
	/* Once: 0, it is open, and the descriptor is served; otherwise an errno, and the descriptor is closed. */
	void (*done)(struct proxy *p, void *who, int error);
	void *who;
};

/* The descriptor (a stream) is taken. */
void carry_begin(struct proxy *p, int agent_fd, const struct net_ask *q, const struct carry_from *who);

/* --- lane.c: the bytes --- */

void lanes_move(struct proxy *p, struct link *l);
bool lane_take(struct proxy *p, struct link *l, unsigned from, size_t most);	/* at most so many; as guard_look() */
bool lane_stopped(struct link *l, unsigned from, ssize_t got);	/* reading gave no byte: later, the end, or broken */
/* guard.c: the agent's first bytes. What was looked at is in the lane's `held`; false: wait, or it is over. */
bool guard_look(struct proxy *p, struct link *l);
void guard_late(struct proxy *p, struct link *l);
void guard_refuse(struct proxy *p, struct link *l, const char *why, const char *sni, uint8_t alert); /* alert: of TLS, or 0 */

/* plain.c: what may be HTTP's first line. */
enum plain {
	PLAIN_OTHER,	/* nothing that is HTTP */
	PLAIN_BLANK,	/* `blank` bytes that HTTP does not see */
	PLAIN_WORD,	/* all of it is one word */
	PLAIN_PART,	/* the line is not whole */
	PLAIN_REQUEST,
	PLAIN_NEVER,	/* the line is no request that may be, whatever follows */
};

enum plain plain_look(const char *bytes, size_t size, bool ended, size_t *blank);
size_t plain_word(const char *bytes, size_t size);	/* so many bytes at its beginning could be a method */

/* request.c: the one request of NET_BY_HTTP. */
bool request_take(struct proxy *p, struct link *l);	/* more of its body; as guard_look() */
void request_status(struct proxy *p, struct link *l);	/* of the answer, before its first bytes go by */

/* --- what comes in --- */

struct ear {
	struct watch watch;
	enum jail_ear kind;
	uint16_t port;
	char path[108];
};

int ear_begin(struct proxy *p, const struct msg *m, int fd, struct err *e) must_use;
void ear_direct(struct proxy *p, struct ear *ear, int fd);
void direct_begin(struct proxy *p, int fd, const struct egress_host *host, uint16_t port);	/* NULL: it cannot be known */
void ear_unix(struct proxy *p, struct ear *ear, int fd);
void ear_stranger(struct proxy *p, struct ear *ear, int fd);	/* HTTP or SOCKS */
void ear_dns(struct proxy *p, struct ear *ear, int fd);
void dns_ready(struct proxy *p, struct watch *w, uint32_t events);
void flow_ready(struct proxy *p, struct watch *w, uint32_t events);
void notify_ready(struct proxy *p, struct watch *w, uint32_t events);
void errands_bury(struct proxy *p);
void errands_end(struct proxy *p);
void flows_bury(struct proxy *p);
void flows_end(struct proxy *p);

/* http.c: a proxy's requests, and what they are told. */
void http_refuse(struct proxy *p, struct link *l, unsigned status, const char *text);	/* said; the rest is the caller's */
void http_again(struct proxy *p, struct link *l, const struct egress_http *h);	/* it came in what was opened: judged by itself */
/* head.c: pure functions of a head. NULL: done; otherwise why not, and the status to say so with. */
const char *head_ask(struct net_ask *q, const struct egress_http *h, uint16_t *status);	/* method, path, query */
/* As it goes to the server: no word of it that was for us, and one host. */
const char *head_rewrite(struct buf *out, const struct egress_http *h, const char *host, bool brackets, uint16_t port,
			 uint16_t *status);
bool head_expects(const struct egress_http *h);		/* "100 Continue" before its body */
/* socks.c */
void socks_words(struct proxy *p, struct link *l);
extern const struct manner manner_socks;

/* hand.c: to the inspector. */
bool hand_is_for(const struct proxy *p, const struct egress_host *h, uint16_t port);
void hand_over(struct proxy *p, struct link *l);	/* with what is still unread; it is ours no more */

/* packet.c: one datagram with where it came from and where to; the answer goes the same way back. */
struct packet {
	struct sockaddr_storage from;
	socklen_t from_size;
	uint8_t to[16];			/* an address of version 4 as ::ffff:a.b.c.d */
	size_t size;
};

bool packet_receive(int fd, struct packet *out, void *bytes, size_t room);	/* false: none now */
bool packet_answer(int fd, const struct packet *of, const void *bytes, size_t size);
bool packet_same(const struct packet *a, const struct packet *b);		/* from and to */
void address_host(struct egress_host *out, const uint8_t six[16]);		/* folded */

/* names.c: which names have an address, and which. */
struct query;
TAILQ_HEAD(queries, query);

enum name_state { NAME_NEW, NAME_ASKED, NAME_MAY, NAME_DENIED };

struct name {
	struct asker asker;
	enum name_state state;
	uint32_t number;
	struct queries waiting;
	char text[];
};

struct names {
	uint64_t seed;
	uint32_t slots[2 * PROXY_NAMES];	/* 0: free; otherwise number + 1 */
	struct name *all[PROXY_NAMES];
	uint32_t count;
	uint64_t second_ns;		/* when this second of new names began */
	unsigned news, turned;		/* names in it; names that were turned away, and not yet reported */
	struct deadline report;
};

struct name *name_find(const struct names *n, const char *text);	/* NULL: never asked for */
struct name *name_add(struct names *n, const char *text);		/* NULL: no more */
bool name_is_stand_in(const struct egress_host *h, uint32_t *number);	/* an address of 198.18.0.0/15 */
void name_address(uint8_t out[4], uint32_t number);

/* flow.c */
struct talk;
TAILQ_HEAD(talks, talk);

/* notify.c: connections that the jail's init stopped on their way (jail/reach.h). errand.c: its datagrams. */
struct errand;
TAILQ_HEAD(errands, errand);

void notify_answer(struct proxy *p, uint64_t id, int error);
void errand_dns(struct proxy *p, uint64_t id, int fd);
void errand_flow(struct proxy *p, uint64_t id, int fd, const struct net_ask *q);

struct hosts {
	size_t count;
	char text[PROXY_HOSTS][NET_HOST + 1];
};

struct proxy {
	int loop;				/* epoll */
	uint64_t now;
	struct deadlines deadlines[DELAYS];
	struct wire launcher;
	struct channel broker, inspector;
	bool over, ech;
	struct err err;				/* why it cannot go on, if kind */
	struct ear ears[PROXY_EARS];
	size_t ear_count;
	struct hosts inspected;
	struct links links, dead, turns;
	size_t link_count, link_most;
	struct {
		uint64_t tag;
		struct asker *asker;		/* NULL: forgotten */
		bool open;
	} seats[PROXY_SEATS];
	uint32_t free_seats[PROXY_SEATS];
	size_t free_count;
	uint32_t turn;				/* of tags */
	size_t reports;
	struct conduits pipes;			/* that nobody uses */
	size_t pipe_count;
	struct names names;
	size_t query_count;
	struct talks flows, dead_flows;	/* flow.c */
	size_t flow_count;
	struct errands errands, dead_errands;
	size_t errand_count;
	struct watch *notify;			/* its channel with init, where there is one */
	struct buf untold;			/* answers that it had no room for */
	char bytes[EGRESS_HEAD + 1];		/* what is being looked at */
	struct msg msg;				/* too large for a stack */
};

/* run.c: all of it, over this channel to the launcher; it ends when that, or the broker's, is closed. */
int proxy_run(struct proxy *p, int channel, struct err *e) must_use;
struct proxy *proxy_new(struct err *e) must_use;	/* as yet without channels */
void proxy_free(struct proxy *p);
int proxy_hear(struct proxy *p, struct err *e) must_use;	/* hear.c: one message of the launcher's */
bool proxy_turn(struct proxy *p, int wait_ms);		/* once round the loop; false: over, or p->err says why */

#endif

/* broker/broker.h - what the files of this folder share: one broker, its sessions, servers, calls. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include <poll.h>

#include "broker/alert.h"
#include "broker/commit.h"
#include "broker/lines.h"
#include "broker/runtime.h"
#include "catalogue/catalogue.h"
#include "guard/guard.h"
#include "inspect/inspect.h"
#include "mcp/modern.h"
#include "policy/policy.h"
#include "seal/seal.h"

enum {
	SERVERS = 32,
	SESSIONS = 64,
	SHOWN_URLS = 64,	/* elicitations by url that one agent has accepted */
	SUBSCRIPTIONS = 256,	/* of one agent */
	SESSION_CALLS = 64,	/* in flight, of one agent connection */
	BROKER_CALLS = 896,	/* in flight, of all; a connection with none may always ask one */
	CALLS_MOST = BROKER_CALLS + SESSIONS, /* with the starts of servers below the recorder's open intents: ORDER_INTENTS_PER_RUN */
	HELD_MOST = 64 << 20,	/* bytes of calls that wait and of what servers have yet to read */
	VALUE_COST = 320,	/* bytes of memory that a parsed value takes at most, beside its text */
	EXEC_OUTPUT = (1 << 20) - 64, /* bytes kept of what an exec tool prints: with a note, 1 MiB */
	EXEC_VALUES = 130000,	/* bytes of all its parameters together */
	EXEC_PARAMS = 64,
	FORWARD_MOST = 16 << 20,
	LARGE_MOST = 48 << 20,	/* bytes of unfinished lines of servers, when one may have more than 4 MiB */
	JOINED = 0xffff,
	EACH_CONNECTION = 0xfffe,
	PARK_WORD = 32,		/* letters of the word by which an agent comes back to a parked call */
	TAG_STEP = ACTION_FACTS,/* a call owns its tag and the ones up to the next call's */
	TURNED_KINDS = 32,	/* sentences with which the porter turns away, counted apart */
	WATCHES = 6 + SERVERS + 1 + SESSIONS + 2 * SERVERS + CALLS_MOST,
};

struct broker;
struct session;
struct server;
struct net;
struct hold;

TAILQ_HEAD(calls, call);
TAILQ_HEAD(holds, hold);
SLIST_HEAD(retired_list, retired);

/* How often something may be: dropped.c. */
struct pace {
	uint64_t at_ns, left;
};

/* What was said and nobody got, by reason. */
struct drops {
	struct drop {
		uint64_t count, told, due;	/* so far; when last recorded; when it is next */
		size_t size;			/* of the first */
		char digest[SEAL_DIGEST_TEXT];
	} of[REASONS];
};

enum call_state {
	CALL_ASKING,		/* the launcher is resolving paths */
	CALL_STARTING,		/* its server is starting: only then are its bytes known */
	CALL_COMMITTING,	/* the recorder has it */
	CALL_LISTING,		/* a list: waits for servers */
	CALL_WAITING,		/* proved; its server is starting */
	CALL_FLYING,		/* the tool has it */
	CALL_HELD,		/* a person is asked: hold.c */
	CALL_INPUT,		/* its server wants something of the agent first */
	CALL_PARKED,		/* the tool has it; its agent was asked something, and comes back */
	CALL_ENDED,
};

/* What somebody may ask, and what was asked: quota.c. */
struct used {
	struct quota may;
	size_t in_flight;
	double left[QUOTAS];	/* of those per minute; may be below zero */
	uint64_t at_ns;		/* when that was so */
};

/* Anything an agent asked that is not answered in the same breath. */
struct call {
	TAILQ_ENTRY(call) all, queued;
	struct calls *queue;		/* of its server, or NULL */
	struct broker *broker;
	struct session *session;	/* who asks, or is asked; NULL once it has gone */
	bool up;			/* the server asks, and the agent answers */
	enum mcp_upward upward;		/* what */
	uint64_t born;			/* which process of the server's */
	char *shown;			/* owned: the elicitationId of a url */
	struct server *server;
	enum call_state state;
	json_t *doc;			/* owned until it is judged; the arguments are borrowed from it */
	json_t *id;			/* owned; NULL: no answer can be given */
	enum mcp_ask what;
	char *name;			/* owned: of the tool or prompt, the URI */
	json_t *token;			/* owned: the agent's progress token, or NULL */
	bool progressed;
	double progress;		/* as it was last told */
	struct pace pace;		/* of that */
	bool modern;			/* the agent speaks the newer era, and said in this envelope: */
	struct modern_envelope envelope;
	bool waited;			/* for its server, before it was judged for good */
	json_t *data;			/* owned: of the error it is answered with, or NULL */
	json_t *input, *given;		/* owned: what its server wants to know, and what is known of that */
	unsigned rounds;		/* how often it did */
	struct modern_retry retry;	/* with what it is asked again */
	struct call *asker;		/* a question: the call it is for; NULL: it is over */
	char word[PARK_WORD + 1], bound[SEAL_DIGEST_TEXT];	/* by which it is found again, and for what */
	json_t *kept_result, *kept_error; /* owned: what its server has said since */
	struct call *resumes;		/* the parked one that this goes on with; NULL: it has gone */
	bool resuming;			/* it did */
	bool questioned;		/* it is, or was, somebody's asker */
	uint64_t number;		/* of a question put to an agent as a result: what it is called there */
	const struct session *parked_by;/* whose it was; to be told apart by, and for nothing else */
	char *key;			/* owned: its name there; NULL: it is the server's own request */
	bool granted;			/* its server has agreed */
	struct listen *listen;		/* it is asked for this subscription, which gets the answer */
	bool silent;			/* cancelled by the agent: no answer is wanted */
	struct action action;
	unsigned policy_number;		/* whose questions about paths were asked */
	bool undecidable;
	const char *guard;		/* word of the guard that refused it; NULL: none did */
	const char *why;		/* it cannot be decided; NULL: nobody knows */
	struct verdict verdict;
	struct commit_about about;
	char request[176], digest[SEAL_DIGEST_TEXT], resource[24];
	char *claims[CLAIMS];		/* owned: what its agent says of its reasons */
	struct hold *hold;		/* it waits for this; NULL: for no person */
	char *kept_resource;		/* owned: of what it waits for */
	uint32_t facts;			/* the same: a bit for each answer of the launcher's */
	size_t fact_count;
	bool looked;			/* they are of after it was approved */
	struct risk risk;
	uint64_t told_ns;		/* when its agent last heard that it waits; 0: not yet */
	bool waits_told;		/* it did */
	char approved[SEAL_DIGEST_TEXT], values[SEAL_DIGEST_TEXT]; /* of what was approved; of an exec tool's values */
	int code;			/* refused as a message, by this JSON-RPC error; 0: as a tool result */
	char text[256];			/* its sentence */
	bool counted;			/* in flight: quota.c */
	bool inspected;			/* nothing of it is a secret of ours */
	char altered[320];		/* what was changed in its answer: texts, each with its NUL */
	size_t altered_size;
	struct buf forward;		/* exactly the bytes that were judged; then a newline */
	struct receipt *proof;		/* owned; NULL until the intent is durable */
	uint64_t tag, relay_id, began_ns, deadline_ns;
	size_t fact, unasked, unresolved;
	size_t held;			/* bytes, as call_weigh() last counted them */
	uint32_t asked;			/* list: servers it has had started */
	enum mcp_list list;		/* which, from where on */
	size_t from_server, from_item;
	bool finding;			/* no list is wanted, but whose URI it is */
	struct {
		size_t tool, count;
		struct buf values;	/* count x (u8 given, text) as EXEC carries them */
		struct buf facts;	/* of an exec tool: by which answers about paths it was judged */
		struct buf output;
		int out;
		bool cut, closed, exited;
		unsigned status;
	} exec;
};

/* One connection of an agent. */
struct session {
	struct broker *broker;
	struct server *server;		/* NULL: the joined socket */
	int fd;
	bool gone, half_closed, greeted;
	enum mcp_era era;		/* OPEN until a request tells */
	SLIST_HEAD(listens, listen) listens;	/* its subscriptions, of the newer era */
	unsigned can;			/* what it can be asked, as it said when it greeted */
	bool told[MCP_LISTS];		/* that this list is another now, and it has not asked since */
	size_t calls;
	struct used quota;
	uint64_t next_id;		/* of what it is asked */
	json_t *subscribed, *shown;	/* owned: resources, and elicitations by url, with the server's index */
	json_int_t wants;		/* a bit for each server that it has subscribed at */
	int log_level;			/* it wants messages from here on */
	struct drops drops;
	struct lines lines;
	struct outlet outlet;
};

struct listener {
	struct broker *broker;
	int fd;
	struct server *server;		/* NULL: joined */
};

struct resource {
	char *tool, *pointer;
};

enum server_state {
	SERVER_IDLE,
	SERVER_COMMITTING,	/* its start is being recorded */
	SERVER_SPAWNING,	/* the launcher is starting it */
	SERVER_PROBING,		/* server/discover is sent */
	SERVER_GREETING,	/* initialize is sent */
	SERVER_LISTING,		/* tools/list is sent */
	SERVER_READY,
};

/* One list of a server's: listing.c. */
struct listing {
	json_t *items, *keys;		/* array, and its items' names; NULL until it was read once */
	json_t *fresh, *fresh_keys;	/* being read, page by page */
	size_t pages, bytes, values;
	uint64_t id, deadline_ns;	/* of our question in flight; 0: none */
	bool offered;			/* the server says that it has one */
	bool again;			/* it changed while it was being read */
	uint64_t due_ns;		/* it changed, too often: when it is read next; 0: it did not */
	struct pace pace;		/* of that */
	bool failed;			/* it could not be read, and is taken to be empty */
};

/* When it is stopped for want of use, and how long one that failed is left alone: server_life.c. */
struct life {
	uint64_t leaving;		/* tag of a process that was told to end and has not yet; 0: none */
	bool wanted;			/* it is needed again meanwhile */
	bool retiring;			/* it is stopped because nobody needs it */
	unsigned failures;		/* in a row */
	uint64_t ready_ns, idle_ns;	/* since when it is ready; when it is stopped; 0: not */
	uint64_t rests_until_ns;
};

struct server {
	struct broker *broker;
	char name[64];
	bool exec;
	uint16_t index;
	unsigned deadline_ms, start_ms, idle_ms, rest_ms;	/* idle_ms 0: it is never stopped for that */
	struct inspect_bounds bounds;	/* of what it says */
	struct used quota;
	bool unpinned;			/* the operator takes its definitions as they come */
	bool payloads;			/* and wants kept what it is asked and answers */
	struct catalogue *catalogue;
	json_t *instructions, *program;	/* of the process that runs; NULL: none */
	json_t *withheld[LISTED_KINDS];	/* what it lists and nobody may call, and why: pins.c */
	struct resource *resources;
	size_t resource_count;
	enum server_state state;
	struct listing lists[MCP_LISTS];
	enum mcp_era era;		/* OPEN until it has told; then remembered over its ends */
	unsigned may;			/* what the policy could ever let it ask of an agent: enum mcp_can */
	bool probed_again;
	uint64_t probe_id, probe_due_ns;/* of our server/discover in flight; 0: none */
	uint64_t listen_id;		/* of our subscription to its lists; 0: none */
	json_t *watched;		/* owned: resources it tells us of, each with the id of our subscription */
	json_t *spoke;			/* owned: what it said to that after it had been greeted, or NULL */
	uint64_t greet_id, next_id;	/* greet_id: of our initialize in flight; 0: none */
	uint64_t tag, began_ns, deadline_ns;
	int in, out;
	struct lines lines;
	struct outlet outlet;
	struct receipt *proof;		/* of server.start, until it is closed */
	struct calls open;		/* waiting for its era: not judged for good yet */
	struct calls waiting, flying, asking_back, parked;
	uint64_t given_up;		/* approved calls whose answers may still come from its process */
	uint64_t questions;		/* so far, of those put to agents as results */
	struct calls upward;		/* what it has asked agents */
	size_t upcalls;			/* those, and what is being recorded */
	struct session *rooted;		/* who has told it its roots */
	struct pace asking, news;
	struct drops drops;
	struct life life;
	char failed[320];		/* why it stopped */
	bool leaked;			/* what it says now held a secret of ours */
	bool noted;			/* its misbehaviour has been mentioned */
};

struct watch {
	int (*attend)(void *whose, short what, struct err *e);
	void *whose;
};

/* What the porter turned away with one sentence: the first is recorded at once, then the 10th, the 100th … */
struct turned {
	enum reason reason;
	char why[200];
	uint64_t count, told, due;
	size_t size;		/* of the last */
};

struct broker {
	struct wire launcher, recorder, porter;	/* porter: fd -1 if there is none */
	struct net *net;		/* broker/net.h; NULL: programs in the jail have no network */
	struct turned turned[TURNED_KINDS + 1];	/* the last: all others */
	size_t turned_count;
	size_t turned_proving;		/* records of them that are not durable yet */
	uint64_t turned_heard, turned_told;	/* tags */
	struct commits commits;
	struct policy *policy;
	char policy_digest[SEAL_DIGEST_TEXT];	/* of all its files */
	unsigned policy_number;		/* how many there were before it in this run */
	struct policy *fresh;		/* being told, to take its place; NULL: none */
	char fresh_why[256];		/* why it cannot; empty: it can so far */
	struct retired_list retired;	/* reload.c */
	struct history *history;	/* of all runs of the agent; NULL: there is none */
	struct runtime *runtime;
	struct alerts *alerts;
	struct used quota;		/* of the run */
	struct quota connection_quota;	/* of each connection */
	struct guards *guards;
	struct inspect_held *secrets;	/* fingerprints; NULL: there are none */
	struct run_facts about;
	char about_room[8192];		/* its texts */
	bool told_about;
	bool show;			/* the launcher wants to see what servers offer */
	char tools_digest[SEAL_DIGEST_TEXT];	/* of the tool file */
	struct server servers[SERVERS];
	size_t server_count;
	struct listener listeners[SERVERS + 1];
	size_t listener_count;
	struct session *sessions[SESSIONS];
	size_t session_count;
	struct calls calls, dead;
	struct calls holding;		/* those that wait for a person */
	struct holds holds;
	size_t hold_count;
	uint64_t hold_tag;		/* of the last */
	json_t *reviewers;		/* owned: groups, and the people in them; NULL: nobody has a key */
	struct calls asking;		/* what the launcher is to be asked, when it may be */
	size_t unanswered;		/* by the launcher */
	size_t call_count, held;	/* held: of all calls */
	size_t upcalls;
	uint64_t run, tag;
	bool ending;
	struct pollfd polls[WATCHES];
	struct watch watches[WATCHES];
	size_t watch_count;
	struct msg msg;			/* the one being read: too large for a stack */
};

/* run.c: all of it, over this channel to the launcher. */
int broker_run(int channel, struct err *e) must_use;
struct broker *broker_new(int channel, struct err *e);

/* setup.c: everything the launcher tells, up to START. */
int setup_hear(struct broker *b, struct err *e) must_use;

int setup_read(struct buf *out, int fd, struct err *e) must_use;	/* all that a sealed descriptor holds */

/* loop.c: until END is done with. */
int loop_run(struct broker *b, struct err *e) must_use;
int loop_turn(struct broker *b, int wait_ms, struct err *e) must_use;	/* once round */
void loop_watch(struct broker *b, int fd, short events,
		int (*attend)(void *whose, short what, struct err *e), void *whose);

/* peers.c: what launcher and recorder say while agents are served. */
int peers_launcher(void *broker, short what, struct err *e) must_use;
int peers_recorder(void *broker, short what, struct err *e) must_use;

/* porter.c: what it says of agents that speak HTTP. */
int porter_attend(void *broker, short what, struct err *e) must_use;
int porter_end(struct broker *b, struct err *e) must_use;	/* what was counted and not yet recorded */

/* agent.c: connections. */
int agent_admit(struct broker *b, struct server *server, int fd, struct err *e) must_use;	/* takes fd */
int agent_accept(void *listener, short what, struct err *e) must_use;
int agent_attend(void *session, short what, struct err *e) must_use;
int agent_work(struct session *s, struct err *e) must_use;	/* serve the lines that are here */
short agent_events(const struct session *s);
void agent_flush(struct session *s);
void agent_finish(struct session *s);		/* asks no more, and has all its answers */
void agent_drop(struct session *s);
void agents_relieve(struct broker *b);		/* of answers that nobody reads */
int agents_bury(struct broker *b, struct err *e) must_use;	/* free those that have gone */
void agents_tell_changed(struct broker *b, const struct server *changed, enum mcp_list which);

/* guard.c: what no policy can allow. */
bool guard_ask(struct call *c, enum reason *reason, char *text, size_t room);
int guard_hear(struct broker *b, struct msg *m, struct err *e) must_use;

/* session.c: judge, write down, and only then act. */
struct request {
	json_t *doc;		/* owned until a call takes it; NULL: not even JSON */
	struct mcp_message m;
	enum mcp_ask what;	/* of the methods that ask a tool server for something */
	enum mcp_list list;	/* of those that ask for a list */
	bool modern;		/* asked as the newer era asks, in this envelope: */
	struct modern_envelope envelope;
	struct modern_retry retry;	/* owned until a call takes it */
	struct listen *listen;	/* asked by us, for this subscription */
	const char *line;	/* NULL: too long to keep */
	size_t size;
};

int session_take(struct session *s, const char *line, size_t size, struct err *e) must_use;
/* The one place where news goes to an agent. `params` may be NULL. */
bool session_hears(const struct session *s);	/* or reads too little for news */
void session_cancel(struct session *s, uint64_t id);	/* take back what it was asked */
void session_tell(struct session *s, const char *method, const json_t *params);
int session_too_long(struct session *s, size_t size, struct err *e) must_use;
int session_fault(struct session *s, struct request *r, const struct mcp_fault *f,
		  struct err *e) must_use;
int session_serve(struct call *c, struct err *e) must_use;
struct verdict session_judge(struct call *c);
int session_record(struct call *c, struct err *e) must_use;	/* a verdict that stands already */
int session_count_refusal(struct call *c, enum reason reason, struct err *e) must_use;	/* not the first of its kind */
int session_refuse(struct call *c, const struct receipt *proof, struct err *e) must_use never_null;

/* methods.c: what an agent may ask. */
json_t *method_capabilities(const struct session *s);	/* what reeve offers it; a new reference */
int method_serve(struct session *s, struct request *r, struct err *e) must_use;

/* ask.c: from what is asked to a call that can be judged. */
int ask_serve(struct session *s, struct request *r, struct err *e) must_use;
int ask_of(struct call *c, struct server *server, const struct mcp_asked *m, struct request *r,
	   struct err *e) must_use;
int ask_call(struct call *c, struct request *r, struct err *e) must_use;	/* its bytes are written: through the stages */
void ask_find_resource(struct call *c);
void ask_resource(struct call *c, const json_t *value);	/* what the call is about */
int ask_write(struct call *c, struct err *e) must_use;	/* its bytes, for the era of its server */
int ask_write_alike(struct call *c, struct err *e) must_use;	/* by an id that is the same whenever it is asked */
int ask_refuse(struct call *c, enum reason reason, struct err *e) must_use;	/* c->text says why */
int ask_anew(struct call *c, struct err *e) must_use;
int ask_again(struct call *c, struct err *e) must_use;	/* its server has started since: is it what was accepted? */
int ask_next(struct call *c, struct err *e) must_use;	/* send its next question */
bool ask_is_path(const struct fact *f);	/* one that the launcher was asked about */
int ask_resolved(struct broker *b, uint64_t tag, unsigned answer, struct err *e) must_use;

/* claims.c: what an agent says of its reasons. */
bool claims_check(json_t *params, struct mcp_fault *fault);
int claims_keep(struct call *c, json_t *params, struct err *e) must_use;
void claims_free(struct call *c);

/* reviewers.c: who may decide. */
int reviewers_hear(struct broker *b, struct msg *m, struct err *e) must_use;
int scopes_hear(struct broker *b, struct msg *m, struct err *e) must_use;
/* asked_of, as the ledger has it; false: too few have a key, or too many would be asked. */
bool reviewers_ask(struct buf *out, const struct broker *b, const struct verdict *v, char *why, size_t room);

/* hold.c and its like: what a person has to approve before it is done. */
int hold_serve(struct call *c, struct err *e) must_use;	/* the verdict is to review it */
int hold_hear(struct broker *b, const struct msg *m, struct err *e) must_use;
int hold_proved(struct call *c, struct err *e) must_use;	/* the intent of one that was approved is durable */
bool hold_stands(const struct call *c, char *text, size_t room);	/* what is about to be done is what was approved */
int hold_withdraw_all(struct broker *b, struct err *e) must_use;	/* another policy is in force */
uint64_t hold_deadline(const struct broker *b);
int hold_expire(struct broker *b, uint64_t now, struct err *e) must_use;

/* reload.c: another policy, while the run goes on. */
int reload_begin(struct broker *b, struct msg *m, struct err *e) must_use;
int reload_rules(struct broker *b, struct msg *m, struct err *e) must_use;
int reload_adopt(struct broker *b, struct msg *m, struct err *e) must_use;
void reload_tidy(struct broker *b);	/* what nobody knows any more */

/* launcher.c: what is asked of the launcher, never more than it can answer without waiting. */
int launcher_queue(struct call *c, enum call_state state, struct err *e) must_use;
int launcher_send(struct broker *b, enum msg_type t, uint64_t tag, const void *body, size_t size,
		  struct err *e) must_use;
int launcher_answered(struct broker *b, struct err *e) must_use;

/* call.c: a call's life. */
struct call *call_new(struct session *s, struct request *r, struct err *e);
struct call *call_new_up(struct server *s, struct session *to, struct request *r, struct err *e);
struct call *call_of_tag(struct broker *b, uint64_t tag, enum call_state state);
void call_queue(struct call *c, struct calls *queue, enum call_state state);
void call_unqueue(struct call *c);
void call_weigh(struct call *c);		/* after what it holds has changed */
void call_judged(struct call *c);		/* its arguments are needed no more */
void call_brought(const struct call *c);	/* its agent may have read something of it */
int call_conclude(struct call *c, struct outcome o, struct err *e) must_use;	/* its intent is closed, it is not */
/* With its outcome, if it has an intent. */
int call_close(struct call *c, struct outcome o, struct err *e) must_use;
void call_end(struct call *c);			/* off all lists; freed when the loop comes round */
void calls_bury(struct broker *b);

/* era.c: which era each side speaks, and what follows from it. */
bool era_admit(struct session *s, struct request *r, struct mcp_fault *f);	/* false: *f says why not */
int era_discover(struct session *s, struct request *r, struct err *e) must_use;
void era_write_fault(struct session *s, const struct request *r, const struct mcp_fault *f);
json_t *era_fault_data(const struct request *r, int code);
json_t *era_result(const struct call *c, const json_t *result);	/* as its agent has to see it */
json_t *era_error(const struct call *c, const json_t *error);
struct modern_envelope era_envelope(const struct call *c);	/* of what is forwarded */
int era_probe(struct server *s, struct err *e) must_use;		/* it has been spawned */
int era_hear(struct server *s, const struct mcp_message *m, struct err *e) must_use;
bool era_spoke(int *done, struct server *s, struct err *e);	/* it refused to be greeted: has it told? */
int era_is(struct server *s, enum mcp_era era, struct err *e) must_use;	/* now it is known */
int era_ended(struct server *s, const char *why, struct err *e) must_use;
uint64_t era_deadline(const struct server *s);
bool era_is_open(const struct call *c);			/* its bytes cannot be known yet */
int era_wait(struct call *c, struct err *e) must_use;
int era_settle(struct server *s, struct err *e) must_use;	/* it has started, or could not */

/* An answer on its way to who asked, the agent or (c->up) the tool server: one of the two is there. */
struct answer {
	json_t *result, *error;		/* owned; what checks it may put another in its place */
	struct outcome outcome;		/* what is recorded; texts must live as long as the call */
};

/* input.c: what a server of the newer era wants of the agent before it goes on. */
bool input_may_follow(const struct call *c);
bool input_inspect(struct server *s, json_t *result);
int input_hear(struct call *c, json_t *result, struct outcome o, struct err *e) must_use;
int input_shown(struct call *question, struct err *e) must_use;
int input_take(struct call *question, const struct answer *a, struct err *e) must_use;
int input_fail(struct call *question, int code, const char *text) must_use;
void input_leave(struct call *c);
void input_forget(struct call *c);

/* park.c: what a server of the older era wants of an agent of the newer one. */
struct call *park_find_call(const struct server *s, const struct session *a, unsigned need);
struct call *park_find_parked(const struct server *s, unsigned need);	/* NULL: none, or more than one */
void park_bind(struct call *c, const struct mcp_asked *m);
void park_question(struct call *question, struct call *c, json_t *params);
int park_ask(struct call *question, struct err *e) must_use;
bool park_keep(struct server *s, const struct mcp_message *m, const char *line, size_t size);
bool park_resume(int *done, struct call *c, struct err *e);
int park_forwarded(struct call *c, struct err *e) must_use;
void park_leave(struct call *c);
uint64_t park_deadline(const struct server *s);
int park_expire(struct server *s, uint64_t now, struct err *e) must_use;
void park_fail(struct server *s);

/* listen.c: subscriptions of the newer era. */
int listen_serve(struct session *s, struct request *r, struct err *e) must_use;
bool listen_has(const struct session *s, const json_t *id);
bool listen_cancel(struct session *s, const json_t *id);	/* false: none has that id */
void listen_drop(struct session *s);
void listen_heard(struct session *s, struct listen *l, const char *uri);
void listen_changed(struct session *s, enum mcp_list which);
bool listen_updated(struct session *s, const char *method, const char *uri, const json_t *params);
void listen_to(struct server *s, const json_t *capabilities);
bool listen_is_ours(const struct call *c);
void listen_write(struct call *c, const struct modern_envelope *envelope);
int listen_forwarded(struct call *c, struct err *e) must_use;
bool listen_begun(int *done, struct server *s, const struct mcp_message *m, const char *line,
		  size_t size, struct err *e);

/* answer.c: what the agent reads. */
void answer_result(struct call *c, const json_t *result);
void answer_failure(struct call *c, const json_t *error);
void answer_error(struct call *c, int code, const char *text);
void answer_text(struct call *c, int code, const char *text);	/* why there is no result */

/* relay.c: calls to command servers. */
int relay_forward(struct call *c, const struct receipt *proof, struct err *e) must_use never_null;
int relay_resume(struct server *s, struct err *e) must_use;
int relay_answer(struct server *s, const struct mcp_message *m, const char *line, size_t size,
		 struct err *e) must_use;
int relay_deliver(struct call *c, struct answer *a, struct err *e) must_use;	/* through the checks */
struct call *relay_find(const struct server *s, uint64_t id);	/* in flight; or NULL */
int relay_fail(struct server *s, const char *why, struct err *e) must_use;
int relay_fail_waiting(struct server *s, const char *why, struct err *e) must_use;

/* pins.c, pins_settle.c: only what a person has accepted is listed, called and believed: reeve-catalogue(5). */
void pins_spawned(struct server *s, const struct msg *m);	/* what its program is */
void pins_greeted(struct server *s, const json_t *result);	/* of initialize or server/discover */
void pins_forget(struct server *s);				/* its process is gone */
/* Of a list that was read: what passes stays in l->fresh. Nobody has seen it yet. */
int pins_settle(struct server *s, enum mcp_list which, struct err *e) must_use;
void pins_fill(struct server *s, enum mcp_ask what, struct mcp_asked *m, json_t *params);	/* the defaults */
bool pins_ask(struct call *c, enum reason *reason, char *text, size_t room);
bool pins_check_arguments(struct call *c, enum reason *reason, char *text, size_t room);
/* It is about to be sent to a server that may not have run when it was judged. */
int pins_known(struct call *c, bool *known, struct err *e) must_use;	/* has what is asked for been compared? */
bool pins_stand(struct call *c, char *text, size_t room);		/* and is it what was accepted? */
void pins_check_result(struct call *c, struct answer *a);
bool pins_server_stands(const struct server *s);	/* program and instructions are the accepted ones */
enum mcp_list pins_list(enum listed kind);	/* of tools or prompts */
/* stages.c: what everything passes on its way. */
bool stages_ask(struct call *c, enum reason *reason);
void stages_answer(struct call *c, struct answer *a);
bool stages_news(struct server *s, const char *method, json_t **params);
void stages_list(struct server *s, enum mcp_list which);

/* upcall.c: what tool servers ask of agents. */
int upcall_hear(struct server *s, enum mcp_upward what, struct request *r, struct err *e) must_use;
/* For a call that waits for it; *wrong, if it cannot be asked. */
int upcall_for(const char **wrong, struct call *c, const char *key, json_t *request, struct err *e) must_use;
int upcall_forward(struct call *c, const struct receipt *proof, struct err *e) must_use never_null;
int upcall_answer(bool *taken, struct session *s, struct request *r, struct err *e) must_use;
int upcall_cancelled(struct server *s, const json_t *id, struct err *e) must_use;
int upcall_give_up(struct call *c, const char *status, const char *why, struct err *e) must_use;
int upcall_fail(struct server *s, const char *why, struct err *e) must_use;
uint64_t upcall_deadline(const struct server *s);
int upcall_expire(struct server *s, uint64_t now, struct err *e) must_use;

/* news.c: what tool servers tell. */
int news_hear(struct server *s, const struct mcp_message *m, const char *line, size_t size,
	      struct err *e) must_use;
const char *news_word(int level);
int news_level(const char *word);	/* -1: none */

/* resources.c: whose URI it is, and who wants to hear of it. */
int resources_ask(struct session *s, struct request *r, struct err *e) must_use;	/* on the joined socket */
int resources_find(struct call *c, struct err *e) must_use;	/* a list has been read */
bool subscribed(const struct session *a, const struct server *s, const char *uri);
bool subscribed_by_others(const struct session *a, const struct server *s, const char *uri);
bool subscriptions_full(const struct session *a);
void subscribe(struct session *a, const struct server *s, const char *uri, bool yes);
void unsubscribe(struct session *a, const char *uri);	/* from every server's */
bool subscribed_to(const struct server *s);	/* by anybody, to anything */

/* cut.c: what is larger than a message may be. */
void cut_answer(struct call *c, struct answer *a);
int cut_unread(struct call *c, size_t size, const char *why, const char *digest, struct err *e) must_use;

/* cancel.c: an agent takes a call back. */
int cancel_call(struct call *c, struct err *e) must_use;

/* dropped.c: what was said and nobody got. `line` may be NULL. */
int dropped(struct broker *b, struct drops *drops, const char *server, enum reason reason,
	    const char *line, size_t size, struct err *e) must_use;
void dropped_first(struct drops *drops, enum reason reason, const char *line, size_t size);	/* it has a record of its own */
int dropped_rest(struct broker *b, struct drops *drops, const char *server, struct err *e) must_use;
bool pace_allows(struct pace *p, unsigned most, unsigned each_second, uint64_t now_ns);

/* exec.c: calls of exec tools. */
void exec_fill(struct server *s, struct mcp_asked *m, json_t *params);	/* the defaults */
bool exec_ask(struct call *c, enum reason *reason, char *text, size_t room);	/* do the arguments fit? */
int exec_send(struct call *c, const struct receipt *proof, struct err *e) must_use never_null;
void exec_keep_facts(struct call *c);
int exec_run(struct call *c, const struct receipt *proof, struct err *e) must_use never_null;
int exec_spawned(struct call *c, struct msg *m, struct err *e) must_use;
int exec_failed(struct call *c, const char *why, struct err *e) must_use;
int exec_exited(struct call *c, unsigned status, struct err *e) must_use;
int exec_attend(void *call, short what, struct err *e) must_use;

/* quota.c: how much may be asked. */
void quota_open(struct quota *q);		/* without bounds, until they are told */
bool quota_ask(struct call *c, enum reason *reason, char *text, size_t room);
void quota_answered(struct call *c, size_t size);	/* by so many bytes */
void quota_ended(struct call *c);
void quota_pause(struct call *c);	/* it waits for a person, and takes nobody's place */
void quota_resume(struct call *c);

/* inspect.c: what may not pass, in either direction. */
bool inspect_ask(struct call *c, enum reason *reason, char *text, size_t room);	/* no secret that reeve holds */
void inspect_refused(struct call *c);		/* before its record, if inspect_ask() was not come to */
void inspect_answer(struct call *c, struct answer *a);
/* Anything else a server says, before it is kept or passed on; false: it must not be. */
bool inspect_heard(struct server *s, json_t *value);
void inspect_list(struct server *s, enum mcp_list which);

/* server.c: a command server's life; start.c: until it is ready. */
int server_need(struct server *s, struct err *e) must_use;	/* start it unless it runs */
int server_spawned(struct server *s, struct msg *m, struct err *e) must_use;
int server_attend(void *server, short what, struct err *e) must_use;
int server_flush(struct server *s, struct err *e) must_use;
int server_stop(struct server *s, const char *status, const char *why, struct err *e) must_use;
int server_expire(struct server *s, uint64_t now, struct err *e) must_use;
int server_close_start(struct server *s, const char *status, const char *why, struct err *e) must_use;
uint64_t server_deadline(const struct server *s);	/* UINT64_MAX: none */
void server_note(struct server *s, const char *what);
/* server_life.c: between one process of it and the next. */
void life_ready(struct server *s);
void life_touch(struct server *s);		/* somebody needed it just now */
void life_stopped(struct server *s);		/* before its process is forgotten */
bool life_rests(const struct server *s);	/* it is not started now: life_refuse() */
bool life_may_start(struct server *s);
int life_refuse(struct call *c, struct err *e) must_use;
int life_left(struct broker *b, uint64_t tag, struct err *e) must_use;	/* a process has ended, or never was */
uint64_t life_deadline(const struct server *s);	/* UINT64_MAX: none */
int life_expire(struct server *s, uint64_t now, struct err *e) must_use;
int server_again(struct server *s, const char *why, struct err *e) must_use;	/* it is started anew, at once */
int start_greet(struct server *s, struct err *e) must_use;
int start_hear(struct server *s, const struct mcp_message *m, struct err *e) must_use;
int start_offers(struct server *s, const json_t *capabilities, struct err *e) must_use;
/* The one place where a question of our own is written: its id. `params` is taken. */
uint64_t server_ask(struct server *s, const char *method, json_t *params);

/* listing.c: what a server offers. */
int listing_read(struct server *s, enum mcp_list which, struct err *e) must_use;	/* from its first page */
int listing_need(struct server *s, enum mcp_list which, struct err *e) must_use;	/* unless it is known */
int listing_none(struct server *s, enum mcp_list which, struct err *e) must_use;	/* it has no such list */
int listing_hear(struct server *s, enum mcp_list which, const struct mcp_message *m, size_t size,
		 struct err *e) must_use;
int listing_changed(struct server *s, enum mcp_list which, struct err *e) must_use;
void listing_forget(struct server *s);		/* its process has gone */
uint64_t listing_deadline(const struct server *s);
int listing_expire(struct server *s, uint64_t now, struct err *e) must_use;

/* hear.c: what a server says. */
int hear_line(struct server *s, const char *line, size_t size, struct err *e) must_use;
int hear_long(struct server *s, size_t size, struct err *e) must_use;

/* list.c: tools/list and the others. */
int list_serve(struct session *s, struct request *r, struct err *e) must_use;
int list_await(bool *settled, struct call *c, struct err *e) must_use;
int list_settle(struct broker *b, struct err *e) must_use;	/* a server's state has changed */

/* alert_tell.c: what was judged for good counts; what is to be told of it is recorded first. */
void judged(struct broker *b, const struct action *a, const struct verdict *v);
int alert_tell(struct broker *b, struct err *e) must_use;
uint64_t alert_deadline(const struct broker *b);

/* payload.c: what is kept of it, if anything is. Borrowed by the record that is made next. */
void payload_ask(struct call *c);
void payload_answer(const struct call *c, struct outcome *o);

#endif

/* courier/courier.h - one remote tool server: lines on one side, Streamable HTTP on the other. */
#ifndef COURIER_COURIER_H
#define COURIER_COURIER_H

#include <curl/curl.h>
#include <netdb.h>
#include <stdint.h>
#include <sys/queue.h>

#include "mcp/mcp.h"

enum {
	EXCHANGES = 64,		/* under way together */
	BODY_MOST = 16 << 20,	/* bytes of one answer */
	WORD_MOST = 1024,	/* bytes of a session's id, an event's id, a revision */
	RESUMES = 8,		/* in a row, without news */
};

/* Exit statuses: reeve-courier(8). */
enum { COURIER_DONE, COURIER_SESSION_OVER, COURIER_BAD_WORDS, COURIER_COULD_NOT };

/* The launcher's first line. */
struct words {
	char *url, *host, *ca;		/* ca NULL: the system's */
	unsigned port;
	unsigned deadline_ms;		/* for one answer */
	bool private;			/* loopback and private addresses are meant */
	struct curl_slist *headers;	/* they hold secrets */
};

int words_read(struct words *out, const char *line, size_t size, struct err *e) must_use;

/* A stream of server-sent events, cut into the data of each. */
struct events {
	struct buf line, data;
	char id[WORD_MOST];	/* of the last event that had one */
	unsigned retry_ms;	/* 0: the server did not say */
	bool after_return;	/* a newline now belongs to the carriage return before it */
	bool message;		/* its type is the one that carries messages */
	size_t begun;		/* bytes seen, for a byte order mark at the start */
};

void events_begin(struct events *v);
void events_free(struct events *v);
/* Each event's data to `each`, which says -1 to stop. */
int events_feed(struct events *v, const char *bytes, size_t size,
		int (*each)(void *to, const char *data, size_t size, struct err *e), void *to, struct err *e) must_use;

enum exchange_kind { EXCHANGE_POST, EXCHANGE_STREAM, EXCHANGE_DELETE };
enum body_kind { BODY_NONE, BODY_JSON, BODY_EVENTS, BODY_OTHER };

struct courier;

/* One HTTP request and what comes back. */
struct exchange {
	TAILQ_ENTRY(exchange) all;
	struct courier *courier;
	CURL *easy;
	struct curl_slist *headers;
	enum exchange_kind kind;
	json_t *id;			/* of the request it carries; NULL: no answer is expected */
	struct buf sent;		/* its bytes */
	bool initialize, initialized;	/* the session's first and second message */
	bool modern;			/* a request without a session */
	bool resuming;			/* a GET for the rest of an answer */
	bool answered;
	enum body_kind body;
	char type[128], location[256];	/* of the answer, for a sentence */
	char session[WORD_MOST];	/* the one it gave */
	struct buf in;			/* a JSON body */
	struct events events;
	size_t total, news;		/* bytes; events since it was last resumed */
	unsigned failures;
	uint64_t due_ns;		/* when it is sent (again); 0: it is under way */
	struct err why;			/* why we stopped it */
	char curl_why[CURL_ERROR_SIZE];
};

TAILQ_HEAD(exchanges, exchange);

struct courier {
	struct words words;
	CURLM *multi;
	struct exchanges exchanges;
	size_t count;			/* of POSTs */
	struct curl_slist *resolved;	/* "HOST:PORT:ADDRESS,..." */
	uint64_t resolved_ns;
	char refused[200];		/* the last address that was, and why */
	char session[WORD_MOST], revision[64];
	json_t *params;			/* owned; by tool and header: where the argument stands that is said there */
	struct buf in;
	size_t seen;			/* no newline before here */
	bool closed;			/* standard input has ended */
	bool over;			/* the server has ended the session */
};

/* address.c: may this address be connected to? NULL: yes; otherwise what it is. */
const char *address_refused(const struct sockaddr *a, bool private_too);
/* The host's addresses, for libcurl, which looks up nothing itself. */
int address_resolve(struct courier *c, struct err *e) must_use;

/* request.c: an exchange on its way. */
struct exchange *exchange_new(struct courier *c, enum exchange_kind kind);
int exchange_send(struct exchange *x, struct err *e) must_use;
void exchange_free(struct exchange *x);
bool header_value_is_sound(const char *value);
bool request_header(struct exchange *x, const char *header, const char *value);	/* spelt as MCP has it */

/* params.c: arguments that are said in headers too. What cannot be is taken out of the list: true. */
bool params_learn(struct courier *c, json_t *doc);
bool params_add(struct exchange *x, const json_t *params);	/* false: one does not fit */

/* answer.c: what comes back, while it comes and when it has ended. */
size_t answer_header(char *bytes, size_t one, size_t size, void *exchange);
size_t answer_body(char *bytes, size_t one, size_t size, void *exchange);
void answer_ended(struct exchange *x, CURLcode how);

/* say.c: one line to the broker. */
void say_line(const char *bytes, size_t size);
void say_error(const json_t *id, const char *text);

/* take.c: one line of the broker's. */
int take_line(struct courier *c, const char *line, size_t size, struct err *e) must_use;

/* loop.c */
int courier_run(struct courier *c, struct err *e) must_use;
int courier_prepare(struct courier *c, struct err *e) must_use;	/* while libraries may still be loaded */

#endif

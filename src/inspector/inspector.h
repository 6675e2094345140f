/* inspector/inspector.h - the end of TLS for named hosts: this run's authority, one request after another, credentials. */
#ifndef INSPECTOR_INSPECTOR_H
#define INSPECTOR_INSPECTOR_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/scope.h"
#include "egress/egress.h"
#include "wire/net.h"

enum {
	INSPECTOR_TALKS = 512,		/* connections at once */
	INSPECTOR_LEAVES = 256,		/* certificates kept */
	INSPECTOR_CREDENTIALS = 32,
	INSPECTOR_SECRET = 4096,	/* bytes of a secret that is to stand in a header */
	INSPECTOR_PEM = 32 << 10,	/* bytes of the authority's certificate */
	INSPECTOR_TEXT = 1 << 20,	/* bytes of more authorities */
	TALK_FIRST = 65536,		/* bytes that the proxy had read already */
	TALK_ROOM = 64 << 10,		/* bytes on their way, each way */
};

SCOPED(x509, X509 *, X509_free)
SCOPED(pkey, EVP_PKEY *, EVP_PKEY_free)
SCOPED(bio, BIO *, BIO_free_all)

/* --- authority.c: who signs for the jail. Its key is made here and is nowhere else. --- */

struct leaf {
	char host[EGRESS_NAME + 1];
	X509 *cert;
};

struct authority {
	X509 *cert;
	EVP_PKEY *key;		/* signs leaves */
	EVP_PKEY *leaf_key;	/* of all leaves */
	struct leaf leaves[INSPECTOR_LEAVES];
	size_t leaf_count, oldest;
};

/* It counts for these hosts only ("*.x": all below x, and x): so says its certificate. */
int authority_make(struct authority *out, const char *const *hosts, size_t count, struct err *e) must_use;
int authority_pem(struct buf *out, const struct authority *a, struct err *e) must_use;
/* The certificate for a host, made if it is not there. Borrowed until the next call. */
int authority_leaf(X509 **out, struct authority *a, const struct egress_host *host, struct err *e) must_use;
void authority_free(struct authority *a);

/* --- verify.c: whom we believe --- */

/* The host's own trust store; `from` NULL: where the distributions keep it. None: only what verify_more() brings. */
int verify_begin(X509_STORE **out, const char *from, struct err *e) must_use;
int verify_more(X509_STORE *store, const char *pem, size_t size, struct err *e) must_use;
SCOPED(store, X509_STORE *, X509_STORE_free)

/* --- credential.c, swap.c: a placeholder inside, a secret outside --- */

enum pattern_kind { PATTERN_EXACT, PATTERN_ESCAPED, PATTERN_HEX, PATTERN_BASE64 };

struct pattern {
	enum pattern_kind kind;
	char *text;		/* on the secure heap */
	size_t size;
};

enum { PATTERNS = 72 };

struct credential {
	char host[EGRESS_NAME + 1], name[80], placeholder[80];
	struct pattern patterns[PATTERNS];	/* [0] is the secret itself */
	size_t pattern_count;
};

struct credentials {
	struct credential at[INSPECTOR_CREDENTIALS];
	size_t count;
};

/* Takes what could stand in a header, printable and at least 8 bytes; copies it. */
int credential_add(struct credentials *all, const char *host, const char *name, const char *placeholder,
		   const char *secret, size_t size, struct err *e) must_use;
bool credential_of(const struct credentials *all, const char *host);	/* does one belong to it? */
void credentials_free(struct credentials *all);

/*
 * The head with each placeholder of this host's credentials in the value of a field replaced by its secret, also
 * within Basic's base64. False: no room.
 */
bool credential_put(struct buf *out, const struct credentials *all, const char *host, const char *head, size_t size);

/* Secrets of one host out of a stream. What may be the beginning of one is held back until it is known. */
struct swap {
	const struct credentials *all;
	const char *host;
	struct buf held;
	bool found;
	bool starts[256];	/* bytes with which one can begin */
};

void swap_begin(struct swap *s, const struct credentials *all, const char *host);
bool swap_feed(struct swap *s, const char *bytes, size_t size, bool last, struct buf *out) must_use;
void swap_end(struct swap *s);
/* Does a pattern stand at the beginning of these bytes? How long in *size. */
enum egress_got pattern_match(const struct pattern *p, const char *bytes, size_t left, size_t *size);

/* --- head.c: a request as it is sent on --- */

/* What is judged and sent; `guarded`: a credential belongs to the host, so that its answer must be readable. */
int head_forward(struct buf *out, struct net_ask *ask, const struct egress_http *r, bool guarded, const char **why)
	must_use;

/* --- answer.c: what comes back --- */

struct answer {
	enum { ANSWER_HEAD, ANSWER_BODY, ANSWER_DONE } at;
	bool to_head, guarded, first;	/* of HEAD: no body. guarded: searched. first: nothing was passed on yet */
	bool bare, chunked_on;		/* no body; sent on chunked */
	enum egress_body ends;
	uint64_t left;
	struct egress_chunks chunks;
	struct swap swap;
	unsigned status;
	bool stays;			/* the agent can tell its end */
};

void answer_begin(struct answer *a, const struct credentials *all, const char *host, bool to_head);
/* From `in`, as far as there is room. `ended`: nothing more will come. BAD: *why; nothing of it was passed on if `first`. */
enum egress_got answer_take(struct answer *a, struct buf *in, bool ended, struct buf *out, const char **why) must_use;
void answer_free(struct answer *a);

/* --- end.c: one end of TLS over a socket, never waiting --- */

struct end {
	SSL *ssl;		/* NULL: not begun */
	int fd;
	struct buf first;	/* read before it came to us */
	struct buf in, out;
	bool ready;		/* hands are shaken */
	bool ended, clean;	/* nothing more will come; it was said */
	bool broken, gone;	/* gone: the socket has ended */
	uint64_t got, put;	/* bytes, as they are before TLS and after it */
	short wants;		/* of poll(2) */
	char why[160];
};

BIO_METHOD *end_method(void);	/* for each context's app data */
/* The socket is taken. */
int end_begin(struct end *x, SSL_CTX *ctx, int *fd, const void *first, size_t size, bool server, struct err *e) must_use;
void end_pump(struct end *x);
void end_leave(struct end *x);	/* says that nothing more comes */
void end_free(struct end *x);

/* --- talk.c: one connection of the agent --- */

enum talk_state { TALK_HELLO, TALK_HEAD, TALK_ASKED, TALK_DIALS, TALK_FLOWS, TALK_LAST, TALK_DEAD };

struct inspector;

struct talk {
	enum talk_state state;
	struct inspector *of;
	uint64_t tag, deadline_ns;
	struct egress_host host;
	uint16_t port;
	struct end agent, server;
	struct buf head;	/* as it is sent on, without secrets */
	enum egress_body body;
	uint64_t left;
	struct egress_chunks chunks;
	struct answer answer;
	struct net_over over;
	bool to_head, leaves;	/* HEAD was asked; no more requests after this one */
	bool opened;		/* OVER is owed */
	bool fault;		/* asked only to be recorded */
	bool said_last;		/* that nothing more comes */
	bool abrupt;		/* nor will it be: what was said is not whole */
	char sni[EGRESS_NAME + 1];
	const char *wrong;	/* what the callbacks of the agent's handshake found */
};

struct talk *talk_new(struct inspector *of, const struct egress_host *host, uint16_t port, int *fd, const void *first,
		      size_t size, struct err *e);
int talk_attend(struct talk *t, struct err *e) must_use;	/* something may have moved; -1: the broker is gone */
int talk_expire(struct talk *t, struct err *e) must_use;	/* its deadline has passed */
int talk_hear(struct talk *t, struct msg *m, struct err *e) must_use;	/* what the broker says of its ASK */
int talk_free(struct talk *t, struct err *e) must_use;		/* pays what is owed */
void talk_over(struct talk *t, const char *status, const char *why);
int talk_send_over(struct talk *t, struct err *e) must_use;

/* ask.c: words with the broker. */
int ask_send(struct talk *t, const struct net_ask *ask, struct err *e) must_use;
int ask_fault(struct talk *t, const char *why, struct err *e) must_use;	/* only to be recorded */
/* An answer of our own to the agent, and then no more. */
void talk_say(struct talk *t, unsigned status, const char *text);
void talk_last(struct talk *t);	/* what is still to be sent to it, and then no more */
int talk_opened(struct talk *t, struct msg *m, struct err *e) must_use;

/* --- all of it --- */

struct inspector {
	struct wire launcher, broker, hands;
	struct authority authority;
	struct credentials credentials;
	X509_STORE *store;
	SSL_CTX *inward, *outward;	/* towards the agent; towards servers */
	BIO_METHOD *io;
	struct talk *talks[INSPECTOR_TALKS];
	size_t talk_count;
	uint64_t tags;
	struct msg msg;
};

/* tls.c: the two contexts. */
int tls_begin(struct inspector *in, struct err *e) must_use;
/* What the library says went wrong, as a sentence. */
void tls_why(char *out, size_t room);

int hear_launcher(struct inspector *in, struct err *e) must_use;	/* hear.c: until CARRY */
int inspector_begin(struct inspector *in, struct err *e) must_use;	/* before it is confined: libraries, trust store */
int inspector_run(struct inspector *in, struct err *e) must_use;
void inspector_free(struct inspector *in);

#endif

/*
 * One connection of the agent: TLS, then one request after another, each with a question of its own and a
 * connection to the server of its own. Nothing of a request leaves before the broker has said yes, and the server
 * has shown who it is.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "inspector/inspector.h"

enum { HELLO_SECONDS = 10, HEAD_SECONDS = 20, NEXT_SECONDS = 60, IDLE_SECONDS = 600, LAST_SECONDS = 2 };

static void within(struct talk *t, unsigned seconds)
{
	t->deadline_ns = clock_mono_ns() + seconds * UINT64_C(1000000000);
}

void talk_last(struct talk *t)
{
	t->state = TALK_LAST;
	within(t, IDLE_SECONDS);
}

struct talk *talk_new(struct inspector *of, const struct egress_host *host, uint16_t port, int *fd, const void *first,
		      size_t size, struct err *e)
{
	struct talk *t = calloc(1, sizeof(*t));
	X509 *leaf = NULL;

	if (!t) {
		err_sys(e, "memory for a connection");
		return NULL;
	}
	t->of = of;
	t->host = *host;
	t->port = port;
	t->head = BUF(2 * (size_t)EGRESS_HEAD);
	t->server.fd = -1;
	if (end_begin(&t->agent, of->inward, fd, first, size, true, e) < 0 ||
	    authority_leaf(&leaf, &of->authority, host, e) < 0) {
		end_free(&t->agent);
		free(t);
		return NULL;
	}
	SSL_set_app_data(t->agent.ssl, t);
	must(SSL_use_certificate(t->agent.ssl, leaf) == 1 &&
	     SSL_use_PrivateKey(t->agent.ssl, of->authority.leaf_key) == 1);
	within(t, HELLO_SECONDS);
	return t;
}

/* A handshake that came to nothing is worth a record: a program may know its server's certificate by heart. */
static int hello_failed(struct talk *t, struct err *e)
{
	char why[200];

	if (t->wrong)
		return ask_fault(t, t->wrong, e) < 0 ? -1 : 1;
	if (t->agent.gone) { /* it left before it had said anything */
		t->state = TALK_DEAD;
		return 1;
	}
	snprintf(why, sizeof(why), "TLS with the program failed, maybe for lack of trust in this run's certificate: %.90s",
		 t->agent.why);
	return ask_fault(t, why, e) < 0 ? -1 : 1;
}

static int step_hello(struct talk *t, struct err *e)
{
	if (t->agent.broken || t->agent.ended)
		return hello_failed(t, e);
	if (!t->agent.ready)
		return 0;
	t->state = TALK_HEAD;
	within(t, HEAD_SECONDS);
	return 1;
}

static bool is_last(const struct egress_http *r)
{
	struct egress_span v;
	size_t i;

	for (i = 0; i < r->field_count; i++)
		if (egress_field_is(&r->fields[i], "connection", &v) && memmem(v.at, v.size, "close", 5))
			return true;
	return false;
}

static int ask(struct talk *t, const struct egress_http *r, struct err *e)
{
	struct net_ask ask;
	const char *why = NULL;

	buf_drop(&t->head, t->head.size);
	if (head_forward(&t->head, &ask, r, credential_of(&t->of->credentials, t->host.text), &why) < 0)
		return ask_fault(t, why, e);
	t->to_head = r->method.size == 4 && memcmp(r->method.at, "HEAD", 4) == 0;
	t->leaves = is_last(r);
	t->body = r->body;
	t->left = r->length;
	t->chunks = (struct egress_chunks){ 0 };
	buf_drop(&t->agent.in, r->size);
	return ask_send(t, &ask, e);
}

static int step_head(struct talk *t, struct err *e)
{
	struct egress_http r;
	const char *why = NULL;
	enum egress_got got = egress_read_request(&r, &t->host, t->port, 443, t->agent.in.data, t->agent.in.size, &why);
	int done;

	if (got == EGRESS_MORE && !t->agent.ended && !t->agent.broken)
		return 0;
	if (got == EGRESS_MORE) {
		talk_last(t);
		return 1;
	}
	done = got == EGRESS_BAD ? ask_fault(t, why, e) : ask(t, &r, e);
	return done < 0 ? -1 : 1;
}

static int step_asked(struct talk *t, struct err *e)
{
	(void)t;
	(void)e;
	return 0;
}

/* The answer is ours: nothing of the server's was passed on. */
static int give_up(struct talk *t, const char *status, const char *why, struct err *e)
{
	talk_over(t, status, why);
	if (talk_send_over(t, e) < 0)
		return -1;
	talk_say(t, 502, why);
	return 1;
}

/* Of a handshake that failed the certificate says more than the alert. */
static int dial_failed(struct talk *t, struct err *e)
{
	long verified = SSL_get_verify_result(t->server.ssl);
	char why[200];

	if (verified != X509_V_OK)
		snprintf(why, sizeof(why), "the certificate of %.70s is not to be trusted: %.70s", t->host.text,
			 X509_verify_cert_error_string(verified));
	else
		snprintf(why, sizeof(why), "TLS with %.80s failed: %.90s", t->host.text, t->server.why);
	return give_up(t, verified != X509_V_OK ? "refused" : "error", why, e);
}

static int step_dials(struct talk *t, struct err *e)
{
	const unsigned char *protocol = NULL;
	unsigned size = 0;

	if (t->agent.broken || (t->agent.ended && !t->agent.clean)) {
		t->state = TALK_DEAD;
		return 1;
	}
	if (t->server.broken || t->server.ended)
		return dial_failed(t, e);
	if (!t->server.ready)
		return 0;
	SSL_get0_alpn_selected(t->server.ssl, &protocol, &size);
	if (protocol && (size != 8 || memcmp(protocol, "http/1.1", 8) != 0))
		return give_up(t, "error", "the server does not speak HTTP/1.1", e);
	if (!credential_put(&t->server.out, &t->of->credentials, t->host.text, t->head.data, t->head.size))
		return give_up(t, "error", "with its credentials the head is too large", e);
	answer_begin(&t->answer, &t->of->credentials, t->host.text, t->to_head);
	t->state = TALK_FLOWS;
	within(t, IDLE_SECONDS);
	return 1;
}

/* What was announced, and nothing behind it. False: its end cannot be told. */
static bool carry(struct talk *t)
{
	struct buf *from = &t->agent.in, *to = &t->server.out;
	enum egress_got got = EGRESS_MORE;
	size_t some = 0;

	if (t->body == EGRESS_NO_BODY || from->size == 0 || to->size >= TALK_ROOM)
		return true;
	if (t->body == EGRESS_CHUNKED) {
		got = egress_read_chunks(&t->chunks, from->data, from->size, &some);
	} else {
		some = t->left < from->size ? (size_t)t->left : from->size;
		t->left -= some;
		got = t->left ? EGRESS_MORE : EGRESS_WHOLE;
	}
	if (got == EGRESS_BAD || !buf_add(to, from->data, some))
		return false;
	buf_drop(from, some);
	if (got == EGRESS_WHOLE)
		t->body = EGRESS_NO_BODY;
	return true;
}

/* The answer was whole. Another request may follow if the agent can tell, and has said all of this one. */
static int finished(struct talk *t, struct err *e)
{
	bool next = t->answer.stays && !t->leaves && t->body == EGRESS_NO_BODY && !t->agent.ended;

	talk_over(t, "ok", "");
	if (talk_send_over(t, e) < 0)
		return -1;
	answer_free(&t->answer);
	t->answer = (struct answer){ .status = 0 };
	if (!next) {
		talk_last(t);
		return 1;
	}
	t->state = TALK_HEAD;
	within(t, NEXT_SECONDS);
	return 1;
}

/* What the agent has of the answer is not all, and it must not look as if it were. */
static int cut_off(struct talk *t, const char *why, struct err *e)
{
	if (t->answer.first)
		return give_up(t, "error", why, e);
	talk_over(t, "error", why);
	t->abrupt = true;
	talk_last(t);
	return talk_send_over(t, e) < 0 ? -1 : 1;
}

static int step_flows(struct talk *t, struct err *e)
{
	const char *why = NULL;
	enum egress_got got;

	if (t->agent.broken || (t->agent.ended && !t->agent.clean)) {
		t->state = TALK_DEAD;
		return 1;
	}
	if (!carry(t))
		return cut_off(t, "the request's body is not framed as it must be", e);
	got = answer_take(&t->answer, &t->server.in, t->server.ended || t->server.broken, &t->agent.out, &why);
	if (got == EGRESS_BAD)
		return cut_off(t, why, e);
	return got == EGRESS_WHOLE ? finished(t, e) : 0;
}

/* What it still sends is read, so that what it was told is not lost to a reset. */
static int step_last(struct talk *t, struct err *e)
{
	(void)e;
	buf_drop(&t->agent.in, t->agent.in.size);
	if (t->agent.out.size && !t->agent.broken)
		return 0;
	if (t->abrupt) {
		t->state = TALK_DEAD;
		return 0;
	}
	if (!t->said_last) {
		end_leave(&t->agent);
		within(t, LAST_SECONDS);
	}
	t->said_last = true;
	if (t->agent.ended || t->agent.broken)
		t->state = TALK_DEAD;
	return 0;
}

static int step_dead(struct talk *t, struct err *e)
{
	return talk_send_over(t, e);
}

/* An end that came after the step had looked is news as well: nothing more would ever be polled for there. */
static uint64_t news(const struct end *x)
{
	return x->got + x->put + x->ready + x->ended + x->broken;
}

static uint64_t moved(const struct talk *t)
{
	return news(&t->agent) + news(&t->server);
}

int talk_attend(struct talk *t, struct err *e)
{
	static int (*const steps[])(struct talk *, struct err *) = {
		[TALK_HELLO] = step_hello, [TALK_HEAD] = step_head, [TALK_ASKED] = step_asked,
		[TALK_DIALS] = step_dials, [TALK_FLOWS] = step_flows, [TALK_LAST] = step_last,
		[TALK_DEAD] = step_dead,
	};
	uint64_t before;
	int again;

	do {
		before = moved(t);
		end_pump(&t->agent);
		end_pump(&t->server);
		again = steps[t->state](t, e);
		end_pump(&t->agent);
		end_pump(&t->server);
		if ((t->state == TALK_FLOWS || (t->state == TALK_LAST && !t->said_last)) && moved(t) != before)
			within(t, IDLE_SECONDS);
	} while (again > 0 || (again == 0 && t->state != TALK_DEAD && moved(t) != before));
	return again;
}

int talk_expire(struct talk *t, struct err *e)
{
	enum talk_state was = t->state;

	t->deadline_ns = 0;
	if (was == TALK_DIALS || (was == TALK_FLOWS && t->answer.first)) {
		talk_over(t, "timeout", "the server does not answer in time");
		if (talk_send_over(t, e) < 0)
			return -1;
		talk_say(t, 504, "the server does not answer in time");
		return talk_attend(t, e);
	}
	if (was == TALK_FLOWS)
		talk_over(t, "timeout", "nothing came or went for ten minutes");
	t->state = TALK_DEAD;
	if (was == TALK_HELLO || (was == TALK_HEAD && t->agent.in.size))
		return ask_fault(t, "TLS, or a request, that does not come in time", e);
	return 0;
}

int talk_free(struct talk *t, struct err *e)
{
	int done = talk_send_over(t, e);

	answer_free(&t->answer);
	end_free(&t->agent);
	end_free(&t->server);
	buf_free(&t->head);
	free(t);
	return done;
}

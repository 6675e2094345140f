/* Words with the broker about one connection, and ours with the agent. */
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "inspector/inspector.h"

enum { DIAL_SECONDS = 30 };

int ask_send(struct talk *t, const struct net_ask *ask, struct err *e)
{
	uint8_t body[16384];
	struct pack p = { .at = body, .room = sizeof(body) };

	must(net_ask_pack(&p, ask));
	t->tag = ++t->of->tags;
	t->state = TALK_ASKED;
	t->deadline_ns = 0; /* the broker and the dialer have theirs */
	return wire_send(&t->of->broker, MSG_ASK, t->tag, body, p.size, NULL, 0, e);
}

int ask_fault(struct talk *t, const char *why, struct err *e)
{
	struct net_ask ask = { .way = NET_INSPECTED, .port = t->port, .scheme = "https" };

	snprintf(ask.host, sizeof(ask.host), "%s", t->host.text);
	snprintf(ask.fault, sizeof(ask.fault), "%s", why);
	t->fault = true;
	t->to_head = false;
	return ask_send(t, &ask, e);
}

static const char *phrase(unsigned status)
{
	static const struct {
		unsigned status;
		const char *phrase;
	} phrases[] = { { 400, "Bad Request" }, { 403, "Forbidden" },	    { 502, "Bad Gateway" },
			{ 503, "Busy" },	{ 504, "Gateway Timeout" } };
	size_t i;

	for (i = 0; i < count_of(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Error";
}

void talk_say(struct talk *t, unsigned status, const char *text)
{
	const char *whose = strncmp(text, "reeve", 5) == 0 ? "" : "reeve: ";
	char line[NET_PHRASE];

	buf_printf(&t->agent.out,
		   "HTTP/1.1 %u %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
		   "Connection: close\r\n\r\n",
		   status, net_phrase(line, text, phrase(status)),
		   t->to_head ? (size_t)0 : strlen(whose) + strlen(text) + 1);
	if (!t->to_head)
		buf_printf(&t->agent.out, "%s%s\n", whose, text);
	talk_last(t);
}

static int hear_denied(struct talk *t, const struct msg *m, struct err *e)
{
	static const unsigned status[] = { [NET_REFUSED] = 403, [NET_BAD] = 400, [NET_UNKNOWN] = 502, [NET_PRIVATE] = 403,
					   [NET_UNREACHABLE] = 502, [NET_LATE] = 504, [NET_BUSY] = 503 };
	struct unpack u = { .at = m->body, .left = m->size };
	unsigned no = (unsigned)unpack_number(&u, 1);
	char text[512];

	unpack_number(&u, 2);
	if (!unpack_copy(&u, text, sizeof(text)) || !unpack_done(&u) || no >= NET_NOES)
		return err_set(e, ERR_PEER, "malformed DENIED");
	if (t->agent.ready && !t->agent.broken)
		talk_say(t, status[no], text);
	else
		t->state = TALK_DEAD;
	return 0;
}

/* Towards the server: who it must be, by name or address. */
static bool name_server(SSL *ssl, const struct egress_host *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (host->bits)
		return X509_VERIFY_PARAM_set1_ip_asc(param, host->text) == 1;
	return SSL_set1_host(ssl, host->text) == 1 && SSL_set_tlsext_host_name(ssl, host->text) == 1;
}

int talk_opened(struct talk *t, struct msg *m, struct err *e)
{
	t->opened = true;
	t->over = (struct net_over){ .sent = 0 };
	snprintf(t->over.sni, sizeof(t->over.sni), "%s", t->sni);
	if (end_begin(&t->server, t->of->outward, &m->fds[0], NULL, 0, false, e) < 0 ||
	    !name_server(t->server.ssl, &t->host))
		return e->kind ? -1 : err_set(e, ERR_SYSTEM, "memory for TLS");
	t->state = TALK_DIALS;
	t->deadline_ns = clock_mono_ns() + DIAL_SECONDS * UINT64_C(1000000000);
	return 0;
}

int talk_hear(struct talk *t, struct msg *m, struct err *e)
{
	if (t->state != TALK_ASKED || (m->type != MSG_OPENED && m->type != MSG_DENIED))
		return err_set(e, ERR_PEER, "%s where none was asked for", msg_name(m->type));
	if (m->type == MSG_DENIED)
		return hear_denied(t, m, e);
	return t->fault ? err_set(e, ERR_PEER, "OPENED for what cannot be read") : talk_opened(t, m, e);
}

void talk_over(struct talk *t, const char *status, const char *why)
{
	if (t->over.status[0])
		return;
	snprintf(t->over.status, sizeof(t->over.status), "%s", status);
	snprintf(t->over.why, sizeof(t->over.why), "%s", why);
}

int talk_send_over(struct talk *t, struct err *e)
{
	uint8_t body[1024];
	struct pack p = { .at = body, .room = sizeof(body) };

	if (!t->opened)
		return 0;
	t->opened = false;
	talk_over(t, "cancelled", "");
	t->over.sent = t->server.put;
	t->over.received = t->server.got;
	t->over.http = t->answer.status;
	end_free(&t->server);
	must(net_over_pack(&p, &t->over));
	return wire_send(&t->of->broker, MSG_OVER, t->tag, body, p.size, NULL, 0, e);
}

/* One poll loop, in which nothing waits for anybody. */
#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "inspector/inspector.h"

enum { FIXED = 3, SECURE = 4 << 20, SMALLEST = 32 };

/* What libraries open when they first do something (time zones, sources of randomness), they open now. */
static int rehearse(struct err *e)
{
	static const char *const nobody[] = { "invalid" };
	struct egress_host host = { .text = "invalid" };
	struct authority tried;
	X509 *leaf;
	int done = authority_make(&tried, nobody, 1, e);

	if (done == 0)
		done = authority_leaf(&leaf, &tried, &host, e);
	authority_free(&tried);
	return done;
}

int inspector_begin(struct inspector *in, struct err *e)
{
	if (!CRYPTO_secure_malloc_initialized() && CRYPTO_secure_malloc_init(SECURE, SMALLEST) == 0)
		return err_set(e, ERR_SYSTEM, "memory that is not swapped: raise the limit of locked memory (ulimit -l)");
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1)
		return err_set(e, ERR_SYSTEM, "OpenSSL cannot be begun");
	return verify_begin(&in->store, NULL, e) < 0 || tls_begin(in, e) < 0 ? -1 : rehearse(e);
}

static int take_hand(struct inspector *in, struct err *e)
{
	struct msg *m = &in->msg;
	struct unpack u = { .at = m->body, .left = m->size };
	struct egress_host host;
	char text[EGRESS_NAME + 1] = "";
	const char *first;
	size_t size = 0;
	uint16_t port;
	bool named = unpack_copy(&u, text, sizeof(text));

	port = (uint16_t)unpack_number(&u, 2);
	unpack_number(&u, 1);
	first = unpack_text(&u, &size);
	if (!named || !unpack_done(&u) || m->fds[0] < 0 || !egress_host(&host, text, strlen(text), false))
		return err_set(e, ERR_PEER, "malformed HAND");
	in->talks[in->talk_count] = talk_new(in, &host, port, &m->fds[0], first, size, e);
	if (!in->talks[in->talk_count])
		return -1;
	return talk_attend(in->talks[in->talk_count++], e);
}

static int hear_hands(struct inspector *in, struct err *e)
{
	int got = WIRE_MESSAGE, done = 0;

	while (done == 0 && in->talk_count < INSPECTOR_TALKS) {
		got = wire_receive(&in->hands, &in->msg, false, e);
		if (got != WIRE_MESSAGE)
			return got == WIRE_LATER ? 0 : -1;
		done = in->msg.type == MSG_HAND ? take_hand(in, e)
						: err_set(e, ERR_PEER, "%s from the proxy", msg_name(in->msg.type));
		msg_drop(&in->msg);
	}
	return done;
}

static int hear_broker(struct inspector *in, struct err *e)
{
	int got, done = 0;
	size_t i;

	while (done == 0) {
		got = wire_receive(&in->broker, &in->msg, false, e);
		if (got != WIRE_MESSAGE)
			return got == WIRE_LATER ? 0 : -1;
		for (i = 0; i < in->talk_count && in->talks[i]->tag != in->msg.tag; i++)
			;
		done = i < in->talk_count ? talk_hear(in->talks[i], &in->msg, e)
					  : err_set(e, ERR_PEER, "%s for nobody", msg_name(in->msg.type));
		msg_drop(&in->msg);
		if (done == 0)
			done = talk_attend(in->talks[i], e);
	}
	return done;
}

static void gather(const struct inspector *in, struct pollfd *at)
{
	const struct end *ends[2];
	size_t i, j;

	at[0] = (struct pollfd){ .fd = in->launcher.fd, .events = POLLIN };
	at[1] = (struct pollfd){ .fd = in->broker.fd, .events = POLLIN };
	at[2] = (struct pollfd){ .fd = in->talk_count < INSPECTOR_TALKS ? in->hands.fd : -1, .events = POLLIN };
	for (i = 0; i < in->talk_count; i++) {
		ends[0] = &in->talks[i]->agent;
		ends[1] = &in->talks[i]->server;
		for (j = 0; j < 2; j++)
			at[FIXED + 2 * i + j] = (struct pollfd){ .fd = ends[j]->wants && !ends[j]->broken ? ends[j]->fd : -1,
								 .events = ends[j]->wants };
	}
}

static int time_left(const struct inspector *in)
{
	uint64_t soonest = UINT64_MAX;
	size_t i;

	for (i = 0; i < in->talk_count; i++)
		if (in->talks[i]->deadline_ns && in->talks[i]->deadline_ns < soonest)
			soonest = in->talks[i]->deadline_ns;
	return soonest == UINT64_MAX ? -1 : clock_left_ms(soonest);
}

/* By the numbers they had when they were gathered; they are buried only afterwards. */
static int attend(struct inspector *in, const struct pollfd *at, size_t count, struct err *e)
{
	uint64_t now = clock_mono_ns();
	struct talk *t;
	size_t i;

	for (i = 0; i < count; i++) {
		t = in->talks[i];
		if ((at[FIXED + 2 * i].revents || at[FIXED + 2 * i + 1].revents) && talk_attend(t, e) < 0)
			return -1;
		if (t->deadline_ns && t->deadline_ns <= now && talk_expire(t, e) < 0)
			return -1;
	}
	return 0;
}

static int bury(struct inspector *in, struct err *e)
{
	size_t i, kept = 0;
	int done = 0;

	for (i = 0; i < in->talk_count; i++) {
		if (in->talks[i]->state != TALK_DEAD)
			in->talks[kept++] = in->talks[i];
		else if (talk_free(in->talks[i], e) < 0)
			done = -1;
	}
	in->talk_count = kept;
	return done;
}

static int serve(struct inspector *in, struct err *e)
{
	struct pollfd at[FIXED + 2 * INSPECTOR_TALKS];
	size_t count;

	for (;;) {
		gather(in, at);
		count = in->talk_count;
		if (poll(at, FIXED + 2 * count, time_left(in)) < 0 && errno != EINTR)
			return err_sys(e, "poll");
		if (at[0].revents || (at[1].revents & (POLLHUP | POLLERR)) || (at[2].revents & (POLLHUP | POLLERR)))
			return 0; /* none of them has anything more to say: the run is over */
		if (attend(in, at, count, e) < 0 || (at[1].revents && hear_broker(in, e) < 0) ||
		    (at[2].revents && hear_hands(in, e) < 0) || bury(in, e) < 0)
			return -1;
	}
}

int inspector_run(struct inspector *in, struct err *e)
{
	return hear_launcher(in, e) < 0 ? -1 : serve(in, e);
}

void inspector_free(struct inspector *in)
{
	struct err ignored;

	while (in->talk_count > 0) {
		in->talks[in->talk_count - 1]->opened = false;
		(void)!talk_free(in->talks[--in->talk_count], &ignored);
	}
	credentials_free(&in->credentials);
	authority_free(&in->authority);
	SSL_CTX_free(in->inward);
	SSL_CTX_free(in->outward);
	X509_STORE_free(in->store);
	BIO_meth_free(in->io);
}

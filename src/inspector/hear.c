/* What the launcher says before a run: credentials, more authorities, which hosts; and at last, where to ask. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "inspector/inspector.h"

enum { HOSTS = 1024 };

static int malformed(const struct msg *m, struct err *e)
{
	return err_set(e, ERR_PEER, "malformed %s", msg_name(m->type));
}

static int hear_credential(struct inspector *in, struct err *e)
{
	struct msg *m = &in->msg;
	struct unpack u = { .at = m->body, .left = m->size };
	char host[EGRESS_NAME + 1], name[80], placeholder[80];
	char *secret = NULL;
	size_t size = 0;
	int done;

	if (!unpack_copy(&u, host, sizeof(host)) || !unpack_copy(&u, name, sizeof(name)) ||
	    !unpack_copy(&u, placeholder, sizeof(placeholder)) || !unpack_done(&u))
		return malformed(m, e);
	if (fd_read_all(&secret, &size, m->fds[0], INSPECTOR_SECRET + 1, e) < 0)
		return -1;
	done = credential_add(&in->credentials, host, name, placeholder, secret, size, e);
	explicit_bzero(secret, size);
	free(secret);
	return done;
}

static int hear_trust(struct inspector *in, struct err *e)
{
	scoped(mem) char *pem = NULL;
	size_t size = 0;

	if (fd_read_all(&pem, &size, in->msg.fds[0], INSPECTOR_TEXT, e) < 0)
		return -1;
	return verify_more(in->store, pem, size, e);
}

static int make_authority(struct inspector *in, const char *const *hosts, size_t count, struct err *e)
{
	scoped(buf) struct buf pem = BUF(INSPECTOR_PEM - 4);
	uint8_t body[INSPECTOR_PEM];
	struct pack p = { .at = body, .room = sizeof(body) };

	if (authority_make(&in->authority, hosts, count, e) < 0 || authority_pem(&pem, &in->authority, e) < 0)
		return -1;
	pack_text(&p, pem.data, pem.size);
	return wire_send(&in->launcher, MSG_AUTHORITY, 0, body, p.size, NULL, 0, e);
}

static int hear_inspect(struct inspector *in, struct err *e)
{
	struct unpack u = { .at = in->msg.body, .left = in->msg.size };
	char (*texts)[EGRESS_NAME + 1] = calloc(HOSTS, sizeof(*texts));
	size_t count = (size_t)unpack_number(&u, 2), i;
	const char *hosts[HOSTS];
	int done;

	for (i = 0; texts && i < count && i < HOSTS; i++) {
		hosts[i] = texts[i];
		if (!unpack_copy(&u, texts[i], sizeof(texts[i])))
			break;
	}
	done = texts && unpack_done(&u) && count > 0 && count <= HOSTS ? make_authority(in, hosts, count, e)
								      : malformed(&in->msg, e);
	free(texts);
	in->hands.fd = fd_take(&in->msg.fds[0]);
	return done;
}

static int hear_carry(struct inspector *in, struct err *e)
{
	if (in->hands.fd < 0)
		return err_set(e, ERR_PEER, "CARRY before INSPECT");
	in->broker.fd = fd_take(&in->msg.fds[0]);
	return wire_send(&in->launcher, MSG_CARRYING, 0, NULL, 0, NULL, 0, e);
}

int hear_launcher(struct inspector *in, struct err *e)
{
	static const struct {
		enum msg_type type;
		int (*hear)(struct inspector *, struct err *);
	} words[] = { { MSG_CREDENTIAL, hear_credential }, { MSG_TRUST, hear_trust },
		      { MSG_INSPECT, hear_inspect }, { MSG_CARRY, hear_carry } };
	int got, done = 0;
	size_t i;

	while (done == 0 && in->broker.fd < 0) {
		got = wire_receive(&in->launcher, &in->msg, true, e);
		if (got != WIRE_MESSAGE)
			return got < 0 ? -1 : err_set(e, ERR_PEER, "the launcher ended");
		for (i = 0; i < count_of(words) && words[i].type != in->msg.type; i++)
			;
		done = i < count_of(words) ? words[i].hear(in, e)
					   : err_set(e, ERR_PEER, "%s is not for the inspector", msg_name(in->msg.type));
		msg_drop(&in->msg);
	}
	return done;
}

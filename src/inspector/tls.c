/* The two contexts: towards programs in the jail, and towards the world. HTTP/1.1 is what both ends speak. */
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "inspector/inspector.h"

static const unsigned char protocol[] = "\x08http/1.1";

/* Called for every hello, also for one that names nobody. */
static int hear_name(SSL *ssl, int *alert, void *to)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct talk *t = SSL_get_app_data(ssl);
	struct egress_host said;

	(void)to;
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	if (name)
		snprintf(t->sni, sizeof(t->sni), "%s", name);
	if (!name && t->host.bits)
		return SSL_TLSEXT_ERR_NOACK;
	if (name && egress_host(&said, name, strlen(name), false) && egress_same_host(&said, &t->host))
		return SSL_TLSEXT_ERR_OK;
	t->wrong = name ? "TLS names another host than the connection was asked for"
			: "TLS names no host, which only a connection to an address may";
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *size, const unsigned char *offered,
			   unsigned int offered_size, void *to)
{
	struct talk *t = SSL_get_app_data(ssl);
	unsigned int at;

	(void)to;
	for (at = 0; at < offered_size; at += 1u + offered[at])
		if (offered[at] == protocol[0] && at + 9 <= offered_size &&
		    memcmp(offered + at, protocol, sizeof(protocol) - 1) == 0) {
			*out = offered + at + 1;
			*size = offered[at];
			return SSL_TLSEXT_ERR_OK;
		}
	t->wrong = "the program does not offer HTTP/1.1, and nothing else can be inspected";
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (!ctx)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	return ctx;
}

int tls_begin(struct inspector *in, struct err *e)
{
	in->inward = context(TLS_server_method());
	in->outward = context(TLS_client_method());
	in->io = end_method();
	if (!in->inward || !in->outward || !in->io)
		return err_set(e, ERR_SYSTEM, "TLS cannot be begun");
	SSL_CTX_set_app_data(in->inward, in->io);
	SSL_CTX_set_app_data(in->outward, in->io);
	SSL_CTX_set_num_tickets(in->inward, 0);
	SSL_CTX_set_tlsext_servername_callback(in->inward, hear_name);
	SSL_CTX_set_alpn_select_cb(in->inward, choose_protocol, NULL);
	SSL_CTX_set_verify(in->outward, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set1_cert_store(in->outward, in->store);
	if (SSL_CTX_set_alpn_protos(in->outward, protocol, sizeof(protocol) - 1) != 0)
		return err_set(e, ERR_SYSTEM, "TLS cannot be begun");
	return 0;
}

void tls_why(char *out, size_t room)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = code ? ERR_reason_error_string(code) : NULL;

	snprintf(out, room, "%s", text ? text : "the connection ended");
	ERR_clear_error();
}

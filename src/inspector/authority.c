/*
 * This run's authority. Its certificate says for which hosts it counts, so that even its key, which no process but
 * this one ever has, could not speak for another. Leaves share one key and are made when their host is first
 * asked for.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "inspector/inspector.h"

enum { SKEW_SECONDS = 3600, LIFE_SECONDS = 30 * 86400, SERIAL = 16, CN_MOST = 64 };

static int failed(struct err *e, const char *what)
{
	ERR_clear_error();
	return err_set(e, ERR_SYSTEM, "%s could not be made", what);
}

/* 127 random bits: not negative, and nobody can know the next one. */
static bool number(X509 *cert)
{
	unsigned char bytes[SERIAL];
	BIGNUM *n;
	bool done;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (bytes[0] & 0x7f) | 0x40;
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	done = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return done;
}

static bool extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool done;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	done = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return done;
}

static bool name_of(X509 *cert, const char *name)
{
	return X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
					  (const unsigned char *)name, -1, -1, 0) == 1;
}

static X509 *blank(EVP_PKEY *key)
{
	X509 *cert = X509_new();

	if (cert && X509_set_version(cert, X509_VERSION_3) == 1 && number(cert) &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -SKEW_SECONDS) &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), LIFE_SECONDS) && X509_set_pubkey(cert, key) == 1)
		return cert;
	X509_free(cert);
	return NULL;
}

/* An address as the two texts openssl reads in a constraint: it and its mask. */
static bool put_constraint(struct buf *out, const char *host)
{
	struct egress_host h;

	if (strncmp(host, "*.", 2) == 0)
		host += 2;
	if (!egress_host(&h, host, strlen(host), false))
		return false;
	if (h.bits == 32)
		return buf_printf(out, ",permitted;IP:%s/255.255.255.255", h.text);
	if (h.bits == 128)
		return buf_printf(out, ",permitted;IP:%s/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", h.text);
	return buf_printf(out, ",permitted;DNS:%s", h.text);
}

/* Where none of a kind is named, none is meant: constraints say nothing of kinds that they do not list. */
static int constraints(struct buf *out, const char *const *hosts, size_t count, struct err *e)
{
	struct egress_host h;
	unsigned kinds[129] = { 0 };
	size_t i;

	buf_puts(out, "critical");
	for (i = 0; i < count; i++) {
		if (!put_constraint(out, hosts[i]))
			return err_set(e, ERR_INPUT, "inspect: \"%.60s\" is no host, or there are too many", hosts[i]);
		kinds[egress_host(&h, hosts[i], strlen(hosts[i]), false) ? h.bits : 0]++;
	}
	if (!kinds[0])
		buf_puts(out, ",permitted;DNS:invalid");
	if (!kinds[32])
		buf_puts(out, ",excluded;IP:0.0.0.0/0.0.0.0");
	if (!kinds[128])
		buf_puts(out, ",excluded;IP:::/::");
	return buf_text(out) ? 0 : err_set(e, ERR_LIMIT, "inspect: more hosts than a certificate holds");
}

static X509 *make_root(EVP_PKEY *key, const char *only)
{
	scoped(x509) X509 *cert = blank(key);

	if (!cert || !name_of(cert, "reeve run CA - this jail only") ||
	    X509_set_issuer_name(cert, X509_get_subject_name(cert)) != 1 ||
	    !extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
	    !extend(cert, cert, NID_key_usage, "critical,keyCertSign") ||
	    !extend(cert, cert, NID_subject_key_identifier, "hash") ||
	    !extend(cert, cert, NID_name_constraints, only) || X509_sign(cert, key, EVP_sha256()) <= 0)
		return NULL;
	return take(&cert);
}

int authority_make(struct authority *out, const char *const *hosts, size_t count, struct err *e)
{
	scoped(buf) struct buf only = BUF(INSPECTOR_PEM / 2);

	*out = (struct authority){ .cert = NULL };
	if (constraints(&only, hosts, count, e) < 0)
		return -1;
	out->key = EVP_EC_gen("P-256");
	out->leaf_key = EVP_EC_gen("P-256");
	if (!out->key || !out->leaf_key)
		return failed(e, "keys");
	out->cert = make_root(out->key, only.data);
	return out->cert ? 0 : failed(e, "this run's certificate");
}

int authority_pem(struct buf *out, const struct authority *a, struct err *e)
{
	scoped(bio) BIO *text = BIO_new(BIO_s_mem());
	char *bytes;
	long size;

	if (!text || PEM_write_bio_X509(text, a->cert) != 1)
		return failed(e, "this run's certificate, as text,");
	size = BIO_get_mem_data(text, &bytes);
	if (size <= 0 || !buf_add(out, bytes, (size_t)size))
		return err_set(e, ERR_LIMIT, "inspect: more hosts than a certificate holds");
	return 0;
}

static X509 *make_leaf(struct authority *a, const struct egress_host *host)
{
	scoped(x509) X509 *cert = blank(a->leaf_key);
	/* A subject has at most 64 bytes, and is read as a name; otherwise there is none. */
	bool subject = host->bits == 0 && strlen(host->text) <= CN_MOST;
	char names[EGRESS_NAME + 32];

	snprintf(names, sizeof(names), "%s%s:%s", subject ? "" : "critical,", host->bits ? "IP" : "DNS", host->text);
	if (!cert || (subject && !name_of(cert, host->text)) ||
	    X509_set_issuer_name(cert, X509_get_subject_name(a->cert)) != 1 ||
	    !extend(cert, a->cert, NID_basic_constraints, "critical,CA:FALSE") ||
	    !extend(cert, a->cert, NID_key_usage, "critical,digitalSignature") ||
	    !extend(cert, a->cert, NID_ext_key_usage, "serverAuth") ||
	    !extend(cert, a->cert, NID_subject_key_identifier, "hash") ||
	    !extend(cert, a->cert, NID_authority_key_identifier, "keyid") ||
	    !extend(cert, a->cert, NID_subject_alt_name, names) || X509_sign(cert, a->key, EVP_sha256()) <= 0)
		return NULL;
	return take(&cert);
}

int authority_leaf(X509 **out, struct authority *a, const struct egress_host *host, struct err *e)
{
	struct leaf *into;
	X509 *cert;
	size_t i;

	for (i = 0; i < a->leaf_count; i++)
		if (strcmp(a->leaves[i].host, host->text) == 0) {
			*out = a->leaves[i].cert;
			return 0;
		}
	cert = make_leaf(a, host);
	if (!cert)
		return failed(e, "a certificate");
	if (a->leaf_count < INSPECTOR_LEAVES) {
		into = &a->leaves[a->leaf_count++];
	} else {
		into = &a->leaves[a->oldest++ % INSPECTOR_LEAVES];
		X509_free(into->cert);
	}
	snprintf(into->host, sizeof(into->host), "%s", host->text);
	*out = into->cert = cert;
	return 0;
}

void authority_free(struct authority *a)
{
	size_t i;

	for (i = 0; i < a->leaf_count; i++)
		X509_free(a->leaves[i].cert);
	X509_free(a->cert);
	EVP_PKEY_free(a->key);
	EVP_PKEY_free(a->leaf_key);
	*a = (struct authority){ .cert = NULL };
}

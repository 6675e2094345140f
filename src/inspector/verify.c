/* Whom we believe when a server says who it is: what the machine believes, and what the operator adds. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <unistd.h>

#include "inspector/inspector.h"

/* A bundle in one file: what lies in a folder would be opened later, when nothing is opened any more. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",		     /* Debian, Arch, Alpine */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora */
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem", /* SUSE */
	"/etc/ssl/cert.pem",
};

int verify_begin(X509_STORE **out, const char *from, struct err *e)
{
	scoped(store) X509_STORE *store = X509_STORE_new();
	size_t i;

	for (i = 0; !from && i < count_of(bundles); i++)
		if (access(bundles[i], R_OK) == 0)
			from = bundles[i];
	if (!store)
		return err_set(e, ERR_SYSTEM, "memory for certificates");
	if (from && X509_STORE_load_file(store, from) != 1) {
		ERR_clear_error();
		return err_set(e, ERR_INPUT, "%.150s: no certificates can be read from it", from);
	}
	*out = take(&store);
	return 0;
}

int verify_more(X509_STORE *store, const char *pem, size_t size, struct err *e)
{
	scoped(bio) BIO *text = size <= INSPECTOR_TEXT ? BIO_new_mem_buf(pem, (int)size) : NULL;
	size_t count = 0;
	X509 *cert;
	bool put;

	if (!text)
		return err_set(e, ERR_LIMIT, "authorities: more than %d bytes", INSPECTOR_TEXT);
	while ((cert = PEM_read_bio_X509(text, NULL, NULL, NULL))) {
		put = X509_STORE_add_cert(store, cert) == 1;
		X509_free(cert);
		if (!put)
			return err_set(e, ERR_INPUT, "authorities: certificate %zu cannot be taken", count + 1);
		count++;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE || count == 0)
		return err_set(e, ERR_INPUT, "authorities: expected certificates (PEM) and nothing broken, found %zu",
			       count);
	ERR_clear_error();
	return 0;
}

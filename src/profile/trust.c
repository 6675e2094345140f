/*
 * This run's authority in the jail's trust store: where programs look by themselves, and by the variables that those
 * know which bring a store of their own. The host's files are covered inside, and not touched.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "profile/plan.h"

enum { STORE_MOST = 2 << 20 };

#define ALL "/run/reeve/authorities.pem"
#define OURS "/run/reeve/authority.pem"

/* Where distributions keep all of them in one file. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/pki/tls/certs/ca-bundle.crt",   "/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

static const struct {
	const char *name, *value;
} variables[] = {
	{ "SSL_CERT_FILE", ALL },     { "CURL_CA_BUNDLE", ALL },   { "REQUESTS_CA_BUNDLE", ALL },
	{ "GIT_SSL_CAINFO", ALL },    { "PIP_CERT", ALL },	   { "CARGO_HTTP_CAINFO", ALL },
	{ "AWS_CA_BUNDLE", ALL },     { "npm_config_cafile", ALL }, { "NODE_EXTRA_CA_CERTS", OURS },
	{ "DENO_CERT", OURS },
};

/* The host's first, and ours behind it. */
static int join(const char **out, struct plan *p, const char *pem, struct err *e)
{
	scoped(mem) char *system = NULL;
	size_t size = 0, i;

	for (i = 0; i < count_of(bundles) && access(bundles[i], R_OK) < 0; i++)
		;
	if (i < count_of(bundles) && fd_read_file(&system, &size, bundles[i], STORE_MOST, e) < 0)
		return err_in(e, "trust store");
	*out = plan_keep(p, "%s%s%s", system ? system : "", system && size && system[size - 1] != '\n' ? "\n" : "", pem);
	return 0;
}

static void put(struct plan *p, const char *target, const char *text, bool maybe)
{
	plan_mount(p, (struct jail_mount){ .kind = JAIL_TEXT, .target = target, .text = text, .maybe = maybe });
}

int jail_plan_trust(struct jail_plan *out, const char *pem, struct err *e)
{
	struct plan *p = out->owned;
	const char *all = "";
	size_t i;

	if (join(&all, p, pem, e) < 0)
		return -1;
	put(p, ALL, all, false);
	put(p, OURS, plan_keep(p, "%s", pem), false);
	for (i = 0; i < count_of(bundles); i++)
		if (access(bundles[i], R_OK) == 0)
			put(p, bundles[i], all, true);
	for (i = 0; i < count_of(variables); i++)
		plan_env(p, variables[i].name, variables[i].value);
	if (p->over)
		return err_set(e, ERR_LIMIT, "more mounts or variables than a jail may hold, with this run's certificate");
	out->spec.mount_count = p->mount_count;
	return 0;
}

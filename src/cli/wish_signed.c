/* A policy that has to be signed: what was read, and is about to be sent to the broker, is what somebody signed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/policy_signed.h"
#include "cli/wish.h"

/* A name that nobody has, or nobody who may: a run would fail each time, and not say why. */
static int check_names(const struct wish *w, const struct ssh_signers *signers, struct err *e)
{
	const struct settings *s = &w->settings;
	char at[64];
	size_t i;

	for (i = 0; i < s->signed_by_count; i++) {
		snprintf(at, sizeof(at), "/policy/signed_by/%zu", i);
		if (!ssh_signers_may(signers, s->signed_by[i], POLICY_NAMESPACE, 0))
			return json_wrong(&s->file, at, false, e, "%s has no key of that name that may sign %s",
					  reviewers_path(w->reviewers), POLICY_NAMESPACE);
	}
	return 0;
}

/* Else calls would be judged by words that nobody signed. */
static int check_catalogue(const struct wish *w, const char *folder, struct err *e)
{
	char inner[PATH_MAX], ours[PATH_MAX], given[PATH_MAX];

	if (!w->catalogue)
		return 0;
	if (snprintf(inner, sizeof(inner), "%s/catalogue", folder) < (int)sizeof(inner) && realpath(inner, ours) &&
	    realpath(w->catalogue, given) && strcmp(ours, given) == 0)
		return 0;
	return err_set(e, ERR_INPUT, "--catalogue %.80s: a signed policy has its own, %.80s/catalogue; leave the option out",
		       w->catalogue, folder);
}

static int check_folder(const char *folder, struct err *e)
{
	struct stat st;

	if (stat(folder, &st) < 0)
		return err_sys(e, "the policy must be signed, but %s", folder);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: what can be signed is a folder of policies, not a file", folder);
	return 0;
}

int wish_check_signed(const struct wish *w, struct read_policy *p, struct err *e)
{
	const struct ssh_signers *signers = reviewers_keys(w->reviewers);
	const struct signed_by by = { signers, w->settings.signed_by, w->settings.signed_by_count };
	const struct signed_folder f = { w->policy ? w->policy : w->policy_room, &p->files, &w->words };
	struct policy_signer who;

	if (w->quiet || (!w->demand_signed && by.count == 0))
		return 0;
	if (check_names(w, signers, e) < 0 || check_folder(f.path, e) < 0 || check_catalogue(w, f.path, e) < 0 ||
	    signed_check(&who, &f, &by, e) < 0)
		return -1;
	snprintf(p->by, sizeof(p->by), "%s %s", who.name, who.with.fingerprint);
	return 0;
}

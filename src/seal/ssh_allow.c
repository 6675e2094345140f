#include <string.h>

#include "seal/ssh_parts.h"
#include "seal/ssh_signers.h"

bool ssh_signers_has(const struct ssh_signers *s, const char *principal)
{
	size_t i;

	for (i = 0; i < s->name_count; i++)
		if (strcmp(s->names[i].text, principal) == 0)
			return true;
	return false;
}

size_t ssh_signers_count(const struct ssh_signers *s)
{
	return s->different;
}

const char *ssh_signers_at(const struct ssh_signers *s, size_t i)
{
	const struct name *n;

	must(i < s->different);
	for (n = s->names; n->again || i-- > 0; n++)
		;
	return n->text;
}

/* Why not, for somebody who has the key; NULL if he may. */
static const char *line_refuses(const struct signer *line, const char *namespace, uint64_t seconds)
{
	if (line->namespaces[0] && !ssh_patterns_hold(line->namespaces, namespace))
		return "may not sign for this use";
	if (line->has_after && seconds < line->after)
		return "is not valid yet";
	if (line->has_before && seconds > line->before)
		return "is not valid any more";
	return NULL;
}

int ssh_signers_allow(const struct ssh_signers *s, const struct ssh_signature *by, const char *principal,
		      const char *namespace, uint64_t wall_us, struct err *e)
{
	const char *why = NULL, *refuses;
	const struct signer *line;
	bool known = false;
	size_t i;

	for (i = 0; i < s->name_count; i++) {
		if (strcmp(s->names[i].text, principal) != 0)
			continue;
		known = true;
		line = &s->lines[s->names[i].line];
		if (line->key_size != by->key_size || memcmp(line->key, by->key, by->key_size) != 0)
			continue;
		refuses = line_refuses(line, namespace, wall_us / 1000000);
		if (!refuses)
			return 0;
		why = refuses;
	}
	if (why)
		return err_set(e, ERR_INPUT, "the key of %s %s", principal, why);
	if (known)
		return err_set(e, ERR_INPUT, "%s is not a key of %s", by->fingerprint, principal);
	return err_set(e, ERR_INPUT, "no signer has that name");
}

#include <stdlib.h>
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

/* Will it ever be, if not now? */
static bool line_may(const struct signer *line, const char *namespace, uint64_t seconds)
{
	if (line->has_after && seconds < line->after)
		seconds = line->after;
	return !line_refuses(line, namespace, seconds);
}

bool ssh_signers_may(const struct ssh_signers *s, const char *principal, const char *namespace, uint64_t wall_us)
{
	size_t i;

	for (i = 0; i < s->name_count; i++)
		if (strcmp(s->names[i].text, principal) == 0 &&
		    line_may(&s->lines[s->names[i].line], namespace, wall_us / 1000000))
			return true;
	return false;
}

/* --- how many people --- */

/* Whose key each line is so far, in a search for as many people with different keys as there can be. */
struct seats {
	const struct ssh_signers *s;
	const char *const *names;
	const char *namespace;
	uint64_t seconds;
	size_t *taken;		/* of each line: who has its key, plus one */
	bool *asked;		/* lines that were tried for the one who looks now */
};

/* A key that stands on several lines is that of the first. */
static size_t first_line(const struct ssh_signers *s, size_t line)
{
	const struct signer *l = &s->lines[line];
	size_t i;

	for (i = 0; s->lines[i].key_size != l->key_size || memcmp(s->lines[i].key, l->key, l->key_size) != 0; i++)
		;
	return i;
}

/* A key for him: one that nobody has, or one whose holder can take another. */
static bool seat(struct seats *t, size_t who)
{
	size_t i, line;

	for (i = 0; i < t->s->name_count; i++) {
		line = t->s->names[i].line;
		if (strcmp(t->s->names[i].text, t->names[who]) != 0 ||
		    !line_may(&t->s->lines[line], t->namespace, t->seconds))
			continue;
		line = first_line(t->s, line);
		if (t->asked[line])
			continue;
		t->asked[line] = true;
		if (t->taken[line] == 0 || seat(t, t->taken[line] - 1)) {
			t->taken[line] = who + 1;
			return true;
		}
	}
	return false;
}

int ssh_signers_people(size_t *out, const struct ssh_signers *s, const char *const *names, size_t count,
		       const char *namespace, uint64_t wall_us, struct err *e)
{
	struct seats t = { .s = s, .names = names, .namespace = namespace, .seconds = wall_us / 1000000 };
	size_t i;
	bool had;

	t.taken = calloc(s->line_count + 1, sizeof(*t.taken));
	t.asked = calloc(s->line_count + 1, sizeof(*t.asked));
	for (*out = 0, i = 0; t.taken && t.asked && i < count; i++) {
		memset(t.asked, 0, s->line_count * sizeof(*t.asked));
		*out += seat(&t, i);
	}
	had = t.taken && t.asked;
	free(t.taken);
	free(t.asked);
	return had ? 0 : err_set(e, ERR_SYSTEM, "memory for signers");
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

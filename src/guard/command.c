/*
 * Commands: of a shell, of SQL, of the clouds' own programs. Each statement is a row of words; a pattern is words
 * that follow each other in it, others between them. What is not split as shells split it is looked at all the
 * same, so that quotes and options make no difference.
 */
#include <string.h>
#include <strings.h>

#include "guard/inner.h"

enum { TOKENS = 400, TOKEN = 96, PARTS = 4 };

struct statement {
	const char *at[TOKENS];
	size_t size[TOKENS], count;
};

/* Words apart by a blank; one of several by '|'. '*' at a word's end: any that begins so. */
static const struct {
	enum guard guard;
	const char *parts[PARTS];
} patterns[] = {
	{ GUARD_ADMIN_ROLE, { "alter|create", "role|user", "superuser|createrole|bypassrls|replication" } },
	{ GUARD_ADMIN_ROLE, { "grant", "pg_*|rds_superuser|cloudsqlsuperuser|azure_pg_admin|postgres|admin|root", "to" } },
	{ GUARD_ADMIN_ROLE, { "alter", "group", "pg_*|rds_superuser|admin", "add" } },
	{ GUARD_ADMIN_ROLE, { "usermod|gpasswd|adduser|addgroup|groupmod", "sudo|wheel|root|docker|admin|lxd|shadow|disk|adm*" } },
	{ GUARD_ADMIN_ROLE, { "useradd", "sudo|wheel|docker|lxd|shadow|disk" } },
	{ GUARD_ADMIN_ROLE, { "localgroup", "administrators", "/add" } },
	{ GUARD_ADMIN_ROLE, { "visudo" } },
	{ GUARD_ADMIN_ROLE, { "tee|cp|mv|install|sed|echo|printf|cat|ln|dd|chmod", "/etc/sudoers*" } },
	{ GUARD_ADMIN_ROLE, { "sp_addsrvrolemember|sp_addrolemember" } },
	{ GUARD_ADMIN_ROLE, { "alter", "role", "sysadmin|securityadmin|db_owner", "add" } },
	{ GUARD_SECOND_FACTOR, { "deactivate-mfa-device|delete-virtual-mfa-device|resync-mfa-device|enable-mfa-device" } },
	{ GUARD_SECOND_FACTOR, { "rm|mv|tee|truncate|sed|unlink", ".google_authenticator" } },
};

static bool is_break(char c)
{
	return c == ';' || c == '\n' || c == '&' || c == '|';
}

static bool is_blank(char c)
{
	return strchr(" \t\r\"'`(),=<>{}[]", c) != NULL;
}

/* One statement from *at on, "/usr/sbin/usermod" as "usermod". */
static void take_statement(struct statement *s, const char *text, size_t size, size_t *at)
{
	const char *slash;
	size_t i = *at, from;

	s->count = 0;
	while (i < size && !is_break(text[i])) {
		if (is_blank(text[i])) {
			i++;
			continue;
		}
		for (from = i; i < size && !is_blank(text[i]) && !is_break(text[i]); i++)
			;
		slash = memrchr(text + from, '/', i - from);
		if (s->count == 0 && slash)
			from = (size_t)(slash - text) + 1;
		if (s->count < TOKENS && i > from) {
			s->at[s->count] = text + from;
			s->size[s->count++] = i - from;
		}
	}
	*at = i + 1;
}

/* Is the word one of "a|b|c*"? */
static bool is_one_of(const char *word, size_t size, const char *set)
{
	size_t one;

	for (; *set; set += one + (set[one] == '|')) {
		one = strcspn(set, "|");
		if (set[one - 1] == '*' ? size >= one - 1 && strncasecmp(word, set, one - 1) == 0
					: size == one && strncasecmp(word, set, one) == 0)
			return true;
	}
	return false;
}

/* A path may be written in full: its last part counts too. */
static bool is_word(const struct statement *s, size_t i, const char *set)
{
	const char *slash = memrchr(s->at[i], '/', s->size[i]);
	size_t skip = slash ? (size_t)(slash - s->at[i]) + 1 : 0;

	return is_one_of(s->at[i], s->size[i], set) ||
	       (skip && skip < s->size[i] && is_one_of(s->at[i] + skip, s->size[i] - skip, set));
}

static bool follows(const struct statement *s, const char *const *parts)
{
	size_t i, part = 0;

	for (i = 0; i < s->count && part < PARTS && parts[part]; i++)
		part += is_word(s, i, parts[part]);
	return part == PARTS || !parts[part];
}

/* Of any program: a role that means nothing else, and a word that gives; or a factor, and one that takes. */
static bool speaks_of(struct told *t, const struct statement *s)
{
	unsigned whole, all = 0, roles = 0;
	struct words w;
	size_t i;

	for (i = 0; i < s->count; i++) {
		words_of(&w, s->at[i], s->size[i] < TOKEN ? s->size[i] : TOKEN);
		whole = words_whole(t->g, &w);
		roles |= whole & SURE_ROLE;
		all |= words_mean(t->g, &w);
	}
	if (roles && (all & GIVES))
		return tell(t, GUARD_ADMIN_ROLE);
	return (all & FACTOR) && (all & WEAKENS) && tell(t, GUARD_SECOND_FACTOR);
}

static bool touches_ours(struct told *t, const struct statement *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (memchr(s->at[i], '/', s->size[i]) && own_in_text(t, s->at[i], s->size[i]))
			return true;
	return false;
}

bool command_in_text(struct told *t, const char *text, size_t size)
{
	struct statement s;
	size_t at = 0, i;

	while (at < size) {
		take_statement(&s, text, size, &at);
		for (i = 0; i < count_of(patterns); i++)
			if (follows(&s, patterns[i].parts))
				return tell(t, patterns[i].guard);
		if (speaks_of(t, &s) || touches_ours(t, &s))
			return true;
	}
	return false;
}

/* "second" of config.json: who keeps a second record, as words for reeve-anchor. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/settings.h"
#include "seal/seal.h"

static const struct json_member second_members[] = {
	{ "journal", JSON_NULL, JSON_MAY },
	{ "syslog", JSON_NULL, JSON_MAY },
	{ "spine", JSON_TRUE, JSON_MAY },
	{ "witnesses", JSON_ARRAY, JSON_MAY },
	{ "quorum", JSON_INTEGER, JSON_MAY },
	{ "every", JSON_INTEGER, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member witness_members[] = {
	{ "url", JSON_STRING, JSON_MUST },
	{ "key", JSON_STRING, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static int add_word(struct settings *s, struct err *e, const char *fmt, ...) printf_like(3, 4);

static int add_word(struct settings *s, struct err *e, const char *fmt, ...)
{
	size_t room = sizeof(s->second_text) - s->second_used;
	va_list ap;
	int size;

	va_start(ap, fmt);
	size = vsnprintf(s->second_text + s->second_used, room, fmt, ap);
	va_end(ap);
	if (size < 0 || (size_t)size >= room || s->second_count == SECOND_WORDS)
		return json_wrong(&s->file, "/second", false, e, "too much: at most %d places, and %zu bytes", SECOND_WORDS - 2, sizeof(s->second_text));
	s->second[s->second_count++] = s->second_text + s->second_used;
	s->second_used += (size_t)size + 1;
	return 0;
}

/* A log of this machine: true, or the path of its socket. */
static int read_log(struct settings *s, const json_t *second, const char *name, const char *usual, struct err *e)
{
	const json_t *value = json_object_get(second, name);
	const char *path = json_is_true(value) ? usual : json_string_value(value);
	char at[32];

	if (!value || json_is_false(value))
		return 0;
	snprintf(at, sizeof(at), "/second/%s", name);
	if (!path || path[0] != '/')
		return json_wrong(&s->file, at, false, e, "expected true, false, or the absolute path of a socket");
	return add_word(s, e, "%s=%s", name, path);
}

static int read_witness(struct settings *s, const json_t *witness, size_t n, struct err *e)
{
	const char *url = json_text(witness, "url"), *key = json_text(witness, "key");
	char at[64];

	snprintf(at, sizeof(at), "/second/witnesses/%zu", n);
	if (!json_is_object(witness))
		return json_wrong(&s->file, at, false, e, "expected an object with \"url\" and \"key\"");
	if (json_members(&s->file, at, witness_members, e) < 0)
		return -1;
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return json_wrong(&s->file, at, false, e, "\"url\" must begin with https:// or http://");
	if (strlen(key) >= SEAL_VERIFIER_TEXT || strpbrk(key, " \t\n") || !strchr(key, '+'))
		return json_wrong(&s->file, at, false, e, "\"key\" must be the witness's verifier key, name+id+base64, in one line");
	return add_word(s, e, "witness=%s %s", key, url);
}

static int read_number(struct settings *s, const json_t *second, const char *name, json_int_t most, struct err *e)
{
	const json_t *value = json_object_get(second, name);
	json_int_t number = json_integer_value(value);
	char at[32];

	snprintf(at, sizeof(at), "/second/%s", name);
	if (value && (number < 1 || number > most))
		return json_wrong(&s->file, at, false, e, "expected a number from 1 to %lld", (long long)most);
	return value ? add_word(s, e, "%s=%lld", name, (long long)number) : 0;
}

int settings_second(struct settings *s, const json_t *second, struct err *e)
{
	const json_t *witnesses = json_object_get(second, "witnesses");
	json_t *witness;
	size_t i;

	if (!second)
		return 0;
	if (json_members(&s->file, "/second", second_members, e) < 0 ||
	    read_log(s, second, "journal", "/run/systemd/journal/socket", e) < 0 || read_log(s, second, "syslog", "/dev/log", e) < 0)
		return -1;
	json_array_foreach(witnesses, i, witness) {
		if (read_witness(s, witness, i, e) < 0)
			return -1;
	}
	s->spine = json_is_true(json_object_get(second, "spine"));
	if (s->second_count == 0 && !s->spine)
		return 0;
	return read_number(s, second, "every", 3600, e) < 0 || (i > 0 && read_number(s, second, "quorum", (json_int_t)i, e) < 0) ? -1 : 0;
}

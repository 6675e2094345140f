/*
 * ALLOWED SIGNERS of ssh-keygen(1), read so that nothing in it is guessed at: whoever reads the file over sees who may
 * sign. Patterns of principals, certificates, times of the local zone and options ssh-keygen does not know are errors.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "seal/ssh_parts.h"
#include "seal/ssh_signers.h"
#include "seal/ssh_stamp.h"

enum { LINES_MOST = 1000, NAMES_MOST = 1000 };

/* A line that is being read. `at` is what comes next. */
struct reading {
	struct ssh_signers *into;
	const char *begin, *at, *end;
	size_t number;
};

static int wrong_at(const struct reading *r, const char *at, struct err *e, const char *fmt, ...) printf_like(4, 5);

/* "3:17: ...": a file's name goes in front of it. */
static int wrong_at(const struct reading *r, const char *at, struct err *e, const char *fmt, ...)
{
	char text[sizeof(e->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_set(e, ERR_INPUT, "%zu:%zu: %s", r->number, (size_t)(at - r->begin) + 1, text);
}

static void skip_blanks(struct reading *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
		r->at++;
}

/* To the next blank that does not stand between quotation marks. */
static const char *word_end(const struct reading *r)
{
	const char *at;
	bool quoted = false;

	for (at = r->at; at < r->end && (quoted || (*at != ' ' && *at != '\t')); at++)
		quoted ^= *at == '"';
	return at;
}

static bool shows_as_it_is(const char *text, size_t size)
{
	scoped(buf) struct buf shown = BUF(16ul * SSH_NAME);

	return text_visible(&shown, text, size) && shown.size == size && memcmp(shown.data, text, size) == 0;
}

static int name_add(struct reading *r, const char *at, size_t size, struct err *e)
{
	struct ssh_signers *s = r->into;
	struct name *n = &s->names[s->name_count];
	size_t i;

	if (size == 0)
		return wrong_at(r, at, e, "a name is missing between two commas");
	if (size >= SSH_NAME)
		return wrong_at(r, at, e, "a name of more than %d bytes", SSH_NAME - 1);
	for (i = 0; i < size; i++)
		if (strchr("*?!", at[i]))
			return wrong_at(r, at + i, e, "a pattern of names: write each name, so that the file says who they are");
		else if (strchr("\"\\", at[i]))
			return wrong_at(r, at + i, e, "a name takes no quotation mark and no backslash");
	if (!shows_as_it_is(at, size))
		return wrong_at(r, at, e, "a name with something invisible in it");
	if (s->name_count == NAMES_MOST)
		return wrong_at(r, at, e, "more than %d names", NAMES_MOST);
	memcpy(n->text, at, size);
	n->line = s->line_count;
	n->again = ssh_signers_has(s, n->text);
	s->different += !n->again;
	s->name_count++;
	return 0;
}

static int names_read(struct reading *r, struct err *e)
{
	const char *end, *comma;

	for (end = r->at; end < r->end && *end != ' ' && *end != '\t'; end++)
		;
	for (;; r->at = comma + 1) {
		comma = memchr(r->at, ',', (size_t)(end - r->at));
		if (name_add(r, r->at, (size_t)((comma ? comma : end) - r->at), e) < 0)
			return -1;
		if (!comma)
			break;
	}
	r->at = end;
	skip_blanks(r);
	return 0;
}

/* --- options --- */

static int set_namespaces(struct reading *r, const char *at, size_t size, struct err *e)
{
	struct signer *line = &r->into->lines[r->into->line_count];
	size_t i;

	if (line->namespaces[0])
		return wrong_at(r, at, e, "namespaces twice on one line");
	if (size == 0 || size >= SSH_NAMESPACES || at[0] == ',' || at[size - 1] == ',')
		return wrong_at(r, at, e, "expected 1 to %d bytes of namespaces with commas between them", SSH_NAMESPACES - 1);
	for (i = 1; i < size; i++)
		if (at[i] == ',' && at[i - 1] == ',')
			return wrong_at(r, at + i, e, "a namespace is missing between two commas");
	memcpy(line->namespaces, at, size);
	return 0;
}

static int set_time(struct reading *r, bool *has, uint64_t *to, const char *at, size_t size, struct err *e)
{
	if (*has)
		return wrong_at(r, at, e, "the same time twice on one line");
	if (size > 0 && at[size - 1] != 'Z' && ssh_stamp_read(to, at, size))
		return wrong_at(r, at, e, "a time of whatever zone a clock has: write it with Z, in UTC");
	if (size == 0 || at[size - 1] != 'Z' || !ssh_stamp_read(to, at, size - 1))
		return wrong_at(r, at, e, "not a time: expected YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ");
	*has = true;
	return 0;
}

static int set_after(struct reading *r, const char *at, size_t size, struct err *e)
{
	struct signer *line = &r->into->lines[r->into->line_count];

	return set_time(r, &line->has_after, &line->after, at, size, e);
}

static int set_before(struct reading *r, const char *at, size_t size, struct err *e)
{
	struct signer *line = &r->into->lines[r->into->line_count];

	return set_time(r, &line->has_before, &line->before, at, size, e);
}

static const struct option {
	const char *name;	/* in whatever case */
	int (*set)(struct reading *r, const char *at, size_t size, struct err *e);
} options[] = {
	{ "namespaces=", set_namespaces },
	{ "valid-after=", set_after },
	{ "valid-before=", set_before },
};

static bool begins(const struct reading *r, const char *text)
{
	size_t size = strlen(text);

	return (size_t)(r->end - r->at) >= size && strncasecmp(r->at, text, size) == 0;
}

static int option_read(struct reading *r, struct err *e)
{
	const char *close, *value;
	size_t i;

	for (i = 0; i < count_of(options) && !begins(r, options[i].name); i++)
		;
	if (i == count_of(options))
		return begins(r, "cert-authority") ?
			wrong_at(r, r->at, e, "cert-authority: reeve takes no certificates; write the key of each person") :
			wrong_at(r, r->at, e, "expected ssh-ed25519, sk-ssh-ed25519@openssh.com, or an option: namespaces, "
				 "valid-after, valid-before");
	value = r->at + strlen(options[i].name);
	if (value == r->end || *value != '"')
		return wrong_at(r, value, e, "%s takes its value in quotation marks", options[i].name);
	value++;
	close = memchr(value, '"', (size_t)(r->end - value));
	if (!close || memchr(value, '\\', (size_t)(close - value)))
		return wrong_at(r, value, e, "%s a value without backslashes, then a quotation mark", options[i].name);
	r->at = close + 1;
	return options[i].set(r, value, (size_t)(close - value), e);
}

static int options_read(struct reading *r, struct err *e)
{
	const struct signer *line = &r->into->lines[r->into->line_count];

	for (;;) {
		if (option_read(r, e) < 0)
			return -1;
		if (r->at == r->end || *r->at == ' ' || *r->at == '\t')
			break;
		if (*r->at != ',')
			return wrong_at(r, r->at, e, "expected a comma or a blank after an option");
		r->at++;
	}
	if (line->has_after && line->has_before && line->before <= line->after)
		return wrong_at(r, r->begin, e, "valid-before is not after valid-after: this key could never sign");
	skip_blanks(r);
	return 0;
}

/* --- the key --- */

static bool is_kind(const struct reading *r)
{
	const char *end = word_end(r);
	size_t size = (size_t)(end - r->at);

	/* As SSH names kinds of keys; a kind that reeve does not take gets a better word than "no option". */
	return !memchr(r->at, '=', size) && !memchr(r->at, '"', size) &&
	       (begins(r, "ssh-") || begins(r, "sk-") || begins(r, "ecdsa-"));
}

static int key_read(struct reading *r, struct err *e)
{
	struct signer *line = &r->into->lines[r->into->line_count];
	const char *kind = r->at, *kind_end = word_end(r), *end;
	const struct ssh_bytes said = { (const uint8_t *)kind, (size_t)(kind_end - kind) };
	struct err why = { .kind = ERR_NONE };
	struct ssh_key k;

	if (ssh_kind_known(&said, &why) < 0)
		return wrong_at(r, kind, e, "%s", why.text);
	r->at = kind_end;
	skip_blanks(r);
	end = word_end(r);
	if (!seal_base64_read(line->key, &line->key_size, sizeof(line->key), r->at, (size_t)(end - r->at)) ||
	    line->key_size == 0)
		return wrong_at(r, r->at, e, "expected the key, in base64 as its .pub file has it");
	if (ssh_key_read(&k, line->key, line->key_size, &why) < 0)
		return wrong_at(r, r->at, e, "%s", why.text);
	if (!ssh_is(&said, k.kind))
		return wrong_at(r, kind, e, "the key says that it is %s; the word before it says otherwise", k.kind);
	return 0;	/* what follows is a comment */
}

static int line_read(struct reading *r, struct err *e)
{
	const char *at;

	for (at = r->at; at < r->end; at++)
		if ((uint8_t)*at < ' ' && *at != '\t')
			return wrong_at(r, at, e, *at == '\r' ? "a carriage return: end lines with a newline alone" :
					"a control character");
	if (!text_is_utf8(r->begin, (size_t)(r->end - r->begin)))
		return wrong_at(r, r->begin, e, "not UTF-8");
	skip_blanks(r);
	if (r->at == r->end || *r->at == '#')
		return 0;
	if (r->into->line_count == LINES_MOST)
		return wrong_at(r, r->at, e, "more than %d keys", LINES_MOST);
	if (names_read(r, e) < 0)
		return -1;
	if (r->at == r->end)
		return wrong_at(r, r->at, e, "a name without a key");
	if (!is_kind(r) && options_read(r, e) < 0)
		return -1;
	if (r->at == r->end)
		return wrong_at(r, r->at, e, "a name without a key");
	if (!is_kind(r))
		return wrong_at(r, r->at, e, "expected ssh-ed25519 or sk-ssh-ed25519@openssh.com and the key");
	if (key_read(r, e) < 0)
		return -1;
	r->into->line_count++;
	return 0;
}

static int lines_read(struct ssh_signers *s, const char *text, size_t size, struct err *e)
{
	struct reading r = { .into = s, .begin = text };
	const char *newline, *end = text + size;

	for (; r.begin < end; r.begin = r.end + 1) {
		r.number++;
		newline = memchr(r.begin, '\n', (size_t)(end - r.begin));
		r.end = newline ? newline : end;
		r.at = r.begin;
		if (line_read(&r, e) < 0)
			return -1;
	}
	return 0;
}

/* Room for as much as a text of this size could hold, and never more than is taken. */
static size_t room_for(const char *text, size_t size, size_t most)
{
	size_t i, count = 1;

	for (i = 0; i < size && count < most; i++)
		count += text[i] == '\n' || text[i] == ',';
	return count;
}

int ssh_signers_read(struct ssh_signers **out, const char *text, size_t size, struct err *e)
{
	scoped(ssh_signers) struct ssh_signers *s = calloc(1, sizeof(*s));

	if (!s)
		return err_sys(e, "memory for signers");
	if (size > SSH_SIGNERS_MOST)
		return err_set(e, ERR_LIMIT, "1:1: more than %d bytes of signers", SSH_SIGNERS_MOST);
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return err_set(e, ERR_INPUT, "1:1: a byte order mark: save the file as UTF-8 without one");
	s->lines = calloc(room_for(text, size, LINES_MOST), sizeof(*s->lines));
	s->names = calloc(room_for(text, size, NAMES_MOST), sizeof(*s->names));
	if (!s->lines || !s->names)
		return err_sys(e, "memory for signers");
	if (lines_read(s, text, size, e) < 0)
		return -1;
	*out = take(&s);
	return 0;
}

void ssh_signers_free(struct ssh_signers *s)
{
	if (!s)
		return;
	free(s->lines);
	free(s->names);
	free(s);
}

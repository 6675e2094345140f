/*
 * Credentials: what stands for a secret inside, and where the secret goes. It is put into fields of a head towards
 * its own host and nowhere else; a placeholder anywhere else is a word that means nothing.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "inspector/inspector.h"

enum { LEAST = 8, ALIGNMENTS = 3 };

static bool add_pattern(struct credential *c, enum pattern_kind kind, const char *text, size_t size)
{
	struct pattern *p = &c->patterns[c->pattern_count];

	must(c->pattern_count < PATTERNS);
	p->text = OPENSSL_secure_malloc(size + 1);
	if (!p->text)
		return false;
	memcpy(p->text, text, size);
	p->text[size] = '\0';
	p->kind = kind;
	p->size = size;
	c->pattern_count++;
	return true;
}

/* Is it another text then? */
static bool to_url_alphabet(char *text)
{
	bool changed = false;

	for (; *text; text++)
		if (*text == '+' || *text == '/') {
			*text = *text == '+' ? '-' : '_';
			changed = true;
		}
	return changed;
}

/* Only the characters that the secret alone decides, wherever in a group of three bytes it begins. */
static bool add_base64(struct credential *c, const char *secret, size_t size, size_t before)
{
	unsigned char *bytes = OPENSSL_secure_zalloc(size + before);
	char *text = OPENSSL_secure_zalloc(4 * ((size + before) / 3 + 2));
	size_t from = (8 * before + 5) / 6, to = 8 * (size + before) / 6;
	bool done = false;

	if (bytes && text) {
		memcpy(bytes + before, secret, size);
		EVP_EncodeBlock((unsigned char *)text, bytes, (int)(size + before));
		text[to] = '\0';
		done = add_pattern(c, PATTERN_BASE64, text + from, to - from);
		if (done && to_url_alphabet(text))
			done = add_pattern(c, PATTERN_BASE64, text + from, to - from);
	}
	OPENSSL_secure_clear_free(bytes, size + before);
	OPENSSL_secure_clear_free(text, 4 * ((size + before) / 3 + 2));
	return done;
}

static bool add_forms(struct credential *c, const char *text, size_t size)
{
	size_t i;
	bool done = add_pattern(c, PATTERN_ESCAPED, text, size) && add_pattern(c, PATTERN_HEX, text, size);

	for (i = 0; i < ALIGNMENTS; i++)
		done = done && add_base64(c, text, size, i);
	return done;
}

/* As it is, in each form, and those forms in each: Basic is base64 already before a server says it back. */
static bool add_all(struct credential *c, const char *secret, size_t size)
{
	char *hex = OPENSSL_secure_zalloc(2 * size + 1);
	size_t once, i;
	bool done;

	done = hex && add_pattern(c, PATTERN_EXACT, secret, size) && add_forms(c, secret, size);
	once = c->pattern_count;
	for (i = 0; i < once; i++)
		if (c->patterns[i].kind == PATTERN_BASE64)
			done = done && add_forms(c, c->patterns[i].text, c->patterns[i].size);
	if (done) {
		text_hex(hex, (const uint8_t *)secret, size);
		done = add_forms(c, hex, 2 * size);
	}
	OPENSSL_secure_clear_free(hex, 2 * size + 1);
	return done;
}

static int check(const char *name, const char *placeholder, const char *secret, size_t size, struct err *e)
{
	size_t i;

	if (size < LEAST || size > INSPECTOR_SECRET)
		return err_set(e, ERR_INPUT, "credential %.60s: expected %d to %d bytes, found %zu", name, LEAST,
			       INSPECTOR_SECRET, size);
	for (i = 0; i < size; i++)
		if (secret[i] < 0x20 || secret[i] == 0x7f)
			return err_set(e, ERR_INPUT,
				       "credential %.60s: byte %zu cannot stand in a header: only printable ASCII can",
				       name, i + 1);
	if (strlen(placeholder) < LEAST || strstr(placeholder, "\r") || strstr(placeholder, "\n"))
		return err_set(e, ERR_INPUT, "credential %.60s: its placeholder cannot stand in a header", name);
	return 0;
}

int credential_add(struct credentials *all, const char *host, const char *name, const char *placeholder,
		   const char *secret, size_t size, struct err *e)
{
	struct credential *c = &all->at[all->count];

	if (all->count == INSPECTOR_CREDENTIALS)
		return err_set(e, ERR_LIMIT, "more than %d credentials", INSPECTOR_CREDENTIALS);
	if (check(name, placeholder, secret, size, e) < 0)
		return -1;
	*c = (struct credential){ .pattern_count = 0 };
	all->count++;
	snprintf(c->host, sizeof(c->host), "%s", host);
	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->placeholder, sizeof(c->placeholder), "%s", placeholder);
	return add_all(c, secret, size) ? 0 : err_set(e, ERR_SYSTEM, "memory for credentials");
}

bool credential_of(const struct credentials *all, const char *host)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		if (strcmp(all->at[i].host, host) == 0)
			return true;
	return false;
}

void credentials_free(struct credentials *all)
{
	size_t i, j;

	for (i = 0; i < all->count; i++)
		for (j = 0; j < all->at[i].pattern_count; j++)
			OPENSSL_secure_clear_free(all->at[i].patterns[j].text, all->at[i].patterns[j].size);
	all->count = 0;
}

/* *changed: a placeholder stood there. */
static bool put_text(struct buf *out, const struct credentials *all, const char *host, const char *at, size_t size,
		     bool *changed)
{
	const struct credential *c;
	size_t i, word;

	while (size > 0) {
		for (i = 0; i < all->count; i++) {
			c = &all->at[i];
			word = strlen(c->placeholder);
			if (word <= size && memcmp(at, c->placeholder, word) == 0 && strcmp(c->host, host) == 0)
				break;
		}
		*changed = *changed || i < all->count;
		if (i < all->count)
			buf_add(out, all->at[i].patterns[0].text, all->at[i].patterns[0].size);
		else
			buf_add(out, at, word = 1);
		at += word;
		size -= word;
	}
	return !out->over;
}

/* "Basic BASE64": the placeholder stands within. False: it does not, or it is none. */
static bool put_basic(struct buf *out, const struct credentials *all, const char *host, struct egress_span v)
{
	scoped(buf) struct buf plain = BUF(2 * (size_t)EGRESS_HEAD), text = BUF(4 * (size_t)EGRESS_HEAD);
	unsigned char bytes[EGRESS_HEAD];
	bool changed = false;
	size_t pad = 0;
	int size;

	if (v.size <= 6 || v.size - 6 > sizeof(bytes) || strncasecmp(v.at, "Basic ", 6) != 0)
		return false;
	while (pad < 2 && v.at[v.size - 1 - pad] == '=')
		pad++;
	size = EVP_DecodeBlock(bytes, (const unsigned char *)v.at + 6, (int)(v.size - 6));
	if (size < (int)pad || !put_text(&plain, all, host, (const char *)bytes, (size_t)size - pad, &changed) ||
	    !changed || !buf_reserve(&text, 4 * (plain.size / 3 + 2)))
		return false;
	text.size = (size_t)EVP_EncodeBlock((unsigned char *)text.data, (const unsigned char *)plain.data,
					    (int)plain.size);
	buf_add(out, v.at, 6);
	buf_add(out, text.data, text.size);
	explicit_bzero(plain.data, plain.size);
	explicit_bzero(text.data, text.size);
	return true;
}

static bool put_line(struct buf *out, const struct credentials *all, const char *host, struct egress_span line)
{
	const char *colon = memchr(line.at, ':', line.size);
	struct egress_span value;
	bool changed = false;
	size_t key;

	if (!colon)
		return buf_add(out, line.at, line.size);
	key = (size_t)(colon - line.at) + 1;
	if (egress_field_is(&line, "authorization", &value)) {
		buf_add(out, line.at, (size_t)(value.at - line.at));
		return put_basic(out, all, host, value) ||
		       put_text(out, all, host, value.at, (size_t)(line.at + line.size - value.at), &changed);
	}
	return buf_add(out, line.at, key) && put_text(out, all, host, colon + 1, line.size - key, &changed);
}

bool credential_put(struct buf *out, const struct credentials *all, const char *host, const char *head, size_t size)
{
	struct egress_span line;
	const char *end, *at = head;
	bool first = true;

	while (at < head + size && (end = memchr(at, '\n', (size_t)(head + size - at)))) {
		line = (struct egress_span){ at, (size_t)(end + 1 - at) };
		if (first || line.size <= 2)
			buf_add(out, line.at, line.size);
		else if (!(line.size -= 2, put_line(out, all, host, line)) || !buf_puts(out, "\r\n"))
			return false;
		first = false;
		at = end + 1;
	}
	return !out->over;
}

/*
 * The head of a request to a proxy, RFC 9112, as strictly as a sender must write it: CR LF, one blank, no
 * folding, no blank before a colon. Where the RFC lets a reader guess, two readers guess differently.
 */
#include <string.h>
#include <strings.h>

#include "egress/egress.h"

enum { LENGTH_DIGITS = 15, METHOD_MOST = 32, TARGET_MOST = 8 << 10 };

struct seen {
	unsigned hosts, lengths, encodings;
	struct egress_host host;
	uint16_t port;
	uint16_t otherwise;	/* the port of a Host that names none */
};

/* What a request line may be: to a proxy, or to a server. */
struct form {
	bool (*start)(struct egress_http *out, struct egress_span line);
	const char *expected;
	uint16_t otherwise;
};

static enum egress_got bad(const char **why, const char *text)
{
	*why = text;
	return EGRESS_BAD;
}

/* tchar of RFC 9110 5.6.2 */
static bool is_token(struct egress_span s)
{
	static const char more[] = "!#$%&'*+-.^_`|~";
	size_t i;
	char c;

	for (i = 0; i < s.size; i++) {
		c = s.at[i];
		if (!(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') &&
		    !(c && strchr(more, c)))
			return false;
	}
	return s.size > 0;
}

static bool is_printable(struct egress_span s, bool blanks)
{
	size_t i;

	for (i = 0; i < s.size; i++)
		if (s.at[i] == 0x7f || (unsigned char)s.at[i] < (blanks ? 0x20 : 0x21))
			if (!blanks || s.at[i] != '\t')
				return false;
	return true;
}

static bool is_word(struct egress_span s, const char *word)
{
	return s.size == strlen(word) && memcmp(s.at, word, s.size) == 0;
}

/* Up to the character, which is eaten too; false: it is not there. */
static bool cut(struct egress_span *rest, char at, struct egress_span *out)
{
	const char *found = rest->size ? memchr(rest->at, at, rest->size) : NULL;

	if (!found)
		return false;
	*out = (struct egress_span){ rest->at, (size_t)(found - rest->at) };
	rest->size -= out->size + 1;
	rest->at = found + 1;
	return true;
}

bool egress_field_is(const struct egress_span *line, const char *name, struct egress_span *value)
{
	struct egress_span v = *line, key;

	if (!cut(&v, ':', &key) || key.size != strlen(name) || strncasecmp(key.at, name, key.size) != 0)
		return false;
	while (v.size && (v.at[0] == ' ' || v.at[0] == '\t')) {
		v.at++;
		v.size--;
	}
	while (v.size && (v.at[v.size - 1] == ' ' || v.at[v.size - 1] == '\t'))
		v.size--;
	*value = v;
	return true;
}

/* "http://HOST[:PORT]/PATH?QUERY": no user, no fragment, nothing that some readers read as a slash. */
static bool read_target(struct egress_http *out, struct egress_span target)
{
	static const char scheme[] = "http://";
	size_t size = sizeof(scheme) - 1, end;
	struct egress_span t = target;

	if (t.size < size || strncasecmp(t.at, scheme, size) != 0 || memchr(t.at, '\\', t.size) ||
	    memchr(t.at, '#', t.size))
		return false;
	t.at += size;
	t.size -= size;
	for (end = 0; end < t.size && t.at[end] != '/' && t.at[end] != '?'; end++)
		;
	out->target = (struct egress_span){ t.at + end, t.size - end };
	if (out->target.size && out->target.at[0] == '?')
		return false; /* "http://host?x": some would ask for /?x, some for ?x */
	out->port = 80;
	return egress_host(&out->host, t.at, end, true) || egress_authority(&out->host, &out->port, t.at, end);
}

static bool read_start(struct egress_http *out, struct egress_span line)
{
	struct egress_span target;

	if (!cut(&line, ' ', &out->method) || !cut(&line, ' ', &target) || !is_token(out->method) ||
	    out->method.size > METHOD_MOST || target.size > TARGET_MOST || !is_printable(target, false))
		return false;
	out->connect = is_word(out->method, "CONNECT");
	/* Python asks for tunnels so, and then without Host: what follows is not HTTP's to say the end of */
	out->old = out->connect && is_word(line, "HTTP/1.0");
	if (!out->old && !is_word(line, "HTTP/1.1"))
		return false;
	return out->connect ? egress_authority(&out->host, &out->port, target.at, target.size)
			    : read_target(out, target);
}

/* Behind TLS, or in a tunnel: the host was said before. A proxy's forms are not for who is no proxy. */
static bool read_origin(struct egress_http *out, struct egress_span line)
{
	struct egress_span t;
	const char *query;

	if (!cut(&line, ' ', &out->method) || !cut(&line, ' ', &out->target) || !is_token(out->method) ||
	    out->method.size > METHOD_MOST || is_word(out->method, "CONNECT") || !is_word(line, "HTTP/1.1"))
		return false;
	t = out->target;
	if (t.size == 0 || t.size > TARGET_MOST || t.at[0] != '/' || !is_printable(t, false) ||
	    memchr(t.at, '#', t.size) || memchr(t.at, '\\', t.size))
		return false;
	query = memchr(t.at, '?', t.size);
	return egress_path_is_plain(t.at, query ? (size_t)(query - t.at) : t.size);
}

static bool read_length(uint64_t *out, struct egress_span v)
{
	size_t i;

	for (*out = 0, i = 0; i < v.size && v.at[i] >= '0' && v.at[i] <= '9'; i++)
		*out = *out * 10 + (uint64_t)(v.at[i] - '0');
	return v.size > 0 && v.size <= LENGTH_DIGITS && i == v.size;
}

/* The fields that say where a request goes and where it ends. */
static bool read_field(struct egress_http *out, struct seen *seen, const struct egress_span *line)
{
	struct egress_span v, name = *line, key;

	if (!cut(&name, ':', &key) || !is_token(key) || !is_printable(*line, true))
		return false;
	if (egress_field_is(line, "host", &v)) {
		seen->port = out->connect ? out->port : seen->otherwise;
		return seen->hosts++ == 0 && (egress_host(&seen->host, v.at, v.size, true) ||
					      egress_authority(&seen->host, &seen->port, v.at, v.size));
	}
	if (egress_field_is(line, "content-length", &v)) {
		out->body = EGRESS_SIZED;
		return seen->lengths++ == 0 && read_length(&out->length, v);
	}
	if (egress_field_is(line, "transfer-encoding", &v)) {
		out->body = EGRESS_CHUNKED;
		return seen->encodings++ == 0 && v.size == 7 && strncasecmp(v.at, "chunked", 7) == 0;
	}
	return true;
}

/* Of an answer: no field is folded, and its end is said once. */
static bool read_answer_field(struct egress_answer *out, const struct egress_span *line)
{
	struct egress_span v, name = *line, key;

	if (!cut(&name, ':', &key) || !is_token(key) || memchr(line->at, '\r', line->size))
		return false;
	if (egress_field_is(line, "content-length", &v)) {
		out->ends = EGRESS_SIZED;
		return ++out->ends_said == 1 && read_length(&out->length, v);
	}
	if (egress_field_is(line, "transfer-encoding", &v)) {
		out->ends = EGRESS_CHUNKED;
		return ++out->ends_said == 1 && v.size == 7 && strncasecmp(v.at, "chunked", 7) == 0;
	}
	return true;
}

static bool read_status(struct egress_answer *out, struct egress_span line)
{
	size_t i;

	if (line.size < 12 || memcmp(line.at, "HTTP/1.", 7) != 0 || (line.at[7] != '0' && line.at[7] != '1') ||
	    line.at[8] != ' ' || (line.size > 12 && line.at[12] != ' '))
		return false;
	for (i = 9; i < 12; i++) {
		if (line.at[i] < '0' || line.at[i] > '9')
			return false;
		out->status = out->status * 10 + (unsigned)(line.at[i] - '0');
	}
	return out->status >= 100;
}

static enum egress_got read_fields(struct egress_http *out, struct egress_span head, uint16_t otherwise,
				   const char **why)
{
	struct seen seen = { .otherwise = otherwise };
	struct egress_span line;

	while (cut(&head, '\n', &line) && line.size > 1) {
		line.size--; /* the CR */
		if (out->field_count == EGRESS_FIELDS)
			return bad(why, "more than 100 fields in a head");
		if (!read_field(out, &seen, &line))
			return bad(why, "a field that is malformed, or that may stand only once");
		out->fields[out->field_count++] = line;
	}
	if (seen.lengths + seen.encodings > 1 || (out->connect && out->body != EGRESS_NO_BODY))
		return bad(why, "a request whose end two readers would see at two places");
	if (seen.hosts == 0 && out->old)
		return EGRESS_WHOLE;
	if (seen.hosts != 1 || !egress_same_host(&seen.host, &out->host) || seen.port != out->port)
		return bad(why, "Host does not say what the request's target says");
	return EGRESS_WHOLE;
}

/* Where the empty line ends; 0: it has not come. A bare CR or LF, or NUL, before it: *broken. */
static size_t head_size(const char *bytes, size_t size, bool *broken)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r'))
			*broken = true;
		if ((bytes[i] == '\r' && i + 1 < size && bytes[i + 1] != '\n') || bytes[i] == '\0')
			*broken = true;
		if (*broken)
			return 0;
		if (bytes[i] == '\n' && i >= 3 && bytes[i - 2] == '\n')
			return i + 1;
	}
	return 0;
}

static enum egress_got read_head(struct egress_http *out, const char *bytes, size_t size, const struct form *form,
				 const char **why)
{
	struct egress_span head, line;
	bool broken = false;

	out->size = head_size(bytes, size < EGRESS_HEAD ? size : EGRESS_HEAD, &broken);
	if (broken)
		return bad(why, "a head whose lines do not end in CR LF, or that holds NUL");
	if (out->size == 0 && size >= EGRESS_HEAD)
		return bad(why, "a head of more than 16384 bytes");
	if (out->size == 0)
		return EGRESS_MORE;
	head = (struct egress_span){ bytes, out->size };
	if (!cut(&head, '\n', &line) || line.size < 1)
		return bad(why, "a head without a request line");
	line.size--;
	if (!form->start(out, line))
		return bad(why, form->expected);
	return read_fields(out, head, form->otherwise, why);
}

enum egress_got egress_read_http(struct egress_http *out, const char *bytes, size_t size, const char **why)
{
	static const struct form form = {
		read_start, "expected \"CONNECT HOST:PORT HTTP/1.1\" or \"METHOD http://HOST/PATH HTTP/1.1\"", 80
	};

	*out = (struct egress_http){ .connect = false };
	return read_head(out, bytes, size, &form, why);
}

enum egress_got egress_read_request(struct egress_http *out, const struct egress_host *host, uint16_t port,
				    uint16_t otherwise, const char *bytes, size_t size, const char **why)
{
	const struct form form = { read_origin, "expected \"METHOD /PATH HTTP/1.1\", without \".\" and \"..\"",
				   otherwise };

	*out = (struct egress_http){ .host = *host, .port = port };
	return read_head(out, bytes, size, &form, why);
}

enum egress_got egress_read_answer(struct egress_answer *out, const char *bytes, size_t size, const char **why)
{
	struct egress_span head, line;
	bool broken = false;

	*out = (struct egress_answer){ .status = 0 };
	out->size = head_size(bytes, size < EGRESS_ANSWER ? size : EGRESS_ANSWER, &broken);
	if (broken)
		return bad(why, "an answer whose lines do not end in CR LF, or that holds NUL");
	if (out->size == 0 && size >= EGRESS_ANSWER)
		return bad(why, "an answer with a head of more than 65536 bytes");
	if (out->size == 0)
		return EGRESS_MORE;
	head = (struct egress_span){ bytes, out->size };
	if (!cut(&head, '\n', &line) || line.size < 1)
		return bad(why, "an answer without a status line");
	out->line = (struct egress_span){ line.at, line.size - 1 };
	if (!read_status(out, out->line))
		return bad(why, "an answer that is not HTTP/1.1");
	while (cut(&head, '\n', &line) && line.size > 1) {
		line.size--;
		if (out->field_count == EGRESS_FIELDS || !read_answer_field(out, &line))
			return bad(why, "an answer with a malformed field, more than 100 of them, or two ends");
		out->fields[out->field_count++] = line;
	}
	return EGRESS_WHOLE;
}

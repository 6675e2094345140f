/*
 * One request's head, in the narrowest form that honest clients write: what two readers could read in two ways
 * is refused here, before libmicrohttpd sees it. So a line ends with CR LF and nothing else, no line is folded, no name
 * has a space behind it, and the length of a body is said once or not at all.
 */
#include "porter/head.h"

#include <string.h>
#include <strings.h>

static const char *const names[HEAD_KNOWN] = {
	[HEAD_HOST] = "host",
	[HEAD_ORIGIN] = "origin",
	[HEAD_LENGTH] = "content-length",
	[HEAD_CODING] = "transfer-encoding",
	[HEAD_TYPE] = "content-type",
	[HEAD_ENCODING] = "content-encoding",
	[HEAD_ACCEPT] = "accept",
	[HEAD_EXPECT] = "expect",
	[HEAD_SESSION] = "mcp-session-id",
	[HEAD_VERSION] = "mcp-protocol-version",
	[HEAD_MCP_METHOD] = "mcp-method",
	[HEAD_MCP_NAME] = "mcp-name",
};

static const char PARAM[] = "mcp-param-";

static const struct {
	const char *word;
	enum head_method method;
} methods[] = { { "POST", HEAD_POST }, { "GET", HEAD_GET }, { "DELETE", HEAD_DELETE } };

bool span_is(struct span s, const char *text)
{
	return s.at && s.size == strlen(text) && memcmp(s.at, text, s.size) == 0;
}

bool span_is_word(struct span s, const char *text)
{
	return s.at && s.size == strlen(text) && strncasecmp(s.at, text, s.size) == 0;
}

static bool bad(struct head_fault *f, unsigned status, const char *text)
{
	*f = (struct head_fault){ status, text };
	return false;
}

/* RFC 9110, 5.6.2. */
static bool is_token(struct span s)
{
	size_t i;
	char c;

	for (i = 0; i < s.size; i++) {
		c = s.at[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return s.size > 0;
}

static bool is_visible(struct span s)
{
	size_t i;

	for (i = 0; i < s.size; i++)
		if (s.at[i] < '!' || s.at[i] > '~')
			return false;
	return s.size > 0;
}

/* Text, with spaces and tabs within; beyond ASCII only where nobody looks at it. */
static bool is_value(struct span s, bool ascii)
{
	size_t i;

	for (i = 0; i < s.size; i++)
		if (((unsigned char)s.at[i] < ' ' && s.at[i] != '\t') || s.at[i] == '\x7f' ||
		    (ascii && (unsigned char)s.at[i] > '~'))
			return false;
	return true;
}

static struct span trimmed(struct span s)
{
	while (s.size > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) {
		s.at++;
		s.size--;
	}
	while (s.size > 0 && (s.at[s.size - 1] == ' ' || s.at[s.size - 1] == '\t'))
		s.size--;
	return s;
}

/* Up to `c`, which is left behind; all of it if there is none. */
static struct span cut(struct span *rest, char c)
{
	const char *end = rest->size ? memchr(rest->at, c, rest->size) : NULL;
	struct span first = *rest;

	if (!end) {
		*rest = (struct span){ 0 };
		return first;
	}
	first.size = (size_t)(end - first.at);
	rest->at += first.size + 1;
	rest->size -= first.size + 1;
	return first;
}

static bool read_request_line(struct head *h, struct span line, struct head_fault *f)
{
	struct span method = cut(&line, ' '), target = cut(&line, ' ');
	size_t i;

	h->method = HEAD_OTHER;
	for (i = 0; i < count_of(methods); i++)
		if (span_is(method, methods[i].word))
			h->method = methods[i].method;
	if (!is_token(method) || !target.at || !is_visible(target) || target.at[0] != '/' || !line.at)
		return bad(f, 400, "the request line is not METHOD /PATH HTTP/1.1");
	if (!span_is(line, "HTTP/1.1"))
		return bad(f, 505, "only HTTP/1.1 is spoken here");
	h->target = target;
	return true;
}

static bool read_param(struct head *h, struct span name, struct span value, struct head_fault *f)
{
	size_t i;

	name.at += sizeof(PARAM) - 1;
	name.size -= sizeof(PARAM) - 1;
	if (h->param_count == HEAD_PARAMS)
		return bad(f, 431, "more than 32 Mcp-Param lines");
	for (i = 0; i < h->param_count; i++)
		if (h->params[i].name.size == name.size &&
		    strncasecmp(h->params[i].name.at, name.at, name.size) == 0)
			return bad(f, 400, "an Mcp-Param line stands twice");
	if (!is_value(value, true))
		return bad(f, 400, "a header line holds what no header may hold");
	h->params[h->param_count++] = (struct head_param){ name, value };
	return true;
}

static bool read_line(struct head *h, struct span line, struct head_fault *f)
{
	struct span name = cut(&line, ':'), value = trimmed(line);
	enum head_line known;

	if (!line.at || !is_token(name))
		return bad(f, 400, "a header line is not NAME: VALUE");
	for (known = 0; known < HEAD_KNOWN && !span_is_word(name, names[known]); known++)
		;
	if (!is_value(value, known < HEAD_KNOWN))
		return bad(f, 400, "a header line holds what no header may hold");
	if (name.size > sizeof(PARAM) - 1 && strncasecmp(name.at, PARAM, sizeof(PARAM) - 1) == 0)
		return read_param(h, name, value, f);
	if (known == HEAD_KNOWN)
		return true;
	if (h->line[known].at)
		return bad(f, 400, "a header line that may stand once stands twice");
	h->line[known] = value;
	return true;
}

/* RFC 9112, 6: said once, in one way, in digits alone. */
static bool read_framing(struct head *h, struct head_fault *f)
{
	struct span length = h->line[HEAD_LENGTH], coding = h->line[HEAD_CODING];
	size_t i;

	if (length.at && coding.at)
		return bad(f, 400, "Content-Length and Transfer-Encoding together");
	if (coding.at && !span_is_word(coding, "chunked"))
		return bad(f, 501, "the only Transfer-Encoding taken is chunked");
	h->chunked = coding.at != NULL;
	if (!length.at)
		return true;
	if (length.size == 0 || length.size > 15)
		return bad(f, 400, "Content-Length is not a number");
	for (i = 0; i < length.size; i++) {
		if (length.at[i] < '0' || length.at[i] > '9')
			return bad(f, 400, "Content-Length is not a number");
		h->length = h->length * 10 + (uint64_t)(length.at[i] - '0');
	}
	return true;
}

/* The next line without its CR LF. A CR or LF that stands alone is no line's end, nor part of a line. */
static enum head_got next_line(struct span *line, const char *bytes, size_t size, struct head_fault *f)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (bytes[i] == '\0' || bytes[i] == '\n')
			break;
		if (bytes[i] != '\r')
			continue;
		if (i + 1 == size)
			return HEAD_MORE;
		if (bytes[i + 1] != '\n')
			break;
		*line = (struct span){ bytes, i };
		return HEAD_WHOLE;
	}
	if (i == size)
		return HEAD_MORE;
	(void)bad(f, 400, "a NUL, or a CR or LF alone, in the head");
	return HEAD_BAD;
}

enum head_got head_read(struct head *out, const char *bytes, size_t size, struct head_fault *f)
{
	struct head h = { .method = HEAD_OTHER };
	enum head_got got;
	struct span line;
	size_t count;

	for (count = 0;; count++) {
		got = next_line(&line, bytes + h.size, size - h.size, f);
		if (got == HEAD_MORE && size >= HEAD_MOST)
			return bad(f, 431, "a head of more than 16 KiB") ? HEAD_MORE : HEAD_BAD;
		if (got != HEAD_WHOLE)
			return got;
		h.size += line.size + 2;
		if (h.size > HEAD_MOST || count > HEAD_LINES)
			return bad(f, 431, "a head of more than 16 KiB or 100 lines") ? HEAD_MORE : HEAD_BAD;
		if (count > 0 && line.size == 0)
			break;
		if (!(count ? read_line(&h, line, f) : read_request_line(&h, line, f)))
			return HEAD_BAD;
	}
	if (!read_framing(&h, f))
		return HEAD_BAD;
	*out = h;
	return HEAD_WHOLE;
}

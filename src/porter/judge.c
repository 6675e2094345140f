/*
 * Whose request it is. The agent's own programs come as 127.0.0.1 or localhost; a web page that runs in a browser
 * inside the jail says where it is from, or comes by a name of its own that it had resolved to our address.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "porter/head.h"

static bool turn(struct head_fault *f, unsigned status, const char *text)
{
	*f = (struct head_fault){ status, text };
	return false;
}

static bool is_host(struct span host, uint16_t port)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost" };
	char text[32];
	size_t i;

	for (i = 0; i < count_of(hosts); i++) {
		snprintf(text, sizeof(text), "%s:%u", hosts[i], (unsigned)port);
		if (span_is_word(host, text))
			return true;
	}
	return false;
}

static bool is_port(struct span s)
{
	size_t i;

	for (i = 0; i < s.size; i++)
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
	return s.size > 0 && s.size <= 5;
}

/* scheme://host[:port], nothing before and nothing behind. */
static bool is_loopback(struct span origin)
{
	static const char *const roots[] = { "http://127.0.0.1", "http://localhost", "http://[::1]",
					     "https://127.0.0.1", "https://localhost", "https://[::1]" };
	struct span rest;
	size_t i, size;

	for (i = 0; i < count_of(roots); i++) {
		size = strlen(roots[i]);
		if (origin.size < size || strncasecmp(origin.at, roots[i], size) != 0)
			continue;
		rest = (struct span){ origin.at + size, origin.size - size };
		if (rest.size == 0)
			return true;
		rest.at++;
		rest.size--;
		return rest.at[-1] == ':' && is_port(rest);
	}
	return false;
}

/* Is the word one of the list's, whatever parameters it has? */
static bool lists(struct span list, const char *word)
{
	const char *at = list.at, *end, *stop;
	size_t size = strlen(word);

	if (!at)
		return false;
	end = at + list.size;
	while (at < end) {
		while (at < end && (*at == ' ' || *at == '\t' || *at == ','))
			at++;
		stop = memchr(at, ',', (size_t)(end - at));
		stop = stop ? stop : end;
		if ((size_t)(stop - at) >= size && strncasecmp(at, word, size) == 0 &&
		    (at + size == stop || at[size] == ';' || at[size] == ' ' || at[size] == '\t'))
			return true;
		at = stop;
	}
	return false;
}

static bool judge_body(const struct head *h, size_t most, struct head_fault *f)
{
	struct span type = h->line[HEAD_TYPE], coding = h->line[HEAD_ENCODING];

	if (h->method != HEAD_POST)
		return h->length == 0 && !h->chunked ? true : turn(f, 400, "only a POST has a body");
	if (!span_is_word(type, "application/json") && !span_is_word(type, "application/json;charset=utf-8") &&
	    !span_is_word(type, "application/json; charset=utf-8"))
		return turn(f, 415, "the Content-Type of a message is application/json");
	if (coding.at && !span_is_word(coding, "identity"))
		return turn(f, 415, "no Content-Encoding is taken");
	if (h->line[HEAD_EXPECT].at && !span_is_word(h->line[HEAD_EXPECT], "100-continue"))
		return turn(f, 417, "the only expectation met is 100-continue");
	if (!h->chunked && !h->line[HEAD_LENGTH].at)
		return turn(f, 411, "a message needs a Content-Length");
	return h->length <= most ? true : turn(f, 413, "a message may have at most 4 MiB");
}

static bool judge_accept(const struct head *h, struct head_fault *f)
{
	struct span accept = h->line[HEAD_ACCEPT];

	if (h->method == HEAD_GET && !lists(accept, "text/event-stream"))
		return turn(f, 406, "Accept must list text/event-stream");
	if (h->method == HEAD_POST && (!lists(accept, "text/event-stream") || !lists(accept, "application/json")))
		return turn(f, 406, "Accept must list application/json and text/event-stream");
	return true;
}

bool head_judge(const struct head *h, uint16_t port, size_t body_most, struct head_fault *f)
{
	if (!is_host(h->line[HEAD_HOST], port))
		return turn(f, 403, "Host must be the address of REEVE_MCP_URL, or localhost");
	if (h->line[HEAD_ORIGIN].at && !is_loopback(h->line[HEAD_ORIGIN]))
		return turn(f, 403, "Origin is not of this machine's loopback");
	if (h->method == HEAD_OTHER)
		return turn(f, 405, "only POST, GET and DELETE are served");
	return judge_body(h, body_most, f) && judge_accept(h, f);
}

/* One HTTP request: what it says, how it is held, and where it may go. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "courier/courier.h"

enum { CONNECT_MS = 15000, GOODBYE_MS = 2000 };

/* Visible ASCII, and spaces within. */
bool header_value_is_sound(const char *value)
{
	size_t size = strlen(value), i;

	if (size == 0 || value[0] == ' ' || value[size - 1] == ' ')
		return false;
	for (i = 0; i < size; i++)
		if (value[i] < ' ' || value[i] > '~')
			return false;
	return true;
}

struct exchange *exchange_new(struct courier *c, enum exchange_kind kind)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->courier = c;
	x->kind = kind;
	x->sent = BUF(MCP_LINE + 64);
	x->in = BUF(MCP_LINE + 65536);
	events_begin(&x->events);
	TAILQ_INSERT_TAIL(&c->exchanges, x, all);
	c->count += kind == EXCHANGE_POST;
	return x;
}

static void stop(struct exchange *x)
{
	if (!x->easy)
		return;
	curl_multi_remove_handle(x->courier->multi, x->easy);
	curl_easy_cleanup(x->easy);
	x->easy = NULL;
}

void exchange_free(struct exchange *x)
{
	stop(x);
	TAILQ_REMOVE(&x->courier->exchanges, x, all);
	x->courier->count -= x->kind == EXCHANGE_POST;
	curl_slist_free_all(x->headers);
	json_decref(x->id);
	buf_free(&x->sent);
	buf_free(&x->in);
	events_free(&x->events);
	free(x);
}

/* No address is connected to that was not judged here, whatever looked it up. */
static curl_socket_t open_socket(void *courier, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct courier *c = courier;
	const char *what = address_refused(&to->addr, c->words.private);

	(void)purpose;
	if (!what)
		return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	snprintf(c->refused, sizeof(c->refused), "%s leads to %s", c->words.host, what);
	errno = EACCES;
	return CURL_SOCKET_BAD;
}

static bool add_header(struct exchange *x, const char *name, const char *value)
{
	struct curl_slist *more;
	char line[WORD_MOST + 4096];

	/* libcurl leaves out what has no value. */
	if ((size_t)snprintf(line, sizeof(line), *value ? "%s: %s" : "%s:", name, value) >=
	    sizeof(line))
		return false;
	more = curl_slist_append(x->headers, line);
	x->headers = more ? more : x->headers;
	return more != NULL;
}

/* RFC 4648; curl's own would want a decoder beside it. */
static void encode(struct buf *out, const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *at = (const uint8_t *)text;
	size_t left = strlen(text), take;
	uint32_t bits;
	char four[4];

	for (; left > 0; left -= take, at += take) {
		take = left < 3 ? left : 3;
		bits = (uint32_t)at[0] << 16 | (take > 1 ? (uint32_t)at[1] << 8 : 0) |
		       (take > 2 ? at[2] : 0);
		four[0] = digits[bits >> 18];
		four[1] = digits[bits >> 12 & 63];
		four[2] = take > 1 ? digits[bits >> 6 & 63] : '=';
		four[3] = take > 2 ? digits[bits & 63] : '=';
		buf_add(out, four, 4);
	}
}

/* What cannot stand in a header as it is stands there in the spelling that MCP gives it. */
bool request_header(struct exchange *x, const char *header, const char *value)
{
	scoped(buf) struct buf text = BUF(WORD_MOST + 3072);

	if (header_value_is_sound(value) && strncmp(value, "=?base64?", 9) != 0)
		return add_header(x, header, value);
	buf_puts(&text, "=?base64?");
	encode(&text, value);
	buf_puts(&text, "?=");
	return buf_text(&text) && add_header(x, header, buf_text(&text));
}

/* Of a request that belongs to no session: all it says in its headers is what it says in its body.
 */
static bool add_modern(struct exchange *x)
{
	scoped(json) json_t *doc = NULL;
	struct err ignored = { 0 };
	const char *method, *name;
	json_t *params;

	if (json_read_message(&doc, x->sent.data, x->sent.size, &ignored) < 0)
		return false;
	params = json_object_get(doc, "params");
	method = json_text(doc, "method");
	name = strcmp(method, "resources/read") == 0 ? json_text(params, "uri")
	       : strcmp(method, "tools/call") == 0 || strcmp(method, "prompts/get") == 0
		       ? json_text(params, "name")
		       : NULL;
	return header_value_is_sound(method) && add_header(x, "Mcp-Method", method) &&
	       add_header(x, "MCP-Protocol-Version",
			  json_text(json_object_get(params, "_meta"),
				    "io.modelcontextprotocol/protocolVersion")) &&
	       (!name || request_header(x, "Mcp-Name", name)) &&
	       (strcmp(method, "tools/call") != 0 || params_add(x, params));
}

static bool add_session(struct exchange *x)
{
	const struct courier *c = x->courier;

	if (x->initialize)
		return true;
	return (!c->session[0] || add_header(x, "MCP-Session-Id", c->session)) &&
	       (!c->revision[0] || add_header(x, "MCP-Protocol-Version", c->revision));
}

static int make_headers(struct exchange *x, struct err *e)
{
	const struct curl_slist *own;
	bool get = x->kind == EXCHANGE_STREAM || x->resuming;
	bool fits = true;

	curl_slist_free_all(x->headers);
	x->headers = NULL;
	for (own = x->courier->words.headers; own && fits; own = own->next) {
		struct curl_slist *more = curl_slist_append(x->headers, own->data);

		fits = more != NULL;
		x->headers = more ? more : x->headers;
	}
	fits = fits &&
	       add_header(x, "Accept",
			  get ? "text/event-stream" : "application/json, text/event-stream") &&
	       (x->modern ? add_modern(x) : add_session(x));
	if (x->kind == EXCHANGE_POST && !get)
		fits = fits && add_header(x, "Content-Type", "application/json") &&
		       add_header(x, "Expect", "");
	if (get && x->events.id[0])
		fits = fits && add_header(x, "Last-Event-ID", x->events.id);
	return fits ? 0
		    : err_set(e, ERR_INPUT,
			      "the message cannot be carried: its headers cannot be made");
}

static void set_where(struct exchange *x)
{
	struct courier *c = x->courier;
	CURL *h = x->easy;

	curl_easy_setopt(h, CURLOPT_URL, c->words.url);
	curl_easy_setopt(h, CURLOPT_RESOLVE, c->resolved);
	curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, c);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "https,http");
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(h, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(h, CURLOPT_USERAGENT, "reeve-courier/" REEVE_VERSION);
	if (c->words.ca) {
		curl_easy_setopt(h, CURLOPT_CAINFO, c->words.ca);
		curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	}
}

static void set_what(struct exchange *x)
{
	CURL *h = x->easy;

	curl_easy_setopt(h, CURLOPT_HTTPHEADER, x->headers);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, answer_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, answer_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, x->curl_why);
	curl_easy_setopt(h, CURLOPT_PRIVATE, x);
	if (x->kind == EXCHANGE_DELETE) {
		curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, "DELETE");
		curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)GOODBYE_MS);
	} else if (x->kind == EXCHANGE_POST && !x->resuming) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->sent.size);
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, x->sent.data);
	}
	if (x->kind == EXCHANGE_POST)
		curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)x->courier->words.deadline_ms);
}

/* A new handle each time: nothing of an earlier request stays in it. */
int exchange_send(struct exchange *x, struct err *e)
{
	stop(x);
	x->due_ns = 0;
	x->body = BODY_NONE;
	x->type[0] = x->location[0] = x->curl_why[0] = '\0';
	x->why = (struct err){ 0 };
	x->in.size = 0;
	x->news = 0;
	if (address_resolve(x->courier, e) < 0 || make_headers(x, e) < 0)
		return -1;
	x->easy = curl_easy_init();
	if (!x->easy)
		return err_set(e, ERR_SYSTEM, "no memory for a request");
	set_where(x);
	set_what(x);
	if (curl_multi_add_handle(x->courier->multi, x->easy) != CURLM_OK)
		return err_set(e, ERR_SYSTEM, "libcurl takes no request");
	return 0;
}

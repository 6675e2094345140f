/*
 * What a tool server may reach: the one URL of a remote server, read so strictly that no two
 * readers of it can differ; and the network of a command that needs one.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "profile/tools.h"

enum { URL_MOST = 2000, HEADER_MOST = 4096 };

static const char ALNUM[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* Digits only, 1 to 65535; 0: no port. */
static unsigned port_of(const char *text, size_t size)
{
	unsigned port = 0;
	size_t i;

	if (size == 0 || size > 5 || text[0] == '0')
		return 0;
	for (i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	return port <= 65535 ? port : 0;
}

/* A name's last part that is a number makes it an address to some readers: then it must be a plain
 * one to all. */
static bool host_is_plain(const char *host)
{
	struct in_addr v4;
	const char *dot = strrchr(host, '.'), *last = dot ? dot + 1 : host;
	size_t size = strlen(host), i;

	if (size == 0 || size > 253 || host[0] == '.' || *last == '\0' || strstr(host, ".."))
		return false;
	for (i = 0; i < size; i++)
		if (!strchr(ALNUM, host[i]) && (i == 0 || !strchr(".-", host[i])))
			return false;
	if (last[strspn(last, "0123456789")] == '\0' || strncasecmp(last, "0x", 2) == 0)
		return inet_pton(AF_INET, host, &v4) == 1;
	return true;
}

static bool read_host(struct remote *out, const char **at)
{
	struct in6_addr v6;
	size_t size;

	if (**at == '[') {
		size = strcspn(++*at, "]");
		if ((*at)[size] != ']' || size >= sizeof(out->host))
			return false;
		memcpy(out->host, *at, size);
		out->host[size] = '\0';
		*at += size + 1;
		return inet_pton(AF_INET6, out->host, &v6) == 1;
	}
	size = strcspn(*at, ":/?");
	if (size >= sizeof(out->host))
		return false;
	memcpy(out->host, *at, size);
	out->host[size] = '\0';
	*at += size;
	return host_is_plain(out->host);
}

/* RFC 3986 of a path and a query, without what any reader strips, folds or turns round. */
static bool path_is_sound(const char *path)
{
	static const char more[] = "-._~%!$&'()*+,;=:@/?";

	for (; *path; path++)
		if (!strchr(ALNUM, *path) && !strchr(more, *path))
			return false;
	return true;
}

bool remote_of_url(struct remote *out, const char *url)
{
	static const char https[] = "https://", http[] = "http://";
	size_t size;

	*out = (struct remote){ .tls = strncmp(url, https, sizeof(https) - 1) == 0 };
	if (strlen(url) > URL_MOST || (!out->tls && strncmp(url, http, sizeof(http) - 1) != 0))
		return false;
	url += out->tls ? sizeof(https) - 1 : sizeof(http) - 1;
	out->port = out->tls ? 443 : 80;
	if (!read_host(out, &url))
		return false;
	if (*url == ':') {
		size = strcspn(++url, "/?");
		out->port = port_of(url, size);
		url += size;
	}
	return out->port > 0 && (*url == '\0' || *url == '/') && path_is_sound(url);
}

static bool is_loopback(const char *host)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return strcmp(host, "::1") == 0 || strcmp(host, "localhost") == 0;
}

/* What is the courier's own to say, or would change where the message ends. */
static bool header_is_ours(const char *name)
{
	static const char *const whole[] = {
		"host",    "connection", "te",         "upgrade",       "expect",
		"trailer", "accept",     "keep-alive", "last-event-id", "transfer-encoding"
	};
	static const char *const begins[] = { "content-", "mcp-", "proxy-", "accept-" };
	size_t i;

	for (i = 0; i < count_of(whole); i++)
		if (strcasecmp(name, whole[i]) == 0)
			return true;
	for (i = 0; i < count_of(begins); i++)
		if (strncasecmp(name, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

bool header_piece(const char **at, const char **name, size_t *size)
{
	const char *from = *at, *end;

	*name = NULL;
	*size = strcspn(from, "$");
	if (*from == '\0')
		return false;
	if (*size > 0 || from[1] != '{') {
		*size = *size > 0 ? *size : 1;
		*at = from + *size;
		return true;
	}
	end = strchr(from, '}');
	*name = from + 2;
	*size = end ? (size_t)(end - *name) : strlen(*name);
	*at = end ? end + 1 : *name + *size;
	return true;
}

static int check_value(const struct json_file *f, const char *at, const char *server,
		       const char *value, struct err *e)
{
	json_t *secrets = json_object_get(json_at(f->root, server), "secrets");
	const char *text = value, *name;
	char word[128];
	size_t size, i;

	for (i = 0; value[i]; i++)
		if (value[i] < ' ' || value[i] > '~')
			return json_wrong(f, at, false, e,
					  "expected visible ASCII characters and spaces only");
	if (i == 0 || i > HEADER_MOST)
		return json_wrong(f, at, false, e, "expected a value of 1 to %d bytes",
				  HEADER_MOST);
	while (header_piece(&text, &name, &size)) {
		if (!name)
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)(size < 100 ? size : 100), name);
		if (!json_object_get(secrets, word))
			return json_wrong(f, at, false, e,
					  "${%s} is not one of the server's \"secrets\"", word);
	}
	return 0;
}

static bool is_token(const char *name)
{
	while (*name && (strchr(ALNUM, *name) || *name == '-' || *name == '_'))
		name++;
	return *name == '\0';
}

static int check_headers(const struct json_file *f, const char *pointer, struct err *e)
{
	char list[POINT_MOST], at[POINT_MOST];
	json_t *value, *headers = json_at(f->root, point_key(list, pointer, "headers"));
	const char *name;

	if (json_object_size(headers) > 32)
		return json_wrong(f, list, false, e, "expected at most 32 headers");
	json_object_foreach(headers, name, value) {
		point_key(at, list, name);
		if (*name == '\0' || strlen(name) > 128 || !is_token(name))
			return json_wrong(
				f, at, true, e,
				"expected a header's name of [A-Za-z0-9_-], found \"%.40s\"", name);
		if (header_is_ours(name))
			return json_wrong(f, at, true, e, "%.40s is reeve-courier's own to say",
					  name);
		if (!json_is_string(value))
			return json_wrong(f, at, false, e, "expected a string");
		if (check_value(f, at, pointer, json_string_value(value), e) < 0)
			return -1;
	}
	return 0;
}

int check_remote(const struct json_file *f, const char *pointer, struct err *e)
{
	json_t *server = json_at(f->root, pointer);
	const char *url = json_text(server, "url"),
		   *ca = json_string_value(json_object_get(server, "ca"));
	struct remote r;
	char at[POINT_MOST];

	if (!remote_of_url(&r, url))
		return json_wrong(f, point_key(at, pointer, "url"), false, e,
				  "expected https://HOST[:PORT]/PATH in plain ASCII, without user, "
				  "password and "
				  "fragment, found \"%.80s\"",
				  url);
	if (!r.tls && !is_loopback(r.host))
		return json_wrong(f, point_key(at, pointer, "url"), false, e,
				  "http:// only for 127.0.0.1, [::1] and localhost: everything "
				  "else takes https://");
	if (ca && !path_is_plain(ca))
		return json_wrong(f, point_key(at, pointer, "ca"), false, e,
				  "expected an absolute path without \"..\", found \"%.80s\"", ca);
	if (ca && !r.tls)
		return json_wrong(f, point_key(at, pointer, "ca"), false, e,
				  "http:// has no certificate to check");
	return check_headers(f, pointer, e);
}

/* "HOST:PORT"; the host is the operator's note until names can be held: reeve-profile(5). */
static unsigned port_of_peer(const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[256];

	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(host))
		return 0;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	return host_is_plain(host) ? port_of(colon + 1, strlen(colon + 1)) : 0;
}

int check_network(const struct json_file *f, const char *pointer, struct err *e)
{
	char list[POINT_MOST], at[POINT_MOST];
	json_t *value, *network = json_at(f->root, point_key(list, pointer, "network"));
	const char *word = json_string_value(network);
	size_t i;

	if (!network || (word && (strcmp(word, "none") == 0 || strcmp(word, "host") == 0)))
		return 0;
	if (!json_is_array(network) || json_array_size(network) == 0 ||
	    json_array_size(network) > NETWORK_PEERS)
		return json_wrong(
			f, list, false, e,
			"expected \"none\", \"host\" or a list of 1 to %d texts HOST:PORT",
			NETWORK_PEERS);
	json_array_foreach(network, i, value)
		if (!json_is_string(value) || port_of_peer(json_string_value(value)) == 0)
			return json_wrong(f, point_index(at, list, i), false, e,
					  "expected HOST:PORT, such as \"api.example.org:443\"");
	return 0;
}

void plan_network(struct plan *p, struct jail_spec *spec, json_t *network)
{
	json_t *value;
	size_t i;

	spec->host_net =
		json_is_array(network) ||
		strcmp(json_is_string(network) ? json_string_value(network) : "", "host") == 0;
	json_array_foreach(network, i, value)
		p->ports[i] = (uint16_t)port_of_peer(json_string_value(value));
	if (json_is_array(network))
		spec->connect = p->ports;
}

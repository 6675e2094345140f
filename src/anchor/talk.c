/* HTTP to one witness: a body goes there, and a short answer comes back. */
#include <curl/curl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "anchor/talk.h"
#include "base/clock.h"

static size_t take_answer(char *bytes, size_t one, size_t count, void *talk)
{
	struct talk *t = talk;

	return t->answer.size + one * count <= ANSWER_MOST && buf_add(&t->answer, bytes, one * count) ? one * count : 0;
}

static int part_of(char *out, size_t room, CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool fits = curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK && (size_t)snprintf(out, room, "%s", text) < room;

	curl_free(text);
	return fits ? 0 : -1;
}

static int read_url(struct talk *t, const char *where, struct err *e)
{
	size_t size = strlen(where);
	CURLU *url = curl_url();
	int done;

	while (size > 0 && where[size - 1] == '/')
		size--;
	snprintf(t->url, sizeof(t->url), "%.*s", (int)size, where);
	done = url && curl_url_set(url, CURLUPART_URL, t->url, 0) == CURLUE_OK &&
			       part_of(t->host, sizeof(t->host), url, CURLUPART_HOST) == 0 &&
			       part_of(t->port, sizeof(t->port), url, CURLUPART_PORT) == 0
		       ? 0
		       : err_set(e, ERR_INPUT, "%.200s: not a URL", where);
	curl_url_cleanup(url);
	return done;
}

static void set_up(struct talk *t)
{
	CURL *h = t->easy;

	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "https,http");
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_USERAGENT, "reeve-anchor/" REEVE_VERSION);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, t);
}

int talk_new(struct talk **out, const char *where, struct err *e)
{
	struct talk *t = calloc(1, sizeof(*t));

	if (!t)
		return err_sys(e, "memory");
	t->answer = BUF(ANSWER_MOST + 1);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(t->easy = curl_easy_init()) || read_url(t, where, e) < 0) {
		free(t);
		return e->kind ? -1 : err_set(e, ERR_SYSTEM, "libcurl does not start");
	}
	set_up(t);
	*out = t;
	return 0;
}

/* libcurl would start a thread to look a name up, which the list of calls does not have. */
int talk_look_up(struct talk *t, struct err *e)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC };
	scoped(buf) struct buf entry = BUF(4096);
	struct addrinfo *found = NULL, *one;
	char text[128];
	int rc;

	if (t->host[0] == '[')
		return 0;
	rc = getaddrinfo(t->host, NULL, &want, &found);
	if (rc != 0)
		return err_set(e, ERR_SYSTEM, "%s: %s", t->host, gai_strerror(rc));
	buf_printf(&entry, "%s:%s:", t->host, t->port);
	for (one = found; one; one = one->ai_next)
		if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0)
			buf_printf(&entry, one->ai_family == AF_INET6 ? "%s[%s]" : "%s%s", one == found ? "" : ",", text);
	freeaddrinfo(found);
	curl_slist_free_all(t->addresses);
	t->addresses = buf_text(&entry) ? curl_slist_append(NULL, buf_text(&entry)) : NULL;
	curl_easy_setopt(t->easy, CURLOPT_RESOLVE, t->addresses);
	return t->addresses ? 0 : err_set(e, ERR_SYSTEM, "no memory for addresses");
}

int talk_post(long *status, struct talk *t, const char *word, const struct buf *body, struct err *e)
{
	int left = clock_left_ms(t->until_ns);
	char url[URL_MOST + 32];
	CURLcode done;

	if (body->over)
		return err_set(e, ERR_LIMIT, "no memory for a request");
	if (left <= 0)
		return err_set(e, ERR_SYSTEM, "it does not answer in time");
	buf_drop(&t->answer, t->answer.size);
	snprintf(url, sizeof(url), "%s/%s", t->url, word);
	curl_easy_setopt(t->easy, CURLOPT_URL, url);
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)(left < ANSWER_MS ? left : ANSWER_MS));
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)body->size);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, body->data);
	done = curl_easy_perform(t->easy);
	if (done != CURLE_OK)
		return err_set(e, ERR_SYSTEM, "%s", curl_easy_strerror(done));
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, status);
	return 0;
}

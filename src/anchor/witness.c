/*
 * One witness, over HTTP. It is told of a checkpoint and shown that its tree begins with the one that it has seen last; which
 * that is it says itself where we do not know. What it answers is a few bytes, and is a signature or it is nothing.
 */
#include "anchor/witness.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_MOST = 8192, URL_MOST = 1024, ANSWER_MS = DUTY_MS - 1000, PATH_WORD = 32 };

struct talk {
	CURL *easy;
	struct curl_slist *addresses;
	char url[URL_MOST + PATH_WORD], epochs[URL_MOST + PATH_WORD], host[256], port[8];
	struct buf answer;
	struct hashes *hashes;
	uint64_t known;		/* what it cosigned last, as far as we know */
};

int witness_read(struct duty *d, const char *value, struct err *e)
{
	const char *blank = strchr(value, ' ');

	if (!blank || strlen(blank + 1) > URL_MOST)
		return err_set(e, ERR_INPUT, "witness=: expected its verifier key, a blank, its URL");
	if (seal_cosigner_read(&d->key, value, (size_t)(blank - value), e) < 0)
		return -1;
	d->where = blank + 1;
	snprintf(d->name, sizeof(d->name), "%s", d->key.name);
	return 0;
}

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
	snprintf(t->url, sizeof(t->url), "%.*s/add-checkpoint", (int)size, where);
	snprintf(t->epochs, sizeof(t->epochs), "%.*s/add-epoch", (int)size, where);
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

	curl_easy_setopt(h, CURLOPT_URL, t->url);
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

int witness_begin(struct duty *d, struct err *e)
{
	struct talk *t = calloc(1, sizeof(*t));

	if (!t)
		return err_sys(e, "memory");
	t->answer = BUF(ANSWER_MOST + 1);
	d->talk = t;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(t->easy = curl_easy_init()))
		return err_set(e, ERR_SYSTEM, "libcurl does not start");
	if (read_url(t, d->where, e) < 0)
		return -1;
	set_up(t);
	return hashes_new(&t->hashes, d->of->ledger, e);
}

/* libcurl would start a thread to look a name up, which the list of calls does not have. */
static int look_up(struct talk *t, struct err *e)
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

static int post(long *status, struct talk *t, const char *url, const struct buf *body, long ms, struct err *e)
{
	CURLcode done;

	if (body->over)
		return err_set(e, ERR_LIMIT, "no memory for a request");
	buf_drop(&t->answer, t->answer.size);
	curl_easy_setopt(t->easy, CURLOPT_URL, url);
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, ms);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)body->size);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, body->data);
	done = curl_easy_perform(t->easy);
	if (done != CURLE_OK)
		return err_set(e, ERR_SYSTEM, "%s", curl_easy_strerror(done));
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, status);
	return 0;
}

static int put_hashes(struct buf *out, struct talk *t, const struct tree_part *parts, size_t count, struct err *e)
{
	char text[SEAL_HASH_BASE64];
	uint8_t hash[SEAL_HASH];
	size_t i;

	for (i = 0; i < count; i++) {
		if (hashes_of(hash, t->hashes, parts[i].begin, parts[i].end, e) < 0)
			return -1;
		seal_base64(text, hash);
		buf_printf(out, "%s\n", text);
	}
	buf_puts(out, "\n");
	return 0;
}

/* What shows that the tree of so many records only grew since that which the witness knows. */
static int put_growth(struct buf *out, struct talk *t, uint64_t size, struct err *e)
{
	struct tree_part parts[TREE_PATH_MOST];

	buf_printf(out, "old %" PRIu64 "\n", t->known);
	return put_hashes(out, t, parts, tree_growth(parts, t->known, size), e);
}

static int make_body(struct buf *out, struct talk *t, const struct job *j, struct err *e)
{
	if (put_growth(out, t, j->size, e) < 0)
		return -1;
	buf_add(out, j->note, j->note_size);
	return 0;
}

/* reeve-witness(8), POST /add-epoch: the growth, and the tlog-proof of the record that names the next key. */
static int bring_epoch(long *status, struct talk *t, const struct handing *g, struct err *e)
{
	scoped(buf) struct buf body = BUF(4 * SEAL_NOTE_MOST + 2 * TREE_PATH_MOST * SEAL_HASH_BASE64);
	struct tree_part parts[TREE_PATH_MOST];

	if (put_growth(&body, t, g->index + 1, e) < 0)
		return -1;
	buf_puts(&body, "c2sp.org/tlog-proof@v1\nextra ");
	seal_base64_add(&body, g->record, g->record_size);
	buf_printf(&body, "\nindex %" PRIu64 "\n", g->index);
	if (put_hashes(&body, t, parts, tree_path(parts, g->index, g->index + 1), e) < 0)
		return -1;
	buf_add(&body, g->note, g->note_size);
	return post(status, t, t->epochs, &body, ANSWER_MS / 4, e);
}

/* It does not believe the key: it may not have heard of the epochs since what it saw last. */
static int bring_epochs(struct talk *t, struct err *e)
{
	struct handing *g = malloc(sizeof(*g));
	uint64_t from = t->known;
	bool there = g != NULL;
	long status = 200;
	int done = g ? 0 : err_sys(e, "memory for an epoch");

	while (done == 0 && there && status == 200) {
		done = hashes_handing(g, &there, t->hashes, from, e);
		if (done == 0 && there)
			done = bring_epoch(&status, t, g, e);
		if (done == 0 && there && status == 200) {
			t->known = g->index + 1;
			from = g->index + 2;
		}
	}
	free(g);
	return done;
}

static int ask_once(long *status, struct talk *t, const struct job *j, struct err *e)
{
	scoped(buf) struct buf body = BUF(SEAL_NOTE_MOST + TREE_PATH_MOST * SEAL_HASH_BASE64 + 64);

	return make_body(&body, t, j, e) < 0 ? -1 : post(status, t, t->url, &body, ANSWER_MS / 2, e);
}

/* It says how much it has seen. 0: ask again from there. */
static int take_size(struct talk *t, const struct job *j, struct err *e)
{
	const char *text = buf_text(&t->answer);
	uint64_t size;
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return err_set(e, ERR_INPUT, "it answers 409 without a size");
	size = strtoull(text, &end, 10);
	if (end[strspn(end, "\r\n")])
		return err_set(e, ERR_INPUT, "it answers 409 without a size");
	if (size > j->size)
		return err_set(e, ERR_INPUT, "it has seen %" PRIu64 " records of this ledger, which has %" PRIu64 ": it was rolled back", size, j->size);
	if (size == t->known)
		return err_set(e, ERR_INPUT, "it has seen another history of the first %" PRIu64 " records", size);
	t->known = size;
	return 0;
}

static int take_lines(struct done *out, const struct duty *d, const struct talk *t, const struct job *j, struct err *e)
{
	const char *at = t->answer.data, *all_end = at + t->answer.size, *end;
	struct err why = { .kind = ERR_NONE };

	for (; at < all_end; at = end + 1) {
		end = memchr(at, '\n', (size_t)(all_end - at));
		if (!end)
			break;
		if ((size_t)(end - at) >= sizeof(out->line))
			continue;
		memcpy(out->line, at, (size_t)(end - at));
		out->line[end - at] = '\0';
		if (witness_check(d, j, out, &why) == 0)
			return 0;
	}
	out->line[0] = '\0';
	return err_set(e, ERR_INPUT, "what it answers is not its signature of this checkpoint");
}

static const struct {
	long status;
	const char *why;
} refusals[] = {
	{ 403, "it does not believe the key that signs this ledger (403)" },
	{ 404, "it does not know this ledger (404): its operator has to add it" },
	{ 422, "it does not believe that this ledger only grew (422)" },
};

static int refused(long status, struct err *e)
{
	size_t i;

	for (i = 0; i < count_of(refusals); i++)
		if (refusals[i].status == status)
			return err_set(e, ERR_INPUT, "%s", refusals[i].why);
	return err_set(e, ERR_INPUT, "it answers with status %ld", status);
}

/* The files may have been changed under us: then no witness is asked to believe them. */
static int check_own(struct talk *t, const struct job *j, struct err *e)
{
	uint8_t root[SEAL_HASH];
	struct sighting s;

	if (!sighting_read(&s, j->note, j->note_size) || hashes_to(t->hashes, j->size, e) < 0 ||
	    hashes_of(root, t->hashes, 0, j->size, e) < 0)
		return e->kind ? -1 : err_set(e, ERR_PEER, "not a checkpoint");
	return memcmp(root, s.at.root, sizeof(root)) == 0 ? 0 : err_set(e, ERR_INPUT, "the ledger's files are not what was signed");
}

int witness_bring(struct duty *d, const struct job *j, struct done *out, struct err *e)
{
	struct talk *t = d->talk;
	long status = 0;

	if (check_own(t, j, e) < 0 || look_up(t, e) < 0)
		return -1;
	if (t->known > j->size)
		t->known = 0;
	if (ask_once(&status, t, j, e) < 0)
		return -1;
	if (status == 409 && (take_size(t, j, e) < 0 || ask_once(&status, t, j, e) < 0))
		return -1;
	if (status == 403 && (bring_epochs(t, e) < 0 || ask_once(&status, t, j, e) < 0))
		return -1;
	if (status == 409)
		return take_size(t, j, e) < 0 ? -1 : err_set(e, ERR_INPUT, "it says another size each time it is asked");
	if (status != 200)
		return refused(status, e);
	if (take_lines(out, d, t, j, e) < 0)
		return -1;
	t->known = j->size;
	return 0;
}

int witness_check(const struct duty *d, const struct job *j, struct done *done, struct err *e)
{
	struct sighting s;
	uint64_t time;

	if (!sighting_read(&s, j->note, j->note_size) || s.signatures - j->note < 2 ||
	    seal_cosigned(&time, &d->key, done->line, strlen(done->line), j->note, (size_t)(s.signatures - j->note) - 1) != SEAL_SIGNED)
		return err_set(e, ERR_PEER, "its signature is no good");
	return 0;
}

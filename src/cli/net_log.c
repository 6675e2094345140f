#include "cli/net_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/policy.h"

static uint64_t number(const json_t *record, const char *member)
{
	return (uint64_t)json_integer_value(json_object_get(record, member));
}

static void forget(struct net_log *l)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		json_decref(l->seen[i].asked);
		json_decref(l->seen[i].outcome);
	}
	l->count = 0;
	l->over = false;
}

void net_log_free(struct net_log *l)
{
	forget(l);
	free(l->seen);
}

static bool is_asked(const json_t *record)
{
	return strncmp(json_text(record, "action"), "net.", 4) == 0;
}

static void add(struct net_log *l, json_t *record)
{
	size_t room = l->room ? 2 * l->room : 64;
	struct net_seen *more = l->count < l->room ? l->seen : reallocarray(l->seen, room, sizeof(*more));

	if (!more) {
		l->lost = true;
		return;
	}
	l->room = l->count < l->room ? l->room : room;
	l->seen = more;
	l->seen[l->count++] = (struct net_seen){ .asked = json_incref(record) };
}

static int compare(const void *key, const void *one)
{
	uint64_t n = number(((const struct net_seen *)one)->asked, "n"), wanted = *(const uint64_t *)key;

	return wanted < n ? -1 : wanted > n;
}

/* They stand in the order of their numbers. */
static void close_one(struct net_log *l, json_t *outcome)
{
	uint64_t intent = number(outcome, "intent");
	struct net_seen *s = l->count ? bsearch(&intent, l->seen, l->count, sizeof(*s), compare) : NULL;

	if (!s || s->outcome)
		return;
	s->outcome = json_incref(outcome);
}

void net_log_take(void *log, json_t *record)
{
	struct net_log *l = log;
	const char *kind = json_text(record, "kind");
	uint64_t run = number(record, "run");

	if (strcmp(kind, "run") == 0 && (l->wanted == 0 || l->wanted == run)) {
		forget(l);
		l->run = run;
	}
	if (l->run == 0 || run != l->run)
		return;
	if (strcmp(kind, "outcome") == 0)
		close_one(l, record);
	else if (strcmp(kind, "close") == 0)
		l->over = true;
	else if ((strcmp(kind, "intent") == 0 || strcmp(kind, "refusal") == 0) && is_asked(record))
		add(l, record);
}

enum net_said net_log_said(const struct net_seen *s)
{
	const char *status = s->outcome ? json_text(s->outcome, "status") : "ok";

	if (strcmp(json_text(s->asked, "kind"), "refusal") == 0 || strcmp(status, "refused") == 0)
		return NET_SAID_REFUSE;
	return strcmp(status, "ok") == 0 || strcmp(status, "cancelled") == 0 ? NET_SAID_ALLOW : NET_SAID_FAILED;
}

const char *net_said_word(enum net_said s)
{
	static const char *const words[] = { "allow", "refuse", "failed" };

	return words[s];
}

static const char *text_of(const json_t *record, const char *member)
{
	const char *text = json_text(record, member);

	return text && *text ? text : NULL;
}

bool net_log_smallest(char *out, size_t room, const struct net_seen *s)
{
	const struct policy_route to = { .host = text_of(s->asked, "host"),
					 .port = (unsigned)number(s->asked, "port"),
					 .scheme = text_of(s->asked, "scheme"),
					 .method = text_of(s->asked, "method"),
					 .path = text_of(s->asked, "path") };

	return strcmp(json_text(s->asked, "reason"), "no-rule") == 0 && net_smallest_rule(out, room, &to);
}

static void put(struct buf *out, const char *between, const char *text)
{
	if (!text)
		return;
	buf_puts(out, between);
	text_visible(out, text, strlen(text));
}

void net_log_where(char *out, size_t most, const struct net_seen *s)
{
	const char *host = text_of(s->asked, "host"), *path = text_of(s->asked, "path");
	scoped(buf) struct buf text = BUF(64 << 10);
	bool six = host && strchr(host, ':');
	size_t cut;

	put(&text, six ? "[" : "", host);
	buf_puts(&text, six ? "]" : "");
	if (host && number(s->asked, "port"))
		buf_printf(&text, ":%u", (unsigned)number(s->asked, "port"));
	put(&text, " ", text_of(s->asked, "method"));
	put(&text, host ? " " : "", path);
	if (!host && !path)
		put(&text, "", text_of(s->asked, "resource") ? text_of(s->asked, "resource") : "?");
	cut = text_cut(text.data, text.size, text.size < most ? text.size : most - sizeof("..."));
	memcpy(out, text.data, cut);
	memcpy(out + cut, cut < text.size ? "..." : "", cut < text.size ? 4 : 1);
}

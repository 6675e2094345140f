/*
 * Two lines a connection, and a third where a rule is missing: what a program in the jail called a host or a
 * path never reaches the terminal as it is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/net_log.h"
#include "cli/rows.h"

enum { WHERE = 53, INDENT = 10, RULE_MOST = 4096 };

static uint64_t number(const json_t *record, const char *member)
{
	return (uint64_t)json_integer_value(json_object_get(record, member));
}

static void put_bytes(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double size = (double)bytes;
	size_t unit = 0;

	for (; size >= 1024 && unit + 1 < count_of(units); unit++)
		size /= 1024;
	buf_printf(out, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

static void put_duration(struct buf *out, uint64_t us)
{
	if (us < 10000000)
		buf_printf(out, "%" PRIu64 ".%" PRIu64 " ms", us / 1000, us / 100 % 10);
	else
		buf_printf(out, "%" PRIu64 " s", us / 1000000);
}

static void put_rule(struct buf *out, const json_t *asked)
{
	const char *rule = json_text(asked, "rule");

	buf_printf(out, "%s%s", out->size ? ", " : "", *rule ? rule : json_text(asked, "reason"));
}

static void say_carried(const struct net_log *l, const struct net_seen *s)
{
	scoped(buf) struct buf text = BUF(16 << 10);
	const json_t *end = s->outcome;

	if (!end)
		buf_puts(&text, l->over ? "how it ended is not known" : "not ended yet");
	if (*json_text(end, "address"))
		buf_printf(&text, "%s, ", json_text(end, "address"));
	if (json_object_get(end, "sent")) {
		put_bytes(&text, number(end, "sent"));
		buf_puts(&text, " sent, ");
		put_bytes(&text, number(end, "received"));
		buf_puts(&text, " received, ");
	}
	if (end)
		put_duration(&text, number(end, "duration"));
	put_rule(&text, s->asked);
	row_print(0, INDENT, "", buf_text(&text));
}

/* "action unmatched FILE": where a rule is missing. */
static void put_unmatched(struct buf *out, const json_t *asked)
{
	static const char word[] = " unmatched ";
	const char *said, *at, *between = " in ";
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(asked, "layers_said"), i, one) {
		said = json_string_value(one);
		at = said ? strstr(said, word) : NULL;
		if (!at)
			continue;
		buf_printf(out, "%s%s.json", between, at + strlen(word));
		between = " and ";
	}
}

static void say_refused(const struct net_seen *s)
{
	scoped(buf) struct buf text = BUF(16 << 10);
	uint64_t count = number(s->asked, "count");
	char rule[RULE_MOST];
	bool missing = net_log_smallest(rule, sizeof(rule), s);

	put_rule(&text, s->asked);
	if (count > 1)
		buf_printf(&text, ", %" PRIu64 " times so far", count);
	if (strcmp(json_text(s->asked, "reason"), "rule-refuses") == 0)
		buf_puts(&text, "; no other rule can allow it");
	if (missing) {
		buf_puts(&text, "; this rule");
		put_unmatched(&text, s->asked);
		buf_puts(&text, " would allow it:");
	}
	row_print(0, INDENT, "", buf_text(&text));
	if (missing)
		puts(rule);
}

static void say_why(const struct net_seen *s)
{
	const char *why = s->outcome ? json_text(s->outcome, "why") : "";

	row_print(0, INDENT, "", *why ? why : json_text(s->asked, "why"));
}

static void say_one(const struct net_log *l, const struct net_seen *s)
{
	const char *time = json_text(s->asked, "time");
	char where[WHERE], left[64];

	net_log_where(where, sizeof(where), s);
	snprintf(left, sizeof(left), "%-8.8s  %-7s %-9.9s ", strlen(time) > 19 ? time + 11 : "", net_said_word(net_log_said(s)),
		 json_text(s->asked, "way"));
	printf("%s%s\n", left, where);
	if (strcmp(json_text(s->asked, "kind"), "refusal") == 0)
		say_refused(s);
	else
		say_carried(l, s);
	if (*json_text(s->asked, "why") || *json_text(s->outcome, "why"))
		say_why(s);
}

static void say_sum(const struct net_log *l)
{
	scoped(buf) struct buf text = BUF(256);
	size_t said[NET_SAIDS] = { 0 }, i;
	uint64_t sent = 0, received = 0;

	for (i = 0; i < l->count; i++) {
		said[net_log_said(&l->seen[i])]++;
		sent += number(l->seen[i].outcome, "sent");
		received += number(l->seen[i].outcome, "received");
	}
	buf_printf(&text, "%zu allowed, %zu refused, %zu failed; ", said[NET_SAID_ALLOW], said[NET_SAID_REFUSE],
		   said[NET_SAID_FAILED]);
	put_bytes(&text, sent);
	buf_puts(&text, " sent, ");
	put_bytes(&text, received);
	buf_puts(&text, " received");
	printf("\n%s\n", buf_text(&text));
}

void net_log_print(const struct net_log *l, bool refused)
{
	size_t i;

	if (l->count == 0) {
		printf("run %" PRIu64 " asked for no connection%s\n", l->run, l->over ? "" : " yet");
		return;
	}
	printf("%-8s  %-7s %-9s %s\n", "UTC", "verdict", "way", "to");
	for (i = 0; i < l->count; i++)
		if (!refused || net_log_said(&l->seen[i]) == NET_SAID_REFUSE)
			say_one(l, &l->seen[i]);
	say_sum(l);
}

/* --- for programs --- */

static void copy_members(json_t *to, const json_t *from, const char *const *names)
{
	for (; *names; names++)
		if (json_object_get(from, *names))
			json_object_set(to, *names, json_object_get(from, *names));
}

static json_t *as_object(const struct net_seen *s)
{
	static const char *const asked[] = { "n",    "run",  "time",   "action", "way",  "host",   "port",	"scheme",
					     "method", "path", "resource", "reason", "rule", "layers_said", "count", "why", NULL };
	static const char *const ended[] = { "status", "address", "sent", "received", "duration", "sni", "http", "why", NULL };
	json_t *out = json_object(), *smallest = NULL;
	struct err ignored = { 0 };
	char rule[RULE_MOST];

	copy_members(out, s->asked, asked);
	json_object_set_new(out, "verdict", json_string(net_said_word(net_log_said(s))));
	copy_members(out, s->outcome, ended);
	if (net_log_smallest(rule, sizeof(rule), s) && json_read(&smallest, rule, strlen(rule), NULL, &ignored) == 0)
		json_object_set_new(out, "smallest", smallest);
	return out;
}

int net_log_json(const struct net_log *l, bool refused, struct err *e)
{
	scoped(buf) struct buf line = BUF(1 << 20);
	size_t i;

	for (i = 0; i < l->count; i++) {
		scoped(json) json_t *one = NULL;

		if (refused && net_log_said(&l->seen[i]) != NET_SAID_REFUSE)
			continue;
		one = as_object(&l->seen[i]);
		line.size = 0;
		if (!one || !json_write(&line, one))
			return err_set(e, ERR_SYSTEM, "no memory for a connection");
		printf("%.*s\n", (int)line.size, line.data);
	}
	return 0;
}

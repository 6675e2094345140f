/*
 * Records for log collectors: ArcSight's Common Event Format (revision 0) and syslog (RFC 5424). Both name the
 * record's leaf hash, so that a line can be held against the ledger later.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/ask.h"
#include "base/text.h"

/* Escaped by a backslash, and nothing that a terminal or a line-wise reader acts on. */
static void put_value(struct buf *line, const struct joined *j, enum field f, const char *escape)
{
	scoped(buf) struct buf shown = BUF(8 * (size_t)RECORD_MOST);
	const struct field_value *v = joined_value(j, f);
	size_t i;

	if (v->set)
		joined_put(&shown, f, v, ",");
	for (i = 0; i < shown.size; i++) {
		if (strchr(escape, shown.data[i]))
			buf_puts(line, "\\");
		buf_add(line, shown.data + i, 1);
	}
}

static void put_hash(struct buf *line, const struct joined *j)
{
	uint8_t hash[SEAL_HASH];
	char text[2 * SEAL_HASH + 1];

	sum_prefixed(hash, TREE_LEAF, j->frame->body, j->frame->size, NULL, 0);
	text_hex(text, hash, sizeof(hash));
	buf_puts(line, text);
}

static bool failed(const struct joined *j)
{
	const struct field_value *v = joined_value(j, FIELD_STATUS);

	return v->set && !(v->size == 2 && memcmp(v->text, "ok", 2) == 0) && !(v->size == 5 && memcmp(v->text, "ended", 5) == 0);
}

/* 0 to 10, as CEF has it: what a guard or a held secret stopped is what somebody should look at. */
static unsigned severity(const struct joined *j)
{
	const struct field_value *reason = joined_value(j, FIELD_REASON);

	if (joined_value(j, FIELD_GUARD)->set || (reason->set && reason->size == 11 && memcmp(reason->text, "held-secret", 11) == 0))
		return 9;
	if (j->own->kind == RECORD_REFUSAL || j->own->kind == RECORD_SYSCALL)
		return 6;
	return failed(j) ? 4 : 1;
}

/* CEF knows no ISO 8601: milliseconds since 1970 are what every collector of it reads. */
static void put_time(struct buf *line, const struct joined *j)
{
	const char *time = time_seen(j->own);
	struct tm tm = { 0 };

	if (strptime(time, "%Y-%m-%dT%H:%M:%S", &tm))
		buf_printf(line, "%lld%.3s", (long long)timegm(&tm), time + 20);
}

void feed_cef(struct buf *line, const struct joined *j)
{
	static const struct {
		const char *key;
		enum field field;
	} members[] = {
		{ "externalId", FIELD_N },	{ "suser", FIELD_OWNER },	 { "suid", FIELD_UID },
		{ "dhost", FIELD_HOST },	{ "dpt", FIELD_PORT },		 { "requestMethod", FIELD_METHOD },
		{ "request", FIELD_RESOURCE },	{ "reason", FIELD_REASON },	 { "outcome", FIELD_STATUS },
		{ "in", FIELD_RECEIVED },	{ "out", FIELD_SENT },		 { "msg", FIELD_WHY },
		{ "cs1Label=agent cs1", FIELD_AGENT }, { "cs2Label=rule cs2", FIELD_RULE },
		{ "cs3Label=server cs3", FIELD_SERVER }, { "cs4Label=guard cs4", FIELD_GUARD },
		{ "cs5Label=ledger cs5", FIELD_LEDGER }, { "cn1Label=run cn1", FIELD_RUN },
	};
	const char *kind = record_word(j->own->kind);
	size_t i;

	buf_printf(line, "CEF:0|reeve|reeve|%s|%s|", REEVE_VERSION, kind);
	put_value(line, j, joined_value(j, FIELD_TOOL)->set ? FIELD_TOOL : FIELD_ACTION, "\\|");
	buf_printf(line, "|%u|rt=", severity(j));
	put_time(line, j);
	if (joined_verdict(j)[0])
		buf_printf(line, " act=%s", joined_verdict(j));
	for (i = 0; i < count_of(members); i++) {
		if (!joined_value(j, members[i].field)->set)
			continue;
		buf_printf(line, " %s=", members[i].key);
		put_value(line, j, members[i].field, "\\=");
	}
	buf_puts(line, " cs6Label=leaf cs6=");
	put_hash(line, j);
	buf_puts(line, "\n");
}

/* Facility 13, "log audit". 32473 is the number that RFC 5612 gives to examples: reeve has none of its own. */
void feed_syslog(struct buf *line, const struct joined *j)
{
	static const struct {
		const char *name;
		enum field field;
	} params[] = {
		{ "n", FIELD_N },	  { "run", FIELD_RUN },	  { "agent", FIELD_AGENT }, { "owner", FIELD_OWNER },
		{ "action", FIELD_ACTION }, { "server", FIELD_SERVER }, { "tool", FIELD_TOOL }, { "rule", FIELD_RULE },
		{ "reason", FIELD_REASON }, { "guard", FIELD_GUARD }, { "status", FIELD_STATUS },
	};
	const char *time = time_seen(j->own);
	unsigned heavy = severity(j), level = heavy >= 9 ? 3 : heavy >= 6 ? 4 : heavy >= 4 ? 5 : 6;
	size_t i;

	buf_printf(line, "<%u>1 %.*s - reeve %" PRIu64 " %s [reeve@32473 leaf=\"", 13 * 8 + level, *time == 'x' ? 1 : ASK_TIME - 1,
		   *time == 'x' ? "-" : time, j->frame->run, record_word(j->own->kind));
	put_hash(line, j);
	buf_puts(line, "\"");
	if (joined_verdict(j)[0])
		buf_printf(line, " verdict=\"%s\"", joined_verdict(j));
	for (i = 0; i < count_of(params); i++) {
		if (!joined_value(j, params[i].field)->set)
			continue;
		buf_printf(line, " %s=\"", params[i].name);
		put_value(line, j, params[i].field, "\\\"]");
		buf_puts(line, "\"");
	}
	buf_puts(line, "] ");
	buf_add(line, j->frame->body, j->frame->size);
	buf_puts(line, "\n");
}

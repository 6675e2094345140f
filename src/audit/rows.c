/* Answers, a line each: for people, as JSON (the stored bytes, untouched), as CSV (RFC 4180). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/cursor.h"
#include "audit/ocsf.h"
#include "base/text.h"

enum { LINE = 1 << 20 };

static const struct {
	const char *name;
	enum field field;
	int width;	/* in the table; 0: not there */
} columns[] = {
	{ "n", FIELD_N, 7 },	       { "time", FIELD_TIME, 19 },	 { "verdict", FIELDS, 7 },
	{ "kind", FIELD_KIND, 0 },     { "run", FIELD_RUN, 0 },		 { "agent", FIELD_AGENT, 10 },
	{ "owner", FIELD_OWNER, 0 },   { "tenant", FIELD_TENANT, 0 },	 { "action", FIELD_ACTION, 0 },
	{ "server", FIELD_SERVER, 0 }, { "tool", FIELD_TOOL, 0 },	 { "host", FIELD_HOST, 0 },
	{ "port", FIELD_PORT, 0 },     { "resource", FIELD_RESOURCE, 0 }, { "category", FIELD_CATEGORY, 0 },
	{ "class", FIELD_CLASS, 0 },   { "status", FIELD_STATUS, 0 },	 { "rule", FIELD_RULE, 0 },
	{ "reason", FIELD_REASON, 0 }, { "guard", FIELD_GUARD, 0 },	 { "why", FIELD_WHY, 0 },
};

static void text_of(struct buf *out, const struct joined *j, size_t column)
{
	const struct field_value *v;

	if (columns[column].field == FIELDS) {
		buf_puts(out, joined_verdict(j));
		return;
	}
	v = joined_value(j, columns[column].field);
	if (v->set)
		joined_put(out, columns[column].field, v, " ");
}

/* A spreadsheet takes what begins so for a formula: an apostrophe before it is shown by none and stops all. */
static void put_csv(struct buf *line, const char *text, size_t size)
{
	static const char *const begin[] = { "=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20" };	/* wide ones too */
	size_t i;

	buf_puts(line, "\"");
	for (i = 0; i < count_of(begin); i++)
		if (size >= strlen(begin[i]) && memcmp(text, begin[i], strlen(begin[i])) == 0)
			buf_puts(line, "'");
	for (i = 0; i < size; i++)
		buf_add(line, text[i] == '"' ? "\"\"" : text + i, text[i] == '"' ? 2 : 1);
	buf_puts(line, "\"");
}

static void put_table(struct buf *line, const char *text, size_t size, int width)
{
	size_t cut = text_cut(text, size, (size_t)width);

	buf_add(line, text, cut);
	for (; cut < (size_t)width; cut++)
		buf_puts(line, " ");
	buf_puts(line, "  ");
}

/* Whose word, of which held call, and why. */
static void put_decision(struct buf *line, const struct record *r)
{
	static const enum field shown[] = { FIELD_REVIEWER, FIELD_WHY };
	size_t i;

	text_visible(line, r->value[FIELD_DECISION].text, r->value[FIELD_DECISION].size);
	buf_printf(line, " %" PRIu64, r->ref);
	for (i = 0; i < count_of(shown); i++) {
		if (!r->value[shown[i]].set)
			continue;
		buf_puts(line, i ? "  " : "  by ");
		text_visible(line, r->value[shown[i]].text, r->value[shown[i]].size);
	}
}

static void put_rest(struct buf *line, const struct joined *j)
{
	static const enum field shown[] = { FIELD_SERVER, FIELD_TOOL, FIELD_RESOURCE, FIELD_STATUS };
	enum field why = j->own->kind == RECORD_ALERT ? FIELD_ALERT
			 : joined_value(j, FIELD_RULE)->set ? FIELD_RULE
			 : joined_value(j, FIELD_GUARD)->set ? FIELD_GUARD : FIELD_REASON;
	const struct field_value *v;
	size_t i;

	if (j->own->kind == RECORD_DECISION) {
		put_decision(line, j->own);
		return;
	}
	if (!joined_verdict(j)[0])
		buf_printf(line, "%s ", record_word(j->own->kind));
	for (i = 0; i < count_of(shown); i++) {
		v = joined_value(j, shown[i]);
		if (!v->set || (shown[i] == FIELD_RESOURCE && j->own->value[FIELD_HOST].set))
			continue;
		text_visible(line, v->text, text_cut(v->text, v->size, 60));
		buf_puts(line, shown[i] == FIELD_SERVER && joined_value(j, FIELD_TOOL)->set ? "/" : "  ");
	}
	v = joined_value(j, why);
	if (v->set)
		text_visible(line, v->text, v->size);
}

void rows_head(struct rows *r)
{
	size_t i;

	r->line = BUF(LINE);
	for (i = 0; r->form == FORM_CSV && !r->goes_on && i < count_of(columns); i++)
		printf("%s%s", i ? "," : "", columns[i].name);
	if (r->form == FORM_CSV && !r->goes_on)
		printf("\r\n");
}

static void put_json(struct buf *line, const struct joined *j)
{
	char bytes[RECORD_MOST];

	buf_puts(line, "{\"record\":");
	buf_add(line, j->frame->body, j->frame->size);
	if (j->other) {
		buf_printf(line, ",\"%s\":", j->own->kind == RECORD_OUTCOME ? "intent" : "outcome");
		buf_add(line, bytes, entry_write(bytes, j->other));
	}
	if (j->run && j->run->kind == RECORD_RUN && j->own->kind != RECORD_RUN) {
		buf_puts(line, ",\"run\":");
		buf_add(line, bytes, entry_write(bytes, j->run));
	}
	buf_puts(line, "}\n");
}

static void put_columns(struct rows *r, const struct joined *j)
{
	scoped(buf) struct buf text = BUF(8 * (size_t)RECORD_MOST);
	size_t i;

	for (i = 0; i < count_of(columns); i++) {
		text.size = 0;
		text_of(&text, j, i);
		if (r->form == FORM_CSV) {
			buf_puts(&r->line, i ? "," : "");
			put_csv(&r->line, text.data ? text.data : "", text.size);
		} else if (columns[i].width) {
			put_table(&r->line, text.data ? text.data : "", text.size, columns[i].width);
		}
	}
	if (r->form == FORM_TABLE)
		put_rest(&r->line, j);
	buf_puts(&r->line, r->form == FORM_CSV ? "\r\n" : "\n");
}

int rows_one(void *rows, const struct joined *j, struct err *e)
{
	struct rows *r = rows;

	switch (r->form) {
	case FORM_JSON:
		put_json(&r->line, j);
		break;
	case FORM_LINE:
		buf_add(&r->line, j->frame->body, j->frame->size);
		buf_puts(&r->line, "\n");
		break;
	case FORM_CEF:
		feed_cef(&r->line, j);
		break;
	case FORM_SYSLOG:
		feed_syslog(&r->line, j);
		break;
	case FORM_OCSF:
		if (!ocsf_put(&r->line, j))
			return err_set(e, ERR_LIMIT, "record %" PRIu64 " cannot be told as OCSF", j->frame->index);
		break;
	case FORM_TABLE:
	case FORM_CSV:
		put_columns(r, j);
		break;
	}
	if (r->line.over)
		return err_set(e, ERR_LIMIT, "record %" PRIu64 ": no memory to tell it", j->frame->index);
	fwrite(r->line.data, 1, r->line.size, stdout);
	r->line.size = 0;
	r->told++;
	r->next = j->frame->index + 1;
	return r->cursor && r->told % CURSOR_EACH == 0 ? cursor_move(r->cursor, r->next, e) : 0;
}

void rows_end(struct rows *r)
{
	fflush(stdout); /* so that what is said of the answer on stderr stands behind it */
	buf_free(&r->line);
}

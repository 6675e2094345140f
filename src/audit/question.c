/* Questions as they are typed: NAME=PATTERN, NAME!=PATTERN, NAME<NUMBER, NAME>NUMBER; times; a text. */
#include <stdlib.h>
#include <string.h>

#include "audit/ask.h"

static int find_field(struct term *t, const char *name, size_t size, struct err *e)
{
	enum field f;

	t->verdict = size == 7 && memcmp(name, "verdict", 7) == 0;
	if (t->verdict)
		return 0;
	for (f = 0; f < FIELDS; f++) {
		t->field = f;
		if (strlen(field_info(f)->name) == size && memcmp(field_info(f)->name, name, size) == 0)
			return 0;
	}
	return err_set(e, ERR_INPUT, "--where %.*s: no record has that. They have agent, owner, tool, resource, host, rule, "
		       "reason, status and more: reeve-ledger(5), Members; and verdict", (int)size, name);
}

static int read_number(struct term *t, const char *text, struct err *e)
{
	char *end;

	t->number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end)
		return err_set(e, ERR_INPUT, "--where: expected a number, found \"%.40s\"", text);
	return 0;
}

int question_where(struct question *q, const char *text, struct err *e)
{
	struct term *t = &q->terms[q->count];
	size_t size = strcspn(text, "=!<>");
	const char *op = text + size;

	if (q->count == ASK_TERMS)
		return err_set(e, ERR_LIMIT, "--where: at most %d of them", ASK_TERMS);
	if (size == 0 || !*op || (*op == '!' && op[1] != '='))
		return err_set(e, ERR_INPUT, "--where %.60s: expected NAME=PATTERN, NAME!=PATTERN, NAME<NUMBER or NAME>NUMBER",
			       text);
	if (find_field(t, text, size, e) < 0)
		return -1;
	t->not = *op == '!';
	t->op = t->not ? '=' : *op;
	t->pattern = op + 1 + t->not;
	q->count++;
	q->kinds |= !t->verdict && t->field == FIELD_KIND;
	if (t->op == '=')
		return 0;
	if (t->verdict || field_info(t->field)->type != FIELD_TYPE_NUMBER)
		return err_set(e, ERR_INPUT, "--where %.60s: that is no number; use = or !=", text);
	return read_number(t, t->pattern, e);
}

static bool is_day(unsigned year, unsigned month, unsigned day)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (leap && month == 2);
}

static unsigned two(const char *text)
{
	return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

/*
 * "2026-11-21", "2026-11-21T04:30", "...:01", "...:01.5", each with a Z or without: laid over the form in which
 * records have it, which fills in what is left out.
 */
static int read_time(char out[ASK_TIME], const char *option, const char *text, struct err *e)
{
	static const char form[ASK_TIME] = "0000-00-00T00:00:00.000000Z";
	size_t size = strlen(text), i;
	bool good;

	size -= size > 0 && text[size - 1] == 'Z';
	good = size == 10 || size == 16 || size == 19 || (size > 20 && size <= 26);
	memcpy(out, form, sizeof(form));
	for (i = 0; good && i < size; i++) {
		out[i] = text[i] == ' ' && i == 10 ? 'T' : text[i];
		good = form[i] == '0' ? out[i] >= '0' && out[i] <= '9' : out[i] == form[i];
	}
	if (!good || !is_day(two(out) * 100 + two(out + 2), two(out + 5), two(out + 8)) || two(out + 11) > 23 ||
	    two(out + 14) > 59 || two(out + 17) > 60)
		return err_set(e, ERR_INPUT, "--%s: expected a time in UTC such as 2026-11-21 or 2026-11-21T04:30:00Z, found \"%.40s\"",
			       option, text);
	return 0;
}

int question_read(struct question *out, const struct options *o, struct err *e)
{
	char *end = NULL;
	size_t i;

	*out = (struct question){ .text = o->text };
	for (i = 0; i < o->where_count; i++)
		if (question_where(out, o->where[i], e) < 0)
			return -1;
	if ((o->from && read_time(out->from, "from", o->from, e) < 0) || (o->to && read_time(out->to, "to", o->to, e) < 0))
		return -1;
	if (out->from[0] && out->to[0] && strcmp(out->from, out->to) >= 0)
		return err_set(e, ERR_INPUT, "--from is not before --to: nothing lies between");
	if (o->after)
		out->after = strtoull(o->after, &end, 10) + 1;
	if (o->after && (o->after[0] < '0' || o->after[0] > '9' || *end))
		return err_set(e, ERR_INPUT, "--after %s: expected the number of a record", o->after);
	if (o->limit)
		out->limit = strtoull(o->limit, &end, 10);
	if (o->limit && (out->limit == 0 || *end || o->limit[0] == '-'))
		return err_set(e, ERR_INPUT, "--limit %s: expected a number from 1", o->limit);
	return 0;
}

/* What a record says, itself or through its run and its other half. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/ask.h"
#include "base/text.h"

bool joined_is_of_run(enum field f)
{
	static const enum field all[] = { FIELD_AGENT,	     FIELD_OWNER,  FIELD_OWNER_BY, FIELD_TENANT,
					  FIELD_DEPARTMENT,  FIELD_TASK,   FIELD_INITIATOR, FIELD_ENVIRONMENT,
					  FIELD_WORKSPACE,   FIELD_POLICY, FIELD_PROFILE,   FIELD_TOOLS,
					  FIELD_VERSION,     FIELD_UID,    FIELD_COMMAND,
					  FIELD_MODEL,	     FIELD_SCOPES, FIELD_AGENTS };
	size_t i;

	for (i = 0; i < count_of(all); i++)
		if (all[i] == f)
			return true;
	return false;
}

/* What is each record's own: an outcome's reason or time is not its intent's. */
static bool is_own(enum field f)
{
	return f == FIELD_N || f == FIELD_KIND || f == FIELD_TIME || f == FIELD_MONO || f == FIELD_BOOT ||
	       f == FIELD_RUN || f == FIELD_LEDGER || f == FIELD_INTENT;
}

const struct field_value *joined_value(const struct joined *j, enum field f)
{
	if (j->own->value[f].set)
		return &j->own->value[f];
	if (j->other && !is_own(f) && j->other->value[f].set)
		return &j->other->value[f];
	if (j->run && joined_is_of_run(f) && j->run->value[f].set)
		return &j->run->value[f];
	return &j->own->value[f];
}

void joined_put(struct buf *out, enum field f, const struct field_value *v, const char *between)
{
	const char *at = v->text, *end = v->text + v->size;
	enum field_type type = field_info(f)->type;

	if (type == FIELD_TYPE_NUMBER)
		buf_printf(out, "%" PRIu64, v->number);
	else if (type == FIELD_TYPE_TEXT)
		text_visible(out, v->text, v->size);
	for (; type == FIELD_TYPE_LIST && at < end; at += strlen(at) + 1) {
		text_visible(out, at, strlen(at));
		buf_puts(out, at + strlen(at) + 1 < end ? between : "");
	}
}

const char *time_seen(const struct record *r)
{
	static const char form[] = "0000-00-00T00:00:00.000000Z", none[] = "xxxx-xx-xxTxx:xx:xx.xxxxxxZ";
	const struct field_value *v = &r->value[FIELD_TIME];
	size_t i;

	for (i = 0; v->set && v->size == sizeof(form) - 1 && i < v->size; i++)
		if (form[i] == '0' ? v->text[i] < '0' || v->text[i] > '9' : v->text[i] != form[i])
			return none;
	return i ? v->text : none;
}

const char *joined_verdict(const struct joined *j)
{
	const struct record *r = j->own->kind == RECORD_OUTCOME && j->other ? j->other : j->own;

	return r->kind == RECORD_INTENT ? "allow" : r->kind == RECORD_REFUSAL ? "refuse" : r->kind == RECORD_HELD ? "review" : "";
}

/* Linear: each part at its first place. */
bool pattern_fits(const char *pattern, const char *text, size_t size)
{
	size_t part = strcspn(pattern, "*");
	const char *at = text, *found, *end = text + size;

	if (size < part || memcmp(text, pattern, part) != 0)
		return false;
	if (!pattern[part])
		return size == part;
	for (at += part; pattern[part]; at = found + part) {
		pattern += part + 1;
		part = strcspn(pattern, "*");
		if (!pattern[part]) /* the last part stands at the end */
			return (size_t)(end - at) >= part && memcmp(end - part, pattern, part) == 0;
		found = memmem(at, (size_t)(end - at), pattern, part);
		if (!found)
			return false;
	}
	return true;
}

static bool is_in_list(const char *pattern, const struct field_value *v)
{
	const char *at = v->text, *end = v->text + v->size;

	for (; at < end; at += strlen(at) + 1)
		if (pattern_fits(pattern, at, strlen(at)))
			return true;
	return false;
}

/* A tool as policies and answers write it, SERVER/TOOL: who asks in that form must not be told that there is none. */
static bool is_tool(const char *pattern, const struct joined *j)
{
	const struct field_value *server = joined_value(j, FIELD_SERVER), *tool = joined_value(j, FIELD_TOOL);
	char whole[RECORD_MOST];

	if (!server->set || !tool->set || server->size + 1 + tool->size > sizeof(whole))
		return false;
	memcpy(whole, server->text, server->size);
	whole[server->size] = '/';
	memcpy(whole + server->size + 1, tool->text, tool->size);
	return pattern_fits(pattern, whole, server->size + 1 + tool->size);
}

static bool term_holds(const struct term *t, const struct joined *j)
{
	const struct field_value *v = t->verdict ? NULL : joined_value(j, t->field);
	enum field_type type = t->verdict ? FIELD_TYPE_TEXT : field_info(t->field)->type;
	char number[24];

	if (t->verdict)
		return pattern_fits(t->pattern, joined_verdict(j), strlen(joined_verdict(j)));
	if (!v->set)
		return t->op == '=' && !*t->pattern; /* NAME=: it is not there */
	if (type == FIELD_TYPE_LIST)
		return is_in_list(t->pattern, v);
	if (type == FIELD_TYPE_TEXT)
		return pattern_fits(t->pattern, v->text, v->size) || (t->field == FIELD_TOOL && is_tool(t->pattern, j));
	if (t->op != '=')
		return t->op == '<' ? v->number < t->number : v->number > t->number;
	return pattern_fits(t->pattern, number, (size_t)snprintf(number, sizeof(number), "%llu", (unsigned long long)v->number));
}

static bool text_stands(const char *text, const struct joined *j)
{
	const struct joined alone = { .own = j->own, .other = j->other };
	const struct field_value *v;
	enum field f;

	for (f = 0; f < FIELDS; f++) {
		v = joined_value(&alone, f);
		if (v->set && field_info(f)->type != FIELD_TYPE_NUMBER && memmem(v->text, v->size, text, strlen(text)))
			return true;
	}
	return false;
}

/* Records write time in one form, so that its order is that of its bytes. */
static bool is_within(const struct question *q, const struct field_value *time)
{
	size_t size = strlen(q->from[0] ? q->from : q->to);

	if (size == 0)
		return true;
	if (!time->set || time->size != size)
		return false;
	return (!q->from[0] || memcmp(time->text, q->from, size) >= 0) &&
	       (!q->to[0] || memcmp(time->text, q->to, size) < 0);
}

bool question_may(const struct question *q, const struct record *own)
{
	if (!q->kinds && own->kind == RECORD_OUTCOME)
		return false; /* it comes with its call */
	return is_within(q, &own->value[FIELD_TIME]);
}

bool question_holds(const struct question *q, const struct joined *j)
{
	size_t i;

	if (j->frame->index < q->after || !question_may(q, j->own))
		return false;
	for (i = 0; i < q->count; i++)
		if (term_holds(&q->terms[i], j) == q->terms[i].not)
			return false;
	return !q->text || text_stands(q->text, j);
}

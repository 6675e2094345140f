/* What a ledger adds up to: how much was asked and refused, by what, how often the same, and which controls worked. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/ask.h"
#include "base/text.h"
#include "json/json.h"

enum { SLOTS = 1 << 16, KEY = 400, SHOWN = 10 };

/* Texts and how often each came. Bounded: what comes when it is full is counted together. */
struct tally {
	const char *title;
	struct counted {
		char *text;	/* owned; NULL: free */
		uint64_t count;
	} *slots;		/* owned */
	size_t used;
	uint64_t others;
};

enum tallies { BY_AGENT, BY_OWNER, BY_TOOL, BY_REFUSAL, BY_RULE, BY_GUARD, BY_CONTROL, BY_STATUS, REPEATED, TALLIES };

struct stats {
	struct tally of[TALLIES];
	uint64_t calls, refused, runs, records, us;
	char first[ASK_TIME], last[ASK_TIME];
};

static uint32_t hash(const char *text, size_t size)
{
	uint32_t h = 2166136261u;

	for (; size > 0; size--)
		h = (h ^ (uint8_t)*text++) * 16777619u;
	return h;
}

static int add(struct tally *t, const char *text, size_t size, struct err *e)
{
	size_t i = hash(text, size) & (SLOTS - 1);

	if (size == 0)
		return 0;
	while (t->slots[i].text && (strlen(t->slots[i].text) != size || memcmp(t->slots[i].text, text, size) != 0))
		i = (i + 1) & (SLOTS - 1);
	if (!t->slots[i].text && t->used >= SLOTS / 2) {
		t->others++;
		return 0;
	}
	if (!t->slots[i].text) {
		t->slots[i].text = strndup(text, size);
		if (!t->slots[i].text)
			return err_sys(e, "memory for counting");
		t->used++;
	}
	t->slots[i].count++;
	return 0;
}

static int add_field(struct tally *t, const struct joined *j, enum field f, struct err *e)
{
	const struct field_value *v = joined_value(j, f);
	const char *at = v->text, *end = v->text + v->size;

	if (!v->set)
		return 0;
	if (field_info(f)->type != FIELD_TYPE_LIST)
		return add(t, v->text, v->size, e);
	for (; at < end; at += strlen(at) + 1)
		if (add(t, at, strlen(at), e) < 0)
			return -1;
	return 0;
}

/* "SERVER/TOOL", or what else was asked. */
static size_t what_of(char out[KEY], const struct joined *j)
{
	const struct field_value *server = joined_value(j, FIELD_SERVER), *tool = joined_value(j, FIELD_TOOL),
				 *action = joined_value(j, FIELD_ACTION);
	int size;

	if (server->set && tool->set)
		size = snprintf(out, KEY, "%.*s/%.*s", (int)server->size, server->text, (int)tool->size, tool->text);
	else
		size = snprintf(out, KEY, "%.*s", action->set ? (int)action->size : 0, action->set ? action->text : "");
	return size < 0 ? 0 : size < KEY ? (size_t)size : KEY - 1;
}

static int add_refusal(struct stats *s, const struct joined *j, const char *what, struct err *e)
{
	const struct field_value *resource = joined_value(j, FIELD_RESOURCE), *agent = joined_value(j, FIELD_AGENT);
	char key[KEY];
	int size;

	s->refused++;
	size = snprintf(key, sizeof(key), "%.*s: %s %.*s", agent->set ? (int)agent->size : 0, agent->set ? agent->text : "",
			what, resource->set ? (int)resource->size : 0, resource->set ? resource->text : "");
	if (add(&s->of[REPEATED], key, size < KEY ? (size_t)size : KEY - 1, e) < 0)
		return -1;
	return add_field(&s->of[BY_REFUSAL], j, FIELD_REASON, e) < 0 || add_field(&s->of[BY_GUARD], j, FIELD_GUARD, e) < 0 ? -1 : 0;
}

static int take_record(void *of, const struct joined *j, struct err *e)
{
	struct stats *s = of;
	const struct field_value *time = &j->own->value[FIELD_TIME];
	char what[KEY];
	size_t size;

	s->records++;
	if (time->set && time->size < ASK_TIME) {
		memcpy(s->last, time->text, time->size);
		if (!s->first[0])
			memcpy(s->first, time->text, time->size);
	}
	s->runs += j->own->kind == RECORD_RUN;
	if (!joined_verdict(j)[0])
		return 0;
	s->calls++;
	size = what_of(what, j);
	if (add_field(&s->of[BY_AGENT], j, FIELD_AGENT, e) < 0 || add_field(&s->of[BY_OWNER], j, FIELD_OWNER, e) < 0 ||
	    add(&s->of[BY_TOOL], what, size, e) < 0 || add_field(&s->of[BY_RULE], j, FIELD_RULE, e) < 0 ||
	    add_field(&s->of[BY_CONTROL], j, FIELD_CONTROLS, e) < 0 || add_field(&s->of[BY_STATUS], j, FIELD_STATUS, e) < 0)
		return -1;
	return j->own->kind == RECORD_REFUSAL ? add_refusal(s, j, what, e) : 0;
}

static int by_count(const void *a, const void *b)
{
	const struct counted *one = a, *other = b;

	if (one->count != other->count)
		return one->count < other->count ? 1 : -1;
	if (!one->text || !other->text)
		return one->text ? -1 : other->text ? 1 : 0;
	return strcmp(one->text, other->text);
}

static void tell_tally(struct buf *out, const struct tally *t, uint64_t least)
{
	char count[32];
	size_t i, shown = 0;

	for (i = 0; i < SLOTS && t->slots[i].text && t->slots[i].count >= least && shown < SHOWN; i++, shown++) {
		count_text(count, t->slots[i].count);
		if (shown == 0)
			buf_printf(out, "\n%s\n", t->title);
		buf_printf(out, "  %10s  ", count);
		text_visible(out, t->slots[i].text, text_cut(t->slots[i].text, strlen(t->slots[i].text), 64));
		buf_puts(out, "\n");
	}
	if (shown == SHOWN && t->used > SHOWN)
		buf_printf(out, "              and %zu more\n", t->used - SHOWN);
}

static void tell(const struct stats *s, const char *how)
{
	scoped(buf) struct buf out = BUF(1 << 20);
	size_t i;

	buf_printf(&out, "calls %" PRIu64 ", refused %" PRIu64 ", runs %" PRIu64 "\nfrom  %s\nto    %s\n", s->calls,
		   s->refused, s->runs, s->first[0] ? s->first : "-", s->last[0] ? s->last : "-");
	for (i = 0; i < TALLIES; i++)
		tell_tally(&out, &s->of[i], i == REPEATED ? 2 : 1);
	fwrite(out.data, 1, out.size, stdout);
	fprintf(stderr, "reeve-audit: %s\n", how);
}

static int tell_json(const struct stats *s, struct err *e)
{
	scoped(json) json_t *all = json_pack("{s:I, s:I, s:I, s:s, s:s}", "calls", (json_int_t)s->calls, "refused",
					     (json_int_t)s->refused, "runs", (json_int_t)s->runs, "from", s->first, "to", s->last);
	scoped(buf) struct buf out = BUF(64 << 20);
	size_t i, n;

	for (i = 0; i < TALLIES; i++) {
		json_t *one = json_object();

		for (n = 0; n < SLOTS && s->of[i].slots[n].text; n++)
			json_object_set_new(one, s->of[i].slots[n].text, json_integer((json_int_t)s->of[i].slots[n].count));
		json_object_set_new(all, s->of[i].title, one);
	}
	if (!json_write(&out, all))
		return err_set(e, ERR_LIMIT, "too much to count: narrow it by --where, --from and --to");
	printf("%.*s\n", (int)out.size, out.data);
	return 0;
}

static int begin(struct stats *s, struct err *e)
{
	static const char *const titles[TALLIES] = {
		[BY_AGENT] = "agent",	[BY_OWNER] = "accountable", [BY_TOOL] = "tool",	      [BY_REFUSAL] = "refused because",
		[BY_RULE] = "rule",	[BY_GUARD] = "guard",	    [BY_CONTROL] = "control", [BY_STATUS] = "status",
		[REPEATED] = "refused again and again",
	};
	size_t i;

	for (i = 0; i < TALLIES; i++) {
		s->of[i].title = titles[i];
		s->of[i].slots = calloc(SLOTS, sizeof(*s->of[i].slots));
		if (!s->of[i].slots)
			return err_sys(e, "memory for counting");
	}
	return 0;
}

static void end(struct stats *s)
{
	size_t i, n;

	for (i = 0; i < TALLIES; i++) {
		for (n = 0; s->of[i].slots && n < SLOTS; n++)
			free(s->of[i].slots[n].text);
		free(s->of[i].slots);
	}
}

static int count(struct stats *s, const char *ledger, const struct options *o, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	struct question q;
	char how[512];
	int status;
	size_t i;

	if (question_read(&q, o, e) < 0)
		return EXIT_USAGE;
	status = asked_begin(&a, how, ledger, o, e);
	if (status != 0)
		return status;
	if (begin(s, e) < 0 || asked_each(a, &q, take_record, s, e) < 0)
		return -1;
	for (i = 0; i < TALLIES; i++)
		qsort(s->of[i].slots, SLOTS, sizeof(*s->of[i].slots), by_count);
	if (o->json)
		return tell_json(s, e);
	tell(s, how);
	return 0;
}

int cmd_stats(const char *ledger, const struct options *o, struct err *e)
{
	struct stats s = { .calls = 0 };
	int status = count(&s, ledger, o, e);

	end(&s);
	return status;
}

/*
 * An alert is recorded, and when that is durable the launcher is told: a sentence for a log, and the record as a JSON
 * text for the operator's hook, which is passed on and not read there, because an agent's words are in it. Visible
 * text only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "broker/broker.h"

enum { TOLD_MOST = 8192 };

struct telling {
	struct broker *broker;
	json_t *told;		/* owned; NULL: the record is all */
	char what[400];
};

void judged(struct broker *b, const struct action *a, const struct verdict *v)
{
	uint64_t now = clock_mono_ns();

	runtime_judged(b->runtime, a, v->kind, now);
	alerts_judged(b->alerts, a, v, now);
}

static int send(struct telling *t, uint64_t index, struct err *e)
{
	scoped(buf) struct buf line = BUF(TOLD_MOST);
	uint8_t body[TOLD_MOST + 1024];
	struct pack p = { .at = body, .room = sizeof(body) };

	json_object_set_new(t->told, "n", json_integer((json_int_t)index));
	if (!json_write(&line, t->told) || !buf_puts(&line, "\n"))
		return err_set(e, ERR_LIMIT, "an alert is too long to be told of");
	pack_number(&p, index, 8);
	pack_text(&p, t->what, strlen(t->what));
	pack_text(&p, line.data, line.size);
	must(!p.over);
	return wire_send(&t->broker->launcher, MSG_ALERT, 0, body, p.size, NULL, 0, e) < 0 ? err_in(e, "launcher") : 0;
}

static int proved(void *telling, struct receipt *proof, struct err *e)
{
	struct telling *t = telling;
	int done = t->told ? send(t, receipt_index(proof), e) : 0;

	receipt_free(proof);
	json_decref(t->told);
	free(t);
	return done;
}

static void set_visible(json_t *to, const char *member, const char *text)
{
	scoped(buf) struct buf seen = BUF(8192);

	if (text && text_visible(&seen, text, strnlen(text, 400)))
		json_object_set_new(to, member, json_stringn(seen.data, text_cut(seen.data, seen.size, 600)));
}

static void describe(struct telling *t, const struct alert_told *a, const char *why)
{
	const struct broker *b = t->broker;
	const struct {
		const char *member, *text;
	} texts[] = { { "alert", a->alert->name }, { "why", why }, { "agent", b->about.party[PARTY_AGENT] },
		      { "owner", b->about.party[PARTY_OWNER] }, { "tenant", b->about.party[PARTY_TENANT] },
		      { "action", action_word(a->kind) }, { "server", a->server }, { "tool", a->tool },
		      { "category", a->category }, { "class", a->class }, { "rule", a->rule }, { "guard", a->guard },
		      { "reason", reason_word(a->reason) } };
	size_t i;

	t->told = json_pack("{s:s, s:I, s:I, s:s}", "event", "alert", "run", (json_int_t)b->run, "count",
			    (json_int_t)a->count, "condition", alert_word(a->alert->kind));
	for (i = 0; t->told && i < count_of(texts); i++)
		set_visible(t->told, texts[i].member, texts[i].text);
	if (t->told && a->alert->within_ns)
		json_object_set_new(t->told, "within", json_integer((json_int_t)(a->alert->within_ns / 1000000000)));
	snprintf(t->what, sizeof(t->what), "%s: %s", a->alert->name, why);
}

static int raise_one(struct broker *b, const struct alert_told *a, struct err *e)
{
	struct telling *t = calloc(1, sizeof(*t));
	scoped(buf) struct buf why = BUF(1024);

	if (!t)
		return err_sys(e, "memory for an alert");
	t->broker = b;
	alert_say(&why, a->alert, a->count, a->doubted);
	if (!a->record_alone && buf_text(&why))
		describe(t, a, why.data);
	return commit_alert(&b->commits, a, (struct commit_then){ proved, t }, e);
}

int alert_tell(struct broker *b, struct err *e)
{
	struct alert_told told;

	while (alerts_next(&told, b->alerts, clock_mono_ns(), b->ending))
		if (raise_one(b, &told, e) < 0)
			return -1;
	return 0;
}

uint64_t alert_deadline(const struct broker *b)
{
	return alerts_deadline(b->alerts);
}

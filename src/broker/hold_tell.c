/*
 * What is told of a held call while it waits: to the operator's hook by way of the launcher, each time somebody else
 * is asked; to an agent that wants to hear of progress, so that its client does not give up. Visible text only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "broker/hold.h"

enum { HOLDING_MOST = 8192 };

static const uint64_t SECOND = 1000000000;

void hold_until(char out[32], const struct hold *h)
{
	clock_stamp(out, h->expires_us - h->expires_us % 1000000);
	memmove(strchr(out, '.'), "Z", 2);
}

static bool is_in(const struct buf *list, const char *name, size_t size)
{
	size_t at;

	for (at = 0; list->data && at + size <= list->size; at++)
		if (memcmp(list->data + at, name, size) == 0 && (at == 0 || list->data[at - 1] == ' ') &&
		    (at + size == list->size || list->data[at + size] == ','))
			return true;
	return false;
}

static void add_names(struct buf *out, const char *at)
{
	size_t size;

	for (; *at; at += size) {
		at += *at == ' ';
		size = strcspn(at, " ");
		if (is_in(out, at, size))
			continue;
		buf_puts(out, out->size ? ", " : "");
		buf_add(out, at, size);
	}
}

/* "alice, bob" */
static bool asked_now(struct buf *out, const struct hold *h, uint64_t now_ns)
{
	uint64_t gone_ns = now_ns > h->began_ns ? now_ns - h->began_ns : 0;
	const char *item;
	struct asked_item a;

	for (item = h->key.data + h->asked; item < h->key.data + h->key.size; item += strlen(item) + 1) {
		must(asked_item_read(&a, item));
		if (a.after_s * SECOND <= gone_ns)
			add_names(out, a.names);
	}
	return !out->over;
}

static uint64_t next_step(const struct hold *h, uint64_t now_ns)
{
	uint64_t at, soonest = UINT64_MAX;
	const char *item;
	struct asked_item a;

	for (item = h->key.data + h->asked; item < h->key.data + h->key.size; item += strlen(item) + 1) {
		must(asked_item_read(&a, item));
		at = h->began_ns + a.after_s * SECOND;
		if (at > now_ns && at < soonest)
			soonest = at;
	}
	return soonest;
}

static void set_visible(json_t *to, const char *member, const char *text)
{
	scoped(buf) struct buf seen = BUF(8192);

	if (text && text_visible(&seen, text, strnlen(text, 400)))
		json_object_set_new(to, member, json_stringn(seen.data, text_cut(seen.data, seen.size, 600)));
}

/* All but what changes from time to time. */
int hold_describe(struct hold *h, const struct call *c, struct err *e)
{
	const struct action *a = &c->action;
	const struct {
		const char *member, *text;
	} texts[] = { { "agent", c->broker->about.party[PARTY_AGENT] }, { "owner", c->broker->about.party[PARTY_OWNER] },
		      { "tenant", c->broker->about.party[PARTY_TENANT] }, { "action", action_word(a->kind) },
		      { "server", a->server }, { "tool", a->tool }, { "class", a->class }, { "category", a->category },
		      { "resource", c->about.resource }, { "why", c->verdict.why }, { "rule", c->verdict.rule } };
	scoped(buf) struct buf tool = BUF(4096);
	size_t i;

	h->told = json_pack("{s:s, s:I}", "event", "held", "run", (json_int_t)c->broker->run);
	if (!h->told || !text_visible(&tool, a->tool, strnlen(a->tool, 160)))
		return err_set(e, ERR_SYSTEM, "memory for a held call");
	for (i = 0; i < count_of(texts); i++)
		set_visible(h->told, texts[i].member, texts[i].text);
	if (a->risk)
		json_object_set_new(h->told, "risk", json_integer((json_int_t)a->risk->total));
	snprintf(h->what, sizeof(h->what), "%s/%.*s", a->server, (int)text_cut(tool.data, tool.size, 160), tool.data);
	return 0;
}

static json_t *as_list(const char *names)
{
	json_t *list = json_array();
	size_t size;

	for (; *names; names += size) {
		names += strspn(names, ", ");
		size = strcspn(names, ",");
		json_array_append_new(list, json_stringn(names, size));
	}
	return list;
}

static void set_now(struct hold *h, const char *asked, const char *until)
{
	json_object_set_new(h->told, "held", json_integer((json_int_t)h->index));
	json_object_set_new(h->told, "expires", json_string(until));
	json_object_set_new(h->told, "asked", as_list(asked));
	json_object_set_new(h->told, "show", json_sprintf("reeve review show %" PRIu64, h->index));
}

int hold_tell(struct broker *b, struct hold *h, struct err *e)
{
	scoped(buf) struct buf asked = BUF(2ul * HOLD_ASKED), line = BUF(HOLDING_MOST), text = BUF(HOLDING_MOST);
	uint64_t now = clock_mono_ns();
	uint8_t body[HOLDING_MOST];
	struct pack p = { .at = body, .room = sizeof(body) };
	char until[32];

	hold_until(until, h);
	h->next_ns = next_step(h, now);
	if (!asked_now(&asked, h, now) || !buf_text(&asked) || asked.size == 0)
		return 0; /* nobody is asked yet */
	set_now(h, asked.data, until);
	buf_printf(&text, "%s waits for %.200s until %s", h->what, asked.data, until);
	if (!json_write(&line, h->told) || !buf_puts(&line, "\n") || !buf_text(&text))
		return err_set(e, ERR_LIMIT, "a held call is too long to be told of");
	pack_number(&p, h->index, 8);
	pack_text(&p, text.data, text.size);
	pack_text(&p, line.data, line.size);
	must(!p.over);
	return wire_send(&b->launcher, MSG_HOLDING, 0, body, p.size, NULL, 0, e) < 0 ? err_in(e, "launcher") : 0;
}

/* Far below what a tool server counts in, so that its own progress comes after. */
void hold_progress(struct call *c, uint64_t now_ns)
{
	scoped(buf) struct buf asked = BUF(2ul * HOLD_ASKED);
	scoped(json) json_t *params = NULL;
	char until[32];

	c->told_ns = now_ns;
	if (!c->token || !c->session || c->silent || !asked_now(&asked, c->hold, now_ns) || !buf_text(&asked))
		return;
	hold_until(until, c->hold);
	c->progress += 1e-6;
	c->progressed = c->waits_told = true;
	params = json_pack("{s:O, s:f, s:o}", "progressToken", c->token, "progress", c->progress, "message",
			   json_sprintf("held for review (%" PRIu64 ") by %.300s until %s", c->hold->index, asked.data, until));
	if (params)
		session_tell(c->session, "notifications/progress", params);
}

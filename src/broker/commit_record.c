/* What a record says of what was asked and of the verdict: reeve-ledger(5). */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "broker/commit.h"
#include "json/json.h"

/* Control characters cost six bytes each once a record is JSON: made visible, they cost five for
 * four. */
void record_visible(struct record *r, enum field f, struct buf *room, const char *text)
{
	size_t from = room->size;

	if (text && text_visible(room, text, strnlen(text, 600)))
		record_bytes(r, f, room->data + from, room->size - from);
}

/* "action allow file:id" for each layer that says something: reeve-ledger(5). */
static void set_layers(struct record *r, struct buf *room, const struct verdict *v)
{
	size_t from = room->size;
	int i;

	for (i = 0; i < POLICY_LAYERS; i++) {
		const struct layer_said *said = &v->layers[i];

		if (said->word == SAID_NOTHING)
			continue;
		buf_printf(room, "%s %s%s%s", layer_word((enum policy_layer)i), said_word(said->word),
			   said->by ? " " : "", said->by ? said->by : "");
		buf_add(room, "", 1);
	}
	if (room->size > from)
		record_list(r, FIELD_LAYERS_SAID, room->data + from, room->size - from);
}

static bool holds_item(const struct buf *room, size_t from, const char *item)
{
	for (; from < room->size; from += strlen(room->data + from) + 1)
		if (strcmp(room->data + from, item) == 0)
			return true;
	return false;
}

static void add_items(struct buf *room, size_t from, const json_t *list)
{
	const char *item;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		item = json_string_value(json_array_get(list, i));
		if (!holds_item(room, from, item))
			buf_add(room, item, strlen(item) + 1);
	}
}

/* What a layer says at least that had a part in this: what waits for a person, and what one did not want, hangs on
 * the rules that ask for one. */
static enum said part_in(const struct verdict *v)
{
	bool by_person = v->kind == VERDICT_REVIEW || v->reason == REASON_REVIEW || v->reason == REASON_DENIED ||
			 v->reason == REASON_EXPIRED || v->reason == REASON_NO_REVIEWER;

	return by_person ? SAID_REVIEW : v->kind == VERDICT_ALLOW ? SAID_ALLOW : SAID_UNDECIDABLE;
}

/* Those of the tool, and of every rule that says what was decided, each once. */
static void set_controls(struct record *r, struct buf *room, const struct action *a, const struct verdict *v)
{
	enum said decided = part_in(v);
	size_t from = room->size;
	int i;

	add_items(room, from, a->controls);
	for (i = 0; i < POLICY_LAYERS; i++)
		if (v->layers[i].word >= decided)
			add_items(room, from, v->layers[i].controls);
	if (room->size > from)
		record_list(r, FIELD_CONTROLS, room->data + from, room->size - from);
}

/* "private 12": of the rules that say what was decided, what made them hold. */
static void set_tainted(struct record *r, struct buf *room, const struct action *a, const struct verdict *v)
{
	enum said decided = part_in(v);
	size_t from = room->size;
	unsigned asked = 0;
	int i;

	for (i = 0; i < POLICY_LAYERS; i++)
		asked |= v->layers[i].word >= decided ? v->layers[i].taints : 0;
	for (i = 0; a->runtime && i < TAINTS; i++) {
		if (!(asked >> i & 1) || !a->runtime->taint_by[i])
			continue;
		buf_printf(room, "%s %llu", taint_word(1U << i), (unsigned long long)a->runtime->taint_by[i]);
		buf_add(room, "", 1);
	}
	if (room->size > from)
		record_list(r, FIELD_TAINTED_BY, room->data + from, room->size - from);
}

static void set_flow(struct record *r, struct buf *room, const struct action *a)
{
	size_t from = room->size;
	unsigned bit;

	for (bit = 1; flow_word(bit); bit <<= 1)
		if (a->flow & bit)
			buf_add(room, flow_word(bit), strlen(flow_word(bit)) + 1);
	if (room->size > from)
		record_list(r, FIELD_FLOW, room->data + from, room->size - from);
}

/* What the catalogue knows of it. */
static void set_words(struct record *r, struct buf *room, const struct action *a)
{
	record_text(r, FIELD_CATEGORY, a->category);
	record_text(r, FIELD_CLASS, a->class);
	set_flow(r, room, a);
	record_text(r, FIELD_PIN, a->pin);
	record_text(r, FIELD_RETENTION, a->retention);
}

/* What a program asked the network for: its words, so they are made visible. */
static void set_net(struct record *r, struct buf *room, const struct commit_net *n)
{
	record_visible(r, FIELD_HOST, room, n->host);
	record_visible(r, FIELD_METHOD, room, n->method);
	record_visible(r, FIELD_PATH, room, n->path);
	if (n->port)
		record_number(r, FIELD_PORT, n->port);
	record_text(r, FIELD_SCHEME, n->scheme);
	record_text(r, FIELD_WAY, n->way);
}

/* "class 2", each part of it, and what they come to. */
static void set_risk(struct record *r, struct buf *room, const struct risk *risk)
{
	size_t from = room->size;
	int i;

	for (i = 0; i < RISK_PARTS; i++) {
		buf_printf(room, "%s %u", risk_word((enum risk_part)i), risk->part[i]);
		buf_add(room, "", 1);
	}
	buf_printf(room, "total %u", risk->total);
	buf_add(room, "", 1);
	record_list(r, FIELD_RISK, room->data + from, room->size - from);
}

/* Each cut to its share: who says much of one takes nothing from another. */
static void set_claims(struct record *r, struct buf *room, const struct action *a)
{
	size_t from = room->size, start, left;
	int i;

	for (i = 0; i < CLAIMS; i++) {
		if (!a->claims[i])
			continue;
		start = room->size;
		buf_printf(room, "%s ", claim_word((enum claim)i));
		left = CLAIM_SHOWN - (room->size - start);
		if (!text_visible(room, a->claims[i], text_cut(a->claims[i], strlen(a->claims[i]), left)))
			return;
		if (room->size - start > CLAIM_SHOWN)
			room->size = start + text_cut(room->data + start, room->size - start, CLAIM_SHOWN);
		buf_add(room, "", 1);
	}
	if (room->size > from)
		record_list(r, FIELD_CLAIMS, room->data + from, room->size - from);
}

void record_fill(struct record *r, struct buf *room, const struct action *a, const struct verdict *v,
		 const struct commit_about *about)
{
	record_text(r, FIELD_ACTION, action_word(a->kind));
	set_words(r, room, a);
	set_claims(r, room, a);
	set_controls(r, room, a, v);
	if (about->count)
		record_number(r, FIELD_COUNT, about->count);
	record_text(r, FIELD_DIGEST, about->digest);
	set_layers(r, room, v);
	if (about->net)
		set_net(r, room, about->net);
	set_tainted(r, room, a, v);
	record_text(r, FIELD_REASON, reason_word(v->reason));
	record_visible(r, FIELD_REQUEST, room, about->request);
	record_visible(r, FIELD_RESOURCE, room, about->resource);
	if (a->risk)
		set_risk(r, room, a->risk);
	record_text(r, FIELD_RULE, v->rule);
	record_text(r, FIELD_GUARD, v->guard);
	record_visible(r, FIELD_SERVER, room, a->server);
	if (about->size)
		record_number(r, FIELD_SIZE, about->size);
	record_visible(r, FIELD_TOOL, room, a->tool);
	record_text(r, FIELD_WHY, v->why);
}

/* What was held, who said what of it, and who an agent is: the lines of the kinds that people have a part in. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/show.h"

enum { WHY_COLUMNS = 54 };

static bool says(const struct record *r, enum field f, const char *word)
{
	return r->value[f].set && r->value[f].size == strlen(word) && memcmp(r->value[f].text, word, strlen(word)) == 0;
}

/* A line of its own under the record's. */
static void put_line(struct show *s, const struct record *r, enum field f, const char *before)
{
	if (!r->value[f].set)
		return;
	put_indent(s);
	buf_puts(&s->line, before);
	put(s, r, f, WHY_COLUMNS - strlen(before));
	buf_puts(&s->line, "\n");
}

/* "1 2 0 alice bob": "2 of alice bob"; its later steps: "from 900 s cfo". */
static void put_step(struct show *s, const char *item)
{
	struct record names = { 0 };
	struct asked_item a = { .names = item };

	put_indent(s);
	if (asked_item_read(&a, item) && a.after_s)
		buf_printf(&s->line, "from %u s also ", a.after_s);
	else if (a.names != item)
		buf_printf(&s->line, "%u of ", a.count);
	record_text(&names, FIELD_WHY, a.names);
	put(s, &names, FIELD_WHY, WHY_COLUMNS - 20);
	buf_puts(&s->line, "\n");
}

void show_held(struct show *s, const struct record *r)
{
	const struct field_value *asked = &r->value[FIELD_ASKED_OF];
	size_t at;

	put_clock(s, r);
	put_word(s, YELLOW, "held");
	put_call(s, r);
	put_because(s, r);
	put_layers(s, r);
	put_line(s, r, FIELD_WHY, "");
	for (at = 0; asked->set && at < asked->size; at += strlen(asked->text + at) + 1)
		put_step(s, asked->text + at);
	if (r->value[FIELD_EXPIRES].set && r->value[FIELD_EXPIRES].size >= 19) {
		put_indent(s);
		buf_printf(&s->line, "until %.10s %.8s UTC\n", r->value[FIELD_EXPIRES].text, r->value[FIELD_EXPIRES].text + 11);
	}
}

void show_decision(struct show *s, const struct record *r)
{
	static const struct {
		const char *word, *shown;
		enum paint paint;
	} words[] = {
		{ "approve", "approve", GREEN }, { "deny", "deny", RED }, { "expire", "expire", YELLOW }, { "withdraw", "taken", YELLOW },
	};
	size_t i;

	for (i = 0; i + 1 < count_of(words) && !says(r, FIELD_DECISION, words[i].word); i++)
		;
	put_clock(s, r);
	put_word(s, words[i].paint, words[i].shown);
	buf_printf(&s->line, "%" PRIu64 "%s", r->ref, r->value[FIELD_REVIEWER].set ? "  by " : "");
	put(s, r, FIELD_REVIEWER, 40);
	buf_puts(&s->line, "\n");
	put_line(s, r, FIELD_WHY, "");
	put_line(s, r, FIELD_SIGNER, "key ");
}

void show_policy(struct show *s, const struct record *r)
{
	bool stays = says(r, FIELD_STATUS, "failed");

	put_clock(s, r);
	put_word(s, stays ? RED : BOLD, "policy");
	put(s, r, FIELD_POLICY, 15);
	buf_puts(&s->line, stays ? "  stays in force\n" : "  is in force\n");
	put_line(s, r, FIELD_WHY, "");
}

void show_agent(struct show *s, const struct record *r)
{
	put_clock(s, r);
	put_word(s, BOLD, "agent");
	put(s, r, FIELD_AGENT, 40);
	buf_puts(&s->line, r->value[FIELD_OWNER].set ? "  for " : "");
	put(s, r, FIELD_OWNER, 40);
	if (r->value[FIELD_FORMER].set)
		buf_printf(&s->line, "  changed, was %" PRIu64, r->value[FIELD_FORMER].number);
	buf_puts(&s->line, "\n");
}

void show_access(struct show *s, const struct record *r)
{
	put_clock(s, r);
	put_word(s, YELLOW, r->value[FIELD_ACTION].set ? "taken" : "shown");
	buf_puts(&s->line, r->value[FIELD_ACTION].set ? "records, by " : "payloads of ");
	put(s, r, r->value[FIELD_ACTION].set ? FIELD_ACTION : FIELD_VAULT, 64);
	if (r->value[FIELD_UID].set)
		buf_printf(&s->line, "  by uid %" PRIu64, r->value[FIELD_UID].number);
	buf_puts(&s->line, "\n");
	put_line(s, r, FIELD_WHY, "");
}

void show_purge(struct show *s, const struct record *r)
{
	put_clock(s, r);
	put_word(s, YELLOW, "purge");
	put(s, r, FIELD_STATUS, 32);
	buf_puts(&s->line, " ");
	put(s, r, FIELD_VAULT, 64);
	if (r->value[FIELD_COUNT].set)
		buf_printf(&s->line, ", %" PRIu64 " days", r->value[FIELD_COUNT].number);
	buf_puts(&s->line, "\n");
	put_line(s, r, FIELD_WHY, "");
}

void show_epoch(struct show *s, const struct record *r)
{
	put_clock(s, r);
	put_word(s, r->value[FIELD_REVOKED].set ? YELLOW : PLAIN, "epoch");
	buf_printf(&s->line, "%" PRIu64 " begins", r->value[FIELD_EPOCH].number);
	if (r->value[FIELD_REVOKED].set)
		buf_printf(&s->line, "; epoch %" PRIu64 " is revoked: its records from %" PRIu64 " on are not believed",
			   r->value[FIELD_REVOKED].number, r->value[FIELD_SINCE].number);
	buf_puts(&s->line, "\n");
	put_line(s, r, FIELD_WHY, "");
}

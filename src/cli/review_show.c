/* One held call as a page: what is asked, by whom, why a person is asked, and the exact payload. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/review.h"

/* "2026-11-21T16:40:01.123456Z" to people: without the fraction. */
static void when(char out[40], const char *stamp)
{
	snprintf(out, 40, "%.10s %.8s UTC", stamp, strlen(stamp) > 11 ? stamp + 11 : "");
}

static void add_field(struct buf *out, const struct held *h, const char *before, enum field f, const char *after)
{
	if (*held_text(h, f))
		buf_printf(out, "%s%s%s", out->size ? before : "", held_text(h, f), after);
}

static void row_of(struct page *p, enum page_kind kind, const char *label, struct buf *text)
{
	page_row(p, kind, label, buf_text(text) ? buf_text(text) : "");
	text->size = 0;
}

static void add_list(struct buf *out, const struct held *h, enum field f, const char *between)
{
	const char *item;
	size_t at = 0;

	while ((item = list_next(&h->told.record.value[f], &at)))
		buf_printf(out, "%s%s", out->size ? between : "", item);
}

static void put_asker(struct page *p, const struct held *h)
{
	scoped(buf) struct buf line = BUF(4096);
	char time[40];

	buf_printf(&line, "agent %s", *held_text(h, FIELD_AGENT) ? held_text(h, FIELD_AGENT) : "unknown");
	add_field(&line, h, ", for ", FIELD_OWNER, "");
	if (h->told.record.value[FIELD_RUN].set)
		buf_printf(&line, ", in run %" PRIu64, h->told.record.value[FIELD_RUN].number);
	when(time, held_text(h, FIELD_TIME));
	buf_printf(&line, ", at %s", time);
	row_of(p, PAGE_OURS, "asked by", &line);
}

static void put_what(struct page *p, const struct held *h)
{
	scoped(buf) struct buf line = BUF(4096);

	buf_printf(&line, "%s/%s", held_text(h, FIELD_SERVER), held_text(h, FIELD_TOOL));
	row_of(p, PAGE_THEIRS, *held_text(h, FIELD_ACTION) ? held_text(h, FIELD_ACTION) : "what", &line);
	page_row(p, PAGE_THEIRS, "about", held_text(h, FIELD_RESOURCE));
	add_field(&line, h, ", ", FIELD_CLASS, "");
	add_field(&line, h, ", ", FIELD_CATEGORY, "");
	add_list(&line, h, FIELD_FLOW, ", ");
	page_row(p, PAGE_OURS, "tool is", line.size && buf_text(&line) ? buf_text(&line) : "in no catalogue: nobody has said what it does");
}

static void put_list(struct page *p, const struct held *h, const char *label, enum field f)
{
	const char *item;
	size_t at = 0;

	for (; (item = list_next(&h->told.record.value[f], &at)); label = "")
		page_row(p, PAGE_OURS, label, item);
}

static void put_why(struct page *p, const struct held *h)
{
	scoped(buf) struct buf line = BUF(4096);

	buf_puts(&line, held_text(h, FIELD_RULE));
	if (*held_text(h, FIELD_WHY))
		buf_printf(&line, ": %s", held_text(h, FIELD_WHY));
	row_of(p, PAGE_OURS, "held by", &line);
	put_list(p, h, "policy", FIELD_LAYERS_SAID);
	add_list(&line, h, FIELD_RISK, ", ");
	row_of(p, PAGE_OURS, "risk", &line);
	add_list(&line, h, FIELD_CONTROLS, ", ");
	row_of(p, PAGE_OURS, "controls", &line);
}

/* "NEED COUNT SECONDS NAME NAME ..." to people. */
static void put_need(struct page *p, const char *label, const char *item, bool several)
{
	scoped(buf) struct buf line = BUF(4096);
	unsigned need = 0, count = 0, after = 0;
	char span[SPAN];
	int skip = 0;

	if (sscanf(item, "%u %u %u %n", &need, &count, &after, &skip) < 3 || skip == 0) {
		page_row(p, PAGE_OURS, label, item);
		return;
	}
	if (several)
		buf_printf(&line, "%u. ", need);
	if (after)
		buf_printf(&line, "or, from %s after it was asked,", span_text(span, after));
	else
		buf_printf(&line, "%u of", count);
	for (item += skip; *item; item += strcspn(item, " "), item += *item == ' ')
		buf_printf(&line, " %.*s%s", (int)strcspn(item, " "), item, strchr(item, ' ') ? "," : "");
	page_row(p, PAGE_OURS, label, buf_text(&line) ? buf_text(&line) : item);
}

static void put_needs(struct page *p, const struct held *h)
{
	const char *label = "needs", *item;
	bool several = false;
	size_t at = 0;

	while ((item = list_next(&h->told.record.value[FIELD_ASKED_OF], &at)))
		several = several || strncmp(item, "1 ", 2) != 0;
	at = 0;
	for (; (item = list_next(&h->told.record.value[FIELD_ASKED_OF], &at)); label = "")
		put_need(p, label, item, several);
}

static void put_decided(struct page *p, const struct held *h)
{
	scoped(buf) struct buf line = BUF(4096);
	const struct told *d;
	const char *label = "decided";
	char time[40];
	size_t i;

	for (i = 0; i < h->decided_count; i++, label = "") {
		d = &h->decided[i];
		when(time, told_text(d, FIELD_TIME));
		buf_printf(&line, "%s", told_text(d, FIELD_DECISION));
		if (*told_text(d, FIELD_REVIEWER))
			buf_printf(&line, " by %s", told_text(d, FIELD_REVIEWER));
		buf_printf(&line, ", %s", time);
		if (*told_text(d, FIELD_WHY))
			buf_printf(&line, ": %s", told_text(d, FIELD_WHY));
		row_of(p, PAGE_OURS, label, &line);
	}
}

static void put_claims(struct page *p, const struct held *h)
{
	const char *item;
	size_t at = 0;

	if (h->told.record.value[FIELD_CLAIMS].size == 0 || !h->told.record.value[FIELD_CLAIMS].set)
		return;
	page_say(p, PAGE_OURS, "%s", "");
	page_say(p, PAGE_HEAD, "The agent claims, and nobody has checked");
	while ((item = list_next(&h->told.record.value[FIELD_CLAIMS], &at)))
		page_add(p, PAGE_THEIRS, "  > ", "  . ", item, strlen(item));
}

static void put_head(struct page *p, const struct shown *s)
{
	const struct held *h = s->held;
	char span[SPAN], line[160];

	snprintf(line, sizeof(line), "Held call %" PRIu64 " of tenant %.63s: %s", h->index, s->tenant, hold_word(h->state));
	if (held_is_open(h))
		snprintf(line + strlen(line), sizeof(line) - strlen(line), ", %s left", span_text(span, held_left(h)));
	page_say(p, PAGE_HEAD, "%s", line);
	page_say(p, PAGE_OURS, "%s", "");
}

static void put_payload(struct page *p, const struct shown *s)
{
	page_say(p, PAGE_OURS, "%s", "");
	if (!s->fits) {
		page_say(p, PAGE_WARNS, "What the recorder gives out is not what was held: its digest differs. "
					"Nothing can be decided on it.");
		return;
	}
	page_say(p, PAGE_HEAD, "What would be done: %zu bytes, and no others", s->size);
	show_warnings(p, s->payload, s->size);
	show_payload(p, s->payload, s->size, s->all);
	page_say(p, PAGE_OURS, "%s", "");
	page_say(p, PAGE_OURS, "  digest %s", held_text(s->held, FIELD_DIGEST));
	page_say(p, PAGE_OURS, "  policy %s", held_text(s->held, FIELD_POLICY));
}

void show_held(struct page *p, const struct shown *s)
{
	const struct held *h = s->held;
	char time[40];

	put_head(p, s);
	put_what(p, h);
	put_asker(p, h);
	put_why(p, h);
	put_needs(p, h);
	put_decided(p, h);
	when(time, held_text(h, FIELD_EXPIRES));
	page_row(p, PAGE_OURS, "until", time);
	put_claims(p, h);
	if (s->payload)
		put_payload(p, s);
}

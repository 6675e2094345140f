/*
 * tests/tools/events.c - an event of OCSF for every kind of record there is, with all members it could have and with
 * as few as may be, for a checker to look at.
 */
#include <stdio.h>
#include <string.h>

#include "audit/ocsf.h"

static const char *const odd[] = { "plain", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "a\"b\\c/d", "tab\tline\n\x01\x1f\x7f", "" };

static void fill(struct record *r, size_t variant)
{
	static const char items[] = "one\0t\xc3\xa9o\0\"three\"";
	const char *text = odd[variant % (sizeof(odd) / sizeof(odd[0]))];
	int f;

	for (f = 0; f < FIELDS; f++) {
		if (r->value[f].set)
			continue;
		if (field_info((enum field)f)->type == FIELD_TYPE_NUMBER)
			record_number(r, (enum field)f, 40 + variant);
		else if (field_info((enum field)f)->type == FIELD_TYPE_LIST)
			record_list(r, (enum field)f, items, sizeof(items));
		else
			record_text(r, (enum field)f, text);
	}
}

/* As the recorder sets them. */
static void name(struct record *r, uint64_t n, uint64_t run, const char *action)
{
	record_text(r, FIELD_KIND, record_word(r->kind));
	record_text(r, FIELD_LEDGER, "reeve.local/default/0123456789abcdef");
	record_text(r, FIELD_TIME, "2026-11-21T20:03:40.010877Z");
	record_text(r, FIELD_BOOT, "e11c51d9-5616-405f-b771-ba3fe4cfade7");
	record_number(r, FIELD_N, n);
	record_number(r, FIELD_RUN, run);
	record_text(r, FIELD_ACTION, action);
}

static int print(const struct record *own, const struct record *run, const struct record *other, uint64_t n)
{
	char body[RECORD_MOST];
	struct frame f = { .kind = (uint16_t)own->kind, .index = n, .run = run ? 1 : 0, .ref = own->ref, .body = body };
	struct joined j = { .own = own, .run = run, .other = other, .frame = &f };
	struct buf line = BUF(1 << 20);
	bool done;

	f.size = entry_write(body, own);
	done = f.size > 0 && ocsf_put(&line, &j);
	if (done)
		fwrite(line.data, 1, line.size, stdout);
	else
		fprintf(stderr, "events: %s: no event\n", record_word(own->kind));
	buf_free(&line);
	return done ? 0 : 1;
}

/* As large as a record may be, and the fields that are set decide: all that fit in one are shared over several. */
static int print_kind(enum record_kind kind, uint64_t *n, const char *action)
{
	struct record run = { .kind = RECORD_RUN }, other = { .kind = RECORD_INTENT };
	size_t variant;
	int bad = 0;

	name(&run, 1, 1, NULL);
	record_text(&run, FIELD_OWNER, "ada");
	record_text(&run, FIELD_AGENT, "bot");
	record_number(&run, FIELD_UID, 1000);
	name(&other, 2, 1, action);
	record_text(&other, FIELD_TOOL, "send");
	for (variant = 0; variant < (strcmp(action, "tool.call") == 0 ? 6 : 2); variant++) {
		struct record own = { .kind = kind, .ref = 2 };

		name(&own, *n, 1, variant ? action : NULL);
		if (variant > 0)
			fill(&own, variant - 1);
		bad += print(&own, variant % 2 ? &run : NULL, kind == RECORD_OUTCOME ? &other : NULL, (*n)++);
	}
	return bad;
}

int main(void)
{
	static const char *const actions[] = { "tool.call", "server.start", "resource.read", "net.connect" };
	struct err e = { 0 };
	uint64_t n = 3;
	size_t a;
	int kind, bad = 0;

	if (seal_ready(&e) < 0)
		return 1;
	for (kind = 0; kind < RECORD_KINDS; kind++)
		for (a = 0; a < sizeof(actions) / sizeof(actions[0]); a++)
			bad += print_kind((enum record_kind)kind, &n, actions[a]);
	return bad != 0;
}

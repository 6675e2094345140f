/*
 * One call from its request to what came after it. What belongs together is said by the records themselves: an intent
 * names the held call it was approved as, a decision the call it is about, an outcome its intent. So the chain is found
 * from any of its links.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/ask.h"
#include "base/text.h"

enum { LINKS = 64, AFTER = 5 };

struct trace {
	uint64_t root;			/* where the chain begins: what was held, or the verdict itself */
	uint64_t intent, outcome, run;	/* 0: not seen yet */
	uint64_t links[LINKS];
	size_t count;
	uint64_t after[AFTER];		/* what the same run asked for next */
	size_t after_count;
	bool cut;			/* there are more links than are told */
};

struct line {
	const char *label;
	enum field field;
};

static const struct line lines[] = {
	{ "agent", FIELD_AGENT },	  { "accountable", FIELD_OWNER },   { "known by", FIELD_OWNER_BY },
	{ "model", FIELD_MODEL },	  { "scopes", FIELD_SCOPES },	    { "task", FIELD_TASK },
	{ "action", FIELD_ACTION },	  { "server", FIELD_SERVER },	    { "tool", FIELD_TOOL },
	{ "host", FIELD_HOST },		  { "port", FIELD_PORT },	    { "resource", FIELD_RESOURCE },
	{ "request", FIELD_REQUEST },	  { "class", FIELD_CLASS },	    { "category", FIELD_CATEGORY },
	{ "flow", FIELD_FLOW },		  { "it claims", FIELD_CLAIMS },    { "layers", FIELD_LAYERS_SAID },
	{ "rule", FIELD_RULE },		  { "reason", FIELD_REASON },	    { "guard", FIELD_GUARD },
	{ "tainted by", FIELD_TAINTED_BY }, { "risk", FIELD_RISK },	    { "controls", FIELD_CONTROLS },
	{ "asked of", FIELD_ASKED_OF },	  { "expires", FIELD_EXPIRES },	    { "decision", FIELD_DECISION },
	{ "reviewer", FIELD_REVIEWER },	  { "by key", FIELD_SIGNER },	    { "bytes judged", FIELD_DIGEST },
	{ "approved", FIELD_APPROVED },	  { "executed", FIELD_EXECUTED },   { "status", FIELD_STATUS },
	{ "address", FIELD_ADDRESS },	  { "bytes sent", FIELD_SENT },	    { "received", FIELD_RECEIVED },
	{ "its answer", FIELD_ANSWER },	  { "altered", FIELD_ALTERED },	    { "duration us", FIELD_DURATION },
	{ "why", FIELD_WHY },		  { "policy", FIELD_POLICY },
};

static const char *heading(const struct record *r)
{
	static const char *const heads[RECORD_KINDS] = {
		[RECORD_HELD] = "held: a person is asked",  [RECORD_DECISION] = "decided",
		[RECORD_INTENT] = "allowed, about to be done", [RECORD_REFUSAL] = "refused",
		[RECORD_OUTCOME] = "done",
	};

	return heads[r->kind] ? heads[r->kind] : record_word(r->kind);
}

/* "NEED COUNT SECONDS NAME...": which need, and how many of whom; the steps of one need have its number. */
static void put_asked(struct buf *out, const struct field_value *asked, const char *between)
{
	unsigned need, count, after;
	const char *item;
	size_t at;
	int names;

	for (at = 0; at < asked->size; at += strlen(item) + 1) {
		item = asked->text + at;
		buf_puts(out, at ? between : "");
		names = 0;
		if (sscanf(item, "%u %u %u %n", &need, &count, &after, &names) < 3 || !names)
			names = 0;
		else if (after)
			buf_printf(out, "%u. or, from %u s after it was asked, also ", need, after);
		else
			buf_printf(out, "%u. %u of ", need, count);
		text_visible(out, item + names, strlen(item + names));
	}
}

/* What is of the run is said once for all of the chain, at its first link. */
static void tell_link(const struct joined *j, bool first)
{
	scoped(buf) struct buf out = BUF(1 << 20);
	const struct joined alone = { .own = j->own, .run = first ? j->run : NULL };
	const struct field_value *v;
	size_t i;

	buf_printf(&out, "\n%" PRIu64 "  %.*s  %s\n", j->frame->index, ASK_TIME - 1, time_seen(j->own), heading(j->own));
	for (i = 0; i < count_of(lines); i++) {
		v = joined_value(&alone, lines[i].field);
		if (!v->set || (!first && joined_is_of_run(lines[i].field)))
			continue;
		buf_printf(&out, "    %-13s ", lines[i].label);
		if (lines[i].field == FIELD_ASKED_OF)
			put_asked(&out, v, "\n                  ");
		else
			joined_put(&out, lines[i].field, v, "\n                  ");
		buf_puts(&out, "\n");
	}
	fwrite(out.data, 1, out.size, stdout);
}

/* Every record, by its frame alone: which link of the chain, if any. */
static int look(void *of, const struct joined *j, struct err *e)
{
	const struct frame *f = j->frame;
	struct trace *t = of;
	bool is_call = f->kind == RECORD_INTENT || f->kind == RECORD_REFUSAL || f->kind == RECORD_HELD;
	bool is_link = f->index == t->root || (f->ref && f->ref == t->root) || (f->ref && f->ref == t->intent);

	(void)e;
	if (is_link && f->kind == RECORD_INTENT)
		t->intent = f->index;
	if (is_link && f->kind == RECORD_OUTCOME)
		t->outcome = f->index;
	if (is_link && t->count < LINKS)
		t->links[t->count++] = f->index;
	else if (is_link)
		t->cut = true;
	if (f->index == t->root)
		t->run = f->run;
	if (!is_link && is_call && t->count && f->run == t->run && t->after_count < AFTER)
		t->after[t->after_count++] = f->index;
	return 0;
}

/* From any link to the first. */
static int find_root(struct trace *t, struct asked_ledger *a, uint64_t n, struct err *e)
{
	struct joined j;
	bool there;
	int steps;

	for (steps = 0; steps < 3; steps++) {
		if (asked_one(&j, &there, a, n, e) < 0)
			return -1;
		if (!there)
			return err_set(e, ERR_INPUT, "there is no record %" PRIu64 ": the ledger has %" PRIu64, n, asked_records(a));
		if (!j.own->ref || j.own->ref >= n)
			break;
		n = j.own->ref;
	}
	t->root = n;
	if (j.own->kind == RECORD_HELD || j.own->kind == RECORD_INTENT || j.own->kind == RECORD_REFUSAL)
		return 0;
	return err_set(e, ERR_INPUT, "record %" PRIu64 " is a %s, not a call: reeve audit who %" PRIu64 " tells what it says", n,
		       record_word(j.own->kind), n);
}

static int same_bytes(struct trace *t, struct asked_ledger *a, struct err *e)
{
	struct joined j;
	bool there;
	char judged[SEAL_DIGEST_TEXT] = "", held[SEAL_DIGEST_TEXT] = "", done[SEAL_DIGEST_TEXT] = "";
	const struct {
		uint64_t at;
		enum field field;
		char *to;
	} said[] = { { t->root, FIELD_DIGEST, held }, { t->intent, FIELD_DIGEST, judged }, { t->outcome, FIELD_EXECUTED, done } };
	size_t i;

	for (i = 0; i < count_of(said); i++) {
		if (!said[i].at)
			continue;
		if (asked_one(&j, &there, a, said[i].at, e) < 0)
			return -1;
		if (there && j.own->value[said[i].field].set)
			snprintf(said[i].to, SEAL_DIGEST_TEXT, "%.*s", (int)j.own->value[said[i].field].size, j.own->value[said[i].field].text);
	}
	if (!done[0])
		return printf("\n    nothing was executed\n") < 0 ? err_sys(e, "output") : 0;
	printf("\n    what was executed is what was judged: %s\n", strcmp(done, judged) == 0 ? "yes, the same bytes" : "NO");
	if (t->root != t->intent)
		printf("    and what was approved: %s\n", strcmp(done, held) == 0 ? "yes, the same bytes" : "NO");
	return 0;
}

static int tell_after(const struct trace *t, struct asked_ledger *a, struct err *e)
{
	struct rows r = { .form = FORM_TABLE };
	struct joined j;
	bool there;
	size_t i;

	printf("\n%s\n", t->after_count ? "What the same run asked for next:" : "The same run asked for nothing more.");
	rows_head(&r);
	for (i = 0; i < t->after_count; i++)
		if (asked_one(&j, &there, a, t->after[i], e) < 0 || rows_one(&r, &j, e) < 0)
			return -1;
	rows_end(&r);
	return 0;
}

static int tell(struct trace *t, struct asked_ledger *a, const char *how, struct err *e)
{
	struct joined j;
	bool there;
	size_t i;

	printf("call %" PRIu64 " of run %" PRIu64 "\n", t->root, t->run);
	for (i = 0; i < t->count; i++) {
		if (asked_one(&j, &there, a, t->links[i], e) < 0)
			return -1;
		tell_link(&j, i == 0);
	}
	if (t->cut)
		puts("\n    there is more: reeve audit query LEDGER --where held=N");
	if (same_bytes(t, a, e) < 0 || tell_after(t, a, e) < 0)
		return -1;
	putchar('\n');
	asked_tell("", how);
	puts("A proof of each: reeve audit proof LEDGER N --key KEY");
	return 0;
}

static int tell_json(const struct trace *t, struct asked_ledger *a, const char *how, struct err *e)
{
	struct joined j;
	bool there;
	size_t i;

	for (i = 0; i < t->count; i++) {
		if (asked_one(&j, &there, a, t->links[i], e) < 0)
			return -1;
		printf("%.*s\n", (int)j.frame->size, j.frame->body);
	}
	fflush(stdout);
	asked_say(a, how, "%s", "");
	return 0;
}

int cmd_trace(const char *ledger, const struct options *o, struct err *e)
{
	const struct question all = { .kinds = true };
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	struct trace t = { 0 };
	char how[512], *end;
	uint64_t n = strtoull(o->second, &end, 10);
	int status;

	if (o->second[0] < '0' || o->second[0] > '9' || *end) {
		err_set(e, ERR_INPUT, "trace %s: expected the number of a record", o->second);
		return EXIT_USAGE;
	}
	status = asked_begin(&a, how, ledger, o, e);
	if (status == 0 && (find_root(&t, a, n, e) < 0 || asked_each(a, &all, look, &t, e) < 0))
		return -1;
	if (status != 0)
		return status;
	return o->json ? tell_json(&t, a, how, e) : tell(&t, a, how, e);
}

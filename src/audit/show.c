/*
 * The timeline. Whatever an agent, a tool or an operator wrote goes through text_visible(), so that
 * no record can play tricks on the terminal of who reads it, and each is cut to what a line holds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/show.h"
#include "base/text.h"

static int show_record(struct show *s, const struct frame *f, struct err *e)
{
	char room[RECORD_MOST];
	struct record r;

	if (s->one_run && f->run != s->run)
		return 0;
	if (s->json) {
		fwrite(f->body, 1, f->size, stdout);
		fputc('\n', stdout);
		s->shown++;
		return 0;
	}
	if (entry_read(&r, room, f->body, f->size, e) < 0)
		return err_in(e, "record %" PRIu64 " cannot be shown; run verify", f->index);
	show_kind(s, &r);
	if (r.kind != RECORD_INTENT)
		s->last_intent = 0;
	fwrite(s->line.data, 1, s->line.size, stdout);
	buf_drop(&s->line, s->line.size);
	s->shown++;
	return 0;
}

/* Only what is committed is shown; what is being written will be, next time. */
static int show_all(struct show *s, struct journal *j, struct err *e)
{
	const struct seal_verifier nobody = { .name = "-" };
	struct journal_extent x;
	uint64_t at = JOURNAL_MAGIC;
	enum frame_got got;
	struct frame f;

	if (journal_extent(&x, j, &nobody, e) < 0)
		return -1;
	for (; at < x.end; at += frame_whole(&f)) {
		if (journal_frame(j, &f, &got, at, e) < 0)
			return -1;
		if (got != FRAME_WHOLE)
			return err_set(e, ERR_INPUT, "the journal changed while it was read; try again");
		if (f.kind != FRAME_COMMIT && show_record(s, &f, e) < 0)
			return -1;
	}
	if (x.tail > 0 && !s->json)
		fprintf(stderr, "reeve-audit: %" PRIu64 " bytes behind the last whole record are not shown; run verify\n",
			x.tail);
	return 0;
}

int cmd_show(const char *ledger, const struct options *o, struct err *e)
{
	struct show s = { .line = BUF(256 << 10), .json = o->json,
			  .color = o->color && strcmp(o->color, "always") == 0 };
	scoped(journal) struct journal *j = NULL;
	char *end = NULL;
	int status;

	s.one_run = o->run != NULL;
	s.run = o->run ? strtoull(o->run, &end, 10) : 0;
	if (end && (*end || end == o->run || o->run[0] == '-')) {
		err_set(e, ERR_INPUT, "--run %s: expected the number of a run", o->run);
		return EXIT_USAGE;
	}
	status = journal_open(&j, ledger, e) < 0 ? -1 : show_all(&s, j, e);
	buf_free(&s.line);
	if (status == 0 && s.one_run && s.shown == 0)
		return err_set(e, ERR_INPUT, "there is no run %s in this ledger", o->run);
	if (status == 0 && s.shown == 0) {
		fprintf(stderr, "reeve-audit: there is no whole record to show; is this a ledger? run verify\n");
		return EXIT_INTEGRITY;
	}
	return status;
}

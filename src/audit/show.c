/*
 * The timeline. Whatever an agent, a tool or an operator wrote goes through text_visible(), so that
 * no record can play tricks on the terminal of who reads it, and each is cut to what a line holds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/text.h"

#define INDENT "                          "	/* as wide as clock, number and word */

enum paint { PLAIN, DIM, BOLD, GREEN, RED, YELLOW, PAINTS };

struct show {
	struct buf line;	/* one or a few lines at a time */
	bool color, json;
	bool one_run;
	uint64_t run;		/* only this one */
	uint64_t last_intent;	/* whose line was printed last; 0: none */
	uint64_t shown;
};

static void paint(struct show *s, enum paint p)
{
	static const char *const codes[PAINTS] = {
		"\033[0m", "\033[2m", "\033[1m", "\033[32m", "\033[1;31m", "\033[33m",
	};

	if (s->color)
		buf_puts(&s->line, codes[p]);
}

/* A member, visible, in at most `most` columns (as bytes of what is shown, cut between points). */
static void put(struct show *s, const struct record *r, enum field f, size_t most)
{
	scoped(buf) struct buf shown = BUF(8ul * RECORD_MOST);
	const struct field_value *v = &r->value[f];
	size_t cut;

	if (!v->set)
		return;
	text_visible(&shown, v->text, v->size);
	cut = text_cut(shown.data, shown.size, most);
	buf_add(&s->line, shown.data, cut);
	if (cut < shown.size)
		buf_puts(&s->line, "\xe2\x80\xa6");
}

static void put_word(struct show *s, enum paint p, const char *word)
{
	paint(s, p);
	buf_printf(&s->line, "%-7s", word);
	paint(s, PLAIN);
	buf_puts(&s->line, " ");
}

/* "04:30:01" out of "2026-11-21T04:30:01.123456Z", and the number others refer to it by. */
static void put_clock(struct show *s, const struct record *r)
{
	const struct field_value *v = &r->value[FIELD_TIME];

	paint(s, DIM);
	buf_printf(&s->line, "  %.8s %5" PRIu64 "  ", v->text + 11, r->value[FIELD_N].number);
	paint(s, PLAIN);
}

static void put_duration(struct show *s, uint64_t us)
{
	if (us < 1000)
		buf_printf(&s->line, "%" PRIu64 " \xc2\xb5s", us);
	else if (us < 10000000)
		buf_printf(&s->line, "%" PRIu64 ".%" PRIu64 " ms", us / 1000, us / 100 % 10);
	else
		buf_printf(&s->line, "%" PRIu64 " s", us / 1000000);
}

static void put_member(struct show *s, const struct record *r, enum field f, const char *name)
{
	if (!r->value[f].set)
		return;
	paint(s, DIM);
	buf_printf(&s->line, "    %-12s", name);
	paint(s, PLAIN);
	put(s, r, f, 120);
	buf_puts(&s->line, "\n");
}

/* A list's items with blanks between, as many on a line as fit. */
static void put_list(struct show *s, const struct record *r, enum field f, const char *name,
		     const char *between)
{
	const struct field_value *v = &r->value[f];
	const char *at = v->text, *end = v->text + v->size;
	size_t used = 0;

	for (; v->set && at < end; at += strlen(at) + 1) {
		if (used == 0 || used + strlen(at) + 2 > 62) {
			paint(s, DIM);
			buf_printf(&s->line, "%s    %-12s", used ? "\n" : "", used ? "" : name);
			paint(s, PLAIN);
			used = 0;
		} else {
			buf_puts(&s->line, between);
		}
		text_visible(&s->line, at, strlen(at));
		used += strlen(at) + 2;
	}
	if (used)
		buf_puts(&s->line, "\n");
}

static void show_genesis(struct show *s, const struct record *r)
{
	paint(s, BOLD);
	buf_puts(&s->line, "ledger ");
	put(s, r, FIELD_LEDGER, 100);
	paint(s, PLAIN);
	buf_puts(&s->line, "\n");
	put_member(s, r, FIELD_TENANT, "tenant");
	put_member(s, r, FIELD_TIME, "since");
}

static void show_run(struct show *s, const struct record *r)
{
	paint(s, BOLD);
	buf_printf(&s->line, "\nrun %" PRIu64 "  ", r->value[FIELD_N].number);
	put(s, r, FIELD_AGENT, 40);
	paint(s, PLAIN);
	buf_puts(&s->line, r->value[FIELD_OWNER].set ? "  for " : "");
	put(s, r, FIELD_OWNER, 40);
	if (r->value[FIELD_UID].set)
		buf_printf(&s->line, " (uid %" PRIu64 ")", r->value[FIELD_UID].number);
	paint(s, DIM);
	buf_printf(&s->line, "  %.10s %.8s UTC\n", r->value[FIELD_TIME].text, r->value[FIELD_TIME].text + 11);
	paint(s, PLAIN);
	put_member(s, r, FIELD_TASK, "task");
	put_list(s, r, FIELD_COMMAND, "command", " ");
	put_member(s, r, FIELD_WORKSPACE, "workspace");
	put_member(s, r, FIELD_INITIATOR, "initiator");
	put_member(s, r, FIELD_ENVIRONMENT, "environment");
	put_member(s, r, FIELD_PROFILE, "profile");
	put_member(s, r, FIELD_POLICY, "policy");
	put_list(s, r, FIELD_LAYERS, "layers", ", ");
	buf_puts(&s->line, "\n");
}

static void put_call(struct show *s, const struct record *r)
{
	if (r->value[FIELD_SERVER].set || r->value[FIELD_TOOL].set) {
		put(s, r, FIELD_SERVER, 24);
		buf_puts(&s->line, r->value[FIELD_SERVER].set && r->value[FIELD_TOOL].set ? "/" : "");
		put(s, r, FIELD_TOOL, 40);
	} else {
		put(s, r, FIELD_ACTION, 32);
	}
	if (r->value[FIELD_RESOURCE].set) {
		buf_puts(&s->line, "  ");
		paint(s, BOLD);
		put(s, r, FIELD_RESOURCE, 60);
		paint(s, PLAIN);
	}
}

static void put_because(struct show *s, const struct record *r)
{
	paint(s, DIM);
	buf_puts(&s->line, "  ");
	put(s, r, r->value[FIELD_RULE].set ? FIELD_RULE : FIELD_REASON, 48);
	paint(s, PLAIN);
	buf_puts(&s->line, "\n");
}

static void put_why(struct show *s, const struct record *r)
{
	if (!r->value[FIELD_WHY].set)
		return;
	buf_puts(&s->line, INDENT);
	put(s, r, FIELD_WHY, 240);
	buf_puts(&s->line, "\n");
}

/* One layer is named by its rule already. */
static void put_layers(struct show *s, const struct record *r)
{
	const struct field_value *v = &r->value[FIELD_LAYERS_SAID];

	if (v->set && strlen(v->text) + 1 < v->size) {
		buf_puts(&s->line, INDENT);
		put_list(s, r, FIELD_LAYERS_SAID, "layers", ", ");
	}
}

static void show_intent(struct show *s, const struct record *r)
{
	put_clock(s, r);
	put_word(s, GREEN, "allow");
	put_call(s, r);
	put_because(s, r);
	put_layers(s, r);
	s->last_intent = r->value[FIELD_N].number;
}

static void show_refusal(struct show *s, const struct record *r)
{
	put_clock(s, r);
	put_word(s, RED, "refuse");
	put_call(s, r);
	put_because(s, r);
	put_layers(s, r);
	put_why(s, r);
}

static bool says(const struct record *r, enum field f, const char *word)
{
	return r->value[f].set && r->value[f].size == strlen(word) &&
	       memcmp(r->value[f].text, word, strlen(word)) == 0;
}

/* Right under its own call it needs no time and no number. */
static void show_outcome(struct show *s, const struct record *r)
{
	bool ok = says(r, FIELD_STATUS, "ok");

	if (r->ref == s->last_intent)
		buf_puts(&s->line, INDENT);
	else
		put_clock(s, r);
	paint(s, ok ? DIM : YELLOW);
	put(s, r, FIELD_STATUS, 32);
	paint(s, PLAIN);
	if (r->ref != s->last_intent)
		buf_printf(&s->line, " of %" PRIu64, r->ref);
	if (r->value[FIELD_EXIT].set)
		buf_printf(&s->line, ", exit %" PRIu64, r->value[FIELD_EXIT].number);
	if (r->value[FIELD_DURATION].set) {
		buf_puts(&s->line, ", ");
		put_duration(s, r->value[FIELD_DURATION].number);
	}
	buf_puts(&s->line, "\n");
	put_why(s, r);
}

static void show_recovery(struct show *s, const struct record *r)
{
	put_clock(s, r);
	put_word(s, YELLOW, "recover");
	buf_printf(&s->line, "an unfinished tail of %" PRIu64 " bytes was cut\n", r->value[FIELD_CUT].number);
}

static void show_close(struct show *s, const struct record *r)
{
	bool lost = says(r, FIELD_STATUS, "lost");

	put_clock(s, r);
	put_word(s, lost ? YELLOW : BOLD, lost ? "lost" : "closed");
	buf_printf(&s->line, "run %" PRIu64, r->value[FIELD_RUN].number);
	if (r->value[FIELD_STATUS].set && !lost) {
		buf_puts(&s->line, ", ");
		put(s, r, FIELD_STATUS, 32);
	}
	if (r->value[FIELD_EXIT].set)
		buf_printf(&s->line, ", exit %" PRIu64, r->value[FIELD_EXIT].number);
	if (r->value[FIELD_SIGNAL].set)
		buf_printf(&s->line, ", signal %" PRIu64, r->value[FIELD_SIGNAL].number);
	if (r->value[FIELD_DURATION].set) {
		buf_puts(&s->line, ", ");
		put_duration(s, r->value[FIELD_DURATION].number);
	}
	buf_puts(&s->line, "\n");
	put_why(s, r);
}

/* "changed file  src/main.c  sha256:12345678 -> sha256:9abcdef0" */
static void show_file(struct show *s, const struct record *r)
{
	put_clock(s, r);
	put_word(s, DIM, "file");
	put(s, r, FIELD_CHANGE, 16);
	buf_puts(&s->line, " ");
	put(s, r, FIELD_TYPE, 16);
	buf_puts(&s->line, "  ");
	put(s, r, FIELD_PATH, 80);
	buf_puts(&s->line, "  ");
	put(s, r, FIELD_BEFORE, 15);
	buf_puts(&s->line, r->value[FIELD_BEFORE].set && r->value[FIELD_AFTER].set ? " -> " : "");
	put(s, r, FIELD_AFTER, 15);
	buf_puts(&s->line, "\n");
}

static void show_files(struct show *s, const struct record *r)
{
	bool ok = says(r, FIELD_STATUS, "ok"); /* otherwise nothing of it can be taken over */

	put_clock(s, r);
	put_word(s, ok ? DIM : YELLOW, "files");
	if (ok)
		buf_printf(&s->line, "%" PRIu64 " names changed in the copy", r->value[FIELD_COUNT].number);
	buf_puts(&s->line, ok ? "\n" : "not known what was changed\n");
	put_why(s, r);
}

/* Six registers say little to most readers: with --json they are there. */
static void show_syscall(struct show *s, const struct record *r)
{
	uint64_t count = r->value[FIELD_COUNT].number;

	put_clock(s, r);
	put_word(s, RED, "refused");
	put(s, r, FIELD_CALL, 40);
	buf_puts(&s->line, r->value[FIELD_PATH].set ? "  " : "");
	paint(s, BOLD);
	put(s, r, FIELD_PATH, 120);
	paint(s, PLAIN);
	buf_puts(&s->line, r->value[FIELD_ERRNO].set ? "  " : "");
	put(s, r, FIELD_ERRNO, 24);
	if (r->value[FIELD_ARCH].set && !says(r, FIELD_ARCH, "x86_64") && !says(r, FIELD_ARCH, "aarch64")) {
		buf_puts(&s->line, "  ");
		put(s, r, FIELD_ARCH, 16);
	}
	if (count > 1)
		buf_printf(&s->line, "  %" PRIu64 " times", count);
	if (r->value[FIELD_SERVER].set) {
		buf_puts(&s->line, "  in ");
		put(s, r, FIELD_SERVER, 24);
	}
	buf_puts(&s->line, "\n");
}

static void (*const shows[RECORD_KINDS])(struct show *, const struct record *) = {
	[RECORD_GENESIS] = show_genesis, [RECORD_RUN] = show_run,	  [RECORD_INTENT] = show_intent,
	[RECORD_REFUSAL] = show_refusal, [RECORD_OUTCOME] = show_outcome, [RECORD_RECOVERY] = show_recovery,
	[RECORD_CLOSE] = show_close,	 [RECORD_SYSCALL] = show_syscall, [RECORD_FILE] = show_file,
	[RECORD_FILES] = show_files,
};

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
	if (!r.value[FIELD_TIME].set || r.value[FIELD_TIME].size < 19)
		return err_set(e, ERR_INPUT, "record %" PRIu64 " has no time; run verify", f->index);
	shows[r.kind](s, &r);
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

#include <inttypes.h>
#include <string.h>

#include "audit/ask.h"
#include "audit/show.h"
#include "base/text.h"

#define INDENT "                          "	/* as wide as clock, number and word */

void put_indent(struct show *s)
{
	buf_puts(&s->line, INDENT);
}

static void show_genesis(struct show *s, const struct record *r)
{
	put_paint(s, BOLD);
	buf_puts(&s->line, "ledger ");
	put(s, r, FIELD_LEDGER, 100);
	put_paint(s, PLAIN);
	buf_puts(&s->line, "\n");
	put_member(s, r, FIELD_TENANT, "tenant");
	put_member(s, r, FIELD_TIME, "since");
}

static void show_run(struct show *s, const struct record *r)
{
	put_paint(s, BOLD);
	buf_printf(&s->line, "\nrun %" PRIu64 "  ", r->value[FIELD_N].number);
	put(s, r, FIELD_AGENT, 40);
	put_paint(s, PLAIN);
	buf_puts(&s->line, r->value[FIELD_OWNER].set ? "  for " : "");
	put(s, r, FIELD_OWNER, 40);
	if (r->value[FIELD_UID].set)
		buf_printf(&s->line, " (uid %" PRIu64 ")", r->value[FIELD_UID].number);
	put_paint(s, DIM);
	buf_printf(&s->line, "  %.10s %.8s UTC\n", time_seen(r), time_seen(r) + 11);
	put_paint(s, PLAIN);
	put_member(s, r, FIELD_TASK, "task");
	put_list(s, r, FIELD_COMMAND, "command", " ");
	put_member(s, r, FIELD_WORKSPACE, "workspace");
	put_member(s, r, FIELD_INITIATOR, "initiator");
	put_member(s, r, FIELD_ENVIRONMENT, "environment");
	put_member(s, r, FIELD_PROFILE, "profile");
	put_member(s, r, FIELD_POLICY, "policy");
	put_list(s, r, FIELD_LAYERS, "layers", ", ");
	put_list(s, r, FIELD_LIMITS, "limits", ", ");
	buf_puts(&s->line, "\n");
}

/* "connect  example.com:443  GET /x": its server and tool would say no more. */
static void put_connection(struct show *s, const struct record *r)
{
	put(s, r, FIELD_WAY, 16);
	buf_puts(&s->line, "  ");
	put_paint(s, BOLD);
	put(s, r, r->value[FIELD_RESOURCE].set ? FIELD_RESOURCE : FIELD_HOST, 60);
	put_paint(s, PLAIN);
	if (!r->value[FIELD_METHOD].set)
		return;
	buf_puts(&s->line, "  ");
	put(s, r, FIELD_METHOD, 16);
	buf_puts(&s->line, " ");
	put(s, r, FIELD_PATH, 60);
}

void put_call(struct show *s, const struct record *r)
{
	if (r->value[FIELD_WAY].set) {
		put_connection(s, r);
		return;
	}
	if (r->value[FIELD_SERVER].set || r->value[FIELD_TOOL].set) {
		put(s, r, FIELD_SERVER, 24);
		buf_puts(&s->line, r->value[FIELD_SERVER].set && r->value[FIELD_TOOL].set ? "/" : "");
		put(s, r, FIELD_TOOL, 40);
	} else {
		put(s, r, FIELD_ACTION, 32);
	}
	if (r->value[FIELD_RESOURCE].set) {
		buf_puts(&s->line, "  ");
		put_paint(s, BOLD);
		put(s, r, FIELD_RESOURCE, 60);
		put_paint(s, PLAIN);
	}
}

void put_because(struct show *s, const struct record *r)
{
	put_paint(s, DIM);
	buf_puts(&s->line, "  ");
	put(s, r, r->value[FIELD_RULE].set ? FIELD_RULE : FIELD_REASON, 48);
	put_paint(s, PLAIN);
	if (r->value[FIELD_COUNT].set && r->value[FIELD_COUNT].number > 1)
		buf_printf(&s->line, "  %" PRIu64 " times", r->value[FIELD_COUNT].number);
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
void put_layers(struct show *s, const struct record *r)
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
	if (r->ref)
		buf_printf(&s->line, INDENT "approved as %" PRIu64 "\n", r->ref);
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

/* Where a connection led, and what went by it. */
static void put_carried(struct show *s, const struct record *r)
{
	if (r->value[FIELD_ADDRESS].set) {
		buf_puts(&s->line, ", ");
		put(s, r, FIELD_ADDRESS, 60);
	}
	if (r->value[FIELD_SENT].set)
		buf_printf(&s->line, ", %" PRIu64 " bytes sent, %" PRIu64 " received", r->value[FIELD_SENT].number,
			   r->value[FIELD_RECEIVED].number);
}

/* Right under its own call it needs no time and no number. */
static void show_outcome(struct show *s, const struct record *r)
{
	bool ok = says(r, FIELD_STATUS, "ok");

	if (r->ref == s->last_intent)
		buf_puts(&s->line, INDENT);
	else
		put_clock(s, r);
	put_paint(s, ok ? DIM : YELLOW);
	put(s, r, FIELD_STATUS, 32);
	put_paint(s, PLAIN);
	if (r->ref != s->last_intent)
		buf_printf(&s->line, " of %" PRIu64, r->ref);
	put_carried(s, r);
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
	buf_puts(&s->line, r->value[FIELD_PATH].set ? "  protected name " : "");
	put_paint(s, BOLD);
	put(s, r, FIELD_PATH, 120);
	put_paint(s, PLAIN);
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

/* "dropped  from fs: late  10 times" */
static void show_dropped(struct show *s, const struct record *r)
{
	uint64_t count = r->value[FIELD_COUNT].number;

	put_clock(s, r);
	put_word(s, YELLOW, "dropped");
	buf_puts(&s->line, r->value[FIELD_SERVER].set ? "from " : "from the agent");
	put(s, r, FIELD_SERVER, 24);
	buf_puts(&s->line, ": ");
	put(s, r, FIELD_REASON, 24);
	if (count > 1)
		buf_printf(&s->line, "  %" PRIu64 " times", count);
	buf_puts(&s->line, "\n");
}

/* "alert  file:id  21 calls within 60 s  mail/send" */
static void show_alert(struct show *s, const struct record *r)
{
	put_clock(s, r);
	put_word(s, YELLOW, "alert");
	put_paint(s, BOLD);
	put(s, r, FIELD_ALERT, 80);
	put_paint(s, PLAIN);
	buf_puts(&s->line, "  ");
	put(s, r, FIELD_SERVER, 24);
	buf_puts(&s->line, r->value[FIELD_TOOL].set ? "/" : "");
	put(s, r, FIELD_TOOL, 60);
	buf_puts(&s->line, "\n");
	put_why(s, r);
}

static void (*const shows[RECORD_KINDS])(struct show *, const struct record *) = {
	[RECORD_GENESIS] = show_genesis, [RECORD_RUN] = show_run,	  [RECORD_INTENT] = show_intent,
	[RECORD_REFUSAL] = show_refusal, [RECORD_OUTCOME] = show_outcome, [RECORD_RECOVERY] = show_recovery,
	[RECORD_CLOSE] = show_close,	 [RECORD_SYSCALL] = show_syscall, [RECORD_FILE] = show_file,
	[RECORD_FILES] = show_files,	 [RECORD_DROPPED] = show_dropped, [RECORD_HELD] = show_held,
	[RECORD_DECISION] = show_decision, [RECORD_POLICY] = show_policy, [RECORD_AGENT] = show_agent,
	[RECORD_ACCESS] = show_access,	 [RECORD_PURGE] = show_purge,	  [RECORD_ALERT] = show_alert,
	[RECORD_ANCHOR] = show_anchor,	 [RECORD_GAP] = show_gap,	  [RECORD_EPOCH] = show_epoch,
};

void show_kind(struct show *s, const struct record *r)
{
	must(shows[r->kind]); /* who adds a kind tells it here */
	shows[r->kind](s, r);
}

/* reeve ledger reveal: payloads, each held against what its record committed to before it is shown. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/ledger_lines.h"
#include "cli/ledger_words.h"
#include "seal/box.h"

struct shown {
	FILE *to;		/* borrowed: lines of JSON; NULL: told to a person */
	const char *const *left;	/* borrowed: what --redact leaves; NULL: all of it */
	json_t *commitments;	/* owned: by number */
	uint64_t first, last, records;	/* records: that the ledger has */
	bool single, bad;
	size_t count;
};

static void note(void *to, json_t *record)
{
	struct shown *s = to;
	uint64_t n = (uint64_t)json_integer_value(json_object_get(record, "n"));
	const json_t *commitment = json_object_get(record, "commitment");
	char number[24];

	s->records = n + 1;
	snprintf(number, sizeof(number), "%" PRIu64, n);
	if (commitment && n >= s->first && n <= s->last)
		json_object_set(s->commitments, number, json_object_get(record, "commitment"));
}

static const char *why_not(const struct shown *s, const struct revealed *one, const char *number)
{
	const char *committed = json_text(s->commitments, number);
	char found[BOX_COMMITMENT_TEXT];

	if (one->how == REVEALED_GONE)
		return "its key was destroyed";
	if (one->how == REVEALED_DAMAGED)
		return "it is damaged, or not this record's";
	box_commitment(found, one->salt, one->bytes, one->size);
	return strcmp(found, committed) == 0 ? NULL : "it is not what the record committed to";
}

static void put_redacted(json_t *all, const struct revealed *one, const char *const *left)
{
	struct err unread = { .kind = ERR_NONE };
	scoped(json) json_t *doc = NULL;

	if (json_read_message(&doc, one->bytes, one->size, &unread) < 0)
		doc = json_stringn("", 0);	/* no JSON, so nothing of it can be left */
	json_object_set_new(all, "redacted", ledger_redacted(doc, left, ""));
	json_object_set_new(all, "size", json_integer((json_int_t)one->size));
}

static int print_json(FILE *to, const struct revealed *one, const char *const *left, const char *missing, struct err *e)
{
	scoped(json) json_t *all = json_pack("{s:I}", "record", (json_int_t)one->index);
	char salt[2 * BOX_SALT + 1];
	scoped(buf) struct buf line = BUF(64ul << 20), base = BUF(16ul << 20);

	if (missing)
		json_object_set_new(all, "missing", json_string(missing));
	else if (left)
		put_redacted(all, one, left);
	else if (text_is_utf8(one->bytes, one->size) && !memchr(one->bytes, '\0', one->size))
		json_object_set_new(all, "payload", json_stringn(one->bytes, one->size));
	else if (seal_base64_add(&base, one->bytes, one->size))
		json_object_set_new(all, "base64", json_stringn(base.data, base.size));
	if (!missing && !left) {
		text_hex(salt, one->salt, BOX_SALT);
		json_object_set_new(all, "salt", json_string(salt));
	}
	if (!json_write(&line, all))
		return err_set(e, ERR_SYSTEM, "no memory");
	fprintf(to, "%.*s\n", (int)line.size, line.data);
	return 0;
}

/* A terminal obeys nothing that stands in it; whoever pipes it gets the bytes. */
static int print_plain(const struct shown *s, const struct revealed *one, struct err *e)
{
	scoped(buf) struct buf seen = BUF(64ul << 20);

	if (!s->single)
		printf("--- %" PRIu64 "\n", one->index);
	if (!isatty(STDOUT_FILENO)) {
		fwrite(one->bytes, 1, one->size, stdout);
		printf("%s", s->single ? "" : "\n");
		return 0;
	}
	if (!text_visible(&seen, one->bytes, one->size))
		return err_set(e, ERR_SYSTEM, "no memory");
	printf("%.*s\n", (int)seen.size, seen.size ? seen.data : "");
	return 0;
}

static int show(void *to, const struct revealed *one, struct err *e)
{
	struct shown *s = to;
	char number[24];
	const char *missing;

	snprintf(number, sizeof(number), "%" PRIu64, one->index);
	if (!json_object_get(s->commitments, number))
		return 0; /* of a record that was never written */
	missing = why_not(s, one, number);
	s->count++;
	s->bad |= missing != NULL;
	if (s->to)
		return print_json(s->to, one, s->left, missing, e);
	if (!missing)
		return print_plain(s, one, e);
	log_say("the payload of record %s is not shown: %s", number, missing);
	return 0;
}

static int reveal(struct shown *s, const struct paths *at, uint64_t run, const char *why, struct err *e)
{
	scoped(reviewer) struct reviewer *r = NULL;
	uint64_t access = 0;
	int done;

	s->commitments = json_object();
	done = ledger_lines(at->ledger, run, note, s, e);
	if (done == 0 && !run && s->first >= s->records)
		done = err_set(e, ERR_INPUT, "there is no record %" PRIu64 ": the ledger has %" PRIu64, s->first, s->records);
	/* A run of which nothing is kept: there is nothing to open, and nothing to record. */
	if (done == 0 && (!run || json_object_size(s->commitments) > 0))
		done = reviewer_join(&r, at, e) < 0 ? -1 : custodian_reveal(&access, r, s->first, s->last, why, show, s, e);
	json_decref(s->commitments);
	return done;
}

int ledger_reveal_run(FILE *to, const struct paths *at, uint64_t run, uint64_t last, const char *why, struct err *e)
{
	struct shown s = { .to = to, .first = run, .last = last };

	return reveal(&s, at, run, why, e);
}

int ledger_reveal(const struct ledger_wanted *w, int argc, char **argv, struct err *e)
{
	struct shown s = { .to = w->json || w->redact ? stdout : NULL, .left = w->redact ? w->shown : NULL };

	(void)argc;
	if (ledger_range(&s.first, &s.last, argv[0], e) < 0)
		return EXIT_USAGE;
	if (!w->why || !*w->why) {
		err_set(e, ERR_INPUT, "reveal needs --why: it is recorded");
		return EXIT_USAGE;
	}
	if (w->shown_count > 0 && !w->redact) {
		err_set(e, ERR_INPUT, "--show is what --redact leaves: give both, or neither");
		return EXIT_USAGE;
	}
	s.single = s.first == s.last;
	if (reveal(&s, &w->at, 0, w->why, e) < 0)
		return -1;
	fflush(stdout);
	return s.bad || s.count == 0 ? EXIT_DIFFERS : EXIT_DONE;
}

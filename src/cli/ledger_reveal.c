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
	const struct ledger_wanted *w;
	json_t *commitments;	/* owned: by number */
	uint64_t first, last;
	bool single, bad;
	size_t count;
};

static void note(void *to, json_t *record)
{
	struct shown *s = to;
	uint64_t n = (uint64_t)json_integer_value(json_object_get(record, "n"));
	const json_t *commitment = json_object_get(record, "commitment");
	char number[24];

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

static int print_json(const struct revealed *one, const char *missing, struct err *e)
{
	scoped(json) json_t *all = json_pack("{s:I}", "record", (json_int_t)one->index);
	scoped(buf) struct buf line = BUF(64ul << 20), base = BUF(16ul << 20);

	if (missing)
		json_object_set_new(all, "missing", json_string(missing));
	else if (text_is_utf8(one->bytes, one->size) && !memchr(one->bytes, '\0', one->size))
		json_object_set_new(all, "payload", json_stringn(one->bytes, one->size));
	else if (seal_base64_add(&base, one->bytes, one->size))
		json_object_set_new(all, "base64", json_stringn(base.data, base.size));
	if (!json_write(&line, all))
		return err_set(e, ERR_SYSTEM, "no memory");
	printf("%.*s\n", (int)line.size, line.data);
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
	if (s->w->json)
		return print_json(one, missing, e);
	if (!missing)
		return print_plain(s, one, e);
	log_say("the payload of record %s is not shown: %s", number, missing);
	return 0;
}

int ledger_reveal(const struct ledger_wanted *w, int argc, char **argv, struct err *e)
{
	scoped(reviewer) struct reviewer *r = NULL;
	struct shown s = { .w = w };
	uint64_t access = 0;
	int done;

	(void)argc;
	if (ledger_range(&s.first, &s.last, argv[0], e) < 0)
		return EXIT_USAGE;
	if (!w->why || !*w->why) {
		err_set(e, ERR_INPUT, "reveal needs --why: it is recorded");
		return EXIT_USAGE;
	}
	s.single = s.first == s.last;
	s.commitments = json_object();
	done = ledger_lines(w->at.ledger, 0, note, &s, e);
	if (done == 0)
		done = reviewer_join(&r, &w->at, e) < 0 ? -1 : custodian_reveal(&access, r, s.first, s.last, w->why, show, &s, e);
	json_decref(s.commitments);
	if (done < 0)
		return -1;
	fflush(stdout);
	return s.bad || s.count == 0 ? EXIT_DIFFERS : EXIT_DONE;
}

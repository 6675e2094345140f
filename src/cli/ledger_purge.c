/* reeve ledger purge, hold: which days are over, by one clock and one calendar; the recorder does the rest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/ledger_words.h"
#include "json/json.h"
#include "ledger/vault.h"

/* reeve-vault(5); seven years have one leap day at least, and mostly two. */
static const unsigned keeps[VAULT_CLASSES] = { [VAULT_OPERATIONAL] = 30, [VAULT_PII] = 90, [VAULT_COMPLIANCE] = 2557 };

static int usage(struct err *e, const char *what, const char *given, const char *expected)
{
	err_set(e, ERR_INPUT, "%s%.40s: expected %s", what, given, expected);
	return EXIT_USAGE;
}

/* The last day that is older as a whole. 0, 1: there is none; EXIT_USAGE. */
static int last_day(unsigned *out, const struct ledger_wanted *w, enum vault_class class, struct err *e)
{
	unsigned today = (unsigned)(clock_wall_us() / 86400000000u);
	unsigned long keep = keeps[class];
	char *end;

	if (w->before && (!vault_day_read(out, w->before, strlen(w->before)) || *out == 0))
		return usage(e, "--before ", w->before, "a date as 2026-11-21");
	if (w->before) {
		*out -= 1;
		return 0;
	}
	errno = 0;
	if (w->keep) {
		keep = strtoul(w->keep, &end, 10);
		if (errno || *end || *w->keep < '0' || *w->keep > '9')
			return usage(e, "--keep ", w->keep, "a number of days");
	}
	if (keep >= today)
		return 1;
	*out = today - (unsigned)keep - 1;
	return 0;
}

struct sums {
	size_t done, held;
};

static int print_json(const char *class, const char *day, const char *fate, const char *number, struct err *e)
{
	scoped(json) json_t *one = json_pack("{s:s, s:s, s:s}", "class", class, "day", day, "fate", fate);
	scoped(buf) struct buf line = BUF(1024);

	if (one && *number)
		json_object_set_new(one, "number", json_integer(strtoll(number, NULL, 10)));
	if (!one || !json_write(&line, one))
		return err_set(e, ERR_SYSTEM, "no memory");
	printf("%.*s\n", (int)line.size, line.data);
	return 0;
}

/* "CLASS DAY FATE [NUMBER]", a line each. */
static int print_days(struct sums *s, const char *text, bool json, struct err *e)
{
	char class[16], day[16], fate[16], number[24];
	const char *end;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		number[0] = '\0';
		if (sscanf(text, "%15s %15s %15s %23[0-9]", class, day, fate, number) < 3)
			return err_set(e, ERR_PEER, "the recorder says what cannot be read");
		s->done += strcmp(fate, "held") != 0;
		s->held += strcmp(fate, "held") == 0;
		if (json && print_json(class, day, fate, number, e) < 0)
			return -1;
		if (!json)
			printf("%-12s %s  %s%s%s\n", class, day, fate, *number ? " " : "", number);
	}
	return 0;
}

static int purge_class(struct sums *s, const struct ledger_wanted *w, struct reviewer *r, enum vault_class class,
		       struct err *e)
{
	struct custodian_asks asks = { .act = w->dry ? CUSTODIAN_SAY : CUSTODIAN_DESTROY, .why = w->why };
	scoped(buf) struct buf lines = BUF(CUSTODIAN_LINES);
	char day[VAULT_DAY_TEXT];
	unsigned last = 0;
	int none = last_day(&last, w, class, e);

	if (none)
		return none == EXIT_USAGE ? EXIT_USAGE : EXIT_DONE;
	vault_day_text(day, last);
	asks.class = vault_class_word(class);
	asks.last = day;
	if (custodian_ask(&lines, r, &asks, e) < 0)
		return -1;
	return print_days(s, buf_text(&lines) ? buf_text(&lines) : "", w->json, e) < 0 ? -1 : EXIT_DONE;
}

int ledger_purge(const struct ledger_wanted *w, int argc, char **argv, struct err *e)
{
	scoped(reviewer) struct reviewer *r = NULL;
	enum vault_class only = VAULT_CLASSES, c;
	struct sums s = { 0 };
	unsigned ignored;
	int done;

	(void)argc, (void)argv;
	if (w->before && w->keep)
		return usage(e, "--before and --keep", "", "one of them");
	if (w->class && !vault_class_read(&only, w->class, strlen(w->class)))
		return usage(e, "--class ", w->class, "operational, pii or compliance");
	if (last_day(&ignored, w, VAULT_PII, e) == EXIT_USAGE)
		return EXIT_USAGE;
	if (reviewer_join(&r, &w->at, e) < 0)
		return -1;
	for (c = 0; c < VAULT_CLASSES; c++) {
		done = only == VAULT_CLASSES || only == c ? purge_class(&s, w, r, c, e) : EXIT_DONE;
		if (done != EXIT_DONE)
			return done;
	}
	if (!w->json)
		printf("%zu day%s %s, %zu held\n", s.done, s.done == 1 ? "" : "s", w->dry ? "would be destroyed" : "destroyed",
		       s.held);
	return EXIT_DONE;
}

/* --- holds --- */

static int hold_json(const char *line, struct err *e)
{
	char number[24], class[16], first[16], last[16];
	scoped(buf) struct buf text = BUF(2048);
	scoped(json) json_t *one = NULL;
	int at = 0;

	if (sscanf(line, "%23[0-9] %15s %15s %15s %n", number, class, first, last, &at) < 4)
		return err_set(e, ERR_PEER, "the recorder says what cannot be read");
	one = json_pack("{s:I, s:s, s:s, s:s, s:s}", "hold", (json_int_t)strtoll(number, NULL, 10), "class", class, "from", first, "to",
			last, "why", line + at);
	if (!one || !json_write(&text, one))
		return err_set(e, ERR_SYSTEM, "no memory");
	printf("%.*s\n", (int)text.size, text.data);
	return 0;
}

static int print_holds(struct buf *lines, bool json, struct err *e)
{
	const char *line = buf_text(lines);
	char *end;

	for (; line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (json && hold_json(line, e) < 0)
			return -1;
		if (!json)
			puts(line);
	}
	return EXIT_DONE;
}

static const struct {
	const char *name;
	enum custodian_act act;
} acts[] = { { "add", CUSTODIAN_HOLD }, { "remove", CUSTODIAN_RELEASE }, { "list", CUSTODIAN_LIST } };

/* What is for a person's eyes on a line must be one. */
static bool is_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

int ledger_hold(const struct ledger_wanted *w, int argc, char **argv, struct err *e)
{
	struct custodian_asks asks = { .class = w->class ? w->class : "every", .first = w->first, .last = w->last, .why = w->why };
	scoped(buf) struct buf lines = BUF(CUSTODIAN_LINES);
	scoped(reviewer) struct reviewer *r = NULL;
	size_t i;

	for (i = 0; i < count_of(acts) && strcmp(acts[i].name, argv[0]) != 0; i++)
		;
	if (i == count_of(acts) || (argc == 2) != (acts[i].act == CUSTODIAN_RELEASE))
		return usage(e, "hold ", argv[0], "add, list, or remove and a number");
	if (acts[i].act == CUSTODIAN_HOLD && (!w->first || !w->last || !w->why || !is_line(w->why)))
		return usage(e, "hold add", "", "--from, --to, and --why in one line");
	asks.act = acts[i].act;
	if (argc == 2)
		asks.first = argv[1];
	if (reviewer_join(&r, &w->at, e) < 0 || custodian_ask(&lines, r, &asks, e) < 0)
		return -1;
	return print_holds(&lines, w->json, e);
}

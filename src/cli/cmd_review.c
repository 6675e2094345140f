/* reeve review: what is held for a person's word, and that word. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/review.h"
#include "cli/settings.h"

enum { COLUMNS = 80, COLUMNS_LEAST = 40, COLUMNS_MOST = 200 };

int review_connect(struct reviewer **out, const struct review_wanted *o, struct err *e)
{
	return o->socket ? reviewer_dial(out, o->socket, e) : reviewer_join(out, &o->at, e);
}

size_t review_columns(void)
{
	struct winsize w = { 0 };

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_col == 0)
		return COLUMNS;
	return w.ws_col < COLUMNS_LEAST ? COLUMNS_LEAST : w.ws_col > COLUMNS_MOST ? COLUMNS_MOST : w.ws_col;
}

bool review_coloured(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

/* --- list, follow --- */

/* One item of asked_of without its numbers, cut where it gets long. */
static void add_asked(struct buf *out, const struct held *h)
{
	const char *item, *between = "";
	size_t at = 0;
	int skip;

	while ((item = list_next(&h->told.record.value[FIELD_ASKED_OF], &at))) {
		unsigned need, count, after;

		skip = 0;
		if (sscanf(item, "%u %u %u %n", &need, &count, &after, &skip) < 3 || skip == 0)
			continue;
		if (after)
			buf_printf(out, "; after %us %s", after, item + skip);
		else
			buf_printf(out, "%s%u of %s", between, count, item + skip);
		between = " and ";
	}
}

static size_t approvals(const struct held *h)
{
	size_t i, count = 0;

	for (i = 0; i < h->decided_count; i++)
		count += strcmp(told_text(&h->decided[i], FIELD_DECISION), decision_word(DECISION_APPROVE)) == 0;
	return count;
}

/* Three lines: number, state and time; what is asked, in the agent's own words and so marked; who is asked. */
static void put_one(struct page *p, const struct held *h)
{
	scoped(buf) struct buf what = BUF(2048), who = BUF(2048);
	char first[16], span[SPAN] = "";

	if (held_is_open(h))
		span_text(span, held_left(h));
	snprintf(first, sizeof(first), "%-8" PRIu64, h->index);
	page_say(p, PAGE_HEAD, "%s%s%s%s%s%s", first, hold_word(h->state), *span ? ", " : "", span, *span ? " left" : "",
		 approvals(h) && h->state == HOLD_WAITING ? ", approved by some" : "");
	buf_printf(&what, "%s/%s", held_text(h, FIELD_SERVER), held_text(h, FIELD_TOOL));
	if (*held_text(h, FIELD_RESOURCE))
		buf_printf(&what, "  %s", held_text(h, FIELD_RESOURCE));
	page_add(p, PAGE_THEIRS, "        | ", "        . ", what.data ? what.data : "", what.size);
	buf_printf(&who, "%s for %s asks ", held_text(h, FIELD_AGENT), held_text(h, FIELD_OWNER));
	add_asked(&who, h);
	page_add(p, PAGE_OURS, "        ", "          ", who.data ? who.data : "", who.size);
}

static void print_one(const struct held *h)
{
	scoped(page) struct page p = PAGE(review_columns());

	put_one(&p, h);
	page_print(&p, review_coloured());
	fflush(stdout);
}

static int tell(const struct review_wanted *o, const struct held *h, struct err *e)
{
	if (o->json)
		return held_print_json(h, NULL, e);
	print_one(h);
	return ferror(stdout) ? err_sys(e, "standard output") : 0;
}

/* One message: 1, go on; 0, that was all for now, or it hung up, which *gone says. */
static int take_one(struct board *b, bool *gone, const struct review_wanted *o, struct reviewer *r, int wait_ms,
		    struct err *e)
{
	scoped(held) struct held *h = NULL;
	const struct held *told;
	struct stands s;
	int got = reviewer_next(&s, r, wait_ms, e);

	if (got < 0)
		return -1;
	*gone = got == REVIEWER_GONE;
	if (got == REVIEWER_LATER)
		return err_set(e, ERR_PEER, "the recorder does not answer");
	if (got != REVIEWER_STANDS)
		return 0;
	if (held_read(&h, &s, e) < 0)
		return -1;
	told = h;
	if (board_take(b, &h) && tell(o, h ? h : told, e) < 0)
		return -1;
	board_settle(b);
	return 1;
}

static int list(const struct review_wanted *o, struct reviewer *r, struct err *e)
{
	scoped(board) struct board b = { 0 };
	bool gone = false, any = false;
	int got;

	if (reviewer_query(r, 0, false, e) < 0)
		return -1;
	while ((got = take_one(&b, &gone, o, r, REVIEWER_SECONDS * 1000, e)) > 0)
		any = true;
	if (got < 0)
		return -1;
	if (gone)
		return err_set(e, ERR_PEER, "the recorder hung up; try again");
	if (!any && !o->json)
		log_say("nothing is held");
	return EXIT_DONE;
}

/* Whoever read what is told may have gone, which is heard of here and not only with the next that changes. */
static bool is_read(const struct reviewer *r)
{
	struct pollfd in[] = { { .fd = reviewer_fd(r), .events = POLLIN }, { .fd = STDOUT_FILENO } };

	return poll(in, count_of(in), -1) < 0 || in[1].revents == 0;
}

/* On one connection, until it ends (1), or nobody reads any more (0). *heard: it said at least what stands open. */
static int follow_one(struct board *b, bool *heard, const struct review_wanted *o, struct reviewer *r, struct err *e)
{
	bool gone = false;
	int got;

	if (reviewer_query(r, 0, true, e) < 0)
		return -1;
	*heard = false;
	while (!gone && (!*heard || is_read(r))) {
		got = take_one(b, &gone, o, r, REVIEWER_SECONDS * 1000, e);
		if (got < 0)
			return -1;
		*heard = *heard || (got == 0 && !gone);
	}
	return gone ? 1 : 0;
}

/* A recorder that ends, and one that is killed, is followed by another: what stands open does not end with it. */
static int follow(const struct review_wanted *o, struct reviewer *r, struct err *e)
{
	scoped(board) struct board b = { 0 };
	scoped(reviewer) struct reviewer *again = NULL;
	bool heard = false;
	int more;

	for (;;) {
		more = follow_one(&b, &heard, o, again ? again : r, e);
		if (more <= 0)
			return more < 0 ? -1 : EXIT_DONE;
		if (!heard)
			return err_set(e, ERR_PEER, "the recorder hung up; try again");
		reviewer_free(again);
		again = NULL;
		if (review_connect(&again, o, e) < 0)
			return -1;
	}
}

/* --- show, approve, deny --- */

static int show(const struct review_wanted *o, struct reviewer *r, struct err *e)
{
	scoped(looked) struct looked l = { .held = NULL };
	scoped(page) struct page p = PAGE(review_columns());

	if (look_at(&l, r, o->index, e) < 0)
		return -1;
	if (o->json)
		return held_print_json(l.held, &l, e) < 0 ? -1 : EXIT_DONE;
	if (o->raw && l.why.kind == ERR_NONE)
		return fwrite(l.payload.data, 1, l.payload.size, stdout) == l.payload.size ? EXIT_DONE :
											     err_sys(e, "standard output");
	show_held(&p, &(struct shown){ .held = l.held, .payload = l.why.kind ? NULL : l.payload.data, .size = l.payload.size,
				       .fits = l.fits, .all = o->all, .tenant = o->tenant });
	page_print(&p, review_coloured());
	if (p.over)
		return err_set(e, ERR_LIMIT, "this is not all of it: it did not fit; --raw gives the bytes");
	if (l.why.kind != ERR_NONE)
		log_say("review: its payload cannot be shown: %s", l.why.text);
	return l.why.kind == ERR_NONE && l.fits ? EXIT_DONE : EXIT_DIFFERS;
}

static int approve(const struct review_wanted *o, struct reviewer *r, struct err *e)
{
	return review_decide_on(o, r, DECISION_APPROVE, e);
}

static int deny(const struct review_wanted *o, struct reviewer *r, struct err *e)
{
	return review_decide_on(o, r, DECISION_DENY, e);
}

/* --- the words --- */

static const struct word {
	const char *name;
	bool number;	/* takes one */
	int (*does)(const struct review_wanted *o, struct reviewer *r, struct err *e);
} words[] = {
	{ "list", false, list },
	{ "show", true, show },
	{ "approve", true, approve },
	{ "deny", true, deny },
	{ "follow", false, follow },
};

static int help(const struct option_row *rows)
{
	puts("usage: reeve review                             (a view that fills the terminal)\n"
	     "       reeve review list|follow [--json]\n"
	     "       reeve review show N [--all] [--json | --raw]\n"
	     "       reeve review approve|deny N [--reason TEXT] [--as NAME] [--key FILE]\n\n"
	     "Calls of agents that a rule holds until a person approves them. See what is\n"
	     "asked for to its last byte, then approve or deny it with your SSH key.\n");
	options_print(rows);
	puts("\nexample:\n"
	     "  reeve review list\n"
	     "  reeve review show 34\n"
	     "  reeve review approve 34 --reason 'ticket 4711, asked back by phone'\n"
	     "  reeve review deny 35 --reason 'no such ticket'\n\n"
	     "Exit status: 0 done, 1 turned away or nothing decided, 2 usage, 3 failed.");
	return EXIT_DONE;
}

static int read_number(uint64_t *out, const char *text, struct err *e)
{
	if (!*text || strlen(text) > 16 || text[strspn(text, "0123456789")])
		return err_set(e, ERR_INPUT, "\"%.40s\" is not the number of a held call; reeve review list shows them", text);
	*out = strtoull(text, NULL, 10);
	return 0;
}

static int read_words(struct review_wanted *o, const struct word **word, int argc, char **argv, int at, struct err *e)
{
	size_t i;

	if (at == argc) {
		*word = NULL;
		return 0;
	}
	for (i = 0; i < count_of(words) && strcmp(argv[at], words[i].name) != 0; i++)
		;
	if (i == count_of(words))
		return err_set(e, ERR_INPUT, "there is no word \"%.40s\": expected list, show, approve, deny or follow", argv[at]);
	*word = &words[i];
	if (argc - at > 1 + words[i].number)
		return err_set(e, ERR_INPUT, "%s takes no operand \"%.80s\"", words[i].name, argv[at + 1 + words[i].number]);
	if (!words[i].number)
		return 0;
	if (argc - at < 2)
		return err_set(e, ERR_INPUT, "%s: which one? reeve review list shows their numbers", words[i].name);
	return read_number(&o->index, argv[at + 1], e);
}

/* Without a word: the view for who sits at a terminal; for others the list. */
static int start(const struct review_wanted *o, const struct word *word, struct err *e)
{
	scoped(reviewer) struct reviewer *r = NULL;

	if (!word && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return review_minded(o, e);
	if (review_connect(&r, o, e) < 0)
		return -1;
	return (word ? word->does : list)(o, r, e);
}

int cmd_review(int argc, char **argv, struct err *e)
{
	struct review_wanted wanted = { .tenant = "default" }, *o = &wanted;
	const struct word *word = NULL;
	int at, done;
	const struct option_row rows[] = {
		{ "reason", "TEXT", OPTION_TEXT, &o->reason, "why: for the ledger, and told to the agent", NULL },
		{ "as", "NAME", OPTION_TEXT, &o->name, "who you are, as the list of signers has it", NULL },
		{ "key", "FILE", OPTION_TEXT, &o->key, "the SSH key that signs, or its public half", NULL },
		{ "digest", "SHA256", OPTION_TEXT, &o->digest, "decide only if this is what is held", NULL },
		{ "statement", NULL, OPTION_FLAG, &o->statement, "print what is to be signed, and stop", NULL },
		{ "signature", "FILE", OPTION_TEXT, &o->signature, "one made elsewhere by ssh-keygen -Y sign", NULL },
		{ "all", NULL, OPTION_FLAG, &o->all, "show long texts whole", NULL },
		{ "raw", NULL, OPTION_FLAG, &o->raw, "show: the payload's bytes, nothing else", NULL },
		{ "json", NULL, OPTION_FLAG, &o->json, "one JSON object a held call", NULL },
		{ "tenant", "NAME", OPTION_TEXT, &o->tenant, "whose ledger (default: default)", NULL },
		{ "socket", "PATH", OPTION_TEXT, &o->socket, "another user's recorder", NULL },
		{ "help", NULL, OPTION_FLAG, &o->help, "print this", NULL },
		{ NULL, NULL, OPTION_FLAG, NULL, NULL, NULL },
	};
	at = options_anywhere(argc, argv, rows, e);
	if (at >= 0 && o->help)
		return help(rows);
	if (at < 0 || read_words(o, &word, argc, argv, at, e) < 0)
		return usage_error("review", e);
	if (!o->socket && settings_paths(&o->at, o->tenant, e) < 0)
		return -1;
	done = start(o, word, e);
	if (done < 0 && e->kind == ERR_INPUT) {
		log_say("review: %s", e->text);
		return EXIT_DIFFERS;
	}
	return done < 0 ? err_in(e, "review") : done;
}

/*
 * Approve and deny. The order is the point: the held call is asked for anew, its payload is fetched and hashed by this
 * process, what will be signed is made of that, and only then is anybody asked. Nothing is signed that was not
 * looked at, and nothing is sent that was not verified.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/review.h"

void looked_free(struct looked *l)
{
	held_free(l->held);
	buf_free(&l->payload);
}

static int read_one(struct held **out, struct reviewer *r, uint64_t index, struct err *e)
{
	scoped(held) struct held *h = NULL;
	struct stands s;
	int got;

	if (reviewer_query(r, index, false, e) < 0)
		return -1;
	while ((got = reviewer_next(&s, r, REVIEWER_SECONDS * 1000, e)) == REVIEWER_STANDS) {
		held_free(h);
		h = NULL;
		if (held_read(&h, &s, e) < 0)
			return -1;
	}
	if (got < 0)
		return -1;
	if (got != REVIEWER_ALL)
		return err_set(e, ERR_PEER, got == REVIEWER_GONE ? "the recorder hung up; try again" :
								  "the recorder does not answer");
	if (!h || h->index != index)
		return err_set(e, ERR_INPUT, "there is no held call %" PRIu64 "; reeve review list shows them", index);
	*out = take(&h);
	return 0;
}

int look_at(struct looked *out, struct reviewer *r, uint64_t index, struct err *e)
{
	char digest[SEAL_DIGEST_TEXT];

	if (read_one(&out->held, r, index, e) < 0)
		return -1;
	if (reviewer_see(&out->payload, r, index, &out->why) < 0) {
		if (out->why.kind == ERR_INPUT) /* it says why there is none: the rest can be shown all the same */
			return 0;
		*e = out->why;
		return -1;
	}
	seal_digest(digest, out->payload.data, out->payload.size);
	out->fits = strcmp(digest, held_text(out->held, FIELD_DIGEST)) == 0;
	return 0;
}

/* --- may it be decided at all --- */

static int check(const struct review_wanted *o, const struct looked *l, enum decision d, struct err *e)
{
	const char *digest = held_text(l->held, FIELD_DIGEST);

	if (!held_is_open(l->held))
		return err_set(e, ERR_INPUT, "held call %" PRIu64 " is %s: there is nothing to decide", o->index,
			       hold_word(l->held->state));
	if (o->digest && strcmp(o->digest, digest) != 0)
		return err_set(e, ERR_INPUT, "held call %" PRIu64 " is %s, not %.80s", o->index, digest, o->digest);
	if (d == DECISION_DENY)
		return 0;
	if (l->why.kind != ERR_NONE)
		return err_set(e, l->why.kind, "what nobody can see, nobody can approve: %.180s", l->why.text);
	if (!l->fits)
		return err_set(e, ERR_PEER, "the recorder gives out other bytes than were held: nothing is signed");
	return 0;
}

/* --- a person at a terminal --- */

static bool at_terminal(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* What was typed before it was asked for is no answer. */
static bool ask_line(char *out, size_t room, const char *question)
{
	size_t size;

	tcflush(STDIN_FILENO, TCIFLUSH);
	fputs(question, stdout);
	fflush(stdout);
	if (!fgets(out, (int)room, stdin)) {
		clearerr(stdin);
		putchar('\n');
		return false;
	}
	size = strlen(out);
	if (size > 0 && out[size - 1] == '\n')
		out[--size] = '\0';
	else
		while (size + 1 == room && getchar() != '\n' && !feof(stdin))
			;
	return size > 0 && size + 1 < room;
}

static void show(const struct review_wanted *o, const struct looked *l)
{
	scoped(page) struct page p = PAGE(review_columns());
	const struct shown s = { .held = l->held, .payload = l->payload.data ? l->payload.data : "", .size = l->payload.size,
				 .fits = l->fits, .all = o->all, .tenant = o->tenant };

	show_held(&p, &s);
	page_print(&p, review_coloured());
	putchar('\n');
}

static bool confirm(const struct signing *who, const char *reason, enum decision d)
{
	char answer[16];

	printf("You are %s. ", who->name);
	fputs(d == DECISION_APPROVE ? "What is shown above may then be done, once" : "It will not be done, whoever else approves",
	      stdout);
	printf(",\nand the ledger keeps your word for it: \"%s\".\n", reason);
	return ask_line(answer, sizeof(answer), d == DECISION_APPROVE ? "Approve it? (yes/no) " : "Deny it? (yes/no) ") &&
	       strcmp(answer, "yes") == 0;
}

/* --- signed and sent --- */

static int compose(struct buf *out, const struct review_wanted *o, const struct looked *l, const struct signing *who,
		   const char *reason, enum decision d, struct err *e)
{
	if (!statement_fits(who->name, reason))
		return err_set(e, ERR_INPUT, "--reason takes one line of at most %d bytes, --as a name of at most %d",
			       STATEMENT_REASON, STATEMENT_REVIEWER);
	if (!statement_write(out, &l->held->told.record, o->index, who->name, d, reason))
		return err_set(e, ERR_PEER, "the held call lacks what a decision on it must say");
	return 0;
}

static int came_to(uint64_t index, uint64_t record, enum hold_state state, enum decision d)
{
	if (d == DECISION_DENY)
		printf("%" PRIu64 " denied, record %" PRIu64 "\n", index, record);
	else if (state == HOLD_APPROVED || state == HOLD_USED)
		printf("%" PRIu64 " approved, record %" PRIu64 ": it may be done once\n", index, record);
	else
		printf("%" PRIu64 " has your approval, record %" PRIu64 "; it is %s: more is needed (reeve review show %" PRIu64 ")\n",
		       index, record, hold_word(state), index);
	return EXIT_DONE;
}

static int sign_and_send(const struct review_wanted *o, struct reviewer *r, const struct signing *who,
			 const struct buf *statement, const char *reason, enum decision d, struct err *e)
{
	scoped(buf) struct buf signature = BUF(4096);
	struct reviewer_word word = { .index = o->index, .reviewer = who->name, .decision = decision_word(d), .reason = reason };
	enum hold_state state;
	uint64_t record;

	if (o->signature ? sign_read(&signature, o->signature, statement, e) < 0 :
			   sign_statement(&signature, who, statement, e) < 0)
		return -1;
	word.signature = buf_text(&signature);
	if (reviewer_decide(&record, &state, r, &word, e) < 0)
		return -1;
	return came_to(o->index, record, state, d);
}

/* Somebody who signs elsewhere says who he is; nobody here needs to have his key. */
static int find_signing(struct signing *who, const struct review_wanted *o, const struct held *h, struct err *e)
{
	char key[KEY_PATH], name[STATEMENT_REVIEWER + 1];

	if (signing_defaults(key, name, e) < 0)
		return -1;
	if (!o->statement && !o->signature)
		return signing_find(who, o->key ? o->key : *key ? key : NULL, o->name ? o->name : *name ? name : NULL, h, e);
	*who = (struct signing){ .path = "" };
	snprintf(who->name, sizeof(who->name), "%s", o->name ? o->name : name);
	return who->name[0] ? 0 : err_set(e, ERR_INPUT, "--statement and --signature need --as NAME: whose word it is");
}

int review_decide_on(const struct review_wanted *o, struct reviewer *r, enum decision d, struct err *e)
{
	scoped(looked) struct looked l = { .held = NULL };
	scoped(buf) struct buf statement = BUF(STATEMENT_MOST);
	char typed[STATEMENT_REASON + 2] = "";
	const char *reason = o->reason;
	struct signing who;
	bool asks = at_terminal() && !o->statement;

	if (look_at(&l, r, o->index, e) < 0 || check(o, &l, d, e) < 0 || find_signing(&who, o, l.held, e) < 0)
		return -1;
	if (asks)
		show(o, &l);
	if (!reason && asks && ask_line(typed, sizeof(typed), "Reason, one line for the ledger and the agent: "))
		reason = typed;
	if (!reason)
		return err_set(e, ERR_INPUT, "no reason given; nothing was decided");
	if (compose(&statement, o, &l, &who, reason, d, e) < 0)
		return -1;
	if (o->statement)
		return fwrite(statement.data, 1, statement.size, stdout) == statement.size ? EXIT_DONE :
											    err_sys(e, "standard output");
	if (asks && !confirm(&who, reason, d)) {
		log_say("review: nothing was decided");
		return EXIT_DIFFERS;
	}
	return sign_and_send(o, r, &who, &statement, reason, d, e);
}

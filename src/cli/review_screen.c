/*
 * The view that fills a terminal. News come on one connection and are taken as they come; what is looked at comes on
 * another. To decide, the view steps aside: the same questions are asked as on the command line, of the held call as it
 * then is, and nothing typed before they are asked counts.
 */
#include "cli/review_screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"

enum { REDRAW_MS = 1000, TYPED = 64, ROWS_LEAST = 10, COLUMNS_LEAST = 40, LINES_MOST = 500 };

static void say(struct screen *s, const char *text)
{
	snprintf(s->said, sizeof(s->said), "%.150s", text);
}

static void measure(struct screen *s)
{
	struct winsize w = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_row == 0 || w.ws_col == 0)
		w = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	s->rows = w.ws_row < ROWS_LEAST ? ROWS_LEAST : w.ws_row > LINES_MOST ? LINES_MOST : w.ws_row;
	s->columns = w.ws_col < COLUMNS_LEAST ? COLUMNS_LEAST : w.ws_col > LINES_MOST ? LINES_MOST : w.ws_col;
}

static void enter(struct screen *s)
{
	struct termios raw = s->before;

	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	(void)!write(STDOUT_FILENO, SCREEN_ON, strlen(SCREEN_ON));
}

/* --- the pane --- */

static void lay_out(struct screen *s)
{
	const struct looked *l = &s->looked;

	page_free(&s->page);
	s->page = PAGE(s->columns);
	if (!l->held)
		return;
	show_held(&s->page, &(struct shown){ .held = l->held, .payload = l->why.kind ? NULL : l->payload.data ? l->payload.data : "",
					     .size = l->payload.size, .fits = l->fits, .all = s->all,
					     .tenant = s->o->tenant });
	if (l->why.kind)
		page_say(&s->page, PAGE_WARNS, "Its payload cannot be shown: %s", l->why.text);
}

/* The recorder may have ended and been followed by another since the last question. */
static int look(struct screen *s, struct err *e)
{
	struct looked l = { .held = NULL };
	int done = -1, tries;

	for (tries = 0; tries < 2 && done < 0; tries++) {
		looked_free(&l);
		l = (struct looked){ .held = NULL };
		if (!s->asks && review_connect(&s->asks, s->o, e) < 0)
			break;
		done = look_at(&l, s->asks, s->chosen, e);
		if (done == 0 || e->kind == ERR_INPUT)
			break;
		reviewer_free(s->asks);
		s->asks = NULL;
	}
	looked_free(&s->looked);
	s->looked = l;
	if (done < 0)
		say(s, e->text);
	lay_out(s);
	return done;
}

static void choose(struct screen *s, uint64_t index)
{
	struct err e = { 0 };

	if (index != s->chosen)
		s->scroll = 0;
	s->chosen = index;
	looked_free(&s->looked);
	s->looked = (struct looked){ .held = NULL };
	if (index)
		(void)!look(s, &e);
	lay_out(s);
}

static void choose_beside(struct screen *s, bool down)
{
	size_t i;

	for (i = 0; i < s->board.count && s->board.at[i]->index != s->chosen; i++)
		;
	if (i == s->board.count)
		choose(s, s->board.count ? s->board.at[0]->index : 0);
	else if (down ? i + 1 < s->board.count : i > 0)
		choose(s, s->board.at[down ? i + 1 : i - 1]->index);
}

/* The pane stands where there is something. */
static void hold_scroll(struct screen *s)
{
	size_t rows = screen_pane_rows(s), most = s->page.count > rows ? s->page.count - rows : 0;

	s->scroll = s->scroll < most ? s->scroll : most;
}

/* --- deciding --- */

static void decide(struct screen *s, enum decision d)
{
	struct review_wanted o = *s->o;
	struct reviewer *r = NULL;
	struct err e = { 0 };
	char wait[8];
	int done;

	if (!s->chosen)
		return;
	o.index = s->chosen;
	o.reason = NULL;
	screen_restore(&s->before);
	done = review_connect(&r, &o, &e) < 0 ? -1 : review_decide_on(&o, r, d, &e);
	reviewer_free(r);
	if (done < 0)
		printf("reeve: %s\n", e.text);
	fputs("Enter goes back. ", stdout);
	fflush(stdout);
	(void)!fgets(wait, sizeof(wait), stdin);
	enter(s);
	choose(s, s->chosen);
}

/* --- keys --- */

static void go_up(struct screen *s)
{
	choose_beside(s, false);
}

static void go_down(struct screen *s)
{
	choose_beside(s, true);
}

static void page_up(struct screen *s)
{
	size_t step = screen_pane_rows(s);

	s->scroll -= s->scroll > step ? step : s->scroll;
}

static void page_down(struct screen *s)
{
	s->scroll += screen_pane_rows(s);
}

static void show_whole(struct screen *s)
{
	s->whole = !s->whole;
}

static void unfold(struct screen *s)
{
	s->all = !s->all;
	lay_out(s);
}

static void approve(struct screen *s)
{
	decide(s, DECISION_APPROVE);
}

static void deny(struct screen *s)
{
	decide(s, DECISION_DENY);
}

static void show_help(struct screen *s)
{
	s->help = true;
}

static const struct {
	enum screen_key key;
	void (*does)(struct screen *s);
} does[] = {
	{ KEY_UP, go_up },	 { KEY_DOWN, go_down },	  { KEY_PAGE_UP, page_up }, { KEY_PAGE_DOWN, page_down },
	{ KEY_ENTER, show_whole }, { KEY_FOLD, unfold }, { KEY_APPROVE, approve }, { KEY_DENY, deny },
	{ KEY_HELP, show_help },
};

/* While the keys are shown, any of them only goes back. */
static void obey(struct screen *s, enum screen_key key)
{
	bool helped = s->help;
	size_t i;

	s->help = false;
	s->said[0] = '\0';
	for (i = 0; !helped && i < count_of(does); i++)
		if (does[i].key == key)
			does[i].does(s);
	hold_scroll(s);
}

/* 1: it is left. What was typed ahead of a question does not answer it, nor what comes behind it. */
static int hear_keys(struct screen *s, struct err *e)
{
	char typed[TYPED];
	const char *at = typed;
	ssize_t got = read(STDIN_FILENO, typed, sizeof(typed));
	size_t left = got > 0 ? (size_t)got : 0;
	enum screen_key key = KEY_NONE;

	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
		return err_set(e, ERR_SYSTEM, "the terminal is gone");
	while (left > 0 && key != KEY_APPROVE && key != KEY_DENY) {
		key = screen_key(&at, &left);
		if (key == KEY_QUIT)
			return 1;
		obey(s, key);
	}
	return 0;
}

/* --- news --- */

static int follow(struct screen *s, struct err *e)
{
	reviewer_free(s->news);
	s->news = NULL;
	board_free(&s->board);
	return review_connect(&s->news, s->o, e) < 0 ? -1 : reviewer_query(s->news, 0, true, e);
}

/* Who looks at it sees at once that somebody else decided. */
static void tell(struct screen *s, const struct held *h)
{
	struct err e = { 0 };

	if (h->index != s->chosen)
		return;
	(void)!look(s, &e);
	snprintf(s->said, sizeof(s->said), "held call %llu is %s now", (unsigned long long)h->index, hold_word(h->state));
}

/* 1: there was one; 0: no more for now. */
static int hear_one(struct screen *s, struct err *e)
{
	scoped(held) struct held *h = NULL;
	struct stands stands;
	uint64_t index;
	int got = reviewer_next(&stands, s->news, 0, e);
	bool known;

	if (got == REVIEWER_GONE)
		return follow(s, e);
	if (got != REVIEWER_STANDS)
		return got < 0 ? -1 : 0;
	if (held_read(&h, &stands, e) < 0)
		return -1;
	index = h->index;
	known = board_find(&s->board, index) != NULL;
	if (board_take(&s->board, &h) && known && board_find(&s->board, index))
		tell(s, board_find(&s->board, index));
	return 1;
}

static int hear_news(struct screen *s, struct err *e)
{
	int got;

	while ((got = hear_one(s, e)) > 0)
		;
	board_settle(&s->board);
	if (!s->chosen && s->board.count)
		choose(s, s->board.at[0]->index);
	return got;
}

/* --- until it is left --- */

static int hear_signal(struct screen *s, int fd)
{
	struct signalfd_siginfo what;

	if (read(fd, &what, sizeof(what)) != sizeof(what))
		return 0;
	if (what.ssi_signo != SIGWINCH)
		return 1;
	measure(s);
	lay_out(s);
	hold_scroll(s);
	return 0;
}

static int step(struct screen *s, int signals, struct err *e)
{
	struct pollfd in[] = { { .fd = STDIN_FILENO, .events = POLLIN },
			       { .fd = signals, .events = POLLIN },
			       { .fd = reviewer_fd(s->news), .events = POLLIN } };
	int done = 0;

	if (screen_draw(s, e) < 0)
		return -1;
	if (poll(in, count_of(in), REDRAW_MS) < 0)
		return errno == EINTR ? 0 : err_sys(e, "poll");
	if (in[1].revents)
		done = hear_signal(s, signals);
	if (done == 0 && in[2].revents)
		done = hear_news(s, e);
	if (done == 0 && in[0].revents)
		done = hear_keys(s, e);
	return done;
}

static int signals_open(struct err *e)
{
	static const int all[] = { SIGWINCH, SIGTERM, SIGINT, SIGQUIT, SIGHUP };
	sigset_t set;
	size_t i;
	int fd;

	sigemptyset(&set);
	for (i = 0; i < count_of(all); i++)
		sigaddset(&set, all[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, "signalfd") : fd;
}

int review_screen(const struct review_wanted *o, struct err *e)
{
	struct screen s = { .o = o };
	scoped(fd) int signals = signals_open(e);
	int done = signals < 0 || tcgetattr(STDIN_FILENO, &s.before) < 0 ? -1 : follow(&s, e);

	if (done == 0) {
		measure(&s);
		enter(&s);
		while (done == 0)
			done = step(&s, signals, e);
		screen_restore(&s.before);
	}
	reviewer_free(s.news);
	reviewer_free(s.asks);
	looked_free(&s.looked);
	page_free(&s.page);
	board_free(&s.board);
	return done < 0 ? -1 : EXIT_DONE;
}

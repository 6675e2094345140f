/* cli/review_screen.h - what fills a terminal for `reeve review`. Private to cli/review_*.c. */
#ifndef CLI_REVIEW_SCREEN_H
#define CLI_REVIEW_SCREEN_H

#include <termios.h>

#include "cli/review.h"

/* The other screen of the terminal, no cursor; and back: colours off, cursor on. */
#define SCREEN_ON  "\033[?1049h\033[?25l\033[?7l"
#define SCREEN_OFF "\033[0m\033[?7h\033[?25h\033[?1049l"

void screen_restore(const struct termios *before);

enum screen_key {
	KEY_NONE, KEY_UP, KEY_DOWN, KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_ENTER, KEY_APPROVE, KEY_DENY, KEY_HELP, KEY_FOLD,
	KEY_REDRAW, KEY_QUIT
};

struct screen {
	const struct review_wanted *o;
	struct termios before;
	size_t rows, columns;
	struct board board;
	uint64_t chosen;	/* index of held; 0: none. It stays chosen while others come and go */
	size_t scroll;		/* of the pane */
	struct page page;	/* the pane */
	struct looked looked;	/* what is on it */
	struct reviewer *news, *asks;
	bool whole, all, help;	/* the pane alone; nothing folded; the keys */
	char said[160];		/* the last line, ours */
};

/* Takes the first key off what was typed. */
enum screen_key screen_key(const char **at, size_t *left);
/* All of it, in one write. */
int screen_draw(const struct screen *s, struct err *e) must_use;
size_t screen_pane_rows(const struct screen *s);

#endif

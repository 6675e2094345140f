/* What the view looks like: what is held above, the chosen one below. Lines come from pages alone. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/review.h"
#include "cli/review_screen.h"

enum { LIST_LEAST = 3, LIST_SHARE = 3, VIEW_MOST = 1 << 20, VIEW_ROWS = 3 };

static const char *const keys[] = {
	"  j k, arrows      choose another held call",
	"  PgUp PgDn space  move in what would be done",
	"  Enter            what would be done alone, and back",
	"  f                show long texts whole, or folded",
	"  a                approve the chosen one: asks for a reason, and for a yes",
	"  d                deny it; the same",
	"  q                leave",
};

static size_t list_rows(const struct screen *s)
{
	size_t most = (s->rows - VIEW_ROWS) / LIST_SHARE;

	if (s->whole)
		return 0;
	most = most < LIST_LEAST ? LIST_LEAST : most;
	return s->board.count < most ? (s->board.count ? s->board.count : 1) : most;
}

size_t screen_pane_rows(const struct screen *s)
{
	size_t used = list_rows(s) + VIEW_ROWS;

	return s->rows > used ? s->rows - used : 0;
}

/* A line of a page, in its colour. What was there goes first: behind a line as wide as the terminal that takes its end. */
static void put(struct buf *out, const char *paint, const char *text, size_t size)
{
	buf_puts(out, "\033[K");
	buf_puts(out, paint);
	buf_add(out, text, size);
	buf_puts(out, "\033[0m\r\n");
}

/* One line, cut to the width, visible: by a page of one line. */
static void put_cut(struct buf *out, const struct screen *s, const char *paint, const char *text)
{
	scoped(page) struct page p = PAGE(s->columns);

	page_add(&p, PAGE_THEIRS, "", "", text, strlen(text));
	put(out, paint, p.count ? p.text.data + p.lines[0].at : "", p.count ? p.lines[0].size : 0);
}

static void put_held(struct buf *out, const struct screen *s, const struct held *h)
{
	char line[512], span[SPAN];

	snprintf(line, sizeof(line), "%c %-7" PRIu64 " %-9s %7s  %s  | %.60s/%.100s %.160s", h->index == s->chosen ? '>' : ' ',
		 h->index, hold_word(h->state), held_is_open(h) ? span_text(span, held_left(h)) : "", held_text(h, FIELD_AGENT),
		 held_text(h, FIELD_SERVER), held_text(h, FIELD_TOOL), held_text(h, FIELD_RESOURCE));
	put_cut(out, s, h->index == s->chosen ? "\033[7m" : "", line);
}

/* So that the chosen one is among them. */
static void put_list(struct buf *out, const struct screen *s)
{
	size_t rows = list_rows(s), from = 0, i;

	for (i = 0; i < s->board.count; i++)
		if (s->board.at[i]->index <= s->chosen && i >= rows)
			from = i + 1 - rows;
	for (i = 0; i < rows; i++) {
		if (from + i < s->board.count)
			put_held(out, s, s->board.at[from + i]);
		else
			put_cut(out, s, "", i == 0 ? "  nothing is held; what comes is shown here" : "");
	}
}

static void put_pane(struct buf *out, const struct screen *s)
{
	size_t rows = screen_pane_rows(s), i;
	const struct page_line *l;

	for (i = 0; i < rows; i++) {
		if (s->help) {
			put_cut(out, s, "", i < count_of(keys) ? keys[i] : "");
			continue;
		}
		l = s->scroll + i < s->page.count ? &s->page.lines[s->scroll + i] : NULL;
		put(out, l ? page_paint(l->kind) : "", l ? s->page.text.data + l->at : "", l ? l->size : 0);
	}
}

static void put_bar(struct buf *out, const struct screen *s)
{
	size_t rows = screen_pane_rows(s), below = s->page.count > s->scroll + rows ? s->page.count - s->scroll - rows : 0;
	char line[200];

	snprintf(line, sizeof(line), "--- %s", s->help ? "keys; any of them goes back" : s->chosen ? "" : "");
	if (!s->help && below)
		snprintf(line, sizeof(line), "--- %zu more lines below: PgDn", below);
	put_cut(out, s, "\033[1m", line);
}

int screen_draw(const struct screen *s, struct err *e)
{
	scoped(buf) struct buf out = BUF(VIEW_MOST);
	char title[120];

	snprintf(title, sizeof(title), "reeve review: %zu held for tenant %.63s", s->board.count, s->o->tenant);
	buf_puts(&out, "\033[H");
	put_cut(&out, s, "\033[1m", title);
	put_list(&out, s);
	put_pane(&out, s);
	put_bar(&out, s);
	put_cut(&out, s, "", *s->said ? s->said : "a approve  d deny  j k choose  PgUp PgDn move  Enter whole  ? keys  q quit");
	out.size -= out.size >= 2 ? 2 : 0; /* no new line after the last, which would move all of it up */
	buf_puts(&out, "\033[J");
	return out.over ? err_set(e, ERR_LIMIT, "the view does not fit") : fd_write_all(STDOUT_FILENO, out.data, out.size, e);
}

/* cli/review.h - held calls, as `reeve review` shows them and decides on them. Private to cli/. */
#ifndef CLI_REVIEW_H
#define CLI_REVIEW_H

#include "base/buf.h"
#include "launcher/reviewer.h"
#include "ledger/ledger.h"
#include "ledger/statement.h"

/* --- what is held (review_held.c) --- */

/* One record as the ledger has it, and its texts as C strings. */
struct told {
	char *line;		/* owned */
	size_t size;
	char room[RECORD_MOST];
	struct record record;
	char *text[FIELDS];	/* owned; NULL: it has none */
};

struct held {
	struct told told;
	uint64_t index;
	enum hold_state state;
	uint64_t left_s, read_ns;	/* left: when it was read */
	struct told *decided;		/* owned */
	size_t decided_count;
};

int held_read(struct held **out, const struct stands *s, struct err *e) must_use;
void held_free(struct held *h);
SCOPED(held, struct held *, held_free)

const char *told_text(const struct told *t, enum field f);	/* "" where there is none */
const char *held_text(const struct held *h, enum field f);
uint64_t held_left(const struct held *h);			/* seconds, now */
bool held_is_open(const struct held *h);			/* a decision is still heard */
const char *list_next(const struct field_value *v, size_t *at);	/* items of a list one by one; NULL: no more */

/* "12m05s", "3d 4h". */
enum { SPAN = 24 };
const char *span_text(char out[SPAN], uint64_t seconds);

/* Is that somebody who is asked, by what the record says? Steps of an escalation count whose time is to come, too. */
bool held_asks(const struct held *h, const char *name);

/* --- pages: lines no wider than a terminal, of which each says whose words it holds (review_page.c) --- */

enum page_kind {
	PAGE_OURS,
	PAGE_HEAD,	/* a heading of ours */
	PAGE_WARNS,	/* what to look at closely, ours */
	PAGE_THEIRS,	/* words of an agent, behind a mark */
};

enum { PAGE_MOST = 32 << 20 };

struct page_line {
	enum page_kind kind;
	size_t at, size;
};

struct page {
	size_t columns;
	struct buf text;
	struct page_line *lines;	/* owned */
	size_t count, room;
	bool over;			/* something did not fit: it must not be shown as if it were all */
};

#define PAGE(wide) ((struct page){ .columns = (wide), .text = BUF(PAGE_MOST) })

void page_free(struct page *p);
static inline void leave_page(struct page *p)
{
	page_free(p);
}

/*
 * One text, over as many lines as it takes: `first` before the first, `rest` before all others. Whatever is in it,
 * it is made visible, so no line of a page holds anything but what is shown.
 */
void page_add(struct page *p, enum page_kind kind, const char *first, const char *rest, const char *text, size_t size);
/* Whether this one character, `before` it another, is shown as itself. */
bool page_shows(const char *text, size_t step, uint32_t before);
void page_say(struct page *p, enum page_kind kind, const char *fmt, ...) printf_like(3, 4);
/* "  label     text", wrapped between words; of an agent's words with a mark before each line. */
void page_row(struct page *p, enum page_kind kind, const char *label, const char *text);
void page_print(const struct page *p, bool colour);
/* How a line of that kind begins and ends on a terminal. */
const char *page_paint(enum page_kind kind);

/* --- what is shown of one (review_show.c), and of its payload (review_payload.c) --- */

struct shown {
	const struct held *held;
	const char *payload;
	size_t size;
	bool fits;	/* its digest is the one in the record */
	bool all;	/* fold nothing */
	const char *tenant;
};

void show_held(struct page *p, const struct shown *s);
/* Behind a mark each: "| " a line of the payload as JSON, "> " a line of a text in it, ". " goes on. */
void show_payload(struct page *p, const char *payload, size_t size, bool all);
/* What to look at closely in it: letters that look like others, what is not shown as it is. */
void show_warnings(struct page *p, const char *payload, size_t size);

/* --- what was asked of `reeve review`, and what its words share --- */

struct review_wanted {
	const char *tenant, *socket;	/* socket NULL: this user's own recorder of the tenant */
	const char *key, *name, *reason, *digest, *signature;	/* NULL: not said */
	bool json, all, raw, statement, help;
	uint64_t index;
	struct paths at;
};

int review_connect(struct reviewer **out, const struct review_wanted *o, struct err *e) must_use;
size_t review_columns(void);	/* of the terminal; 80 where there is none */
bool review_coloured(void);

/* One held call, looked at anew, and its payload: *payload is empty where `why` says why it could not be had. */
struct looked {
	struct held *held;
	struct buf payload;
	bool fits;		/* the digest that was held is that of the payload */
	struct err why;
};

int look_at(struct looked *out, struct reviewer *r, uint64_t index, struct err *e) must_use;
void looked_free(struct looked *l);
static inline void leave_looked(struct looked *l)
{
	looked_free(l);
}

/* review_decide.c: shows it and asks, where somebody sits at a terminal; an exit code. */
int review_decide_on(const struct review_wanted *o, struct reviewer *r, enum decision d, struct err *e) must_use;
/* review_screen.c: the view that fills a terminal. */
int review_screen(const struct review_wanted *o, struct err *e) must_use;
/* Runs that in a child, and gives the terminal back however it ends (review_minder.c). */
int review_minded(const struct review_wanted *o, struct err *e) must_use;
/* review_json.c: as one line; on a terminal nothing in it acts. `payload` NULL: without. */
int held_print_json(const struct held *h, const struct looked *payload, struct err *e) must_use;

/* --- all that stand open, in order, as they come and go (review_board.c) --- */

enum { BOARD_MOST = 4096 };

struct board {
	struct held **at;	/* owned */
	size_t count, room;
};

/* Takes the held call. true: it is new, or something changed, and *now is it; one that is no longer open goes at the next. */
bool board_take(struct board *b, struct held **h);
const struct held *board_find(const struct board *b, uint64_t index);
void board_settle(struct board *b);	/* forget what is no longer open */
void board_free(struct board *b);
static inline void leave_board(struct board *b)
{
	board_free(b);
}

/* --- who signs, with what (review_key.c), and the signature (review_sign.c) --- */

enum { KEY_PATH = 4096, KEY_BLOB = 256, SIGN_SECONDS = 180 };

struct signing {
	char path[KEY_PATH];	/* of the key, or of its public half; "" : only the agent has it, and `line` says which */
	char line[1024];	/* its public half as one line, if that is known */
	uint8_t blob[KEY_BLOB];
	size_t blob_size;	/* 0: not known */
	char name[STATEMENT_REVIEWER + 1];
};

/* What was asked for; NULL: not said. Finds the one key and name that fit, or says which there are. */
int signing_find(struct signing *out, const char *key, const char *name, const struct held *h, struct err *e) must_use;
/* What stands in the operator's config.json for reviewers; "" where nothing does. */
int signing_defaults(char key[KEY_PATH], char name[STATEMENT_REVIEWER + 1], struct err *e) must_use;

/* By ssh-keygen, which may ask for a passphrase or a touch. Verified before it is given out, in base64. */
int sign_statement(struct buf *base64, const struct signing *s, const struct buf *statement, struct err *e) must_use;
/* One that was made elsewhere. */
int sign_read(struct buf *base64, const char *path, const struct buf *statement, struct err *e) must_use;

#endif

/* inspect/held.h - fingerprints of secrets and a search for them; private to inspect. */
#ifndef INSPECT_HELD_H
#define INSPECT_HELD_H

#include "inspect/inspect.h"

/*
 * A secret is cut into pieces of at most PIECE bytes within its lines. Of each piece the prints hold
 * 16 bits about WINDOW of its bytes, to pass over nearly everything by, and a keyed digest.
 */
enum { PIECE = 32, WINDOW = 8, PIECE_DIGEST = 16, FILTER = 1 << 16, ENCODINGS = 3, NESTED = 3 };

struct piece {
	uint16_t filter;
	uint8_t size, at;	/* where in it the window begins */
	uint8_t digest[PIECE_DIGEST];
	uint16_t secret;
	uint32_t next;		/* with the same filter, plus one; 0: the last */
};

struct secret {
	char name[INSPECT_NAME];
	size_t first, count, need;	/* how many of its pieces make it found */
};

struct inspect_held {
	uint8_t key[INSPECT_KEY];
	uint64_t factor;
	struct secret *secrets;		/* owned */
	struct piece *pieces;		/* owned */
	size_t secret_count, piece_count;
	uint64_t bits[FILTER / 64];
	uint32_t *first;		/* owned; by filter, a piece plus one */
};

/* held.c, shared with print.c. */
uint64_t held_factor(const uint8_t key[INSPECT_KEY]);
void held_digest(uint8_t out[PIECE_DIGEST], const uint8_t key[INSPECT_KEY], const char *bytes,
		 size_t size);

static inline uint16_t held_filter(uint64_t factor, const char *window)
{
	uint64_t bytes;

	__builtin_memcpy(&bytes, window, WINDOW);
	return (uint16_t)(bytes * factor >> 48);
}

/* One search, over as many texts as belong together. */
struct scan {
	const struct inspect_held *held;
	uint8_t *seen;			/* owned; per piece */
	struct buf decoded[NESTED];	/* owned */
	size_t budget;			/* bytes that may still be looked at */
	bool unsure;
	/* Called by scan_plain() for a piece that stands there; NULL: only `seen` is kept. */
	void (*hit)(void *whose, const struct piece *p, size_t from);
	void *whose;
};

bool scan_begin(struct scan *s, const struct inspect_held *h, size_t size);
void scan_end(struct scan *s);
void scan_text(struct scan *s, const char *text, size_t size);	/* in every encoding */
void scan_plain(struct scan *s, const char *text, size_t size);
bool scan_has(const struct scan *s, const struct secret *one);	/* enough of it was seen */
/* The first secret of which enough was seen; NULL: none. */
const struct secret *scan_found(const struct scan *s);

/* views.c: the same text, decoded. Each appends what it makes. */
void view_escapes(struct buf *out, const char *text, size_t size, char mark);	/* '%' or '\\' */
/* Runs of digits: from `phase` digits on, newlines passed over. */
void view_base64(struct buf *out, const char *text, size_t size, size_t phase);
void view_hex(struct buf *out, const char *text, size_t size, size_t phase);
/* The next run of at least `least` digits of base64 (hexadecimal), from *at on; its size, 0: none. */
size_t view_run(const char *text, size_t size, size_t *at, bool hex, size_t least);

/* find.c: a scan of all texts of a value is begun, and done. */
enum inspect_found find_in(struct scan *s, const struct inspect_held *h, const struct json_t *value,
			   const char **name);

/* joined.c: every text of a value, one after another. */
bool joined_texts(struct buf *out, const struct json_t *value);

#endif

/* inspect/inspect.h - what stands in texts: secrets, credentials, what is shown as nothing. No I/O. */
#ifndef INSPECT_INSPECT_H
#define INSPECT_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/scope.h"

struct json_t;

/* --- look.c: names that people and models take for each other --- */

/*
 * Append what a name is taken for: look-alikes of other scripts, case, 0 and o, 1 and l and i, rn and m,
 * marks and what is shown as nothing are all made one. Two names with one skeleton look alike. For
 * comparing only, never for showing. Linear; the skeleton is never longer than the name.
 */
bool inspect_skeleton(struct buf *out, const char *text, size_t size);

/* Is everything in it shown? Not so: Default_Ignorable_Code_Point, bidi controls, separators of lines; no UTF-8. */
bool inspect_is_seen(const char *text, size_t size);

/* The same name counts as one that looks alike. */
bool inspect_look_alike(const char *a, const char *b);

/* --- show.c: what servers say, as people and models are to read it --- */

/* What becomes of what is not shown, or acts on a terminal: reeve-profile(5), "text". */
enum inspect_show { SHOW_VISIBLE, SHOW_REMOVED, SHOW_AS_IT_IS };

/*
 * Append a text with such characters made visible (\xNN, \u{NNNN}) or taken out, those left alone that
 * writing and emoji need where they stand. True: it is another text now. Linear.
 */
bool inspect_show(struct buf *out, const char *text, size_t size, enum inspect_show how);

/* --- bound.c: a server's answer as it may be passed on --- */

struct inspect_bounds {
	enum inspect_show show;
	size_t text, data;	/* bytes of all texts of an answer; of one image, sound or blob, in base64 */
};

enum inspect_altered {
	ALTERED_TEXT = 1,	/* something was made visible, or taken out */
	ALTERED_CUT = 2,	/* it was longer than may be */
	ALTERED_LINK = 4,	/* a link to what a server must not point at was taken out */
	ALTERED_FAILED = 8,	/* no memory: it must not be passed on */
};

/* In place, every text and member name of a value; what is opaque to its reader (requestState, cursors) stays. */
unsigned inspect_tidy(struct json_t *value, enum inspect_show how);
/* That, and a result's texts cut, its data bounded, its links seen to. Bits of enum inspect_altered. */
unsigned inspect_bound(struct json_t *result, const struct inspect_bounds *b);

/* --- reading.c: a short text, as who decodes it would read it --- */

enum { INSPECT_READINGS = 4 };

/* The n-th: behind %XX, behind escapes, of base64, of hexadecimal. false: it is not written so, or means no text. */
bool inspect_reading(struct buf *out, const char *text, size_t size, unsigned n);

/* --- shapes.c: what looks like a credential, whosoever's --- */

/*
 * The word of the shape (inspect/shapes.def) that stands in a text, or anywhere in a value's texts and
 * names; NULL: none. Linear. Only as it is written: encodings of it are not looked into.
 */
const char *inspect_text_shape(const char *text, size_t size);
const char *inspect_shape(const struct json_t *value);

/* --- secrets that reeve holds: print.c makes fingerprints where they are known, held.c finds by them --- */

enum {
	INSPECT_KEY = 32,
	INSPECT_LEAST = 8,		/* bytes: what is shorter would stand in everything */
	INSPECT_LONGEST = 65536,
	INSPECT_SECRETS = 64,
	INSPECT_NAME = 136,
	INSPECT_PRINTS = 4 << 20,		/* bytes of all fingerprints */
};

/*
 * Begin fingerprints under a random key, then add each secret. Blanks and newlines at its ends are
 * not part of it. Who has the fingerprints can try a guess, and nothing else.
 */
int inspect_prints_check(const char *secret, size_t size, struct err *e) must_use;	/* can it be guarded? */
bool inspect_prints_begin(struct buf *out, const uint8_t key[INSPECT_KEY]);
int inspect_prints_add(struct buf *out, const char *name, const char *secret, size_t size,
		       struct err *e) must_use;

struct inspect_held;

int inspect_held_load(struct inspect_held **out, const void *bytes, size_t size, struct err *e) must_use;
void inspect_held_free(struct inspect_held *h);
SCOPED(inspect_held, struct inspect_held *, inspect_held_free)
size_t inspect_held_count(const struct inspect_held *h);

enum inspect_found {
	INSPECT_NONE,
	INSPECT_FOUND,
	INSPECT_UNSURE,	/* it cannot be told: too many encodings within each other, or no memory */
};

/*
 * Does one of them stand in this value: in a text, a number, a member's name, or split over those
 * next to each other, or over one member of an array's items; plain, in base64 (either alphabet, also in the middle of a longer one or
 * folded into lines), in hexadecimal, behind %XX or behind JSON escapes, up to three of those within
 * each other? Not found: what is compressed, encrypted, reversed, in another encoding, or in parts
 * that are not next to each other. Linear. Which one it is in *name, borrowed from `h`.
 */
enum inspect_found inspect_find(const struct inspect_held *h, const struct json_t *value, const char **name);

/*
 * Put "[secret NAME removed by reeve]" where one stands. FOUND: the value is clean now, and was
 * changed. UNSURE: it could not be cleaned, and must not be passed on at all; *name may be NULL.
 */
enum inspect_found inspect_clean(const struct inspect_held *h, struct json_t *value, const char **name);

#endif

/* base/text.h - text from strangers: is it UTF-8, how is it shown, where may it be cut. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF)? */
bool text_is_utf8(const char *text, size_t size);

/* Bytes of the first code point, its value in *point; 0 if malformed. */
size_t text_point(const char *text, size_t size, uint32_t *point);

/* The largest prefix of at most `most` bytes that ends between code points. */
size_t text_cut(const char *text, size_t size, size_t most);

/*
 * Append `text` so that a terminal shows what is there and nothing else happens: C0, C1, DEL, bidi
 * controls, zero-width and tag characters and malformed bytes become \xNN or \u{NNNN}.
 */
bool text_visible(struct buf *out, const char *text, size_t size);

/* Lower-case hexadecimal; `out` has room for 2 * size + 1. */
void text_hex(char *out, const uint8_t *bytes, size_t size);

/* By their text alone, "." and ".." meaning nothing: `path` is `root` or beneath it. */
bool path_is_within(const char *path, const char *root);

/* A name that is safe as a file name, a record field and a note key: [a-z0-9][a-z0-9_.-]{0,62}. */
bool text_is_name(const char *text);

#endif

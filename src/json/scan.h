/* json/scan.h - the tokens of a JSON text, strictly; private to json. */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include "json/json.h"

/* A token is named by the character it begins with, or by one of these. */
enum token {
	TOKEN_END = 0,
	TOKEN_BAD = '?',	/* `wrong` says why, and `from` where */
	TOKEN_STRING = '"',
	TOKEN_INTEGER = 'i',
	TOKEN_REAL = 'r',
	TOKEN_WORD = 'w',	/* true, false, null */
};

struct scan {
	const char *bytes;
	size_t size;
	int token;		/* the current one: enum token or one of {}[]:, */
	size_t from, at;	/* its bytes are [from, at) */
	size_t values, most;	/* values so far; most 0: any number */
	const char *wrong;	/* "expected …, found …" or a sentence; only for TOKEN_BAD */
};

/* Move to the next token. After TOKEN_END and TOKEN_BAD it stays there. */
void scan_next(struct scan *s);

/* The token after the string or number that began at s->from; used by scan_next() only. */
int scan_string(struct scan *s);
int scan_number(struct scan *s);
int scan_bad(struct scan *s, size_t at, const char *wrong);

/* Line and column of a byte. */
struct json_place scan_place(const char *bytes, size_t size, size_t at);

/* The grammar over the tokens: one value and nothing more. Sets s->from on failure. */
int scan_check(struct scan *s, struct err *e) must_use;

#endif

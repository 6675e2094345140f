/* inspect/shapes.h - what inspect/shapes.def is made of; private to inspect. */
#ifndef INSPECT_SHAPES_H
#define INSPECT_SHAPES_H

#include "inspect/inspect.h"

enum alphabet {
	ALPHABET_ALNUM, ALPHABET_UPPER, ALPHABET_WORD, ALPHABET_DOTTED, ALPHABET_PATH, ALPHABET_BASE64,
	ALPHABETS
};

/* The text that is looked through, and how far runs that were met go. */
struct text {
	const char *at;
	size_t size;
	size_t begins[ALPHABETS], ends[ALPHABETS];
};

struct shape {
	const char *word, *prefix;
	enum alphabet alphabet;
	size_t least, most;
	bool (*check)(const struct text *t, size_t from, size_t end);	/* of the body */
};

static inline bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool in_alphabet(enum alphabet a, char c);

/* checks.c */
bool check_varied(const struct text *t, size_t from, size_t end);
bool check_letters(const struct text *t, size_t from, size_t end);
bool check_no_example(const struct text *t, size_t from, size_t end);
bool check_crc(const struct text *t, size_t from, size_t end);
bool check_named_40(const struct text *t, size_t from, size_t end);
bool check_jwt(const struct text *t, size_t from, size_t end);
bool check_pem(const struct text *t, size_t from, size_t end);
bool check_putty(const struct text *t, size_t from, size_t end);
bool check_url(const struct text *t, size_t from, size_t end);

#endif

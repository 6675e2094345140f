/* guard/inner.h - private to guard: words as guards know them, and one call being looked through. */
#ifndef GUARD_INNER_H
#define GUARD_INNER_H

#include "base/buf.h"
#include "guard/guard.h"
#include "json/json.h"

/* What a word, or words that adjoin, may mean. */
enum meaning {
	READS = 1 << 0,
	CHANGES = 1 << 1,
	WEAKENS = 1 << 2,	/* what it is done to protects less afterwards */
	REMOVES = 1 << 3,	/* rights are less afterwards */
	FACTOR = 1 << 4,	/* a second factor */
	RIGHTS = 1 << 5,	/* what gives somebody rights */
	ADMIN_FLAG = 1 << 6,	/* true of an administrator */
	GRANT_ITSELF = 1 << 7,
	RUNS = 1 << 8,		/* a command stands there */
	CHOOSES = 1 << 9,	/* says what is to be done */
	SURE_ROLE = 1 << 10,
	SOME_ROLE = 1 << 11,
	CONTENT = 1 << 12,	/* of a file, where its name stands beside it */
	NAMES_FILE = 1 << 13,
	GIVES = 1 << 14,	/* changes, and neither weakens nor removes: a word added beside it takes nothing back */
};

enum {
	WORDS = 48,		/* of one name or short text */
	WORD_SIZE = 40,
	ADJOIN = 6,		/* words that may be one together */
	SHORT = 256,		/* bytes of a text that may name something */
	COMMAND = 64 << 10,	/* bytes of a statement that are looked through */
	TEXT = 4 << 20,		/* bytes of any text that are */
	NESTED = 6,		/* texts within texts */
	VALUES = 200000,
};

struct entry {
	char key[WORD_SIZE];
	unsigned means;
};

struct guards {
	struct entry *entries;	/* owned; an open table, key "" is free */
	size_t room, count;
	struct kept {
		char *path;	/* owned */
		bool secret;
	} *kept;		/* owned */
	size_t kept_count;
};

/* A name or short text in words: "resetUserMfa" and "reset_user-MFA" are the same three. */
struct words {
	char at[WORDS][WORD_SIZE];
	char before[WORDS];	/* what stood before each: '/', ':', '=' … or 0 at the start, ' ' for the rest */
	size_t count;
	bool more;		/* there were too many, or too long ones */
	bool blanks;		/* they are somebody's sentence */
};

/* lexicon.c */
int lexicon_fill(struct guards *g, struct err *e) must_use;
void words_of(struct words *out, const char *text, size_t size);
unsigned words_mean(const struct guards *g, const struct words *w);	/* any of them, and any that adjoin */
unsigned words_span(const struct guards *g, const struct words *w, size_t from, size_t to); /* those as one */
unsigned words_whole(const struct guards *g, const struct words *w);	/* all as one, or what follows a '/' … */

/* One call. */
struct told {
	const struct guards *g;
	const struct action *a;
	unsigned name;		/* what the tool's name and category mean */
	unsigned said;		/* what short values that choose mean, as far as was walked */
	bool reads, executes;
	size_t values;
	enum guard *which;
	bool found;
};

bool tell(struct told *t, enum guard g);	/* true: found */

/* walk.c: every text, in every reading; `about`: what the names of the members above it mean. */
void walk(struct told *t, const json_t *value, unsigned about, unsigned depth);

/* Each true when it was found. `about` as above. */
bool role_in_text(struct told *t, const struct words *w, unsigned about);
bool role_in_flag(struct told *t, unsigned member, const json_t *value);
bool factor_in_text(struct told *t, const struct words *w, unsigned about);
bool factor_in_flag(struct told *t, unsigned member, const json_t *value);
bool own_in_text(struct told *t, const char *text, size_t size);
bool command_in_text(struct told *t, const char *text, size_t size);

#endif

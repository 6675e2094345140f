/* catalogue/catalogue.h - what is known of a server's tools before they are called: words, and the pin. */
#ifndef CATALOGUE_CATALOGUE_H
#define CATALOGUE_CATALOGUE_H

#include "json/json.h"
#include "model/model.h"
#include "seal/seal.h"

enum { CATALOGUE_MOST = 16 << 20, CATALOGUE_SERVER = 64 };

/* What can be listed, and pinned. */
enum listed { LISTED_TOOLS, LISTED_PROMPTS, LISTED_RESOURCES, LISTED_KINDS };

const char *listed_word(enum listed kind);		/* "tools", as in a catalogue file */
const char *listed_member(enum listed kind);		/* "resourceTemplates", as a server lists them */
const char *listed_name(enum listed kind, const json_t *definition);	/* "" if it has none */

/* --- one server's catalogue, of one or several files --- */

struct catalogue;

int catalogue_new(struct catalogue **out, const char *server, struct err *e) must_use;
void catalogue_free(struct catalogue *c);
SCOPED(catalogue, struct catalogue *, catalogue_free)

/* Which server is a file about? The file is checked whole; errors name file, line and column. */
int catalogue_server(char out[CATALOGUE_SERVER], const char *path, const char *bytes, size_t size,
		     struct err *e) must_use;
/* Add a file that is about this server. */
int catalogue_add(struct catalogue *c, const char *path, const char *bytes, size_t size, struct err *e) must_use;

/* What the operator says of a tool. Borrowed; NULL and 0 where he does not. */
struct words {
	const char *category, *class, *retention;
	const char *resource;		/* JSON pointer into the arguments */
	const json_t *controls;		/* an array of texts */
	unsigned flow;			/* bits of enum flow */
	bool flow_known;
};

struct words catalogue_words(const struct catalogue *c, enum listed kind, const char *name);

/* --- pins --- */

/*
 * What a server offers, as it says itself and as its program is: an object with "tools", "prompts",
 * "resourceTemplates" (arrays), "instructions" and "program". A saved tools/list result is one.
 */

const json_t *catalogue_pin(const struct catalogue *c);	/* NULL: there is none */
const json_t *catalogue_pinned(const struct catalogue *c, enum listed kind, const char *name);	/* its definition, or NULL */
const char *catalogue_pin_digest(const struct catalogue *c, enum listed kind, const char *name);

enum pin_state { PIN_SAME, PIN_UNPINNED, PIN_CHANGED };

/* *what: of a changed one, which part: "its definition", "the server's instructions", "the server's program". */
enum pin_state catalogue_compare(const struct catalogue *c, enum listed kind, const json_t *definition,
				 const json_t *instructions, const json_t *program, const char **what);

/* "sha256:…" as reeve-catalogue(5) says; false: out of memory. */
bool pin_digest(char out[SEAL_DIGEST_TEXT], const json_t *definition, const json_t *instructions,
		const json_t *program);

/* The "pin" of all this; NULL: out of memory. The first of a name stands. */
json_t *pin_make(const json_t *offered);

/*
 * A pin that cannot be enforced is none: a schema with a reference that leads out of it, a pattern that is not
 * linear. Says why.
 */
int pin_usable(const json_t *pin, struct err *e) must_use;

struct finding;

/* Take out of a fresh pin the tools that cannot be pinned. */
void pin_leave_out(json_t *pin, void (*say)(void *to, const struct finding *f), void *to);

/*
 * What differs, for a person: every hidden character visible, a line that went with "-", one that came with "+".
 * How many tools, prompts, resources and parts of the program differ. NULL: nothing was pinned.
 */
size_t pin_diff(struct buf *out, const json_t *old, const json_t *now);

/* The bytes of a catalogue file that holds this pin and nothing else. */
bool pin_write(struct buf *out, const char *server, const json_t *pin);

/* Are two names taken for one another? */
bool catalogue_alike(const char *a, const char *b);

/* --- scan.c: what should not stand in a definition --- */

struct finding {
	const char *tool;	/* its name, visible; "" of the server's instructions */
	const char *at;		/* JSON pointer into the definition */
	const char *word;	/* "hidden", "look-alike", "instructions", "other-tool", "remote-ref", "long", "name" */
	const char *text;	/* a sentence */
};

size_t catalogue_scan(const json_t *offered, void (*say)(void *to, const struct finding *f), void *to);

/* What of a definition's schemas is not enforced, for a person who pins it. */
size_t catalogue_unenforced(const json_t *offered, void (*say)(void *to, const struct finding *f), void *to);

/* A saved list in any of the forms it is found in: the result, a message with a result, or the array. NULL: none. */
json_t *offered_read(const json_t *saved);

#endif

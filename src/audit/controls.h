/* audit/controls.h - packs of controls: which questions about a ledger show that an item operated. reeve-controls(5). */
#ifndef AUDIT_CONTROLS_H
#define AUDIT_CONTROLS_H

#include "audit/ask.h"
#include "json/json.h"

enum { PACK_MOST = 1 << 20, ITEM_SHOWS = 32, PACK_PATH = 4096 };

/* How many records there must be for the item to have been seen to operate. Zero asks for nothing. */
enum expect { EXPECT_ANY, EXPECT_SOME, EXPECT_NONE };

struct shows {
	const char *about;		/* borrowed from the pack */
	enum expect expect;
	struct question question;
	const json_t *where;		/* borrowed: as it stands in the pack */
	uint64_t found;
};

struct pack {
	struct json_file file;		/* owned */
	char path[PACK_PATH];
	const json_t *items;		/* borrowed */
};

struct item {
	const char *pack, *id, *about;	/* borrowed from the pack */
	struct shows shows[ITEM_SHOWS];
	size_t count;
};

/* The folder of packs: `given`, or where they are installed beside this program. */
int packs_folder(char out[PACK_PATH], const char *given, struct err *e) must_use;
/* NAME.json of that folder, all of it checked. */
int pack_load(struct pack *out, const char *folder, const char *name, struct err *e) must_use;
void pack_free(struct pack *p);

static inline void leave_pack(struct pack *p)
{
	pack_free(p);
}

size_t pack_count(const struct pack *p);
int pack_item(struct item *out, const struct pack *p, size_t at, struct err *e) must_use;
/* -1 and a sentence where there is none of that id. */
int pack_find(size_t *at, const struct pack *p, const char *id, struct err *e) must_use;

/* Between these times, as --from and --to; NULL: open. And how many it finds of each. */
int item_between(struct item *i, const struct options *o, struct err *e) must_use;
int item_ask(struct item *i, struct asked_ledger *a, int (*hit)(void *to, const struct joined *j, struct err *e), void *to,
	     struct err *e) must_use;
const char *expect_word(enum expect x);
bool shows_met(const struct shows *s);
bool item_met(const struct item *i);

#endif

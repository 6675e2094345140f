/* ledger/signing.h - what a ledger is signed with: its root key, where that is there, and the key of its epoch. */
#ifndef LEDGER_SIGNING_H
#define LEDGER_SIGNING_H

#include <limits.h>

#include "ledger/epochs.h"

struct signing;

/* x.key has its verifier key in x.pub, and the keys of its epochs in x.epoch. */
int signing_beside(char out[PATH_MAX], const char *key_path, const char *ending, struct err *e) must_use;

/* Those of a ledger that is there. The root's own file is not opened: it may be elsewhere. */
int signing_open(struct signing **out, const char *key_path, struct err *e) must_use;
/* The same where the root, if it is needed, is a credential of this name (NULL: it is the file). */
int signing_open_at(struct signing **out, const char *key_path, const char *credential, struct err *e) must_use;
/* Of one that is being made: by its root, borrowed, and a file of SIGNING_PLACES for its epochs, taken. */
enum { SIGNING_PLACES = 2 };
int signing_make(struct signing **out, const struct seal_key *root, int *places, struct err *e) must_use;
/* Of one that knows no epochs: the root, borrowed, signs all of it. */
int signing_of_root(struct signing **out, const struct seal_key *root, struct err *e) must_use;
void signing_free(struct signing *k);

SCOPED(signing, struct signing *, signing_free)

/* The root itself, borrowed, to revoke: such a ledger opens also where its epoch's key is lost, and believes no state. */
int signing_lend(struct signing *k, const struct seal_key *root, struct err *e) must_use;
const struct seal_key *signing_lent(const struct signing *k);	/* NULL: it is not here */
bool signing_is_lost(const struct signing *k);	/* once settled: nothing can be signed before a revocation */

const struct seal_verifier *signing_root(const struct signing *k);

/*
 * The ledger has been read: of the keys in the file the one stays that its last epoch has, and what a crash left of
 * another is written over. A ledger without epochs is signed by the root, which is loaded now, and gets such a file.
 */
int signing_settle(struct signing *k, const struct epochs *s, struct err *e) must_use;
const struct seal_verifier *signing_holds(const struct signing *k, size_t i);	/* before that; NULL: no more */
const struct seal_key *signing_now(const struct signing *k);

/* May an epoch begin? Not where signing_of_root() made them. */
bool signing_rotate(const struct signing *k);
/* The next epoch's key, new and durable; then, once the ledger has the epoch, the former one is no more. */
int signing_next(struct signing *k, struct err *e) must_use;
int signing_advance(struct signing *k, struct err *e) must_use;
const struct seal_key *signing_coming(const struct signing *k);	/* NULL: none */
bool signing_is_broken(const struct signing *k);	/* a disk that failed, and was not only full: nothing goes on from there */

#endif

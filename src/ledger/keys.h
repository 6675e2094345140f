/* ledger/keys.h - what a ledger is signed with: its root key, where that is there, and the key of its epoch. */
#ifndef LEDGER_KEYS_H
#define LEDGER_KEYS_H

#include <limits.h>

#include "ledger/epochs.h"

struct keys;

/* x.key has its verifier key in x.pub, and the keys of its epochs in x.epoch. */
int keys_beside(char out[PATH_MAX], const char *key_path, const char *ending, struct err *e) must_use;

/* Those of a ledger that is there. The root's own file is not opened: it may be elsewhere. */
int keys_open(struct keys **out, const char *key_path, struct err *e) must_use;
/* Of one that is being made: a place for its epochs at `path`, never over another; the root is borrowed. */
int keys_make(struct keys **out, const struct seal_key *root, const char *path, struct err *e) must_use;
/* Of one that knows no epochs: the root, borrowed, signs all of it. */
int keys_of_root(struct keys **out, const struct seal_key *root, struct err *e) must_use;
void keys_free(struct keys *k);

SCOPED(keys, struct keys *, keys_free)

const struct seal_verifier *keys_root(const struct keys *k);

/*
 * The ledger has been read: of the keys in the file the one stays that its last epoch has, and what a crash left of
 * another is written over. A ledger without epochs is signed by the root, which is loaded now.
 */
int keys_settle(struct keys *k, const struct epochs *s, struct err *e) must_use;
const struct seal_key *keys_signing(const struct keys *k);

/* May an epoch begin? Not where keys_of_root() made them. */
bool keys_rotate(const struct keys *k);
/* The next epoch's key, new and durable; then, once the ledger has the epoch, the former one is no more. */
int keys_next(struct keys *k, struct err *e) must_use;
int keys_advance(struct keys *k, struct err *e) must_use;
const struct seal_key *keys_coming(const struct keys *k);	/* NULL: none */

#endif

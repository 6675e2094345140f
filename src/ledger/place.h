/* ledger/place.h - where a ledger may be written, and that it is the one that was written last. reeve-ledger(5), Writers. */
#ifndef LEDGER_PLACE_H
#define LEDGER_PLACE_H

#include "ledger/ledger.h"

/* By a file system's number, as statfs(2) gives it, and of FUSE its kind: may a ledger be there? */
int place_judge(uint32_t type, const char *kind, struct err *e) must_use;
/* The same of a folder that is open. */
int place_check(int dir, struct err *e) must_use;

/* Before it is opened for writing: it is the one that was last written with this key, or none was and it is from now on. */
int place_claim(const char *ledger, const char *key_path, struct err *e) must_use;
/* A key that is new was written with never. */
int place_forget(const char *key_path, struct err *e) must_use;

#endif

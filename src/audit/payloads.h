/* audit/payloads.h - is every payload there that a record speaks of and no purge has destroyed? reeve-vault(5). */
#ifndef AUDIT_PAYLOADS_H
#define AUDIT_PAYLOADS_H

#include "audit/audit.h"

struct payloads;

/* Of the ledger at `path`; a journal that lies by itself has no vault, and nothing is looked for. */
int payloads_begin(struct payloads **out, const char *path, struct err *e) must_use;
/* Every record, in order. */
int payloads_take(struct payloads *p, const struct record *r, uint64_t index, struct err *e) must_use;
/* What became of them; *known is false where none could be looked for. */
void payloads_judge(struct finding *out, bool *known, const struct payloads *p, bool live);
void payloads_free(struct payloads *p);

#endif

/* ledger/signers.h - the lists of signers that runs brought, kept beside the ledger by their digest. */
#ifndef LEDGER_SIGNERS_H
#define LEDGER_SIGNERS_H

#include "model/model.h"
#include "seal/ssh.h"

enum { SIGNERS_FILE_MOST = 64 << 20 };

struct signers;

/* The file `signers` of a ledger's directory; made if `write` and it is not there. Its own descriptor from here on. */
int signers_open(struct signers **out, const char *dir, bool write, struct err *e) must_use;
void signers_free(struct signers *s);
SCOPED(signers, struct signers *, signers_free)

/* Durable on return, under the digest of these bytes. What is there already is not written again. */
int signers_keep(struct signers *s, const char *bytes, size_t size, struct err *e) must_use;

/* The list of this digest, read again; -1 where it is not there, or is not what its digest says. */
int signers_load(struct ssh_signers **out, const struct signers *s, const struct field_value *digest, struct err *e) must_use;

#endif

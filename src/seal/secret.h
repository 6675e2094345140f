/* seal/secret.h - what every file that holds a secret must be. */
#ifndef SEAL_SECRET_H
#define SEAL_SECRET_H

#include "seal/seal.h"

/* A regular file of ours, mode 0600, neither empty nor of `most` bytes or more; `what` names it in errors. */
int secret_check_file(int fd, const char *what, const char *path, size_t most, struct err *e) must_use;

/* The same of a file that systemd laid there for us to read: root's or ours, mode 0400, or by an access list ours. */
int secret_check_credential(int fd, const char *what, size_t most, struct err *e) must_use;

/* A new one, never over an old one, durable on return. */
int secret_make_file(const char *what, const char *path, const char *text, size_t size, struct err *e) must_use;

#endif

/* seal/ssh_stamp.h - times as ssh-keygen(1) writes them in a list of signers. */
#ifndef SEAL_SSH_STAMP_H
#define SEAL_SSH_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, in UTC: seconds since 1970. false for what no calendar has. */
bool ssh_stamp_read(uint64_t *seconds, const char *text, size_t size);

#endif

/* seal/ssh_parts.h - what SSH writes, taken apart (RFC 4251, section 5): shared inside seal. */
#ifndef SEAL_SSH_PARTS_H
#define SEAL_SSH_PARTS_H

#include "seal/ssh.h"

struct ssh_bytes {
	const uint8_t *at;
	size_t left;
};

/* false, and nothing taken, if there is not as much as it says. */
bool ssh_take_number(uint32_t *out, struct ssh_bytes *from);
bool ssh_take_string(struct ssh_bytes *out, struct ssh_bytes *from);
bool ssh_is(const struct ssh_bytes *b, const char *text);

struct ssh_key {
	const char *kind;	/* as both a key and its signature name it */
	bool hardware;
	const uint8_t *point;	/* 32 bytes; borrowed from what was read */
	struct ssh_bytes application;
};

/* Is this the name of a kind of key that reeve takes? */
int ssh_kind_known(const struct ssh_bytes *kind, struct err *e) must_use;

/* A public key as SSH writes it, to its last byte; one that is of no use is an error. */
int ssh_key_read(struct ssh_key *out, const uint8_t *bytes, size_t size, struct err *e) must_use;

/* Does a list of patterns, as ssh_config(5) has them, hold this text? Backslashes mean nothing. */
bool ssh_patterns_hold(const char *list, const char *text);

#endif

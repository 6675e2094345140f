/*
 * seal/ssh.h - signatures as `ssh-keygen -Y sign` makes them (SSHSIG, OpenSSH's PROTOCOL.sshsig) and lists of who
 * may make them (ssh-keygen(1), ALLOWED SIGNERS). Verified here, never made: ssh-keygen and ssh-agent do that.
 */
#ifndef SEAL_SSH_H
#define SEAL_SSH_H

#include "seal/seal.h"

enum {
	SSH_SIGNATURE = 1024,	/* bytes of a signature, at most */
	SSH_FINGERPRINT = 52,	/* "SHA256:" and 43 letters of base64, as ssh-keygen -l shows it */
	SSH_NAME = 128,		/* a principal */
	SSH_SIGNERS_MOST = 65536 - 4,	/* bytes of a list */
};

struct ssh_signature {
	char fingerprint[SSH_FINGERPRINT];
	bool hardware;		/* sk-ssh-ed25519@openssh.com; somebody touched it */
	uint8_t key[256];	/* the public key as SSH writes it */
	size_t key_size;
};

/* From "-----BEGIN SSH SIGNATURE-----" to its end, as ssh-keygen writes it: into bytes. */
int ssh_armor_read(uint8_t out[SSH_SIGNATURE], size_t *size, const char *text, size_t text_size, struct err *e) must_use;

/*
 * After seal_ready(). Is it a good signature of this message, made for this namespace? ssh-ed25519 and sk-ssh-ed25519@openssh.com
 * (which must say that a person was present), hashed by sha256 or sha512; nothing else is taken.
 */
int ssh_verify(struct ssh_signature *out, const uint8_t *bytes, size_t size, const char *namespace,
	       const void *message, size_t message_size, struct err *e) must_use;

struct ssh_signers;

/*
 * Says "LINE:COLUMN: what is wrong" of what it cannot read, so that a file's name and a colon go before it.
 * cert-authority lines, patterns of names, other kinds of keys and local times are errors, not passed over.
 */
int ssh_signers_read(struct ssh_signers **out, const char *text, size_t size, struct err *e) must_use;
void ssh_signers_free(struct ssh_signers *s);
SCOPED(ssh_signers, struct ssh_signers *, ssh_signers_free)

/* Does a key stand beside this name, whenever and for whatever it may sign? */
bool ssh_signers_has(const struct ssh_signers *s, const char *principal);
size_t ssh_signers_count(const struct ssh_signers *s);
const char *ssh_signers_at(const struct ssh_signers *s, size_t i);	/* names, each once */

/* Could somebody of this name sign in this namespace, now or later? */
bool ssh_signers_may(const struct ssh_signers *s, const char *principal, const char *namespace, uint64_t wall_us);

/* How many of these names could sign, each once and each with a key that no other signs with? No name stands twice. */
int ssh_signers_people(size_t *out, const struct ssh_signers *s, const char *const *names, size_t count,
		       const char *namespace, uint64_t wall_us, struct err *e) must_use;

/* May this key speak for this name, in this namespace, at this time (microseconds since 1970)? -1: why not. */
int ssh_signers_allow(const struct ssh_signers *s, const struct ssh_signature *by, const char *principal,
		      const char *namespace, uint64_t wall_us, struct err *e) must_use;

#endif

/* seal/agent.h - an ssh-agent that holds a root key: draft-ietf-sshm-ssh-agent. */
#ifndef SEAL_AGENT_H
#define SEAL_AGENT_H

#include "seal/seal.h"

enum { AGENT_ANSWER_MOST = 256 << 10, AGENT_KEYS_MOST = 2048 };

struct agent;

/* The one ed25519 key that it has, or the one of this fingerprint ("SHA256:..."; NULL or "": the one). `fd` is borrowed. */
int agent_open(struct agent **out, uint8_t key[32], int fd, const char *fingerprint, struct err *e) must_use;
void agent_free(struct agent *a);

SCOPED(agent, struct agent *, agent_free)

/* Over these bytes themselves, and good by that key; false: agent_why() says why. */
bool agent_sign(uint8_t out[64], struct agent *a, const char *text, size_t size);
const struct err *agent_why(const struct agent *a);	/* kind ERR_NONE: nothing went wrong */

/* The choice of a key among those of an answer to "which keys do you have?", behind its first byte. */
int agent_choose(uint8_t key[32], const uint8_t *answer, size_t size, const char *fingerprint, struct err *e) must_use;

#endif

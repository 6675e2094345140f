/* seal/ssh_signers.h - a list of signers as it was read: shared inside seal. */
#ifndef SEAL_SSH_SIGNERS_H
#define SEAL_SSH_SIGNERS_H

#include "seal/ssh.h"

enum { SSH_NAMESPACES = 256 };

struct signer {		/* a line */
	uint8_t key[256];
	size_t key_size;
	char namespaces[SSH_NAMESPACES];	/* patterns; "" any */
	bool has_after, has_before;
	uint64_t after, before;			/* seconds since 1970, both of them included */
};

struct name {
	char text[SSH_NAME];
	size_t line;		/* of lines[] */
	bool again;		/* stands further up too */
};

struct ssh_signers {
	struct signer *lines;
	struct name *names;
	size_t line_count, name_count, different;
};

#endif

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "seal/seal.h"
#include "seal/sha256.h"

enum { CHUNK = 64 << 10 };

int seal_digest_fd(char out[SEAL_DIGEST_TEXT], uint64_t *size, int fd, uint64_t most, struct err *e)
{
	static const char mark[] = "sha256:";
	scoped(mem) char *room = malloc(CHUNK);
	struct sha256 sum;
	uint8_t hash[SEAL_HASH];
	ssize_t got;

	if (!room)
		return err_sys(e, "memory for hashing");
	sha256_begin(&sum);
	for (*size = 0; (got = read(fd, room, CHUNK)) != 0;) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, "read");
		*size += (uint64_t)got;
		if (*size > most)
			return err_set(e, ERR_LIMIT, "more than %llu bytes to be hashed",
				       (unsigned long long)most);
		sha256_add(&sum, room, (size_t)got);
	}
	sha256_end(&sum, hash);
	memcpy(out, mark, sizeof(mark));
	text_hex(out + sizeof(mark) - 1, hash, sizeof(hash));
	return 0;
}

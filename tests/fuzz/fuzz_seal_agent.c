/* tests/fuzz/fuzz_seal_agent.c - whatever an ssh-agent answers: a key that it named and a good signature by it, or a sentence. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "seal/agent.h"

static const char TEXT[] = "reeve.local/t/0123456789abcdef\n1\nAAAA\n", NAME[] = "reeve.local/t/0123456789abcdef";

/* What it was asked for is a root by its name; another one is none. */
static void choose(const uint8_t *data, size_t size)
{
	struct err e = { .kind = ERR_NONE };
	char print[SEAL_PRINT];
	uint8_t key[32], named[32];

	if (agent_choose(key, data, size, NULL, &e) < 0) {
		if (e.kind == ERR_NONE)
			abort();
		return;
	}
	seal_print(print, key);
	if (agent_choose(named, data, size, print, &e) < 0 || memcmp(key, named, sizeof(key)) != 0)
		abort();
	print[10] = print[10] == 'A' ? 'B' : 'A';
	if (agent_choose(named, data, size, print, &e) == 0)
		abort();
}

static void sign(int agent)
{
	scoped(buf) struct buf note = BUF(SEAL_NOTE_MOST);
	scoped(seal_key) struct seal_key *k = NULL;
	struct err e = { .kind = ERR_NONE };
	const char *text;
	size_t size;

	if (seal_ready(&e) < 0)
		abort();
	if (seal_key_agent(&k, NAME, agent, NULL, &e) < 0) {
		if (k || e.kind == ERR_NONE)
			abort();
		return;
	}
	if (!seal_note_sign(&note, k, TEXT, sizeof(TEXT) - 1)) {
		if (!seal_key_why(k))
			abort();
	} else if (seal_note_open(&text, &size, seal_key_verifier(k), note.data, note.size, &e) < 0 || size != sizeof(TEXT) - 1) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All of its answers are there before it is asked, and then it has hung up: nothing is waited for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(fd) int ours = -1, its = -1;
	int both[2];

	choose(data, size);
	if (size > 5)
		choose(data + 5, size - 5);
	if (size > 64 << 10 || socketpair(AF_UNIX, SOCK_STREAM, 0, both) < 0)
		return 0;
	ours = both[0];
	its = both[1];
	if (send(its, data, size, MSG_DONTWAIT) != (ssize_t)size || shutdown(its, SHUT_WR) < 0)
		return 0;
	sign(ours);
	return 0;
}

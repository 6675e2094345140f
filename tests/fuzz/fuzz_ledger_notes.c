/*
 * tests/fuzz/fuzz_ledger_notes.c - whatever the bytes: no checkpoint of this key but the one that was signed, whatever
 * stands around it; no verifier key that is not written as it was read; lists of signers that are what their digests
 * say, read in an end of time.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/ledger.h"
#include "ledger/signers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key of the note in the corpus. */
static const char key[] = "reeve.local/t/ff5903be70620e26+dd6c5a1c+ARKDT3rH8pa78hoPNv3a9hq2dUNxfsq0h69ODp0zCwgj";

static void hold(bool property)
{
	if (!property)
		__builtin_trap();
}

static void note(const char *bytes, size_t size)
{
	struct err e = { .kind = ERR_NONE };
	struct seal_verifier v;
	struct checkpoint c;

	hold(seal_verifier_read(&v, key, sizeof(key) - 1, &e) == 0);
	if (checkpoint_open(&c, &v, bytes, size, &e) < 0)
		hold(e.kind != ERR_NONE);
	else
		hold(memmem(bytes, size, "\n\n", 2) && size <= SEAL_NOTE_MOST && strncmp(bytes, v.name, strlen(v.name)) == 0);
}

static void verifier(const char *bytes, size_t size)
{
	char again[SEAL_VERIFIER_TEXT];
	struct err e = { .kind = ERR_NONE };
	struct seal_verifier v;

	if (seal_verifier_read(&v, bytes, size, &e) < 0)
		return;
	seal_verifier_text(again, &v);
	hold(strlen(again) <= size && memcmp(again, bytes, strlen(again)) == 0);
}

static void lists(const char *bytes, size_t size)
{
	scoped(signers) struct signers *s = NULL;
	static char dir[64], path[80];
	struct err e = { .kind = ERR_NONE };
	int fd;

	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "/tmp/reeve-fuzz-XXXXXX");
		hold(mkdtemp(dir) != NULL);
		snprintf(path, sizeof(path), "%s/signers", dir);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	hold(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && close(fd) == 0);
	hold(signers_open(&s, dir, false, &e) == 0 || e.kind != ERR_NONE);
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { .kind = ERR_NONE };

	hold(seal_ready(&e) == 0);
	note((const char *)data, size);
	verifier((const char *)data, size);
	lists((const char *)data, size);
	return 0;
}

/* tests/fuzz/fuzz_seal_trust.c - whatever the bytes: a policy in which every name has its place, or an error; and notes of any form. */
#include <stdlib.h>
#include <string.h>

#include "seal/trust.h"

static void policy(const char *bytes, size_t size)
{
	scoped(trust) struct trust *t = NULL;
	struct err e = { .kind = ERR_NONE };
	uint64_t reach[TRUST_NAMES];
	size_t i;

	if (trust_read(&t, bytes, size, &e) < 0) {
		if (t || e.kind == ERR_NONE)
			abort();
		return;
	}
	for (i = 0; i < t->name_count; i++) {
		reach[i] = i;
		if (t->names[i].group != TRUST_NAMES && (t->names[i].group <= i || t->names[i].group >= t->name_count))
			abort();
		if (t->names[i].needed > t->names[i].members)
			abort();
	}
	if (trust_reach(t, reach) > TRUST_NAMES)
		abort();
}

static void note(const char *bytes, size_t size)
{
	const struct seal_verifier v = { .name = "monkeys", .id = { 0xdb, 0x4d, 0x9f, 0x7e } };
	struct seal_note n;
	const char *line;
	size_t at = 0, line_size, seen = 0;
	uint64_t time;
	struct err e;

	if (seal_note_split(&n, bytes, size, SEAL_COSIGNED_MOST, &e) < 0)
		return;
	while (seal_note_line(&line, &line_size, &n, &at))
		seen += line_size + 1;
	if (seen != n.lines_size || n.size + 1 + n.lines_size != size || seal_note_signed(&n, &v) == SEAL_SIGNED ||
	    seal_note_cosigned(&time, &n, &v) == SEAL_SIGNED)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	policy((const char *)data, size);
	note((const char *)data, size);
	return 0;
}

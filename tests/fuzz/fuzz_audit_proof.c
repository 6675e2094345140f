/*
 * tests/fuzz/fuzz_audit_proof.c - whatever the bytes: no proof of a record, or one that written again is the same
 * bytes; and no name of a tile but the one that is written for it.
 */
#include <string.h>

#include "audit/handover.h"

/* The key of the proof in the corpus. */
static const char key[] =
	"reeve.local/t/ff5903be70620e26+dd6c5a1c+ARKDT3rH8pa78hoPNv3a9hq2dUNxfsq0h69ODp0zCwgj";

static void proof(const struct seal_verifier *v, const char *bytes, size_t size)
{
	scoped(epochs) struct epochs s = { .count = 0 };
	scoped(buf) struct buf again = BUF(PROOF_MOST);
	struct err e = { .kind = ERR_NONE };
	struct proof_of p;

	if (epochs_begin(&s, v, &e) < 0)
		__builtin_trap();
	if (proof_read(&p, &s, bytes, size, &e) < 0) {
		e = (struct err){ .kind = ERR_NONE };	/* the same bytes as a step of a walk */
		(void)!handover_step(&s, bytes, size, &e);
		return;
	}
	if (e.kind != ERR_NONE || !proof_write(&again, &p) || again.size != size ||
	    memcmp(again.data, bytes, size) != 0)
		__builtin_trap();
}

static void tile(const char *bytes, size_t size)
{
	char name[VIEW_PATH], again[VIEW_PATH];
	struct tile t = { .level = TILE_ENTRIES };

	if (tile_prefix(&t, bytes, size, TILE_WIDTH) > size)
		__builtin_trap();
	if (size >= sizeof(name))
		return;
	memcpy(name, bytes, size);
	name[size] = '\0';
	if (!tile_parse(&t, name))
		return;
	tile_name(again, &t);
	if (strcmp(again, name) != 0)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { .kind = ERR_NONE };
	struct seal_verifier v;

	if (size > PROOF_MOST)
		return 0;
	if (seal_ready(&e) < 0 || seal_verifier_read(&v, key, sizeof(key) - 1, &e) < 0)
		__builtin_trap();
	proof(&v, (const char *)data, size);
	tile((const char *)data, size);
	return 0;
}

/*
 * tests/fuzz/fuzz_ledger_heads.c - whatever the bytes: the head of a state that is read has one form, also if its key signed
 * others, and a line of a log with a handover gives a proof that gives that line.
 */
#include <string.h>

#include "ledger/sighting.h"
#include "ledger/state_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool property)
{
	if (!property)
		__builtin_trap();
}

static const struct seal_key *own(void)
{
	static struct seal_key *key;
	struct err e = { .kind = ERR_NONE };

	hold(key || (seal_ready(&e) == 0 && seal_key_new(&key, "reeve.local/t/98fa801f4c84ece8", &e) == 0));
	return key;
}

static void head(const char *bytes, size_t size)
{
	scoped(buf) struct buf note = BUF(SEAL_NOTE_MOST), again = BUF(SEAL_NOTE_MOST);
	const char *split = memmem(bytes, size, "\n\n", 2);
	struct err e = { .kind = ERR_NONE };
	struct state_head seen, h;
	size_t text = split ? (size_t)(split + 1 - bytes) : 0, body;

	hold(!state_head_seems(&seen, bytes, size) || seen.epoch_count <= STATE_EPOCHS + 1);
	if (!text || !seal_note_sign(&note, own(), bytes, text) ||
	    state_head_read(&h, &body, note.data, note.size, seal_key_verifier(own()), &e) < 0)
		return;
	hold(body == note.size && state_head_text(&again, seal_key_verifier(own())->name, &h));
	hold(again.size == text && memcmp(again.data, bytes, text) == 0);
	hold(state_head_seems(&seen, note.data, note.size) && seen.offset == h.offset && seen.epoch_count == h.epoch_count);
}

static void line(const char *bytes, size_t size)
{
	enum { MOST = 1 << 20 };
	scoped(buf) struct buf proof = BUF(MOST), first = BUF(MOST), again = BUF(MOST), second = BUF(MOST);
	const char *note;
	size_t note_size;

	if (!sighting_proof(&proof, bytes, size) || !sighting_handover(&first, &note, &note_size, proof.data, proof.size))
		return;
	hold(sighting_proof(&again, first.data, first.size));
	hold(sighting_handover(&second, &note, &note_size, again.data, again.size));
	hold(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	head((const char *)data, size);
	line((const char *)data, size);
	return 0;
}

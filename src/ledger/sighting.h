/* ledger/sighting.h - a checkpoint as somebody else has seen it: its text, of whichever ledger, before any signature is checked. */
#ifndef LEDGER_SIGHTING_H
#define LEDGER_SIGHTING_H

#include "ledger/ledger.h"

struct sighting {
	char origin[SEAL_NAME], root[SEAL_HASH_BASE64];
	struct checkpoint at;
	const char *signatures;		/* borrowed: the lines behind the empty one */
	size_t signatures_size;
};

/* By its form alone. */
bool sighting_read(struct sighting *out, const char *note, size_t size);

/*
 * As one line, for logs: "reeve-checkpoint ORIGIN SIZE ROOT SIGNATURE,SIGNATURE", the signatures those in the origin's
 * name; and back, from wherever in a line it stands: false if nowhere.
 */
bool sighting_line(struct buf *out, const char *note, size_t size);
bool sighting_note(struct buf *out, const char *line, size_t size);

/*
 * A handover, from the C2SP tlog-proof of the record that it begins with, as such a line with " RECORD HASH,HASH" behind it,
 * all base64; *note is what stands in the proof. And back, as that proof: false too if the line has only a checkpoint.
 */
bool sighting_handover(struct buf *out, const char **note, size_t *note_size, const char *proof, size_t size);
bool sighting_proof(struct buf *out, const char *line, size_t size);

#endif

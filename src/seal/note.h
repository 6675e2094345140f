/* seal/note.h - what reading and signing of notes share inside seal. */
#ifndef SEAL_NOTE_H
#define SEAL_NOTE_H

#include "seal/seal.h"

/* What a key signs, as the first byte of its text: notes, or cosignatures (C2SP tlog-cosignature). */
enum { NOTE_ED25519 = 0x01, NOTE_COSIGNS = 0x04 };

void note_key_id(struct seal_verifier *v, uint8_t type);	/* fill in v->id from name and key */
void note_verifier_text(char out[SEAL_VERIFIER_TEXT], const struct seal_verifier *v, uint8_t type);
int note_verifier_read(struct seal_verifier *out, const char *text, size_t size, uint8_t type, struct err *e) must_use;

int note_key_make(const char *path, const char *name, uint8_t type, struct err *e) must_use;
enum { NOTE_FILE_MOST = 512 };	/* bytes of a key's file, and of a place for a key */

int note_key_read(struct seal_key **out, int fd, uint8_t type, struct err *e) must_use;	/* a file that was checked */
int note_key_load(struct seal_key **out, const char *path, uint8_t type, struct err *e) must_use;
void note_key_sign(uint8_t out[64], const struct seal_key *k, const char *text, size_t size);

#endif

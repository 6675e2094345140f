/* seal/note.h - what reading and signing of notes share inside seal. */
#ifndef SEAL_NOTE_H
#define SEAL_NOTE_H

#include "seal/seal.h"

enum { NOTE_ED25519 = 0x01 };

void note_key_id(struct seal_verifier *v);	/* fill in v->id from name and key */

#endif

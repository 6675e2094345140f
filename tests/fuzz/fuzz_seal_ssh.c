/*
 * tests/fuzz/fuzz_seal_ssh.c - a signature, in armor or without, is read or has a fault, never both, and nothing made up
 * is good; a list of signers is read or has a fault with its place, and names only those whom a reader sees.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "seal/ssh.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool property)
{
	if (!property)
		__builtin_trap();
}

/* Whoever finds bytes that verify has the key, or has broken Ed25519. */
static void one_signature(const uint8_t *bytes, size_t size)
{
	struct err e = { .kind = ERR_NONE };
	struct ssh_signature by;

	hold(ssh_verify(&by, bytes, size, "fuzz@reeve", "x", 1, &e) == -1 && e.kind != ERR_NONE);
}

static void one_list(const char *text, size_t size)
{
	scoped(ssh_signers) struct ssh_signers *s = NULL;
	const struct ssh_signature nobody = { .key_size = 51 };
	struct err e = { .kind = ERR_NONE };
	size_t i, k, line, column;

	if (ssh_signers_read(&s, text, size, &e) < 0) {
		hold(!s && sscanf(e.text, "%zu:%zu: ", &line, &column) == 2 && line >= 1 && column >= 1);
		return;
	}
	for (i = 0; i < ssh_signers_count(s); i++) {
		const char *name = ssh_signers_at(s, i);

		hold(name[0] && strlen(name) < SSH_NAME && !strpbrk(name, " \t,*?!\"\\"));
		hold(ssh_signers_has(s, name) && memmem(text, size, name, strlen(name)));
		hold(ssh_signers_allow(s, &nobody, name, "fuzz@reeve", 0, &e) == -1);
		for (k = 0; k < i; k++)
			hold(strcmp(ssh_signers_at(s, k), name) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t blob[SSH_SIGNATURE];
	struct err e = { .kind = ERR_NONE };
	size_t got;

	one_signature(data, size);
	if (ssh_armor_read(blob, &got, (const char *)data, size, &e) == 0) {
		hold(got <= sizeof(blob));
		one_signature(blob, got);
	} else {
		hold(e.kind != ERR_NONE);
	}
	one_list((const char *)data, size);
	return 0;
}

/*
 * Cosignatures, C2SP tlog-cosignature v1. Published: verifier keys of github.com/transparency-dev/formats
 * (note/note_cosigv1_test.go) and a checkpoint of github.com/FiloSottile/litetlog (witness_test.go).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "seal/seal.h"

#define SIGSUM "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"

static const char TEXT[] = "origin.example/x\n7\nroot\n";

static void key_of(struct seal_key **k, const char *name)
{
	struct err e = { .kind = ERR_NONE };
	char path[64];

	snprintf(path, sizeof(path), "/tmp/reeve-test-cosign.%d", (int)getpid());
	unlink(path);
	assert_int_equal(seal_cosigner_make(path, name, &e), 0);
	assert_int_equal(seal_cosigner_load(k, path, &e), 0);
	unlink(path);
}

static void verifiers(void **state)
{
	static const struct {
		bool witness;
		const char *text;
	} good[] = {
		{ true, "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2" },
		{ false, "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6" },
	};
	char again[SEAL_VERIFIER_TEXT];
	struct seal_verifier v;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(good); i++) {
		assert_int_equal(seal_cosigner_read(&v, good[i].text, strlen(good[i].text), &e), good[i].witness ? 0 : -1);
		if (good[i].witness) {
			seal_cosigner_text(again, &v);
			assert_string_equal(again, good[i].text);
		}
		assert_int_equal(seal_verifier_read(&v, good[i].text, strlen(good[i].text), &e), good[i].witness ? -1 : 0);
	}
}

static void cosigns(void **state)
{
	scoped(seal_key) struct seal_key *k = NULL, *other = NULL;
	scoped(buf) struct buf line = BUF(512);
	struct seal_verifier v, wrong;
	uint64_t time = 0;
	size_t i;

	(void)state;
	key_of(&k, "witness.example/w");
	key_of(&other, "witness.example/w");
	v = *seal_key_verifier(k);
	assert_true(seal_cosign(&line, k, 1679315147, TEXT, sizeof(TEXT) - 1));
	assert_int_equal(line.data[line.size - 1], '\n');
	assert_true(line.size <= SEAL_COSIGNATURE);
	assert_int_equal(seal_cosigned(&time, &v, line.data, line.size - 1, TEXT, sizeof(TEXT) - 1), SEAL_SIGNED);
	assert_int_equal(time, 1679315147);
	assert_int_equal(seal_cosigned(&time, &v, line.data, line.size - 1, TEXT, sizeof(TEXT) - 2), SEAL_FORGED);
	assert_int_equal(seal_cosigned(&time, seal_key_verifier(other), line.data, line.size - 1, TEXT, sizeof(TEXT) - 1),
			 SEAL_UNSIGNED);
	wrong = *seal_key_verifier(other);
	memcpy(wrong.id, v.id, sizeof(v.id));	/* same name, same id, other key */
	assert_int_equal(seal_cosigned(&time, &wrong, line.data, line.size - 1, TEXT, sizeof(TEXT) - 1), SEAL_FORGED);
	for (i = 0; i < line.size - 1; i++) {
		line.data[i] ^= 1;
		assert_int_not_equal(seal_cosigned(&time, &v, line.data, line.size - 1, TEXT, sizeof(TEXT) - 1), SEAL_SIGNED);
		line.data[i] ^= 1;
	}
}

/* A witness's key signs no checkpoint, and a ledger's cosigns none. */
static void apart(void **state)
{
	const char *path = "/tmp/reeve-test-apart.key";
	struct err e = { .kind = ERR_NONE };
	struct seal_key *k = NULL;

	(void)state;
	unlink(path);
	assert_int_equal(seal_cosigner_make(path, "witness.example/w", &e), 0);
	assert_int_equal(seal_key_load(&k, path, &e), -1);
	assert_non_null(strstr(e.text, "a witness's, where a ledger's is needed"));
	unlink(path);
	assert_int_equal(seal_key_make(path, "ledger.example/w", &e), 0);
	assert_int_equal(seal_cosigner_load(&k, path, &e), -1);
	unlink(path);
}

static void notes(void **state)
{
	static const char note[] = SIGSUM "\n1\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
		"\xe2\x80\x94 " SIGSUM " UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=\n";
	static const char key[] = SIGSUM "+5202289b+Af/cLU2Y5BJNP+r3iMDC+av9eWCD0fBJVDfzAux5zxAP";
	static const char *const wrong[] = {
		"", "\n", "\n\n", "a\n", "a\n\n", "\n\n\xe2\x80\x94 a aaaaaaaaaaaa\n", "a\n\n- a aaaaaaaaaaaa\n",
		"a\n\n\xe2\x80\x94 a aaaaaaaaaaaa", "a\n\n\xe2\x80\x94  aaaaaaaaaaaa\n", "a\n\n\xe2\x80\x94 a+b aaaaaaaaaaaa\n",
		"a\n\n\xe2\x80\x94 a aaaa aaaaaaaa\n", "a\tb\n\n\xe2\x80\x94 a aaaaaaaaaaaa\n", "\xff\n\n\xe2\x80\x94 a aaaaaaaaaaaa\n",
		"a\n\n\xe2\x80\x94 a aaaaaaaaaaaa\nb\n",
	};
	struct seal_verifier v;
	struct seal_note n;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(seal_verifier_read(&v, key, strlen(key), &e), 0);
	assert_int_equal(seal_note_split(&n, note, sizeof(note) - 1, SEAL_COSIGNED_MOST, &e), 0);
	assert_int_equal(seal_note_signed(&n, &v), SEAL_SIGNED);
	v.key[0] ^= 1;
	assert_int_equal(seal_note_signed(&n, &v), SEAL_FORGED);
	v.id[0] ^= 1;
	assert_int_equal(seal_note_signed(&n, &v), SEAL_UNSIGNED);
	for (i = 0; i < count_of(wrong); i++)
		assert_int_equal(seal_note_split(&n, wrong[i], strlen(wrong[i]), SEAL_COSIGNED_MOST, &e), -1);
	assert_int_equal(seal_note_split(&n, note, sizeof(note) - 1, sizeof(note) - 2, &e), -1);
}

/* Of many lines, all by this key must be good: no forged one hides behind a good one, in either order. */
static void many(void **state)
{
	scoped(seal_key) struct seal_key *k = NULL, *other = NULL;
	scoped(buf) struct buf line = BUF(512), note = BUF(65536);
	uint64_t time = 0;
	struct seal_note n;
	struct err e;
	size_t i;

	(void)state;
	key_of(&k, "witness.example/w");
	key_of(&other, "witness.example/other");
	assert_true(seal_cosign(&line, k, 1, TEXT, sizeof(TEXT) - 1));
	buf_add(&note, TEXT, sizeof(TEXT) - 1);
	buf_puts(&note, "\n");
	for (i = 0; i < 100; i++)
		assert_true(seal_cosign(&note, other, 1, TEXT, sizeof(TEXT) - 1));
	buf_add(&note, line.data, line.size);
	assert_int_equal(seal_note_split(&n, note.data, note.size, SEAL_COSIGNED_MOST, &e), 0);
	assert_int_equal(seal_note_cosigned(&time, &n, seal_key_verifier(k)), SEAL_SIGNED);
	line.data[line.size - 10] = line.data[line.size - 10] == 'A' ? 'B' : 'A';
	buf_add(&note, line.data, line.size);
	assert_int_equal(seal_note_split(&n, note.data, note.size, SEAL_COSIGNED_MOST, &e), 0);
	assert_int_equal(seal_note_cosigned(&time, &n, seal_key_verifier(k)), SEAL_FORGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verifiers), cmocka_unit_test(cosigns), cmocka_unit_test(apart),
		cmocka_unit_test(notes),     cmocka_unit_test(many),
	};
	struct err e;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 ? 1 : cmocka_run_group_tests_name("seal cosign", tests, NULL, NULL);
}

/* Keys and notes: what is signed verifies, with that key, in that file mode, and in no other way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "seal/seal.h"

static const char TEXT[] = "origin\n1\nroot\n";

static void make_key(struct seal_key **k, const char *path, const char *name)
{
	struct err e = { .kind = ERR_NONE };

	assert_int_equal(seal_key_make(path, name, &e), 0);
	assert_int_equal(seal_key_load(k, path, &e), 0);
	assert_int_equal(unlink(path), 0);
}

static void notes(void **state)
{
	scoped(seal_key) struct seal_key *k = NULL, *other = NULL;
	scoped(buf) struct buf note = BUF(4096);
	struct seal_verifier v, wrong;
	struct err e = { .kind = ERR_NONE };
	char text[SEAL_VERIFIER_TEXT];
	const char *out;
	size_t size, i;

	(void)state;
	make_key(&k, "/tmp/reeve-test-a.key", "a.example/x");
	make_key(&other, "/tmp/reeve-test-b.key", "a.example/x");
	assert_true(seal_note_sign(&note, k, TEXT, sizeof(TEXT) - 1));
	seal_verifier_text(text, seal_key_verifier(k));
	assert_int_equal(seal_verifier_read(&v, text, strlen(text), &e), 0);
	assert_int_equal(seal_note_open(&out, &size, &v, note.data, note.size, &e), 0);
	assert_int_equal(size, sizeof(TEXT) - 1);
	wrong = *seal_key_verifier(other);
	memcpy(wrong.id, v.id, sizeof(v.id));	/* same name, same id, other key */
	assert_int_equal(seal_note_open(&out, &size, &wrong, note.data, note.size, &e), -1);
	for (i = 0; i < note.size; i++) {
		note.data[i] ^= 1;
		assert_int_equal(seal_note_open(&out, &size, &v, note.data, note.size, &e), -1);
		note.data[i] ^= 1;
	}
	text[strlen(text) - 2] ^= 1;
	assert_int_equal(seal_verifier_read(&v, text, strlen(text), &e), -1);
}

static void modes(void **state)
{
	static const mode_t wrong[] = { 0644, 0640, 0400, 0700, 0660 };
	const char *path = "/tmp/reeve-test-c.key";
	struct seal_key *k = NULL;
	struct err e = { .kind = ERR_NONE };
	size_t i;

	(void)state;
	assert_int_equal(seal_key_make(path, "c", &e), 0);
	assert_int_equal(seal_key_make(path, "c", &e), -1);
	for (i = 0; i < count_of(wrong); i++) {
		assert_int_equal(chmod(path, wrong[i]), 0);
		assert_int_equal(seal_key_load(&k, path, &e), -1);
	}
	assert_null(k);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(notes), cmocka_unit_test(modes) };
	struct err e;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

/* States: opening by one gives what reading everything gives; one that is not ours, whole and of this journal is not used. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "ledger/state.h"

enum { SEGMENT = 8192 };

struct place {
	char dir[64];
	struct seal_key *key;
};

static void path_in(char out[128], const struct place *p, const char *name)
{
	snprintf(out, 128, "%s/%s", p->dir, name);
}

static uint64_t append(struct ledger *l, enum record_kind kind, uint64_t run, uint64_t ref, const char *agent)
{
	struct record r = { .kind = kind, .ref = ref };
	struct err e = { .kind = ERR_NONE };
	uint64_t index, former;
	bool same;

	record_text(&r, FIELD_STATUS, "ok");
	if (agent) {
		record_text(&r, FIELD_AGENT, agent);
		former = ledger_agent(l, &r, &same);
		if (kind == RECORD_AGENT && former)
			record_number(&r, FIELD_FORMER, former);
	}
	assert_int_equal(ledger_append(&index, l, &r, run, &e), 0);
	return index;
}

static struct ledger *opened(const struct place *p)
{
	struct err e = { .kind = ERR_NONE };
	struct ledger *l = NULL;

	if (ledger_open(&l, p->dir, p->key, NULL, &e) != LEDGER_OPENED)
		fail_msg("%s", e.text);
	ledger_segments(l, SEGMENT);
	return l;
}

static void commit(struct ledger *l)
{
	struct err e = { .kind = ERR_NONE };

	assert_int_equal(ledger_commit(l, &e), 0);
}

static void ended(struct ledger *l)
{
	struct err e = { .kind = ERR_NONE };

	assert_int_equal(ledger_finish(l, &e), 0);
	ledger_free(l);
}

/* A run that stays open over many segments, with an intent from the first of them; agents that change; and its end. */
static void fill(const struct place *p)
{
	struct ledger *l = opened(p);
	uint64_t run = append(l, RECORD_RUN, 0, 0, "a"), first, i;

	append(l, RECORD_AGENT, run, 0, "a");
	first = append(l, RECORD_INTENT, run, 0, NULL);
	for (i = 0; i < 200; i++) {
		append(l, RECORD_OUTCOME, run, append(l, RECORD_INTENT, run, 0, NULL), NULL);
		if (i % 10 == 0)
			append(l, RECORD_AGENT, run, 0, i % 20 ? "a" : "b");
		commit(l);
	}
	assert_true(l->base > 0);
	append(l, RECORD_OUTCOME, run, first, NULL);
	append(l, RECORD_CLOSE, run, 0, NULL);
	ended(l);
}

static int setup(void **state)
{
	static struct place p;
	struct err e = { .kind = ERR_NONE };
	char path[128];

	snprintf(p.dir, sizeof(p.dir), "/tmp/reeve-state-XXXXXX");
	assert_non_null(mkdtemp(p.dir));
	path_in(path, &p, "key");
	assert_int_equal(seal_key_make(path, "test/l", &e), 0);
	assert_int_equal(seal_key_load(&p.key, path, &e), 0);
	assert_int_equal(ledger_make(p.dir, p.key, "t", &e), 0);
	fill(&p);
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	struct err e = { .kind = ERR_NONE };

	seal_key_free(p->key);
	return fd_remove_all(AT_FDCWD, p->dir, &e);
}

/* All that a state of it would hold, and the tree. */
static void picture(uint8_t out[SEAL_HASH], uint64_t *by, const struct place *p)
{
	struct ledger *l = opened(p);
	scoped(buf) struct buf all = BUF(1 << 20);

	*by = l->state.offset;
	tree_root(out, &l->tree);
	buf_add(&all, out, SEAL_HASH);
	buf_add(&all, &l->order.next, sizeof(l->order.next));
	buf_add(&all, l->agents.known, l->agents.count * sizeof(*l->agents.known));
	buf_add(&all, &l->base, sizeof(l->base));
	buf_add(&all, &l->written, sizeof(l->written));
	seal_hash(out, all.data, all.size);
	assert_int_equal(l->order.run_count + l->order.intent_count, 0);
	ledger_free(l);
}

/* Names of states in the folder, newest last. */
static size_t names(char out[64][32], const struct place *p)
{
	struct dirent **found;
	int i, count = scandir(p->dir, &found, NULL, alphasort);
	size_t states = 0;

	for (i = 0; i < count; i++) {
		if (strncmp(found[i]->d_name, "state.", 6) == 0 && states < 64)
			snprintf(out[states++], 32, "%.31s", found[i]->d_name);
		free(found[i]);
	}
	free(found);
	return states;
}

static void put(const struct place *p, const char *name, const char *bytes, size_t size)
{
	struct err e = { .kind = ERR_NONE };

	assert_int_equal(fd_replace_file(p->dir, name, 0600, bytes, size, &e), 0);
}

static char *get(size_t *size, const struct place *p, const char *name)
{
	struct err e = { .kind = ERR_NONE };
	char path[128], *bytes = NULL;

	path_in(path, p, name);
	assert_int_equal(fd_read_file(&bytes, size, path, 1 << 20, &e), 0);
	return bytes;
}

static void remove_states(const struct place *p)
{
	char all[64][32], path[128];
	size_t count = names(all, p);

	while (count-- > 0) {
		path_in(path, p, all[count]);
		assert_int_equal(unlink(path), 0);
	}
}

static void same_answer(void **state)
{
	const struct place *p = *state;
	char all[64][32];
	uint8_t quick[SEAL_HASH], slow[SEAL_HASH];
	size_t count = names(all, p);
	uint64_t by;

	assert_true(count > 5);
	picture(quick, &by, p);
	assert_int_equal(by, strtoull(all[count - 1] + 6, NULL, 10));
	remove_states(p);
	picture(slow, &by, p);
	assert_int_equal(by, 0);
	assert_memory_equal(quick, slow, SEAL_HASH);
}

/* Every byte of the newest changed, and every size it can be cut to: it is not used, and the answer is the same. */
static void broken(void **state)
{
	const struct place *p = *state;
	uint8_t whole[SEAL_HASH], now[SEAL_HASH];
	char all[64][32], *bytes;
	uint64_t by, newest;
	size_t count, size, i;

	count = names(all, p);
	bytes = get(&size, p, all[count - 1]);
	picture(whole, &newest, p);
	for (i = 0; i < size; i += 13) {
		bytes[i] ^= 1;
		put(p, all[count - 1], bytes, size);
		picture(now, &by, p);
		assert_true(by < newest);
		assert_memory_equal(now, whole, SEAL_HASH);
		bytes[i] ^= 1;
		put(p, all[count - 1], bytes, i);
		picture(now, &by, p);
		assert_true(by < newest);
		assert_memory_equal(now, whole, SEAL_HASH);
	}
	put(p, all[count - 1], bytes, size);
	picture(now, &by, p);
	assert_int_equal(by, newest);
	free(bytes);
}

/* Whole and signed, but of elsewhere: by another key, or under another's name. */
static void foreign(void **state)
{
	const struct place *p = *state;
	struct place other;
	uint8_t whole[SEAL_HASH], now[SEAL_HASH];
	char all[64][32], others[64][32], *bytes;
	uint64_t newest, by;
	size_t count = names(all, p), size;
	void *at;

	picture(whole, &newest, p);
	other = *p;
	setup(&at);
	assert_int_equal(names(others, at), count);
	bytes = get(&size, at, others[count - 1]);
	put(&other, all[count - 1], bytes, size);
	picture(now, &by, &other);
	assert_true(by < newest);
	assert_memory_equal(now, whole, SEAL_HASH);
	free(bytes);
	bytes = get(&size, &other, all[count - 3]);
	put(&other, all[count - 1], bytes, size);
	picture(now, &by, &other);
	assert_true(by < newest);
	assert_memory_equal(now, whole, SEAL_HASH);
	free(bytes);
	teardown(&at);
	*(struct place *)*state = other;
}

/* Of a journal that went on otherwise: an old copy was put back, and its states were not. */
static void rolled_back(void **state)
{
	const struct place *p = *state;
	struct ledger *l;
	uint8_t quick[SEAL_HASH], slow[SEAL_HASH];
	char all[64][32];
	size_t i, count = names(all, p), size;
	uint64_t by, run;
	char *bytes = get(&size, p, all[count - 1]);

	remove_states(p);
	for (i = 0; i < 40; i++) {	/* under names that the journal will reach, and some that it will not */
		snprintf(all[0], 32, "state.%020d", 8192 + (int)i * 9000);
		put(p, all[0], bytes, size);
	}
	free(bytes);
	l = opened(p);
	run = append(l, RECORD_RUN, 0, 0, NULL);
	for (i = 0; i < 60; i++) {
		append(l, RECORD_REFUSAL, run, 0, NULL);
		commit(l);
	}
	append(l, RECORD_CLOSE, run, 0, NULL);
	ended(l);
	picture(quick, &by, p);
	remove_states(p);
	picture(slow, &by, p);
	assert_memory_equal(quick, slow, SEAL_HASH);
}

/* A damaged segment before the newest state is not read; one that is missing is seen all the same. */
static void missing(void **state)
{
	const struct place *p = *state;
	struct err e = { .kind = ERR_NONE };
	struct ledger *l = NULL;
	char all[64][32], name[128];

	names(all, p);
	snprintf(all[1], 32, "journal.%020llu", strtoull(all[1] + 6, NULL, 10));
	path_in(name, p, all[1]);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(ledger_open(&l, p->dir, p->key, NULL, &e), -1);
	assert_non_null(strstr(e.text, "damaged at record"));
	assert_non_null(strstr(e.text, "the one behind it is missing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(same_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(broken, setup, teardown),
		cmocka_unit_test_setup_teardown(foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(rolled_back, setup, teardown),
		cmocka_unit_test_setup_teardown(missing, setup, teardown),
	};
	struct err e = { .kind = ERR_NONE };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}

/* Signed times change no answer, whatever is asked of whatever ledger; and a state that is not the recorder's own does not count. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/asked_parts.h"
#include "base/clock.h"
#include "base/fd.h"
#include "ledger/signing.h"
#include "ledger/store.h"

enum { SEGMENT = 16384, ROUNDS = 700, RANGES = 40, EPOCHS = 32, STATES = 64, ANSWER = 4 << 20, NAME = 128 };

static const char HIDE[] = "2000-01-01T00:00:00.000000Z";

static uint64_t now_us;	/* the time of day, and nothing but it: each record is a little later than the one before */

int clock_gettime(clockid_t clock, struct timespec *out)
{
	if (clock != CLOCK_REALTIME)
		return (int)syscall(SYS_clock_gettime, clock, out);
	now_us += 1000;
	out->tv_sec = (time_t)(now_us / 1000000);
	out->tv_nsec = (long)(now_us % 1000000) * 1000;
	return 0;
}

struct world {
	unsigned random;
	char dir[64], key[80], places[80];
	struct seal_key *root, *foreign, *epochs[EPOCHS];
	size_t epoch_count;
	uint64_t states[STATES];
	size_t state_count;
	uint64_t open[64];	/* intents, of which some are never answered */
	size_t open_count;
};

static unsigned next(struct world *w, unsigned below)
{
	w->random = w->random * 1664525u + 1013904223u;
	return (w->random >> 8) % below;
}

static void path_of(char out[NAME], const struct world *w, const char *stem, uint64_t at)
{
	snprintf(out, NAME, at ? "%s/%s.%020llu" : "%s/%s", w->dir, stem, (unsigned long long)at);
}

static char *get(size_t *size, const struct world *w, const char *stem, uint64_t at)
{
	struct err e = { .kind = ERR_NONE };
	char path[NAME], *bytes = NULL;

	path_of(path, w, stem, at);
	assert_int_equal(fd_read_file(&bytes, size, path, 1 << 22, &e), 0);
	return bytes;
}

static void put(const struct world *w, uint64_t at, const char *bytes, size_t size)
{
	struct err e = { .kind = ERR_NONE };
	char name[NAME];

	snprintf(name, sizeof(name), "state.%020llu", (unsigned long long)at);
	assert_int_equal(fd_replace_file(w->dir, name, 0600, bytes, size, &e), 0);
}

/* --- a ledger: runs and calls over many segments, keys that change, a clock that is set now and then --- */

/* A key's secret is gone when the next one is in force: who stole it before has a copy. */
static void steal_key(struct world *w, const struct signing *signing)
{
	struct seal_key *k = NULL;
	struct err e = { .kind = ERR_NONE };
	unsigned i;
	int fd = open(w->places, O_RDONLY | O_CLOEXEC);

	for (i = 0; i < SIGNING_PLACES && w->epoch_count < EPOCHS; i++) {
		assert_int_equal(seal_key_get(&k, fd, i, &e), 0);
		if (k && memcmp(seal_key_verifier(k), seal_key_verifier(signing_now(signing)), sizeof(struct seal_verifier)) == 0)
			w->epochs[w->epoch_count++] = k;
		else
			seal_key_free(k);
	}
	close(fd);
}

static uint64_t append(struct ledger *l, struct world *w, enum record_kind kind, uint64_t run, uint64_t ref)
{
	struct record r = { .kind = kind, .ref = ref };
	struct err e = { .kind = ERR_NONE };
	char why[64];
	uint64_t index;

	snprintf(why, sizeof(why), "%u", next(w, 1000));
	record_text(&r, FIELD_WHY, why);
	if (kind == RECORD_OUTCOME)
		record_text(&r, FIELD_STATUS, "ok");
	if (ledger_append(&index, l, &r, run, &e) < 0)
		fail_msg("%s", e.text);
	return index;
}

static void answer_some(struct ledger *l, struct world *w, uint64_t run, size_t most)
{
	size_t i;

	while (w->open_count > most) {
		i = next(w, (unsigned)w->open_count);
		append(l, w, RECORD_OUTCOME, run, w->open[i]);
		w->open[i] = w->open[--w->open_count];
	}
}

static void one_round(struct ledger *l, struct world *w, struct signing *signing, uint64_t *run)
{
	struct err e = { .kind = ERR_NONE };

	now_us += next(w, 60000000);
	if (next(w, 90) == 0)
		now_us -= UINT64_C(1800000000) + next(w, 1800000000);
	if (next(w, 40) == 0) {
		answer_some(l, w, *run, 0);
		append(l, w, RECORD_CLOSE, *run, 0);
		*run = append(l, w, RECORD_RUN, 0, 0);
	}
	w->open[w->open_count++] = append(l, w, RECORD_INTENT, *run, 0);
	if (next(w, 3) == 0)
		append(l, w, RECORD_REFUSAL, *run, 0);
	answer_some(l, w, *run, next(w, 4) ? 60 : next(w, 60));
	assert_int_equal(ledger_commit(l, &e), 0);
	if (next(w, 60) == 0) {
		assert_int_equal(ledger_rotate(l, &e), 0);
		steal_key(w, signing);
	}
}

static struct ledger *opened(struct world *w, struct signing **signing)
{
	struct err e = { .kind = ERR_NONE };
	struct ledger *l = NULL;

	if (signing_open(signing, w->key, &e) < 0 || ledger_open_by(&l, w->dir, *signing, NULL, &e) != LEDGER_OPENED)
		fail_msg("%s", e.text);
	ledger_segments(l, SEGMENT);
	return l;
}

/* By several recorders, one behind the other, so that states are read again, too. */
static void fill(struct world *w, int rounds)
{
	struct err e = { .kind = ERR_NONE };
	struct signing *signing = NULL;
	struct ledger *l = NULL;
	uint64_t run = 0;
	int i;

	for (i = 0; i < rounds; i++) {
		if (i % 150 == 0) {
			ledger_free(l);
			signing_free(signing);
			l = opened(w, &signing);
			w->open_count = 0;
			run = append(l, w, RECORD_RUN, 0, 0);
		}
		if (w->epoch_count == 0)
			steal_key(w, signing);
		one_round(l, w, signing, &run);
	}
	assert_int_equal(ledger_finish(l, &e), 0);
	ledger_free(l);
	signing_free(signing);
}

static void find_states(struct world *w)
{
	struct dirent **found;
	int i, count = scandir(w->dir, &found, NULL, alphasort);
	struct stat st;
	char path[NAME];

	for (i = 0, w->state_count = 0; i < count; i++) {
		if (w->state_count < STATES && state_name_parse(&w->states[w->state_count], found[i]->d_name)) {
			path_of(path, w, "journal", w->states[w->state_count]);
			w->state_count += stat(path, &st) == 0;
		}
		free(found[i]);
	}
	free(found);
}

static int setup(void **state)
{
	static struct world w;
	scoped(signing) struct signing *signing = NULL;
	struct err e = { .kind = ERR_NONE };
	int places = -1;

	w = (struct world){ .random = 7, .dir = "/tmp/reeve-zones-XXXXXX" };
	now_us = UINT64_C(1790000000000000);
	assert_non_null(mkdtemp(w.dir));
	snprintf(w.key, sizeof(w.key), "%s/k.key", w.dir);
	snprintf(w.places, sizeof(w.places), "%s/k.epoch", w.dir);
	assert_int_equal(seal_places_make(&places, w.places, SIGNING_PLACES, &e), 0);
	assert_int_equal(seal_key_make(w.key, "test/l", &e), 0);
	assert_int_equal(seal_key_load(&w.root, w.key, &e), 0);
	assert_int_equal(seal_key_new(&w.foreign, "test/l", &e), 0);
	assert_int_equal(signing_make(&signing, w.root, &places, &e), 0);
	assert_int_equal(ledger_make_by(w.dir, signing, "t", &e), 0);
	fill(&w, ROUNDS);
	find_states(&w);
	assert_true(w.state_count > 10 && w.epoch_count > 4);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	struct err e = { .kind = ERR_NONE };

	while (w->epoch_count > 0)
		seal_key_free(w->epochs[--w->epoch_count]);
	seal_key_free(w->root);
	seal_key_free(w->foreign);
	return fd_remove_all(AT_FDCWD, w->dir, &e);
}

/* --- questions --- */

static int tell(void *to, const struct joined *j, struct err *e)
{
	struct buf *out = to;
	char bytes[RECORD_MOST];

	(void)e;
	buf_add(out, j->frame->body, j->frame->size);
	if (j->other)
		buf_add(out, bytes, entry_write(bytes, j->other));
	if (j->run)
		buf_add(out, bytes, entry_write(bytes, j->run));
	return buf_puts(out, "\n") ? 0 : -1;
}

/* How many records no question has read. -1: there was no answer. */
static int64_t ask(struct buf *out, const struct world *w, const struct question *q, enum asked_by by)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	struct err e = { .kind = ERR_NONE };
	int64_t unread = 0;
	size_t i;

	out->size = 0;
	if (asked_open(&a, w->dir, by, NULL, &e) < 0 || asked_each(a, q, tell, out, &e) < 0)
		return -1;
	for (i = 0; a->zones && i < a->zones->count; i++)
		unread += a->zones->all[i].passed ? (int64_t)(a->zones->all[i].next - a->zones->all[i].known) : 0;
	return unread;
}

static void time_text(char out[ASK_TIME], uint64_t us)
{
	struct tm tm;
	time_t seconds = (time_t)(us / 1000000);

	gmtime_r(&seconds, &tm);
	snprintf(out, ASK_TIME, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
		 (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100,
		 (unsigned)(us % 1000000));
}

static void any_range(struct question *q, struct world *w)
{
	uint64_t began = UINT64_C(1790000000000000), length = now_us - began, from = began + length / 1000 * next(w, 1000);

	*q = (struct question){ .kinds = next(w, 2), .after = next(w, 4) ? 0 : next(w, 900), .limit = next(w, 4) ? 0 : 1 + next(w, 50) };
	if (next(w, 5))
		time_text(q->from, from);
	if (next(w, 5))
		time_text(q->to, from + length / 100 * (1 + next(w, 20)));
}

/* Does it say what reading everything says? Adds to *unread. */
static bool is_same(int64_t *unread, const struct world *w, const struct question *q)
{
	scoped(buf) struct buf all = BUF(ANSWER), some = BUF(ANSWER);
	int64_t passed = ask(&some, w, q, ASKED_ZONED);

	assert_int_equal(ask(&all, w, q, ASKED_READ), 0);
	*unread += passed;
	return passed >= 0 && all.size == some.size && (all.size == 0 || memcmp(all.data, some.data, all.size) == 0);
}

static void head_of(struct state_head *out, const struct world *w, size_t i)
{
	size_t size;
	char *bytes = get(&size, w, "state", w->states[i]);

	assert_true(state_head_seems(out, bytes, size));
	free(bytes);
}

static void same_answers(void **state)
{
	struct world *w = *state;
	struct state_head h;
	struct question q;
	int64_t unread = 0;
	size_t i;

	for (i = 0; i < RANGES; i++) {
		any_range(&q, w);
		assert_true(is_same(&unread, w, &q));
	}
	assert_true(unread > RANGES * ROUNDS / 4);
	for (i = 0; i < w->state_count; i++) {	/* and to the microsecond where zones end */
		head_of(&h, w, i);
		q = (struct question){ .kinds = true };
		snprintf(q.from, sizeof(q.from), "%.27s", h.greatest);
		assert_true(is_same(&unread, w, &q));
		q.from[0] = '\0';
		snprintf(q.to, sizeof(q.to), "%.27s", h.least);
		assert_true(is_same(&unread, w, &q));
		snprintf(q.from, sizeof(q.from), "%.27s", h.least);
		snprintf(q.to, sizeof(q.to), "%.27s", h.greatest);
		assert_true(is_same(&unread, w, &q));
	}
}

/* From the latest time there is, less so much. */
static void lately(struct question *q, const struct world *w, uint64_t less_us)
{
	struct state_head h;
	char latest[ASK_TIME] = "";
	uint64_t us = 0;
	size_t i;

	for (i = 0; i < w->state_count; i++) {
		head_of(&h, w, i);
		if (strcmp(h.greatest, latest) > 0)
			snprintf(latest, sizeof(latest), "%.27s", h.greatest);
	}
	assert_true(clock_stamp_read(&us, latest, strlen(latest)));
	*q = (struct question){ .kinds = true };
	time_text(q->from, us - less_us);
}

/* Seven bytes there; what was there comes back into them. */
static void exchange(char bytes[7], const struct world *w, uint64_t segment, off_t at)
{
	char path[NAME], was[7];
	int fd;

	path_of(path, w, "journal", segment);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, was, 7, at), 7);
	assert_int_equal(pwrite(fd, bytes, 7, at), 7);
	close(fd);
	memcpy(bytes, was, 7);
}

/* Something in the middle of each segment is damaged: who has to read it sees that, who need not does not. */
static void not_read(void **state)
{
	struct world *w = *state;
	scoped(buf) struct buf before = BUF(ANSWER), after = BUF(ANSWER);
	struct question q, all = { .kinds = true };
	char bytes[] = "damaged";
	size_t i, same = 0;

	lately(&q, w, 1000000);
	assert_true(ask(&before, w, &q, ASKED_ZONED) > ROUNDS && before.size > 0);
	for (i = 0; i + 1 < w->state_count; i++) {
		exchange(bytes, w, w->states[i], SEGMENT / 2);
		same += ask(&after, w, &q, ASKED_ZONED) > ROUNDS && after.size == before.size &&
			memcmp(after.data, before.data, before.size) == 0;
		assert_int_equal(ask(&after, w, &all, ASKED_ZONED), -1);
		exchange(bytes, w, w->states[i], SEGMENT / 2);
	}
	assert_true(same > w->state_count / 2);
}

/* --- states that somebody else has written --- */

static void sign(const struct world *w, uint64_t at, const struct state_head *h, const struct seal_key *k)
{
	scoped(buf) struct buf text = BUF(SEAL_NOTE_MOST), note = BUF(SEAL_NOTE_MOST);

	assert_true(state_head_text(&text, seal_key_verifier(k)->name, h) && seal_note_sign(&note, k, text.data, text.size));
	put(w, at, note.data, note.size);
}

/* Is what this state hides still found? */
static bool is_found(const struct world *w, size_t i)
{
	struct question q = { .kinds = true };
	struct state_head h;
	int64_t unread = 0;

	head_of(&h, w, i);
	if (strcmp(h.least, HIDE) == 0)
		time_text(q.from, UINT64_C(1700000000000000));
	else
		return false;
	return is_same(&unread, w, &q);
}

static const struct seal_key *signer(const struct world *w, size_t i)
{
	struct state_head h;
	struct err e = { .kind = ERR_NONE };
	size_t size, body, k;
	char *bytes = get(&size, w, "state", w->states[i]);

	for (k = 0; k < w->epoch_count; k++)
		if (state_head_read(&h, &body, bytes, size, seal_key_verifier(w->epochs[k]), &e) == 0)
			break;
	free(bytes);
	return k < w->epoch_count ? w->epochs[k] : NULL;
}

static void hide(struct state_head *h)
{
	snprintf(h->least, sizeof(h->least), "%s", HIDE);
	snprintf(h->greatest, sizeof(h->greatest), "%s", HIDE);
}

/* Each key there ever was: only the one in force could have said it. */
static void other_keys(void **state)
{
	struct world *w = *state;
	const struct seal_key *own;
	size_t i, k, size;
	struct state_head h;
	char *kept;

	for (i = 0; i < w->state_count; i += 3) {
		own = signer(w, i);
		kept = get(&size, w, "state", w->states[i]);
		assert_non_null(own);
		head_of(&h, w, i);
		hide(&h);
		sign(w, w->states[i], &h, own);
		assert_false(is_found(w, i));	/* so it would count */
		for (k = 0; k < w->epoch_count; k++) {
			sign(w, w->states[i], &h, w->epochs[k]);
			assert_true(w->epochs[k] == own || is_found(w, i));
		}
		sign(w, w->states[i], &h, w->root);
		assert_true(is_found(w, i));
		sign(w, w->states[i], &h, w->foreign);
		assert_true(is_found(w, i));
		put(w, w->states[i], kept, size);
		free(kept);
	}
}

/* By the right key, but of something else: of another size, tree, place or history, or without an epoch that began there. */
static void other_places(void **state)
{
	struct world *w = *state;
	struct state_head was, h;
	size_t i, size;
	char *kept;
	unsigned how;

	for (i = 1; i < w->state_count; i += 4)
		for (how = 0; how < 8; how++) {
			kept = get(&size, w, "state", w->states[i]);
			head_of(&was, w, i);
			h = was;
			hide(&h);
			h.size += how == 0;
			h.size -= how == 1;
			h.root[0] ^= how == 2;
			h.offset += how == 3 ? FRAME_ALIGN : 0;
			h.first += how == 4 ? 500 : 0;
			h.since = how == 5 ? h.offset - FRAME_ALIGN : h.since;
			h.epochs[0] = how == 6 ? h.offset - FRAME_ALIGN : h.epochs[0];
			h.epoch_count = how == 6 ? 1 : how == 7 ? STATE_EPOCHS + 1 : h.epoch_count;
			sign(w, w->states[i], &h, signer(w, i));
			assert_true(is_found(w, i));
			put(w, w->states[i], kept, size);
			free(kept);
		}
}

static void swapped(void **state)
{
	struct world *w = *state;
	struct question q;
	int64_t unread = 0;
	size_t size, other_size, i;
	char *one, *other;

	for (i = 0; i + 2 < w->state_count; i += 2) {
		one = get(&size, w, "state", w->states[i]);
		other = get(&other_size, w, "state", w->states[i + 2]);
		put(w, w->states[i], other, other_size);
		put(w, w->states[i + 2], one, size);
		any_range(&q, w);
		assert_true(is_same(&unread, w, &q));
		put(w, w->states[i], one, size);
		put(w, w->states[i + 2], other, other_size);
		free(one);
		free(other);
	}
}

/* Some are gone, cut, or have another byte: what they were about is read, and the rest is not. */
static void broken(void **state)
{
	struct world *w = *state;
	struct question q;
	char path[NAME], *bytes;
	int64_t unread = 0;
	size_t i, size;

	lately(&q, w, 1000000);
	for (i = 0; i < w->state_count; i += 3) {
		bytes = get(&size, w, "state", w->states[i]);
		bytes[next(w, 400)] ^= 1;
		put(w, w->states[i], bytes, i % 2 ? size : next(w, 500));
		free(bytes);
		assert_true(is_same(&unread, w, &q));
	}
	assert_true(unread > 0);
	for (i = 0; i < w->state_count; i++) {
		path_of(path, w, "state", w->states[i]);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(i % 4 ? 0 : mkfifo(path, 0600), 0);
		assert_true(is_same(&unread, w, &q));
	}
	unread = 0;
	assert_true(is_same(&unread, w, &q));
	assert_true(unread < 20);	/* what a state in the middle of the last segment knows */
}

/* The key of a middle epoch was stolen, and the thief writes states of its time. Then it is revoked. */
static void revoked(void **state)
{
	struct world *w = *state;
	scoped(signing) struct signing *signing = NULL;
	scoped(ledger) struct ledger *l = NULL;
	struct err e = { .kind = ERR_NONE };
	const struct seal_key *own[STATES];
	struct state_head h;
	char since[24];
	size_t i, stolen = w->state_count / 3, hidden = 0;

	for (i = 0; i < w->state_count; i++)
		own[i] = signer(w, i);
	head_of(&h, w, stolen);
	snprintf(since, sizeof(since), "%llu", (unsigned long long)h.size);
	hide(&h);
	sign(w, w->states[stolen], &h, own[stolen]);
	assert_false(is_found(w, stolen));
	assert_int_equal(signing_open(&signing, w->key, &e), 0);
	assert_int_equal(signing_lend(signing, w->root, &e), 0);
	assert_int_equal(ledger_open_by(&l, w->dir, signing, NULL, &e), LEDGER_OPENED);
	assert_int_equal(ledger_revoke(l, since, "stolen", &e), 0);
	assert_int_equal(ledger_finish(l, &e), 0);
	assert_true(is_found(w, stolen));
	for (i = stolen; i < w->state_count; i++) {	/* nor those that it handed over to */
		head_of(&h, w, i);
		hide(&h);
		sign(w, w->states[i], &h, own[i]);
		assert_true(is_found(w, i));
	}
	for (i = 0; i < stolen && own[i] != own[stolen]; i++) {	/* those before it count as ever */
		head_of(&h, w, i);
		hide(&h);
		sign(w, w->states[i], &h, own[i]);
		hidden += !is_found(w, i);
	}
	assert_true(hidden > 0);
}

/* A state in the middle of a segment goes when the next comes, or the next recorder. */
static void swept(void **state)
{
	struct world *w = *state;
	struct signing *signing = NULL;
	struct dirent **found;
	struct stat st;
	uint64_t offset, middle = 0;
	size_t count = 0, size;
	char path[NAME], *bytes = get(&size, w, "state", w->states[3]);
	int i, all;

	put(w, w->states[3] + FRAME_ALIGN, bytes, size);
	put(w, UINT64_C(99999992), bytes, size);
	free(bytes);
	ledger_free(opened(w, &signing));
	signing_free(signing);
	all = scandir(w->dir, &found, NULL, alphasort);
	for (i = 0; i < all; i++) {
		if (state_name_parse(&offset, found[i]->d_name)) {
			count++;
			path_of(path, w, "journal", offset);
			middle += stat(path, &st) < 0;
		}
		free(found[i]);
	}
	free(found);
	assert_true(middle <= 1);	/* the newest, of the key that is */
	assert_int_equal(count, w->state_count + middle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(same_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(other_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(other_places, setup, teardown),
		cmocka_unit_test_setup_teardown(swapped, setup, teardown),
		cmocka_unit_test_setup_teardown(broken, setup, teardown),
		cmocka_unit_test_setup_teardown(revoked, setup, teardown),
		cmocka_unit_test_setup_teardown(swept, setup, teardown),
	};
	struct err e = { .kind = ERR_NONE };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}

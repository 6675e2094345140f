/*
 * The crash matrix. What a ledger asks of its disk is recorded; then, for every prefix of that, every state that a
 * power failure may leave is made: of what was not synced, each sector kept or lost by itself. Of each the auditor
 * must not raise a false alarm, the next recorder must open it with all that was acknowledged, byte for byte, and
 * the auditor must find it whole. The same again of the recovery. And damage at every byte of the last commits:
 * what open refuses verify names, and the other way round.
 *
 * REEVE_CRASH=whole: all of it (make crash); else a part that is the same in each run.
 */
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
#include <unistd.h>

#include <cmocka.h>

#include "audit/audit.h"
#include "base/fd.h"

enum { SECTOR = 512, OPS = 1024, UNITS = 4096, AHEAD = 64 << 10, ALL_UP_TO = 7, NAME = 48 };
enum { JOURNAL, HEAD, FOLDER, FIXED, FILES = 32 };	/* the others as they come: segments, states */
enum op_kind { OP_WRITE, OP_CUT, OP_TAKE, OP_NAME, OP_UNNAME, OP_SYNC, OP_TOLD };

struct op {
	enum op_kind kind;
	int file;
	uint64_t at;	/* of a cut: the size; of OP_TOLD: where the journal's committed part ended */
	size_t size;
	char *bytes;	/* of a name: that */
};

struct trace {
	struct op op[OPS];
	size_t count;
};

struct image {
	char *bytes;
	size_t size;
};

/* All that a ledger's folder holds: of each file what it says, and by which names. */
struct disk {
	struct image file[FILES];
	struct name {
		char text[NAME];
		int file;
	} name[FILES];
	size_t names;
};

static struct stage {
	char dir[64], path[FIXED][80], key_path[80];
	ino_t inode[FILES];
	size_t files;
	struct disk seen;	/* the names there were at the last call */
	uint64_t segment;
	struct seal_key *key;
	struct trace *trace;	/* into which the hooks write; NULL: nowhere */
	bool whole;
	unsigned random;
	size_t states, torn;
} stage;

static unsigned roll(void)
{
	stage.random = stage.random * 1664525u + 1013904223u;
	return stage.random >> 8;
}

/* --- a disk that is watched --- */

static void put(enum op_kind kind, int file, uint64_t at, size_t size, const void *bytes)
{
	struct trace *t = stage.trace;

	assert_true(t->count < OPS);
	t->op[t->count] = (struct op){ .kind = kind, .file = file, .at = at, .size = size };
	if (bytes) {
		t->op[t->count].bytes = malloc(size);
		memcpy(t->op[t->count].bytes, bytes, size);
	}
	t->count++;
}

static int file_by(ino_t inode)
{
	size_t i;

	for (i = 0; i < stage.files; i++)
		if (stage.inode[i] == inode)
			return (int)i;
	assert_true(stage.files < FILES);
	stage.inode[stage.files] = inode;
	return (int)stage.files++;
}

static int file_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return file_by(st.st_ino);
}

static const struct name *find(const struct disk *d, const char *text)
{
	size_t i;

	for (i = 0; i < d->names; i++)
		if (strcmp(d->name[i].text, text) == 0)
			return &d->name[i];
	return NULL;
}

static void set_name(struct disk *d, const char *text, int file)
{
	assert_true(d->names < FILES && strlen(text) < NAME);
	strcpy(d->name[d->names].text, text);
	d->name[d->names++].file = file;
}

static void unset_name(struct disk *d, const char *text)
{
	struct name *n = &d->name[0] + (find(d, text) - &d->name[0]);

	if (find(d, text))
		*n = d->name[--d->names];
}

/* The names there are now. */
static void look(struct disk *out)
{
	DIR *all = opendir(stage.dir);
	struct dirent *d;

	out->names = 0;
	while ((d = readdir(all)))
		if (d->d_name[0] != '.' && strcmp(d->d_name, "key") != 0)
			set_name(out, d->d_name, file_by(d->d_ino));
	closedir(all);
}

/* What changed in the folder since the last call; a file that came with all it says was not synced. */
static void note_names(void)
{
	static struct disk now;
	scoped(mem) char *bytes = NULL;
	struct err e = { .kind = ERR_NONE };
	char path[160];
	size_t i, size;

	look(&now);
	for (i = 0; i < stage.seen.names; i++)
		if (!find(&now, stage.seen.name[i].text))
			put(OP_UNNAME, FOLDER, 0, NAME, stage.seen.name[i].text);
	for (i = 0; i < now.names; i++) {
		if (find(&stage.seen, now.name[i].text))
			continue;
		put(OP_NAME, FOLDER, (uint64_t)now.name[i].file, NAME, now.name[i].text);
		if (strncmp(now.name[i].text, "state", 5) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", stage.dir, now.name[i].text);
		assert_int_equal(fd_read_file(&bytes, &size, path, 1 << 20, &e), 0);
		put(OP_WRITE, now.name[i].file, 0, size, bytes);
	}
	stage.seen = now;
}

static void note(enum op_kind kind, int file, uint64_t at, size_t size, const void *bytes)
{
	if (!stage.trace)
		return;
	note_names();
	put(kind, file, at, size, bytes);
}

static void forget(struct trace *t)
{
	while (t->count > 0)
		free(t->op[--t->count].bytes);
}

/* In whole blocks, if the ledger will; but nobody need wait for the disk. */
static ssize_t watched_write(int fd, const void *bytes, size_t size, off_t at)
{
	assert_int_equal(fcntl(fd, F_SETFL, O_RDWR), 0);
	note(OP_WRITE, file_of(fd), (uint64_t)at, size, bytes);
	return pwrite(fd, bytes, size, at);
}

static int watched_sync(int fd)
{
	note(OP_SYNC, file_of(fd), 0, 0, NULL);
	return 0;	/* no power fails here */
}

/* Of what is taken ahead only a little is there: reading zeros would take all the time there is. */
static int watched_allocate(int fd, int mode, off_t at, off_t size)
{
	size = size < AHEAD ? size : AHEAD;
	note(OP_TAKE, file_of(fd), (uint64_t)(at + size), 0, NULL);
	return fallocate(fd, mode, at, size);
}

static int watched_truncate(int fd, off_t size)
{
	note(OP_CUT, file_of(fd), (uint64_t)size, 0, NULL);
	return ftruncate(fd, size);
}

static const struct ledger_disk watched = { watched_write, watched_sync, watched_allocate, watched_truncate };

/* --- files --- */

static struct image load(int file)
{
	struct err e = { .kind = ERR_NONE };
	struct image i;

	assert_int_equal(fd_read_file(&i.bytes, &i.size, stage.path[file], 16 << 20, &e), 0);
	return i;
}

static void store(int file, const struct image *i)
{
	int fd = open(stage.path[file], O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, i->bytes, i->size, 0), i->size);
	close(fd);
}

static bool same(const struct image *a, const struct image *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static struct ledger *opened(struct err *e)
{
	struct ledger *l = NULL;

	*e = (struct err){ .kind = ERR_NONE };
	if (ledger_open(&l, stage.dir, stage.key, &watched, e) != LEDGER_OPENED)
		return NULL;
	ledger_segments(l, stage.segment);
	return l;
}

static struct findings judged(uint64_t head)
{
	struct known_head known = { .given = head > 0, .size = head };
	struct err e = { .kind = ERR_NONE };
	struct findings f;

	if (verify_ledger(&f, stage.dir, seal_key_verifier(stage.key), &known, &e) < 0)
		fail_msg("verify could not: %s", e.text);
	return f;
}

static void append(struct ledger *l, enum record_kind kind, uint64_t run, uint64_t ref, size_t text)
{
	struct record r = { .kind = kind, .ref = ref };
	struct err e = { .kind = ERR_NONE };
	char why[1024];
	uint64_t index;

	memset(why, 'y', sizeof(why));
	record_text(&r, FIELD_STATUS, "ok");
	if (text)
		record_bytes(&r, FIELD_RESOURCE, why, text);
	if (ledger_append(&index, l, &r, run, &e) < 0)
		fail_msg("append: %s", e.text);
}

static uint64_t committed_end(uint64_t *records)
{
	scoped(journal) struct journal *j = NULL;
	struct err e = { .kind = ERR_NONE };
	struct journal_extent x;

	assert_int_equal(journal_open(&j, stage.dir, &e), 0);
	assert_int_equal(journal_extent(&x, j, seal_key_verifier(stage.key), &e), 0);
	*records = x.records;
	return x.end;
}

/* Somebody has a receipt for all that is committed now. */
static void told(void)
{
	uint64_t records, end = committed_end(&records);

	note(OP_TOLD, JOURNAL, end, records, NULL);
}

static void commit(struct ledger *l)
{
	struct err e = { .kind = ERR_NONE };

	assert_int_equal(ledger_commit(l, &e), 0);
	told();
}

/* --- what a power failure may leave --- */

/* A sector's worth of a write, a change of size, a name: kept or lost by itself. */
struct unit {
	const struct op *op;
	uint64_t at;
	size_t size;
};

static void grow(struct image *i, uint64_t size)
{
	if (size <= i->size)
		return;
	i->bytes = realloc(i->bytes, size);
	memset(i->bytes + i->size, 0, size - i->size);
	i->size = size;
}

static void apply(struct disk *d, const struct unit *u)
{
	struct image *i = &d->file[u->op->file];

	if (u->op->kind == OP_NAME || u->op->kind == OP_UNNAME)
		unset_name(d, u->op->bytes);
	if (u->op->kind == OP_NAME)
		set_name(d, u->op->bytes, (int)u->op->at);
	if (u->op->kind == OP_TAKE || u->op->kind == OP_CUT)
		grow(i, u->op->at);
	if (u->op->kind == OP_CUT)
		i->size = u->op->at;
	if (u->op->kind == OP_WRITE) {
		grow(i, u->at + u->size);
		memcpy(i->bytes + u->at, u->op->bytes + (u->at - u->op->at), u->size);
	}
}

static bool is_zero(const char *bytes, size_t size)
{
	return size == 0 || (!bytes[0] && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Zeros ahead are one unit: which of them are there makes no difference. */
static size_t units_of(struct unit *out, const struct op *op)
{
	uint64_t at = op->at, end = op->at + op->size;
	size_t count = 0;

	if (op->kind == OP_SYNC || op->kind == OP_TOLD)
		return 0;
	if (op->kind != OP_WRITE) {
		out[0] = (struct unit){ .op = op };
		return 1;
	}
	for (; at < end; at += out[count++].size) {
		uint64_t next = (at / SECTOR + 1) * SECTOR;

		while (next + SECTOR <= end && is_zero(op->bytes + (at - op->at), next + SECTOR - at))
			next += SECTOR;
		out[count] = (struct unit){ .op = op, .at = at, .size = (next < end ? next : end) - at };
	}
	return count;
}

/* All units of `prefix` calls, in order; those that no flush came behind may be there or not. */
struct future {
	struct unit unit[UNITS];
	bool sure[UNITS];
	size_t count, open;
};

static void future_of(struct future *f, const struct trace *t, size_t prefix)
{
	bool synced[FILES] = { false };
	size_t i, j, more;

	f->count = f->open = 0;
	for (i = prefix; i-- > 0;) {	/* from the last call back, so that what is synced is known */
		synced[t->op[i].file] |= t->op[i].kind == OP_SYNC;
		more = units_of(f->unit + f->count, &t->op[i]);
		assert_true(f->count + more < UNITS / 2);
		for (j = f->count; j < f->count + more; j++)
			f->sure[j] = synced[t->op[i].file];
		f->open += synced[t->op[i].file] ? 0 : more;
		f->count += more;
	}
}

static void disk_copy(struct disk *out, const struct disk *from)
{
	int i;

	*out = *from;
	for (i = 0; i < FILES; i++)
		if (from->file[i].bytes) {
			out->file[i].bytes = malloc(from->file[i].size + 1);
			memcpy(out->file[i].bytes, from->file[i].bytes, from->file[i].size);
		}
}

static void disk_free(struct disk *d)
{
	int i;

	for (i = 0; i < FILES; i++)
		free(d->file[i].bytes);
	*d = (struct disk){ .names = 0 };
}

enum { PICK_NONE, PICK_ALL, PICK_ONE, PICK_BUT_ONE, PICK_BITS, PICK_RANDOM };

static void pick(struct disk *out, const struct disk *base, const struct future *f, int how, size_t which)
{
	size_t u, n = 0;
	bool keep;

	disk_copy(out, base);
	for (u = f->count; u-- > 0;) {
		keep = how == PICK_ALL || (how == PICK_ONE && n == which) || (how == PICK_BUT_ONE && n != which) ||
		       (how == PICK_BITS && which >> n & 1) || (how == PICK_RANDOM && roll() & 1);
		n += !f->sure[u];
		if (f->sure[u] || keep)
			apply(out, &f->unit[u]);
	}
}

static void disk_put(const struct disk *d)
{
	struct disk now = { .names = 0 };
	char path[160];
	size_t i;
	int fd;

	look(&now);
	for (i = 0; i < now.names; i++) {
		snprintf(path, sizeof(path), "%s/%s", stage.dir, now.name[i].text);
		unlink(path);
	}
	memset(stage.inode + FIXED, 0, sizeof(stage.inode) - FIXED * sizeof(ino_t));
	for (i = 0; i < d->names; i++) {
		const struct image *of = &d->file[d->name[i].file];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", stage.dir, d->name[i].text);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(pwrite(fd, of->bytes ? of->bytes : "", of->size, 0), of->size);
		assert_int_equal(fstat(fd, &st), 0);
		stage.inode[d->name[i].file] = st.st_ino;	/* it is the same file, wherever the kernel put it */
		close(fd);
	}
}

/* What is there now, as it is: also which file is which. */
static void disk_get(struct disk *out)
{
	struct err e = { .kind = ERR_NONE };
	char path[160];
	size_t i;

	*out = (struct disk){ .names = 0 };
	look(out);
	for (i = 0; i < out->names; i++) {
		struct image *of = &out->file[out->name[i].file];

		snprintf(path, sizeof(path), "%s/%s", stage.dir, out->name[i].text);
		free(of->bytes);
		assert_int_equal(fd_read_file(&of->bytes, &of->size, path, 16 << 20, &e), 0);
	}
	stage.seen = *out;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* The journal, all segments of it. */
static struct image joined(void)
{
	struct image all = { NULL, 0 };
	struct disk d;
	size_t i;

	disk_get(&d);
	qsort(d.name, d.names, sizeof(d.name[0]), by_text);
	for (i = 0; i < d.names; i++) {
		const struct image *of = &d.file[d.name[i].file];
		size_t at = all.size;

		if (strncmp(d.name[i].text, "journal", 7) != 0 || strcmp(d.name[i].text, "journal.next") == 0)
			continue;
		grow(&all, at + of->size);
		memcpy(all.bytes + at, of->bytes, of->size);
	}
	disk_free(&d);
	return all;
}

struct acked {
	uint64_t records, end;
	const char *bytes;	/* of a journal that has all of them */
};

static void recover_from(const struct disk *state, const struct acked *a, int depth, const char *what);

/* All crashes of one trace: `each` states a prefix at most. */
static void crash(const struct trace *t, const struct disk *base, const struct acked *before, int depth, size_t each, const char *what)
{
	struct future *f = calloc(1, sizeof(*f));
	struct acked a = *before;
	struct disk state;
	size_t prefix, n, rows;
	char name[96];

	for (prefix = 0; prefix <= t->count; prefix++) {
		if (prefix > 0 && t->op[prefix - 1].kind == OP_TOLD) {
			a.end = t->op[prefix - 1].at;
			a.records = t->op[prefix - 1].size;
		}
		future_of(f, t, prefix);
		rows = f->open <= ALL_UP_TO ? (size_t)1 << f->open : 2 + 2 * f->open + each;
		for (n = 0; n < rows && ((depth == 0 && stage.whole) || n < each); n++) {
			size_t u = f->open, all = u <= ALL_UP_TO ? rows - 1 : 1;
			size_t k = (depth == 0 && stage.whole) || n == 0 ? n : n == 1 ? all : roll() % rows;
			int how = u <= ALL_UP_TO ? PICK_BITS : k == 0 ? PICK_NONE : k == 1 ? PICK_ALL :
				  k < 2 + u ? PICK_ONE : k < 2 + 2 * u ? PICK_BUT_ONE : PICK_RANDOM;

			pick(&state, base, f, how, how == PICK_BITS ? k : (k - 2) % (u ? u : 1));
			snprintf(name, sizeof(name), "%.40s, call %zu, state %zu", what, prefix, k);
			recover_from(&state, &a, depth, name);
			disk_free(&state);
		}
	}
	free(f);
}

static void whole_with(const struct acked *a, const char *what)
{
	struct findings f = judged(a->records);
	struct image now = joined();

	if (verify_exit(&f) != EXIT_WHOLE)
		fail_msg("%s: not whole after recovery: %s %s %s %s", what, f.integrity.text, f.signatures.text, f.completeness.text, f.open.text);
	if (now.size < a->end || memcmp(now.bytes, a->bytes, a->end) != 0)
		fail_msg("%s: what was acknowledged is gone", what);
	free(now.bytes);
}

static void recover_from(const struct disk *state, const struct acked *a, int depth, const char *what)
{
	static struct trace traces[2];
	struct trace *t = &traces[depth], *outer = stage.trace;
	struct findings f;
	struct ledger *l;
	size_t files = stage.files;
	struct err e;
	int code;

	stage.states++;
	disk_put(state);
	f = judged(a->records);
	code = verify_exit(&f);
	stage.torn += code == EXIT_TAIL;
	if (code != EXIT_WHOLE && code != EXIT_OPEN && code != EXIT_TAIL)
		fail_msg("%s: a false alarm: %s; %s; %s", what, f.integrity.text, f.signatures.text, f.completeness.text);
	forget(t);
	look(&stage.seen);
	stage.trace = t;
	l = opened(&e);
	stage.trace = outer;
	if (!l)
		fail_msg("%s: does not open: %s", what, e.text);
	assert_true(ledger_order(l)->next >= a->records);
	assert_int_equal(ledger_finish(l, &e), 0);
	ledger_free(l);
	whole_with(a, what);
	if (depth == 0 && (stage.whole || stage.states % 16 == 0))
		crash(t, state, a, 1, stage.whole ? 12 : 4, what);
	stage.files = files;
}

/* --- a ledger's life, of commits small and large --- */

static void make_ledger(void)
{
	struct err e = { .kind = ERR_NONE };
	struct ledger *l;

	struct stat st;

	disk_put(&(struct disk){ .names = 0 });
	assert_int_equal(ledger_make(stage.dir, stage.key, "t", &e), 0);
	stage.trace = NULL;
	l = opened(&e);
	assert_non_null(l);
	append(l, RECORD_RUN, 0, 0, 0);
	append(l, RECORD_CLOSE, 1, 0, 0);
	assert_int_equal(ledger_finish(l, &e), 0);
	ledger_free(l);
	stage.files = FIXED;
	assert_int_equal(stat(stage.path[JOURNAL], &st), 0);
	stage.inode[JOURNAL] = st.st_ino;
	assert_int_equal(stat(stage.path[HEAD], &st), 0);
	stage.inode[HEAD] = st.st_ino;
	assert_int_equal(stat(stage.dir, &st), 0);
	stage.inode[FOLDER] = st.st_ino;
}

static void live(struct ledger *l)
{
	uint64_t run = ledger_order(l)->next;
	struct err e = { .kind = ERR_NONE };
	int i;

	append(l, RECORD_RUN, 0, 0, 0);
	append(l, RECORD_INTENT, run, 0, 0);
	commit(l);
	assert_int_equal(ledger_room(l, &e), 0);
	append(l, RECORD_OUTCOME, run, run + 1, 0);
	for (i = 0; i < 12; i++)
		append(l, RECORD_REFUSAL, run, 0, 1000);
	commit(l);
	for (i = 0; i < 3; i++) {
		append(l, RECORD_INTENT, run, 0, (size_t)i * 300);
		commit(l);
	}
	append(l, RECORD_REFUSAL, run, 0, 700);
	commit(l);
	assert_int_equal(ledger_end_run(l, run, "the end", &e), 0);
}

static void power(void **state)
{
	static struct trace t;
	struct disk base;
	struct image last;
	struct acked a;
	struct ledger *l;
	struct err e;

	(void)state;
	make_ledger();
	disk_get(&base);
	a.end = committed_end(&a.records);
	forget(&t);
	stage.trace = &t;
	l = opened(&e);
	live(l);
	assert_int_equal(ledger_finish(l, &e), 0);
	told();
	ledger_free(l);
	stage.trace = NULL;
	last = joined();
	a.bytes = last.bytes;
	stage.states = stage.torn = 0;
	crash(&t, &base, &a, 0, stage.whole ? 200 : 12, "a life");
	print_message("# %zu calls, %zu states, %zu with a tail\n", t.count, stage.states, stage.torn);
	assert_true(stage.torn > 5 && t.count > 25);
	disk_free(&base);
	free(last.bytes);
}

/* --- damage at every byte of the last commits --- */

enum damage { CUT, ZEROS, NOISE, SECTOR_ZEROS, FEW_NOISE, INSERTED, REMOVED, DAMAGES };

static struct image damaged(const struct image *of, size_t at, enum damage how)
{
	size_t i, end = how == ZEROS || how == NOISE ? of->size : at + (how == SECTOR_ZEROS ? SECTOR : 8);
	struct image d = { malloc(of->size + 1), of->size };

	memcpy(d.bytes, of->bytes, of->size);
	for (i = at; i < end && i < of->size; i++) {
		if (how == ZEROS || how == SECTOR_ZEROS)
			d.bytes[i] = 0;
		if (how == NOISE || how == FEW_NOISE)
			d.bytes[i] = (char)roll();
	}
	if (how == CUT)
		d.size = at;
	if (how == INSERTED)
		memmove(d.bytes + at + 1, of->bytes + at, of->size - at);
	if (how == REMOVED)
		memmove(d.bytes + at, of->bytes + at + 1, of->size - at - 1);
	d.size = d.size + (how == INSERTED) - (how == REMOVED);
	return d;
}

struct commits {
	uint64_t size[4], end[4];	/* of the last, oldest first */
	struct image journal;
};

static bool padded_only(const struct image *d, const struct image *of)
{
	size_t i;

	for (i = d->size; i < of->size; i++)
		if (of->bytes[i])
			return false;
	return d->size <= of->size && of->size - d->size < FRAME_ALIGN && memcmp(d->bytes, of->bytes, d->size) == 0;
}

/*
 * `known` is what the ledger's head knows. Refused or opened: never with less than that, never changed by a refusal,
 * and the auditor says the same.
 */
static bool one_damage(const struct commits *c, const struct image *d, int known, const char *what)
{
	char text[24];
	struct image head = { text, 21 }, now;
	struct findings f;
	struct ledger *l;
	struct err e;
	int code;

	snprintf(text, sizeof(text), "%020llu\n", (unsigned long long)c->size[known]);
	store(JOURNAL, d);
	store(HEAD, &head);
	stage.states++;
	f = judged(0);
	code = verify_exit(&f);
	l = opened(&e);
	now = load(JOURNAL);
	if (!l && (!strstr(e.text, "record") || !same(&now, d)))
		fail_msg("%s: refused, but %s", what, same(&now, d) ? e.text : "changed");
	if (!l && code != EXIT_INTEGRITY && code != EXIT_INCOMPLETE)
		fail_msg("%s: refused (%s), but verify says %d", what, e.text, code);
	if (!l && !strstr(f.integrity.text, "record") && !strstr(f.completeness.text, "record"))
		fail_msg("%s: verify names no record: %s; %s", what, f.integrity.text, f.completeness.text);
	if (l && code != EXIT_WHOLE && code != EXIT_OPEN && code != EXIT_TAIL)
		fail_msg("%s: opened, but verify says %d: %s; %s", what, code, f.integrity.text, f.completeness.text);
	if (l && (now.size < c->end[known] || memcmp(now.bytes, c->journal.bytes, c->end[known]) != 0))
		if (!padded_only(&now, &c->journal))
			fail_msg("%s: opened without what head knows", what);
	stage.torn += l && code == EXIT_TAIL;
	ledger_free(l);
	free(now.bytes);
	return l != NULL;
}

/* Where whole commits stand before the damage, and none behind it: opened if head knows no more than those. */
static void bytes(void **state)
{
	struct commits c;
	size_t at, step = stage.whole ? 1 : 11;
	struct ledger *l;
	struct err e;
	char what[96];
	int i, how, known;

	(void)state;
	make_ledger();
	stage.states = stage.torn = 0;
	c.end[0] = committed_end(&c.size[0]);
	l = opened(&e);
	append(l, RECORD_RUN, 0, 0, 0);
	for (i = 1; i < 4; i++) {
		append(l, i == 2 ? RECORD_INTENT : RECORD_REFUSAL, c.size[0], 0, 0);
		assert_int_equal(ledger_commit(l, &e), 0);
		c.end[i] = committed_end(&c.size[i]);
	}
	ledger_free(l);
	c.journal = load(JOURNAL);
	c.journal.size = c.end[3];
	for (at = c.end[0] + roll() % step; at < c.end[3]; at += step)
		for (how = 0; how < DAMAGES; how++) {
			struct image d = damaged(&c.journal, at, (enum damage)how);

			for (known = 0; known < 4; known++) {
				snprintf(what, sizeof(what), "damage %d at %zu (ends %zu), head %d", how, at, (size_t)c.end[3], known);
				/* Nothing is behind it: the commits before it are the ledger, if head knows no more. */
				if (!one_damage(&c, &d, known, what) && how <= NOISE && at >= c.end[known])
					fail_msg("%s: not recovered", what);
			}
			free(d.bytes);
		}
	print_message("# %zu damages, %zu of them a tail\n", stage.states, stage.torn);
	free(c.journal.bytes);
}

/* --- both ways to the disk: past the page cache, and through it --- */

static int begin_in(const char *folder, uint64_t segment)
{
	struct err e = { .kind = ERR_NONE };
	const char *whole = getenv("REEVE_CRASH");

	stage.whole = whole && strcmp(whole, "whole") == 0;
	stage.random = 1;
	stage.segment = segment;
	snprintf(stage.dir, sizeof(stage.dir), "%s/reeve-crash-XXXXXX", folder);
	if (!mkdtemp(stage.dir))
		return -1;
	snprintf(stage.path[JOURNAL], sizeof(stage.path[0]), "%s/journal", stage.dir);
	snprintf(stage.path[HEAD], sizeof(stage.path[0]), "%s/head", stage.dir);
	snprintf(stage.key_path, sizeof(stage.key_path), "%s/key", stage.dir);
	return seal_key_make(stage.key_path, "test/l", &e) < 0 ? -1 : seal_key_load(&stage.key, stage.key_path, &e);
}

static int setup_disk(void **state)
{
	(void)state;
	return begin_in("/tmp", 1 << 30);
}

static int setup_memory(void **state)
{
	(void)state;
	return begin_in("/dev/shm", 1 << 30);
}

static int setup_segments(void **state)
{
	(void)state;
	return begin_in("/tmp", 2048);
}

static int teardown(void **state)
{
	(void)state;
	disk_put(&(struct disk){ .names = 0 });
	unlink(stage.key_path);
	seal_key_free(stage.key);
	return rmdir(stage.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "power_past_the_cache", power, setup_disk, teardown, NULL },
		{ "power_through_the_cache", power, setup_memory, teardown, NULL },
		{ "power_in_segments", power, setup_segments, teardown, NULL },
		{ "bytes", bytes, setup_memory, teardown, NULL },
	};
	struct err e;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return seal_ready(&e) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Reading a journal, live or at rest. Large reads into a window, not a mapping: a recorder that ends
 * cuts the file to its size, and a mapping cut short kills its reader.
 */
#include "ledger/segments.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"

enum { WINDOW = 1 << 20, JUMP = 1 << 14, CHECKPOINT_LINES = 5 };

struct journal {
	struct segments s;
	bool ours;		/* close the first one */
	uint64_t at;		/* offset of the window */
	size_t held;
	bool ended;		/* nothing stood behind the window, as it was then */
	char window[WINDOW];
};

/*
 * Up to where bytes end. There may be a segment behind the last one known by now: then it goes on. What is between two
 * that are known was looked for when they were found.
 */
static int read_at(struct journal *j, uint64_t at, size_t most, struct err *e)
{
	bool looked = false;
	size_t got;

	j->at = at;
	j->ended = false;
	for (j->held = 0; j->held < most; j->held += got) {
		if (segments_read(&got, &j->s, j->window + j->held, most - j->held, at + j->held, e) < 0)
			return -1;
		j->ended = got == 0;
		if (got == 0 && (looked || segments_find(&j->s, at + j->held) + 1 < j->s.count))
			break;
		if (got == 0 && segments_list(&j->s, e) < 0)
			return -1;
		looked = got == 0;
	}
	return 0;
}

/* The bytes at an offset: `want` of them unless the file ends before. */
static int look(struct journal *j, const char **bytes, size_t *left, uint64_t at, size_t want,
		struct err *e)
{
	uint64_t end = j->at + j->held;
	bool far = at > end || at + WINDOW < j->at; /* who picks one here and one there reads no more than that */
	uint64_t from = at < j->at && !far && at > WINDOW / 2 ? at - WINDOW / 2 : at; /* who went back may go on doing so */

	if ((at < j->at || at > end || (at + want > end && !j->ended)) && read_at(j, from, far ? JUMP : WINDOW, e) < 0)
		return -1;
	*bytes = j->window + (at - j->at);
	*left = j->held - (size_t)(at - j->at);
	return 0;
}

static int begin(struct journal *j, struct err *e)
{
	const char *bytes;
	size_t left;

	if (segments_list(&j->s, e) < 0 || look(j, &bytes, &left, 0, JOURNAL_MAGIC, e) < 0)
		return -1;
	if (j->s.first < 0 && j->s.count > 1)	/* what is missing has a place */
		return 0;
	if (left < JOURNAL_MAGIC || memcmp(bytes, journal_magic, JOURNAL_MAGIC) != 0)
		return err_set(e, ERR_INPUT, "record 0 and the file's first bytes: not a journal of reeve (journal/1)");
	return 0;
}

int journal_of(struct journal **out, int fd, int dir, struct err *e)
{
	scoped(journal) struct journal *j = calloc(1, sizeof(*j));

	if (!j)
		return err_sys(e, "memory for reading the journal");
	j->s = (struct segments){ .first = fd, .dir = -1, .fd = -1 };
	if (dir >= 0 && (j->s.dir = fcntl(dir, F_DUPFD_CLOEXEC, 0)) < 0)
		return err_sys(e, "the ledger's folder");
	if (begin(j, e) < 0)
		return -1;
	*out = take(&j);
	return 0;
}

int journal_of_fd(struct journal **out, int fd, struct err *e)
{
	return journal_of(out, fd, -1, e);
}

static bool has_segments(int dir)
{
	struct segments s = { .first = -1, .dir = dir, .fd = -1 };
	struct err none = { .kind = ERR_NONE };
	bool has = dir >= 0 && segments_list(&s, &none) == 0 && s.count > 1;

	s.dir = -1;
	segments_free(&s);
	return has;
}

int journal_open(struct journal **out, const char *path, struct err *e)
{
	scoped(fd) int fd = -1, dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[PATH_MAX];
	struct stat st;

	if (dir < 0 && errno != ENOTDIR)
		return err_sys(e, "%s", path);
	if (snprintf(name, sizeof(name), dir < 0 ? "%s" : "%s/journal", path) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", path);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 ? errno != ENOENT : fstat(fd, &st) < 0)
		return err_sys(e, "%s", name);
	if (fd < 0 && !has_segments(dir))
		return err_set(e, ERR_SYSTEM, "%s: no ledger: it has no journal", path);
	if (fd >= 0 && !S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: not a regular file", name);
	if (journal_of(out, fd, dir, e) < 0)
		return err_in(e, "%s", name);
	(*out)->ours = true;
	(*out)->s.first = fd_take(&fd);
	return 0;
}

void journal_free(struct journal *j)
{
	if (j && j->ours)
		fd_close(&j->s.first);
	if (j)
		segments_free(&j->s);
	free(j);
}

uint64_t journal_last(const struct journal *j)
{
	return j->s.all[j->s.count - 1].begin;
}

bool journal_is_joined(const struct journal *j)
{
	size_t i;

	for (i = 0; i < j->s.count && !j->s.all[i].odd; i++)
		;
	return i == j->s.count;
}

/* Where one segment ends and the next does not begin there, nothing is whole. */
static bool is_odd(const struct journal *j, uint64_t at)
{
	const struct segment *s = &j->s.all[segments_find(&j->s, at)];

	return s->odd && s->begin == at;
}

int journal_bytes(size_t *got, struct journal *j, char *out, size_t size, uint64_t at, struct err *e)
{
	size_t some = 1;

	for (*got = 0; *got < size && some > 0; *got += some)
		if (segments_read(&some, &j->s, out + *got, size - *got, at + *got, e) < 0)
			return -1;
	return 0;
}

int journal_frame(struct journal *j, struct frame *out, enum frame_got *got, uint64_t at,
		  struct err *e)
{
	const char *bytes;
	size_t left;

	if (look(j, &bytes, &left, at, FRAME_MOST, e) < 0)
		return -1;
	*got = is_odd(j, at) ? FRAME_BAD : frame_get(out, bytes, left);
	return 0;
}

/* Does a checkpoint of this ledger begin here? Three lines, an empty one, the signature. */
static bool is_checkpoint(const char *bytes, size_t left, const struct seal_verifier *v)
{
	const char *end = bytes, *most = bytes + (left < SEAL_NOTE_MOST ? left : SEAL_NOTE_MOST);
	struct checkpoint c;
	int lines;

	for (lines = 0; lines < CHECKPOINT_LINES; lines++) {
		end = memchr(end, '\n', (size_t)(most - end));
		if (!end)
			return false;
		end++;
	}
	return checkpoint_seems(&c, v, bytes, (size_t)(end - bytes));
}

/* A place behind which some bytes are missing: the one where they go on. */
static bool go_on(const struct journal *j, uint64_t *at)
{
	size_t i = segments_find(&j->s, *at) + 1;

	if (i < j->s.count)
		*at = j->s.all[i].begin;
	return i < j->s.count;
}

/*
 * Is there such a checkpoint anywhere from `from` on? Then `from` is behind its first byte. No shortcuts by frame, place or sum: damage may
 * have moved it or hit what stands around it. Its first line is rare enough to look for, because no
 * record holds a newline.
 */
static int look_on(struct journal *j, uint64_t *from, bool *signed_later, const struct seal_verifier *v,
		   struct err *e)
{
	uint64_t at = *from;
	char first[SEAL_NAME + 1];
	size_t size = (size_t)snprintf(first, sizeof(first), "%s\n", v->name), left;
	const char *bytes, *hit;

	for (*signed_later = false; !*signed_later;) {
		if (look(j, &bytes, &left, at, SEAL_NOTE_MOST, e) < 0)
			return -1;
		if (left < size) {
			if (!go_on(j, &at))
				return 0;
			continue;
		}
		hit = memmem(bytes, left, first, size);
		at += hit ? (size_t)(hit - bytes) : left - size;
		if (hit && look(j, &bytes, &left, at, SEAL_NOTE_MOST, e) < 0)
			return -1;
		*signed_later = hit && is_checkpoint(bytes, left, v);
		at = hit ? at + 1 : segments_skip(&j->s, at + 1);
	}
	*from = at;
	return 0;
}

/* How many bytes from `at` to the last one that is not zero. */
static int tail_of(uint64_t *tail, struct journal *j, uint64_t at, struct err *e)
{
	uint64_t start = at;
	const char *bytes;
	size_t left, i;

	for (*tail = 0;; at = segments_skip(&j->s, at + left)) {
		if (look(j, &bytes, &left, at, 1, e) < 0)
			return -1;
		if (left == 0 && !go_on(j, &at))
			return 0;
		for (i = left; i > 0 && bytes[i - 1] == 0; i--)
			;
		*tail = i > 0 ? at + i - start : *tail;
	}
}

/*
 * While a recorder writes, what was read a moment ago as nothing may be whole by now. A later commit
 * was written after it, so one fresh look tells damage from haste.
 */
static int looks_damaged(struct journal *j, uint64_t at, uint64_t next, struct err *e)
{
	enum frame_got got;
	struct frame f;

	j->held = 0;
	j->ended = false;
	if (journal_frame(j, &f, &got, at, e) < 0)
		return -1;
	return got != FRAME_WHOLE || f.index != next;
}

/* Damage that is a segment's, by its records: from the first that cannot be read to where a segment begins anew. */
static int name_gap(struct journal_extent *x, struct journal *j, uint64_t at, struct err *e)
{
	size_t i = segments_find(&j->s, at), left;
	char name[SEGMENT_NAME], next[SEGMENT_NAME];
	const char *bytes;
	struct frame f;
	uint64_t end;

	i += !is_odd(j, at) || (i + 1 < j->s.count && segments_end(&j->s, i - 1) == at); /* that: no regular file */
	if (i >= j->s.count || !j->s.all[i].odd)
		return 0;
	end = segments_end(&j->s, i - 1);
	segment_name(name, j->s.all[i - 1].begin);
	segment_name(next, j->s.all[i].begin);
	if (look(j, &bytes, &left, j->s.all[i].begin, FRAME_MOST, e) < 0)
		return -1;
	if (frame_get(&f, bytes, left) == FRAME_WHOLE)
		x->damaged_to = f.index;
	snprintf(x->why, sizeof(x->why), end > j->s.all[i].begin ? "%s goes on where %s begins" :
		 end == j->s.all[i - 1].begin ? "%s is missing or empty, and %s is there" :
		 end == j->s.all[i].begin ? "behind %s, %s is no regular file" :
		 "%s ends early, or the one behind it is missing: the next is %s", name, next);
	return 0;
}

/* Frames from x->end on that hang together; sets x->end and x->records at each commit. */
static int walk(struct journal_extent *x, struct journal *j, uint64_t *at, uint64_t *next,
		struct err *e)
{
	enum frame_got got;
	struct frame f;

	for (;; *at += frame_whole(&f)) {
		if (journal_frame(j, &f, &got, *at, e) < 0)
			return -1;
		if (got != FRAME_WHOLE || f.index != *next)
			return 0;
		if (f.kind != FRAME_COMMIT) {
			*next += 1;
			continue;
		}
		x->end = *at + frame_whole(&f);
		x->records = *next;
	}
}

/* A segment that is not joined on, behind all that is signed, is none of a recorder's. */
static int judge_strays(struct journal_extent *x, struct journal *j, struct err *e)
{
	size_t i = j->s.count;

	while (i > 0 && !j->s.all[i - 1].odd)
		i--;
	if (i == 0 || j->s.all[i - 1].begin < x->end)
		return 0;
	x->damaged = true;
	x->damaged_at = x->records;
	return name_gap(x, j, j->s.all[i - 1].begin, e);
}

bool journal_is_torn(const struct journal_extent *x, bool head_there, uint64_t head)
{
	return x->damaged && x->last && head_there && head <= x->records && x->records > 0;
}

int journal_extent(struct journal_extent *out, struct journal *j, const struct seal_verifier *v,
		   struct err *e)
{
	return journal_extent_from(out, j, v, JOURNAL_MAGIC, 0, e);
}

int journal_extent_from(struct journal_extent *out, struct journal *j, const struct seal_verifier *v, uint64_t at,
			uint64_t next, struct err *e)
{
	struct journal_extent x = { .end = at, .records = next };
	uint64_t seen;
	bool later = true;
	int damaged;

	while (later) {
		if (walk(&x, j, &at, &next, e) < 0)
			return -1;
		seen = at;
		if (look_on(j, &seen, &later, v, e) < 0)
			return -1;
		damaged = later ? looks_damaged(j, at, next, e) : 0;
		if (damaged < 0)
			return -1;
		if (damaged) {
			x.damaged = true;
			x.damaged_at = next;
			if (name_gap(&x, j, at, e) < 0 || look_on(j, &seen, &later, v, e) < 0)
				return -1;
			x.last = !later && !x.why[0];
			break;
		}
	}
	if (!x.damaged && judge_strays(&x, j, e) < 0)
		return -1;
	if (tail_of(&x.tail, j, at, e) < 0)
		return -1;
	x.tail = x.tail || at > x.end ? x.tail + (at - x.end) : 0;
	*out = x;
	return 0;
}

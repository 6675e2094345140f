/*
 * Reading a journal, live or at rest. Large reads into a window, not a mapping: a recorder that ends
 * cuts the file to its size, and a mapping cut short kills its reader.
 */
#include "ledger/ledger.h"

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

enum { WINDOW = 1 << 20, CHECKPOINT_LINES = 5 };

struct journal {
	int fd;
	bool ours;		/* close it */
	uint64_t at;		/* file offset of the window */
	size_t held;
	bool ended;		/* the window reaches to the end of the file, as it was then */
	char window[WINDOW];
};

static int read_at(struct journal *j, uint64_t at, struct err *e)
{
	ssize_t got = 1;

	j->at = at;
	for (j->held = 0; got > 0 && j->held < WINDOW; j->held += (size_t)got) {
		do
			got = pread(j->fd, j->window + j->held, WINDOW - j->held, (off_t)(at + j->held));
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return err_sys(e, "read the journal");
	}
	j->ended = got == 0;
	return 0;
}

/* The bytes at an offset: `want` of them unless the file ends before. */
static int look(struct journal *j, const char **bytes, size_t *left, uint64_t at, size_t want,
		struct err *e)
{
	uint64_t end = j->at + j->held;
	uint64_t from = at < j->at && at > WINDOW / 2 ? at - WINDOW / 2 : at; /* who went back may go on doing so */

	if ((at < j->at || at > end || (at + want > end && !j->ended)) && read_at(j, from, e) < 0)
		return -1;
	*bytes = j->window + (at - j->at);
	*left = j->held - (size_t)(at - j->at);
	return 0;
}

int journal_of_fd(struct journal **out, int fd, struct err *e)
{
	scoped(journal) struct journal *j = malloc(sizeof(*j));
	const char *bytes;
	size_t left;

	if (!j)
		return err_sys(e, "memory for reading the journal");
	j->fd = fd;
	j->ours = j->ended = false;
	j->at = j->held = 0;
	if (look(j, &bytes, &left, 0, JOURNAL_MAGIC, e) < 0)
		return -1;
	if (left < JOURNAL_MAGIC || memcmp(bytes, journal_magic, JOURNAL_MAGIC) != 0)
		return err_set(e, ERR_INPUT, "record 0 and the file's first bytes: not a journal of reeve (journal/1)");
	*out = take(&j);
	return 0;
}

int journal_open(struct journal **out, const char *path, struct err *e)
{
	scoped(fd) int fd = -1;
	char name[PATH_MAX];
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "%s", path);
	if (snprintf(name, sizeof(name), S_ISDIR(st.st_mode) ? "%s/journal" : "%s", path) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", path);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: not a regular file", name);
	if (journal_of_fd(out, fd, e) < 0)
		return err_in(e, "%s", name);
	(*out)->ours = true;
	(*out)->fd = fd_take(&fd);
	return 0;
}

void journal_free(struct journal *j)
{
	if (j && j->ours)
		close(j->fd);
	free(j);
}

int journal_frame(struct journal *j, struct frame *out, enum frame_got *got, uint64_t at,
		  struct err *e)
{
	const char *bytes;
	size_t left;

	if (look(j, &bytes, &left, at, FRAME_MOST, e) < 0)
		return -1;
	*got = frame_get(out, bytes, left);
	return 0;
}

/* Does a checkpoint of this ledger begin here? Three lines, an empty one, the signature. */
static bool is_checkpoint(const char *bytes, size_t left, const struct seal_verifier *v)
{
	const char *end = bytes, *most = bytes + (left < SEAL_NOTE_MOST ? left : SEAL_NOTE_MOST);
	int lines;

	for (lines = 0; lines < CHECKPOINT_LINES; lines++) {
		end = memchr(end, '\n', (size_t)(most - end));
		if (!end)
			return false;
		end++;
	}
	return checkpoint_seems(v, bytes, (size_t)(end - bytes));
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

	for (*signed_later = false; !*signed_later; at++) {
		if (look(j, &bytes, &left, at, SEAL_NOTE_MOST, e) < 0)
			return -1;
		if (left < size)
			return 0;
		hit = memmem(bytes, left, first, size);
		at += hit ? (size_t)(hit - bytes) : left - size;
		if (hit && look(j, &bytes, &left, at, SEAL_NOTE_MOST, e) < 0)
			return -1;
		*signed_later = hit && is_checkpoint(bytes, left, v);
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

	for (*tail = 0;; at += left) {
		if (look(j, &bytes, &left, at, 1, e) < 0)
			return -1;
		if (left == 0)
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

bool journal_is_torn(const struct journal_extent *x, bool head_there, uint64_t head)
{
	return x->damaged && x->last && head_there && head <= x->records && x->records > 0;
}

int journal_extent(struct journal_extent *out, struct journal *j, const struct seal_verifier *v,
		   struct err *e)
{
	struct journal_extent x = { .end = JOURNAL_MAGIC };
	uint64_t at = JOURNAL_MAGIC, next = 0, seen;
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
			if (look_on(j, &seen, &later, v, e) < 0)
				return -1;
			x.last = !later;
			break;
		}
	}
	if (tail_of(&x.tail, j, at, e) < 0)
		return -1;
	x.tail = x.tail || at > x.end ? x.tail + (at - x.end) : 0;
	*out = x;
	return 0;
}

int head_read(uint64_t *size, bool *there, const char *dir, struct err *e)
{
	scoped(mem) char *text = NULL;
	char path[PATH_MAX];
	uint64_t number = 0;
	size_t got, i;

	*there = false;
	if (snprintf(path, sizeof(path), "%s/head", dir) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", dir);
	if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd_read_file(&text, &got, path, 64, e) < 0)
		return -1;
	for (i = 0; i < got && text[i] >= '0' && text[i] <= '9'; i++)
		number = number * 10 + (uint64_t)(text[i] - '0');
	if (got != 21 || i != 20 || text[20] != '\n')
		return err_set(e, ERR_INPUT, "%s: damaged: expected 20 digits; restore it from a backup", path);
	*size = number;
	*there = true;
	return 0;
}

/*
 * A journal is the run of its segments: each begins at the offset in its name, and none but the last ever changes.
 * Before a segment gets its name the one before it is cut to size; so of two names that are there, the earlier
 * one's end is final, and where it does not meet the later one's beginning something is missing or was added.
 */
#include "ledger/segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

enum { DIGITS = 20 };

static void leave_listing(DIR **d)
{
	if (*d)
		closedir(*d);
}

void segment_name(char out[SEGMENT_NAME], uint64_t begin)
{
	if (begin)
		snprintf(out, SEGMENT_NAME, "journal.%020" PRIu64, begin);
	else
		memcpy(out, "journal", sizeof("journal"));
}

/* Offsets that no file can have are no names of segments. */
bool segment_parse(uint64_t *begin, const char *stem, const char *name)
{
	size_t i, size = strlen(stem);
	uint64_t number = 0;

	if (strncmp(name, stem, size) != 0 || name[size] != '.' || strlen(name + size + 1) != DIGITS)
		return false;
	for (i = 0; i < DIGITS; i++) {
		if (name[size + 1 + i] < '0' || name[size + 1 + i] > '9' || number > INT64_MAX / 100)
			return false;
		number = number * 10 + (uint64_t)(name[size + 1 + i] - '0');
	}
	*begin = number;
	return number > JOURNAL_MAGIC && number % FRAME_ALIGN == 0;
}

size_t segments_find(const struct segments *s, uint64_t at)
{
	size_t low = 0, high = s->count, middle;

	while (low + 1 < high) {
		middle = low + (high - low) / 2;
		if (s->all[middle].begin <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* At this place, those behind it move up. */
static int add_at(struct segments *s, size_t at, uint64_t begin, struct err *e)
{
	size_t room = s->room ? s->room * 2 : 16;
	void *more = s->all;

	if (s->count >= SEGMENTS_MOST)
		return err_set(e, ERR_LIMIT, "more than %d segments", SEGMENTS_MOST);
	if (s->count == s->room && !(more = realloc(s->all, room * sizeof(*s->all))))
		return err_sys(e, "memory for the names of segments");
	s->room = s->count == s->room ? room : s->room;
	s->all = more;
	memmove(s->all + at + 1, s->all + at, (s->count - at) * sizeof(*s->all));
	s->all[at] = (struct segment){ .begin = begin, .odd = true };
	s->count++;
	fd_close(&s->fd);
	return 0;
}

static int add(struct segments *s, uint64_t begin, struct err *e)
{
	return add_at(s, s->count ? segments_find(s, begin) + 1 : 0, begin, e);
}

static int by_begin(const void *a, const void *b)
{
	const struct segment *one = a, *other = b;

	return (one->begin > other->begin) - (one->begin < other->begin);
}

/* Where the last one of the first `count` begins that begins there or before. */
static uint64_t known_begin(const struct segments *s, size_t count, uint64_t begin)
{
	const struct segments first = { .all = s->all, .count = count };

	return s->all[segments_find(&first, begin)].begin;
}

/* In whatever order a folder gives them: what is new goes behind, and all are sorted once. */
static int scan(struct segments *s, struct err *e)
{
	__attribute__((cleanup(leave_listing))) DIR *listing = NULL;
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t known = s->count;
	const struct dirent *found;
	uint64_t begin;
	int why;

	listing = fd < 0 ? NULL : fdopendir(fd);
	if (!listing) {
		fd_close(&fd);
		return err_sys(e, "look which segments there are");
	}
	for (errno = 0; (found = readdir(listing)); errno = 0)
		if (segment_parse(&begin, "journal", found->d_name) && known_begin(s, known, begin) != begin &&
		    add_at(s, s->count, begin, e) < 0)
			return -1;
	why = errno;
	qsort(s->all, s->count, sizeof(*s->all), by_begin);
	errno = why;
	return why ? err_sys(e, "look which segments there are") : 0;
}

/* Where a segment that is not the last ends; one that is not there ends where it begins. */
uint64_t segments_end(const struct segments *s, size_t i)
{
	char name[SEGMENT_NAME];
	struct stat st = { .st_size = 0 };

	segment_name(name, s->all[i].begin);
	if (i == 0 ? s->first < 0 || fstat(s->first, &st) < 0 : fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return s->all[i].begin;
	return s->all[i].begin + (S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0);
}

static bool is_there(const struct segments *s, uint64_t begin)
{
	char name[SEGMENT_NAME];
	struct stat st;

	segment_name(name, begin);
	return begin > JOURNAL_MAGIC && fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* A name that was made while the folder was looked through may have been passed over, and a later one not. */
static int join(struct segments *s, size_t i, struct err *e)
{
	uint64_t end = segments_end(s, i), next = s->all[i + 1].begin;

	if (end < next && end > s->all[i].begin && is_there(s, end)) {
		if (add(s, end, e) < 0)
			return -1;
		next = end;
	}
	s->all[i + 1].odd = end != next || !is_there(s, next);
	return 0;
}

int segments_list(struct segments *s, struct err *e)
{
	size_t i;

	if (s->count == 0 && add(s, 0, e) < 0)
		return -1;
	s->all[0].odd = false;
	if (s->dir < 0)
		return 0;
	if (scan(s, e) < 0)
		return -1;
	for (i = 0; i + 1 < s->count; i++)
		if (s->all[i + 1].odd && join(s, i, e) < 0)
			return -1;
	return 0;
}

/* One at a time is open: of thousands, each is read from end to end. */
static int descriptor_of(int *out, struct segments *s, size_t i, struct err *e)
{
	char name[SEGMENT_NAME];
	struct stat st;

	if (i > 0 && (s->fd < 0 || s->at != i)) {
		fd_close(&s->fd);
		segment_name(name, s->all[i].begin);
		s->fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (s->fd < 0 && errno != ENOENT && errno != ELOOP)
			return err_sys(e, "%s", name);
		if (s->fd >= 0 && (fstat(s->fd, &st) < 0 || !S_ISREG(st.st_mode)))
			fd_close(&s->fd);
		s->at = i;
	}
	*out = i ? s->fd : s->first;
	return 0;
}

int segments_read(size_t *got, struct segments *s, char *out, size_t size, uint64_t at, struct err *e)
{
	size_t i = segments_find(s, at);
	ssize_t some;
	int fd;

	*got = 0;
	if (descriptor_of(&fd, s, i, e) < 0)
		return -1;
	if (fd < 0)
		return 0;
	if (i + 1 < s->count && s->all[i + 1].begin - at < size)
		size = (size_t)(s->all[i + 1].begin - at);
	do
		some = pread(fd, out, size, (off_t)(at - s->all[i].begin));
	while (some < 0 && errno == EINTR);
	if (some < 0)
		return err_sys(e, "read the journal");
	*got = (size_t)some;
	return 0;
}

/* From there on, or behind it, there may be something that is not zero: a hole of any size takes no time. */
uint64_t segments_skip(struct segments *s, uint64_t at)
{
	size_t i = segments_find(s, at);
	struct err none = { .kind = ERR_NONE };
	off_t data = -1;
	int fd;

	if (descriptor_of(&fd, s, i, &none) < 0 || fd < 0)
		return at;
	data = lseek(fd, (off_t)(at - s->all[i].begin), SEEK_DATA);
	if (data < 0)
		data = errno == ENXIO ? lseek(fd, 0, SEEK_END) : 0;
	if (data < 0 || (uint64_t)data + s->all[i].begin < at)
		return at;
	at = s->all[i].begin + (uint64_t)data;
	return i + 1 < s->count && at > s->all[i + 1].begin ? s->all[i + 1].begin : at;
}

void segments_free(struct segments *s)
{
	fd_close(&s->fd);
	fd_close(&s->dir);
	free(s->all);
}

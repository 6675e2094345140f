/*
 * From one segment to the next, between two commits. The next one is made, with its reserve, under another name, so
 * that a disk without room only makes this one grow; then this one is cut to its size and on disk, and only then is
 * the next one's name: of two names that are there, the earlier one's end is final.
 */
#include "ledger/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/segments.h"

static const char NEXT[] = "journal.next";

/* The one that is left, as it was. */
struct left {
	int fd;
	uint64_t written, allocated;
};

static bool make_next(struct ledger *l, const struct left *was)
{
	struct err none = { .kind = ERR_NONE };
	int fd = unlinkat(l->dir, NEXT, 0) < 0 && errno != ENOENT ? -1 :
		 openat(l->dir, NEXT, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

	if (fd < 0)
		return false;
	l->journal = fd;
	l->written = l->allocated = 0;
	if (ledger_room(l, &none) == 0)
		return true;
	fd_close(&fd);
	unlinkat(l->dir, NEXT, 0);
	l->journal = was->fd;
	l->written = was->written;
	l->allocated = was->allocated;
	return false;
}

static int name_next(struct ledger *l, struct err *e)
{
	char name[SEGMENT_NAME];

	segment_name(name, l->base);
	if (linkat(l->dir, NEXT, l->dir, name, 0) < 0 || l->disk->sync(l->dir) < 0)
		return err_sys(e, "begin the segment %s", name);
	return unlinkat(l->dir, NEXT, 0) < 0 ? err_sys(e, "%s", NEXT) : 0;
}

/* Where another key signs by now, nobody would believe the newest state. */
static void renew_state(struct ledger *l)
{
	const struct seal_verifier *v = seal_key_verifier(store_key(l));

	if (l->base > 0 && memcmp(l->state.key, v->key, sizeof(v->key)) != 0)
		state_write(l, false);
}

int ledger_roll(struct ledger *l, struct err *e)
{
	struct left was = { l->journal, l->written, l->allocated };

	if (l->dir < 0 || l->written < l->segment || !make_next(l, &was)) {
		renew_state(l);
		return 0;
	}
	l->base += was.written;
	if (l->disk->truncate(was.fd, (off_t)was.written) < 0 || l->disk->sync(was.fd) < 0)
		return err_sys(e, "end a segment of the journal");
	fd_close(&was.fd);
	if (name_next(l, e) < 0)
		return -1;
	state_write(l, true);
	return blocks_next(l, e);
}

/* The segment that is written to: the last there is, which begins where the committed part ends, or before. */
int ledger_take_segment(struct ledger *l, const struct journal *j, uint64_t end, struct err *e)
{
	char name[SEGMENT_NAME];

	l->base = journal_last(j);
	segment_name(name, l->base);
	if (l->base > end)
		return err_set(e, ERR_INPUT, "%s holds nothing that is signed, and begins behind the last record; nothing was changed: keep this copy and restore a backup",
			       name);
	if (l->base == 0)
		l->journal = fcntl(l->lock, F_DUPFD_CLOEXEC, 0);
	else
		l->journal = openat(l->dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	return l->journal < 0 ? err_sys(e, "%s", name) : 0;
}

/* The bytes there may be at most: a state behind them is of another journal. */
uint64_t ledger_bytes(const struct ledger *l, const struct journal *j)
{
	char name[SEGMENT_NAME];
	struct stat st = { .st_size = 0 };

	segment_name(name, journal_last(j));
	return fstatat(l->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : journal_last(j) + (uint64_t)st.st_size;
}

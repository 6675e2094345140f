/*
 * How bytes reach the journal: past the page cache where the filesystem offers that, in whole blocks
 * of the disk. A flush then finds nothing to look for and write back, which is a fifth of its time.
 * The block that is filled in part is kept and written again with what comes behind it, so its
 * committed bytes are on disk before, during and after. Where it is not offered, bytes go the usual
 * way: nothing but speed is lost.
 */
#include "ledger/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/segments.h"

enum {
	BLOCK_MOST = 4096,
	ROOM = 256 << 10,	/* of one write, at most */
	BUSY = 8 << 10,		/* bytes appended after which more are expected */
};

struct blocks {
	int fd;		/* owned: the journal, without the page cache */
	size_t block;	/* what a write begins and ends at */
	char *room;	/* owned; begins with what the last block holds already */
	char *zeros;	/* owned: ROOM of them, which take no memory */
	uint64_t began, filled;	/* offsets: where we came in, and up to where zeros or more stand */
};

void blocks_free(struct blocks *b)
{
	if (!b)
		return;
	fd_close(&b->fd);
	free(b->room);
	if (b->zeros)
		munmap(b->zeros, ROOM);
	free(b);
}

/* The filesystem's blocks, as the page cache would write them: what a power failure tears is the same. */
static size_t block_of(int fd)
{
	struct statx st = { 0 };
	size_t least, block;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) < 0 || !(st.stx_mask & STATX_DIOALIGN))
		return 0;
	least = st.stx_dio_offset_align;
	block = st.stx_blksize < BLOCK_MOST ? st.stx_blksize : BLOCK_MOST;
	if (least == 0 || st.stx_dio_mem_align > BLOCK_MOST || block % least || block & (block - 1))
		return 0;
	return block;
}

static bool make_room(struct blocks *b)
{
	b->room = aligned_alloc(BLOCK_MOST, ROOM);
	b->zeros = mmap(NULL, ROOM, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b->zeros == MAP_FAILED)
		b->zeros = NULL;
	return b->room && b->zeros;
}

/* From where the journal ends now. Not being offered is no error; not being able to read is one. */
int blocks_begin(struct ledger *l, struct err *e)
{
	scoped(blocks) struct blocks *b = calloc(1, sizeof(*b));
	char name[SEGMENT_NAME];
	size_t held;

	if (!b)
		return err_sys(e, "memory for the journal's last block");
	segment_name(name, l->base);
	b->fd = openat(l->dir, name, O_WRONLY | O_DIRECT | O_NOFOLLOW | O_CLOEXEC);
	if (b->fd < 0)
		return 0;
	b->block = block_of(b->fd);
	if (b->block == 0)
		return 0;
	if (!make_room(b))
		return err_sys(e, "memory for the journal's last block");
	held = l->written % b->block;
	if (pread(l->journal, b->room, held, (off_t)(l->written - held)) != (ssize_t)held)
		return err_sys(e, "read the journal's last block");
	b->began = b->filled = l->written;
	l->blocks = take(&b);
	return 0;
}

/* A serving recorder opens nothing by name: one descriptor does for both there. */
int blocks_next(struct ledger *l, struct err *e)
{
	struct blocks *b = l->blocks;
	int flags = fcntl(l->journal, F_GETFL);

	if (!b)
		return 0;
	fd_close(&b->fd);
	b->fd = fcntl(l->journal, F_DUPFD_CLOEXEC, 0);
	if (flags < 0 || b->fd < 0 || fcntl(l->journal, F_SETFL, flags | O_DIRECT) < 0)
		return err_sys(e, "a segment without the page cache");
	b->began = b->filled = 0;
	return 0;
}

int store_write(const struct ledger *l, int fd, const char *bytes, size_t size, uint64_t at, struct err *e)
{
	ssize_t done;

	while (size > 0) {
		done = l->disk->write_at(fd, bytes, size, (off_t)at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return err_sys(e, "write the ledger");
		bytes += done;
		at += (uint64_t)done;
		size -= (size_t)done;
	}
	return 0;
}

static size_t whole(const struct blocks *b, size_t size)
{
	return (size + b->block - 1) / b->block * b->block;
}

/*
 * Zeros into space that is reserved, once there is much to write: else every first write into a
 * block would make the filesystem keep books about it, and the flush wait for those.
 */
static int fill(struct ledger *l, uint64_t end, struct err *e)
{
	struct blocks *b = l->blocks;
	uint64_t from = b->filled > l->written ? b->filled : l->written, to = whole(b, end) + ROOM;

	if (end <= b->filled || l->written < b->began + BUSY || to > l->allocated)
		return 0;
	b->filled = to;
	for (from = whole(b, from); from < to; from += ROOM)
		if (store_write(l, b->fd, b->zeros, to - from < ROOM ? to - from : ROOM, from, e) < 0)
			return -1;
	return 0;
}

int blocks_write(struct ledger *l, const char *bytes, size_t size, struct err *e)
{
	struct blocks *b = l->blocks;
	uint64_t at = l->written;
	size_t held, part, all;

	if (!b)
		return store_write(l, l->journal, bytes, size, at, e);
	if (fill(l, at + size, e) < 0)
		return -1;
	held = at % b->block;
	for (at -= held; size > 0; size -= part, bytes += part) {
		part = size < ROOM - held ? size : ROOM - held;
		memcpy(b->room + held, bytes, part);
		all = whole(b, held + part);
		memset(b->room + held + part, 0, all - held - part);
		if (store_write(l, b->fd, b->room, all, at, e) < 0)
			return -1;
		held = (held + part) % b->block;
		at += all - (held ? b->block : 0);
		memmove(b->room, b->room + all - b->block, held);
	}
	return 0;
}

/* Where a filesystem cannot reserve (EOPNOTSUPP), zeros do: blocks that hold something are ours. */
static int fill_slowly(const struct ledger *l, uint64_t to, struct err *e)
{
	static const char zeros[64 << 10];
	uint64_t at = l->allocated, part;
	int flags = fcntl(l->journal, F_GETFL);

	if (flags >= 0 && flags & O_DIRECT)	/* these begin and end anywhere */
		(void)fcntl(l->journal, F_SETFL, flags & ~O_DIRECT);

	for (; at < to; at += part) {
		part = to - at < sizeof(zeros) ? to - at : sizeof(zeros);
		if (store_write(l, l->journal, zeros, part, at, e) < 0)
			return -1;
	}
	return 0;
}

int blocks_take(struct ledger *l, uint64_t to, struct err *e)
{
	static const char none[] = "no space for new intents in the ledger; make room on its disk";
	off_t from = (off_t)l->allocated;

	if (l->disk->allocate(l->journal, 0, from, (off_t)to - from) < 0) {
		if (errno != EOPNOTSUPP)
			return err_sys(e, "%s", none);
		if (fill_slowly(l, to, e) < 0)
			return err_in(e, "%s", none);
	}
	l->allocated = to;
	return 0;
}

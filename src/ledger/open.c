/*
 * Making and opening a ledger. Opening believes nothing: it walks the whole journal, cuts only an
 * unfinished tail, and refuses whatever else is wrong, because a ledger that repairs itself proves
 * nothing. What a crash left open is closed before anybody may write.
 */
#include "ledger/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/place.h"

enum { BEGUN = 2 };	/* records of a new ledger: genesis, and its first epoch */

static const char CRASHED[] = "the recorder ended before this was known";

static int first_records(struct ledger *l, const char *tenant, struct err *e)
{
	char verifier[SEAL_VERIFIER_TEXT];
	struct record genesis = { .kind = RECORD_GENESIS };
	uint64_t index;

	seal_verifier_text(verifier, signing_root(l->signing));
	record_text(&genesis, FIELD_KEY, verifier);
	record_text(&genesis, FIELD_TENANT, tenant);
	record_text(&genesis, FIELD_VERSION, "reeve-ledger/1");
	if (ledger_append(&index, l, &genesis, 0, e) < 0 || (signing_rotate(l->signing) && store_epoch(l, NULL, e) < 0))
		return -1;
	if (store_write(l, l->journal, journal_magic, JOURNAL_MAGIC, 0, e) < 0)
		return -1;
	l->written = JOURNAL_MAGIC;
	if (ledger_finish(l, e) < 0)
		return -1;
	return signing_coming(l->signing) ? signing_advance(l->signing, e) : 0;
}

/*
 * What an interrupted one left goes. `head` is there only while journal.new or the journal is: alone
 * it says that somebody took the journal away, so it goes first and comes last.
 */
static int make_files(struct ledger *l, const char *dir, const char *from, struct err *e)
{
	char head[PATH_MAX];

	if (snprintf(head, sizeof(head), "%s/head", dir) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", dir);
	if (unlink(head) < 0 && errno != ENOENT)
		return err_sys(e, "%s", head);
	if (seal_sync_parent(head, e) < 0)
		return -1;
	if (unlink(from) < 0 && errno != ENOENT)
		return err_sys(e, "%s", from);
	if (store_file(&l->journal, dir, "journal.new", O_RDWR | O_CREAT | O_EXCL, e) < 0 ||
	    seal_sync_parent(from, e) < 0)
		return -1;
	return store_file(&l->head, dir, "head", O_RDWR | O_CREAT | O_EXCL, e);
}

static int check_folder(const char *dir, struct err *e)
{
	scoped(fd) int fd = -1;

	return store_file(&fd, dir, ".", O_RDONLY | O_DIRECTORY, e) < 0 ? -1 : place_check(fd, e);
}

/* The journal gets its name last, by a link that replaces nothing: it is there whole or not at all. */
int ledger_make_by(const char *dir, struct signing *signing, const char *tenant, struct err *e)
{
	scoped(ledger) struct ledger *l = NULL;
	char from[PATH_MAX], to[PATH_MAX];

	if (snprintf(from, sizeof(from), "%s/journal.new", dir) >= PATH_MAX ||
	    snprintf(to, sizeof(to), "%s/journal", dir) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", dir);
	if (store_new(&l, signing, NULL, e) < 0 || check_folder(dir, e) < 0 || make_files(l, dir, from, e) < 0 ||
	    first_records(l, tenant, e) < 0 || seal_sync_parent(to, e) < 0)
		return -1;
	return seal_name_file(from, to, e);
}

int ledger_make(const char *dir, const struct seal_key *k, const char *tenant, struct err *e)
{
	scoped(signing) struct signing *signing = NULL;

	return signing_of_root(&signing, k, e) < 0 ? -1 : ledger_make_by(dir, signing, tenant, e);
}

/* Open file description locks: a fork does not share them out, a close of another descriptor keeps them. */
static int lock(const struct ledger *l, bool *busy, struct err *e)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	*busy = false;
	if (fcntl(l->lock, F_OFD_SETLK, &whole) == 0)
		return 0;
	*busy = errno == EAGAIN || errno == EACCES;
	return *busy ? 0 : err_sys(e, "lock the journal");
}

static int check_extent(const struct journal_extent *x, uint64_t head, bool there, struct err *e)
{
	if (x->damaged && !journal_is_torn(x, there, head))
		return err_set(e, ERR_INPUT, "damaged at record %" PRIu64 ", before later signed records%s%s; nothing was changed: keep this copy and restore a backup",
			       x->damaged_at, x->why[0] ? ": " : "", x->why);
	if (x->records == 0)
		return err_set(e, ERR_INPUT, "record 0 was never committed; restore a backup, or remove ledger and key if it was never used");
	if (!there && x->records > BEGUN)
		return err_set(e, ERR_INPUT, "its file \"head\" is missing though the journal has %" PRIu64 " records; restore it from a backup",
			       x->records);
	if (there && x->records < head)
		return err_set(e, ERR_INPUT, "records from %" PRIu64 " on are missing: %" PRIu64 " were committed; nothing was changed: keep this copy and restore a backup",
			       x->records, head);
	return 0;
}

/* By whom it has to be signed the records before it say; that they are those which were signed it says itself. */
static int check_commit(struct ledger *l, const struct frame *f, struct err *e)
{
	uint8_t root[SEAL_HASH];
	struct checkpoint c;

	if (epochs_note(&c, &l->epochs, l->tree.size, f->body, f->size, e) < 0)
		return err_in(e, "checkpoint at size %" PRIu64, f->index);
	tree_root(root, &l->tree);
	if (memcmp(root, c.root, sizeof(root)) != 0)
		return err_set(e, ERR_INPUT, "the records before %" PRIu64 " are not those that were signed",
			       l->tree.size);
	return 0;
}

/* The committed part once more, for tree and order; the last checkpoint vouches for all of it, those before for its key. */
static int replay(struct ledger *l, struct journal *j, uint64_t at, uint64_t end, struct err *e)
{
	enum frame_got got;
	struct frame f;
	bool last;

	for (; at < end; at += frame_whole(&f)) {
		if (journal_frame(j, &f, &got, at, e) < 0)
			return -1;
		if (got != FRAME_WHOLE)
			return err_set(e, ERR_INPUT, "record %" PRIu64 " changed while it was read", l->tree.size);
		last = at + frame_whole(&f) == end;
		if (f.kind == FRAME_COMMIT && (last || l->epochs.handing) && check_commit(l, &f, e) < 0)
			return -1;
		if (f.kind == FRAME_COMMIT && last)
			return 0;
		if (f.kind == FRAME_COMMIT)
			continue;
		if (order_take(&l->order, (enum record_kind)f.kind, f.run, f.ref, e) < 0 || ledger_heed(l, &f, e) < 0)
			return err_in(e, "record %" PRIu64, f.index);
		tree_add(&l->tree, f.body, f.size);
		state_heed_record(l, &f, at);
	}
	return err_set(e, ERR_INPUT, "no checkpoint at the end");
}

/*
 * Everything behind the last commit goes, also space taken ahead: it is taken again when needed. A tail is gone for
 * good before anything is written in its place: of a power failure then, no disk makes a mixture of the two, in which
 * the tail's checkpoint would stand behind new records that were torn.
 */
static int cut(struct ledger *l, const struct journal_extent *x, struct err *e)
{
	struct record r = { .kind = RECORD_RECOVERY };
	uint64_t index;

	l->written = l->allocated = x->end - l->base;
	if (l->disk->truncate(l->journal, (off_t)l->written) < 0)
		return err_sys(e, "cut the unfinished tail");
	if (x->tail && l->disk->sync(l->journal) < 0)
		return err_sys(e, "the disk did not take the cut of the unfinished tail (fdatasync)");
	record_number(&r, FIELD_CUT, x->tail);
	return x->tail ? ledger_append(&index, l, &r, 0, e) : 0;
}

static int recover(struct ledger *l, const struct journal_extent *x, struct err *e)
{
	if (cut(l, x, e) < 0 || blocks_begin(l, e) < 0 || ledger_expire(l, e) < 0)
		return -1;
	while (l->order.run_count > 0)
		if (ledger_end_run(l, l->order.runs[0].index, CRASHED, e) < 0)
			return -1;
	if (signing_is_lost(l->signing))	/* what waits is committed with the epoch that the root begins */
		return 0;
	if (ledger_commit(l, e) < 0)
		return -1;
	return l->epochs.count == 1 && signing_rotate(l->signing) ? ledger_rotate(l, e) : 0;
}

/* Missing it may be only in the beginning; made anew, it must not go missing later. */
static int open_head(struct ledger *l, const char *dir, bool there, struct err *e)
{
	char path[PATH_MAX];

	if (there)
		return store_file(&l->head, dir, "head", O_RDWR, e);
	if (store_file(&l->head, dir, "head", O_RDWR | O_CREAT | O_EXCL, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/head", dir);	/* store_file() has seen that it fits */
	return seal_sync_parent(path, e);
}

/* From the beginning, or from where a state was. */
static int read_from(struct ledger *l, struct journal *j, struct journal_extent *x, const char *dir, bool *there, struct err *e)
{
	uint64_t head = 0, at = l->state.offset ? l->state.offset : JOURNAL_MAGIC;

	if (head_read(&head, there, dir, e) < 0)
		return -1;
	l->headed = head;
	if (journal_extent_from(x, j, signing_root(l->signing), at, l->tree.size, e) < 0 ||
	    check_extent(x, head, *there, e) < 0)
		return -1;
	return replay(l, j, at, x->end, e);
}

/* A state is a way to be quick: whatever is wrong when it is gone by, all is read, and only that counts. */
static bool read_newest(struct ledger *l, struct journal *j, struct journal_extent *x, const char *dir, bool *there)
{
	uint64_t states[STATES_TRIED];
	size_t i, count = journal_is_joined(j) ? states_find(states, l, ledger_bytes(l, j)) : 0;
	struct err none;

	for (i = 0; i < count; i++) {
		none = (struct err){ .kind = ERR_NONE };
		if (state_load(l, states[i], &none) == 0 && read_from(l, j, x, dir, there, &none) == 0)
			return true;
		store_forget(l);
	}
	return false;
}

static int open_locked(struct ledger *l, const char *dir, struct err *e)
{
	scoped(journal) struct journal *j = NULL;
	struct journal_extent x;
	bool there;

	if (journal_of(&j, l->lock, l->dir, e) < 0 ||
	    (!read_newest(l, j, &x, dir, &there) && read_from(l, j, &x, dir, &there, e) < 0) ||
	    signing_settle(l->signing, &l->epochs, e) < 0 || ledger_take_segment(l, j, x.end, e) < 0 || open_head(l, dir, there, e) < 0)
		return -1;
	states_sweep(l);
	return recover(l, &x, e);
}

int ledger_open_by(struct ledger **out, const char *dir, struct signing *signing, const struct ledger_disk *disk, struct err *e)
{
	scoped(ledger) struct ledger *l = NULL;
	bool busy;

	if (store_new(&l, signing, disk, e) < 0 || store_file(&l->dir, dir, ".", O_RDONLY | O_DIRECTORY, e) < 0 ||
	    place_check(l->dir, e) < 0 || store_file(&l->lock, dir, "journal", O_RDWR, e) < 0 || lock(l, &busy, e) < 0)
		return -1;
	if (busy)
		return LEDGER_BUSY;
	if (open_locked(l, dir, e) < 0)
		return err_in(e, "ledger %s", dir);
	*out = take(&l);
	return LEDGER_OPENED;
}

int ledger_open(struct ledger **out, const char *dir, const struct seal_key *k, const struct ledger_disk *disk, struct err *e)
{
	scoped(signing) struct signing *signing = NULL;
	int done;

	if (signing_of_root(&signing, k, e) < 0)
		return -1;
	done = ledger_open_by(out, dir, signing, disk, e);
	if (done == LEDGER_OPENED)
		(*out)->own_signing = take(&signing);
	return done;
}

/*
 * A run whose workspace is a copy. The folder it writes to is made before the jail, gets the run's
 * number before the agent starts, and is read when nothing runs any more. The manifest gets its name
 * only when its digest is in the ledger: what has no receipt cannot be taken over.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <poll.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "launcher/cow.h"
#include "launcher/run.h"

enum { RECORDS_MOST = 10000, NOTES_AT_ONCE = 16, ANSWER_MS = 10000 };

/* Runs that ended before they had a number: nothing was executed in them. */
static void sweep(int all)
{
	int again = dup(all), folder;
	DIR *list = again < 0 ? NULL : fdopendir(again);
	const struct dirent *d;
	struct err ignored = { 0 };

	while (list && (d = readdir(list))) {
		if (strncmp(d->d_name, "new-", 4) != 0)
			continue;
		folder = openat(all, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) == 0)
			(void)!fd_remove_all(all, d->d_name, &ignored);
		fd_close(&folder);
	}
	if (list)
		closedir(list);
}

/* An overlay that cannot write its marks works until it has to write one. */
static int check_attributes(const struct cow *c, struct err *e)
{
	if (setxattr(c->upper, "user.reeve", "y", 1, 0) == 0 && removexattr(c->upper, "user.reeve") == 0)
		return 0;
	return err_sys(e,
		       "\"workspace\": \"cow\" takes a file system with user.* attributes (ext4, xfs, btrfs; "
		       "no NFS, no old tmpfs), and %.80s lies on none: set XDG_STATE_HOME to one that has",
		       c->upper);
}

/* The root of `upper` is what the agent sees as the workspace itself: it has that folder's mode. */
static int make_folders(struct run *r, struct err *e)
{
	struct cow *c = &r->cow;
	struct stat st;

	c->folder = mkdirat(c->all, c->name, 0700) < 0 ?
			    -1 :
			    openat(c->all, c->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->folder < 0 || flock(c->folder, LOCK_EX | LOCK_NB) < 0)
		return err_sys(e, "%s/%s", r->at.cow, c->name);
	if (mkdirat(c->folder, "upper", 0700) < 0 || mkdirat(c->folder, "work", 0700) < 0 ||
	    fstat(r->workspace, &st) < 0 || fchmodat(c->folder, "upper", st.st_mode & 07777, 0) < 0)
		return err_sys(e, "%s/%s/upper", r->at.cow, c->name);
	snprintf(c->upper, sizeof(c->upper), "%s/%s/upper", r->at.cow, c->name);
	snprintf(c->work, sizeof(c->work), "%s/%s/work", r->at.cow, c->name);
	return check_attributes(c, e);
}

/* Nobody else's new folder is swept before it is locked. */
static int begin_alone(struct run *r, struct err *e)
{
	int done;

	if (flock(r->cow.all, LOCK_EX) < 0)
		return err_sys(e, "lock %s", r->at.cow);
	sweep(r->cow.all);
	done = make_folders(r, e);
	flock(r->cow.all, LOCK_UN);
	return done;
}

int cow_begin(struct run *r, struct err *e)
{
	struct timespec now;

	if (!profile_is_cow(r->ask->profile))
		return 0;
	if (paths_make_own(r->at.cow, e) < 0)
		return -1;
	r->cow.all = open(r->at.cow, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r->cow.all < 0)
		return err_sys(e, "%s", r->at.cow);
	snprintf(r->cow.name, sizeof(r->cow.name), "new-%d", (int)getpid());
	if (begin_alone(r, e) < 0)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	r->cow.began_ns = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
	return 0;
}

/* Files are stamped by a coarser clock: it must have passed our stamp before the agent writes. */
static void wait_for_tick(uint64_t began_ns)
{
	struct timespec now, rest = { .tv_nsec = 500000 };

	for (;;) {
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
		if ((uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec > began_ns ||
		    (uint64_t)now.tv_sec + 1 < began_ns / UINT64_C(1000000000))
			return;
		nanosleep(&rest, NULL);
	}
}

static int write_file(int folder, const char *name, const struct buf *bytes, struct err *e)
{
	scoped(fd) int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, "make %s", name);
	if (bytes->over || fd_write_all(fd, bytes->data, bytes->size, e) < 0)
		return bytes->over ? err_set(e, ERR_LIMIT, "%s: too large", name) : -1;
	return fsync(fd) < 0 ? err_sys(e, "%s", name) : 0;
}

/* All that is needed later, by whoever looks at the folder without us. */
static int write_run(struct run *r, struct err *e)
{
	const char *const *protect = r->plan.spec.protect;
	struct buf out = BUF(1 << 20);
	char stamp[32];
	struct stat st;
	int done;

	if (fstat(r->workspace, &st) < 0)
		return err_sys(e, "workspace");
	clock_stamp(stamp, r->cow.began_ns / 1000);
	buf_printf(&out, "{\"began\":\"%s\",\"began_ns\":\"%" PRIu64 "\",\"inode\":\"%" PRIu64 "\",\"protect\":[",
		   stamp, r->cow.began_ns, (uint64_t)st.st_ino);
	for (; protect && *protect; protect++) {
		buf_puts(&out, "{");
		cow_member(&out, "name", *protect);
		buf_puts(&out, protect[1] ? "}," : "}");
	}
	buf_puts(&out, "],");
	cow_member(&out, "workspace", r->ask->place.workspace);
	buf_puts(&out, "}\n");
	done = write_file(r->cow.folder, "run", &out, e);
	buf_free(&out);
	return done;
}

int cow_number(struct run *r, struct err *e)
{
	struct cow *c = &r->cow;
	char name[sizeof(c->name)];

	if (c->folder < 0)
		return 0;
	snprintf(name, sizeof(name), "%" PRIu64, r->index);
	if (renameat2(c->all, c->name, c->all, name, RENAME_NOREPLACE) < 0)
		return err_sys(e, "%s/%s: an older ledger left it there? move it away", r->at.cow, name);
	memcpy(c->name, name, sizeof(name));
	c->numbered = true;
	if (write_run(r, e) < 0)
		return err_in(e, "%s/%s", r->at.cow, c->name);
	wait_for_tick(c->began_ns);
	return 0;
}

/* --- the end --- */

/* A path as it is, if a record can hold it so; otherwise as it is shown, and the digest of all of it. */
static void set_path(struct record *out, const char *path, struct buf *shown, char digest[SEAL_DIGEST_TEXT])
{
	size_t size = strlen(path), most = field_info(FIELD_PATH)->largest;

	shown->size = 0;
	text_visible(shown, path, size);
	if (size <= most && shown->size == size && memcmp(shown->data, path, size) == 0) {
		record_bytes(out, FIELD_PATH, path, size);
		return;
	}
	record_bytes(out, FIELD_PATH, shown->data, text_cut(shown->data, shown->size, most));
	seal_digest(digest, path, size);
	record_text(out, FIELD_DIGEST, digest);
}

/* Until no more than `most` are unanswered; the loop, which counts the answers, is over. */
static int notes_wait(struct run *r, unsigned most, struct err *e)
{
	struct pollfd in = { .fd = r->recorder.fd, .events = POLLIN };

	while (r->notes > most) {
		if (poll(&in, 1, ANSWER_MS) == 0)
			return err_set(e, ERR_PEER, "the recorder does not answer");
		if (hear_recorder(r, e) < 0)
			return -1;
	}
	return 0;
}

static int note_effect(struct run *r, const struct cow_effect *x, struct buf *shown, struct err *e)
{
	const struct cow_state *what = x->after.type == COW_NONE ? &x->before : &x->after;
	struct record record = { .kind = RECORD_FILE };
	char digest[SEAL_DIGEST_TEXT];

	set_path(&record, x->path, shown, digest);
	record_text(&record, FIELD_CHANGE, cow_change_word(x->change));
	record_text(&record, FIELD_TYPE, cow_type_word(what->type));
	record_text(&record, FIELD_BEFORE, x->before.digest[0] ? x->before.digest : NULL);
	record_text(&record, FIELD_AFTER, x->after.digest[0] ? x->after.digest : NULL);
	if (what->type == COW_FILE)
		record_number(&record, FIELD_SIZE, what->size);
	if (note_send(r, &record, e) < 0)
		return -1;
	return notes_wait(r, NOTES_AT_ONCE - 1, e);
}

static int note_effects(struct run *r, const struct cow_effects *list, struct err *e)
{
	struct buf shown = BUF(8ul * COW_PATH);
	int done = 0;
	size_t i;

	for (i = 0; done == 0 && i < list->count && i < RECORDS_MOST; i++)
		done = note_effect(r, &list->at[i], &shown, e);
	buf_free(&shown);
	return done;
}

/* By pieces, so that a long list is not twice in memory. */
static int write_lines(int fd, const struct cow_effects *list, struct err *e)
{
	enum { PIECE = 1 << 20 };
	struct buf out = BUF(2ul * PIECE);
	int done = 0;
	size_t i;

	for (i = 0; done == 0 && i <= list->count; i++) {
		if (i < list->count && !cow_line(&out, &list->at[i]))
			done = err_set(e, ERR_LIMIT, "a line of the manifest does not fit");
		else if (out.size > PIECE || i == list->count) {
			done = fd_write_all(fd, out.data, out.size, e);
			out.size = 0;
		}
	}
	buf_free(&out);
	return done;
}

static int write_manifest(char digest[SEAL_DIGEST_TEXT], const struct run *r, const struct cow_effects *list,
			  struct err *e)
{
	scoped(fd) int fd = openat(r->cow.folder, "manifest.new",
				   O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	uint64_t size;

	if (fd < 0)
		return err_sys(e, "make the manifest");
	if (write_lines(fd, list, e) < 0)
		return err_in(e, "manifest");
	if (fsync(fd) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "manifest");
	return seal_digest_fd(digest, &size, fd, UINT64_MAX, e);
}

/* Either how many and the digest of their list, or why that is not known. */
static int note_files(struct run *r, size_t count, const char *digest, const struct err *why, struct err *e)
{
	struct record record = { .kind = RECORD_FILES };

	record_text(&record, FIELD_STATUS, why ? "failed" : "ok");
	if (why)
		record_text(&record, FIELD_WHY, why->text);
	else
		record_number(&record, FIELD_COUNT, count);
	record_text(&record, FIELD_DIGEST, digest);
	if (note_send(r, &record, e) < 0)
		return -1;
	return notes_wait(r, 0, e);
}

/* The order is the argument: list, its digest in the ledger, and only then its name. */
static int write_down(struct run *r, struct err *e)
{
	scoped(cow_effects) struct cow_effects list = { 0 };
	scoped(fd) int upper = openat(r->cow.folder, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool elsewhere = strcmp(r->ask->tenant, "default") != 0;
	char digest[SEAL_DIGEST_TEXT];

	if (upper < 0)
		return err_sys(e, "upper");
	if (cow_walk(&list, upper, r->workspace, r->cow.began_ns, e) < 0 ||
	    write_manifest(digest, r, &list, e) < 0 || note_effects(r, &list, e) < 0 ||
	    note_files(r, list.count, digest, NULL, e) < 0)
		return -1;
	if (renameat(r->cow.folder, "manifest.new", r->cow.folder, "manifest") < 0 ||
	    fsync(r->cow.folder) < 0)
		return err_sys(e, "name the manifest");
	if (list.count > 0)
		log_say("changes in a copy of the workspace: %zu. Look with reeve workspace diff %s%s%s, then commit or "
			"discard them",
			list.count, r->cow.name, elsewhere ? " --tenant " : "", elsewhere ? r->ask->tenant : "");
	return 0;
}

int cow_end(struct run *r, struct err *e)
{
	struct err ignored = { 0 };

	if (r->cow.folder < 0 || !r->cow.numbered)
		return 0;
	if (notes_wait(r, 0, e) == 0 && write_down(r, e) == 0) {
		(void)!fd_remove_all(r->cow.folder, "work", &ignored); /* the overlay's own; no harm if it stays */
		return 0;
	}
	if (note_files(r, 0, NULL, e, &ignored) < 0)
		err_in(e, "and it could not be recorded");
	return err_in(e, "what the run changed could not be found out, and stays in %.80s/%s", r->at.cow,
		      r->cow.name);
}

/* A folder that has no number was never written to. */
void cow_free(struct run *r)
{
	struct err ignored = { 0 };

	if (r->cow.folder >= 0 && !r->cow.numbered)
		(void)!fd_remove_all(r->cow.all, r->cow.name, &ignored);
	fd_close(&r->cow.folder);
	fd_close(&r->cow.all);
}

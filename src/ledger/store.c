/*
 * Writing. The order is the promise: frames and a signed checkpoint go out in one write, then one
 * fdatasync, then `head`; only then may anybody be told. The first failure poisons the ledger,
 * because after a failed fdatasync nobody knows what is on the disk.
 */
#include "ledger/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "ledger/statement.h"

static const struct ledger_disk real_disk = {
	.write_at = pwrite, .sync = fdatasync, .allocate = fallocate, .truncate = ftruncate,
};

static const char BOOT_ID[] = "/proc/sys/kernel/random/boot_id";

int store_file(int *out, const char *dir, const char *name, int flags, struct err *e)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", dir);
	*out = open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0640);	/* who may read is the recorder's umask */
	return *out < 0 ? err_sys(e, "%s", path) : 0;
}

static void read_boot_id(char out[41])
{
	scoped(fd) int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, out, 36);

	out[got > 0 ? got : 0] = '\0';	/* no /proc: the member is left out */
}

int store_new(struct ledger **out, struct signing *signing, const struct ledger_disk *disk, struct err *e)
{
	scoped(ledger) struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return err_sys(e, "memory for the ledger");
	l->journal = l->head = l->dir = l->lock = -1;
	l->segment = STORE_SEGMENT;
	l->owner = getpid();
	l->signing = signing;
	l->disk = disk ? disk : &real_disk;
	l->queue = BUF(STORE_QUEUE);
	l->note = BUF(SEAL_NOTE_MOST);
	l->holds.keep = HOLDS_ENDED;
	read_boot_id(l->boot);
	if (epochs_begin(&l->epochs, signing_root(signing), e) < 0)
		return -1;
	*out = take(&l);
	return 0;
}

void store_forget(struct ledger *l)
{
	order_free(&l->order);
	holds_free(&l->holds);
	agents_free(&l->agents);
	epochs_forget(&l->epochs);
	memset(&l->tree, 0, sizeof(l->tree));
	memset(&l->state, 0, sizeof(l->state));
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	fd_close(&l->journal);
	fd_close(&l->head);
	fd_close(&l->dir);
	fd_close(&l->lock);
	blocks_free(l->blocks);
	store_forget(l);
	epochs_free(&l->epochs);
	signing_free(l->own_signing);
	buf_free(&l->queue);
	buf_free(&l->note);
	free(l);
}

void ledger_segments(struct ledger *l, uint64_t bytes)
{
	l->segment = bytes;
}

size_t ledger_pending(const struct ledger *l)
{
	return l->queue.size;
}

bool ledger_is_sound(const struct ledger *l)
{
	return !l->poisoned;
}

const struct buf *ledger_note(const struct ledger *l)
{
	return &l->note;
}

const struct order *ledger_order(const struct ledger *l)
{
	return &l->order;
}

uint64_t ledger_agent(const struct ledger *l, const struct record *r, bool *same)
{
	return agents_last(&l->agents, r, same);
}

const struct epochs *ledger_epochs(const struct ledger *l)
{
	return &l->epochs;
}

struct holds *ledger_holds(struct ledger *l)
{
	return &l->holds;
}

struct own {
	char stamp[32], expires[32], nonce[33];
};

static void set_held(struct record *r, struct own *own, uint64_t wall_us)
{
	uint8_t random[16];

	seal_random(random, sizeof(random));
	text_hex(own->nonce, random, sizeof(random));
	clock_stamp(own->expires, wall_us + r->value[FIELD_WITHIN].number * 1000000);
	record_text(r, FIELD_NONCE, own->nonce);
	record_text(r, FIELD_EXPIRES, own->expires);
}

/* What the recorder knows best and takes from nobody. */
static void set_own(struct record *r, const struct ledger *l, uint64_t run, struct own *own)
{
	uint64_t wall_us = clock_wall_us();

	clock_stamp(own->stamp, wall_us);
	if (r->kind == RECORD_HELD)
		set_held(r, own, wall_us);
	record_text(r, FIELD_LEDGER, signing_root(l->signing)->name);
	record_text(r, FIELD_KIND, record_word(r->kind));
	record_text(r, FIELD_TIME, own->stamp);
	record_number(r, FIELD_N, l->order.next);
	record_number(r, FIELD_RUN, run);
	record_number(r, FIELD_MONO, clock_mono_ns() / 1000);
	if (l->boot[0])
		record_text(r, FIELD_BOOT, l->boot);
	if (r->ref)
		record_number(r, r->kind == RECORD_OUTCOME ? FIELD_INTENT : FIELD_HELD, r->ref);
}

/*
 * What is about held calls is judged by the bytes that will be stored: a text that was shortened to fit must not
 * mean something else. Nothing that somebody signs is: then it is refused.
 */
static int check_read(const struct ledger *l, const struct record *own, const char *bytes, size_t size, struct err *e)
{
	char room[RECORD_MOST];
	struct record stored;
	int f;

	if (entry_read(&stored, room, bytes, size, e) < 0)
		return -1;
	for (f = 0; f < FIELDS && own->kind == RECORD_HELD; f++)
		if (statement_has((enum field)f) && stored.value[f].size != own->value[f].size)
			return err_set(e, ERR_LIMIT, "the record of the held call is too long");
	return holds_check(&l->holds, &stored, e);
}

static int check_stored(const struct ledger *l, const struct record *own, const char *bytes, size_t size, struct err *e)
{
	if (own->kind == RECORD_AGENT)
		return agents_check(&l->agents, own, e);
	return holds_want(own->kind, own->ref) ? check_read(l, own, bytes, size, e) : holds_check(&l->holds, own, e);
}

static int heed_stored(struct ledger *l, const struct frame *f, struct err *e)
{
	char room[RECORD_MOST];
	struct record stored;

	if (entry_read(&stored, room, f->body, f->size, e) < 0)
		return -1;
	if (f->kind == RECORD_AGENT)
		return agents_take(&l->agents, &stored, e);
	return holds_take(&l->holds, &stored, f->body, f->size, e);
}

/* What reads a record has much on its stack, all of it made zero: most records need none of that. */
int ledger_heed(struct ledger *l, const struct frame *f, struct err *e)
{
	if (epochs_take(&l->epochs, f, e) < 0)
		return -1;
	if (!holds_want((enum record_kind)f->kind, f->ref) && f->kind != RECORD_AGENT)
		return 0;
	return heed_stored(l, f, e);
}

int ledger_append(uint64_t *index, struct ledger *l, const struct record *r, uint64_t run,
		  struct err *e)
{
	char bytes[RECORD_MOST];
	struct own texts;
	struct record own = *r;
	struct frame f = { .kind = (uint16_t)r->kind, .index = l->order.next, .body = bytes };

	if (l->poisoned)
		return err_set(e, ERR_SYSTEM, "the ledger takes nothing more after a failed write");
	f.run = r->kind == RECORD_RUN ? f.index : run;
	f.ref = own.ref;
	set_own(&own, l, f.run, &texts);
	f.size = entry_write(bytes, &own);
	if (check_stored(l, &own, bytes, f.size, e) < 0 || order_take(&l->order, r->kind, f.run, f.ref, e) < 0)
		return -1;
	l->poisoned = true;	/* until all of it is taken */
	if (ledger_heed(l, &f, e) < 0)
		return -1;
	tree_add(&l->tree, bytes, f.size);
	state_heed(l, r->kind, l->base + l->written + l->queue.size, texts.stamp);
	if (!frame_put(&l->queue, &f))
		return err_set(e, ERR_LIMIT, "no memory for what waits to be written");
	l->poisoned = false;
	*index = f.index;
	return 0;
}

int ledger_end_intents(struct ledger *l, uint64_t run, const char *why, struct err *e)
{
	struct record r = { .kind = RECORD_OUTCOME };
	uint64_t index;
	size_t i = 0;

	record_text(&r, FIELD_STATUS, "unknown");
	record_text(&r, FIELD_WHY, why);
	while (i < l->order.intent_count) {
		if (l->order.intents[i].run != run) {
			i++;
			continue;
		}
		r.ref = l->order.intents[i].index;	/* appending takes it out of the array */
		if (ledger_append(&index, l, &r, run, e) < 0)
			return -1;
	}
	return 0;
}

int ledger_end_run(struct ledger *l, uint64_t run, const char *why, struct err *e)
{
	struct record r = { .kind = RECORD_CLOSE };
	uint64_t index;

	record_text(&r, FIELD_STATUS, "lost");
	record_text(&r, FIELD_WHY, why);
	if (ledger_end_intents(l, run, why, e) < 0)
		return -1;
	return ledger_append(&index, l, &r, run, e);
}

/* How far it goes with what is still to come, and so much besides. */
static uint64_t needed(const struct ledger *l, uint64_t reserve)
{
	return l->written + l->queue.size + 2ul * FRAME_MOST + reserve + STORE_PER_INTENT * l->order.intent_count +
	       STORE_PER_HOLD * l->holds.open_count;
}

bool ledger_spares(const struct ledger *l)
{
	return needed(l, STORE_RESERVE / 2) <= l->allocated;
}

int ledger_room(struct ledger *l, struct err *e)
{
	uint64_t need = needed(l, STORE_RESERVE);
	uint64_t to = (need + STORE_STEP) / STORE_STEP * STORE_STEP;

	if (need <= l->allocated)
		return 0;
	return blocks_take(l, to, e);
}

static int queue_commit(struct ledger *l, struct err *e)
{
	struct frame f = { .kind = FRAME_COMMIT, .index = l->tree.size };

	bool by_root = l->epochs.handing && epochs_now(&l->epochs)->by_root;

	buf_drop(&l->note, l->note.size);
	if (!checkpoint_sign(&l->note, by_root ? signing_lent(l->signing) : signing_now(l->signing), l->epochs.handing ? signing_coming(l->signing) : NULL, &l->tree))
		return err_set(e, ERR_SYSTEM, "no memory for the checkpoint");
	l->epochs.handing = false;
	f.body = l->note.data;
	f.size = l->note.size;
	if (!frame_put(&l->queue, &f))
		return err_set(e, ERR_LIMIT, "no memory for what waits to be written");
	return 0;
}

/* Where a lock is worth nothing, or was gone round: who else writes leaves another head, or is another process. */
static int check_alone(const struct ledger *l, struct err *e)
{
	char text[24] = "";
	ssize_t got = l->lock < 0 ? 0 : pread(l->head, text, sizeof(text) - 1, 0);

	if (l->owner != getpid())
		return err_set(e, ERR_SYSTEM, "this process was made by fork(2) and is not the one that opened the ledger");
	if (got > 0 && strtoull(text, NULL, 10) != l->headed)
		return err_set(e, ERR_SYSTEM, "somebody else has written to the ledger: its head says %.20s where %" PRIu64 " was written", text, l->headed);
	return 0;
}

static int write_head(struct ledger *l, struct err *e)
{
	char text[24];
	int size = snprintf(text, sizeof(text), "%020" PRIu64 "\n", l->tree.size);

	l->headed = l->tree.size;
	return store_write(l, l->head, text, (size_t)size, 0, e) < 0 ? err_in(e, "head") : 0;
}

static int commit(struct ledger *l, struct err *e)
{
	if (check_alone(l, e) < 0 || queue_commit(l, e) < 0 || blocks_write(l, l->queue.data, l->queue.size, e) < 0)
		return -1;
	if (l->disk->sync(l->journal) < 0)
		return err_sys(e, "the disk did not take the journal (fdatasync)");
	l->written += l->queue.size;
	if (l->written > l->allocated)
		l->allocated = l->written;
	buf_drop(&l->queue, l->queue.size);
	return write_head(l, e);
}

int ledger_commit(struct ledger *l, struct err *e)
{
	if (l->poisoned)
		return err_set(e, ERR_SYSTEM, "the ledger takes nothing more after a failed write");
	if (l->queue.size == 0)
		return 0;
	l->poisoned = true;	/* until the whole of it has succeeded */
	if (commit(l, e) < 0 || ledger_roll(l, e) < 0)
		return -1;
	l->poisoned = false;
	return 0;
}

int ledger_finish(struct ledger *l, struct err *e)
{
	if (ledger_commit(l, e) < 0)
		return -1;
	if (l->disk->truncate(l->journal, (off_t)l->written) < 0 || l->disk->sync(l->journal) < 0 ||
	    l->disk->sync(l->head) < 0)
		return err_sys(e, "end the journal");
	l->allocated = l->written;
	return 0;
}

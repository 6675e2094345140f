/*
 * A state counts where it cannot be told from one that the recorder wrote there: signed by the key in force at its size,
 * over the tree that the journal's own checkpoint at that place has, which is signed by the same key. Whose key that is
 * says the chain of epochs from the ledger's first record on; it is followed by what states say where epochs begin, and
 * each step of it is held against the records and both signatures of the handover. A key that was revoked, or that came
 * from one, vouches for no time, also before it was stolen: its thief may have written the state today.
 */
#include "audit/zones.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

enum { STATES_MOST = 1 << 20, FRAME_LEAST = FRAME_HEAD + FRAME_ALIGN };

static void leave_listing(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int by_offset(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

static int add_state(struct zones *z, uint64_t offset, struct err *e)
{
	size_t room = z->state_room ? z->state_room * 2 : 16;
	uint64_t *more = z->states;

	if (z->state_count >= STATES_MOST)
		return err_set(e, ERR_LIMIT, "more than %d states", STATES_MOST);
	if (z->state_count == z->state_room) {
		more = realloc(z->states, room * sizeof(*more));
		if (!more)
			return err_sys(e, "memory for the names of states");
		z->state_room = room;
	}
	z->states = more;
	z->states[z->state_count++] = offset;
	return 0;
}

static int list_states(struct zones *z, struct err *e)
{
	__attribute__((cleanup(leave_listing))) DIR *listing = NULL;
	int fd = openat(z->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *found;
	uint64_t offset;

	listing = fd < 0 ? NULL : fdopendir(fd);
	if (!listing)
		fd_close(&fd);
	while (listing && (found = readdir(listing)))
		if (state_name_parse(&offset, found->d_name) && add_state(z, offset, e) < 0)
			return -1;
	if (z->state_count > 0)
		qsort(z->states, z->state_count, sizeof(*z->states), by_offset);
	return 0;
}

/* The root that the ledger itself names. That it is the right one says --key alone, and then all is read. */
static bool begin_epochs(struct zones *z, struct journal *j)
{
	struct err none = { .kind = ERR_NONE };
	struct seal_verifier root;
	char room[RECORD_MOST];
	enum frame_got got;
	struct record r;
	struct frame f;

	return journal_frame(j, &f, &got, JOURNAL_MAGIC, &none) == 0 && got == FRAME_WHOLE && f.kind == RECORD_GENESIS &&
	       entry_read(&r, room, f.body, f.size, &none) == 0 && r.value[FIELD_KEY].set &&
	       seal_verifier_read(&root, r.value[FIELD_KEY].text, r.value[FIELD_KEY].size, &none) == 0 &&
	       epochs_begin(&z->epochs, &root, &none) == 0;
}

int zones_open(struct zones **out, const char *path, struct journal *j, struct err *e)
{
	scoped(zones) struct zones *z = calloc(1, sizeof(*z));

	*out = NULL;
	if (!z)
		return err_sys(e, "memory for states");
	z->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (z->dir < 0 || !journal_is_joined(j))
		return 0;
	if (list_states(z, e) < 0)
		return -1;
	if (z->state_count > 0 && begin_epochs(z, j))
		*out = take(&z);
	return 0;
}

void zones_free(struct zones *z)
{
	if (!z)
		return;
	fd_close(&z->dir);
	epochs_free(&z->epochs);
	free(z->states);
	free(z->all);
	free(z);
}

void zones_heed(struct zones *z, const struct frame *f)
{
	struct err none = { .kind = ERR_NONE };
	struct checkpoint c;

	if (z->broken || (f->kind == RECORD_EPOCH && f->index <= epochs_now(&z->epochs)->record)) /* a state has told */
		return;
	if (f->kind != FRAME_COMMIT)
		z->broken = epochs_take(&z->epochs, f, &none) < 0;
	else if (z->epochs.handing)
		z->broken = epochs_note(&c, &z->epochs, f->index, f->body, f->size, &none) < 0;
}

bool zones_look(struct zone_note *out, const struct zones *z, uint64_t offset)
{
	char name[STATE_NAME];
	scoped(fd) int fd = -1;
	struct stat st;
	ssize_t got;

	state_name(name, offset);
	fd = openat(z->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	got = pread(fd, out->bytes, sizeof(out->bytes), 0);
	out->size = got > 0 ? (size_t)got : 0;
	return got > 0 && state_head_seems(&out->says, out->bytes, out->size) && out->says.offset == offset &&
	       out->says.since < offset && out->says.epoch_count <= STATE_EPOCHS;
}

/* The chain goes on by the records that it names, each with the checkpoint that hands over. */
static bool take_epochs(struct zones *z, struct journal *j, const struct state_head *h)
{
	struct err none = { .kind = ERR_NONE };
	enum frame_got got;
	struct frame f;
	uint64_t next;
	size_t i;

	for (i = 0; i < h->epoch_count && !z->broken; i++) {
		if (h->epochs[i] >= h->offset || h->epochs[i] % FRAME_ALIGN || journal_frame(j, &f, &got, h->epochs[i], &none) < 0 ||
		    got != FRAME_WHOLE || f.kind != RECORD_EPOCH || f.index >= h->size)
			return false;
		if (f.index <= epochs_now(&z->epochs)->record)
			continue;
		next = h->epochs[i] + frame_whole(&f);
		zones_heed(z, &f);
		if (journal_frame(j, &f, &got, next, &none) == 0 && got == FRAME_WHOLE && f.kind == FRAME_COMMIT)
			zones_heed(z, &f);
		z->broken |= z->epochs.handing;
	}
	return !z->broken;
}

/* The checkpoint that ends there. A record holds no newline, so none can have one within. */
static bool commit_before(struct frame *out, char room[FRAME_MOST], struct journal *j, uint64_t end)
{
	struct err none = { .kind = ERR_NONE };
	uint64_t from = end > JOURNAL_MAGIC + FRAME_MOST ? end - FRAME_MOST : JOURNAL_MAGIC;
	size_t got, at;

	if (end <= from || journal_bytes(&got, j, room, (size_t)(end - from), from, &none) < 0 || got != end - from)
		return false;
	for (at = 0; at + FRAME_HEAD < got; at += FRAME_ALIGN)
		if (frame_get(out, room + at, got - at) == FRAME_WHOLE && out->kind == FRAME_COMMIT && at + frame_whole(out) == got)
			return true;
	return false;
}

/* By a key that is due there, over the tree of the checkpoint there, which all keys that are due have signed. */
static bool is_signed(struct state_head *out, const struct zones *z, struct journal *j, const struct zone_note *note)
{
	struct err none = { .kind = ERR_NONE };
	char room[FRAME_MOST];
	struct epochs_due due;
	struct checkpoint c;
	bool good = false;
	struct frame f;
	size_t body, i;

	epochs_due(&due, &z->epochs, note->says.size);
	for (i = 0; i < due.count && !good; i++)
		good = state_head_read(out, &body, note->bytes, note->size, &due.by[i], &none) == 0;
	return good && commit_before(&f, room, j, out->offset) && epochs_open_due(&c, &due, f.body, f.size, &none) == 0 &&
	       f.index == out->size && c.size == out->size && memcmp(c.root, out->root, SEAL_HASH) == 0;
}

static size_t epoch_at(const struct epochs *s, uint64_t size)
{
	size_t i = s->count - 1;

	while (i > 0 && s->all[i].size > size)
		i--;
	return i;
}

bool zones_judge(struct zone *out, struct zones *z, struct journal *j, const struct zone_note *note, uint64_t at, uint64_t n)
{
	struct state_head h;

	if (!take_epochs(z, j, &note->says) || !is_signed(&h, z, j, note))
		return false;
	if (h.offset <= at || h.since > at || h.first > n || h.size <= n || (h.size - n) > (h.offset - at) / FRAME_LEAST)
		return false;
	*out = (struct zone){ .begin = at, .end = h.offset, .first = n, .next = h.size, .at = at, .known = n,
			      .epoch = epoch_at(&z->epochs, h.size) };
	memcpy(out->least, h.least, sizeof(h.least));
	memcpy(out->greatest, h.greatest, sizeof(h.greatest));
	return true;
}

int zones_add(struct zones *z, const struct zone *one, struct err *e)
{
	size_t room = z->room ? z->room * 2 : 16;
	struct zone *more = z->all;

	if (z->count == z->room) {
		more = realloc(z->all, room * sizeof(*more));
		if (!more)
			return err_sys(e, "memory for zones");
		z->room = room;
	}
	z->all = more;
	z->all[z->count++] = *one;
	return 0;
}

struct zone *zones_find(struct zones *z, uint64_t n)
{
	size_t low = 0, high = z->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (z->all[middle].next <= n)
			low = middle + 1;
		else
			high = middle;
	}
	return low < z->count ? &z->all[low] : NULL;
}

/* Its key, and those that it came from since the root last handed over. */
static bool is_believed(const struct epochs *s, size_t at)
{
	while (at > 0 && !s->all[at].revoked && !s->all[at].by_root)
		at--;
	return !s->all[at].revoked;
}

bool zones_rule_out(const struct zones *z, const struct zone *one, const struct question *q)
{
	return !z->broken && ((q->from[0] && strcmp(one->greatest, q->from) < 0) || (q->to[0] && strcmp(one->least, q->to) >= 0)) &&
	       is_believed(&z->epochs, one->epoch);
}

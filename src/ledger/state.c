/*
 * What a recorder knows, kept beside the journal at the beginning of each segment, so that opening reads no more than
 * the last one. It is derived: without it, or with one that is not whole, not ours or not of this journal, all of the
 * journal is read as ever. Its head is a signed note that auditors may read; its body is the recorder's own.
 *
 * A head says when the records since the state at the last segment's beginning were made, so that those at segments'
 * beginnings, which stay, leave nothing out. One in the middle says the same up to there, and goes when the next comes.
 */
#include "ledger/state.h"

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
#include "ledger/pack.h"
#include "ledger/segments.h"

enum { BODY_MOST = 64 << 20, OPEN_MOST = 1 << 24 };

static void leave_listing(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* --- the body --- */

static void save(struct buf *out, const struct ledger *l)
{
	pack_bytes(out, l->tree.node, sizeof(l->tree.node));
	pack_bytes(out, l->order.runs, l->order.run_count * sizeof(*l->order.runs));
	pack_bytes(out, l->order.intents, l->order.intent_count * sizeof(*l->order.intents));
	pack_bytes(out, l->agents.known, l->agents.count * sizeof(*l->agents.known));
	pack_bytes(out, l->epochs.all, l->epochs.count * sizeof(*l->epochs.all));
	holds_save(out, &l->holds);
}

/* An array of plain values. */
static void *load_array(size_t *count, size_t *room, struct packed *from, size_t each, size_t most)
{
	size_t size;
	const char *at = packed_bytes(from, &size);
	void *all;

	if (!from->bad && (size % each || size / each > most))
		from->bad = true;
	all = from->bad ? NULL : malloc(size + 1);
	from->bad = !all;
	if (!all)
		return NULL;
	memcpy(all, at, size);
	*count = *room = size / each;
	return all;
}

/* From the root that we know to the key that signed it: then they are what that epoch's recorder had read. */
static bool load_epochs(struct ledger *l, struct packed *from, const struct seal_verifier *v)
{
	struct epochs s = { .handing = false };

	s.all = load_array(&s.count, &s.room, from, sizeof(*s.all), EPOCHS_MOST);
	if (from->bad || s.count == 0 || memcmp(&s.all[0].key, signing_root(l->signing), sizeof(*v)) != 0 ||
	    memcmp(&epochs_now(&s)->key, v, sizeof(*v)) != 0) {
		epochs_free(&s);
		return false;
	}
	epochs_free(&l->epochs);
	l->epochs = s;
	return true;
}

static int load(struct ledger *l, const struct state_head *h, struct packed *from, const struct seal_verifier *v, struct err *e)
{
	uint8_t root[SEAL_HASH];

	packed_fixed(from, l->tree.node, sizeof(l->tree.node));
	l->tree.size = l->order.next = h->size;
	l->order.runs = load_array(&l->order.run_count, &l->order.run_room, from, sizeof(*l->order.runs), OPEN_MOST);
	l->order.intents = load_array(&l->order.intent_count, &l->order.intent_room, from, sizeof(*l->order.intents), OPEN_MOST);
	l->agents.known = load_array(&l->agents.count, &l->agents.room, from, sizeof(*l->agents.known), AGENTS_MOST);
	if (from->bad || !load_epochs(l, from, v) || holds_load(&l->holds, from, e) < 0 || from->bad || from->left > 0)
		return err_set(e, ERR_INPUT, "a state that cannot be read");
	tree_root(root, &l->tree);
	return memcmp(root, h->root, sizeof(root)) == 0 ? 0 : err_set(e, ERR_INPUT, "a state with another tree than it says");
}

/* --- the file --- */

static bool write_file(const struct ledger *l, uint64_t offset, const struct buf *note, const struct buf *body)
{
	struct err none = { .kind = ERR_NONE };
	char name[STATE_NAME];
	scoped(fd) int fd = -1;

	state_name(name, offset);
	if (unlinkat(l->dir, name, 0) < 0 && errno != ENOENT)
		return false;
	fd = openat(l->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd >= 0 && fd_write_all(fd, note->data, note->size, &none) == 0 && fd_write_all(fd, body->data, body->size, &none) == 0)
		return true;
	unlinkat(l->dir, name, 0);
	return false;
}

/* The zone that begins here is of records to come. */
static void begin_zone(struct ledger *l, uint64_t offset, uint64_t first)
{
	l->state.since = offset;
	l->state.first = first;
	l->state.least[0] = l->state.greatest[0] = '\0';
	l->state.epoch_count = 0;
}

/* Now it is the newest. What there was in the middle of a segment is of no use any more. */
static void took(struct ledger *l, uint64_t offset, bool begins)
{
	char name[STATE_NAME];

	state_name(name, l->state.offset);
	if (l->state.offset != l->state.since && l->state.offset != offset)
		unlinkat(l->dir, name, 0);	/* if not, the next recorder does */
	l->state.offset = offset;
	if (begins)
		begin_zone(l, offset, l->tree.size);
}

/*
 * Not flushed: one that a power failure tore has another digest. Where the last commit handed over, the former key has
 * nothing more to say.
 */
void state_write(struct ledger *l, bool begins)
{
	scoped(buf) struct buf body = BUF(BODY_MOST), text = BUF(SEAL_NOTE_MOST), note = BUF(SEAL_NOTE_MOST);
	const struct seal_key *k = signing_coming(l->signing) ? signing_coming(l->signing) : store_key(l);
	struct state_head h = { .offset = l->base + l->written, .size = l->tree.size, .since = l->state.since,
				.first = l->state.first, .epoch_count = l->state.epoch_count };

	memcpy(h.least, l->state.least, sizeof(h.least));
	memcpy(h.greatest, l->state.greatest, sizeof(h.greatest));
	memcpy(h.epochs, l->state.epochs, sizeof(h.epochs));
	tree_root(h.root, &l->tree);
	save(&body, l);
	if (body.over)
		return;
	seal_digest(h.body, body.data, body.size);
	if (!state_head_text(&text, seal_key_verifier(k)->name, &h) || !seal_note_sign(&note, k, text.data, text.size) ||
	    !write_file(l, h.offset, &note, &body))
		return;
	memcpy(l->state.key, seal_key_verifier(k)->key, sizeof(l->state.key));
	took(l, h.offset, begins);
}

/* Does a segment begin there? Only what such a state says is left to the next one's reader. */
static bool begins_segment(const struct ledger *l, uint64_t offset)
{
	char name[SEGMENT_NAME];
	struct stat st;

	segment_name(name, offset);
	return fstatat(l->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* By a key whose secret we hold: nobody else has made it. */
static int read_head(struct state_head *out, size_t *body, const struct seal_verifier **by, const struct ledger *l,
		     const char *bytes, size_t size, struct err *e)
{
	size_t i;

	for (i = 0; (*by = signing_holds(l->signing, i)); i++)
		if (state_head_read(out, body, bytes, size, *by, e) == 0)
			return 0;
	return err_set(e, ERR_INPUT, "a state that no key of ours has signed");
}

/* In the middle of one: what is said next is said of these records, too. */
static void go_on_zone(struct ledger *l, const struct state_head *h)
{
	begin_zone(l, h->since, h->first);
	if (h->least[0] != '-') {	/* there are some */
		memcpy(l->state.least, h->least, sizeof(h->least));
		memcpy(l->state.greatest, h->greatest, sizeof(h->greatest));
	}
	memcpy(l->state.epochs, h->epochs, sizeof(h->epochs));
	l->state.epoch_count = h->epoch_count;
}

static int load_file(struct ledger *l, uint64_t offset, const char *bytes, size_t size, struct err *e)
{
	const struct seal_verifier *v = NULL;
	char digest[SEAL_DIGEST_TEXT];
	struct packed from;
	struct state_head h = { .offset = 0 };
	size_t body = 0;

	if (read_head(&h, &body, &v, l, bytes, size, e) < 0)
		return -1;
	from = (struct packed){ .at = bytes + body, .left = size - body };
	seal_digest(digest, from.at, from.left);
	if (h.offset != offset || strcmp(digest, h.body) != 0)
		return err_set(e, ERR_INPUT, "a state of another place, or with another body");
	if (load(l, &h, &from, v, e) < 0)
		return -1;
	l->state.offset = h.offset;
	must(v);	/* whose signature it has */
	memcpy(l->state.key, v->key, sizeof(l->state.key));
	if (begins_segment(l, h.offset))
		begin_zone(l, h.offset, h.size);
	else
		go_on_zone(l, &h);
	return 0;
}

int state_load(struct ledger *l, uint64_t offset, struct err *e)
{
	scoped(mem) char *bytes = NULL;
	char name[STATE_NAME];
	scoped(fd) int fd = -1;
	size_t size;

	state_name(name, offset);
	fd = openat(l->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", name);
	if (fd_read_all(&bytes, &size, fd, BODY_MOST + SEAL_NOTE_MOST, e) == 0 && load_file(l, offset, bytes, size, e) == 0)
		return 0;
	store_forget(l);
	return err_in(e, "%s", name);
}

static DIR *list(const struct ledger *l)
{
	int fd = openat(l->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd < 0 ? NULL : fdopendir(fd);

	if (!listing)
		fd_close(&fd);
	return listing;
}

size_t states_find(uint64_t out[STATES_TRIED], const struct ledger *l, uint64_t end)
{
	__attribute__((cleanup(leave_listing))) DIR *listing = list(l);
	const struct dirent *found;
	size_t count = 0, i;
	uint64_t offset;

	while (listing && (found = readdir(listing))) {
		if (!state_name_parse(&offset, found->d_name) || offset > end ||
		    (count == STATES_TRIED && offset < out[count - 1]))
			continue;
		count += count < STATES_TRIED;
		for (i = count - 1; i > 0 && out[i - 1] < offset; i--)
			out[i] = out[i - 1];
		out[i] = offset;
	}
	return count;
}

void states_sweep(const struct ledger *l)
{
	__attribute__((cleanup(leave_listing))) DIR *listing = list(l);
	const struct dirent *found;
	uint64_t offset;

	while (listing && (found = readdir(listing)))
		if (state_name_parse(&offset, found->d_name) && offset != l->state.offset && !begins_segment(l, offset))
			unlinkat(l->dir, found->d_name, 0);
}

/* --- times: of one form, so that the lesser text is the earlier --- */

void state_heed(struct ledger *l, enum record_kind kind, uint64_t at, const char *stamp)
{
	if (kind == RECORD_EPOCH && l->state.epoch_count < STATE_EPOCHS)
		l->state.epochs[l->state.epoch_count] = at;
	if (kind == RECORD_EPOCH && l->state.epoch_count <= STATE_EPOCHS)
		l->state.epoch_count++;
	if (!stamp[0])
		return;
	if (!l->state.least[0] || strcmp(stamp, l->state.least) < 0)
		memcpy(l->state.least, stamp, STATE_TIME);
	if (strcmp(stamp, l->state.greatest) > 0)
		memcpy(l->state.greatest, stamp, STATE_TIME);
}

/* In a record as it is stored, a quotation mark within a text has a backslash before it: this can be no text. */
void state_heed_record(struct ledger *l, const struct frame *f, uint64_t at)
{
	static const char member[] = "\"time\":\"";
	const char *time = memmem(f->body, f->size, member, sizeof(member) - 1), *end;
	char stamp[STATE_TIME] = "";

	time = time ? time + sizeof(member) - 1 : NULL;
	end = time ? memchr(time, '"', f->size - (size_t)(time - f->body)) : NULL;
	if (end && (size_t)(end - time) < sizeof(stamp))
		memcpy(stamp, time, (size_t)(end - time));
	state_heed(l, (enum record_kind)f->kind, at, stamp);
}

/*
 * What a recorder knows, kept beside the journal at the beginning of each segment, so that opening reads no more than
 * the last one. It is derived: without it, or with one that is not whole, not ours or not of this journal, all of the
 * journal is read as ever. Its head is a signed note that auditors may read; its body is the recorder's own.
 */
#include "ledger/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/pack.h"
#include "ledger/segments.h"

enum { BODY_MOST = 64 << 20, OPEN_MOST = 1 << 24 };

static const char FIRST[] = "reeve-state/1";

static void leave_listing(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void name_of(char out[SEGMENT_NAME], uint64_t offset)
{
	snprintf(out, SEGMENT_NAME, "state.%020" PRIu64, offset);
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

/* --- the head --- */

static bool head_text(struct buf *out, const char *origin, const struct state_head *h)
{
	char root[SEAL_HASH_BASE64];

	seal_base64(root, h->root);
	return buf_printf(out, "%s\n%s\n%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n%s\n%s\n%s\n%s\n", FIRST, origin,
			  h->offset, h->size, h->since, h->first, root, h->least[0] ? h->least : "-",
			  h->greatest[0] ? h->greatest : "-", h->body);
}

/* The next line, which fits. */
static bool line_of(char *out, size_t room, const char **at, const char *end)
{
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	size_t size = stop ? (size_t)(stop - *at) : room;

	if (size >= room)
		return false;
	memcpy(out, *at, size);
	out[size] = '\0';
	*at = stop + 1;
	return true;
}

static bool read_text(struct state_head *h, const char *text, size_t size)
{
	char first[32], origin[SEAL_NAME], numbers[96], root[SEAL_HASH_BASE64];
	const char *end = text + size;

	return line_of(first, sizeof(first), &text, end) && line_of(origin, sizeof(origin), &text, end) &&
	       line_of(numbers, sizeof(numbers), &text, end) &&
	       sscanf(numbers, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &h->offset, &h->size, &h->since, &h->first) == 4 &&
	       line_of(root, sizeof(root), &text, end) && seal_hash_read(h->root, root, strlen(root)) &&
	       line_of(h->least, sizeof(h->least), &text, end) && line_of(h->greatest, sizeof(h->greatest), &text, end) &&
	       line_of(h->body, sizeof(h->body), &text, end);
}

/* One form only, as of a checkpoint. The note ends where its signature's line does: the second of its only empty line. */
int state_head_read(struct state_head *out, size_t *body, const char *bytes, size_t size, const struct seal_verifier *v,
		    struct err *e)
{
	scoped(buf) struct buf again = BUF(SEAL_NOTE_MOST);
	const char *split = memmem(bytes, size, "\n\n", 2), *end, *text;
	struct state_head h = { .offset = 0 };
	size_t text_size;

	end = split ? memchr(split + 2, '\n', size - (size_t)(split + 2 - bytes)) : NULL;
	if (!end || seal_note_open(&text, &text_size, v, bytes, (size_t)(end + 1 - bytes), e) < 0)
		return err_set(e, ERR_INPUT, "a state that is not signed by %s", v->name);
	if (!read_text(&h, text, text_size) || !head_text(&again, v->name, &h) || again.size != text_size ||
	    memcmp(again.data, text, text_size) != 0)
		return err_set(e, ERR_INPUT, "signed, but not in the form of a state");
	*out = h;
	*body = (size_t)(end + 1 - bytes);
	return 0;
}

/* --- the file --- */

static bool write_file(const struct ledger *l, uint64_t offset, const struct buf *note, const struct buf *body)
{
	struct err none = { .kind = ERR_NONE };
	char name[SEGMENT_NAME];
	scoped(fd) int fd = -1;

	name_of(name, offset);
	if (unlinkat(l->dir, name, 0) < 0 && errno != ENOENT)
		return false;
	fd = openat(l->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && fd_write_all(fd, note->data, note->size, &none) == 0 && fd_write_all(fd, body->data, body->size, &none) == 0)
		return true;
	unlinkat(l->dir, name, 0);
	return false;
}

/* Not flushed: one that a power failure tore has another digest. */
void state_write(struct ledger *l)
{
	scoped(buf) struct buf body = BUF(BODY_MOST), text = BUF(SEAL_NOTE_MOST), note = BUF(SEAL_NOTE_MOST);
	const struct seal_key *k = store_key(l);
	struct state_head h = { .offset = l->base + l->written, .size = l->tree.size, .since = l->state.offset,
				.first = l->state.first };

	memcpy(h.least, l->state.least, sizeof(h.least));
	memcpy(h.greatest, l->state.greatest, sizeof(h.greatest));
	tree_root(h.root, &l->tree);
	save(&body, l);
	if (body.over)
		return;
	seal_digest(h.body, body.data, body.size);
	if (!head_text(&text, seal_key_verifier(k)->name, &h) || !seal_note_sign(&note, k, text.data, text.size) ||
	    !write_file(l, h.offset, &note, &body))
		return;
	l->state.offset = h.offset;
	l->state.first = h.size;
	l->state.least[0] = l->state.greatest[0] = '\0';
	memcpy(l->state.key, seal_key_verifier(k)->key, sizeof(l->state.key));
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
	l->state.first = h.size;
	must(v);	/* whose signature it has */
	memcpy(l->state.key, v->key, sizeof(l->state.key));
	return 0;
}

int state_load(struct ledger *l, uint64_t offset, struct err *e)
{
	scoped(mem) char *bytes = NULL;
	char name[SEGMENT_NAME];
	scoped(fd) int fd = -1;
	size_t size;

	name_of(name, offset);
	fd = openat(l->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", name);
	if (fd_read_all(&bytes, &size, fd, BODY_MOST + SEAL_NOTE_MOST, e) == 0 && load_file(l, offset, bytes, size, e) == 0)
		return 0;
	store_forget(l);
	return err_in(e, "%s", name);
}

size_t states_find(uint64_t out[STATES_TRIED], const struct ledger *l, uint64_t end)
{
	__attribute__((cleanup(leave_listing))) DIR *listing = NULL;
	int fd = openat(l->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *found;
	size_t count = 0, i;
	uint64_t offset;

	listing = fd < 0 ? NULL : fdopendir(fd);
	if (!listing)
		fd_close(&fd);
	while (listing && (found = readdir(listing))) {
		if (!segment_parse(&offset, "state", found->d_name) || offset > end ||
		    (count == STATES_TRIED && offset < out[count - 1]))
			continue;
		count += count < STATES_TRIED;
		for (i = count - 1; i > 0 && out[i - 1] < offset; i--)
			out[i] = out[i - 1];
		out[i] = offset;
	}
	return count;
}

/* --- times: of one form, so that the lesser text is the earlier --- */

void state_heed(struct ledger *l, const char *stamp)
{
	if (!l->state.least[0] || strcmp(stamp, l->state.least) < 0)
		memcpy(l->state.least, stamp, STATE_TIME);
	if (strcmp(stamp, l->state.greatest) > 0)
		memcpy(l->state.greatest, stamp, STATE_TIME);
}

/* In a record as it is stored, a quotation mark within a text has a backslash before it: this can be no text. */
void state_heed_record(struct ledger *l, const char *bytes, size_t size)
{
	static const char member[] = "\"time\":\"";
	const char *at = memmem(bytes, size, member, sizeof(member) - 1), *end;
	char stamp[STATE_TIME] = "";

	at = at ? at + sizeof(member) - 1 : NULL;
	end = at ? memchr(at, '"', size - (size_t)(at - bytes)) : NULL;
	if (!end || (size_t)(end - at) >= sizeof(stamp))
		return;
	memcpy(stamp, at, (size_t)(end - at));
	state_heed(l, stamp);
}

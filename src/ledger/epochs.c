/*
 * The chain of keys. An epoch record alone proves nothing: it counts when the checkpoint behind it bears the
 * signatures of who hands over and of who takes over. So a walk asks at each checkpoint who must have signed it,
 * and a key is never believed for a size that is not its own: not a former one, not a later one.
 */
#include "ledger/epochs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static int grow(struct epochs *s, struct err *e)
{
	size_t wanted = s->room ? s->room * 2 : 4;
	void *more;

	if (s->count < s->room)
		return 0;
	more = realloc(s->all, wanted * sizeof(s->all[0]));
	if (!more)
		return err_sys(e, "memory for epochs");
	s->all = more;
	s->room = wanted;
	return 0;
}

int epochs_begin(struct epochs *out, const struct seal_verifier *root, struct err *e)
{
	struct epochs s = { .count = 0 };

	if (grow(&s, e) < 0)
		return -1;
	must(s.all);
	s.all[s.count++] = (struct epoch){ .key = *root };
	*out = s;
	return 0;
}

void epochs_free(struct epochs *s)
{
	free(s->all);
	free(s->slots);
	*s = (struct epochs){ 0 };
}

void epochs_forget(struct epochs *s)
{
	free(take(&s->slots));
	s->slot_count = s->slotted = 0;
	s->count = s->count > 0;
	s->handing = false;
}

/* Where the epoch of this key is, or would be. Keys that crowd there take much work to find: the id is of a digest. */
static uint32_t *slot_of(const struct epochs *s, const struct seal_verifier *key)
{
	size_t at;

	/* bits enough for twice EPOCHS_MOST */
	for (at = (size_t)key->id[0] << 16 | (size_t)key->id[1] << 8 | key->id[2];; at++) {
		at &= s->slot_count - 1;
		if (!s->slots[at] || memcmp(s->all[s->slots[at] - 1].key.key, key->key, sizeof(key->key)) == 0)
			return &s->slots[at];
	}
}

/* At most half of them are taken; who has the epochs from a state has none yet. */
static int fill_slots(struct epochs *s, struct err *e)
{
	size_t wanted = s->slot_count ? s->slot_count : 16;

	while (wanted < s->count * 2)
		wanted *= 2;
	if (wanted != s->slot_count) {
		free(s->slots);
		s->slots = calloc(wanted, sizeof(*s->slots));
		s->slot_count = s->slots ? wanted : 0;
		s->slotted = 0;
	}
	if (!s->slots)
		return err_sys(e, "memory for epochs");
	for (; s->slotted < s->count; s->slotted++)
		*slot_of(s, &s->all[s->slotted].key) = (uint32_t)s->slotted + 1;
	return 0;
}

static int read_key(struct epoch *out, struct epochs *s, const struct record *r, struct err *e)
{
	const struct field_value *key = &r->value[FIELD_KEY], *time = &r->value[FIELD_TIME];
	char again[SEAL_VERIFIER_TEXT];
	uint32_t had;

	if (!key->set || seal_verifier_read(&out->key, key->text, key->size, e) < 0)
		return err_set(e, ERR_INPUT, "an epoch without a key that can be read");
	seal_verifier_text(again, &out->key);
	if (strlen(again) != key->size || memcmp(again, key->text, key->size) != 0)
		return err_set(e, ERR_INPUT, "its key is not in the one form that a key has");
	if (strcmp(out->key.name, s->all[0].key.name) != 0)
		return err_set(e, ERR_INPUT, "its key has the name of another ledger");
	if (fill_slots(s, e) < 0)
		return -1;
	had = *slot_of(s, &out->key);
	if (had)
		return err_set(e, ERR_INPUT, "its key is that of epoch %" PRIu32, had - 1);
	if (!time->set || !clock_stamp_read(&out->wall_us, time->text, time->size))
		return err_set(e, ERR_INPUT, "an epoch without a time");
	return 0;
}

/* The epoch that it revokes; NULL: none. Never the root, never for records before its own. */
static int read_revoked(struct epoch **out, struct epochs *s, const struct record *r, uint64_t index, struct err *e)
{
	const struct field_value *which = &r->value[FIELD_REVOKED], *since = &r->value[FIELD_SINCE];
	struct epoch *x;

	*out = NULL;
	if (!which->set && !since->set)
		return 0;
	if (!which->set || !since->set || which->number == 0 || which->number >= s->count)
		return err_set(e, ERR_INPUT, "it revokes no epoch that there was");
	x = &s->all[which->number];
	if (x->revoked || since->number < x->size || since->number > index)
		return err_set(e, ERR_INPUT, "it revokes epoch %" PRIu64 " again, or for records that are not its own", which->number);
	*out = x;
	return 0;
}

static int take_epoch(struct epochs *s, const struct frame *f, const struct record *r, struct err *e)
{
	const struct field_value *number = &r->value[FIELD_EPOCH], *former = &r->value[FIELD_FORMER];
	struct epoch next = { .record = f->index, .size = f->index + 1 }, *revoked;

	if (r->kind != RECORD_EPOCH || !number->set || number->number != s->count)
		return err_set(e, ERR_INPUT, "it is not epoch %zu, which is the next", s->count);
	if (former->set != (s->count > 1) || (former->set && former->number != epochs_now(s)->record))
		return err_set(e, ERR_INPUT, "it does not name the epoch before");
	if (s->count >= EPOCHS_MOST)
		return err_set(e, ERR_LIMIT, "a ledger has %d epochs at most", EPOCHS_MOST);
	if (read_key(&next, s, r, e) < 0 || grow(s, e) < 0 || read_revoked(&revoked, s, r, f->index, e) < 0)
		return -1;
	if (revoked) {
		revoked->revoked = f->index;
		revoked->since = r->value[FIELD_SINCE].number;
		next.by_root = true;
	}
	s->all[s->count++] = next;
	s->handing = true;
	return 0;
}

static int read_epoch(struct epochs *s, const struct frame *f, struct err *e)
{
	char room[RECORD_MOST];
	struct record r;

	return entry_read(&r, room, f->body, f->size, e) < 0 ? -1 : take_epoch(s, f, &r, e);
}

int epochs_take(struct epochs *s, const struct frame *f, struct err *e)
{
	if (s->handing)
		return err_set(e, ERR_INPUT, "it stands between epoch %zu and the checkpoint that hands over to it", s->count - 1);
	return f->kind == RECORD_EPOCH ? read_epoch(s, f, e) : 0;
}

/* The last whose checkpoint is not behind this one. Sizes ascend. */
static size_t epoch_at(const struct epochs *s, uint64_t size)
{
	size_t low = 0, high = s->count, middle;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (s->all[middle].size <= size)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void epochs_due(struct epochs_due *out, const struct epochs *s, uint64_t size)
{
	size_t at = epoch_at(s, size);

	out->count = 0;
	if (at > 0 && s->all[at].size == size)
		out->by[out->count++] = s->all[s->all[at].by_root ? 0 : at - 1].key;
	out->by[out->count++] = s->all[at].key;
}

void epochs_pass(struct epochs_due *out, struct epochs *s, uint64_t size)
{
	epochs_due(out, s, size);
	s->handing = false;
}

int epochs_open_due(struct checkpoint *out, const struct epochs_due *due, const char *note, size_t size, struct err *e)
{
	struct checkpoint c = { .size = 0 };
	size_t i;

	must(due->count > 0);
	for (i = 0; i < due->count; i++)
		if (checkpoint_open(&c, &due->by[i], note, size, e) < 0)
			return due->count > 1 ? err_in(e, i ? "by the epoch that begins" : "by who hands over") : -1;
	*out = c;
	return 0;
}

int epochs_note(struct checkpoint *out, struct epochs *s, uint64_t records, const char *note, size_t size, struct err *e)
{
	struct epochs_due due;
	struct checkpoint c;

	epochs_pass(&due, s, records);
	if (epochs_open_due(&c, &due, note, size, e) < 0)
		return -1;
	if (c.size != records)
		return err_set(e, ERR_INPUT, "a checkpoint over %" PRIu64 " records behind %" PRIu64, c.size, records);
	*out = c;
	return 0;
}

/* What it says of its size is not believed, only looked up: the signature covers it. */
int epochs_open(struct checkpoint *out, const struct epochs *s, const char *note, size_t size, struct err *e)
{
	const char *line = memchr(note, '\n', size), *end = note + size;
	struct epochs_due due;
	uint64_t said = 0;

	for (line = line ? line + 1 : end; line < end && *line >= '0' && *line <= '9'; line++)
		said = said * 10 + (uint64_t)(*line - '0');
	epochs_due(&due, s, said);
	return epochs_open_due(out, &due, note, size, e);
}

enum { SET_BACK_US = 60000000 };	/* clocks that are kept right go back by less */

uint64_t epochs_left_us(const struct epochs *s, uint64_t wall_us, uint64_t every_us)
{
	uint64_t began = epochs_now(s)->wall_us, over = began + every_us;

	if (wall_us < began)
		return began - wall_us > SET_BACK_US ? 0 : every_us;
	return wall_us < over ? over - wall_us : 0;
}

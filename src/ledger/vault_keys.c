/*
 * The file of keys: slots of one size, each with one key or one hold, under the vault's own key. A key is destroyed
 * by zeros written over its slot, so nothing here is ever moved, appended or renamed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/vault_store.h"

static const char MARK[4] = { 'R', 'v', 'K', '1' };

enum { AT_TYPE = 4, AT_CLASS = 5, AT_FIRST = 8, AT_LAST = 12, AT_INDEX = 16 };

static void put(uint8_t *out, uint64_t number, size_t bytes)
{
	for (; bytes > 0; bytes--, number >>= 8)
		*out++ = (uint8_t)number;
}

static uint64_t get(const uint8_t *from, size_t bytes)
{
	uint64_t number = 0;

	while (bytes > 0)
		number = number << 8 | from[--bytes];
	return number;
}

static void head_write(uint8_t out[SLOT], const struct slot *s)
{
	memset(out, 0, SLOT);
	memcpy(out, MARK, sizeof(MARK));
	out[AT_TYPE] = s->type;
	out[AT_CLASS] = s->class;
	put(out + AT_FIRST, s->first, 4);
	put(out + AT_LAST, s->last, 4);
	put(out + AT_INDEX, s->index, 8);
}

/* Durable on return. v->secret->room is what is sealed in it. */
static int slot_write(struct vault *v, size_t n, const struct slot *s, struct err *e)
{
	uint8_t bytes[SLOT], with[BLOB_BOUND + SEAL_NAME];
	size_t bound;

	head_write(bytes, s);
	bound = vault_bind(with, bytes, SLOT_BOUND, v->origin);
	box_close(bytes + SLOT_BOUND, v->secret->key, v->secret->room, SLOT_TEXT, with, bound);
	box_wipe(v->secret->room, SLOT_TEXT);
	if (vault_write(v, v->keys, bytes, SLOT, n * SLOT, e) < 0)
		return -1;
	if (v->disk->sync(v->keys) < 0) {
		v->poisoned = true;
		return err_sys(e, "the disk did not take the vault's keys (fdatasync)");
	}
	v->slots[n] = *s;
	if (n == v->slot_count)
		v->slot_count++;
	return 0;
}

static int free_slot(size_t *out, const struct vault *v, struct err *e)
{
	size_t i;

	for (i = 1; i < v->slot_count && v->slots[i].type != SLOT_FREE; i++)
		;
	if (i >= VAULT_SLOTS)
		return err_set(e, ERR_LIMIT, "the vault has %d keys and holds, and takes no more; purge old payloads",
			       VAULT_SLOTS);
	*out = i;
	return 0;
}

/* --- holds in memory --- */

static int keep_hold(struct vault *v, const struct vault_hold *h, struct err *e)
{
	size_t wanted = v->hold_room ? v->hold_room * 2 : 16;
	struct vault_hold *more;

	if (v->hold_count == v->hold_room) {
		more = reallocarray(v->holds, wanted, sizeof(*more));
		if (!more)
			return err_sys(e, "memory for holds");
		v->holds = more;
		v->hold_room = wanted;
	}
	v->holds[v->hold_count++] = *h;
	return 0;
}

const struct vault_hold *vault_hold_at(const struct vault *v, size_t i)
{
	return i < v->hold_count ? &v->holds[i] : NULL;
}

static uint64_t held_by(const struct vault *v, unsigned class, unsigned day)
{
	const struct vault_hold *h;

	for (h = v->holds; h < v->holds + v->hold_count; h++)
		if ((h->class == VAULT_CLASSES || h->class == class) && h->first <= day && day <= h->last)
			return h->index;
	return 0;
}

/* --- reading them --- */

static bool all_zero(const uint8_t *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Into v->secret->room; false: not what this key has sealed. */
static bool slot_open(struct vault *v, const uint8_t bytes[SLOT])
{
	uint8_t with[BLOB_BOUND + SEAL_NAME];
	size_t bound = vault_bind(with, bytes, SLOT_BOUND, v->origin);

	return box_open(v->secret->room, v->secret->key, bytes + SLOT_BOUND, SLOT - SLOT_BOUND, with, bound);
}

static int slot_take(struct vault *v, struct slot *s, const uint8_t bytes[SLOT], struct err *e)
{
	struct vault_hold h;

	*s = (struct slot){ bytes[AT_TYPE], bytes[AT_CLASS], (uint32_t)get(bytes + AT_FIRST, 4),
			    (uint32_t)get(bytes + AT_LAST, 4), get(bytes + AT_INDEX, 8) };
	if (all_zero(bytes, SLOT))
		return 0;
	if (memcmp(bytes, MARK, sizeof(MARK)) != 0 || !slot_open(v, bytes)) {
		s->type = SLOT_UNREADABLE;
		return 0;
	}
	h = (struct vault_hold){ .index = s->index, .class = (enum vault_class)s->class, .first = s->first, .last = s->last };
	memcpy(h.why, v->secret->room, sizeof(h.why) - 1);
	box_wipe(v->secret->room, SLOT_TEXT);
	return s->type == SLOT_HOLD ? keep_hold(v, &h, e) : 0;
}

static int begin(struct vault *v, struct err *e)
{
	const struct slot origin = { .type = SLOT_ORIGIN };

	return slot_write(v, 0, &origin, e);
}

int keys_open(struct vault *v, bool fresh, struct err *e)
{
	uint8_t bytes[SLOT];
	struct stat st;
	size_t i;

	if (fstat(v->keys, &st) < 0)
		return err_sys(e, "the vault's keys");
	if (st.st_size > (off_t)VAULT_SLOTS * SLOT)
		return err_set(e, ERR_INPUT, "vault.keys is larger than it can be; restore it from a backup");
	for (i = 0; i < (size_t)st.st_size / SLOT; i++) {
		if (vault_read(v->keys, bytes, SLOT, i * SLOT) < 0)
			return err_sys(e, "read the vault's keys");
		if (slot_take(v, &v->slots[i], bytes, e) < 0)
			return -1;
	}
	v->slot_count = i;
	if (fresh && i <= 1 && (i == 0 || v->slots[0].type != SLOT_ORIGIN))
		return begin(v, e);
	if (fresh && i > 1)
		return err_set(e, ERR_INPUT, "the file \"vault\" is missing though \"vault.keys\" has keys; restore it from a backup");
	if (i == 0)
		return err_set(e, ERR_INPUT, "the file \"vault.keys\" is missing or empty though \"vault\" has payloads; restore it from a backup");
	if (v->slots[0].type != SLOT_ORIGIN)
		return err_set(e, ERR_INPUT, "the vault's key is not the one of this vault, or belongs to another ledger; restore it from a backup");
	return 0;
}

/* --- keys of days --- */

static size_t find(const struct vault *v, enum vault_class class, unsigned day)
{
	size_t i;

	for (i = v->slot_count; i-- > 1;)
		if (v->slots[i].type == SLOT_KEY && v->slots[i].class == (uint8_t)class && v->slots[i].first == day)
			return i;
	return 0;
}

static int make(struct vault *v, const struct blob *b, struct err *e)
{
	const struct slot s = { SLOT_KEY, (uint8_t)b->class, b->day, b->day, b->index };
	enum vault_class class = b->class;
	size_t n;

	if (free_slot(&n, v, e) < 0)
		return -1;
	seal_random(v->secret->day[class].key, BOX_KEY);
	v->secret->day[class].slot = 0;
	memcpy(v->secret->room, v->secret->day[class].key, BOX_KEY);
	if (slot_write(v, n, &s, e) < 0)
		return -1;
	v->secret->day[class].slot = n;
	return 0;
}

static int fetch(struct vault *v, enum vault_class class, size_t n, struct err *e)
{
	uint8_t bytes[SLOT];

	v->secret->day[class].slot = 0;
	if (vault_read(v->keys, bytes, SLOT, n * SLOT) < 0)
		return err_sys(e, "read the vault's keys");
	if (!slot_open(v, bytes))
		return err_set(e, ERR_INPUT, "a key of the vault is damaged");
	memcpy(v->secret->day[class].key, v->secret->room, BOX_KEY);
	box_wipe(v->secret->room, SLOT_TEXT);
	v->secret->day[class].slot = n;
	return 0;
}

int keys_of(uint8_t **out, bool *there, struct vault *v, const struct blob *b, bool make_one, struct err *e)
{
	size_t n = v->secret->day[b->class].slot;
	int done = 0;

	*out = v->secret->day[b->class].key;
	if (!n || v->slots[n].first != b->day) {
		n = find(v, b->class, b->day);
		if (n)
			done = fetch(v, b->class, n, e);
		else if (make_one)
			done = make(v, b, e);
	}
	n = v->secret->day[b->class].slot;
	*there = done == 0 && n && v->slots[n].first == b->day && (make_one || v->slots[n].index <= b->index);
	return done;
}

/* --- destruction --- */

static int by_day(const void *a, const void *b)
{
	const struct vault_day *one = a, *other = b;

	return one->day < other->day ? -1 : one->day > other->day;
}

int vault_days(struct vault_day **out, size_t *count, const struct vault *v, enum vault_class class, unsigned last,
	       struct err *e)
{
	const struct slot *s;
	size_t i, n = 0;

	*out = calloc(v->slot_count + 1, sizeof(**out));
	if (!*out)
		return err_sys(e, "memory for days");
	for (i = 1; i < v->slot_count; i++) {
		s = &v->slots[i];
		if (s->type == SLOT_KEY && s->class == (uint8_t)class && s->first <= last)
			(*out)[n++] = (struct vault_day){ class, s->first, held_by(v, class, s->first) };
	}
	qsort(*out, n, sizeof(**out), by_day);
	*count = n;
	return 0;
}

static int wipe(struct vault *v, size_t n, struct err *e)
{
	static const uint8_t zeros[SLOT];
	int class;

	for (class = 0; class < VAULT_CLASSES; class++)
		if (v->secret->day[class].slot == n) {
			box_wipe(v->secret->day[class].key, BOX_KEY);
			v->secret->day[class].slot = 0;
		}
	if (vault_write(v, v->keys, zeros, SLOT, n * SLOT, e) < 0)
		return -1;
	v->slots[n] = (struct slot){ 0 };
	return 0;
}

static int sync_keys(struct vault *v, struct err *e)
{
	if (v->disk->sync(v->keys) == 0)
		return 0;
	v->poisoned = true;
	return err_sys(e, "the disk did not take the destruction of keys (fdatasync)");
}

int vault_destroy(size_t *count, struct vault *v, enum vault_class class, unsigned last, struct err *e)
{
	const struct slot *s;
	size_t i, n = 0;

	for (i = 1; i < v->slot_count; i++) {
		s = &v->slots[i];
		if (s->type != SLOT_KEY || s->class != (uint8_t)class || s->first > last ||
		    held_by(v, class, s->first))
			continue;
		if (wipe(v, i, e) < 0)
			return -1;
		n++;
	}
	*count = n;
	if (n == 0)
		return 0;
	if (sync_keys(v, e) < 0)
		return -1;
	vault_punch(v, class, last);
	return 0;
}

int vault_hold(struct vault *v, const struct vault_hold *hold, struct err *e)
{
	const struct slot s = { SLOT_HOLD, (uint8_t)hold->class, hold->first, hold->last, hold->index };
	size_t n;

	if (free_slot(&n, v, e) < 0 || keep_hold(v, hold, e) < 0)
		return -1;
	memcpy(v->secret->room, hold->why, sizeof(hold->why));
	if (slot_write(v, n, &s, e) == 0)
		return 0;
	v->hold_count--;
	return -1;
}

static size_t hold_slot(const struct vault *v, uint64_t index)
{
	size_t i;

	for (i = 1; i < v->slot_count; i++)
		if (v->slots[i].type == SLOT_HOLD && v->slots[i].index == index)
			return i;
	return 0;
}

int vault_release(struct vault *v, uint64_t index, struct err *e)
{
	size_t n = hold_slot(v, index), i;

	if (n == 0)
		return err_set(e, ERR_INPUT, "there is no hold %" PRIu64, index);
	if (wipe(v, n, e) < 0 || sync_keys(v, e) < 0)
		return -1;
	for (i = 0; i < v->hold_count && v->holds[i].index != index; i++)
		;
	if (i < v->hold_count)
		v->holds[i] = v->holds[--v->hold_count];
	return 0;
}

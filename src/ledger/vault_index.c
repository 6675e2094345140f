/* Which payload lies where. Nobody asks in most runs, so the heads are read when somebody first does. */
#include <fcntl.h>
#include <stdlib.h>

#include "ledger/vault_store.h"

static bool grow(struct vault *v)
{
	size_t wanted = v->entry_room ? v->entry_room * 2 : 1024;
	struct vault_entry *more;

	if (v->entry_count < v->entry_room)
		return true;
	more = reallocarray(v->entries, wanted, sizeof(*more));
	if (!more)
		return false;
	v->entries = more;
	v->entry_room = wanted;
	return true;
}

/* Without memory it is forgotten, and read again when somebody asks. */
static void add(struct vault *v, uint64_t index, uint64_t offset)
{
	if (!grow(v)) {
		v->listed = false;
		return;
	}
	v->sorted &= v->entry_count == 0 || v->entries[v->entry_count - 1].index < index;
	v->entries[v->entry_count++] = (struct vault_entry){ index, offset };
}

void index_add(struct vault *v, uint64_t index, uint64_t offset)
{
	if (v->listed)
		add(v, index, offset);
}

static int by_index(const void *a, const void *b)
{
	const struct vault_entry *one = a, *other = b;

	if (one->index != other->index)
		return one->index < other->index ? -1 : 1;
	return one->offset < other->offset ? -1 : one->offset > other->offset;
}

static void list(struct vault *v)
{
	uint64_t at = VAULT_MAGIC;
	struct blob b;

	v->entry_count = 0;
	v->listed = v->sorted = true;
	for (; v->listed && blob_next(&b, &at, v->data, v->end); at += blob_whole(b.size))
		add(v, b.index, at);
}

/* How many are of records before this one. */
static size_t before(struct vault *v, uint64_t index)
{
	size_t low = 0, high, middle;

	if (!v->listed)
		list(v);
	if (!v->sorted)
		qsort(v->entries, v->entry_count, sizeof(*v->entries), by_index);
	v->sorted = true;
	for (high = v->entry_count; low < high;) {
		middle = low + (high - low) / 2;
		if (v->entries[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool vault_next(uint64_t *index, struct vault *v, uint64_t from)
{
	size_t n = before(v, from);

	if (n == v->entry_count)
		return false;
	*index = v->entries[n].index;
	return true;
}

/* Of two of one record the later counts: before it the recorder ended, and that record was never written. */
bool index_find(uint64_t *offset, struct vault *v, uint64_t index)
{
	size_t n = before(v, index + 1);

	if (n == 0 || v->entries[n - 1].index != index)
		return false;
	*offset = v->entries[n - 1].offset;
	return true;
}

/* Also the key of a day that came again is none of what was destroyed before. */
static bool has_key(const struct vault *v, const struct blob *b)
{
	const struct slot *s;

	for (s = v->slots; s < v->slots + v->slot_count; s++)
		if (s->type == SLOT_KEY && s->class == b->class && s->first == b->day && s->index <= b->index)
			return true;
	return false;
}

/* Heads stay, so that what lies behind is found. Where a disk cannot do it, unreadable bytes stay too. */
void vault_punch(struct vault *v, enum vault_class class, unsigned last)
{
	uint64_t at = VAULT_MAGIC;
	struct blob b;

	for (; blob_next(&b, &at, v->data, v->end); at += blob_whole(b.size)) {
		if (b.class != class || b.day > last || has_key(v, &b))
			continue;
		if (v->disk->allocate(v->data, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(at + BLOB_HEAD),
				      (off_t)(b.size + BLOB_OVER - BLOB_HEAD)) < 0)
			return;
	}
}

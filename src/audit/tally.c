/* Counting by hashing: open addressing, half full at most. */
#include <stdlib.h>
#include <string.h>

#include "audit/tally.h"
#include "base/text.h"

enum { SHOWN = 10 };

static uint32_t hash(const char *text, size_t size)
{
	uint32_t h = 2166136261u;

	for (; size > 0; size--)
		h = (h ^ (uint8_t)*text++) * 16777619u;
	return h;
}

int tally_add(struct tally *t, const char *text, size_t size, struct err *e)
{
	size_t i = hash(text, size) & (TALLY_SLOTS - 1);

	if (size == 0)
		return 0;
	while (t->slots[i].text && (strlen(t->slots[i].text) != size || memcmp(t->slots[i].text, text, size) != 0))
		i = (i + 1) & (TALLY_SLOTS - 1);
	if (!t->slots[i].text && t->used >= TALLY_SLOTS / 2) {
		t->others++;
		return 0;
	}
	if (!t->slots[i].text) {
		t->slots[i].text = strndup(text, size);
		if (!t->slots[i].text)
			return err_sys(e, "memory for counting");
		t->used++;
	}
	t->slots[i].count++;
	return 0;
}

int tally_field(struct tally *t, const struct joined *j, enum field f, struct err *e)
{
	const struct field_value *v = joined_value(j, f);
	const char *at = v->text, *end = v->text + v->size;

	if (!v->set)
		return 0;
	if (field_info(f)->type != FIELD_TYPE_LIST)
		return tally_add(t, v->text, v->size, e);
	for (; at < end; at += strlen(at) + 1)
		if (tally_add(t, at, strlen(at), e) < 0)
			return -1;
	return 0;
}

static int by_count(const void *a, const void *b)
{
	const struct counted *one = a, *other = b;

	if (one->count != other->count)
		return one->count < other->count ? 1 : -1;
	if (!one->text || !other->text)
		return one->text ? -1 : other->text ? 1 : 0;
	return strcmp(one->text, other->text);
}

void tally_sort(struct tally *t)
{
	qsort(t->slots, TALLY_SLOTS, sizeof(*t->slots), by_count);
}

void tally_tell(struct buf *out, const struct tally *t, uint64_t least)
{
	char count[32];
	size_t i, shown = 0;

	for (i = 0; i < TALLY_SLOTS && t->slots[i].text && t->slots[i].count >= least && shown < SHOWN; i++, shown++) {
		count_text(count, t->slots[i].count);
		if (shown == 0)
			buf_printf(out, "\n%s\n", t->title);
		buf_printf(out, "  %10s  ", count);
		text_visible(out, t->slots[i].text, text_cut(t->slots[i].text, strlen(t->slots[i].text), 64));
		buf_puts(out, "\n");
	}
	if (shown == SHOWN && t->used > SHOWN)
		buf_printf(out, "              and %zu more\n", t->used - SHOWN);
}

json_t *tally_json(const struct tally *t)
{
	json_t *all = json_object();
	size_t n;

	for (n = 0; n < TALLY_SLOTS && t->slots[n].text; n++)
		json_object_set_new(all, t->slots[n].text, json_integer((json_int_t)t->slots[n].count));
	return all;
}

int tally_begin(struct tally *t, const char *title, struct err *e)
{
	t->title = title;
	t->slots = calloc(TALLY_SLOTS, sizeof(*t->slots));
	return t->slots ? 0 : err_sys(e, "memory for counting");
}

void tally_free(struct tally *t)
{
	size_t n;

	for (n = 0; t->slots && n < TALLY_SLOTS; n++)
		free(t->slots[n].text);
	free(t->slots);
}

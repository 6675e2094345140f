#include "cli/review.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static void told_free(struct told *t)
{
	size_t f;

	for (f = 0; f < FIELDS; f++)
		free(t->text[f]);
	free(t->line);
}

void held_free(struct held *h)
{
	size_t i;

	if (!h)
		return;
	for (i = 0; i < h->decided_count; i++)
		told_free(&h->decided[i]);
	free(h->decided);
	told_free(&h->told);
	free(h);
}

/* On failure what it has so far is still to be freed. */
static int told_read(struct told *t, const char *line, size_t size, struct err *e)
{
	const struct field_value *v;
	size_t f;

	if (entry_read(&t->record, t->room, line, size, e) < 0)
		return err_in(e, "what the recorder tells");
	t->line = strndup(line, size);
	t->size = size;
	for (f = 0; t->line && f < FIELDS; f++) {
		v = &t->record.value[f];
		if (!v->set || field_info((enum field)f)->type != FIELD_TYPE_TEXT)
			continue;
		t->text[f] = strndup(v->text, v->size);
		if (!t->text[f])
			return err_sys(e, "memory for a record");
	}
	return t->line ? 0 : err_sys(e, "memory for a record");
}

int held_read(struct held **out, const struct stands *s, struct err *e)
{
	scoped(held) struct held *h = calloc(1, sizeof(*h));
	size_t i;

	if (!h || !(h->decided = calloc(s->count + 1, sizeof(*h->decided))))
		return err_sys(e, "memory for a held call");
	if (told_read(&h->told, s->held, s->size, e) < 0)
		return -1;
	if (h->told.record.kind != RECORD_HELD)
		return err_set(e, ERR_PEER, "the recorder tells of something that is no held call");
	h->index = h->told.record.value[FIELD_N].number;
	h->state = s->state;
	h->left_s = s->left_s;
	h->read_ns = clock_mono_ns();
	for (i = 0; i < s->count; i++) {
		h->decided_count++;
		if (told_read(&h->decided[i], s->decisions[i].line, s->decisions[i].size, e) < 0)
			return -1;
	}
	*out = take(&h);
	return 0;
}

const char *told_text(const struct told *t, enum field f)
{
	return t->text[f] ? t->text[f] : "";
}

const char *held_text(const struct held *h, enum field f)
{
	return told_text(&h->told, f);
}

uint64_t held_left(const struct held *h)
{
	uint64_t gone = (clock_mono_ns() - h->read_ns) / 1000000000;

	return gone < h->left_s ? h->left_s - gone : 0;
}

bool held_is_open(const struct held *h)
{
	return h->state == HOLD_WAITING || h->state == HOLD_APPROVED;
}

const char *list_next(const struct field_value *v, size_t *at)
{
	const char *item = v->text + *at;

	if (!v->set || *at >= v->size)
		return NULL;
	*at += strlen(item) + 1;
	return item;
}

const char *span_text(char out[SPAN], uint64_t seconds)
{
	if (seconds < 60)
		snprintf(out, SPAN, "%" PRIu64 "s", seconds);
	else if (seconds < 3600)
		snprintf(out, SPAN, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
	else if (seconds < 86400)
		snprintf(out, SPAN, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600, seconds / 60 % 60);
	else
		snprintf(out, SPAN, "%" PRIu64 "d%02" PRIu64 "h", seconds / 86400, seconds / 3600 % 24);
	return out;
}

/* "NEED COUNT SECONDS NAME NAME ..." */
static bool names(const char *item, const char *name)
{
	size_t size = strlen(name), step;
	unsigned skip = 3;

	for (; *item; item += step + (item[step] == ' ')) {
		step = strcspn(item, " ");
		if (skip > 0)
			skip--;
		else if (step == size && memcmp(item, name, size) == 0)
			return true;
	}
	return false;
}

bool held_asks(const struct held *h, const char *name)
{
	const char *item;
	size_t at = 0;

	while ((item = list_next(&h->told.record.value[FIELD_ASKED_OF], &at)))
		if (names(item, name))
			return true;
	return false;
}

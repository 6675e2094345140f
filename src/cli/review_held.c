#include "cli/review.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

void held_free(struct held *h)
{
	size_t i;

	for (i = 0; h && i < h->decided_count; i++)
		free(h->decided[i].line);
	if (h) {
		free(h->decided);
		free(h->line);
	}
	free(h);
}

static int read_decided(struct decided *d, const char *line, size_t size, struct err *e)
{
	if (entry_read(&d->record, d->room, line, size, e) < 0)
		return err_in(e, "a decision that the recorder tells of");
	d->index = d->record.value[FIELD_N].number;
	d->line = strndup(line, size);
	d->size = size;
	return d->line ? 0 : err_sys(e, "memory for a decision");
}

int held_read(struct held **out, const struct stands *s, struct err *e)
{
	scoped(held) struct held *h = calloc(1, sizeof(*h));

	if (!h || !(h->line = strndup(s->held, s->size)) || !(h->decided = calloc(s->count + 1, sizeof(*h->decided))))
		return err_sys(e, "memory for a held call");
	h->size = s->size;
	if (entry_read(&h->record, h->room, s->held, s->size, e) < 0)
		return err_in(e, "a held call that the recorder tells of");
	if (h->record.kind != RECORD_HELD)
		return err_set(e, ERR_PEER, "the recorder tells of something that is no held call");
	h->index = h->record.value[FIELD_N].number;
	h->state = s->state;
	h->left_s = s->left_s;
	h->read_ns = clock_mono_ns();
	for (; h->decided_count < s->count; h->decided_count++)
		if (read_decided(&h->decided[h->decided_count], s->decisions[h->decided_count].line,
				 s->decisions[h->decided_count].size, e) < 0)
			return -1;
	*out = take(&h);
	return 0;
}

const char *held_text(const struct held *h, enum field f)
{
	const struct field_value *v = &h->record.value[f];

	return v->set && v->text ? v->text : "";
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

	while ((item = list_next(&h->record.value[FIELD_ASKED_OF], &at)))
		if (names(item, name))
			return true;
	return false;
}

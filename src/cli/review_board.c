#include "cli/review.h"

#include <stdlib.h>
#include <string.h>

static size_t place_of(const struct board *b, uint64_t index)
{
	size_t i = 0;

	while (i < b->count && b->at[i]->index < index)
		i++;
	return i;
}

const struct held *board_find(const struct board *b, uint64_t index)
{
	size_t i = place_of(b, index);

	return i < b->count && b->at[i]->index == index ? b->at[i] : NULL;
}

static bool make_room(struct board *b)
{
	size_t room = b->room ? 2 * b->room : 32;
	struct held **more;

	if (b->count < b->room)
		return true;
	more = b->count < BOARD_MOST ? realloc(b->at, room * sizeof(struct held *)) : NULL;
	if (!more)
		return false;
	b->at = more;
	b->room = room;
	return true;
}

bool board_take(struct board *b, struct held **h)
{
	size_t i = place_of(b, (*h)->index);
	struct held *old = i < b->count && b->at[i]->index == (*h)->index ? b->at[i] : NULL;
	bool news = !old || old->state != (*h)->state || old->decided_count != (*h)->decided_count;

	if (!old && !make_room(b))
		return true; /* it stays its giver's: told once, and not kept */
	if (!old) {
		memmove(b->at + i + 1, b->at + i, (b->count - i) * sizeof(struct held *));
		b->count++;
	}
	b->at[i] = take(h);
	held_free(old);
	return news;
}

void board_settle(struct board *b)
{
	size_t i, kept = 0;

	for (i = 0; i < b->count; i++) {
		if (held_is_open(b->at[i]))
			b->at[kept++] = b->at[i];
		else
			held_free(b->at[i]);
	}
	b->count = kept;
}

void board_free(struct board *b)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		held_free(b->at[i]);
	free(b->at);
	*b = (struct board){ 0 };
}

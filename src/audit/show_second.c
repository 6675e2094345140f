/* What was told to whom else, and who could not be. */
#include <inttypes.h>

#include "audit/show.h"

void show_anchor(struct show *s, const struct record *r)
{
	bool of_another = r->value[FIELD_OF].set;

	put_clock(s, r);
	put_word(s, DIM, "anchor");
	put(s, r, of_another ? FIELD_OF : FIELD_WITNESS, 100);
	buf_printf(&s->line, of_another ? " has %" PRIu64 " records" : " was told of %" PRIu64 " records", r->value[FIELD_UPTO].number);
	buf_puts(&s->line, r->value[FIELD_COSIGNATURE].set ? ", and signed" : "");
	if (r->value[FIELD_FORMER].set)
		buf_printf(&s->line, "; the gap of %" PRIu64 " is over", r->value[FIELD_FORMER].number);
	buf_puts(&s->line, "\n");
}

void show_gap(struct show *s, const struct record *r)
{
	put_clock(s, r);
	put_word(s, YELLOW, "gap");
	put(s, r, FIELD_WITNESS, 100);
	buf_printf(&s->line, " cannot be told, since record %" PRIu64, r->value[FIELD_SINCE].number);
	if (r->value[FIELD_COUNT].number > 1)
		buf_printf(&s->line, ", for the %" PRIu64 "th time", r->value[FIELD_COUNT].number);
	buf_puts(&s->line, "\n");
	put_member(s, r, FIELD_WHY, "why");
}

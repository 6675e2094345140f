#include <inttypes.h>
#include <string.h>

#include "audit/ask.h"
#include "audit/show.h"
#include "base/text.h"

enum { COLUMN = 62 };	/* behind the names of a run's members, for 80 */

void put_paint(struct show *s, enum paint p)
{
	static const char *const codes[PAINTS] = {
		"\033[0m", "\033[2m", "\033[1m", "\033[32m", "\033[1;31m", "\033[33m",
	};

	if (s->color)
		buf_puts(&s->line, codes[p]);
}

void put(struct show *s, const struct record *r, enum field f, size_t most)
{
	scoped(buf) struct buf shown = BUF(8ul * RECORD_MOST);
	const struct field_value *v = &r->value[f];
	size_t cut;

	if (!v->set)
		return;
	text_visible(&shown, v->text, v->size);
	cut = text_cut(shown.data, shown.size, most);
	buf_add(&s->line, shown.data, cut);
	if (cut < shown.size)
		buf_puts(&s->line, "\xe2\x80\xa6");
}

void put_word(struct show *s, enum paint p, const char *word)
{
	put_paint(s, p);
	buf_printf(&s->line, "%-7s", word);
	put_paint(s, PLAIN);
	buf_puts(&s->line, " ");
}

void put_clock(struct show *s, const struct record *r)
{
	put_paint(s, DIM);
	buf_printf(&s->line, "  %.8s %5" PRIu64 "  ", time_seen(r) + 11, r->value[FIELD_N].number);
	put_paint(s, PLAIN);
}

void put_duration(struct show *s, uint64_t us)
{
	if (us < 1000)
		buf_printf(&s->line, "%" PRIu64 " \xc2\xb5s", us);
	else if (us < 10000000)
		buf_printf(&s->line, "%" PRIu64 ".%" PRIu64 " ms", us / 1000, us / 100 % 10);
	else
		buf_printf(&s->line, "%" PRIu64 " s", us / 1000000);
}

/* Behind whose first half nobody looks; --json and who have it whole. */
static bool has_digest(const struct record *r, enum field f)
{
	return memmem(r->value[f].text, r->value[f].size, "sha256:", 7) != NULL;
}

void put_member(struct show *s, const struct record *r, enum field f, const char *name)
{
	if (!r->value[f].set)
		return;
	put_paint(s, DIM);
	buf_printf(&s->line, "    %-12s", name);
	put_paint(s, PLAIN);
	put(s, r, f, has_digest(r, f) ? COLUMN : 120);
	buf_puts(&s->line, "\n");
}

void put_list(struct show *s, const struct record *r, enum field f, const char *name,
		     const char *between)
{
	const struct field_value *v = &r->value[f];
	const char *at = v->text, *end = v->text + v->size;
	size_t used = 0, cut;

	for (; v->set && at < end; at += strlen(at) + 1) {
		if (used == 0 || used + strlen(at) + 2 > COLUMN) {
			put_paint(s, DIM);
			buf_printf(&s->line, "%s    %-12s", used ? "\n" : "", used ? "" : name);
			put_paint(s, PLAIN);
			used = 0;
		} else {
			buf_puts(&s->line, between);
		}
		cut = text_cut(at, strlen(at), COLUMN);
		text_visible(&s->line, at, cut);
		buf_puts(&s->line, at[cut] ? "\xe2\x80\xa6" : "");
		used += cut + 2;
	}
	if (used)
		buf_puts(&s->line, "\n");
}

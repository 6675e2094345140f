/* One line a place: "NAME HAD GAP PAID OUTAGES". What cannot be read is forgotten: the price is one more record of an outage. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "anchor/anchor.h"

enum { KNOWN_MOST = DUTIES * 256 };

static struct duty *duty_of(struct charge *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (strcmp(c->duties[i].name, name) == 0)
			return &c->duties[i];
	return NULL;
}

static void take_line(struct charge *c, const char *line)
{
	uint64_t had, gap, paid, outages;
	char name[SEAL_NAME];
	struct duty *d;

	if (sscanf(line, "%127s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, name, &had, &gap, &paid, &outages) != 5)
		return;
	d = duty_of(c, name);
	if (!d)
		return;
	d->had = had;
	d->gap = gap;
	d->down = d->missing = gap > 0;
	d->gaps_s = paid;
	d->outages = outages;
}

void known_read(struct charge *c)
{
	char text[KNOWN_MOST + 1], *line, *end;
	ssize_t got = c->known < 0 ? -1 : pread(c->known, text, KNOWN_MOST, 0);

	text[got > 0 ? got : 0] = '\0';
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		take_line(c, line);
	}
}

void known_write(const struct charge *c)
{
	scoped(buf) struct buf b = BUF(KNOWN_MOST);
	const struct duty *d;
	size_t i;

	for (i = 0; i < c->count; i++) {
		d = &c->duties[i];
		buf_printf(&b, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", d->name, d->had, d->gap, d->gaps_s,
			   d->outages);
	}
	if (c->known >= 0 && !b.over && pwrite(c->known, b.data, b.size, 0) == (ssize_t)b.size &&
	    ftruncate(c->known, (off_t)b.size) < 0)
		return;	/* nothing hangs on it */
}

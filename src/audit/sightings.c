/*
 * A ledger cannot show that it was cut short or written anew; who saw it longer, or other, can. A line of a log that anybody
 * may write to counts only with a signature by the ledger's key, so none can raise an alarm who could not sign.
 */
#include "audit/sightings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "ledger/epochs.h"

enum { LOST = 160 };

int sightings_add(struct sightings *s, const struct checkpoint *at, uint64_t where, const char *note, size_t size, struct err *e)
{
	size_t room = s->room ? s->room * 2 : 64;
	struct seen *more = s->count < s->room ? s->all : realloc(s->all, room * sizeof(*more));
	char *own = note ? strndup(note, size) : NULL;

	if (!more || (note && !own)) {
		s->all = more ? more : s->all;
		return err_sys(e, "memory for what was seen");
	}
	s->room = s->count < s->room ? s->room : room;
	s->all = more;
	s->all[s->count++] = (struct seen){ .at = *at, .where = where, .note = own };
	return 0;
}

static int take_line(struct sightings *s, const char *origin, const char *line, size_t size, uint64_t number, struct err *e)
{
	scoped(buf) struct buf note = BUF(SEAL_NOTE_MOST);
	struct link *link = NULL;
	struct sighting seen;

	if (!sighting_note(&note, line, size) || !sighting_read(&seen, note.data, note.size) || strcmp(seen.origin, origin) != 0 ||
	    seen.at.size == 0)
		return 0;
	if (sightings_add(s, &seen.at, number, note.data, note.size, e) < 0 || link_read(&link, origin, line, size, e) < 0)
		return -1;
	s->all[s->count - 1].link = link;
	s->link_count += link != NULL;
	return 0;
}

int sightings_read(struct sightings *s, const char *path, const char *origin, struct err *e)
{
	scoped(mem) char *text = NULL;
	const char *line, *end, *stop;
	uint64_t number = 0;
	size_t size;

	if (fd_read_file(&text, &size, path, SIGHTINGS_FILE, e) < 0)
		return err_in(e, "--second");
	s->from = path;
	s->unit = "line";
	for (line = text, stop = text + size; line < stop; line = end + 1) {
		end = memchr(line, '\n', (size_t)(stop - line));
		end = end ? end : stop;
		if (take_line(s, origin, line, (size_t)(end - line), ++number, e) < 0)
			return -1;
	}
	sightings_sort(s);
	s->links = calloc(s->link_count + 1, sizeof(struct link *));
	return s->links ? 0 : err_sys(e, "memory for handovers");
}

static int by_size(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->at.size != y->at.size)
		return (x->at.size > y->at.size) - (x->at.size < y->at.size);
	return (x->where > y->where) - (x->where < y->where);
}

void sightings_sort(struct sightings *s)
{
	if (s->count > 1)
		qsort(s->all, s->count, sizeof(*s->all), by_size);
	s->next = 0;
}

void sightings_pass(struct sightings *s, const struct tree *t)
{
	uint8_t root[SEAL_HASH];
	size_t first = s->next;

	for (; s->next < s->count && s->all[s->next].at.size == t->size; s->next++) {
		if (s->next == first)
			tree_root(root, t);
		s->all[s->next].held = memcmp(root, s->all[s->next].at.root, sizeof(root)) == 0;
	}
}

/*
 * What is longer than the ledger may be by an epoch that was rolled back with the rest: then by the handovers that the log has.
 * Where it lacks them, whoever handed over, the last epoch that is left or the root, signed a longer one too.
 */
static bool is_believed(const struct link **by_link, const struct sightings *all, const struct seen *s, const struct epochs *by,
			uint64_t records)
{
	struct err ignored = { .kind = ERR_NONE };
	struct checkpoint c;

	*by_link = NULL;
	if (!s->note)
		return true;
	if (epochs_open(&c, by, s->note, strlen(s->note), &ignored) == 0)
		return true;
	*by_link = links_sign(all, s);
	return *by_link || (s->at.size > records && checkpoint_open(&c, &by->all[0].key, s->note, strlen(s->note), &ignored) == 0);
}

static const char *whose(const struct link *by)
{
	return by && by->revoked ? " (by a revoked key: perhaps its thief)" : "";
}

static void say_fork(struct findings *f, const struct sightings *s, const struct seen *one, const struct link *by)
{
	if (f->integrity.bad)
		return;
	f->integrity.bad = true;
	finding_say(&f->integrity, "another history%s: the first %" PRIu64 " records are not those of %.120s, %s %" PRIu64, whose(by), one->at.size,
		 s->from, s->unit, one->where);
}

/* How many, and which keys, went with what was rolled back. */
static void say_lost(char out[LOST], const struct link *last, const struct epochs *by)
{
	uint64_t own = by->count - by->handing - 1;

	snprintf(out, LOST, "%s", whose(last));
	if (last && last->epoch > own)
		snprintf(out, LOST, ", past %" PRIu64 " change%s of its key, from epoch %" PRIu64 " to %" PRIu64 "%s", last->epoch - own,
			 last->epoch - own == 1 ? "" : "s", last->epoch, own, whose(last));
}

/* The longest that is believed: that is how far it came, at least. */
static void judge_longest(struct findings *f, const struct sightings *s, const struct seen *longest, size_t ignored, const char *lost)
{
	char more[96] = "";

	if (ignored)
		snprintf(more, sizeof(more), "; %zu more of its checkpoints there are not by its key", ignored);
	if (!longest) {
		if (!f->completeness.bad && !f->completeness_known)
			snprintf(f->completeness.text, sizeof(f->completeness.text), "%.120s has no checkpoint of it%s", s->from, more);
		return;
	}
	f->completeness_known = true;
	if (longest->at.size > f->records) {
		f->completeness.bad = true;
		finding_say(&f->completeness, "rolled back from %" PRIu64 " to %" PRIu64 " records%s, by %.110s, %s %" PRIu64 "%s",
			 longest->at.size, f->records, lost, s->from, s->unit, longest->where, more);
	} else if (!f->completeness.bad) {
		snprintf(f->completeness.text, sizeof(f->completeness.text), "nothing is missing up to %" PRIu64 ", by %.110s, %s %" PRIu64 ", of %" PRIu64 "%s",
			 longest->at.size, s->from, s->unit, longest->where, f->records, more);
	}
}

void sightings_judge(struct findings *f, struct sightings *s, const struct epochs *by)
{
	const struct seen *longest = NULL, *one;
	const struct link *link, *last = NULL;
	size_t i, ignored = 0;
	char lost[LOST];

	links_join(s, by);
	for (i = 0; i < s->count; i++) {
		one = &s->all[i];
		link = NULL;
		if (!one->held && !is_believed(&link, s, one, by, f->records)) {
			ignored++;
			continue;
		}
		if (!one->held && one->at.size <= f->records)
			say_fork(f, s, one, link);
		longest = one;
		last = link;
	}
	say_lost(lost, last, by);
	judge_longest(f, s, longest, ignored, lost);
}

void sightings_free(struct sightings *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		free(s->all[i].note);
		free(s->all[i].link);
	}
	free(s->links);
	free(s->all);
	*s = (struct sightings){ .count = 0 };
}

/*
 * Each payload is held against its record as the record comes; what is not there is remembered until all purges are
 * known, since only they say which of them are due. A purge that has begun counts: what it was to destroy may be gone.
 */
#include "audit/payloads.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/vault.h"

struct miss {
	uint64_t index;
	enum vault_class class;
	unsigned day;
	enum vault_seen seen;
};

/* From its first day on: the last record by which the keys of a day were destroyed. */
struct gone {
	uint64_t *by;	/* owned */
	unsigned first;
	size_t count;
};

struct span {
	uint64_t index;
	enum vault_class class;
	unsigned first, last;
};

struct payloads {
	bool looks;		/* a ledger's folder, with a vault or without */
	int vault;		/* -1: there is none */
	uint64_t whole;
	struct miss *misses;
	struct span *holds;
	size_t miss_count, miss_room, hold_count, hold_room;
	struct gone gone[VAULT_CLASSES];
};

void payloads_free(struct payloads *p)
{
	int c;

	if (!p)
		return;
	fd_close(&p->vault);
	for (c = 0; c < VAULT_CLASSES; c++)
		free(p->gone[c].by);
	free(p->misses);
	free(p->holds);
	free(p);
}

int payloads_begin(struct payloads **out, const char *path, struct err *e)
{
	struct payloads *p = calloc(1, sizeof(*p));
	char name[4096];
	struct stat st;

	if (!p)
		return err_sys(e, "memory for payloads");
	p->vault = -1;
	*out = p;
	p->looks = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	if (!p->looks || snprintf(name, sizeof(name), "%s/vault", path) >= (int)sizeof(name))
		return 0;
	p->vault = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return p->vault < 0 && errno != ENOENT ? err_sys(e, "%s", name) : 0;
}

static int grow(void **array, size_t *room, size_t count, size_t each, struct err *e)
{
	size_t wanted = *room ? *room * 2 : 64;
	void *more;

	if (count < *room)
		return 0;
	more = reallocarray(*array, wanted, each);
	if (!more)
		return err_sys(e, "memory for payloads");
	*array = more;
	*room = wanted;
	return 0;
}

/* --- what the purges say --- */

static bool is_held(const struct payloads *p, enum vault_class class, unsigned day)
{
	const struct span *h;

	for (h = p->holds; h < p->holds + p->hold_count; h++)
		if ((h->class == VAULT_CLASSES || h->class == class) && h->first <= day && day <= h->last)
			return true;
	return false;
}

/* Days of which there is no payload here need not be remembered. */
static int know_day(struct gone *g, unsigned day, struct err *e)
{
	unsigned first = g->count && g->first < day ? g->first : day;
	size_t count = (g->count && g->first + g->count > day ? g->first + g->count : day + 1) - first;
	uint64_t *more;

	if (g->count && day >= g->first && day < g->first + g->count)
		return 0;
	more = calloc(count, sizeof(*more));
	if (!more)
		return err_sys(e, "memory for payloads");
	if (g->count)
		memcpy(more + (g->first - first), g->by, g->count * sizeof(*more));
	free(g->by);
	*g = (struct gone){ more, first, count };
	return 0;
}

static int on_begins(struct payloads *p, const struct span *s, struct err *e)
{
	struct gone *g = &p->gone[s->class];
	size_t i;

	(void)e;
	for (i = 0; i < g->count && g->first + i <= s->last; i++)
		if (!is_held(p, s->class, g->first + (unsigned)i))
			g->by[i] = s->index;
	return 0;
}

static int on_held(struct payloads *p, const struct span *s, struct err *e)
{
	void *array = p->holds;

	if (grow(&array, &p->hold_room, p->hold_count, sizeof(*s), e) < 0)
		return -1;
	p->holds = array;
	p->holds[p->hold_count++] = *s;
	return 0;
}

static int on_released(struct payloads *p, const struct span *s, struct err *e)
{
	size_t i;

	(void)e;
	for (i = 0; i < p->hold_count && p->holds[i].index != s->index; i++)
		;
	if (i < p->hold_count)
		p->holds[i] = p->holds[--p->hold_count];
	return 0;
}

static bool is_text(const struct record *r, enum field f, const char *text)
{
	return r->value[f].set && r->value[f].size == strlen(text) && memcmp(r->value[f].text, text, r->value[f].size) == 0;
}

/* "CLASS LAST", "CLASS FIRST LAST", "CLASS FIRST LAST NUMBER". */
static bool read_span(struct span *out, const struct record *r, uint64_t index)
{
	char class[16], first[16], last[16] = "", number[24] = "", text[65], *end = number;
	int words;

	if (!r->value[FIELD_VAULT].set || r->value[FIELD_VAULT].size >= sizeof(text))
		return false;
	memcpy(text, r->value[FIELD_VAULT].text, r->value[FIELD_VAULT].size);
	text[r->value[FIELD_VAULT].size] = '\0';
	words = sscanf(text, "%15s %15s %15s %23s", class, first, last, number);
	out->class = VAULT_CLASSES;
	out->index = words == 4 ? strtoull(number, &end, 10) : index;
	return words >= 2 && *end == '\0' &&
	       (vault_class_read(&out->class, class, strlen(class)) || strcmp(class, "every") == 0) &&
	       vault_day_read(&out->first, first, strlen(first)) &&
	       vault_day_read(&out->last, words == 2 ? first : last, strlen(words == 2 ? first : last));
}

static int take_purge(struct payloads *p, const struct record *r, uint64_t index, struct err *e)
{
	static const struct {
		const char *status;
		int (*on)(struct payloads *p, const struct span *s, struct err *e);
	} rows[] = { { "begins", on_begins }, { "held", on_held }, { "released", on_released } };
	struct span s;
	size_t i;

	for (i = 0; i < count_of(rows); i++)
		if (is_text(r, FIELD_STATUS, rows[i].status) && read_span(&s, r, index) &&
		    (rows[i].on != on_begins || s.class < VAULT_CLASSES))
			return rows[i].on(p, &s, e);
	return 0;
}

/* --- payloads --- */

static int remember(struct payloads *p, const struct vault_at *at, uint64_t index, enum vault_seen seen, struct err *e)
{
	void *array = p->misses;

	if (grow(&array, &p->miss_room, p->miss_count, sizeof(*p->misses), e) < 0)
		return -1;
	p->misses = array;
	p->misses[p->miss_count++] = (struct miss){ index, at->class, at->day, seen };
	return 0;
}

int payloads_take(struct payloads *p, const struct record *r, uint64_t index, struct err *e)
{
	const struct field_value *where = &r->value[FIELD_VAULT], *sealed = &r->value[FIELD_SEALED];
	enum vault_seen seen = VAULT_MISSING;
	char digest[SEAL_DIGEST_TEXT] = "";
	struct vault_at at;

	if (!p->looks || !where->set)
		return 0;
	if (r->kind == RECORD_PURGE)
		return take_purge(p, r, index, e);
	if (r->kind == RECORD_ACCESS || !vault_at_read(&at, where->text, where->size))
		return 0;
	if (sealed->set && sealed->size < sizeof(digest))
		memcpy(digest, sealed->text, sealed->size);
	if (know_day(&p->gone[at.class], at.day, e) < 0 ||
	    (p->vault >= 0 && vault_look(&seen, p->vault, &at, index, digest, e) < 0))
		return -1;
	p->whole += seen == VAULT_WHOLE;
	return seen == VAULT_WHOLE ? 0 : remember(p, &at, index, seen, e);
}

static bool is_due(const struct payloads *p, const struct miss *m)
{
	const struct gone *g = &p->gone[m->class];

	return g->by[m->day - g->first] < m->index;
}

void payloads_judge(struct finding *out, bool *known, const struct payloads *p, bool live)
{
	const struct miss *first = NULL;
	uint64_t purged = 0, due = 0;
	size_t i;

	for (i = 0; i < p->miss_count; i++) {
		if (!is_due(p, &p->misses[i])) {
			purged++;
			continue;
		}
		first = first ? first : &p->misses[i];
		due++;
	}
	*known = p->looks;
	out->bad = due > 0 && !live;
	if (!p->looks)
		finding_say(out, "not looked for: a journal by itself has no vault");
	else if (due > 0)
		finding_say(out, "%" PRIu64 " %s though due, first is that of record %" PRIu64 "%s", due,
			 first->seen == VAULT_OTHER ? "missing or changed" : "missing", first->index,
			 live ? "; a recorder is at work, look again" :
			 p->whole == 0 ? "; if the vault did not come along, give the journal itself" : "");
	else if (p->whole + purged == 0)
		finding_say(out, "none kept");
	else
		finding_say(out, "%" PRIu64 " as they were sealed, %" PRIu64 " purged", p->whole, purged);
}

/* The file is read a line at a time, each by a row of a table; what a group may name stands before it, so no circle can be. */
#include <stdlib.h>
#include <string.h>

#include "seal/trust.h"

enum { WORDS = TRUST_NAMES + 4 };

struct word {
	const char *text;
	size_t size;
};

static bool is_word(const struct word *w, const char *text)
{
	return w->size == strlen(text) && memcmp(w->text, text, w->size) == 0;
}

static size_t find_name(const struct trust *t, const struct word *w)
{
	size_t i;

	for (i = 0; i < t->name_count && !is_word(w, t->names[i].name); i++)
		;
	return i < t->name_count ? i : TRUST_NAMES;
}

/* A place for a name that is not there yet; NULL: it may not be. */
static struct trust_name *new_name(struct trust *t, const struct word *w, struct err *e)
{
	struct trust_name *n = &t->names[t->name_count];

	if (t->name_count == TRUST_NAMES)
		err_set(e, ERR_LIMIT, "more than %d witnesses and groups", TRUST_NAMES);
	else if (w->size >= sizeof(n->name))
		err_set(e, ERR_INPUT, "a name of more than %zu bytes", sizeof(n->name) - 1);
	else if (is_word(w, "none") || find_name(t, w) != TRUST_NAMES)
		err_set(e, ERR_INPUT, "the name %.*s is taken", (int)w->size, w->text);
	else {
		memset(n, 0, sizeof(*n));
		memcpy(n->name, w->text, w->size);
		n->group = TRUST_NAMES;
		return n;
	}
	return NULL;
}

static int read_log(struct trust *t, const struct word *w, size_t count, struct err *e)
{
	struct seal_verifier v;
	size_t i;

	(void)count;
	if (t->log_count == TRUST_LOGS)
		return err_set(e, ERR_LIMIT, "more than %d logs", TRUST_LOGS);
	if (seal_verifier_foreign(w[1].text, w[1].size))
		return 0;
	if (seal_verifier_read(&v, w[1].text, w[1].size, e) < 0)
		return -1;
	for (i = 0; i < t->log_count; i++)
		if (memcmp(t->logs[i].key, v.key, sizeof(v.key)) == 0)
			return err_set(e, ERR_INPUT, "the same key as that of the log %s above", t->logs[i].name);
	t->logs[t->log_count++] = v;
	return 0;
}

static int read_witness(struct trust *t, const struct word *w, size_t count, struct err *e)
{
	struct trust_name *n = new_name(t, &w[1], e);
	size_t i;

	(void)count;
	if (!n)
		return -1;
	n->foreign = seal_verifier_foreign(w[2].text, w[2].size);
	if (!n->foreign && seal_cosigner_read(&n->key, w[2].text, w[2].size, e) < 0)
		return -1;
	for (i = 0; !n->foreign && i < t->name_count; i++)
		if (trust_is_witness(&t->names[i]) && memcmp(t->names[i].key.key, n->key.key, sizeof(n->key.key)) == 0)
			return err_set(e, ERR_INPUT, "the same key as that of the witness %s above", t->names[i].name);
	t->name_count++;
	return 0;
}

/* "any", "all", or a number from 1 to how many there are. */
static size_t read_needed(const struct word *w, size_t members)
{
	size_t n = 0, i;

	if (is_word(w, "any"))
		return 1;
	if (is_word(w, "all"))
		return members;
	for (i = 0; i < w->size && i < 4; i++) {
		if (w->text[i] < '0' || w->text[i] > '9')
			return 0;
		n = n * 10 + (size_t)(w->text[i] - '0');
	}
	return i == w->size && w->text[0] != '0' && n <= members ? n : 0;
}

static int read_group(struct trust *t, const struct word *w, size_t count, struct err *e)
{
	struct trust_name *n = new_name(t, &w[1], e);
	size_t i, member;

	if (!n)
		return -1;
	n->members = count - 3;
	n->needed = read_needed(&w[2], n->members);
	if (n->needed == 0)
		return err_set(e, ERR_INPUT, "of %zu members, any, all or a number up to that, not %.*s", n->members, (int)w[2].size,
			       w[2].text);
	for (i = 3; i < count; i++) {
		member = find_name(t, &w[i]);
		if (member == TRUST_NAMES || t->names[member].group != TRUST_NAMES)
			return err_set(e, ERR_INPUT, "%.*s is %s", (int)w[i].size, w[i].text,
				       member == TRUST_NAMES ? "not defined above" : "in a group already");
		t->names[member].group = t->name_count;
	}
	t->name_count++;
	return 0;
}

static int read_quorum(struct trust *t, const struct word *w, size_t count, struct err *e)
{
	(void)count;
	if (t->quorum_there)
		return err_set(e, ERR_INPUT, "a second quorum");
	t->quorum = find_name(t, &w[1]);
	if (t->quorum == TRUST_NAMES && !is_word(&w[1], "none"))
		return err_set(e, ERR_INPUT, "%.*s is not defined above", (int)w[1].size, w[1].text);
	t->quorum_there = true;
	return 0;
}

static const struct row {
	const char *word, *takes;
	size_t fewest, most;
	int (*read)(struct trust *t, const struct word *w, size_t count, struct err *e);
} rows[] = {
	{ "log", "VKEY [URL]", 2, 3, read_log },
	{ "witness", "NAME VKEY [URL]", 3, 4, read_witness },
	{ "group", "NAME K|any|all NAME ...", 4, WORDS, read_group },
	{ "quorum", "NAME", 2, 2, read_quorum },
};

static size_t split(struct word out[WORDS], const char *line, size_t size)
{
	size_t count = 0, i = 0;

	while (i < size && count < WORDS) {
		for (; i < size && (line[i] == ' ' || line[i] == '\t'); i++)
			;
		if (i == size)
			break;
		out[count].text = line + i;
		for (; i < size && line[i] != ' ' && line[i] != '\t'; i++)
			;
		out[count].size = (size_t)(line + i - out[count].text);
		count++;
	}
	return count;
}

static int read_line(struct trust *t, const char *line, size_t size, struct err *e)
{
	struct word words[WORDS];
	size_t i, count;

	for (i = 0; i < size; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
			return err_set(e, ERR_INPUT, "a control character");
	count = split(words, line, size);
	if (count == 0 || words[0].text[0] == '#')
		return 0;
	for (i = 0; i < count_of(rows) && !is_word(&words[0], rows[i].word); i++)
		;
	if (i == count_of(rows))
		return err_set(e, ERR_INPUT, "begins with none of log, witness, group, quorum");
	if (count < rows[i].fewest || count > rows[i].most)
		return err_set(e, ERR_INPUT, "expected: %s %s", rows[i].word, rows[i].takes);
	return rows[i].read(t, words, count, e);
}

int trust_read(struct trust **out, const char *text, size_t size, struct err *e)
{
	scoped(trust) struct trust *t = calloc(1, sizeof(*t));
	const char *at = text, *end;
	size_t number = 1;

	if (!t)
		return err_sys(e, "memory for a trust policy");
	t->quorum = TRUST_NAMES;
	for (; at < text + size; at = end + 1, number++) {
		end = memchr(at, '\n', (size_t)(text + size - at));
		if (!end)
			return err_set(e, ERR_INPUT, "line %zu does not end", number);
		if (read_line(t, at, (size_t)(end - at), e) < 0)
			return err_in(e, "line %zu", number);
	}
	*out = take(&t);
	return 0;
}

void trust_free(struct trust *t)
{
	free(t);
}

static int falling(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? 1 : *x > *y ? -1 : 0;
}

uint64_t trust_reach(const struct trust *t, uint64_t reach[TRUST_NAMES])
{
	uint64_t of[TRUST_NAMES];
	size_t i, j, count;

	/* Members stand before their group. It reaches as far as so many of them do as it needs. */
	for (i = 0; i < t->name_count; i++) {
		if (t->names[i].needed == 0)
			continue;
		for (count = 0, j = 0; j < i; j++)
			if (t->names[j].group == i)
				of[count++] = reach[j];
		qsort(of, count, sizeof(of[0]), falling);
		reach[i] = of[t->names[i].needed - 1];
	}
	return t->quorum == TRUST_NAMES ? 0 : reach[t->quorum];
}

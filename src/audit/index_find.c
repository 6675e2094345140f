/*
 * Which records may be answers: those of which nothing that the index says rules them out. What a record says itself, its
 * run says, or its other half says is not told apart here: whoever has the bit is read and judged on its bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/index.h"

struct find {
	struct index *x;
	const uint32_t *run, *other;
	uint64_t records;
	size_t words;
};

typedef bool (*fits)(const struct term *t, const char *text, size_t size);

static bool has(const uint64_t *bits, uint64_t n)
{
	return bits[n / 64] >> n % 64 & 1;
}

static void set(uint64_t *bits, uint64_t n)
{
	bits[n / 64] |= UINT64_C(1) << n % 64;
}

/* --- what values fit --- */

static bool by_pattern(const struct term *t, const char *text, size_t size)
{
	uint64_t number = 0;
	size_t i, item;

	if (field_info(t->field)->type == FIELD_TYPE_LIST) {
		for (i = 0; i < size; i += item + 1) {
			item = strnlen(text + i, size - i);
			if (pattern_fits(t->pattern, text + i, item))
				return true;
		}
		return false;
	}
	if (t->op == '=')
		return pattern_fits(t->pattern, text, size);
	for (i = 0; i < size; i++)
		number = number * 10 + (uint64_t)(text[i] - '0');
	return t->op == '<' ? number < t->number : number > t->number;
}

/* A kind of which the verdict may be the one that is asked for; an outcome has that of what it closes. */
static bool by_verdict(const struct term *t, const char *text, size_t size)
{
	static const char *const words[][2] = { { "intent", "allow" }, { "refusal", "refuse" }, { "held", "review" } };
	size_t i;

	if (size == 7 && memcmp(text, "outcome", 7) == 0)
		return true;
	for (i = 0; i < count_of(words); i++)
		if (strlen(words[i][0]) == size && memcmp(words[i][0], text, size) == 0)
			return pattern_fits(t->pattern, words[i][1], strlen(words[i][1]));
	return pattern_fits(t->pattern, "", 0);
}

/* Of a tool that is asked for as SERVER/TOOL: what stands behind the last '*' is how that ends. */
static bool by_end(const struct term *t, const char *text, size_t size)
{
	const char *star = strrchr(t->pattern, '*'), *end = star ? star + 1 : t->pattern;
	size_t length = strlen(end), least = length < size ? length : size;

	return memcmp(end + length - least, text + size - least, least) == 0 && (length <= size || end[length - size - 1] == '/');
}

static bool by_begin(const struct term *t, const char *text, size_t size)
{
	size_t length = strcspn(t->pattern, "*"), least = length < size ? length : size;

	return memcmp(t->pattern, text, least) == 0 && (length <= size || t->pattern[size] == '/');
}

/* It stands anywhere in it. */
static bool by_text(const struct term *t, const char *text, size_t size)
{
	return memmem(text, size, t->pattern, strlen(t->pattern));
}

/* --- columns --- */

/* A whole value is known by its hash alone. */
static size_t mark_whole(bool mark[INDEX_BLOCK + 1], const struct index_column *c, uint32_t hash)
{
	size_t k, marked = 0;

	for (k = 0; k < c->count; k++) {
		mark[k + 1] = index_column_hash(c, k) == hash;
		marked += mark[k + 1];
	}
	return marked;
}

/* How many, and which; of a field of which the block has no texts: none. */
static int mark_values(size_t *marked, bool mark[INDEX_BLOCK + 1], struct find *f, const struct term *t, enum field field, fits fit,
		       uint64_t block, struct err *e)
{
	const uint8_t *at = NULL, *end;
	const char *text;
	size_t size, k;

	*marked = 0;
	if (index_row(&at, &size, f->x, 2 * (unsigned)field + 1, block, e) < 0)
		return -1;
	for (end = at + size, k = 1; at != end; k++) {
		if (k > INDEX_BLOCK || !index_value(&text, &size, &at, end))
			return err_set(e, ERR_INPUT, "the index %.150s does not hold", index_name(f->x));
		mark[k] = fit(t, text, size);
		*marked += mark[k];
	}
	return 0;
}

/* Few values fit, mostly: which records have them is read only then. */
static int find_in_block(uint64_t *bits, struct find *f, const struct term *t, enum field field, fits fit, bool whole,
			 uint64_t block, struct err *e)
{
	bool mark[INDEX_BLOCK + 1] = { false };
	struct index_column c;
	const uint8_t *bytes;
	size_t size, i, marked = 0;

	if (!whole && mark_values(&marked, mark, f, t, field, fit, block, e) < 0)
		return -1;
	if (!whole && marked == 0)
		return 0;
	if (index_row(&bytes, &size, f->x, 2 * (unsigned)field, block, e) < 0)
		return -1;
	if (size == 0)
		return 0;
	if (!index_column_read(&c, bytes, size))
		return err_set(e, ERR_INPUT, "the index %.150s does not hold", index_name(f->x));
	if (whole)
		marked = mark_whole(mark, &c, index_hash(t->pattern, strlen(t->pattern)));
	for (i = 0; marked > 0 && i < INDEX_BLOCK; i++)
		if (mark[index_column_id(&c, i)])
			set(bits + block * INDEX_WORDS, i);
	return 0;
}

static int find_own(uint64_t *bits, struct find *f, const struct term *t, enum field field, fits fit, bool whole, struct err *e)
{
	uint64_t block;

	for (block = 0; block < f->records / INDEX_BLOCK; block++)
		if (find_in_block(bits, f, t, field, fit, whole, block, e) < 0)
			return -1;
	return 0;
}

/* --- what belongs to it --- */

/* Either half, where the other has it; and all of a run, where its first record has. What is not in the index may have it. */
static void spread(uint64_t *bits, const struct find *f, bool runs)
{
	uint64_t n, other, run;

	for (n = 0; n < f->records; n++) {
		other = f->other[n];
		run = runs ? f->run[n] : n;
		if (other > f->records || (other && has(bits, other - 1)) || run >= f->records || has(bits, run))
			set(bits, n);
	}
}

static void narrow(uint64_t *bits, uint64_t *found, const struct find *f, bool runs)
{
	size_t i;

	spread(found, f, runs);
	for (i = 0; i < f->words; i++)
		bits[i] &= found[i];
}

/* A tool by its own name; or its end and its server's begin as SERVER/TOOL does. */
static int find_tool(uint64_t *found, uint64_t *beside, struct find *f, const struct term *t, struct err *e)
{
	size_t i;

	memset(beside, 0, f->words * 8);
	if (find_own(found, f, t, FIELD_TOOL, by_end, false, e) < 0 || find_own(beside, f, t, FIELD_SERVER, by_begin, false, e) < 0)
		return -1;
	spread(found, f, false);
	spread(beside, f, false);
	for (i = 0; i < f->words; i++)
		found[i] &= beside[i];
	return find_own(found, f, t, FIELD_TOOL, by_pattern, false, e);
}

/* Does the index know enough of what is asked for to leave any record out? */
static bool narrows(const struct term *t)
{
	bool pattern = t->op == '=' && (strchr(t->pattern, '*') || field_info(t->field)->type == FIELD_TYPE_LIST);
	enum find_by by = t->verdict ? FIND_PATTERN : index_find_by(t->field);

	if (t->not || (t->op == '=' && !*t->pattern && !t->verdict) || by == FIND_NOT)
		return false;
	return by == FIND_PATTERN || !(pattern || t->op != '=');
}

static int find_term(uint64_t *bits, uint64_t *found, uint64_t *beside, struct find *f, const struct term *t, struct err *e)
{
	enum field field = t->verdict ? FIELD_KIND : t->field;
	bool whole = !t->verdict && t->op == '=' && !strchr(t->pattern, '*') && field_info(field)->type != FIELD_TYPE_LIST;
	int status;

	if (!narrows(t))
		return 0;
	memset(found, 0, f->words * 8);
	if (field == FIELD_TOOL && strpbrk(t->pattern, "*/"))
		status = find_tool(found, beside, f, t, e);
	else
		status = find_own(found, f, t, field, t->verdict ? by_verdict : by_pattern, whole, e);
	if (status == 0)
		narrow(bits, found, f, joined_is_of_run(field));
	return status;
}

/* In every column that has texts: digits alone do not hold what is more than digits. Rows of a column lie together. */
static int find_text_in(uint64_t *found, struct find *f, const struct term *t, const bool *may, struct err *e)
{
	enum field field;
	uint64_t block;

	for (field = 0; field < FIELDS; field++)
		for (block = 0; field_info(field)->type != FIELD_TYPE_NUMBER && block < f->records / INDEX_BLOCK; block++)
			if (may[block] && index_has_row(f->x, 2 * (unsigned)field + 1, block) &&
			    find_in_block(found, f, t, field, by_text, false, block, e) < 0)
				return -1;
	return 0;
}

/* Which blocks have all the parts of the text. */
static int find_parts(bool *may, const struct find *f, const char *text, struct err *e)
{
	const uint8_t *parts;
	uint64_t block;
	size_t size;

	for (block = 0; block < f->records / INDEX_BLOCK; block++) {
		if (index_row(&parts, &size, f->x, ROW_PARTS, block, e) < 0)
			return -1;
		if (size != PARTS_BITS / 8)
			return err_set(e, ERR_INPUT, "the index %.150s does not hold", index_name(f->x));
		may[block] = index_parts_may(parts, text, strlen(text));
	}
	return 0;
}

static int find_text(uint64_t *bits, uint64_t *found, struct find *f, const char *text, struct err *e)
{
	const struct term t = { .pattern = text };
	bool *may;
	int status;

	if (strlen(text) < INDEX_PART || index_is_digits(text, strlen(text)))
		return 0;
	may = calloc(f->records / INDEX_BLOCK + 1, sizeof(*may));
	if (!may)
		return err_sys(e, "memory for the index");
	memset(found, 0, f->words * 8);
	status = find_parts(may, f, text, e) < 0 || find_text_in(found, f, &t, may, e) < 0 ? -1 : 0;
	free(may);
	if (status == 0)
		narrow(bits, found, f, false);
	return status;
}

static void find_time(uint64_t *bits, const struct find *f, const struct question *q)
{
	const struct index_head *h;
	uint64_t block;

	for (block = 0; (q->from[0] || q->to[0]) && block < f->records / INDEX_BLOCK; block++) {
		h = index_block_head(f->x, block);
		if (!h->greatest[0] || (q->from[0] && strcmp(h->greatest, q->from) < 0) || (q->to[0] && strcmp(h->least, q->to) >= 0))
			memset(bits + block * INDEX_WORDS, 0, (size_t)INDEX_WORDS * 8);
	}
}

int index_look(uint64_t **bits, struct index *x, const struct question *q, struct err *e)
{
	struct find f = { .x = x, .records = index_records(x), .words = index_records(x) / 64 };
	uint64_t *all = malloc(f.words * 8 + 8), *found = malloc(f.words * 8 + 8), *beside = malloc(f.words * 8 + 8);
	int status = -1;
	size_t i;

	if (!all || !found || !beside)
		err_sys(e, "memory for the index");
	else if ((status = index_links_of(&f.run, &f.other, x, e)) == 0)
		memset(all, 0xff, f.words * 8);
	for (i = 0; i < q->count && status == 0; i++)
		status = find_term(all, found, beside, &f, &q->terms[i], e);
	if (status == 0 && q->text)
		status = find_text(all, found, &f, q->text, e);
	if (status == 0)
		find_time(all, &f, q);
	free(found);
	free(beside);
	if (status < 0)
		free(all);
	else
		*bits = all;
	return status;
}

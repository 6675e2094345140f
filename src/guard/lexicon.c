/* Words, and what they mean. All are compared by what they look like. */
#include <stdlib.h>
#include <string.h>

#include "guard/inner.h"
#include "inspect/inspect.h"

static const struct {
	const char *word;
	unsigned means;
} lexicon[] = {
#define WORD(word, means) { word, means },
#include "guard/words.def"
#undef WORD
#define SURE SURE_ROLE
#define SOME SOME_ROLE
#define ROLE(system, name, kind) { name, kind },
#include "guard/roles.def"
#undef ROLE
#undef SOME
#undef SURE
};

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of other scripts every byte belongs to a word: looks.def says what it is taken for. */
static bool is_part(char c)
{
	return is_upper(c) || is_lower(c) || is_digit(c) || (unsigned char)c >= 0x80;
}

/* Does a word of camelCase begin here? "MFADevice" is two words, "UserID" too. */
static bool begins(const char *text, size_t size, size_t i)
{
	if (is_digit(text[i]))
		return is_lower(text[i - 1]); /* "require2FA": as one it is found all the same */
	if (!is_upper(text[i]))
		return false;
	return !is_upper(text[i - 1]) || (i + 1 < size && is_lower(text[i + 1]));
}

static void add_word(struct words *w, const char *text, size_t size, char before)
{
	scoped(buf) struct buf folded = BUF(4 * (size_t)WORD_SIZE);

	if (w->count == WORDS || !inspect_skeleton(&folded, text, size) || folded.size >= WORD_SIZE) {
		w->more = true;
		return;
	}
	if (folded.size == 0)
		return; /* nothing of it is shown */
	memcpy(w->at[w->count], folded.data, folded.size);
	w->at[w->count][folded.size] = '\0';
	w->before[w->count++] = before;
}

void words_of(struct words *out, const char *text, size_t size)
{
	size_t i = 0, from;
	char before = '\0';

	out->count = 0;
	out->more = out->blanks = false;
	while (i < size) {
		if (!is_part(text[i])) {
			out->blanks |= text[i] == ' ' || text[i] == '\n';
			before = strchr("/:=.\\", text[i]) ? text[i] : ' ';
			i++;
			continue;
		}
		for (from = i++; i < size && is_part(text[i]) && !begins(text, size, i); i++)
			;
		add_word(out, text + from, i - from, before);
		before = ' ';
	}
}

static uint32_t hash(const char *key)
{
	uint32_t h = 2166136261u; /* FNV-1a: the table is ours alone, nobody chooses its keys */

	for (; *key; key++)
		h = (h ^ (uint8_t)*key) * 16777619u;
	return h;
}

static struct entry *slot(const struct guards *g, const char *key)
{
	size_t i = hash(key) & (g->room - 1);

	while (g->entries[i].key[0] && strcmp(g->entries[i].key, key) != 0)
		i = (i + 1) & (g->room - 1);
	return &g->entries[i];
}

unsigned words_span(const struct guards *g, const struct words *w, size_t from, size_t to)
{
	scoped(buf) struct buf key = BUF(WORD_SIZE);
	size_t i;

	for (i = from; i < to; i++)
		if (!buf_puts(&key, w->at[i]))
			return 0;
	return key.size > 0 && key.size < WORD_SIZE ? slot(g, buf_text(&key))->means : 0;
}

unsigned words_mean(const struct guards *g, const struct words *w)
{
	unsigned means = 0;
	size_t from, to;

	for (from = 0; from < w->count; from++)
		for (to = from + 1; to <= w->count && to - from <= ADJOIN; to++)
			means |= words_span(g, w, from, to);
	return means;
}

unsigned words_whole(const struct guards *g, const struct words *w)
{
	unsigned means = 0;
	size_t from;

	for (from = 0; from < w->count; from++)
		if (from == 0 || w->before[from] != ' ')
			means |= words_span(g, w, from, w->count);
	return means;
}

int lexicon_fill(struct guards *g, struct err *e)
{
	struct words w;
	struct entry *at;
	size_t i, j;

	for (g->room = 64; g->room < 4 * count_of(lexicon); g->room *= 2)
		;
	g->entries = calloc(g->room, sizeof(*g->entries));
	if (!g->entries)
		return err_sys(e, "memory for the guards");
	for (i = 0; i < count_of(lexicon); i++) {
		scoped(buf) struct buf key = BUF(WORD_SIZE);

		words_of(&w, lexicon[i].word, strlen(lexicon[i].word));
		for (j = 0; j < w.count; j++)
			must(buf_puts(&key, w.at[j]));
		must(!w.more && key.size > 0 && key.size < WORD_SIZE);
		at = slot(g, buf_text(&key));
		if (!at->key[0])
			memcpy(at->key, buf_text(&key), key.size + 1);
		at->means |= lexicon[i].means | (lexicon[i].means == CHANGES ? GIVES : 0);
	}
	return 0;
}

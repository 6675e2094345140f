#include "cli/rows.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"

enum { COLUMNS = 80, ROW_MOST = 16384 };

/* Bytes of the first words that fit; one that fits nowhere is longer. */
static size_t words_within(const char *text, size_t most)
{
	size_t size = strlen(text), at = most;

	if (size <= most)
		return size;
	while (at > 0 && text[at] != ' ')
		at--;
	return at > 0 ? at : strcspn(text, " ");
}

static void print_text(size_t column, size_t used, const char *text)
{
	size_t size;

	if (used >= column) {
		printf("\n");
		used = 0;
	}
	while (*text) {
		printf("%*s", (int)(column - used), "");
		size = words_within(text, COLUMNS - column);
		printf("%.*s", (int)size, text);
		text += size + strspn(text + size, " ");
		if (*text)
			printf("\n");
		used = 0;
	}
}

void row_print(size_t indent, size_t width, const char *left, const char *text)
{
	scoped(buf) struct buf name = BUF(ROW_MOST), sentence = BUF(ROW_MOST);

	text_visible(&name, left ? left : "", left ? strlen(left) : 0);
	text_visible(&sentence, text ? text : "", text ? strlen(text) : 0);
	if (!buf_text(&name) || !buf_text(&sentence))
		return;
	printf("%*s%s", (int)indent, "", buf_text(&name));
	if (sentence.size)
		print_text(indent + width, indent + name.size, buf_text(&sentence));
	printf("\n");
}

/*
 * tests/fuzz/fuzz_cli_review.c - whatever an agent sends: each line of what a reviewer sees begins with a mark of ours,
 * is no wider than the terminal, and holds nothing that a terminal would obey.
 */
#include <string.h>

#include "base/text.h"
#include "cli/review.h"
#include "inspect/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const marks[] = { "  | ", "  > ", "  . ", "  ~ ", "  ! ", "    " };

static bool is_marked(const char *line, size_t size)
{
	size_t i;

	for (i = 0; i < count_of(marks); i++)
		if (size >= 4 && memcmp(line, marks[i], 4) == 0)
			return true;
	return false;
}

static void check_line(const char *line, size_t size, size_t columns)
{
	size_t at, step, wide = 0;
	uint32_t point = 0;

	if (!is_marked(line, size))
		__builtin_trap();
	for (at = 0; at < size; at += step) {
		step = text_point(line + at, size - at, &point);
		if (step == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0) || (step > 1 && !inspect_is_seen(line + at, step)))
			__builtin_trap();
		wide += 1;
	}
	if (wide > columns)
		__builtin_trap();
}

static void check_page(const struct page *p)
{
	size_t i;

	if (p->over)
		__builtin_trap();
	for (i = 0; i < p->count; i++)
		check_line(p->text.data + p->lines[i].at, p->lines[i].size, p->columns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct page p;
	int all;

	for (all = 0; size > 1 && all < 2; all++) {
		p = PAGE(40 + data[0] % 100);
		show_payload(&p, text + 1, size - 1, all);
		show_warnings(&p, text + 1, size - 1);
		check_page(&p);
		page_free(&p);
	}
	return 0;
}

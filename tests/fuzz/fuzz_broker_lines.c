/*
 * tests/fuzz/fuzz_broker_lines.c - however a stream is cut up on its way, its lines are what stands
 * between its newlines, and one that is too long is counted and not kept.
 *
 * Two bytes are an order: how many bytes (the first is the unit's place: 1, 64, 4096, 65536), and
 * what is done: text, a newline behind it, or whatever was written is read.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "broker/lines.h"
#include "mcp/mcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES_KEPT = 4096, TOTAL = 24 << 20 };

/* What was written, as its lines should come out: how long each, and which letter it is made of. */
struct expected {
	struct {
		size_t size;
		char letter;
	} at[LINES_KEPT];
	size_t count, seen;
	size_t open; /* bytes of the line that has no end yet */
};

static void hold(bool property)
{
	if (!property)
		__builtin_trap();
}

static void take_all(struct lines *l, struct expected *x)
{
	const char *line;
	size_t size, i;
	enum lines_got got;

	while ((got = lines_next(l, &line, &size)) != LINES_NONE) {
		hold(x->seen < x->count && size == x->at[x->seen].size);
		hold(got == (size > MCP_LINE ? LINES_LONG : LINES_LINE));
		for (i = 0; got == LINES_LINE && i < size; i += 1 + size / 64)
			hold(line[i] == x->at[x->seen].letter);
		x->seen++;
	}
	hold(l->in.size <= MCP_LINE + (256 << 10));
}

static void hear(struct lines *l, int fd, struct expected *x)
{
	while (lines_read(l, fd) > 0)
		take_all(l, x);
}

/* A pipe holds 64 KiB: what it does not take is read first. */
static void put(int to, int from, size_t count, char letter, struct lines *l, struct expected *x)
{
	static char bytes[65536];
	ssize_t done;

	memset(bytes, letter, sizeof(bytes));
	while (count > 0) {
		done = write(to, bytes, count < sizeof(bytes) ? count : sizeof(bytes));
		if (done < 0)
			hear(l, from, x);
		else
			count -= (size_t)done;
	}
}

static void obey(int fds[2], const uint8_t *data, size_t size, struct lines *l, struct expected *x)
{
	static const size_t units[] = { 1, 64, 4096, 65536 };
	size_t i, count, total = 0;
	char letter;

	for (i = 0; i + 1 < size && x->count < LINES_KEPT && total < TOTAL; i += 2) {
		count = (size_t)(data[i] >> 2) * units[data[i] & 3];
		letter = (char)('a' + x->count % 20);
		put(fds[1], fds[0], count, letter, l, x);
		total += count;
		x->open += count;
		if (data[i + 1] & 1) {
			x->at[x->count].size = x->open;
			x->at[x->count++].letter = letter;
			x->open = 0;
			put(fds[1], fds[0], 1, '\n', l, x);
		}
		if (data[i + 1] & 2)
			hear(l, fds[0], x);
		if (data[i + 1] & 4)
			lines_tidy(l);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct expected *x = calloc(1, sizeof(*x));
	struct lines l = LINES;
	int fds[2];

	if (!x || pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
		return 0;
	obey(fds, data, size, &l, x);
	hear(&l, fds[0], x);
	hold(x->seen == x->count);
	hold(l.in.size - l.at + l.skipped == x->open);
	lines_free(&l);
	fd_close(&fds[0]);
	fd_close(&fds[1]);
	free(x);
	return 0;
}

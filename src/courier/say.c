/* Lines to the broker. It reads always; who no longer does has ended, and so do we. */
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "courier/courier.h"

static void put(const char *bytes, size_t size)
{
	struct err e = { 0 };

	if (fd_write_all(1, bytes, size, &e) < 0)
		exit(COURIER_DONE);
}

/* What was read as one message is one line: between its values a newline is only white space. */
void say_line(const char *bytes, size_t size)
{
	struct buf line = BUF(MCP_LINE + 64);
	size_t i;

	if (!buf_add(&line, bytes, size) || !buf_add(&line, "\n", 1)) {
		log_say("no memory for an answer");
		exit(COURIER_COULD_NOT);
	}
	for (i = 0; i < size; i++)
		if (line.data[i] == '\n' || line.data[i] == '\r')
			line.data[i] = ' ';
	put(line.data, line.size);
	buf_free(&line);
}

void say_error(const json_t *id, const char *text)
{
	struct buf line = BUF(64 << 10);

	log_say("%s", text);
	if (id && mcp_write_error(&line, id, MCP_INTERNAL, text))
		put(line.data, line.size);
	buf_free(&line);
}

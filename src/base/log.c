#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/text.h"

static const char *program_name = "reeve";
static const char *line_end = "\n";

void log_name(const char *program)
{
	program_name = program;
}

void log_returns(bool on)
{
	line_end = on ? "\r\n" : "\n";
}

/* One write(2), so that lines of several processes do not mix. */
void log_say(const char *fmt, ...)
{
	scoped(buf) struct buf line = BUF(8192);
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&line, "%s: ", program_name);
	text_visible(&line, text, strlen(text));
	buf_puts(&line, line_end);
	if (write(STDERR_FILENO, line.data, line.size) < 0)
		return; /* nowhere left to complain */
}

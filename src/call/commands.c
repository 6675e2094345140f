#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "call/call.h"
#include "mcp/mcp.h"

enum { WIDE = 80, SHOWN = 16 << 20 };

static int fail(const struct err *e)
{
	log_say("%s", e->text);
	return CALL_COULD_NOT;
}

int cmd_mcp(int argc, char **argv, bool raw)
{
	struct err e = { 0 };
	scoped(fd) int fd = -1;

	(void)raw;
	if (socket_open(&fd, argc > 0 ? argv[0] : NULL, &e) < 0 || bridge_run(fd, &e) < 0)
		return fail(&e);
	return CALL_DONE;
}

static int print(struct buf *text, int fd)
{
	struct err e = { 0 };

	if (fd_write_all(fd, text->data, text->size, &e) < 0)
		return fail(&e);
	return CALL_DONE;
}

/* Text as it is: who pipes it wants the bytes. What is no text is named. */
static void show_content(struct buf *out, const json_t *content)
{
	const char *type, *text;
	json_t *part;
	size_t i;

	json_array_foreach(content, i, part)
	{
		type = json_string_value(json_object_get(part, "type"));
		text = json_string_value(json_object_get(part, "text"));
		if (text)
			buf_puts(out, text);
		else
			buf_printf(out, "[%.40s, not shown; --json prints it]",
				   type ? type : "content");
		if (out->size == 0 || out->data[out->size - 1] != '\n')
			buf_puts(out, "\n");
	}
}

static int show_result(const json_t *result, bool raw)
{
	scoped(buf) struct buf out = BUF(SHOWN);
	bool failed = mcp_is_tool_error(result);
	int done;

	if (raw) {
		json_write(&out, result);
		buf_puts(&out, "\n");
	} else {
		show_content(&out, json_object_get(result, "content"));
	}
	done = print(&out, failed && !raw ? STDERR_FILENO : STDOUT_FILENO);
	return done == CALL_DONE && failed ? CALL_REFUSED : done;
}

/* The arguments: the operand, or standard input for "-"; none is an empty object. */
static int read_arguments(json_t **out, const char *given, struct err *e)
{
	scoped(mem) char *bytes = NULL;
	size_t size = given ? strlen(given) : 0;
	int done;

	if (given && strcmp(given, "-") == 0) {
		if (fd_read_all(&bytes, &size, STDIN_FILENO, MCP_LINE, e) < 0)
			return err_in(e, "arguments");
		given = bytes;
	}
	done = given ? json_read(out, given, size, NULL, e) : 0;
	if (!given)
		*out = json_object();
	if (done < 0)
		return err_in(e, "arguments");
	return json_is_object(*out) ? 0 : err_set(e, ERR_INPUT, "arguments must be a JSON object");
}

static int ask_tool(json_t **out, const char *server, const char *tool, const json_t *arguments,
		    struct err *e)
{
	scoped(json) json_t *params = json_pack("{s:s, s:O}", "name", tool, "arguments", arguments);
	struct client c;
	int done;

	if (!params)
		return err_set(e, ERR_INPUT, "the tool's name is no text");
	if (client_open(&c, server, e) < 0)
		return -1;
	done = client_ask(out, &c, "tools/call", params, e);
	client_close(&c);
	return done;
}

int cmd_tool(int argc, char **argv, bool raw)
{
	scoped(json) json_t *arguments = NULL, *result = NULL;
	char server[64];
	const char *cut = strchr(argv[0], '/');
	struct err e = { 0 };

	if (!cut || cut == argv[0] || !cut[1] || (size_t)(cut - argv[0]) >= sizeof(server)) {
		log_say("%s: say which tool as SERVER/TOOL", argv[0]);
		return CALL_USAGE;
	}
	snprintf(server, sizeof(server), "%.*s", (int)(cut - argv[0]), argv[0]);
	if (!text_is_name(server)) {
		log_say("%s is no name of a tool server", server);
		return CALL_USAGE;
	}
	if (read_arguments(&arguments, argc > 1 ? argv[1] : NULL, &e) < 0) {
		log_say("%s", e.text);
		return CALL_USAGE;
	}
	if (ask_tool(&result, server, cut + 1, arguments, &e) < 0) {
		log_say("%s", e.text);
		return e.kind == ERR_INPUT ? CALL_REFUSED : CALL_COULD_NOT;
	}
	return show_result(result, raw);
}

/* Name and the first line of the description, in 80 columns; a server's words may hold anything. */
static void show_tool(struct buf *out, const json_t *tool)
{
	const char *name = json_string_value(json_object_get(tool, "name"));
	const char *said = json_string_value(json_object_get(tool, "description"));
	scoped(buf) struct buf line = BUF(1 << 20);
	size_t column;

	text_visible(&line, name ? name : "?", name ? strlen(name) : 1);
	column = line.size < 24 ? 24 - line.size : 1;
	if (said) {
		buf_printf(&line, "%*s", (int)column, "");
		text_visible(&line, said, strcspn(said, "\n") < 400 ? strcspn(said, "\n") : 400);
	}
	buf_add(out, line.data, text_cut(line.data, line.size, WIDE));
	buf_puts(out, "\n");
}

/* One page, and whether there is another: *cursor is its beginning, or NULL. */
static int ask_page(json_t *tools, json_t **cursor, struct client *c, struct err *e)
{
	scoped(json) json_t *result = NULL, *from = take(cursor);
	scoped(json) json_t *params = from ? json_pack("{s:O}", "cursor", from) : NULL;

	if (client_ask(&result, c, "tools/list", params, e) < 0)
		return -1;
	json_array_extend(tools, json_object_get(result, "tools"));
	*cursor = json_incref(json_object_get(result, "nextCursor"));
	return 0;
}

static int ask_list(json_t **out, struct client *c, struct err *e)
{
	scoped(json) json_t *tools = json_array(), *cursor = NULL;

	do
		if (ask_page(tools, &cursor, c, e) < 0)
			return -1;
	while (cursor);
	*out = json_pack("{s:O}", "tools", tools);
	return *out ? 0 : err_set(e, ERR_SYSTEM, "out of memory");
}

int cmd_list(int argc, char **argv, bool raw)
{
	scoped(json) json_t *result = NULL;
	scoped(buf) struct buf out = BUF(SHOWN);
	struct err e = { 0 };
	struct client c;
	json_t *tool;
	size_t i;
	int done;

	if (client_open(&c, argc > 0 ? argv[0] : NULL, &e) < 0)
		return fail(&e);
	done = ask_list(&result, &c, &e);
	client_close(&c);
	if (done < 0)
		return fail(&e);
	if (raw) {
		json_write(&out, result);
		buf_puts(&out, "\n");
	}
	json_array_foreach(json_object_get(result, "tools"), i, tool)
		if (!raw)
			show_tool(&out, tool);
	return out.size ? print(&out, STDOUT_FILENO) : CALL_DONE;
}

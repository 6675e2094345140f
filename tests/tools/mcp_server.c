/*
 * tests/tools/mcp_server.c - a small MCP server over stdio, for tests and for measuring.
 *
 *   echo {"text"}      gives the text back
 *   log {"id"}         appends the id to the file that LOG names before it answers: the tool's own log
 *   fail {}            a tool error        rpc_error {}   a JSON-RPC error
 *   hang {"id"}        never answers       die {}         ends without answering
 *   garbage {}         a line that is no JSON, then the answer
 *   twice {}           the answer two times      spoof {}  an answer to an id nobody used, then its own
 *   env {}             its environment     big {"size"}   a text of that many bytes
 *   raw {"result"}     that value as the whole result
 * Its log also has the id of a call that hangs, if one is given, and "cancelled" when it is told so.
 * The file that CALLS names gets a JSON object a line for each call, before it is answered: time, tool, about.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lines.h"

extern char **environ;

static const char *const tools[] = { "echo", "log",   "fail",  "rpc_error", "hang", "die",
				     "garbage", "twice", "spoof", "env", "big", "raw" };

static void say(json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);

	fprintf(stdout, "%s\n", text);
	free(text);
	json_decref(message);
}

static void answer(json_t *id, json_t *result)
{
	say(json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "result", result));
}

static json_t *text_result(const char *text, int is_error)
{
	return json_pack("{s:[{s:s, s:s}], s:b}", "content", "type", "text", "text", text, "isError",
			 is_error);
}

static json_t *tool_list(void)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:{s:s}}", "name", tools[i], "description",
						      tools[i], "inputSchema", "type", "object"));
	return json_pack("{s:o}", "tools", list);
}

static void append(const char *path, const char *id)
{
	char line[256];
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	int size = snprintf(line, sizeof(line), "%s\n", id);

	if (fd < 0 || write(fd, line, (size_t)size) != size)
		exit(9);
	close(fd);
}

static json_t *environment(void)
{
	json_t *all = json_array(), *result;
	char *text;
	size_t i;

	for (i = 0; environ[i]; i++)
		json_array_append_new(all, json_string(environ[i]));
	text = json_dumps(all, 0);
	result = text_result(text, 0);
	free(text);
	json_decref(all);
	return result;
}

static json_t *big(json_t *args)
{
	size_t size = (size_t)json_integer_value(json_object_get(args, "size"));
	char *text = malloc(size + 1);
	json_t *result;

	memset(text, 'x', size);
	text[size] = '\0';
	result = text_result(text, 0);
	free(text);
	return result;
}

static void call(json_t *id, const char *tool, json_t *args, const char *log)
{
	const char *text = json_string_value(json_object_get(args, "text"));
	const char *given = json_string_value(json_object_get(args, "id"));

	if ((strcmp(tool, "log") == 0 || strcmp(tool, "hang") == 0) && log && given)
		append(log, given);
	if (strcmp(tool, "hang") == 0)
		return;
	if (strcmp(tool, "die") == 0)
		exit(7);
	if (strcmp(tool, "garbage") == 0)
		puts("{not json");
	if (strcmp(tool, "spoof") == 0)
		say(json_pack("{s:s, s:i, s:{s:[]}}", "jsonrpc", "2.0", "id", 987654321, "result", "content"));
	if (strcmp(tool, "twice") == 0)
		answer(id, text_result("first", 0));
	if (strcmp(tool, "rpc_error") == 0)
		say(json_pack("{s:s, s:O, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", id, "error", "code", -32050,
			      "message", "as asked"));
	else if (strcmp(tool, "env") == 0)
		answer(id, environment());
	else if (strcmp(tool, "big") == 0)
		answer(id, big(args));
	else if (strcmp(tool, "raw") == 0)
		answer(id, json_incref(json_object_get(args, "result")));
	else
		answer(id, text_result(text ? text : tool, strcmp(tool, "fail") == 0));
}

/* As maps/mcp-jsonl.json reads it; about: the first text that it was given. */
static void tell(FILE *calls, const char *tool, json_t *args)
{
	const char *key, *about = "";
	struct timespec now;
	char day[32];
	json_t *value, *line;

	json_object_foreach(args, key, value)
		if (!*about && json_is_string(value))
			about = json_string_value(value);
	clock_gettime(CLOCK_REALTIME, &now);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", gmtime(&now.tv_sec));
	line = json_pack("{s:o, s:s, s:s}", "time", json_sprintf("%s.%03ldZ", day, now.tv_nsec / 1000000), "tool", tool,
			 "about", about);
	json_dumpf(line, calls, JSON_COMPACT);
	putc('\n', calls);
	fflush(calls);	/* before the answer: stdout goes out by itself when it is full */
	json_decref(line);
}

static void serve(json_t *message, const char *log, FILE *calls)
{
	const char *method = json_string_value(json_object_get(message, "method"));
	json_t *id = json_object_get(message, "id"), *params = json_object_get(message, "params");

	if (method && log && strcmp(method, "notifications/cancelled") == 0)
		append(log, "cancelled");
	if (!id || !method)
		return;
	if (strcmp(method, "initialize") == 0)
		answer(id, json_pack("{s:O, s:{s:{}}, s:{s:s, s:s}}", "protocolVersion",
				     json_object_get(params, "protocolVersion"), "capabilities", "tools",
				     "serverInfo", "name", "mcp_server", "version", "1"));
	else if (strcmp(method, "tools/list") == 0)
		answer(id, tool_list());
	else if (strcmp(method, "tools/call") == 0) {
		if (calls)
			tell(calls, json_string_value(json_object_get(params, "name")), json_object_get(params, "arguments"));
		call(id, json_string_value(json_object_get(params, "name")),
		     json_object_get(params, "arguments"), log);
	} else
		answer(id, json_object());
}

int main(void)
{
	struct lines in = { .fd = 0 };
	FILE *calls = getenv("CALLS") ? fopen(getenv("CALLS"), "a") : NULL;
	char *line;
	size_t size;

	while ((line = line_next(&in, &size))) {
		json_t *message = json_loadb(line, size, 0, NULL);

		if (message)
			serve(message, getenv("LOG"), calls);
		json_decref(message);
		if (line_is_here(&in))
			continue;
		fflush(stdout);
	}
	free(in.bytes);
	return 0;
}

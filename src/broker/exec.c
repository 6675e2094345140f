/*
 * A tool without a server: the launcher runs the operator's argv with our values in it. Here the
 * values are checked and put in order, and what the tool prints becomes its result.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "broker/broker.h"

static bool add_value(struct buf *out, const json_t *value)
{
	char number[24] = "";
	const char *text = number;
	uint32_t size;
	uint8_t given = value != NULL;

	buf_add(out, &given, 1);
	if (!given)
		return !out->over;
	if (json_is_integer(value))
		snprintf(number, sizeof(number), "%" PRId64, (int64_t)json_integer_value(value));
	else
		text = json_is_string(value) ? json_string_value(value)
		       : json_is_true(value) ? "true"
					     : "false";
	size = (uint32_t)strlen(text);
	buf_add(out, &size, 4);
	return buf_add(out, text, size);
}

/* Before the bytes, their digest and the verdict are made: all three must be of what is executed. */
void exec_fill(struct server *s, struct mcp_asked *m, json_t *params)
{
	const json_t *tool = mcp_tools_find(s->lists[MCP_TOOL_LIST].items, m->name, NULL);

	if (tool && !m->args) {
		json_object_set_new(params, "arguments", json_object());
		m->args = json_object_get(params, "arguments");
	}
	if (tool)
		mcp_add_defaults(json_object_get(tool, "inputSchema"), m->args);
}

static int prepare(struct call *c, struct err *e)
{
	const json_t *tool = mcp_tools_find(c->server->lists[MCP_TOOL_LIST].items, c->action.tool, &c->exec.tool);
	const json_t *schema = json_object_get(tool, "inputSchema");
	const char *name;
	json_t *declared;

	if (!tool)
		return err_set(e, ERR_INPUT, "no such tool: tools/list says which there are");
	if (mcp_check_arguments(schema, c->action.args, e) < 0)
		return -1;
	json_object_foreach(json_object_get(schema, "properties"), name, declared)
	{
		c->exec.count++;
		if (!add_value(&c->exec.values, json_object_get(c->action.args, name)))
			return err_set(e, ERR_INPUT, "the arguments are too large");
	}
	return 0;
}

bool exec_ask(struct call *c, enum reason *reason, char *text, size_t room)
{
	struct err why = { 0 };

	if (!c->server->exec || prepare(c, &why) == 0)
		return true;
	*reason = REASON_BAD_PARAMS;
	snprintf(text, room, "%s", why.text);
	return false;
}

int exec_run(struct call *c, const struct receipt *proof, struct err *e)
{
	must(receipt_index(proof) > 0);
	return launcher_queue(c, CALL_WAITING, e);
}

/* What was judged must be so still when the tool is started: the launcher asks the kernel once more. */
void exec_keep_facts(struct call *c)
{
	const struct action *a = &c->action;
	struct buf *out = &c->exec.facts;
	uint8_t room[2 * PATH_MAX + 16];
	uint16_t count = 0;
	size_t i;

	out->size = 0;
	out->most = WIRE_MOST;
	for (i = 0; i < a->fact_count; i++)
		count = (uint16_t)(count + ask_is_path(&a->facts[i]));
	buf_add(out, &count, 2);
	for (i = 0; i < a->fact_count; i++) {
		const struct fact *f = &a->facts[i];
		struct pack p = { .at = room, .room = sizeof(room) };

		if (!ask_is_path(f))
			continue;
		pack_number(&p, f->yes, 1);
		pack_text(&p, f->root, strlen(f->root));
		pack_text(&p, f->path, strlen(f->path));
		buf_add(out, room, p.size);
	}
}

/* The launcher runs it only against the receipt of this intent. */
int exec_send(struct call *c, const struct receipt *proof, struct err *e)
{
	uint8_t head[16];
	struct pack p = { .at = head, .room = sizeof(head) };
	struct buf body = BUF(WIRE_MOST);
	uint16_t count = (uint16_t)c->exec.count;
	char text[320];
	int done;

	if (!hold_stands(c, text, sizeof(text)))
		return exec_failed(c, text, e);
	pack_number(&p, receipt_index(proof), 8);
	pack_number(&p, c->server->index, 2);
	pack_number(&p, c->exec.tool, 2);
	buf_add(&body, head, p.size);
	buf_add(&body, c->exec.facts.size ? c->exec.facts.data : "\0", c->exec.facts.size ? c->exec.facts.size : 2);
	buf_add(&body, &count, 2);
	buf_add(&body, c->exec.values.data, c->exec.values.size);
	if (body.over || c->exec.facts.over) {
		buf_free(&body);
		return exec_failed(c, "its arguments are too large", e);
	}
	c->began_ns = clock_mono_ns();
	c->deadline_ns = c->began_ns + c->server->deadline_ms * UINT64_C(1000000);
	call_queue(c, &c->server->flying, CALL_FLYING);
	done = launcher_send(c->broker, MSG_EXEC, c->tag, body.data, body.size, e);
	buf_free(&body);
	buf_free(&c->exec.values);
	call_weigh(c);
	return done;
}

/* Its standard input is the launcher's to write. */
int exec_spawned(struct call *c, struct msg *m, struct err *e)
{
	if (c->exec.out >= 0)
		return err_set(e, ERR_PEER, "SPAWNED twice");
	c->exec.out = fd_take(&m->fds[1]);
	if (fcntl(c->exec.out, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, "tool %s: its pipe", c->action.tool);
	return 0;
}

int exec_failed(struct call *c, const char *why, struct err *e)
{
	char text[400];

	snprintf(text, sizeof(text), "tool %s/%s did not start: %s", c->server->name,
		 c->action.tool, why);
	answer_text(c, MCP_INTERNAL, text);
	return call_close(c, (struct outcome){ .status = "failed", .why = why, .exit = -1 }, e);
}

/* What is no text becomes \xNN; everything else stays as it was printed. */
static void make_text(struct buf *out, const char *bytes, size_t size)
{
	uint32_t point = 0;
	size_t step;

	for (; size > 0; bytes += step, size -= step) {
		step = text_point(bytes, size, &point);
		if (step > 0 && point > 0)
			buf_add(out, bytes, step);
		else
			buf_printf(out, "\\x%02x", (uint8_t)*bytes);
		step = step ? step : 1;
	}
}

static json_t *make_result(struct call *c)
{
	struct buf text = BUF(5ul * EXEC_OUTPUT);
	size_t size = c->exec.output.size;
	char status[48];
	json_t *result;

	if (c->exec.cut)
		size = text_cut(c->exec.output.data, size, size - 1);
	if (size)
		make_text(&text, c->exec.output.data, size);
	if (c->exec.cut)
		buf_puts(&text, "\n[reeve: the output is cut here, after 1 MiB]\n");
	snprintf(status, sizeof(status), "exit status %u", c->exec.status);
	result = mcp_text_result(c->exec.status != 0, text.data ? text.data : "", text.size,
				 c->exec.status ? status : NULL);
	buf_free(&text);
	return result;
}

/* Both must have come: the end of its output, and its status. */
static int finish(struct call *c, struct err *e)
{
	struct answer a = { .outcome = { .size = c->exec.output.size } };
	char digest[SEAL_DIGEST_TEXT];

	if (!c->exec.closed || !c->exec.exited)
		return 0;
	seal_digest(digest, a.outcome.size ? c->exec.output.data : "", a.outcome.size);
	a.outcome.answer = digest;
	a.outcome.payload = (struct payload){ c->exec.output.data, a.outcome.size };
	a.outcome.status = c->exec.status ? "tool-error" : "ok";
	a.outcome.exit = (int)(c->exec.status & 0xffff);
	a.result = make_result(c);
	if (!a.result)
		a.error = json_pack("{s:i, s:s}", "code", MCP_INTERNAL, "message", "reeve is out of memory");
	return relay_deliver(c, &a, e);
}

int exec_exited(struct call *c, unsigned status, struct err *e)
{
	c->exec.exited = true;
	c->exec.status = status;
	return finish(c, e);
}

/* More than it may say: it is ended, and what it said so far is its answer. */
static int cut(struct call *c, struct err *e)
{
	c->exec.cut = c->exec.closed = true;
	fd_close(&c->exec.out);
	if (c->exec.exited)
		return finish(c, e);
	return wire_send(&c->broker->launcher, MSG_STOP, c->tag, NULL, 0, NULL, 0, e);
}

int exec_attend(void *call, short what, struct err *e)
{
	struct call *c = call;
	char bytes[16384];
	size_t room;
	ssize_t got;

	(void)what;
	if (c->exec.out < 0)
		return 0;
	got = read(c->exec.out, bytes, sizeof(bytes));
	if (got < 0)
		return 0;
	if (got == 0) {
		fd_close(&c->exec.out);
		c->exec.closed = true;
		return finish(c, e);
	}
	room = EXEC_OUTPUT - c->exec.output.size;
	buf_add(&c->exec.output, bytes, (size_t)got < room ? (size_t)got : room);
	return (size_t)got > room ? cut(c, e) : 0;
}

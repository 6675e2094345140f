#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "mcp/mcp.h"
#include "mcp/shape.h"

SCOPED(made, json_t *, json_decref)

/* A sentence of ours may quote a stranger's bytes, cut anywhere: what is not text is made visible.
 */
static json_t *text_of(const char *text, size_t size)
{
	struct buf visible = BUF(8 * size + 8);
	json_t *value = json_stringn(text, size);

	if (!value && text_visible(&visible, text, size))
		value = json_stringn(visible.data, visible.size);
	buf_free(&visible);
	return value;
}

bool shape_write_text(struct buf *out, const char *text)
{
	scoped(made) json_t *value = text_of(text, strlen(text));

	return value ? json_write(out, value) : buf_puts(out, "\"\"");
}

static void open_answer(struct buf *out, const json_t *id)
{
	buf_puts(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	if (id)
		json_write(out, id);
	else
		buf_puts(out, "null");
}

bool mcp_write_request(struct buf *out, uint64_t id, const char *method, const json_t *params)
{
	buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\"", id, method);
	if (params) {
		buf_puts(out, ",\"params\":");
		json_write(out, params);
	}
	return buf_puts(out, "}\n");
}

bool mcp_write_notification(struct buf *out, const char *method, const json_t *params)
{
	buf_printf(out, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\"", method);
	if (params) {
		buf_puts(out, ",\"params\":");
		json_write(out, params);
	}
	return buf_puts(out, "}\n");
}

bool mcp_write_result(struct buf *out, const json_t *id, const json_t *result)
{
	open_answer(out, id);
	buf_puts(out, ",\"result\":");
	json_write(out, result);
	return buf_puts(out, "}\n");
}

bool mcp_write_failure(struct buf *out, const json_t *id, const json_t *error)
{
	open_answer(out, id);
	buf_puts(out, ",\"error\":");
	json_write(out, error);
	return buf_puts(out, "}\n");
}

bool mcp_write_error(struct buf *out, const json_t *id, int code, const char *text)
{
	open_answer(out, id);
	buf_printf(out, ",\"error\":{\"code\":%d,\"message\":", code);
	shape_write_text(out, text);
	return buf_puts(out, "}}\n");
}

static void add_text(json_t *content, json_t *text)
{
	json_array_append_new(content, json_pack("{s:s, s:o}", "type", "text", "text", text));
}

json_t *mcp_text_result(bool is_error, const char *text, size_t size, const char *more)
{
	scoped(made) json_t *content = json_array();
	json_t *first = text_of(text, size);

	if (!content || !first)
		return NULL;
	add_text(content, first);
	if (more)
		add_text(content, json_string(more));
	return json_pack("{s:O, s:b}", "content", content, "isError", is_error);
}

bool mcp_is_tool_error(const json_t *result)
{
	return json_is_true(json_object_get(result, "isError"));
}

/* tests/fuzz/fuzz_mcp.c - a line is a message or has a fault, never both; what we write of it we can read. */
#include <string.h>

#include "mcp/modern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes that would be forwarded, read again, are the same: judged = forwarded. */
static void check_asked(enum mcp_ask what, json_t *params)
{
	scoped(buf) struct buf out = BUF(16 << 20), again = BUF(16 << 20);
	scoped(json) json_t *doc = NULL;
	struct err e = { 0 };
	struct mcp_fault fault = { 0 };
	struct mcp_message m;
	struct mcp_asked asked, same;

	if (!mcp_read_asked(&asked, what, params, &fault) || !mcp_write_asked(&out, what, 1, &asked))
		return;
	if (memchr(out.data, '\n', out.size) || json_read(&doc, out.data, out.size, NULL, &e) < 0 ||
	    !mcp_read(&m, doc, &fault) || m.kind != MCP_REQUEST ||
	    strcmp(m.method, mcp_ask_method(what)) != 0 ||
	    !mcp_read_asked(&same, what, m.params, &fault) || strcmp(same.name, asked.name) != 0)
		__builtin_trap();
	if (asked.args && asked.args != params && !json_equal(asked.args, same.args))
		__builtin_trap();
	if (!mcp_write_asked(&again, what, 1, &same) || again.size != out.size ||
	    memcmp(again.data, out.data, out.size) != 0)
		__builtin_trap();
}

/* A request of the newer era is whole or has a fault; what is written of it stands in an envelope of ours. */
static void check_modern(const struct mcp_message *m)
{
	scoped(buf) struct buf out = BUF(16 << 20);
	scoped(json) json_t *doc = NULL;
	struct modern_envelope e, same;
	struct mcp_fault fault = { 0 };
	struct mcp_message again;
	struct err why = { 0 };

	if (modern_read_envelope(&e, m, &fault) != (fault.text == NULL))
		__builtin_trap();
	if (fault.text || json_object_get(m->params, "_meta") == NULL)
		return;
	json_object_del(m->params, "_meta");
	if (!modern_write_request(&out, 1, "tools/call", m->params, &e))
		return;
	if (json_read(&doc, out.data, out.size - 1, NULL, &why) < 0 || !mcp_read(&again, doc, &fault) ||
	    !modern_read_envelope(&same, &again, &fault) || modern_era_of(&again) != MCP_ERA_MODERN ||
	    e.can != same.can || e.log_level != same.log_level)
		__builtin_trap();
}

/* What an agent of the newer era is shown says what kind of result it is; the older sees nothing of that. */
static void check_result(json_t *result)
{
	scoped(json) json_t *outward = modern_outward(result, "resources/read");
	scoped(json) json_t *inward = modern_inward(outward), *direct = modern_inward(result);

	if (!json_object_get(outward, "resultType") || json_object_get(inward, "resultType") ||
	    json_object_get(inward, "ttlMs") || json_object_get(direct, "cacheScope"))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(json) json_t *doc = NULL;
	struct mcp_fault fault = { 0 };
	struct mcp_message m;
	struct err e = { 0 };
	int what;

	if (json_read(&doc, (const char *)data, size, NULL, &e) < 0)
		return 0;
	if (mcp_read(&m, doc, &fault) != (fault.text == NULL))
		__builtin_trap();
	if (fault.text)
		return 0;
	if (m.kind == MCP_RESPONSE && (!m.id || !m.result == !m.error))
		__builtin_trap();
	for (what = 0; m.kind == MCP_REQUEST && m.params && what < MCP_ASKS; what++)
		check_asked((enum mcp_ask)what, m.params);
	if (m.kind == MCP_REQUEST && m.params)
		check_modern(&m);
	if (m.kind == MCP_RESPONSE && m.result)
		check_result(m.result);
	return 0;
}

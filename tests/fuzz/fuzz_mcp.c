/* tests/fuzz/fuzz_mcp.c - a line is a message or has a fault, never both; what we write of it we can read. */
#include <string.h>

#include "mcp/mcp.h"

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
	return 0;
}

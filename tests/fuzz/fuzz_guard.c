/*
 * tests/fuzz/fuzz_guard.c - whatever the arguments, a guard refuses or says nothing; what is refused is refused too
 * when it stands beside something else, and within a text.
 */
#include <stdint.h>
#include <string.h>

#include "guard/guard.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool passes(const struct guards *g, json_t *args)
{
	const struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = "assign", .args = args };
	enum guard which = GUARDS;
	bool pass = guards_pass(g, &a, false, &which);

	if (!pass && which >= GUARDS)
		__builtin_trap();
	return pass;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(guards) struct guards *g = NULL;
	scoped(json) json_t *args = NULL, *around = NULL, *within = NULL;
	scoped(buf) struct buf text = BUF(1 << 20);
	struct err e = { 0 };

	if (guards_new(&g, &e) < 0 || json_read_message(&args, (const char *)data, size, &e) < 0 ||
	    !json_is_object(args) || passes(g, args))
		return 0;
	around = json_pack("{s:O}", "a", args);
	if (passes(g, around))
		__builtin_trap();
	if (!json_write(&text, args))
		return 0;
	within = json_pack("{s:s%}", "a", text.data, text.size);
	if (within && text.size > 0 && passes(g, within))
		__builtin_trap();
	return 0;
}

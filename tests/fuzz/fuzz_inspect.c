/*
 * tests/fuzz/fuzz_inspect.c - what was cleaned is clean: nothing hides in it that did not before, no held secret
 * is found in it again; a skeleton is no longer than its name; prints are loaded whole or not at all.
 */
#include <string.h>

#include "base/text.h"
#include "inspect/inspect.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	static const enum inspect_show ways[] = { SHOW_VISIBLE, SHOW_REMOVED };
	scoped(buf) struct buf once = BUF(8 * size + 1), twice = BUF(64 * size + 1), bones = BUF(size + 1);
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		once.size = twice.size = 0;
		inspect_show(&once, text, size, ways[i]);
		if (once.over || (once.size && inspect_show(&twice, once.data, once.size, ways[i])))
			__builtin_trap();
		if (once.size && !text_is_utf8(once.data, once.size))
			__builtin_trap();
	}
	if (!inspect_skeleton(&bones, text, size) || bones.size > size)
		__builtin_trap();
	inspect_text_shape(text, size);
}

static void check_value(const struct inspect_held *h, json_t *value)
{
	static const struct inspect_bounds bounds = { SHOW_VISIBLE, 64, 128 };
	const char *name;

	if (inspect_clean(h, value, &name) == INSPECT_FOUND && inspect_find(h, value, &name) != INSPECT_NONE)
		__builtin_trap();
	inspect_tidy(value, SHOW_REMOVED);
	if (inspect_tidy(value, SHOW_REMOVED) || inspect_tidy(value, SHOW_VISIBLE))
		__builtin_trap();
	inspect_bound(value, &bounds);
	inspect_shape(value);
}

static struct inspect_held *held(void)
{
	static const uint8_t key[INSPECT_KEY] = { 1, 2, 3, 4, 5 };
	scoped(buf) struct buf prints = BUF(INSPECT_PRINTS);
	struct inspect_held *h = NULL;
	struct err e = { 0 };

	if (!inspect_prints_begin(&prints, key) || inspect_prints_add(&prints, "s", "12345678", 8, &e) < 0 ||
	    inspect_prints_add(&prints, "t", "tok-9f/Qz7+mL-vX_4a", 19, &e) < 0 ||
	    inspect_held_load(&h, prints.data, prints.size, &e) < 0)
		__builtin_trap();
	return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(inspect_held) struct inspect_held *loaded = NULL, *ours = held();
	scoped(json) json_t *value = NULL;
	const char *text = (const char *)data;
	struct err e = { 0 };

	if ((inspect_held_load(&loaded, data, size, &e) < 0) != (loaded == NULL))
		__builtin_trap();
	if (text_is_utf8(text, size))
		check_text(text, size);
	if (json_read(&value, text, size, NULL, &e) == 0)
		check_value(ours, value);
	return 0;
}

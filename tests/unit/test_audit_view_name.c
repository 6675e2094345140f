/* Names and widths of C2SP tlog-tiles, by the specification's own examples, and one form of each name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/view.h"

static const struct {
	struct tile tile;
	const char *name;
} names[] = {
	{ { 0, 0, 256 }, "tile/0/000" },
	{ { 0, 999, 256 }, "tile/0/999" },
	{ { 0, 1000, 256 }, "tile/0/x001/000" },
	{ { 0, 1000, 17 }, "tile/0/x001/000.p/17" },
	{ { 0, 1234067, 256 }, "tile/0/x001/x234/067" },
	{ { TILE_ENTRIES, 1234067, 255 }, "tile/entries/x001/x234/067.p/255" },
	{ { 3, 1000000, 1 }, "tile/3/x001/x000/000.p/1" },
	{ { 7, 999999999999, 256 }, "tile/7/x999/x999/x999/999" },
};

static void one_name(void **unused)
{
	char name[VIEW_PATH];
	struct tile back;
	size_t i;

	(void)unused;
	for (i = 0; i < count_of(names); i++) {
		tile_name(name, &names[i].tile);
		assert_string_equal(name, names[i].name);
		assert_true(tile_parse(&back, name));
		assert_int_equal(back.level, names[i].tile.level);
		assert_int_equal(back.n, names[i].tile.n);
		assert_int_equal(back.width, names[i].tile.width);
	}
}

static void no_other(void **unused)
{
	static const char *const others[] = {
		"tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000", "tile/0/x000/000", "tile/0/x001/x000/", "tile/0/x1/000",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/07", "tile/0/000.p/", "tile/0/000.p", "tile/0/000/", "tile/00/000",
		"tile/8/000", "tile/-1/000", "tile/entries", "tile/entries/x000/001", "tile//000", "tile/0/x001", "tile/0/001/000",
		"tile/0/x001/000.new", "tile/0/X001/000", "tile/8/x001/000", "/tile/0/000", "tile/0/ 00", "tile/data/000",
	};
	struct tile t;
	size_t i;

	(void)unused;
	for (i = 0; i < count_of(others); i++)
		if (tile_parse(&t, others[i]))
			fail_msg("%s is taken for a tile", others[i]);
}

/* The specification's tree of 70,000: 273 full tiles and one of 112; one full, one of 17; one of 1. And that of 256. */
static void widths(void **unused)
{
	static const struct {
		int level;
		uint64_t n, size;
		unsigned width;
	} rows[] = {
		{ 0, 272, 70000, 256 }, { 0, 273, 70000, 112 }, { 0, 274, 70000, 0 }, { 1, 0, 70000, 256 }, { 1, 1, 70000, 17 },
		{ 1, 2, 70000, 0 },	{ 2, 0, 70000, 1 },	{ 3, 0, 70000, 0 },   { 0, 0, 256, 256 },   { 0, 1, 256, 0 },
		{ 1, 0, 256, 1 },	{ 2, 0, 256, 0 },	{ TILE_ENTRIES, 273, 70000, 112 },	    { TILE_ENTRIES, 1, 256, 0 },
	};
	size_t i;

	(void)unused;
	for (i = 0; i < count_of(rows); i++) {
		const struct tile t = { .level = rows[i].level, .n = rows[i].n };

		assert_int_equal(tile_width(&t, rows[i].size), rows[i].width);
	}
}

/* What a longer bundle, or tile, has in common with a shorter one; of a bundle by the sizes in it, two bytes, big-endian. */
static void prefixes(void **unused)
{
	static const char bundle[] = "\0\2ab\1\0" "0123456789";
	const struct tile entries = { .level = TILE_ENTRIES }, hashes = { .level = 0 };

	(void)unused;
	assert_int_equal(tile_prefix(&entries, bundle, 4, 1), 4);
	assert_int_equal(tile_prefix(&entries, bundle, 5, 2), 0);
	assert_int_equal(tile_prefix(&entries, bundle, sizeof(bundle) - 1, 2), 0);
	assert_int_equal(tile_prefix(&hashes, bundle, 64, 2), 64);
	assert_int_equal(tile_prefix(&hashes, bundle, 63, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_name),
		cmocka_unit_test(no_other),
		cmocka_unit_test(widths),
		cmocka_unit_test(prefixes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

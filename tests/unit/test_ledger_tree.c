/*
 * The tree of RFC 6962 against published constants: the inputs, roots and audit paths of the reference
 * implementation of certificate transparency (github.com/google/certificate-transparency,
 * cpp/merkletree/merkle_tree_test.cc; the same in github.com/transparency-dev/merkle, testonly/constants.go).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "ledger/ledger.h"

enum { LEAVES = 8 };

static const struct {
	const char *bytes;
	size_t size;
	const char *root;	/* of the tree that ends with this leaf */
} leaves[LEAVES] = {
	{ "", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
	{ "\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
	{ "\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
	{ "\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
	{ "\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
	{ "\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
	{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
	{ "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
	  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};

static void expect_hash(const uint8_t hash[SEAL_HASH], const char *expected)
{
	char text[2 * SEAL_HASH + 1];

	text_hex(text, hash, SEAL_HASH);
	assert_string_equal(text, expected);
}

static void roots(void **state)
{
	struct tree t = { 0 };
	uint8_t root[SEAL_HASH];
	size_t i;

	(void)state;
	tree_root(root, &t);
	expect_hash(root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (i = 0; i < LEAVES; i++) {
		tree_add(&t, leaves[i].bytes, leaves[i].size);
		tree_root(root, &t);
		expect_hash(root, leaves[i].root);
	}
}

static void paths(void **state)
{
	static const struct {
		uint64_t index, size;
		size_t count;
		const char *beside[3];
	} rows[] = {
		{ 0, 1, 0, { NULL } },
		{ 0, 8, 3, { "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
			     "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			     "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
		{ 5, 8, 3, { "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
			     "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
			     "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
		{ 2, 3, 1, { "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" } },
		{ 1, 5, 3, { "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
			     "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			     "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
	};
	struct tree_part path[TREE_PATH_MOST];
	uint8_t beside[TREE_PATH_MOST][SEAL_HASH], hash[SEAL_HASH];
	size_t i, j, count;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		count = tree_path(path, rows[i].index, rows[i].size);
		assert_int_equal(count, rows[i].count);
		for (j = 0; j < count; j++)
			assert_true(seal_hash_read(beside[j], rows[i].beside[j], 2 * (size_t)SEAL_HASH));
		seal_prefixed(hash, TREE_LEAF, leaves[rows[i].index].bytes, leaves[rows[i].index].size, "", 0);
		tree_climb(hash, rows[i].index, path, count, beside);
		expect_hash(hash, leaves[rows[i].size - 1].root);
	}
}

/* Every leaf of every size up to 600: the parts beside, hashed on their own, lead to the tree's root. */
static void every_path(void **state)
{
	struct tree_part path[TREE_PATH_MOST];
	uint8_t beside[TREE_PATH_MOST][SEAL_HASH], hash[SEAL_HASH], root[SEAL_HASH];
	uint64_t size, index, n;
	size_t count, i;

	(void)state;
	for (size = 1; size <= 600; size += size < 70 ? 1 : 53) {
		struct tree all = { 0 };

		for (n = 0; n < size; n++)
			tree_add(&all, &n, sizeof(n));
		tree_root(root, &all);
		for (index = 0; index < size; index++) {
			count = tree_path(path, index, size);
			for (i = 0; i < count; i++) {
				struct tree part = { 0 };

				for (n = path[i].begin; n < path[i].end; n++)
					tree_add(&part, &n, sizeof(n));
				tree_root(beside[i], &part);
			}
			seal_prefixed(hash, TREE_LEAF, &index, sizeof(index), "", 0);
			tree_climb(hash, index, path, count, beside);
			assert_memory_equal(hash, root, SEAL_HASH);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots),
		cmocka_unit_test(paths),
		cmocka_unit_test(every_path),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

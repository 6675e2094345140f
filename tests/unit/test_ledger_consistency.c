/*
 * That one tree is the beginning of another, RFC 6962 2.1.2: published proofs, and every pair of small sizes.
 * The first three are those of the reference implementation of certificate transparency
 * (github.com/google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc), the fourth a witness's
 * (github.com/transparency-dev/witness, omniwitness), the last two another's (github.com/FiloSottile/litetlog, witness_test.go).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/ledger.h"

enum { MOST = 70, HEX = 64, BASE64 = 44 };

static void read_hash(uint8_t out[SEAL_HASH], const char *text)
{
	assert_true(seal_hash_read(out, text, strlen(text)));
}

static void published(void **state)
{
	static const struct {
		uint64_t old, size;
		const char *old_root, *root;
		size_t count;
		const char *hashes[4];
	} rows[] = {
		{ 1, 8, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", 3,
		  { "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
		    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
		{ 6, 8, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", 3,
		  { "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
		    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
		    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
		{ 2, 5, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", 2,
		  { "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
		{ 5, 8, "41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE=", "V8K9aklZ4EPB+RMOk1/8VsJUdFZR77GDtZUQq84vSbo=", 4,
		  { "b9e1d62618f7fee8034e4c5010f727ab24d8e4705cb296c374bf2025a87a10d2",
		    "aac66cd7a79ce4012d80762fe8eec3a77f22d1ca4145c3f4cee022e7efcd599d",
		    "89d0f753f66a290c483b39cd5e9eafb12021293395fad3d4a2ad053cfbcfdc9e",
		    "29e40bb79c966f4c6fe96aff6f30acfce5f3e8d84c02215175d6e018a5dee833" } },
		{ 1, 3, "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=", 2,
		  { "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" } },
		{ 1, 5, "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=", 3,
		  { "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=",
		    "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" } },
	};
	uint8_t hashes[4][SEAL_HASH], old_root[SEAL_HASH], root[SEAL_HASH];
	size_t i, j;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		read_hash(old_root, rows[i].old_root);
		read_hash(root, rows[i].root);
		for (j = 0; j < rows[i].count; j++)
			read_hash(hashes[j], rows[i].hashes[j]);
		assert_true(tree_grew(rows[i].old, old_root, rows[i].size, root, hashes, rows[i].count));
		assert_false(tree_grew(rows[i].old, root, rows[i].size, old_root, hashes, rows[i].count));
		assert_false(tree_grew(rows[i].old, old_root, rows[i].size, root, hashes, rows[i].count - 1));
	}
}

static void root_of(uint8_t out[SEAL_HASH], uint64_t begin, uint64_t end)
{
	struct tree t = { 0 };
	uint64_t i;

	for (i = begin; i < end; i++)
		tree_add(&t, &i, sizeof(i));
	tree_root(out, &t);
}

static void every_pair(void **state)
{
	uint8_t hashes[TREE_PATH_MOST][SEAL_HASH], old_root[SEAL_HASH], root[SEAL_HASH];
	struct tree_part parts[TREE_PATH_MOST];
	uint64_t old, size, j;
	size_t count, i;

	(void)state;
	for (size = 0; size < MOST; size++) {
		root_of(root, 0, size);
		for (old = 0; old <= size; old++) {
			root_of(old_root, 0, old);
			count = tree_growth(parts, old, size);
			for (i = 0; i < count; i++)
				root_of(hashes[i], parts[i].begin, parts[i].end);
			assert_true(tree_grew(old, old_root, size, root, hashes, count));
			for (i = 0; i < count; i++) {
				hashes[i][i] ^= 1;
				assert_false(tree_grew(old, old_root, size, root, hashes, count));
				hashes[i][i] ^= 1;
			}
			/* Nor does the same proof say it of another size. */
			for (j = 0; j < size; j++)
				assert_true(j == old || j == 0 || !tree_grew(j, old_root, size, root, hashes, count));
		}
	}
	assert_false(tree_grew(2, root, 1, root, hashes, 0));
	assert_true(tree_growth(parts, UINT64_C(1) << 62, UINT64_MAX >> 1) < TREE_PATH_MOST);
	assert_true(tree_growth(parts, (UINT64_MAX >> 1) - 1, UINT64_MAX >> 1) < TREE_PATH_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published),
		cmocka_unit_test(every_pair),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ledger consistency", tests, NULL, NULL);
}

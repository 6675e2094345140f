/*
 * What was in force is kept, a file by its digest, so that what was decided then can be decided again: the operator's own
 * files are others by now. The ledger has the digest, so a kept file that was altered is no policy of that day.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "json/json.h"
#include "launcher/run.h"

enum { KEPT_MOST = 64 << 20 };

/* "sha256:HEX" is HEX.json. */
static int name_of(char out[SEAL_DIGEST_TEXT + 8], const char *digest, struct err *e)
{
	const char *hex = strchr(digest, ':');

	if (!hex || strlen(digest) >= SEAL_DIGEST_TEXT || strspn(hex + 1, "0123456789abcdef") != strlen(hex + 1))
		return err_set(e, ERR_INPUT, "\"%.80s\" is no digest of a policy", digest);
	snprintf(out, SEAL_DIGEST_TEXT + 8, "%s.json", hex + 1);
	return 0;
}

static json_t *files_of(const struct policy_set *policy)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < policy->count; i++)
		json_array_append_new(all, json_pack("{s:s, s:s%}", "name", policy->at[i].name, "text", policy->at[i].bytes,
						     policy->at[i].size));
	return all;
}

int policies_keep(const struct paths *at, const struct policy_set *policy, struct err *e)
{
	char digest[SEAL_DIGEST_TEXT], name[SEAL_DIGEST_TEXT + 8], path[2 * LAUNCH_TEXT];
	scoped(buf) struct buf text = BUF(KEPT_MOST);
	scoped(json) json_t *all = NULL;

	record_policy(digest, policy);
	if (name_of(name, digest, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", at->policies, name);
	if (access(path, F_OK) == 0)
		return 0;
	all = json_pack("{s:s, s:o}", "reeve", "kept-policy/1", "files", files_of(policy));
	if (!all || !json_write(&text, all))
		return err_set(e, ERR_SYSTEM, "no memory to keep the policy");
	if (paths_make_own(at->policies, e) < 0 || fd_replace_file(at->policies, name, 0600, text.data, text.size, e) < 0)
		return err_in(e, "keep the policy");
	return 0;
}

static int take_files(struct policy_kept *k, const json_t *files, struct err *e)
{
	const json_t *one;
	size_t i;

	k->at = calloc(json_array_size(files) + 1, sizeof(k->at[0]));
	if (!k->at)
		return err_sys(e, "memory for a policy");
	json_array_foreach(files, i, one)
		k->at[i] = (struct policy_bytes){ json_text(one, "name"), json_text(one, "text"),
						  json_string_length(json_object_get(one, "text")) };
	k->set = (struct policy_set){ .at = k->at, .count = json_array_size(files) };
	return 0;
}

int policies_find(struct policy_kept *out, const struct paths *at, const char *digest, struct err *e)
{
	char name[SEAL_DIGEST_TEXT + 8], path[2 * LAUNCH_TEXT], found[SEAL_DIGEST_TEXT];

	if (name_of(name, digest, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", at->policies, name);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return err_set(e, ERR_INPUT, "the policy of that day (%s) is not kept here", digest);
	if (json_file_load(&out->file, path, KEPT_MOST, e) < 0 || take_files(out, json_object_get(out->file.root, "files"), e) < 0)
		return -1;
	record_policy(found, &out->set);
	if (strcmp(found, digest) != 0)
		return err_set(e, ERR_INPUT, "%s: altered: it is not the policy that the ledger names", path);
	return 0;
}

void policies_free(struct policy_kept *k)
{
	json_file_free(&k->file);
	free(k->at);
}

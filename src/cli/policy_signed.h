/* cli/policy_signed.h - a folder of policies that somebody put his name to: reeve-policy(5), SIGNED POLICIES. */
#ifndef CLI_POLICY_SIGNED_H
#define CLI_POLICY_SIGNED_H

#include "cli/policy_dir.h"
#include "seal/ssh.h"

#define POLICY_NAMESPACE "policy@reeve"
#define POLICY_MANIFEST "policy.manifest"

enum { MANIFEST_MOST = 256 << 10 };

/* What a run reads of a folder, as bytes that were read already: what is judged here is what the broker gets. */
struct signed_folder {
	const char *path;
	const struct policy_files *policies, *catalogue;
};

/* Both read, from a folder that must be one; *catalogue stays empty where it has none. On failure both still want freeing. */
int signed_folder_load(struct policy_files *policies, struct policy_files *catalogue, const char *path, struct err *e) must_use;

/* The text that is signed. */
int signed_manifest(struct buf *out, const struct signed_folder *f, struct err *e) must_use;

/* Who of a list may have signed; count 0: everybody in it. */
struct signed_by {
	const struct ssh_signers *signers;
	const char *const *names;
	size_t count;
};

struct policy_signer {
	char name[SSH_NAME];
	struct ssh_signature with;
};

/* Are these bytes what one of them signed, and all that was? -1: why not. */
int signed_check(struct policy_signer *out, const struct signed_folder *f, const struct signed_by *by, struct err *e) must_use;

/* policy_sign.c: the words of `reeve policy`, as they were given. Each gives an exit code. */
int policy_sign(const char *folder, const char *key, struct err *e) must_use;
int policy_verify(const char *folder, const char *signers, const char *const *names, size_t count, struct err *e) must_use;

#endif

/* cli/policy_dir.h - policy files as bytes: one file, or all *.json of a directory by name. */
#ifndef CLI_POLICY_DIR_H
#define CLI_POLICY_DIR_H

#include <stddef.h>

#include "base/err.h"

enum { POLICY_FILES_MOST = 256 };

struct policy_file {
	char *name;	/* base name without ".json": the first half of every rule's id */
	char *path;
	char *bytes;
	size_t size;
};

/* All owned; zero is empty and valid. */
struct policy_files {
	struct policy_file *at;
	size_t count;
};

/* Adds to *out, so several operands gather in one list; on failure *out still wants freeing. */
int policy_dir_load(struct policy_files *out, const char *dir_or_file, struct err *e) must_use;
void policy_files_free(struct policy_files *f);

static inline void leave_policy_files(struct policy_files *f)
{
	policy_files_free(f);
}

#endif

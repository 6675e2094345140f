/* profile/oci.h - an OCI / Docker seccomp file while it is read. Private to profile/. */
#ifndef PROFILE_OCI_H
#define PROFILE_OCI_H

#include "profile/check.h"
#include "profile/profile.h"

enum { OCI_RULES = 16384, OCI_UNKNOWN = 4096, OCI_CALLS = 1024 };

/* One name of one entry, before it is known which of them matter. */
struct oci_rule {
	struct jail_rule rule;
	int action;			/* row of the table of actions: LOG and ALLOW differ, though both allow */
};

struct oci {
	struct json_file file;		/* checked */
	struct jail_calls calls;	/* rules owned */
	struct oci_rule *read;		/* owned, while it is read */
	size_t read_count, entries, left_out, names, unknown_count;
	int action;			/* the default's */
	struct buf unknown;		/* names without a number here, blanks between */
	char digest[80];
};

/* oci_read.c: one element of "syscalls", checked whole; what applies here is added to o->read. */
int oci_entry(struct oci *o, const char *at, const struct oci_host *host, struct err *e) must_use;

/* An action and its errno, named by these members of the object at `at`. */
int oci_action(int *action, int *error, const struct oci *o, const char *at, const char *action_key,
	       const char *number_key, const char *name_key, struct err *e) must_use;

/* The member, or NULL if it is absent or null; any other type is an error. */
int oci_member(json_t **out, const struct oci *o, const char *at, const char *key, json_type type,
	       struct err *e) must_use;
int oci_texts(json_t **out, const struct oci *o, const char *at, const char *key, struct err *e) must_use;

#endif

/*
 * OCI and Docker seccomp files, taken as they are, with the meaning container runtimes give them: an entry
 * whose answer is the default's says nothing; an entry without conditions decides its call, whatever stands
 * around it, and the first of several; entries with conditions are tried in the file's order.
 */
#include "profile/oci.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "profile/plan.h"
#include "seal/seal.h"

static const struct json_member members[] = {
	{ "defaultAction", JSON_STRING, JSON_MUST }, { "defaultErrnoRet", JSON_NULL, JSON_MAY },
	{ "defaultErrno", JSON_NULL, JSON_MAY },     { "architectures", JSON_NULL, JSON_MAY },
	{ "archMap", JSON_NULL, JSON_MAY },	     { "flags", JSON_NULL, JSON_MAY },
	{ "comment", JSON_NULL, JSON_MAY },	     { "syscalls", JSON_NULL, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member map_members[] = {
	{ "architecture", JSON_STRING, JSON_MUST },
	{ "subArchitectures", JSON_NULL, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const char *const arches[] = {
	"X86",	    "X86_64",	"X32",	 "ARM",	     "AARCH64",	    "MIPS", "MIPS64", "MIPS64N32",
	"MIPSEL",   "MIPSEL64", "MIPSEL64N32", "PPC", "PPC64", "PPC64LE", "S390", "S390X",
	"PARISC",   "PARISC64", "RISCV64", "LOONGARCH64", "M68K", "SH", "SHEB",
};

static const char *const flags[] = {
	"SECCOMP_FILTER_FLAG_TSYNC",
	"SECCOMP_FILTER_FLAG_LOG",
	"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
};

void oci_free(struct oci *o)
{
	if (!o)
		return;
	json_file_free(&o->file);
	buf_free(&o->unknown);
	free((void *)(uintptr_t)o->calls.rules);
	free(o->read);
	free(o);
}

static int check_word(const struct oci *o, const char *at, json_t *value, const char *prefix,
		      const char *const *words, size_t count, struct err *e)
{
	const char *text = json_string_value(value);
	size_t size = strlen(prefix), i;

	for (i = 0; text && strncmp(text, prefix, size) == 0 && i < count; i++)
		if (strcmp(text + size, words[i]) == 0)
			return 0;
	return json_wrong(&o->file, at, false, e, "expected a word such as \"%s%s\", found \"%.60s\"", prefix,
			  words[0], text ? text : "something else");
}

static int check_words(const struct oci *o, const char *at, const char *key, const char *prefix,
		       const char *const *words, size_t count, struct err *e)
{
	char list[POINT_MOST], where[POINT_MOST];
	json_t *array, *value;
	size_t i;

	if (oci_texts(&array, o, at, key, e) < 0)
		return -1;
	point_key(list, at, key);
	json_array_foreach(array, i, value)
		if (check_word(o, point_index(where, list, i), value, prefix, words, count, e) < 0)
			return -1;
	return 0;
}

/* Whatever they say: numbers of another architecture's table are refused here, by the list beneath. */
static int check_arches(const struct oci *o, struct err *e)
{
	json_t *plain, *map, *value;
	char at[POINT_MOST], where[POINT_MOST];
	size_t i;

	if (check_words(o, "", "architectures", "SCMP_ARCH_", arches, count_of(arches), e) < 0 ||
	    oci_member(&plain, o, "", "architectures", JSON_ARRAY, e) < 0 ||
	    oci_member(&map, o, "", "archMap", JSON_ARRAY, e) < 0)
		return -1;
	if (json_array_size(plain) && json_array_size(map))
		return json_wrong(&o->file, "/archMap", false, e,
				  "expected \"architectures\" or \"archMap\", found both");
	json_array_foreach(map, i, value) {
		point_index(at, "/archMap", i);
		if (json_members(&o->file, at, map_members, e) < 0 ||
		    check_word(o, point_key(where, at, "architecture"), json_object_get(value, "architecture"),
			       "SCMP_ARCH_", arches, count_of(arches), e) < 0 ||
		    check_words(o, at, "subArchitectures", "SCMP_ARCH_", arches, count_of(arches), e) < 0)
			return -1;
	}
	return 0;
}

/* What an entry answers is not what is answered anyway. */
static bool says_something(const struct oci *o, const struct oci_rule *r)
{
	return r->action != o->action || r->rule.error != o->calls.otherwise;
}

/* The first entry of each call that has no conditions: it decides, and the others of its call never do. */
static void find_plain(int plain[OCI_CALLS], const struct oci *o)
{
	size_t i;

	for (i = 0; i < OCI_CALLS; i++)
		plain[i] = -1;
	for (i = o->read_count; i-- > 0;)
		if (o->read[i].rule.compare_count == 0 && says_something(o, &o->read[i]))
			plain[o->read[i].rule.call] = (int)i;
}

static int settle(struct oci *o, struct err *e)
{
	struct jail_rule *rules = calloc(o->read_count + 1, sizeof(*rules));
	int plain[OCI_CALLS];
	size_t i, count = 0;

	if (!rules)
		return err_sys(e, "memory for rules");
	find_plain(plain, o);
	for (i = 0; i < o->read_count; i++) {
		const int decides = plain[o->read[i].rule.call];

		if (says_something(o, &o->read[i]) && (decides < 0 || decides == (int)i))
			rules[count++] = o->read[i].rule;
	}
	o->calls.rules = rules;
	o->calls.count = count;
	return jail_calls_check(&o->calls, e) < 0 ? err_in(e, "%s:1:1", o->file.name) : 0;
}

static int read_file(struct oci *o, const struct oci_host *host, struct err *e)
{
	json_t *entries, *ignored;
	char at[POINT_MOST];
	size_t i;

	if (json_members(&o->file, "", members, e) < 0 ||
	    oci_action(&o->action, &o->calls.otherwise, o, "", "defaultAction", "defaultErrnoRet", "defaultErrno",
		       e) < 0 ||
	    check_arches(o, e) < 0 || check_words(o, "", "flags", "", flags, count_of(flags), e) < 0 ||
	    oci_member(&ignored, o, "", "comment", JSON_STRING, e) < 0 ||
	    oci_member(&entries, o, "", "syscalls", JSON_ARRAY, e) < 0)
		return -1;
	for (i = 0; i < json_array_size(entries); i++)
		if (oci_entry(o, point_index(at, "/syscalls", i), host, e) < 0)
			return -1;
	return settle(o, e);
}

static int this_host(struct oci_host *out, struct err *e)
{
	struct utsname name;
	char *end = NULL;

	if (uname(&name) < 0)
		return err_sys(e, "uname");
	out->major = (unsigned)strtoul(name.release, &end, 10);
	out->minor = *end == '.' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
	return 0;
}

int oci_load(struct oci **out, const char *path, const struct oci_host *host, struct err *e)
{
	scoped(oci) struct oci *o = calloc(1, sizeof(*o));
	struct oci_host here;

	if (!o)
		return err_sys(e, "memory for a list of calls");
	if (this_host(&here, e) < 0 || json_file_load(&o->file, path, PROFILE_MOST, e) < 0)
		return -1;
	o->unknown = BUF(OCI_UNKNOWN);
	o->read = calloc(OCI_RULES, sizeof(*o->read));
	if (!o->read)
		return err_sys(e, "memory for a list of calls");
	if (read_file(o, host ? host : &here, e) < 0)
		return -1;
	free(o->read);
	o->read = NULL;
	_Static_assert(sizeof(o->digest) >= SEAL_DIGEST_TEXT, "room for a digest");
	seal_digest(o->digest, o->file.bytes, o->file.size);
	*out = take(&o);
	return 0;
}

const struct jail_calls *oci_calls(const struct oci *o)
{
	return &o->calls;
}

const char *oci_digest(const struct oci *o)
{
	return o->digest;
}

int check_seccomp(const struct json_file *f, struct err *e)
{
	static const struct json_member seccomp_members[] = {
		{ "oci", JSON_STRING, JSON_MUST },
		{ NULL, JSON_NULL, JSON_MAY },
	};

	if (!json_object_get(f->root, "seccomp"))
		return 0;
	return json_members(f, "/seccomp", seccomp_members, e);
}

const char *profile_oci_path(const struct profile *p)
{
	return json_string_value(json_at(p->file.root, "/seccomp/oci"));
}

const struct jail_calls *profile_calls(const struct profile *p)
{
	return p->oci ? &p->oci->calls : NULL;
}

/* That it cannot be read is the fault of the profile that names it: the nearest one's. */
int profile_load_oci(struct profile *p, struct err *e)
{
	const char *path = profile_oci_path(p);
	size_t i = 0;

	if (!path)
		return 0;
	if (access(path, R_OK) == 0)
		return oci_load(&p->oci, path, NULL, e);
	while (i + 1 < p->part_count && !json_at(p->parts[i].file.root, "/seccomp/oci"))
		i++;
	return json_wrong(&p->parts[i].file, "/seccomp/oci", false, e,
			  "expected a seccomp file that can be read, found \"%.120s\"", path);
}

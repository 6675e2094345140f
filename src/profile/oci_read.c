/*
 * One entry of "syscalls": which calls, what they are answered, on which conditions, and whether it applies
 * here at all. It is checked whole even where it does not: a file is right or wrong, wherever it is read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile/oci.h"

#if defined(__x86_64__)
#define HERE "amd64"
#elif defined(__aarch64__)
#define HERE "arm64"
#endif

enum { ERRNO_MOST = 4095 };

/* No tracer and no listener exist inside: what asks for one is what the kernel answers without, or an error. */
static const struct {
	const char *word;
	int error;
	bool numbered;
} actions[] = {
	{ "SCMP_ACT_ALLOW", 0, false },
	{ "SCMP_ACT_LOG", 0, false },
	{ "SCMP_ACT_ERRNO", EPERM, true },
	{ "SCMP_ACT_TRACE", ENOSYS, false },
	{ "SCMP_ACT_KILL", JAIL_KILLS, false },
	{ "SCMP_ACT_KILL_PROCESS", JAIL_KILLS, false },
	{ "SCMP_ACT_KILL_THREAD", JAIL_KILLS, false },
	{ "SCMP_ACT_TRAP", JAIL_TRAPS, false },
};

static const struct {
	const char *word;
	enum jail_operator op;
} operators[] = {
	{ "SCMP_CMP_EQ", JAIL_EQ }, { "SCMP_CMP_NE", JAIL_NE }, { "SCMP_CMP_LT", JAIL_LT },
	{ "SCMP_CMP_LE", JAIL_LE }, { "SCMP_CMP_GT", JAIL_GT }, { "SCMP_CMP_GE", JAIL_GE },
	{ "SCMP_CMP_MASKED_EQ", JAIL_MASKED_EQ },
};

static const struct json_member entry_members[] = {
	{ "names", JSON_NULL, JSON_MAY },    { "name", JSON_NULL, JSON_MAY },
	{ "action", JSON_STRING, JSON_MUST }, { "errnoRet", JSON_NULL, JSON_MAY },
	{ "errno", JSON_NULL, JSON_MAY },    { "args", JSON_NULL, JSON_MAY },
	{ "comment", JSON_NULL, JSON_MAY },  { "includes", JSON_NULL, JSON_MAY },
	{ "excludes", JSON_NULL, JSON_MAY }, { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member arg_members[] = {
	{ "index", JSON_INTEGER, JSON_MUST }, { "value", JSON_INTEGER, JSON_MUST },
	{ "valueTwo", JSON_NULL, JSON_MAY },  { "op", JSON_STRING, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member when_members[] = {
	{ "caps", JSON_NULL, JSON_MAY },
	{ "arches", JSON_NULL, JSON_MAY },
	{ "minKernel", JSON_NULL, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

int oci_member(json_t **out, const struct oci *o, const char *at, const char *key, json_type type,
	       struct err *e)
{
	const struct json_member only[] = { { key, type, JSON_MAY }, { NULL, JSON_NULL, JSON_MAY } };
	json_t *value = json_object_get(json_at(o->file.root, at), key);
	char where[POINT_MOST];

	*out = NULL;
	if (!value || json_is_null(value))
		return 0;
	*out = value;
	if (json_typeof(value) == type)
		return 0;
	return json_wrong(&o->file, point_key(where, at, only[0].key), false, e, "\"%s\": expected %s", key,
			  type == JSON_ARRAY   ? "an array" :
			  type == JSON_OBJECT  ? "an object" :
			  type == JSON_INTEGER ? "an integer" :
						 "a string");
}

int oci_texts(json_t **out, const struct oci *o, const char *at, const char *key, struct err *e)
{
	if (oci_member(out, o, at, key, JSON_ARRAY, e) < 0)
		return -1;
	return *out ? check_texts(&o->file, at, key, e) : 0;
}

static int errno_of(const char *name)
{
	const char *known;
	int i;

	for (i = 1; i < 256; i++) {
		known = strerrorname_np(i);
		if (known && strcmp(known, name) == 0)
			return i;
	}
	return 0;
}

static int read_error(int *error, const struct oci *o, const char *at, const char *number_key,
		      const char *name_key, struct err *e)
{
	json_t *number, *name;
	char where[POINT_MOST];
	int named = 0;

	if (oci_member(&number, o, at, number_key, JSON_INTEGER, e) < 0 ||
	    oci_member(&name, o, at, name_key, JSON_STRING, e) < 0)
		return -1;
	if (number && (json_integer_value(number) < 1 || json_integer_value(number) > ERRNO_MOST))
		return json_wrong(&o->file, point_key(where, at, number_key), false, e,
				  "expected an errno from 1 to %d, found %lld", ERRNO_MOST,
				  (long long)json_integer_value(number));
	if (name && *json_string_value(name) && !(named = errno_of(json_string_value(name))))
		return json_wrong(&o->file, point_key(where, at, name_key), false, e,
				  "expected an errno such as \"EPERM\", found \"%.40s\"",
				  json_string_value(name));
	if (number && named && json_integer_value(number) != named)
		return json_wrong(&o->file, point_key(where, at, name_key), false, e,
				  "\"%s\" says %.20s and \"%s\" says %lld: expected one errno", name_key,
				  json_string_value(name), number_key, (long long)json_integer_value(number));
	if (number || named)
		*error = named ? named : (int)json_integer_value(number);
	return 0;
}

int oci_action(int *action, int *error, const struct oci *o, const char *at, const char *action_key,
	       const char *number_key, const char *name_key, struct err *e)
{
	const char *word = json_string_value(json_object_get(json_at(o->file.root, at), action_key));
	char where[POINT_MOST];
	int i, own = 0;

	point_key(where, at, action_key);
	for (i = 0; i < (int)count_of(actions) && strcmp(actions[i].word, word) != 0; i++)
		;
	if (strcmp(word, "SCMP_ACT_NOTIFY") == 0)
		return json_wrong(&o->file, where, false, e,
				  "SCMP_ACT_NOTIFY needs a listener of its own, and the one there may be is "
				  "reeve's: use SCMP_ACT_ERRNO, which is recorded");
	if (i == (int)count_of(actions))
		return json_wrong(&o->file, where, false, e,
				  "expected an action such as SCMP_ACT_ERRNO or SCMP_ACT_ALLOW, found \"%.40s\"",
				  word);
	if (read_error(&own, o, at, number_key, name_key, e) < 0)
		return -1;
	*action = i;
	*error = own && actions[i].numbered ? own : actions[i].error;
	return 0;
}

static int read_value(uint64_t *out, const struct oci *o, const char *at, const char *key, uint64_t most,
		      struct err *e)
{
	json_t *value;
	char where[POINT_MOST];

	if (oci_member(&value, o, at, key, JSON_INTEGER, e) < 0)
		return -1;
	if (json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > most)
		return json_wrong(&o->file, point_key(where, at, key), false, e,
				  "expected a number from 0 to %llu, found %lld", (unsigned long long)most,
				  (long long)json_integer_value(value));
	*out = (uint64_t)json_integer_value(value);
	return 0;
}

static int read_compare(struct jail_compare *out, const struct oci *o, const char *at, struct err *e)
{
	const uint64_t any = (UINT64_C(1) << 53) - 1;
	uint64_t index = 0;
	char where[POINT_MOST];
	const char *word;
	size_t i;

	if (json_members(&o->file, at, arg_members, e) < 0 || read_value(&index, o, at, "index", 5, e) < 0 ||
	    read_value(&out->value, o, at, "value", any, e) < 0 ||
	    read_value(&out->second, o, at, "valueTwo", any, e) < 0)
		return -1;
	out->arg = (unsigned)index;
	word = json_string_value(json_object_get(json_at(o->file.root, at), "op"));
	for (i = 0; i < count_of(operators); i++)
		if (strcmp(operators[i].word, word) == 0) {
			out->op = operators[i].op;
			return 0;
		}
	return json_wrong(&o->file, point_key(where, at, "op"), false, e,
			  "expected an operator such as SCMP_CMP_EQ, found \"%.40s\"", word);
}

/* *apart: two of them ask about one argument, and then each stands for itself, as runtimes have it. */
static int read_compares(struct jail_rule *out, bool *apart, const struct oci *o, const char *at, struct err *e)
{
	char list[POINT_MOST], where[POINT_MOST];
	json_t *args;
	size_t i, j;

	if (oci_member(&args, o, at, "args", JSON_ARRAY, e) < 0)
		return -1;
	point_key(list, at, "args");
	for (i = 0; i < json_array_size(args); i++) {
		if (i == JAIL_COMPARES)
			return json_wrong(&o->file, point_index(where, list, i), false, e,
					  "expected at most %d conditions", JAIL_COMPARES);
		if (read_compare(&out->compares[i], o, point_index(where, list, i), e) < 0)
			return -1;
		for (j = 0; j < i; j++)
			*apart |= out->compares[j].arg == out->compares[i].arg;
	}
	out->compare_count = json_array_size(args);
	return 0;
}

static bool has_text(json_t *list, const char *text)
{
	json_t *value;
	size_t i;

	json_array_foreach(list, i, value)
		if (strcmp(json_string_value(value), text) == 0)
			return true;
	return false;
}

/* "4.8": the running kernel is that or newer. */
static int read_kernel(bool *is_new, const struct oci *o, const char *at, const struct oci_host *host,
		       json_t *value, struct err *e)
{
	const char *text = json_string_value(value);
	char where[POINT_MOST], *end = NULL;
	unsigned long major, minor = 0;

	major = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '.' && end[1] >= '0' && end[1] <= '9') {
		minor = strtoul(end + 1, &end, 10);
		*is_new = host->major > major || (host->major == major && host->minor >= minor);
		if (*end == '\0')
			return 0;
	}
	return json_wrong(&o->file, point_key(where, at, "minKernel"), false, e,
			  "expected a kernel such as \"4.8\", found \"%.40s\"", text);
}

/* Nobody inside has a capability: what needs one to be included is not, what one would exclude stays. */
static int read_when(bool *applies, const struct oci *o, const char *entry, bool include,
		     const struct oci_host *host, struct err *e)
{
	const char *key = include ? "includes" : "excludes";
	json_t *when, *caps, *arches, *kernel;
	bool is_new = false, here;
	char at[POINT_MOST];

	if (oci_member(&when, o, entry, key, JSON_OBJECT, e) < 0)
		return -1;
	if (!when)
		return 0;
	point_key(at, entry, key);
	if (json_members(&o->file, at, when_members, e) < 0 || oci_texts(&caps, o, at, "caps", e) < 0 ||
	    oci_texts(&arches, o, at, "arches", e) < 0 ||
	    oci_member(&kernel, o, at, "minKernel", JSON_STRING, e) < 0)
		return -1;
	if (kernel && !*json_string_value(kernel))
		kernel = NULL;
	if (kernel && read_kernel(&is_new, o, at, host, kernel, e) < 0)
		return -1;
	here = has_text(arches, HERE);
	if (include && (json_array_size(caps) || (json_array_size(arches) && !here) || (kernel && !is_new)))
		*applies = false;
	if (!include && (here || (kernel && is_new)))
		*applies = false;
	return 0;
}

static int add_rule(struct oci *o, const struct oci_rule *r, bool apart, const char *at, struct err *e)
{
	size_t count = apart ? r->rule.compare_count : 1, i;

	if (o->read_count + count > OCI_RULES)
		return json_wrong(&o->file, at, false, e, "expected at most %d rules in all", OCI_RULES);
	for (i = 0; i < count; i++) {
		o->read[o->read_count] = *r;
		if (apart) {
			o->read[o->read_count].rule.compares[0] = r->rule.compares[i];
			o->read[o->read_count].rule.compare_count = 1;
		}
		o->read_count++;
	}
	return 0;
}

static int add_name(struct oci *o, struct oci_rule r, const char *name, bool applies, bool apart,
		    const char *at, struct err *e)
{
	o->names++;
	r.rule.call = jail_call_number(name);
	if (r.rule.call >= 0 && r.rule.call < OCI_CALLS)
		return applies ? add_rule(o, &r, apart, at, e) : 0;
	o->unknown_count++;
	if (o->unknown.size + strlen(name) + 1 < OCI_UNKNOWN) {
		buf_puts(&o->unknown, o->unknown.size ? " " : "");
		buf_puts(&o->unknown, name);
	}
	return 0;
}

/* "name" is what files before Docker 17 have. */
static int read_names(json_t **names, json_t **name, const struct oci *o, const char *at, struct err *e)
{
	if (oci_texts(names, o, at, "names", e) < 0 || oci_member(name, o, at, "name", JSON_STRING, e) < 0)
		return -1;
	if (*name && !*json_string_value(*name))
		*name = NULL;
	if (*name && json_array_size(*names))
		return json_wrong(&o->file, at, false, e, "expected \"names\" or \"name\", found both");
	if (!*name && json_array_size(*names) == 0)
		return json_wrong(&o->file, at, false, e, "expected \"names\", found none");
	return 0;
}

int oci_entry(struct oci *o, const char *at, const struct oci_host *host, struct err *e)
{
	struct oci_rule r = { .action = 0 };
	bool applies = true, apart = false;
	json_t *names, *name, *comment, *value;
	size_t i;

	if (json_members(&o->file, at, entry_members, e) < 0 ||
	    oci_action(&r.action, &r.rule.error, o, at, "action", "errnoRet", "errno", e) < 0 ||
	    read_names(&names, &name, o, at, e) < 0 || read_compares(&r.rule, &apart, o, at, e) < 0 ||
	    oci_member(&comment, o, at, "comment", JSON_STRING, e) < 0 ||
	    read_when(&applies, o, at, true, host, e) < 0 || read_when(&applies, o, at, false, host, e) < 0)
		return -1;
	o->entries++;
	o->left_out += !applies;
	if (name)
		return add_name(o, r, json_string_value(name), applies, apart, at, e);
	json_array_foreach(names, i, value)
		if (add_name(o, r, json_string_value(value), applies, apart, at, e) < 0)
			return -1;
	return 0;
}

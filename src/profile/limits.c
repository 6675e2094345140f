/* What a profile bounds, and who holds it: reeve-profile(5), limits. */
#include "profile/limits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "profile/tools.h"

static const struct limit {
	const char *word;
	bool is_size;
	enum limit_kind kind;
	int resource;
	uint64_t otherwise; /* if the profile says nothing; 0: no bound */
} limits[] = {
	{ "memory", true, LIMIT_MEMORY, -1, 0 },
	{ "processes", false, LIMIT_PROCESSES, RLIMIT_NPROC, 0 },
	{ "cpu", false, LIMIT_CPU, -1, 0 },
	{ "open_files", false, LIMIT_RESOURCE, RLIMIT_NOFILE, 0 },
	{ "file_size", true, LIMIT_RESOURCE, RLIMIT_FSIZE, 0 },
	{ "address_space", true, LIMIT_RESOURCE, RLIMIT_AS, 0 },
	{ "cpu_seconds", false, LIMIT_RESOURCE, RLIMIT_CPU, 0 },
	{ "tmp", true, LIMIT_TMPFS, -1, UINT64_C(2) << 30 },
	{ "files", false, LIMIT_TMPFS, -1, 1 << 19 },
	{ "shm", true, LIMIT_TMPFS, -1, 512 << 20 },
};

/* JSON_NULL: a size may be written both ways, so limit_check() looks itself. */
static const struct json_member members[] = {
	{ "memory", JSON_NULL, JSON_MAY },         { "processes", JSON_INTEGER, JSON_MAY },
	{ "cpu", JSON_INTEGER, JSON_MAY },         { "open_files", JSON_INTEGER, JSON_MAY },
	{ "file_size", JSON_NULL, JSON_MAY },      { "address_space", JSON_NULL, JSON_MAY },
	{ "cpu_seconds", JSON_INTEGER, JSON_MAY }, { "tmp", JSON_NULL, JSON_MAY },
	{ "files", JSON_INTEGER, JSON_MAY },       { "shm", JSON_NULL, JSON_MAY },
	{ "require", JSON_STRING, JSON_MAY },      { NULL, JSON_NULL, JSON_MAY },
};

/* "512M", "2G": a number and one letter, nothing else; 0 if it is none or does not fit. */
static uint64_t size_of_text(const char *text)
{
	static const char letters[] = "KMGT";
	uint64_t value = 0, most = LIMIT_MOST;
	const char *letter;

	for (; *text >= '0' && *text <= '9'; text++) {
		if (value > (most - (uint64_t)(*text - '0')) / 10)
			return 0;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	if (*text == '\0')
		return value;
	letter = strchr(letters, *text);
	if (!letter || text[1] != '\0')
		return 0;
	for (; letter >= letters; letter--) {
		if (value > most / 1024)
			return 0;
		value *= 1024;
	}
	return value;
}

uint64_t limit_value(const json_t *value)
{
	if (json_is_string(value))
		return size_of_text(json_string_value(value));
	return json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0;
}

static int check_size_value(const struct json_file *f, const char *at, const json_t *value,
			    struct err *e)
{
	static const char want[] = "expected a size from 1, such as 1048576 or \"512M\"";

	if (json_is_string(value))
		return json_wrong(f, at, false, e, "%s, found \"%.40s\"", want,
				  json_string_value(value));
	if (json_is_integer(value))
		return json_wrong(f, at, false, e, "%s, found %lld", want,
				  (long long)json_integer_value(value));
	return json_wrong(f, at, false, e, "%s, found something else", want);
}

static int check_require(const struct json_file *f, const char *pointer, struct err *e)
{
	char at[POINT_MOST];
	const char *word = json_string_value(json_at(f->root, point_key(at, pointer, "require")));

	if (word && strcmp(word, "cgroup") != 0)
		return json_wrong(f, at, false, e,
				  "expected \"cgroup\", found \"%.40s\"", word);
	return 0;
}

int check_limits(const struct json_file *f, struct err *e)
{
	return check_limits_at(f, "/limits", e);
}

int check_limits_at(const struct json_file *f, const char *pointer, struct err *e)
{
	json_t *value, *object = json_at(f->root, pointer);
	char at[POINT_MOST];
	size_t i;

	if (!object)
		return 0;
	if (json_members(f, pointer, members, e) < 0)
		return -1;
	for (i = 0; i < count_of(limits); i++) {
		value = json_object_get(object, limits[i].word);
		if (!value || limit_value(value) > 0)
			continue;
		point_key(at, pointer, limits[i].word);
		if (limits[i].is_size)
			return check_size_value(f, at, value, e);
		return json_wrong(f, at, false, e, "expected a number from 1, found %lld",
				  (long long)json_integer_value(value));
	}
	return check_require(f, pointer, e);
}

uint64_t limit_most(json_t *object, const char *word)
{
	json_t *value = json_object_get(object, word);
	size_t i;

	for (i = 0; i < count_of(limits); i++)
		if (strcmp(limits[i].word, word) == 0)
			return value ? limit_value(value) : limits[i].otherwise;
	return 0;
}

/* After the mounts that they bound have been planned. */
void plan_limits(struct plan *p, json_t *object)
{
	uint64_t most, tmp = limit_most(object, "tmp"), files = limit_most(object, "files");
	size_t i;

	for (i = 0; i < count_of(limits); i++) {
		most = limit_most(object, limits[i].word);
		if (most > 0 && limits[i].resource >= 0)
			p->limits[p->limit_count++] =
				(struct jail_limit){ limits[i].resource, most };
	}
	for (i = 0; i < p->mount_count; i++) {
		if (p->mounts[i].kind == JAIL_TMPFS)
			p->mounts[i].most = tmp;
		else if (p->mounts[i].kind == JAIL_DEV)
			p->mounts[i].most = limit_most(object, "shm");
		else
			continue;
		p->mounts[i].names = files;
	}
}

static void bounds_of(struct bounds *out, json_t *object)
{
	*out = (struct bounds){ .memory = limit_most(object, "memory"),
				.processes = limit_most(object, "processes"),
				.cpu = limit_most(object, "cpu"),
				.required = json_object_get(object, "require") != NULL };
}

void profile_bounds(struct bounds *out, const struct profile *p)
{
	bounds_of(out, json_object_get(for_agent(p)->file.root, "limits"));
}

void tools_server_bounds(struct bounds *out, const struct tools *t, size_t server)
{
	bounds_of(out, json_object_get(server_at(t, server, NULL), "limits"));
}

bool profile_limit(const struct profile *p, size_t n, const char **word, enum limit_kind *kind)
{
	json_t *object = json_object_get(for_agent(p)->file.root, "limits");
	size_t i;

	for (i = 0; i < count_of(limits); i++)
		if (json_object_get(object, limits[i].word) && n-- == 0) {
			*word = limits[i].word;
			*kind = limits[i].kind;
			return true;
		}
	return false;
}

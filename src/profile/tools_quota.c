/* How much may be asked of tool servers, and how much of what they answer is passed on. */
#include <string.h>

#include "profile/limits.h"
#include "profile/tools.h"

enum { RESULT = 1 << 20 };

/* What is not said is more than anybody honest comes to. */
static const uint64_t otherwise[QUOTAS] = {
	[QUOTA_IN_FLIGHT] = 1024,
	[QUOTA_HELD] = 1024,
	[QUOTA_CALLS] = 6000000,
	[QUOTA_BYTES_OUT] = UINT64_C(64) << 30,
	[QUOTA_BYTES_IN] = UINT64_C(64) << 30,
};

/* JSON_NULL: a size may be written both ways. */
static const struct json_member members[] = {
	{ "in_flight", JSON_INTEGER, JSON_MAY },
	{ "held", JSON_INTEGER, JSON_MAY },
	{ "calls_per_minute", JSON_INTEGER, JSON_MAY },
	{ "bytes_out_per_minute", JSON_NULL, JSON_MAY },
	{ "bytes_in_per_minute", JSON_NULL, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member whose_members[] = {
	{ "run", JSON_OBJECT, JSON_MAY },
	{ "connection", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static int check_amount(const struct json_file *f, const char *at, struct err *e)
{
	const json_t *value = json_at(f->root, at);

	if (!value || limit_value(value) > 0)
		return 0;
	return json_wrong(f, at, false, e, "expected a number from 1%s",
			  json_is_string(value) ? ", or a size such as \"512M\"" : "");
}

static int check_quota(const struct json_file *f, const char *pointer, struct err *e)
{
	char at[POINT_MOST];
	int kind;

	if (!json_at(f->root, pointer))
		return 0;
	if (json_members(f, pointer, members, e) < 0)
		return -1;
	for (kind = 0; kind < QUOTAS; kind++)
		if (check_amount(f, point_key(at, pointer, quota_word((enum quota_kind)kind)), e) < 0)
			return -1;
	return 0;
}

int check_quotas(const struct json_file *f, struct err *e)
{
	if (!json_object_get(f->root, "quota"))
		return 0;
	if (json_members(f, "/quota", whose_members, e) < 0 || check_quota(f, "/quota/run", e) < 0)
		return -1;
	return check_quota(f, "/quota/connection", e);
}

int check_amounts(const struct json_file *f, const char *pointer, struct err *e)
{
	char at[POINT_MOST];

	if (check_amount(f, point_key(at, pointer, "result"), e) < 0)
		return -1;
	return check_quota(f, point_key(at, pointer, "quota"), e);
}

static void read_quota(struct quota *out, const json_t *object)
{
	const json_t *value;
	int kind;

	for (kind = 0; kind < QUOTAS; kind++) {
		value = json_object_get(object, quota_word((enum quota_kind)kind));
		out->most[kind] = value ? limit_value(value) : otherwise[kind];
	}
}

void tools_quota(struct quota *out, const struct tools *t, const char *whose)
{
	read_quota(out, t->file.root ? json_object_get(json_object_get(t->file.root, "quota"), whose) : NULL);
}

void tools_server_amounts(struct tools_bounds *out, const struct tools *t, size_t server)
{
	json_t *s = server_at(t, server, NULL);
	const json_t *result = json_object_get(s, "result");
	const char *text = json_text(s, "text");

	out->text = strcmp(text, "remove") == 0 ? TOOLS_TEXT_REMOVE
		    : strcmp(text, "pass") == 0 ? TOOLS_TEXT_PASS
						: TOOLS_TEXT_VISIBLE;
	out->result = result ? limit_value(result) : RESULT;
	read_quota(&out->quota, json_object_get(s, "quota"));
}

/*
 * Credentials that the agent uses and never has: it finds a placeholder in its environment, and who carries its
 * request to that host puts the secret in its place. Here is said where each comes from, never what it is.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "egress/egress.h"
#include "profile/network.h"

static const struct json_member members[] = {
	{ "name", JSON_STRING, JSON_MUST },	{ "host", JSON_STRING, JSON_MUST },
	{ "variable", JSON_STRING, JSON_MUST }, { "file", JSON_STRING, JSON_MAY },
	{ "env", JSON_STRING, JSON_MAY },	{ NULL, JSON_NULL, JSON_MAY },
};

static int check_one(const struct json_file *f, const char *at, struct err *e)
{
	const json_t *c = json_at(f->root, at);
	const char *file = json_string_value(json_object_get(c, "file"));
	const char *env = json_string_value(json_object_get(c, "env"));
	char place[POINT_MOST];

	if (!text_is_name(json_text(c, "name")))
		return json_wrong(f, point_key(place, at, "name"), false, e,
				  "expected a name of [a-z0-9_.-], found \"%.40s\"", json_text(c, "name"));
	if (!host_is_name(json_text(c, "host")))
		return json_wrong(f, point_key(place, at, "host"), false, e,
				  "expected one host's name in small letters, found \"%.60s\"", json_text(c, "host"));
	if (!variable_is_settable(json_text(c, "variable")))
		return json_wrong(f, point_key(place, at, "variable"), false, e,
				  "expected a variable that reeve does not set itself, found \"%.40s\"",
				  json_text(c, "variable"));
	if (!file == !env)
		return json_wrong(f, at, false, e, "expected one of \"file\" and \"env\": where the secret comes from");
	if (file && !path_is_plain(file))
		return json_wrong(f, point_key(place, at, "file"), false, e,
				  "expected an absolute path without \"..\", found \"%.80s\"", file);
	if (env && (*env == '\0' || strchr(env, '=')))
		return json_wrong(f, point_key(place, at, "env"), false, e,
				  "expected the name of a variable, found \"%.40s\"", env);
	return 0;
}

int credentials_check(const struct json_file *f, struct err *e)
{
	const json_t *all = json_at(f->root, "/network/credentials");
	char at[POINT_MOST];
	size_t i;

	if (json_array_size(all) > CREDENTIALS_MOST)
		return json_wrong(f, "/network/credentials", false, e, "expected at most %d credentials", CREDENTIALS_MOST);
	for (i = 0; i < json_array_size(all); i++) {
		point_index(at, "/network/credentials", i);
		if (!json_is_object(json_array_get(all, i)))
			return json_wrong(f, at, false, e,
					  "expected an object of name, host, variable, and file or env");
		if (json_members(f, at, members, e) < 0 || check_one(f, at, e) < 0)
			return -1;
	}
	return 0;
}

/* In whichever file it stands. */
static int wrong(const struct profile *p, const json_t *c, const char *member, struct err *e, const char *text)
{
	char at[POINT_MOST], place[POINT_MOST];
	json_t *value;
	size_t part, i;

	for (part = 0; part < p->part_count; part++)
		json_array_foreach(json_at(p->parts[part].file.root, "/network/credentials"), i, value)
			if (json_equal(value, c)) {
				point_index(at, "/network/credentials", i);
				return json_wrong(&p->parts[part].file, point_key(place, at, member), false, e, "%s", text);
			}
	return err_set(e, ERR_INPUT, "%s", text);
}

static bool is_inspected(const json_t *network, const char *host)
{
	json_t *value;
	size_t i;

	json_array_foreach(json_object_get(network, "inspect"), i, value)
		if (egress_matches(json_string_value(value), host))
			return true;
	return false;
}

static bool is_passed(const struct profile *p, const char *name)
{
	return profile_names(p, "/environment/pass", name) || profile_names(p, "/environment/set", name);
}

static bool is_double(const json_t *all, size_t n, const char *member)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (json_equal(json_object_get(json_array_get(all, i), member),
			       json_object_get(json_array_get(all, n), member)))
			return true;
	return false;
}

static int check_together(const struct profile *p, const json_t *network, size_t i, struct err *e)
{
	const json_t *all = json_object_get(network, "credentials"), *c = json_array_get(all, i);
	const char *env = json_string_value(json_object_get(c, "env"));

	if (is_double(all, i, "name"))
		return wrong(p, c, "name", e, "another credential has this name");
	if (is_double(all, i, "variable"))
		return wrong(p, c, "variable", e, "another credential has this variable");
	if (!is_inspected(network, json_text(c, "host")))
		return wrong(p, c, "host", e, "a credential is put into requests that reeve opens: list its host under "
			     "\"inspect\" too");
	if (is_passed(p, json_text(c, "variable")))
		return wrong(p, c, "variable", e, "the profile passes or sets this variable; the placeholder goes there");
	if (env && is_passed(p, env))
		return wrong(p, c, "env", e, "the profile passes or sets this variable: then the agent has the secret itself");
	return 0;
}

int credentials_check_whole(const struct profile *p, struct err *e)
{
	const json_t *network = json_object_get(p->file.root, "network");
	const json_t *all = json_object_get(network, "credentials");
	size_t i;

	if (json_array_size(all) > CREDENTIALS_MOST)
		return wrong(p, json_array_get(all, CREDENTIALS_MOST), "name", e, "more credentials than the 32 there can be");
	for (i = 0; i < json_array_size(all); i++)
		if (check_together(p, network, i, e) < 0)
			return -1;
	return 0;
}

/*
 * Of one size, so that no placeholder is the beginning of another. The project's file has no say: where these lie
 * is kept out of every jail, also where it takes the network away.
 */
bool profile_credential(struct profile_credential *out, const struct profile *p, size_t n)
{
	const json_t *network = json_object_get(p->file.root, "network");
	const json_t *c = json_array_get(json_object_get(network, "credentials"), n);

	_Static_assert(CREDENTIALS_MOST <= 100, "two digits");
	if (!c)
		return false;
	*out = (struct profile_credential){ .name = json_text(c, "name"),
					    .host = json_text(c, "host"),
					    .variable = json_text(c, "variable"),
					    .file = json_string_value(json_object_get(c, "file")),
					    .env = json_string_value(json_object_get(c, "env")) };
	snprintf(out->placeholder, sizeof(out->placeholder), "reeve-%s-%02zu", p->run, n % 100);
	return true;
}

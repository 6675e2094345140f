/*
 * The secrets of tool servers as the tool file names them: where each comes from, never what it is.
 * Who reads them is the launcher; here is said which server has which, and nothing else sees one.
 */
#include <stdlib.h>
#include <string.h>

#include "profile/tools.h"

enum { COMMAND_MS = 30 * 1000, COMMAND_WORDS = 64 };

static const struct json_member members[] = {
	{ "file", JSON_STRING, JSON_MAY },   { "env", JSON_STRING, JSON_MAY },
	{ "command", JSON_ARRAY, JSON_MAY }, { "deadline", JSON_STRING, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static int check_command(const struct json_file *f, const char *at, struct err *e)
{
	json_t *secret = json_at(f->root, at), *argv = json_object_get(secret, "command");
	char list[POINT_MOST];

	point_key(list, at, "command");
	if (check_texts(f, at, "command", e) < 0 || check_time(f, at, "deadline", e) < 0)
		return -1;
	if (argv && (json_array_size(argv) == 0 || json_array_size(argv) > COMMAND_WORDS))
		return json_wrong(f, list, false, e,
				  "expected a program and its arguments, at most %d words",
				  COMMAND_WORDS);
	if (json_object_get(secret, "deadline") && !argv)
		return json_wrong(f, point_key(list, at, "deadline"), false, e,
				  "only a \"command\" has a deadline");
	return 0;
}

static int check_source(const struct json_file *f, const char *at, struct err *e)
{
	json_t *secret = json_at(f->root, at);
	const char *file = json_string_value(json_object_get(secret, "file"));
	const char *env = json_string_value(json_object_get(secret, "env"));
	int ways = (file != NULL) + (env != NULL) + (json_object_get(secret, "command") != NULL);
	char place[POINT_MOST];

	if (ways != 1)
		return json_wrong(
			f, at, false, e,
			"expected one of \"file\", \"env\" and \"command\": where the secret "
			"comes from");
	if (file && !path_is_plain(file))
		return json_wrong(f, point_key(place, at, "file"), false, e,
				  "expected an absolute path without \"..\", found \"%.80s\"",
				  file);
	if (env && (*env == '\0' || strchr(env, '=')))
		return json_wrong(f, point_key(place, at, "env"), false, e,
				  "expected the name of a variable, found \"%.40s\"", env);
	return check_command(f, at, e);
}

int check_secrets(const struct json_file *f, const char *pointer, struct err *e)
{
	json_t *server = json_at(f->root, pointer), *secret;
	char list[POINT_MOST], at[POINT_MOST];
	const char *name;

	point_key(list, pointer, "secrets");
	if (json_object_size(json_at(f->root, list)) > SECRETS_OF_ONE)
		return json_wrong(f, list, false, e, "expected at most %d secrets", SECRETS_OF_ONE);
	json_object_foreach(json_at(f->root, list), name, secret) {
		point_key(at, list, name);
		if (!variable_is_settable(name))
			return json_wrong(
				f, at, true, e,
				"expected a name of [A-Za-z0-9_] that reeve does not set itself, "
				"found \"%.40s\"",
				name);
		if (json_object_get(json_object_get(server, "env"), name))
			return json_wrong(f, at, true, e,
					  "%.40s stands in \"env\" too: leave one out", name);
		if (!json_is_object(secret))
			return json_wrong(
				f, at, false, e,
				"expected an object that says where the secret comes from");
		if (json_members(f, at, members, e) < 0 || check_source(f, at, e) < 0)
			return -1;
	}
	return 0;
}

static void describe(struct tools_secret *out, json_t *secret)
{
	const char *time = json_string_value(json_object_get(secret, "deadline"));

	out->file = json_string_value(json_object_get(secret, "file"));
	out->env = json_string_value(json_object_get(secret, "env"));
	out->command = json_object_get(secret, "command");
	out->deadline_ms = time ? time_of_text(time) : COMMAND_MS;
}

bool tools_secret(struct tools_secret *out, const struct tools *t, size_t n)
{
	json_t *secrets, *secret;
	size_t server;

	for (server = 0; server < tools_count(t); server++) {
		secrets = json_object_get(server_at(t, server, NULL), "secrets");
		if (n >= json_object_size(secrets)) {
			n -= json_object_size(secrets);
			continue;
		}
		*out = (struct tools_secret){ .server = server };
		secret = member_at(secrets, n, &out->name);
		describe(out, secret);
		return true;
	}
	return false;
}

const char *tools_secret_word(const struct tools_secret *s, size_t n)
{
	return json_string_value(json_array_get(s->command, n));
}

const struct secret *secret_of(const struct secrets *all, size_t server, const char *name)
{
	size_t i;

	for (i = 0; all && i < all->count; i++)
		if (all->at[i].server == server && strcmp(all->at[i].name, name) == 0)
			return &all->at[i];
	return NULL;
}

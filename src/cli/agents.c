#include "cli/agents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "json/json.h"
#include "seal/seal.h"

enum { AGENTS_MOST = 1 << 20, WORD_MOST = 64, SCOPES_MOST = 512, CREDENTIALS_ROOM = 8192 };

struct agents {
	struct json_file file;
	char digest[SEAL_DIGEST_TEXT], path[LAUNCH_TEXT];
	char scopes[SCOPES_MOST];	/* of the agent that was asked for */
	struct buf credentials;		/* of it */
};

static const struct json_member file_members[] = {
	{ "reeve", JSON_STRING, JSON_MUST },
	{ "about", JSON_STRING, JSON_MAY },
	{ "agents", JSON_OBJECT, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member agent_members[] = {
	{ "about", JSON_STRING, JSON_MAY },	 { "owner", JSON_STRING, JSON_MUST },
	{ "users", JSON_ARRAY, JSON_MUST },	 { "tenant", JSON_STRING, JSON_MAY },
	{ "department", JSON_STRING, JSON_MAY }, { "model", JSON_STRING, JSON_MAY },
	{ "scopes", JSON_ARRAY, JSON_MAY },	 { "credentials", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

/* Small enough for the ledger, which cuts what is longer; and shown by a terminal as it is. */
static int check_word(const struct json_file *f, const char *at, const json_t *value, struct err *e)
{
	const char *text = json_string_value(value);
	size_t i, size = json_string_length(value);

	for (i = 0; i < size && (unsigned char)text[i] > 0x20 && (unsigned char)text[i] != 0x7f; i++)
		;
	if (text && size >= 1 && size <= WORD_MOST && i == size)
		return 0;
	return json_wrong(f, at, false, e, "expected a word of 1 to %d bytes without blanks", WORD_MOST);
}

static int check_words(const struct json_file *f, const char *at, const json_t *array, struct err *e)
{
	char item[256];
	size_t i;
	json_t *value;

	json_array_foreach(array, i, value) {
		snprintf(item, sizeof(item), "%s/%zu", at, i);
		if (check_word(f, item, value, e) < 0)
			return -1;
	}
	return 0;
}

/* Their names are the operator's, so an error names the object and says which. */
static int check_credentials(const struct json_file *f, const char *at, json_t *credentials, struct err *e)
{
	const char *name;
	json_t *version;
	struct err why = { 0 };

	json_object_foreach(credentials, name, version) {
		scoped(json) json_t *text = json_string(name);

		if (check_word(f, at, text, &why) < 0 || check_word(f, at, version, &why) < 0)
			return json_wrong(f, at, false, e, "\"%.60s\": a credential's name and its version are words of 1 to %d bytes without blanks",
					  name, WORD_MOST);
	}
	return 0;
}

static int check_users(const struct json_file *f, const char *at, const json_t *users, struct err *e)
{
	char item[256];
	size_t i;
	json_t *value;

	if (json_array_size(users) == 0)
		return json_wrong(f, at, false, e, "expected at least one uid that may run it, such as [1000]");
	json_array_foreach(users, i, value) {
		snprintf(item, sizeof(item), "%s/%zu", at, i);
		if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) >= UINT32_MAX)
			return json_wrong(f, item, false, e, "expected the number of a user, see id -u");
	}
	return 0;
}

static int check_agent(const struct json_file *f, const char *id, json_t *agent, struct err *e)
{
	static const char *const words[] = { "owner", "department", "model" };
	char at[160], member[200];
	const char *tenant = json_string_value(json_object_get(agent, "tenant"));
	size_t i;

	snprintf(at, sizeof(at), "/agents/%s", id);
	if (!text_is_name(id))
		return json_wrong(f, "/agents", false, e, "\"%.60s\": an agent's id takes a-z, 0-9, '.', '_' and '-'", id);
	if (!json_is_object(agent))
		return json_wrong(f, at, false, e, "expected an object: owner, users, tenant, department, model, scopes, credentials");
	if (json_members(f, at, agent_members, e) < 0)
		return -1;
	for (i = 0; i < count_of(words); i++) {
		snprintf(member, sizeof(member), "%s/%s", at, words[i]);
		if (json_object_get(agent, words[i]) && check_word(f, member, json_object_get(agent, words[i]), e) < 0)
			return -1;
	}
	snprintf(member, sizeof(member), "%s/tenant", at);
	if (tenant && !text_is_name(tenant))
		return json_wrong(f, member, false, e, "expected a name of a-z, 0-9, '.', '_' and '-'");
	snprintf(member, sizeof(member), "%s/users", at);
	if (check_users(f, member, json_object_get(agent, "users"), e) < 0)
		return -1;
	snprintf(member, sizeof(member), "%s/scopes", at);
	if (check_words(f, member, json_object_get(agent, "scopes"), e) < 0)
		return -1;
	snprintf(member, sizeof(member), "%s/credentials", at);
	return check_credentials(f, member, json_object_get(agent, "credentials"), e);
}

static int check_file(const struct json_file *f, struct err *e)
{
	const char *id;
	json_t *agent;

	if (json_members(f, "", file_members, e) < 0)
		return -1;
	if (strcmp(json_text(f->root, "reeve"), "agents/1") != 0)
		return json_wrong(f, "/reeve", false, e, "expected \"agents/1\"");
	json_object_foreach(json_object_get(f->root, "agents"), id, agent)
		if (check_agent(f, id, agent, e) < 0)
			return -1;
	return 0;
}

int agents_load(struct agents **out, const char *path, struct err *e)
{
	scoped(agents) struct agents *a = calloc(1, sizeof(*a));

	if (!a)
		return err_sys(e, "memory for agents");
	snprintf(a->path, sizeof(a->path), "%s", path);
	if (json_file_load(&a->file, a->path, AGENTS_MOST, e) < 0 || check_file(&a->file, e) < 0)
		return -1;
	seal_digest(a->digest, a->file.bytes, a->file.size);
	*out = take(&a);
	return 0;
}

void agents_free(struct agents *a)
{
	if (!a)
		return;
	buf_free(&a->credentials);
	json_file_free(&a->file);
	free(a);
}

const char *agents_path(const struct agents *a)
{
	return a->path;
}

static bool may_run(const json_t *users)
{
	size_t i;
	json_t *uid;

	json_array_foreach(users, i, uid)
		if (json_integer_value(uid) == (json_int_t)getuid())
			return true;
	return false;
}

/* `given` on the command line; `usual` is what stands there when nobody gave it. */
static int settle(const char **given, const char *usual, const struct agents *a, const char *id, const char *word,
		  struct err *e)
{
	const char *said = json_string_value(json_object_get(json_object_get(json_object_get(a->file.root, "agents"), id), word));

	if (!said)
		return 0;
	if (*given && strcmp(*given, said) != 0 && (!usual || strcmp(*given, usual) != 0))
		return err_set(e, ERR_INPUT, "--%s %.64s: %s says that of agent %s it is %s; leave the option out", word, *given,
			       a->path, id, said);
	*given = said;
	return 0;
}

static int settle_scopes(struct agents *a, const json_t *scopes, struct run_request *ask, struct err *e)
{
	size_t i, size = 0, one;
	json_t *value;

	json_array_foreach(scopes, i, value) {
		one = json_string_length(value) + 1;
		if (size + one > sizeof(a->scopes))
			return err_set(e, ERR_LIMIT, "%s: the scopes of agent %s are more than %d bytes", a->path, ask->agent, SCOPES_MOST);
		memcpy(a->scopes + size, json_string_value(value), one);
		size += one;
	}
	ask->scopes = a->scopes;
	ask->scopes_size = size;
	return 0;
}

static int settle_credentials(struct agents *a, json_t *credentials, struct run_request *ask, struct err *e)
{
	const char *name;
	json_t *version;

	a->credentials = BUF(CREDENTIALS_ROOM);
	json_object_foreach(credentials, name, version) {
		buf_printf(&a->credentials, "%s %s", name, json_string_value(version));
		buf_add(&a->credentials, "", 1);
	}
	if (a->credentials.over)
		return err_set(e, ERR_LIMIT, "%s: the credentials of agent %s take more than %d bytes", a->path, ask->agent,
			       CREDENTIALS_ROOM);
	ask->credentials = a->credentials.data;
	ask->credentials_size = a->credentials.size;
	return 0;
}

int agents_apply(struct agents *a, struct run_request *ask, struct err *e)
{
	const json_t *agent = json_object_get(json_object_get(a->file.root, "agents"), ask->agent);

	if (!agent)
		return err_set(e, ERR_INPUT, "%s has no agent \"%.64s\": add it there, or name another with --agent", a->path,
			       ask->agent);
	if (!may_run(json_object_get(agent, "users")))
		return err_set(e, ERR_INPUT, "%s: uid %u may not run agent %s, which is %s's", a->path, (unsigned)getuid(),
			       ask->agent, json_text(agent, "owner"));
	ask->agents = a->digest;
	if (settle(&ask->owner, NULL, a, ask->agent, "owner", e) < 0 ||
	    settle(&ask->tenant, "default", a, ask->agent, "tenant", e) < 0 ||
	    settle(&ask->department, NULL, a, ask->agent, "department", e) < 0 ||
	    settle(&ask->model, NULL, a, ask->agent, "model", e) < 0)
		return -1;
	if (settle_scopes(a, json_object_get(agent, "scopes"), ask, e) < 0)
		return -1;
	return settle_credentials(a, json_object_get(agent, "credentials"), ask, e);
}

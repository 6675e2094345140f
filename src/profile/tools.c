#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "profile/tools.h"
#include "seal/seal.h"

void tools_free(struct tools *t)
{
	if (!t)
		return;
	if (t->file.root)
		json_file_free(&t->file);
	free(t);
}

int tools_load(struct tools **out, const char *path, struct err *e)
{
	scoped(tools) struct tools *t = calloc(1, sizeof(*t));

	if (!t)
		return err_sys(e, "tools");
	if (json_file_load(&t->file, path, PROFILE_MOST, e) < 0 || check_tools(&t->file, e) < 0)
		return -1;
	_Static_assert(sizeof(t->digest) >= SEAL_DIGEST_TEXT, "room for a digest");
	seal_digest(t->digest, t->file.bytes, t->file.size);
	*out = take(&t);
	return 0;
}

int tools_none(struct tools **out, struct err *e)
{
	struct tools *t = calloc(1, sizeof(*t));

	if (!t)
		return err_sys(e, "tools");
	*out = t;
	return 0;
}

const char *tools_digest(const struct tools *t)
{
	return t->digest;
}

json_t *member_at(json_t *object, size_t n, const char **key)
{
	void *at = json_object_iter(object);

	while (at && n-- > 0)
		at = json_object_iter_next(object, at);
	if (!at)
		return NULL;
	if (key)
		*key = json_object_iter_key(at);
	return json_object_iter_value(at);
}

json_t *server_at(const struct tools *t, size_t server, const char **name)
{
	return t->file.root ? member_at(json_object_get(t->file.root, "servers"), server, name)
			    : NULL;
}

size_t tools_count(const struct tools *t)
{
	return t->file.root ? json_object_size(json_object_get(t->file.root, "servers")) : 0;
}

const char *tools_server_name(const struct tools *t, size_t server)
{
	const char *name = NULL;

	must(server_at(t, server, &name));
	return name;
}

enum tools_kind tools_server_kind(const struct tools *t, size_t server)
{
	const char *kind = json_string_value(json_object_get(server_at(t, server, NULL), "kind"));

	must(kind);
	return kind_of_word(kind);
}

/* What is not said is as it stands here. */
void tools_server_life(struct tools_life *out, const struct tools *t, size_t server)
{
	json_t *s = server_at(t, server, NULL);
	const struct {
		const char *key;
		unsigned *into, otherwise;
	} times[] = {
		{ "deadline", &out->deadline_ms, 60 * 1000 },
		{ "start_deadline", &out->start_ms, 30 * 1000 },
		{ "idle", &out->idle_ms, 0 },
		{ "restart", &out->rest_ms, 60 * 1000 },
	};
	const char *text;
	size_t i;

	for (i = 0; i < count_of(times); i++) {
		text = json_string_value(json_object_get(s, times[i].key));
		*times[i].into = text ? time_of_text(text) : times[i].otherwise;
	}
	out->unpinned = json_object_get(s, "pins") != NULL;
	out->payloads = json_is_true(json_object_get(s, "payloads"));
}

const char *tools_server_url(const struct tools *t, size_t server)
{
	return json_string_value(json_object_get(server_at(t, server, NULL), "url"));
}

bool tools_server_from_workspace(const struct tools *t, size_t server)
{
	return json_is_true(json_object_get(server_at(t, server, NULL), "from_workspace"));
}

bool tools_server_in_workspace(const struct tools *t, size_t server)
{
	json_t *s = server_at(t, server, NULL);
	const char *cwd = json_string_value(json_object_get(s, "cwd"));
	const char *way = json_string_value(json_object_get(s, "workspace"));

	if (tools_server_kind(t, server) == TOOLS_URL || (way && strcmp(way, "none") == 0))
		return false;
	return cwd ? strcmp(cwd, "workspace") == 0 : tools_server_kind(t, server) == TOOLS_EXEC;
}

bool tools_server_resource(const struct tools *t, size_t server, size_t n, const char **tool,
			   const char **pointer)
{
	json_t *s = server_at(t, server, NULL), *value, *found;
	const char *key;

	if (tools_server_kind(t, server) != TOOLS_EXEC) {
		found = member_at(json_object_get(s, "resources"), n, tool);
		*pointer = json_string_value(found);
		return found != NULL;
	}
	json_object_foreach(json_object_get(s, "tools"), key, value) {
		found = json_object_get(value, "resource");
		if (!found || n-- > 0)
			continue;
		*tool = key;
		*pointer = json_string_value(found);
		return true;
	}
	return false;
}


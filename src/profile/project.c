/*
 * The project's own file. The agent of an earlier run, or whoever made the repository, may have
 * written it: it is read with suspicion, takes away and never gives, and has no say over tool
 * servers, which work for the operator and might not notice what is missing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "profile/limits.h"
#include "profile/plan.h"
#include "seal/seal.h"

static const struct json_member project_members[] = {
	{ "reeve", JSON_STRING, JSON_MUST },
	{ "about", JSON_STRING, JSON_MAY },
	{ "without_read", JSON_NULL, JSON_MAY },
	{ "without_write", JSON_NULL, JSON_MAY },
	{ "without_environment", JSON_NULL, JSON_MAY },
	{ "without_private", JSON_NULL, JSON_MAY },
	{ "without_unix", JSON_NULL, JSON_MAY },
	{ "network", JSON_NULL, JSON_MAY },
	{ "limits", JSON_OBJECT, JSON_MAY },
	{ "workspace", JSON_STRING, JSON_MAY },
	{ "protect", JSON_NULL, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

/* What it takes from which lists of the profile. */
static const struct {
	const char *key, *in, *list;
} takes[] = {
	{ "without_read", "", "read" },
	{ "without_read", "", "maybe_read" },
	{ "without_write", "", "write" },
	{ "without_environment", "/environment", "pass" },
	{ "without_environment", "/environment", "set" },
	{ "without_private", "/network", "private" },
	{ "without_unix", "/network", "unix" },
};

static bool is_allowed(const char *key)
{
	const struct json_member *m;

	for (m = project_members; m->key && strcmp(m->key, key) != 0; m++)
		;
	return m->key != NULL;
}

/* A member that a profile may have and this may not would widen: said in those words. */
static int check_members(const struct json_file *f, struct err *e)
{
	char at[POINT_MOST];
	const char *key;
	json_t *value;

	json_object_foreach(f->root, key, value)
		if (profile_has_member(key) && !is_allowed(key))
			return json_wrong(f, point_key(at, "", key), true, e,
					  "\"%s\" could widen the jail; a project's own file may "
					  "only tighten it",
					  key);
	if (json_members(f, "", project_members, e) < 0 || check_version(f, "profile/1", e) < 0)
		return -1;
	if (check_paths(f, "", "without_read", e) < 0 ||
	    check_paths(f, "", "without_write", e) < 0 ||
	    check_texts(f, "", "without_environment", e) < 0 || check_texts(f, "", "without_private", e) < 0 ||
	    check_texts(f, "", "without_unix", e) < 0)
		return -1;
	return check_list(f, "", "protect", protect_item, e) < 0 ? -1 : check_limits(f, e);
}

/* A network or a socket that the profile does not name would be believed to be gone, and be part of another. */
static int check_networks(const struct json_file *f, json_t *root, struct err *e)
{
	static const struct {
		const char *key, *list;
	} rows[] = { { "without_private", "/network/private" }, { "without_unix", "/network/unix" } };
	const struct profile whole = { .file = { .root = root } };
	char pointer[POINT_MOST];
	json_t *value;
	size_t row, i;

	for (row = 0; row < count_of(rows); row++) {
		scoped(json) json_t *names = list_names(json_object_get(f->root, rows[row].key));

		json_array_foreach(names, i, value)
			if (!profile_names(&whole, rows[row].list, json_string_value(value)))
				return list_wrong(f, point_key(pointer, "", rows[row].key), json_string_value(value), e,
						  "only what the profile names itself can be taken away");
	}
	if (!json_object_get(f->root, "network") || json_is_false(json_object_get(f->root, "network")))
		return 0;
	return json_wrong(f, "/network", false, e, "expected false; a project's own file may only tighten");
}

static int check_lower(const struct json_file *f, json_t *root, struct err *e)
{
	const char *key, *word = json_string_value(json_object_get(f->root, "workspace"));
	json_t *value, *limits = json_object_get(root, "limits");
	char at[POINT_MOST];
	uint64_t now;

	json_object_foreach(json_object_get(f->root, "limits"), key, value) {
		now = limit_most(limits, key);
		if (now > 0 && limit_most(json_object_get(f->root, "limits"), key) > now)
			return json_wrong(f, point_key(at, "/limits", key), false, e,
					  "raises \"%s\" above the profile's %llu; a project's own "
					  "file may only "
					  "lower it",
					  key, (unsigned long long)now);
	}
	if (word && strcmp(word, "cow") != 0)
		return json_wrong(
			f, "/workspace", false, e,
			"expected \"cow\", found \"%.40s\"; a project's own file may only tighten",
			word);
	return check_networks(f, root, e);
}

/* Nothing may be believed to be gone that is still there as part of a folder. */
static int check_taken(const struct profile *p, json_t *taken, json_t *grants, const char *key,
		       struct err *e)
{
	char pointer[POINT_MOST];
	json_t *value, *grant;
	const char *path, *by;
	size_t i, n;

	json_array_foreach(taken, i, value)
		json_array_foreach(grants, n, grant) {
			path = json_string_value(value);
			by = json_string_value(grant);
			if (strcmp(path, by) != 0 && path_is_within(path, by))
				return profile_wrong(p, point_key(pointer, "", key), path, e,
						     "%.60s is there as part of %.60s; only what "
						     "the profile names "
						     "can be taken away",
						     path, by);
		}
	return 0;
}

static void take_away(json_t *from, json_t *names)
{
	json_t *value, *name;
	size_t i, n;

	json_array_foreach(names, n, name) {
		if (json_is_object(from))
			json_object_del(from, json_string_value(name));
		for (i = json_array_size(from); i-- > 0;) {
			value = json_array_get(from, i);
			if (strcmp(json_string_value(value), json_string_value(name)) == 0)
				json_array_remove(from, i);
		}
	}
}

static int apply(const struct profile *p, json_t *root, const struct json_file *f, struct err *e)
{
	json_t *limits = json_object_get(f->root, "limits"),
	       *word = json_object_get(f->root, "workspace"), *list;
	size_t i;

	for (i = 0; i < count_of(takes); i++) {
		scoped(json) json_t *names = list_names(json_object_get(f->root, takes[i].key));

		list = json_object_get(json_at(root, takes[i].in), takes[i].list);
		if (!takes[i].in[0] && check_taken(p, names, list, takes[i].key, e) < 0)
			return -1;
		take_away(list, names);
	}
	if (limits && !json_object_get(root, "limits"))
		json_object_set_new(root, "limits", json_object());
	json_object_update(json_object_get(root, "limits"), limits);
	if (word)
		json_object_set(root, "workspace", word);
	if (json_is_false(json_object_get(f->root, "network")))
		json_object_set_new(root, "network", json_false());
	if (json_object_get(f->root, "protect"))
		list_protect(root, json_object_get(f->root, "protect"));
	return 0;
}

/* A link would make reeve read, and complain about, a file that is none of the project's. */
static int find_file(char out[PATH_MAX], const char *workspace, bool *there, struct err *e)
{
	static const char *const parts[] = { ".reeve", ".reeve/profile.json" };
	struct stat st;
	size_t i;

	*there = false;
	for (i = 0; i < count_of(parts); i++) {
		if ((size_t)snprintf(out, PATH_MAX, "%s/%s", workspace, parts[i]) >= PATH_MAX)
			return err_set(e, ERR_LIMIT, "%s: too long a name", workspace);
		if (lstat(out, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
			return 0;
		if (lstat(out, &st) < 0)
			return err_sys(e, "%s", out);
		if (S_ISLNK(st.st_mode))
			return err_set(e, ERR_INPUT,
				       "%s is a link; a project's own file must lie there itself",
				       out);
	}
	*there = true;
	return 0;
}

static int add_file(struct profile *p, const char *path, struct err *e)
{
	struct profile_part *part = &p->parts[p->part_count];

	must(p->part_count < PROFILE_PARTS);
	part->path = strdup(path);
	if (!part->path)
		return err_sys(e, "profile");
	p->part_count++;
	if (json_file_load(&part->file, part->path, PROFILE_MOST, e) < 0)
		return -1;
	seal_digest(part->digest, part->file.bytes, part->file.size);
	profile_seal(p);
	return check_members(&part->file, e) < 0 ? -1 : check_lower(&part->file, p->file.root, e);
}

static int tighten(struct profile *p, const char *path, struct err *e)
{
	if (add_file(p, path, e) < 0)
		return -1;
	p->tight = calloc(1, sizeof(*p->tight));
	if (!p->tight)
		return err_sys(e, "profile");
	*p->tight = *p;
	p->tight->tight = NULL;
	p->tight->file.root = json_deep_copy(p->file.root);
	if (!p->tight->file.root)
		return err_sys(e, "profile");
	return apply(p, p->tight->file.root, &p->parts[p->part_count - 1].file, e);
}

int profile_tighten(struct profile *p, const char *workspace, struct err *e)
{
	char path[PATH_MAX];
	bool there;

	if (json_is_false(json_object_get(p->file.root, "project")))
		return 0;
	if (find_file(path, workspace, &there, e) < 0 || (there && tighten(p, path, e) < 0))
		return err_in(e, "the project's own profile");
	return 0;
}

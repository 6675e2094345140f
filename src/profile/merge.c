/*
 * What several members, or several files, say together. In the whole that comes out every list is
 * an array again, so that whoever cuts jails from it need not know how it was written.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "profile/network.h"

/* Lists are united. In these, names may carry their reasons. */
static const struct {
	const char *pointer, *in, *key;
} lists[] = {
	{ "/read", "", "read" },
	{ "/maybe_read", "", "maybe_read" },
	{ "/write", "", "write" },
	{ "/protect", "", "protect" },
	{ "/environment/pass", "/environment", "pass" },
	{ "/network/private", "/network", "private" },
	{ "/network/unix", "/network", "unix" },
	{ "/network/inspect", "/network", "inspect" },
};

/* And in these, of which nobody says why. */
static const char *const bare_lists[] = { "ports", "udp", "credentials" };

/* Names of other files, which lie beside the profile that says them: made absolute. */
static const struct {
	const char *in, *key;
} beside[] = {
	{ "", "tools" },
	{ "/seccomp", "oci" },
};

/* What a profile says of itself alone, not of those that extend it. */
static const char *const own[] = { "name", "about", "extends", "because" };

/* A number of a limit, a variable's value, or a member that is no list: has this name a place in
 * the file? */
static bool is_said(const struct json_file *f, const char *name)
{
	return json_object_get(f->root, name) ||
	       json_object_get(json_object_get(f->root, "limits"), name) ||
	       json_object_get(json_at(f->root, "/environment/set"), name);
}

int check_because(const struct json_file *f, struct err *e)
{
	char at[POINT_MOST];
	const char *name;
	json_t *why;

	json_object_foreach(json_object_get(f->root, "because"), name, why) {
		point_key(at, "/because", name);
		if (!json_is_string(why))
			return json_wrong(f, at, false, e, "expected a sentence for \"%.40s\"",
					  name);
		if (!is_said(f, name))
			return json_wrong(
				f, at, true, e,
				"expected a member, a limit or a variable of this profile, found "
				"\"%.40s\"; the reason of a listed name stands beside it: "
				"\"read\": { \"/usr\": \"programs\" }",
				name);
	}
	return 0;
}

json_t *list_names(json_t *list)
{
	json_t *names = json_array(), *value;
	const char *name;
	size_t i;

	json_object_foreach(list, name, value)
		json_array_append_new(names, json_string(name));
	json_array_foreach(list, i, value)
		json_array_append(names, value);
	return names;
}

static int grant_again(const struct json_file *f, const char *name, const char *first,
		       const char *then, struct err *e)
{
	char list[POINT_MOST], at[POINT_MOST];
	json_t *found = json_at(f->root, point_key(list, "", then)), *value;
	size_t i, last = 0;

	json_array_foreach(found, i, value)
		if (strcmp(json_string_value(value), name) == 0)
			last = i;
	if (json_is_object(found))
		point_key(at, list, name);
	else
		point_index(at, list, last);
	return json_wrong(f, at, json_is_object(found), e,
			  "%.80s stands in \"%s\"%s\"%s\"; keep one of them", name, first,
			  strcmp(first, then) == 0 ? " and again in " : " and in ", then);
}

int check_grants(const struct json_file *f, struct err *e)
{
	static const char *const grants[] = { "read", "maybe_read", "write" };
	scoped(json) json_t *seen = json_object();
	const char *name, *first;
	size_t list, i;
	json_t *value;

	for (list = 0; list < count_of(grants); list++) {
		scoped(json) json_t *names = list_names(json_object_get(f->root, grants[list]));

		json_array_foreach(names, i, value) {
			name = json_string_value(value);
			first = json_string_value(json_object_get(seen, name));
			if (first)
				return grant_again(f, name, first, grants[list], e);
			json_object_set_new(seen, name, json_string(grants[list]));
		}
	}
	return 0;
}

/* The place of a name in a list of one part; false: it is not there. */
static bool find_name(char at[POINT_MOST], bool *is_key, const struct json_file *f,
		      const char *pointer, const char *name)
{
	json_t *list = json_at(f->root, pointer), *value;
	size_t i;

	*is_key = json_is_object(list);
	if (*is_key) {
		point_key(at, pointer, name);
		return json_object_get(list, name) != NULL;
	}
	json_array_foreach(list, i, value)
		if (json_is_string(value) && strcmp(json_string_value(value), name) == 0) {
			point_index(at, pointer, i);
			return true;
		}
	return false;
}

bool profile_names(const struct profile *p, const char *pointer, const char *name)
{
	char at[POINT_MOST];
	bool is_key;

	return find_name(at, &is_key, &p->file, pointer, name);
}

int list_wrong(const struct json_file *f, const char *pointer, const char *name, struct err *e,
	       const char *text)
{
	char at[POINT_MOST];
	bool is_key;

	if (find_name(at, &is_key, f, pointer, name))
		return json_wrong(f, at, is_key, e, "%s", text);
	return json_wrong(f, "", false, e, "%s", text);
}

int profile_wrong(const struct profile *p, const char *pointer, const char *name, struct err *e,
		  const char *fmt, ...)
{
	char text[sizeof(e->text)], at[POINT_MOST];
	bool is_key;
	va_list ap;
	size_t i;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (i = 0; i + 1 < p->part_count; i++)
		if (find_name(at, &is_key, &p->parts[i].file, pointer, name))
			break;
	return list_wrong(&p->parts[i].file, pointer, name, e, text);
}

/* A read-only name beneath a writable one is no read-only name: what is mounted later covers it. */
static int check_whole(const struct profile *p, struct err *e)
{
	static const char *const reads[] = { "read", "maybe_read" };
	char pointer[POINT_MOST];
	json_t *value, *write;
	const char *name, *root;
	size_t list, i, n;

	for (list = 0; list < count_of(reads); list++)
		json_array_foreach(json_object_get(p->file.root, reads[list]), i, value)
			json_array_foreach(json_object_get(p->file.root, "write"), n, write) {
				name = json_string_value(value);
				root = json_string_value(write);
				if (path_is_within(name, root))
					return profile_wrong(
						p, point_key(pointer, "", reads[list]), name, e,
						"%.80s is \"%s\", and lies in %.80s, which is \"write\"; keep one of them",
						name, reads[list], root);
			}
	return 0;
}

/* Lists become arrays; the reasons go to p->because, where a later part's word stands instead of an
 * earlier one's. */
static void take_reasons(struct profile *p, json_t *root)
{
	json_t *list, *in;
	size_t i;

	for (i = 0; i < count_of(lists); i++) {
		list = json_at(root, lists[i].pointer);
		in = json_object_get(p->because, lists[i].key);
		if (!json_is_object(list))
			continue;
		json_object_update(in, list);
		json_object_set_new(json_at(root, lists[i].in), lists[i].key, list_names(list));
	}
	json_object_update(json_object_get(p->because, "because"),
			   json_object_get(root, "because"));
}

static int make_absolute(json_t *root, const char *path, struct err *e)
{
	char folder[PATH_MAX], real[PATH_MAX], whole[2 * PATH_MAX];
	const char *slash = strrchr(path, '/'), *name;
	size_t i;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	for (i = 0; i < count_of(beside); i++) {
		name = json_string_value(
			json_object_get(json_at(root, beside[i].in), beside[i].key));
		if (!name || name[0] == '/')
			continue;
		if (!realpath(folder, real))
			return err_sys(e, "%s", folder);
		snprintf(whole, sizeof(whole), "%s/%s", real, name);
		json_object_set_new(json_at(root, beside[i].in), beside[i].key, json_string(whole));
	}
	return 0;
}

/* Lists of names may be long. */
static void unite(json_t *into, json_t *more)
{
	scoped(json) json_t *seen = json_object();
	json_t *value;
	size_t i;

	json_array_foreach(into, i, value)
		json_object_set_new(seen, json_string_value(value), json_true());
	json_array_foreach(more, i, value)
		if (!json_object_get(seen, json_string_value(value)))
			json_array_append(into, value);
}

/* These are short. */
static void unite_bare(json_t *into, json_t *more)
{
	json_t *value;
	size_t i, n;

	json_array_foreach(more, i, value) {
		for (n = 0; n < json_array_size(into) && !json_equal(json_array_get(into, n), value); n++)
			;
		if (n == json_array_size(into))
			json_array_append(into, value);
	}
}

static bool is_bare_list(const char *key)
{
	size_t i;

	for (i = 0; i < count_of(bare_lists); i++)
		if (strcmp(key, bare_lists[i]) == 0)
			return true;
	return false;
}

static bool is_list(const char *key)
{
	size_t i;

	for (i = 0; i < count_of(lists); i++)
		if (strcmp(key, lists[i].key) == 0)
			return true;
	return false;
}

/* Lists are united, objects member by member, all else is replaced. */
static void merge(json_t *into, json_t *more)
{
	const char *key;
	json_t *value, *old;

	json_object_foreach(more, key, value) {
		old = json_object_get(into, key);
		if (json_is_array(old) && json_is_array(value) && is_list(key))
			unite(old, value);
		else if (json_is_array(old) && json_is_array(value) && is_bare_list(key))
			unite_bare(old, value);
		else if (json_is_object(old) && json_is_object(value))
			merge(old, value);
		else
			json_object_set(into, key, value);
	}
}

/* What must be there in one part need not be "maybe" in another. */
static void drop_doubled(json_t *root)
{
	json_t *maybe = json_object_get(root, "maybe_read"), *value;
	scoped(json) json_t *read = json_object();
	size_t i;

	json_array_foreach(json_object_get(root, "read"), i, value)
		json_object_set_new(read, json_string_value(value), json_true());
	for (i = json_array_size(maybe); i-- > 0;)
		if (json_object_get(read, json_string_value(json_array_get(maybe, i))))
			json_array_remove(maybe, i);
}

/* Our own names are what a profile without a list protects: who says more adds to them. */
void list_protect(json_t *root, json_t *more)
{
	scoped(json) json_t *names = list_names(more);
	const char *const *name;
	json_t *list;

	if (!json_object_get(root, "protect")) {
		list = json_array();
		for (name = jail_protected(); *name; name++)
			json_array_append_new(list, json_string(*name));
		json_object_set_new(root, "protect", list);
	}
	unite(json_object_get(root, "protect"), names);
}

static int add_part(struct profile *p, size_t n, struct err *e)
{
	json_t *root = json_deep_copy(p->parts[n].file.root);
	size_t i;

	if (!root || make_absolute(root, p->parts[n].path, e) < 0) {
		json_decref(root);
		return root ? -1 : err_sys(e, "profile");
	}
	network_settle(root);
	take_reasons(p, root);
	if (!p->file.root) {
		p->file.root = root;
	} else {
		if (json_object_get(root, "protect"))
			list_protect(p->file.root, NULL);
		for (i = 0; i < count_of(own); i++)
			json_object_del(p->file.root, own[i]);
		merge(p->file.root, root);
		json_decref(root);
	}
	return 0;
}

int profile_merge(struct profile *p, struct err *e)
{
	size_t i;

	p->file = (struct json_file){ .name = p->parts[0].path,
				      .bytes = p->parts[0].file.bytes,
				      .size = p->parts[0].file.size };
	p->because = json_pack("{s:{}}", "because");
	for (i = 0; i < count_of(lists); i++)
		json_object_set_new(p->because, lists[i].key, json_object());
	for (i = p->part_count; i-- > 0;)
		if (add_part(p, i, e) < 0)
			return -1;
	drop_doubled(p->file.root);
	return check_whole(p, e) < 0 ? -1 : network_check_whole(p, e);
}

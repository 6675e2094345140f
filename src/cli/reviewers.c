#include "cli/reviewers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "ledger/statement.h"
#include "seal/ssh.h"

enum {
	FILE_MOST = 1 << 20,
	GROUPS_MOST = 256,
	MEMBERS_MOST = 256,	/* of a group */
	SENT_MOST = 120 << 10,	/* bytes of all lists: they go to the broker in one message */
};

struct reviewers {
	char path[LAUNCH_TEXT + 64], groups_path[LAUNCH_TEXT + 64];
	char *bytes;		/* of allowed_signers */
	size_t size;
	struct ssh_signers *signers;
	struct json_file groups;	/* without a root: there is no such file */
	struct reviewers_list *lists;
	size_t list_count;
	const char **members;	/* of all lists, one after the other */
	uint64_t wall_us;	/* when it was read */
};

static const struct json_member file_members[] = {
	{ "reeve", JSON_STRING, JSON_MUST },
	{ "about", JSON_STRING, JSON_MAY },
	{ "groups", JSON_OBJECT, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static json_t *groups_of(const struct reviewers *r)
{
	return r->groups.root ? json_object_get(r->groups.root, "groups") : NULL;
}

static bool may(const struct reviewers *r, const char *name)
{
	return ssh_signers_may(r->signers, name, STATEMENT_NAMESPACE, r->wall_us);
}

/* --- reading --- */

static int is_there(bool *out, const char *path, struct err *e)
{
	struct stat st;

	*out = lstat(path, &st) == 0;
	return *out || errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, "%s", path);
}

static int read_signers(struct reviewers *r, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	bool there;

	if (is_there(&there, r->path, e) < 0)
		return -1;
	if (there && fd_read_file(&r->bytes, &r->size, r->path, SSH_SIGNERS_MOST, e) < 0)
		return -1;
	if (ssh_signers_read(&r->signers, r->bytes ? r->bytes : "", r->size, &why) < 0)
		return err_set(e, why.kind, "%s:%s", r->path, why.text);
	return 0;
}

/* As a name stands in lists with blanks between, and as a reader sees it. */
static bool name_fits(const char *name, size_t size)
{
	scoped(buf) struct buf shown = BUF(16ul * SSH_NAME);

	return size > 0 && size < SSH_NAME && !strpbrk(name, " ,\"\\*?!") && text_visible(&shown, name, size) &&
	       shown.size == size;
}

static bool stands_before(const json_t *members, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (json_equal(json_array_get(members, k), json_array_get(members, i)))
			return true;
	return false;
}

static int check_member(const struct reviewers *r, const char *at, const json_t *members, size_t i, struct err *e)
{
	const json_t *value = json_array_get(members, i);
	const char *name = json_string_value(value);

	if (!name || !name_fits(name, json_string_length(value)))
		return json_wrong(&r->groups, at, false, e,
				  "expected a name as it stands in allowed_signers: at most %d bytes, no blank, comma or pattern",
				  SSH_NAME - 1);
	if (json_object_get(groups_of(r), name))
		return json_wrong(&r->groups, at, false, e, "\"%s\" is a group: a group holds people, write their names", name);
	if (stands_before(members, i))
		return json_wrong(&r->groups, at, false, e, "\"%s\" stands in this group already", name);
	return 0;
}

/* RFC 6901, of a key that may hold anything that name_fits() takes. */
static void pointer_to(struct buf *out, const char *group)
{
	buf_puts(out, "/groups/");
	for (; *group; group++)
		if (*group == '~' || *group == '/')
			buf_puts(out, *group == '~' ? "~0" : "~1");
		else
			buf_add(out, group, 1);
}

static int check_group(const struct reviewers *r, const char *group, const json_t *members, struct err *e)
{
	scoped(buf) struct buf at = BUF(2ul * SSH_NAME + 64);
	size_t i, size;

	if (!name_fits(group, strlen(group)))
		return json_wrong(&r->groups, "/groups", false, e,
				  "a group's name has at most %d bytes, without blanks, commas or patterns", SSH_NAME - 1);
	pointer_to(&at, group);
	if (ssh_signers_has(r->signers, group))
		return json_wrong(&r->groups, buf_text(&at), true, e,
				  "\"%s\" is a person in allowed_signers: give the group another name", group);
	if (!json_is_array(members) || json_array_size(members) == 0 || json_array_size(members) > MEMBERS_MOST)
		return json_wrong(&r->groups, buf_text(&at), false, e, "expected an array of 1 to %d names", MEMBERS_MOST);
	for (size = at.size, i = 0; i < json_array_size(members); i++) {
		at.size = size;
		buf_printf(&at, "/%zu", i);
		if (check_member(r, buf_text(&at), members, i, e) < 0)
			return -1;
	}
	return 0;
}

static int read_groups(struct reviewers *r, struct err *e)
{
	const char *group;
	json_t *members;
	bool there;

	if (is_there(&there, r->groups_path, e) < 0)
		return -1;
	if (!there)
		return 0;
	if (json_file_load(&r->groups, r->groups_path, FILE_MOST, e) < 0 || json_members(&r->groups, "", file_members, e) < 0)
		return -1;
	if (strcmp(json_text(r->groups.root, "reeve"), "reviewers/1") != 0)
		return json_wrong(&r->groups, "/reeve", false, e, "expected \"reviewers/1\"");
	if (json_object_size(groups_of(r)) > GROUPS_MOST)
		return json_wrong(&r->groups, "/groups", false, e, "more than %d groups", GROUPS_MOST);
	json_object_foreach(groups_of(r), group, members)
		if (check_group(r, group, members, e) < 0)
			return -1;
	return 0;
}

/* --- lists --- */

static void add_list(struct reviewers *r, const char *name, size_t first, size_t count)
{
	if (count > 0)
		r->lists[r->list_count++] = (struct reviewers_list){ name, r->members + first, count };
}

static void fill_lists(struct reviewers *r)
{
	size_t i, n = 0, first;
	const char *group;
	json_t *members, *name;

	json_object_foreach(groups_of(r), group, members) {
		first = n;
		json_array_foreach(members, i, name)
			if (may(r, json_string_value(name)))
				r->members[n++] = json_string_value(name);
		add_list(r, group, first, n - first);
	}
	for (i = 0; i < ssh_signers_count(r->signers); i++)
		if (may(r, ssh_signers_at(r->signers, i))) {
			r->members[n] = ssh_signers_at(r->signers, i);
			add_list(r, r->members[n], n, 1);
			n++;
		}
}

static int check_room(const struct reviewers *r, struct err *e)
{
	size_t i, k, sum = 0;

	for (i = 0; i < r->list_count; i++) {
		must(r->lists[i].name);
		sum += strlen(r->lists[i].name) + 8;
		for (k = 0; k < r->lists[i].count; k++)
			sum += strlen(r->lists[i].members[k]) + 4;
	}
	return sum <= SENT_MOST ? 0
				: err_set(e, ERR_LIMIT, "%s: all groups and reviewers together are more than %d bytes",
					  r->groups_path, SENT_MOST);
}

static int make_lists(struct reviewers *r, struct err *e)
{
	size_t count = ssh_signers_count(r->signers), lists = count + json_object_size(groups_of(r)) + 1;
	const char *group;
	json_t *members;

	json_object_foreach(groups_of(r), group, members)
		count += json_array_size(members);
	r->lists = calloc(lists, sizeof(*r->lists));
	r->members = calloc(count + 1, sizeof(*r->members));
	if (!r->lists || !r->members)
		return err_sys(e, "memory for reviewers");
	fill_lists(r);
	return check_room(r, e);
}

int reviewers_load(struct reviewers **out, const char *folder, struct err *e)
{
	scoped(reviewers) struct reviewers *r = calloc(1, sizeof(*r));

	if (!r)
		return err_sys(e, "memory for reviewers");
	r->wall_us = clock_wall_us();
	snprintf(r->path, sizeof(r->path), "%s/allowed_signers", folder);
	snprintf(r->groups_path, sizeof(r->groups_path), "%s/reviewers.json", folder);
	if (seal_ready(e) < 0 || read_signers(r, e) < 0 || read_groups(r, e) < 0 || make_lists(r, e) < 0)
		return -1;
	*out = take(&r);
	return 0;
}

void reviewers_free(struct reviewers *r)
{
	if (!r)
		return;
	ssh_signers_free(r->signers);
	json_file_free(&r->groups);
	free(r->bytes);
	free(r->lists);
	free(r->members);
	free(r);
}

/* --- asking --- */

const char *reviewers_signers(const struct reviewers *r, size_t *size)
{
	*size = r->size;
	return r->bytes ? r->bytes : "";
}

const struct ssh_signers *reviewers_keys(const struct reviewers *r)
{
	return r->signers;
}

const char *reviewers_path(const struct reviewers *r)
{
	return r->path;
}

bool reviewers_list(struct reviewers_list *out, const struct reviewers *r, size_t i)
{
	if (i >= r->list_count)
		return false;
	*out = r->lists[i];
	return true;
}

bool reviewers_know(const struct reviewers *r, const char *name)
{
	return ssh_signers_has(r->signers, name) || json_object_get(groups_of(r), name);
}

static bool is_asked(const json_t *by, const char *list)
{
	size_t i;
	json_t *name;

	json_array_foreach(by, i, name)
		if (json_is_string(name) && strcmp(json_string_value(name), list) == 0)
			return true;
	return false;
}

static void add_once(const char **names, size_t *count, const char *name)
{
	size_t i;

	for (i = 0; i < *count; i++)
		if (strcmp(names[i], name) == 0)
			return;
	names[(*count)++] = name;
}

int reviewers_people(size_t *out, const struct reviewers *r, const json_t *by, struct err *e)
{
	const char **names = calloc(ssh_signers_count(r->signers) + 1, sizeof(*names));
	size_t count = 0, i, k;
	int result;

	if (!names)
		return err_sys(e, "memory for reviewers");
	for (i = 0; i < r->list_count; i++)	/* who is in a list has a key, so there are no more than signers */
		if (!by || is_asked(by, r->lists[i].name))
			for (k = 0; k < r->lists[i].count; k++)
				add_once(names, &count, r->lists[i].members[k]);
	result = ssh_signers_people(out, r->signers, names, count, STATEMENT_NAMESPACE, r->wall_us, e);
	free(names);
	return result;
}

void reviewers_warn(const struct reviewers *r, void (*tell)(void *to, const char *where, const char *what), void *to)
{
	char where[sizeof(r->groups_path) + 48], what[SSH_NAME + 160];
	struct json_place place;
	const char *group;
	json_t *members, *name;
	size_t i;

	json_object_foreach(groups_of(r), group, members)
		json_array_foreach(members, i, name) {
			scoped(buf) struct buf pointer = BUF(2ul * SSH_NAME + 64);

			if (may(r, json_string_value(name)))
				continue;
			pointer_to(&pointer, group);
			buf_printf(&pointer, "/%zu", i);
			place = json_find(r->groups.bytes, r->groups.size, buf_text(&pointer), false);
			snprintf(where, sizeof(where), "%s:%zu:%zu", r->groups_path, place.line, place.column);
			snprintf(what, sizeof(what), "%s has no key in allowed_signers that may sign for %s now or later",
				 json_string_value(name), STATEMENT_NAMESPACE);
			tell(to, where, what);
		}
}

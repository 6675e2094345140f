#include "cli/settings.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SETTINGS_MOST = 1 << 20 };

static const struct json_member file_members[] = {
	{ "reeve", JSON_STRING, JSON_MUST },
	{ "about", JSON_STRING, JSON_MAY },
	{ "hooks", JSON_OBJECT, JSON_MAY },
	{ "review", JSON_OBJECT, JSON_MAY },
	{ "policy", JSON_OBJECT, JSON_MAY },
	{ "second", JSON_OBJECT, JSON_MAY },
	{ "ledger", JSON_OBJECT, JSON_MAY },
	{ "alerts", JSON_OBJECT, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member policy_members[] = {
	{ "signed_by", JSON_ARRAY, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member hook_members[] = {
	{ "held", JSON_ARRAY, JSON_MAY },
	{ "alert", JSON_ARRAY, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member alerts_members[] = {
	{ "syslog", JSON_NULL, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member review_members[] = {
	{ "socket", JSON_STRING, JSON_MAY },
	{ "group", JSON_STRING, JSON_MAY },
	{ "key", JSON_STRING, JSON_MAY },	/* these two are a reviewer's own, for `reeve review` */
	{ "name", JSON_STRING, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static int read_hook(const char **to, struct settings *s, const json_t *hooks, const char *name, struct err *e)
{
	const json_t *words = json_object_get(hooks, name);
	char at[64];
	json_t *word;
	size_t i;

	snprintf(at, sizeof(at), "/hooks/%s", name);
	if (words && (json_array_size(words) == 0 || json_array_size(words) > HOOK_WORDS))
		return json_wrong(&s->file, at, false, e, "expected a command and its arguments, 1 to %d texts", HOOK_WORDS);
	json_array_foreach(words, i, word) {
		snprintf(at, sizeof(at), "/hooks/%s/%zu", name, i);
		if (!json_is_string(word) || (i == 0 && !*json_string_value(word)))
			return json_wrong(&s->file, at, false, e, "expected a text: a word of the command");
		to[i] = json_string_value(word);
	}
	return 0;
}

static int read_alerts(struct settings *s, const json_t *alerts, struct err *e)
{
	const json_t *syslog = json_object_get(alerts, "syslog");
	const char *path = json_string_value(syslog);

	s->no_syslog = json_is_false(syslog);
	s->syslog = path;
	if (!alerts || json_is_boolean(syslog))
		return 0;
	if (!path || path[0] != '/' || strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return json_wrong(&s->file, "/alerts/syslog", false, e,
				  "expected true, false or the absolute path of a socket, at most %zu bytes",
				  sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	return 0;
}

/* Who can write there could put a socket of his own in its place. */
static int check_folder(struct stat *st, const struct settings *s, const char *path, struct err *e)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	snprintf(folder, sizeof(folder), "%s", path);
	*strrchr(folder, '/') = '\0';
	if (stat(folder[0] ? folder : "/", st) < 0)
		return json_wrong(&s->file, "/review/socket", false, e,
				  "there is no folder %s: make it, chown it to uid %u and that group, and let the group enter it (chmod 750)",
				  folder, (unsigned)geteuid());
	if (!S_ISDIR(st->st_mode) || st->st_uid != geteuid() || (st->st_mode & (S_IWGRP | S_IRWXO)))
		return json_wrong(&s->file, "/review/socket", false, e,
				  "%s must be a folder of uid %u that only its group can enter, and nobody else can write to: chown it, and chmod 750",
				  folder, (unsigned)geteuid());
	return 0;
}

static int read_review(struct settings *s, const json_t *review, struct err *e)
{
	const char *socket = json_text(review, "socket"), *group = json_text(review, "group");
	const struct group *known;
	struct stat folder;

	if (!*socket && !*group)
		return 0;
	if (s->service.socket)
		return json_wrong(&s->file, "/review/socket", false, e, "a recorder that is a service has its own socket for reviewers: leave this one out");
	if (!*socket || !*group)
		return json_wrong(&s->file, "/review", false, e, "\"socket\" and \"group\" go together");
	if (socket[0] != '/' || socket[strlen(socket) - 1] == '/')
		return json_wrong(&s->file, "/review/socket", false, e, "expected the absolute path of a socket to be made");
	if (strlen(socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return json_wrong(&s->file, "/review/socket", false, e, "too long for a socket: at most %zu bytes",
				  sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	known = getgrnam(group);
	if (!known)
		return json_wrong(&s->file, "/review/group", false, e,
				  "there is no group \"%.64s\": groupadd makes one, and usermod -aG puts reviewers in it", group);
	if (check_folder(&folder, s, socket, e) < 0)
		return -1;
	/* The recorder has no capability by which to give a file to others' groups, root's neither. */
	if (known->gr_gid != getegid() && !group_member(known->gr_gid))
		return json_wrong(&s->file, "/review/group", false, e,
				  "uid %u is not in group %.64s and cannot give it the socket: usermod -aG %.64s, and log in again",
				  (unsigned)geteuid(), group, group);
	if (folder.st_gid != known->gr_gid || !(folder.st_mode & S_IXGRP))
		return json_wrong(&s->file, "/review/socket", false, e,
				  "its folder must be of group %.64s, which has to enter it: chgrp it, and chmod 750", group);
	s->review_socket = socket;
	s->review_group = known->gr_gid;
	return 0;
}

static int read_policy(struct settings *s, const json_t *policy, struct err *e)
{
	const json_t *names = json_object_get(policy, "signed_by");
	char at[64];
	json_t *name;
	size_t i;

	if (policy && (json_array_size(names) == 0 || json_array_size(names) > SIGNED_BY))
		return json_wrong(&s->file, "/policy/signed_by", false, e,
				  "expected who may sign policies: 1 to %d names as they stand in allowed_signers", SIGNED_BY);
	json_array_foreach(names, i, name) {
		snprintf(at, sizeof(at), "/policy/signed_by/%zu", i);
		if (!json_is_string(name))
			return json_wrong(&s->file, at, false, e, "expected a name as it stands in allowed_signers");
		s->signed_by[s->signed_by_count++] = json_string_value(name);
	}
	return 0;
}

static int read_all(struct settings *s, struct err *e)
{
	const json_t *hooks = json_object_get(s->file.root, "hooks"), *review = json_object_get(s->file.root, "review"),
		     *policy = json_object_get(s->file.root, "policy"), *alerts = json_object_get(s->file.root, "alerts");

	if (json_members(&s->file, "", file_members, e) < 0)
		return -1;
	if (strcmp(json_text(s->file.root, "reeve"), "config/1") != 0)
		return json_wrong(&s->file, "/reeve", false, e, "expected \"config/1\"");
	if ((hooks && json_members(&s->file, "/hooks", hook_members, e) < 0) ||
	    (review && json_members(&s->file, "/review", review_members, e) < 0) ||
	    (policy && json_members(&s->file, "/policy", policy_members, e) < 0) || read_policy(s, policy, e) < 0 ||
	    settings_second(s, json_object_get(s->file.root, "second"), e) < 0 ||
	    (alerts && json_members(&s->file, "/alerts", alerts_members, e) < 0) || read_alerts(s, alerts, e) < 0 ||
	    read_hook(s->on_held, s, hooks, "held", e) < 0 || read_hook(s->on_alert, s, hooks, "alert", e) < 0)
		return -1;
	if (settings_ledger(s, json_object_get(s->file.root, "ledger"), e) < 0)
		return -1;
	return read_review(s, review, e);
}

int settings_load(struct settings *out, const char *folder, struct err *e)
{
	struct stat st;

	snprintf(out->path, sizeof(out->path), "%s/config.json", folder);
	/* A link that leads nowhere is an error: what was set must not be lost in silence. */
	if (lstat(out->path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	return json_file_load(&out->file, out->path, SETTINGS_MOST, e) < 0 ? -1 : read_all(out, e);
}

void settings_free(struct settings *s)
{
	json_file_free(&s->file);
}

int settings_paths(struct paths *out, const char *tenant, struct err *e)
{
	struct settings s = { 0 };
	char folder[LAUNCH_TEXT];
	int done;

	if (paths_find(out, tenant, e) < 0 || paths_config(folder, e) < 0)
		return -1;
	done = settings_load(&s, folder, e);
	if (done == 0 && s.service.socket)
		done = paths_service(out, tenant, &s.service, e);
	out->epoch = s.epoch;
	if (done == 0 && s.review_socket)
		done = paths_review(out, tenant, s.review_socket, s.review_group, e);
	settings_free(&s);
	return done;
}

/*
 * The agent cannot touch its judge: whatever a profile or a tool file grants, no jail holds the
 * ledger, its key or the recorder's socket, and none can write a policy, a profile, a tool file or
 * a program. Compared by device and inode of every folder on the way, because names can be links.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile/plan.h"

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Cut the last part off; false at the root. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !path[1])
		return false;
	slash[slash == path] = '\0';
	return true;
}

/* `real` holds no links. Is it `dir` or beneath it? What does not exist is where it would be made.
 */
static bool lies_beneath(const char *real, const struct stat *dir)
{
	char path[PATH_MAX];
	struct stat here;

	snprintf(path, sizeof(path), "%s", real);
	do
		if (stat(path, &here) == 0 && is_same(&here, dir))
			return true;
	while (go_up(path));
	return false;
}

/* A name on its way to being resolved: `real` holds no links, `left` is still to be walked. */
struct walk {
	char real[PATH_MAX], left[PATH_MAX];
	struct stat dir;	/* the folder that is asked about */
	bool inside;		/* `real` is that folder, or beneath it */
	unsigned links;
};

/* Put what a link says in front of what is left. */
static bool follow(struct walk *w, const char *link)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t size = readlink(link, target, sizeof(target) - 1);

	if (size < 0 || ++w->links > 40)
		return false;
	target[size] = '\0';
	memcpy(rest, w->left, sizeof(rest));
	if (target[0] == '/') {
		memcpy(w->real, "/", 2);
		w->inside = lies_beneath(w->real, &w->dir);
	}
	return (size_t)snprintf(w->left, sizeof(w->left), "%s/%s", target, rest) < sizeof(w->left);
}

/* Cut the first part off what is left. */
static bool next_part(struct walk *w, char part[NAME_MAX + 1])
{
	size_t size = strcspn(w->left, "/"), whole = size + (w->left[size] == '/');

	if (size > NAME_MAX)
		return false;
	memcpy(part, w->left, size);
	part[size] = '\0';
	memmove(w->left, w->left + whole, strlen(w->left + whole) + 1);
	return true;
}

/* One part, as the kernel takes it. false: it is looked up inside, or cannot be followed. */
static bool step(struct walk *w, const char *part)
{
	char next[PATH_MAX];
	struct stat st = { 0 };

	if (strcmp(part, "..") == 0) {
		go_up(w->real);
		w->inside = lies_beneath(w->real, &w->dir);
	}
	if (!part[0] || strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
		return true;
	if (w->inside || (size_t)snprintf(next, sizeof(next), "%s/%s", w->real[1] ? w->real : "",
					  part) >= sizeof(next))
		return false;
	if (lstat(next, &st) == 0 && S_ISLNK(st.st_mode))
		return follow(w, next);
	memcpy(w->real, next, strlen(next) + 1);
	w->inside = st.st_ino && is_same(&st, &w->dir);
	return true;
}

/*
 * Does a name lie in this folder, or pass through it? Who can write in a folder on the way, be it one
 * that only holds a link, decides what the name means tomorrow. What cannot be walked counts as yes.
 */
static bool passes_through(const char *path, const char *dir)
{
	struct walk w = { .real = "/" };
	char part[NAME_MAX + 1];

	if (stat(dir, &w.dir) < 0)
		return false; /* nothing is mounted from there */
	if ((path[0] != '/' && !getcwd(w.real, sizeof(w.real))) ||
	    (size_t)snprintf(w.left, sizeof(w.left), "%s", path) >= sizeof(w.left))
		return true;
	w.inside = lies_beneath(w.real, &w.dir);
	while (w.left[0])
		if (!next_part(&w, part) || !step(&w, part))
			return true;
	return w.inside;
}

static int check_hidden(const char *source, const struct place *at, struct err *e)
{
	size_t i;

	for (i = 0; at->hidden && at->hidden[i]; i++)
		if (passes_through(at->hidden[i], source) || passes_through(source, at->hidden[i]))
			return err_set(e, ERR_INPUT,
				       "%s would bring %s into a jail, where reeve keeps ledgers "
				       "and keys; "
				       "grant another folder",
				       source, at->hidden[i]);
	return 0;
}

static int check_fixed(const char *source, const struct place *at, struct err *e)
{
	size_t i;

	for (i = 0; at->fixed && at->fixed[i]; i++)
		if (passes_through(at->fixed[i], source))
			return err_set(e, ERR_INPUT,
				       "%s can be written in a jail, and holds %s, by which the "
				       "agent is judged; "
				       "keep that elsewhere",
				       source, at->fixed[i]);
	return 0;
}

int plan_apart(const struct plan *p, const struct place *at, struct err *e)
{
	const struct jail_mount *m;
	size_t i;

	for (i = 0; i < p->mount_count; i++) {
		m = &p->mounts[i];
		if (m->kind != JAIL_READ && m->kind != JAIL_WRITE && m->kind != JAIL_COW)
			continue;
		if (check_hidden(m->source, at, e) < 0)
			return -1;
		if (m->kind != JAIL_READ && check_fixed(m->source, at, e) < 0)
			return -1;
	}
	return 0;
}

int plan_copy_alone(const struct plan *p, const struct profile *from, const struct place *at, struct err *e)
{
	const struct jail_mount *m;
	size_t i;

	for (i = 0; profile_is_cow(from) && i < p->mount_count; i++) {
		m = &p->mounts[i];
		if (m->kind == JAIL_WRITE &&
		    (passes_through(m->source, at->workspace) || passes_through(at->workspace, m->source)))
			return err_set(e, ERR_INPUT,
				       "%.80s could be written past the copy that the profile's \"workspace\": "
				       "\"cow\" promises: grant it read-only, or use \"workspace\": \"write\"",
				       m->source);
	}
	return 0;
}

static bool is_the_agents(const char *path, const struct profile *from, const struct place *at)
{
	json_t *value;
	size_t i;

	if (passes_through(path, at->workspace))
		return true;
	json_array_foreach(json_object_get(from->file.root, "write"), i, value)
		if (passes_through(path, json_string_value(value)))
			return true;
	return false;
}

/* Read-only beneath writable is refused before; here it is the names that lead through what can be written. */
int plan_steady(const struct grant *g, const char *path, const struct place *at, struct err *e)
{
	const char *root = at->workspace;
	json_t *value;
	size_t i;

	if (!passes_through(path, root)) {
		json_array_foreach(json_object_get(g->from->file.root, "write"), i, value) {
			root = json_string_value(value);
			if (strcmp(path, root) != 0 && passes_through(path, root))
				break;
		}
		if (i == json_array_size(json_object_get(g->from->file.root, "write")))
			return 0;
	}
	return grant_wrong(g, path, e,
			   "%.80s lies in %.60s, or leads through it, where the agent could turn it into a link "
			   "to anything; name a path elsewhere",
			   path, root);
}

/*
 * A folder is data; a file may be what is executed, and so may an absolute name of nothing yet. A
 * relative name is one of the workspace, where servers run, if there is such a file.
 */
static bool names_program(const char *word, size_t place, const struct profile *from,
			  const struct place *at)
{
	char path[PATH_MAX];
	struct stat st;
	bool absolute = word[0] == '/';

	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", absolute ? "" : at->workspace,
			     absolute ? "" : "/", word) >= sizeof(path))
		return true;
	if (place == 0 && strchr(word, '/'))
		return is_the_agents(path, from, at);
	if (stat(path, &st) < 0 ? !absolute : S_ISDIR(st.st_mode))
		return false;
	return is_the_agents(path, from, at);
}

/* Beside the whole word: what stands after "=", and the workspace named in the midst of something. */
int plan_program(const char *word, size_t place, const char *server, const struct profile *from,
		 const struct place *at, struct err *e)
{
	const char *value = strchr(word, '='), *midst = strstr(word, at->workspace);

	if (!names_program(word, place, from, at) &&
	    !(value && names_program(value + 1, 1, from, at)) &&
	    !(midst && midst != word && midst[-1] != '='))
		return 0;
	return err_set(e, ERR_INPUT,
		       "server %s: argv names %s, which the agent can change; keep it elsewhere, or say "
		       "\"from_workspace\": true if the agent may decide what this server does",
		       server, word);
}

static int wrong_variable(const char *name, const char *server, struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "server %s: its %s leads to where the agent can write, or is relative; name folders "
		       "elsewhere, or say \"from_workspace\": true", server, name);
}

/* Where programs and what they load are looked for. */
int plan_variable(const char *name, const char *value, const char *server, const struct profile *from,
		  const struct place *at, struct err *e)
{
	static const char *const loads[] = {
		"LD_PRELOAD",	 "LD_LIBRARY_PATH", "LD_AUDIT", "NODE_OPTIONS", "NODE_PATH",
		"PYTHONPATH",	 "PYTHONSTARTUP",   "PERL5LIB", "PERL5OPT",	"RUBYLIB",
		"RUBYOPT",	 "BASH_ENV",	    "ENV",	"JAVA_TOOL_OPTIONS",
	};
	char folder[PATH_MAX];
	size_t size, i;

	for (i = 0; i < count_of(loads); i++)
		if (strcmp(name, loads[i]) == 0 && strstr(value, at->workspace))
			return wrong_variable(name, server, e);
	for (; strcmp(name, "PATH") == 0 && *value; value += size + (value[size] == ':')) {
		size = strcspn(value, ":");
		snprintf(folder, sizeof(folder), "%.*s", (int)size, value);
		if (folder[0] != '/' || is_the_agents(folder, from, at))
			return wrong_variable(name, server, e);
	}
	return 0;
}

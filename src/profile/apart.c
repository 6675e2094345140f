/*
 * The agent cannot touch its judge: whatever a profile or a tool file grants, no jail holds the
 * ledger, its key or the recorder's socket, and none can write a policy, a profile, a tool file or
 * a program. Compared by device and inode of every folder on the way, because names can be links.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile/plan.h"

/* Cut the last part off; false at the root. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !path[1])
		return false;
	slash[slash == path] = '\0';
	return true;
}

/*
 * Every folder that a name passes through on its way, links included. Who can write in one of them, be it
 * one that only holds a link, decides what the name means tomorrow.
 */
enum { TRAIL = 96, LINKS = 40 };

struct trail {
	size_t count;
	bool lost;			/* it cannot be walked, or is too long: it may lead anywhere */
	struct {
		dev_t dev;
		ino_t ino;
	} at[TRAIL];
};

static void pass(struct trail *t, const struct stat *st)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (t->at[i].dev == st->st_dev && t->at[i].ino == st->st_ino)
			return;
	if (t->count == TRAIL) {
		t->lost = true;
		return;
	}
	t->at[t->count].dev = st->st_dev;
	t->at[t->count++].ino = st->st_ino;
}

/* `real` and all that it lies in. */
static void pass_above(struct trail *t, const char *real)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s", real);
	do
		if (stat(path, &st) == 0)
			pass(t, &st);
	while (go_up(path));
}

/* A name on its way to being resolved: `real` holds no links, `left` is still to be walked. */
struct walk {
	char real[PATH_MAX], left[PATH_MAX];
	bool jumped;			/* to where `real` is now, not from the folder above it */
	unsigned links;
	struct trail *trail;
};

/* A name is looked up in `real`, or ends there. What was only left again by ".." does not count. */
static void land(struct walk *w)
{
	if (w->jumped)
		pass_above(w->trail, w->real);
	w->jumped = false;
}

/* Put what a link says in front of what is left. */
static bool follow(struct walk *w, const char *link)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t size = readlink(link, target, sizeof(target) - 1);

	if (size < 0 || ++w->links > LINKS)
		return false;
	target[size] = '\0';
	memcpy(rest, w->left, strlen(w->left) + 1);
	if (target[0] == '/') {
		memcpy(w->real, "/", 2);
		w->jumped = true;
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

/* One part, as the kernel takes it; what does not exist is where it would be made. false: it cannot be. */
static bool step(struct walk *w, const char *part)
{
	char next[PATH_MAX];
	struct stat st;

	if (strcmp(part, "..") == 0)
		w->jumped = go_up(w->real) || w->jumped;
	if (!part[0] || strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
		return true;
	if ((size_t)snprintf(next, sizeof(next), "%s/%s", w->real[1] ? w->real : "", part) >=
	    sizeof(next))
		return false;
	land(w);
	if (lstat(next, &st) == 0) {
		if (S_ISLNK(st.st_mode))
			return follow(w, next);
		pass(w->trail, &st);
	}
	memcpy(w->real, next, strlen(next) + 1);
	return true;
}

static void trail_of(struct trail *t, const char *path)
{
	struct walk w = { .real = "/", .jumped = true, .trail = t };
	char part[NAME_MAX + 1];

	*t = (struct trail){ .lost = (path[0] != '/' && !getcwd(w.real, sizeof(w.real))) ||
				     (size_t)snprintf(w.left, sizeof(w.left), "%s", path) >= sizeof(w.left) };
	while (!t->lost && w.left[0])
		t->lost = !next_part(&w, part) || !step(&w, part);
	land(&w);
}

static bool meets(const struct trail *t, const struct stat *dir)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (t->at[i].dev == dir->st_dev && t->at[i].ino == dir->st_ino)
			return true;
	return t->lost;
}

/* Does a name lie in this folder, or pass through it? From a folder that is not there nothing is mounted. */
static bool passes_through(const char *path, const char *dir)
{
	struct trail t;
	struct stat st;

	if (stat(dir, &st) < 0)
		return false;
	trail_of(&t, path);
	return meets(&t, &st);
}

/* What a plan is held against: walked once, because there are many mounts. */
struct kept_apart {
	const char *const *names;	/* NULL at the end */
	struct trail *ways;		/* of each */
	struct stat *there;		/* st_ino 0: it is not */
	size_t count;
};

static void leave_kept_apart(struct kept_apart *k)
{
	free(k->ways);
	free(k->there);
}

static int keep_apart(struct kept_apart *k, const char *const *names, struct err *e)
{
	size_t i;

	k->names = names;
	while (names && names[k->count])
		k->count++;
	k->ways = calloc(k->count + 1, sizeof(*k->ways));
	k->there = calloc(k->count + 1, sizeof(*k->there));
	if (!k->ways || !k->there)
		return err_sys(e, "memory for what is kept apart");
	for (i = 0; i < k->count; i++) {
		trail_of(&k->ways[i], names[i]);
		if (stat(names[i], &k->there[i]) < 0)
			k->there[i] = (struct stat){ 0 };
	}
	return 0;
}

static int check_hidden(const char *source, const struct stat *st, const struct kept_apart *k,
			struct err *e)
{
	struct trail way;
	size_t i;

	trail_of(&way, source);
	for (i = 0; i < k->count; i++)
		if (meets(&k->ways[i], st) || (k->there[i].st_ino && meets(&way, &k->there[i])))
			return err_set(e, ERR_INPUT,
				       "%s would bring %s into a jail, and none may hold ledgers and keys, "
				       "the file of a secret or the reviewers' socket; grant another folder",
				       source, k->names[i]);
	return 0;
}

static int check_fixed(const char *source, const struct stat *st, const struct kept_apart *k,
		       struct err *e)
{
	size_t i;

	for (i = 0; i < k->count; i++)
		if (meets(&k->ways[i], st))
			return err_set(e, ERR_INPUT,
				       "%s can be written in a jail, and holds %s, by which the "
				       "agent is judged; "
				       "keep that elsewhere",
				       source, k->names[i]);
	return 0;
}

int plan_apart(const struct plan *p, const struct place *at, struct err *e)
{
	scoped(kept_apart) struct kept_apart hidden = { 0 }, fixed = { 0 };
	const struct jail_mount *m;
	struct stat st;
	size_t i;

	if (keep_apart(&hidden, at->hidden, e) < 0 || keep_apart(&fixed, at->fixed, e) < 0)
		return -1;
	for (i = 0; i < p->mount_count; i++) {
		m = &p->mounts[i];
		if (m->kind != JAIL_READ && m->kind != JAIL_WRITE && m->kind != JAIL_COW)
			continue;
		if (stat(m->source, &st) < 0)
			continue; /* nothing is mounted from there */
		if (check_hidden(m->source, &st, &hidden, e) < 0)
			return -1;
		if (m->kind != JAIL_READ && check_fixed(m->source, &st, &fixed, e) < 0)
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

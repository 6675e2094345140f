#include "profile/plan.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

void plan_free(struct plan *p)
{
	struct text_kept *t;

	while (p && (t = p->texts)) {
		p->texts = t->next;
		explicit_bzero(t->text, t->size); /* it may have been a secret */
		free(t);
	}
	free(p);
}

void jail_plan_free(struct jail_plan *p)
{
	plan_free(p->owned);
	*p = (struct jail_plan){ 0 };
}

void jail_plan_copy(struct jail_plan *out, const char *upper, const char *work)
{
	struct plan *p = out->owned;
	size_t i;

	for (i = 0; i < p->mount_count; i++)
		if (p->mounts[i].kind == JAIL_COW) {
			p->mounts[i].upper = upper;
			p->mounts[i].work = work;
		}
}

const char *plan_keep(struct plan *p, const char *fmt, ...)
{
	struct text_kept *t;
	va_list ap;
	int size;

	va_start(ap, fmt);
	size = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	t = size < 0 ? NULL : malloc(sizeof(*t) + (size_t)size + 1);
	if (!t) {
		p->over = true;
		return "";
	}
	va_start(ap, fmt);
	vsnprintf(t->text, (size_t)size + 1, fmt, ap);
	va_end(ap);
	t->size = (size_t)size;
	t->next = p->texts;
	p->texts = t;
	return t->text;
}

void plan_mount(struct plan *p, struct jail_mount m)
{
	if (p->mount_count == PLAN_MOUNTS)
		p->over = true;
	else
		p->mounts[p->mount_count++] = m;
}

/* The last word wins, so that what reeve sets is set last. One place is left for the NULL. */
void plan_env(struct plan *p, const char *name, const char *value)
{
	size_t size = strlen(name), i;

	for (i = 0; i < p->env_count; i++)
		if (strncmp(p->env[i], name, size) == 0 && p->env[i][size] == '=')
			break;
	if (i + 1 >= PLAN_TEXTS) {
		p->over = true;
		return;
	}
	p->env[i] = plan_keep(p, "%s=%s", name, value);
	if (i == p->env_count)
		p->env_count++;
}

void plan_argv(struct plan *p, const char *word)
{
	if (p->argv_count + 1 >= PLAN_TEXTS)
		p->over = true;
	else
		p->argv[p->argv_count++] = word;
}

/* Does a directory that is itself there as a directory already bring this path? */
static bool is_brought(json_t *system, const char *path, const char *self)
{
	const char *root;
	json_t *value;
	struct stat st;
	size_t i;

	json_array_foreach(system, i, value) {
		root = json_string_value(value);
		if (strcmp(root, self) != 0 && path_is_within(path, root) &&
		    lstat(root, &st) == 0 && S_ISDIR(st.st_mode))
			return true;
	}
	return false;
}

/* Merged /usr: /bin is a link, and programs compare the names they see. */
static int plan_link(struct plan *p, const char *path, enum jail_mount_kind kind, json_t *system,
		     struct err *e)
{
	char text[PATH_MAX], *real = realpath(path, NULL);
	const char *source = real ? plan_keep(p, "%s", real) : NULL;
	ssize_t size = readlink(path, text, sizeof(text) - 1);

	free(real);
	if (!source || size < 0)
		return err_sys(e, "%s", path);
	text[size] = '\0';
	if (is_brought(system, source, path))
		plan_mount(p, (struct jail_mount){ .kind = JAIL_LINK,
						   .source = plan_keep(p, "%s", text),
						   .target = path });
	else
		plan_mount(p,
			   (struct jail_mount){ .kind = kind, .source = source, .target = path });
	return 0;
}

int grant_wrong(const struct grant *g, const char *name, struct err *e, const char *fmt, ...)
{
	char text[sizeof(e->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (g->file)
		return list_wrong(g->file, g->pointer, name, e, text);
	return profile_wrong(g->from, g->pointer, name, e, "%s", text);
}

static int plan_path(struct plan *p, const struct grant *g, const char *path, json_t *system,
		     const struct place *at, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0 && g->maybe)
		return 0;
	if (stat(path, &st) < 0)
		return grant_wrong(g, path, e, "%.100s: %s; make it, or list it under \"maybe_read\"", path,
				   strerror(errno));
	if (plan_steady(g, path, at, e) < 0)
		return -1;
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		return plan_link(p, path, g->kind, system, e);
	plan_mount(p, (struct jail_mount){
			      .kind = g->kind, .source = path, .target = path, .maybe = g->maybe });
	return 0;
}

/* The links of a list are judged by the directories of the same list, or of "read". */
int plan_paths(struct plan *p, const struct grant *g, const struct place *at, struct err *e)
{
	json_t *root = g->file ? g->file->root : g->from->file.root;
	json_t *list = json_at(root, g->pointer), *value;
	json_t *system = g->maybe ? json_object_get(root, "read") : list;
	const char *path;
	size_t i;

	json_array_foreach(list, i, value) {
		path = json_string_value(value);
		if (g->kind == JAIL_READ && is_brought(system, path, path))
			continue;
		if (plan_path(p, g, path, system, at, e) < 0)
			return -1;
	}
	return 0;
}

int plan_done(struct jail_plan *out, struct plan **pp, struct jail_spec spec,
	      const struct place *at, struct err *e)
{
	struct plan *p = *pp;

	if (p->over)
		return err_set(e, ERR_LIMIT,
			       "more than a jail may hold: %d mounts, %d arguments, %d variables",
			       PLAN_MOUNTS, PLAN_TEXTS - 1, PLAN_TEXTS - 1);
	if (plan_apart(p, at, e) < 0)
		return -1;
	spec.mounts = p->mounts;
	spec.mount_count = p->mount_count;
	spec.limits = p->limits;
	spec.limit_count = p->limit_count;
	spec.env = p->env;
	if (!spec.argv)
		spec.argv = p->argv;
	*out = (struct jail_plan){ .spec = spec, .owned = take(pp) };
	return 0;
}

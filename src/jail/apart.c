/*
 * A jail without a root of its own, as in a container that gives no namespaces. Its private home, /tmp
 * and the sockets of the broker need names that no other process uses: a folder made for this jail
 * alone, in one of ours, removed when the jail has ended. Programs are told where by HOME, TMPDIR,
 * REEVE_SOCKET and PATH; Landlock lets them reach this folder and what the spec names, and no more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/text.h"
#include "jail/inside.h"

#define OURS "/run/reeve"

int apart_make(struct inside *in, struct err *e)
{
	int size;

	if (!in->spec->apart)
		return 0;
	if (fd_make_dirs(in->spec->apart, 0700, e) < 0)
		return -1;
	size = snprintf(in->apart, sizeof(in->apart), "%s/jail-XXXXXX", in->spec->apart);
	if (size < 0 || (size_t)size >= sizeof(in->apart)) {
		in->apart[0] = '\0';
		return err_set(e, ERR_LIMIT, "%s is too long for private places: set XDG_RUNTIME_DIR",
			       in->spec->apart);
	}
	if (!mkdtemp(in->apart)) {
		in->apart[0] = '\0';
		return err_sys(e, "private places in %s", in->spec->apart);
	}
	return 0;
}

/* The last mount that holds it decides, as it would if there were mounts. */
static bool is_private(const struct inside *in, const char *path)
{
	bool yes = path_is_within(path, OURS);
	size_t i;

	for (i = 0; i < in->spec->mount_count; i++)
		if (path_is_within(path, in->spec->mounts[i].target))
			yes = in->spec->mounts[i].kind == JAIL_TMPFS ||
			      path_is_within(in->spec->mounts[i].target, OURS);
	return yes;
}

const char *apart_name(const struct inside *in, const char *path, char room[INSIDE_PATH])
{
	int size;

	if (in->layers[LAYER_MOUNT].obtained || !is_private(in, path))
		return path;
	size = snprintf(room, INSIDE_PATH, "%s%s", in->apart, path);
	return size < INSIDE_PATH ? room : path; /* too long to name anything */
}

/* What a rule is about: the thing itself where it lies on the host, or the private place. */
const char *apart_source(const struct inside *in, const struct jail_mount *m, char room[INSIDE_PATH])
{
	if (in->layers[LAYER_MOUNT].obtained)
		return m->target;
	return m->source ? m->source : apart_name(in, m->target, room);
}

/* In a string of JSON: what is an ordinary name outside may not end it. */
static void put_name(struct buf *out, const char *name)
{
	for (; *name; name++)
		if (*name == '"' || *name == '\\' || (unsigned char)*name < 0x20)
			buf_printf(out, "\\u%04x", *name);
		else
			buf_add(out, name, 1);
}

/* A text that names our places names them as they are found here. */
static int furnish_text(const struct inside *in, const char *at, const char *text, struct err *e)
{
	scoped(buf) struct buf out = BUF(1 << 20);
	scoped(fd) int fd = open(at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	const char *found;

	if (fd < 0)
		return err_sys(e, "make %s", at);
	for (; (found = strstr(text, OURS)); text = found + strlen(OURS)) {
		buf_add(&out, text, (size_t)(found - text));
		put_name(&out, in->apart);
		buf_puts(&out, OURS);
	}
	if (!buf_puts(&out, text))
		return err_set(e, ERR_LIMIT, "%s: more than it may hold", at);
	return fd_write_all(fd, out.data, out.size, e);
}

static int furnish(struct inside *in, const struct jail_mount *m, struct err *e)
{
	char room[INSIDE_PATH], parent[INSIDE_PATH];
	const char *at = apart_name(in, m->target, room);

	if (m->kind == JAIL_COW)
		return err_set(e, ERR_INPUT, "\"workspace\": \"cow\" takes the mount layer");
	if (at == m->target)
		return 0;
	if (m->kind == JAIL_TMPFS)
		return fd_make_dirs(at, 0700, e);
	snprintf(parent, sizeof(parent), "%s", at);
	*strrchr(parent, '/') = '\0';
	if (!m->source && !m->text)
		return 0;
	if (fd_make_dirs(parent, 0700, e) < 0)
		return -1;
	if (m->text)
		return furnish_text(in, at, m->text, e);
	return symlink(m->source, at) < 0 ? err_sys(e, "%s", at) : 0;
}

int apart_furnish(struct inside *in, struct err *e)
{
	size_t i;

	if (in->layers[LAYER_MOUNT].obtained)
		return 0;
	if (!in->apart[0])
		return err_set(e, ERR_SYSTEM,
			       "there is no place for private files without the mount layer");
	for (i = 0; i < in->spec->mount_count; i++)
		if (furnish(in, &in->spec->mounts[i], e) < 0)
			return -1;
	return 0;
}

/* "/run/reeve/bin:/usr/bin" part by part; what is no path stays. */
static const char *rename_value(const struct inside *in, const char *entry)
{
	const char *at = strchr(entry, '='), *end;
	struct buf out = BUF(1 << 20);
	char part[INSIDE_PATH], room[INSIDE_PATH];

	if (!at || at[1] != '/')
		return entry;
	buf_add(&out, entry, (size_t)(at - entry) + 1);
	for (at++; at; at = *end ? end + 1 : NULL) {
		end = strchrnul(at, ':');
		if ((size_t)(end - at) >= sizeof(part))
			return entry;
		memcpy(part, at, (size_t)(end - at));
		part[end - at] = '\0';
		buf_puts(&out, apart_name(in, part, room));
		if (*end)
			buf_puts(&out, ":");
	}
	return buf_text(&out); /* kept: it is the environment of what comes next */
}

static bool has(const char *const *env, const char *name)
{
	for (; *env; env++)
		if (strncmp(*env, name, strlen(name)) == 0)
			return true;
	return false;
}

char **apart_env(const struct inside *in)
{
	static const char *const places[][2] = { { "TMPDIR=", "/tmp" }, { "REEVE_SOCKETS=", OURS } };
	static const char *const nothing[] = { NULL };
	const char *const *env = in->spec->env ? in->spec->env : nothing;
	char text[2 * JAIL_APART];
	size_t count = 0, i;
	char **out;

	if (in->layers[LAYER_MOUNT].obtained)
		return (char **)(uintptr_t)env;
	while (env[count])
		count++;
	out = calloc(count + count_of(places) + 1, sizeof(*out));
	if (!out)
		return NULL;
	for (i = 0; i < count; i++)
		out[i] = (char *)(uintptr_t)rename_value(in, env[i]);
	for (i = 0; i < count_of(places); i++) {
		snprintf(text, sizeof(text), "%s%s%s", places[i][0], in->apart, places[i][1]);
		if (!has(env, places[i][0]))
			out[count++] = strdup(text);
	}
	return out;
}

void apart_remove(const char *apart)
{
	struct err ignored;

	if (apart[0])
		(void)!fd_remove_all(AT_FDCWD, apart, &ignored);
}

/*
 * A profile is a chain of files: the one that was named, what that extends, and so on. Each is
 * checked on its own first, so that an error names the file that is wrong; then they become one
 * (merge.c).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "profile/plan.h"
#include "seal/seal.h"

static void part_free(struct profile_part *part)
{
	if (part->file.root)
		json_file_free(&part->file);
	free(part->path);
}

void profile_free(struct profile *p)
{
	size_t i;

	if (!p)
		return;
	for (i = 0; i < p->part_count; i++)
		part_free(&p->parts[i]);
	if (p->tight)
		json_decref(p->tight->file.root);
	free(p->tight);
	json_decref(p->file.root);
	json_decref(p->because);
	oci_free(p->oci);
	free(p->name);
	free(p->tools);
	free(p);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "agent" of ".../agent.json": what the operator called it when he did not say. */
static char *name_of(const char *path)
{
	const char *base = base_name(path);
	size_t size = strlen(base);

	if (size > 5 && strcmp(base + size - 5, ".json") == 0)
		size -= 5;
	return strndup(base, size);
}

/* The file at `path`, unless it is the one at `not`: a profile may extend another of its own name.
 */
static bool is_there(const char *path, const char * not )
{
	struct stat here, there;

	if (access(path, R_OK) < 0 || stat(path, &here) < 0)
		return false;
	return !not || stat(not, &there) < 0 || here.st_dev != there.st_dev ||
	       here.st_ino != there.st_ino;
}

static bool find_but(char out[PATH_MAX], const char *name, const char *const *dirs,
		     const char * not )
{
	for (; dirs && *dirs; dirs++)
		if ((size_t)snprintf(out, PATH_MAX, "%s/%.64s.json", *dirs, name) < PATH_MAX &&
		    is_there(out, not ))
			return true;
	return false;
}

int profile_find(char out[PATH_MAX], const char *name, const char *const *dirs, struct err *e)
{
	if (text_is_name(name) && find_but(out, name, dirs, NULL))
		return 0;
	return err_set(e, ERR_INPUT,
		       "no profile named \"%.64s\": reeve profile list names them; or give a path",
		       name);
}

static int extends_wrong(const struct profile *p, const char *why, const char *last, struct err *e)
{
	scoped(buf) struct buf chain = BUF(160);
	size_t i;

	for (i = 0; i < p->part_count; i++)
		buf_printf(&chain, "%s, ", base_name(p->parts[i].path));
	buf_puts(&chain, base_name(last));
	return json_wrong(&p->parts[p->part_count - 1].file, "/extends", false, e,
			  "\"extends\" %s: %s", why,
			  buf_text(&chain) ? buf_text(&chain) : "too long to show");
}

/* Where the file lies that the last part extends. */
static int find_base(char out[PATH_MAX], const struct profile *p, const char *name,
		     const char *const *dirs, struct err *e)
{
	const struct profile_part *last = &p->parts[p->part_count - 1];
	size_t size = strlen(name), folder = (size_t)(base_name(last->path) - last->path);

	if (!strchr(name, '/') && (size < 6 || strcmp(name + size - 5, ".json") != 0)) {
		if (text_is_name(name) && find_but(out, name, dirs, last->path))
			return 0;
		return json_wrong(&last->file, "/extends", false, e,
				  "expected the name of another profile, or a path such as "
				  "\"base.json\", found "
				  "\"%.60s\"",
				  name);
	}
	if ((size_t)snprintf(out, PATH_MAX, "%.*s%s", name[0] == '/' ? 0 : (int)folder, last->path,
			     name) >= PATH_MAX ||
	    access(out, R_OK) < 0)
		return json_wrong(
			&last->file, "/extends", false, e,
			"expected a file that can be read beside this one, found \"%.60s\"", name);
	return 0;
}

static int load_part(struct profile *p, const char *path, struct err *e)
{
	struct profile_part *part = &p->parts[p->part_count];

	part->path = strdup(path);
	if (!part->path)
		return err_sys(e, "profile");
	p->part_count++;
	if (json_file_load(&part->file, part->path, PROFILE_MOST, e) < 0 ||
	    profile_check(&part->file, e) < 0)
		return -1;
	_Static_assert(sizeof(part->digest) >= SEAL_DIGEST_TEXT, "room for a digest");
	seal_digest(part->digest, part->file.bytes, part->file.size);
	return 0;
}

static int load_chain(struct profile *p, const char *path, const char *const *dirs, struct err *e)
{
	char base[PATH_MAX];
	const char *name;
	size_t i;

	if (load_part(p, path, e) < 0)
		return -1;
	must(p->part_count > 0);
	while ((name = json_string_value(
			json_object_get(p->parts[p->part_count - 1].file.root, "extends")))) {
		if (find_base(base, p, name, dirs, e) < 0)
			return -1;
		for (i = 0; i < p->part_count; i++)
			if (!is_there(base, p->parts[i].path))
				return extends_wrong(p, "goes in a circle", base, e);
		if (p->part_count == PROFILE_DEEP)
			return extends_wrong(p, "goes more than 8 files deep", base, e);
		if (load_part(p, base, e) < 0)
			return -1;
	}
	return 0;
}

void profile_seal(struct profile *p)
{
	scoped(buf) struct buf lines = BUF((PROFILE_PARTS + 1) * (PATH_MAX + 96ul));
	size_t i;

	for (i = 0; i < p->part_count; i++)
		buf_printf(&lines, "%s %s\n", base_name(p->parts[i].path), p->parts[i].digest);
	if (p->oci)
		buf_printf(&lines, "%s %s\n", base_name(profile_oci_path(p)), oci_digest(p->oci));
	_Static_assert(sizeof(p->digest) >= SEAL_DIGEST_TEXT, "room for a digest");
	must(!lines.over);
	seal_digest(p->digest, lines.data, lines.size);
}

/* Nothing that stands in a file before the run begins is taken for a placeholder of it. */
static int draw_run(struct profile *p, struct err *e)
{
	uint8_t drawn[sizeof(p->run) / 2];
	size_t i;

	if (getrandom(drawn, sizeof(drawn), 0) != (ssize_t)sizeof(drawn))
		return err_sys(e, "random bytes");
	for (i = 0; i < sizeof(drawn); i++)
		snprintf(p->run + 2 * i, 3, "%02x", drawn[i]);
	return 0;
}

int profile_load(struct profile **out, const char *path, const char *const *dirs, struct err *e)
{
	scoped(profile) struct profile *p = calloc(1, sizeof(*p));
	const char *name, *tools;

	if (!p)
		return err_sys(e, "profile");
	if (load_chain(p, path, dirs, e) < 0 || profile_merge(p, e) < 0 ||
	    profile_load_oci(p, e) < 0)
		return -1;
	name = json_string_value(json_object_get(p->file.root, "name"));
	tools = json_string_value(json_object_get(p->file.root, "tools"));
	p->name = name ? strdup(name) : name_of(path);
	p->tools = tools ? strdup(tools) : NULL;
	if (!p->name || (tools && !p->tools))
		return err_sys(e, "profile");
	if (draw_run(p, e) < 0)
		return -1;
	profile_seal(p);
	*out = take(&p);
	return 0;
}

const struct profile *for_agent(const struct profile *p)
{
	return p->tight ? p->tight : p;
}

const char *profile_name(const struct profile *p)
{
	return p->name;
}

const char *profile_about(const struct profile *p)
{
	return json_string_value(json_object_get(p->file.root, "about"));
}

const char *profile_digest(const struct profile *p)
{
	return p->digest;
}

const char *profile_tools_path(const struct profile *p)
{
	return p->tools;
}

const char *profile_file(const struct profile *p, size_t n)
{
	return n < p->part_count ? p->parts[n].path : NULL;
}

const char *profile_because(const struct profile *p, const char *list, const char *name)
{
	return json_string_value(json_object_get(json_object_get(p->because, list), name));
}

json_t *profile_whole(const struct profile *p)
{
	return for_agent(p)->file.root;
}

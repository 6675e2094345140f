#include "cli/policy_signed.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"

enum { DIGEST = SEAL_DIGEST_TEXT - 1, LINES_MOST = 2 * POLICY_FILES_MOST, ARMOR_MOST = 4096 };

int signed_folder_load(struct policy_files *policies, struct policy_files *catalogue, const char *path, struct err *e)
{
	char inner[PATH_MAX];
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: what is signed is a folder of policies, not a file", path);
	if (snprintf(inner, sizeof(inner), "%s/catalogue", path) >= (int)sizeof(inner))
		return err_set(e, ERR_INPUT, "%.80s…: name too long", path);
	if (policy_dir_load(policies, path, e) < 0)
		return -1;
	if (policies->count == 0)
		return err_set(e, ERR_INPUT, "%s: there is no *.json file in it", path);
	return lstat(inner, &st) < 0 && errno == ENOENT ? 0 : policy_dir_load(catalogue, inner, e);
}

/* --- the text --- */

struct lines {
	char *at[LINES_MOST];
	size_t count;
};

static void leave_lines(struct lines *l)
{
	while (l->count > 0)
		free(l->at[--l->count]);
}

/* A name is a word of a line, and of what a terminal shows. */
static bool is_word(const char *name)
{
	for (; *name > ' ' && *name < 0x7f; name++)
		;
	return *name == '\0';
}

static int add_line(struct lines *l, const struct policy_file *f, const char *prefix, struct err *e)
{
	const char *slash = strrchr(f->path, '/'), *name = slash ? slash + 1 : f->path;
	char digest[SEAL_DIGEST_TEXT];

	must(l->count < LINES_MOST);
	if (!is_word(name))
		return err_set(e, ERR_INPUT, "%s: to be signed a file has a name without blanks, of ASCII", f->path);
	seal_digest(digest, f->bytes, f->size);
	if (asprintf(&l->at[l->count], "%s %s%s\n", digest, prefix, name) < 0)
		return err_sys(e, "memory for a manifest");
	l->count++;
	return 0;
}

static int add_files(struct lines *l, const struct policy_files *files, const char *prefix, struct err *e)
{
	size_t i;

	for (i = 0; i < files->count; i++)
		if (add_line(l, &files->at[i], prefix, e) < 0)
			return -1;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a + DIGEST, *(char *const *)b + DIGEST);
}

int signed_manifest(struct buf *out, const struct signed_folder *f, struct err *e)
{
	scoped(lines) struct lines l = { .count = 0 };
	size_t i;

	if (add_files(&l, f->policies, "", e) < 0 || add_files(&l, f->catalogue, "catalogue/", e) < 0)
		return -1;
	qsort(l.at, l.count, sizeof(l.at[0]), by_name);
	for (i = 0; i < l.count; i++)
		buf_puts(out, l.at[i]);
	return out->over ? err_set(e, ERR_LIMIT, "%s: more than %d bytes of names", f->path, MANIFEST_MOST) : 0;
}

/* --- the signature --- */

static int read_there(char **out, size_t *size, const char *folder, const char *name, size_t most, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return err_set(e, ERR_INPUT, "%.80s…: name too long", folder);
	if (lstat(path, &st) < 0 && errno == ENOENT)
		return err_set(e, ERR_INPUT, "%s is not signed: there is no %s in it; reeve policy sign makes it", folder, name);
	return fd_read_file(out, size, path, most, e);
}

static bool may_sign(struct policy_signer *out, const struct signed_by *by, const char *name, uint64_t wall_us, struct err *why)
{
	if (ssh_signers_allow(by->signers, &out->with, name, POLICY_NAMESPACE, wall_us, why) < 0)
		return false;
	snprintf(out->name, sizeof(out->name), "%s", name);
	return true;
}

static int find_signer(struct policy_signer *out, const struct signed_by *by, const char *folder, struct err *e)
{
	size_t i, count = by->count ? by->count : ssh_signers_count(by->signers);
	uint64_t wall_us = clock_wall_us();
	struct err why = { .kind = ERR_NONE };

	for (i = 0; i < count; i++)
		if (may_sign(out, by, by->count ? by->names[i] : ssh_signers_at(by->signers, i), wall_us, &why))
			return 0;
	if (count == 1)
		return err_set(e, ERR_INPUT, "%s is not signed by who must: %s", folder, why.text);
	return err_set(e, ERR_INPUT, "%s is signed by %s, which is now no key of anybody who may sign %s", folder,
		       out->with.fingerprint, POLICY_NAMESPACE);
}

/* --- the same bytes? --- */

static bool has_line(const char *text, size_t size, const char *line, size_t line_size)
{
	const char *at = text, *found;

	while ((found = memmem(at, size - (size_t)(at - text), line, line_size))) {
		if (found == text || found[-1] == '\n')
			return true;
		at = found + 1;
	}
	return false;
}

/* The first line that only one of two has, without its newline; NULL: none. */
static const char *odd_line(int *size, const char *text, size_t text_size, const char *other, size_t other_size)
{
	const char *at, *next, *end = text + text_size;

	for (at = text; at < end; at = next) {
		next = memchr(at, '\n', (size_t)(end - at));
		next = next ? next + 1 : end;
		*size = (int)(next - at) - (next[-1] == '\n');
		if (!has_line(other, other_size, at, (size_t)(next - at)))
			return at;
	}
	return NULL;
}

/* Who signed it is trusted by now, but not that his editor leaves nothing odd behind. */
static int say_difference(const char *folder, const char *line, int size, const char *how, struct err *e)
{
	scoped(buf) struct buf shown = BUF(1024);

	if (size > DIGEST + 1) {
		line += DIGEST + 1;
		size -= DIGEST + 1;
	}
	text_visible(&shown, line, size < 120 ? (size_t)size : 120);
	return err_set(e, ERR_INPUT, "%s is not what was signed: %s %s", folder, buf_text(&shown), how);
}

static int same_bytes(const char *folder, const struct buf *there, const char *text, size_t text_size, struct err *e)
{
	const char *line;
	int size = 0;

	if (!there->data || !text)
		return err_set(e, ERR_SYSTEM, "no memory");
	if (there->size == text_size && memcmp(there->data, text, text_size) == 0)
		return 0;
	line = odd_line(&size, there->data, there->size, text, text_size);
	if (line)
		return say_difference(folder, line, size, "was altered or added since", e);
	line = odd_line(&size, text, text_size, there->data, there->size);
	if (line)
		return say_difference(folder, line, size, "was there then", e);
	return err_set(e, ERR_INPUT, "%s: its %s has lines that reeve does not write; sign it again", folder, POLICY_MANIFEST);
}

int signed_check(struct policy_signer *out, const struct signed_folder *f, const struct signed_by *by, struct err *e)
{
	scoped(mem) char *text = NULL, *armor = NULL;
	scoped(buf) struct buf there = BUF(MANIFEST_MOST);
	struct policy_signer s = { .name = "" };
	uint8_t blob[SSH_SIGNATURE];
	size_t size = 0, armor_size = 0, blob_size;

	if (read_there(&text, &size, f->path, POLICY_MANIFEST, MANIFEST_MOST, e) < 0 ||
	    read_there(&armor, &armor_size, f->path, POLICY_MANIFEST ".sig", ARMOR_MOST, e) < 0)
		return -1;
	if (ssh_armor_read(blob, &blob_size, armor, armor_size, e) < 0 ||
	    ssh_verify(&s.with, blob, blob_size, POLICY_NAMESPACE, text, size, e) < 0)
		return err_in(e, "%s/%s.sig", f->path, POLICY_MANIFEST);
	if (find_signer(&s, by, f->path, e) < 0 || signed_manifest(&there, f, e) < 0 ||
	    same_bytes(f->path, &there, text, size, e) < 0)
		return -1;
	*out = s;
	return 0;
}

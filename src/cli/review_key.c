/*
 * Which key signs, and for whom. Nobody should have to say what can be found: the list of signers names the keys, and
 * ssh's agent and folder say which of them are here. Where that leaves more than one, a person says which.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "cli/review.h"
#include "cli/review_run.h"
#include "json/json.h"
#include "seal/ssh.h"

enum { CANDIDATES = 16, FILE_MOST = 1 << 16 };

struct candidates {
	struct signing at[CANDIDATES];
	size_t count;
	struct ssh_signers *signers;	/* NULL: there is no such list here */
	char path[LAUNCH_TEXT + 32];
	const char *name;		/* wanted; NULL: any */
};

/* "ssh-ed25519 BASE64 comment" */
static bool read_public(struct signing *s, const char *line)
{
	const char *from = strchr(line, ' ');
	size_t size = from ? strcspn(from + 1, " \n") : 0;

	if ((strncmp(line, "ssh-ed25519 ", 12) != 0 && strncmp(line, "sk-ssh-ed25519@openssh.com ", 27) != 0) ||
	    !seal_base64_read(s->blob, &s->blob_size, sizeof(s->blob), from + 1, size))
		return false;
	snprintf(s->line, sizeof(s->line), "%.*s", (int)(strcspn(line, "\n") % sizeof(s->line)), line);
	return true;
}

static bool read_public_file(struct signing *s, const char *path)
{
	struct err ignored = { 0 };
	scoped(mem) char *bytes = NULL;
	size_t size;

	return fd_read_file(&bytes, &size, path, FILE_MOST, &ignored) == 0 && read_public(s, bytes);
}

static bool has_key(const struct candidates *c, const struct signing *s, const char *name)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->at[i].blob_size == s->blob_size && memcmp(c->at[i].blob, s->blob, s->blob_size) == 0 &&
		    strcmp(c->at[i].name, name) == 0)
			return true;
	return false;
}

/* Once for each name that it may sign for here and now. */
static void add_names(struct candidates *c, const struct signing *s)
{
	struct ssh_signature by = { .key_size = s->blob_size };
	struct err ignored;
	const char *name;
	size_t i;

	memcpy(by.key, s->blob, s->blob_size);
	for (i = 0; i < ssh_signers_count(c->signers) && c->count < CANDIDATES; i++) {
		name = ssh_signers_at(c->signers, i);
		if ((c->name && strcmp(c->name, name) != 0) || strlen(name) > STATEMENT_REVIEWER || has_key(c, s, name) ||
		    ssh_signers_allow(c->signers, &by, name, STATEMENT_NAMESPACE, clock_wall_us(), &ignored) < 0)
			continue;
		c->at[c->count] = *s;
		snprintf(c->at[c->count++].name, sizeof(s->name), "%s", name);
	}
}

static void add_agent(struct candidates *c)
{
	static const char *const argv[] = { "ssh-add", "-L", NULL };
	scoped(buf) struct buf said = BUF(FILE_MOST);
	struct signing s = { .path = "" };
	struct err ignored;
	const char *line;

	if (!getenv("SSH_AUTH_SOCK") || run_quietly(&said, argv, -1, RUN_SILENT, SIGN_SECONDS, &ignored) < 0 || !buf_text(&said))
		return;
	for (line = said.data; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		if (read_public(&s, line))
			add_names(c, &s);
}

static void add_folder(struct candidates *c)
{
	static const char *const files[] = { "id_ed25519", "id_ed25519_sk" };
	const char *home = getenv("HOME");
	struct signing s;
	size_t i;

	for (i = 0; home && i < count_of(files); i++) {
		char path[KEY_PATH];

		s = (struct signing){ .path = "" };
		if (snprintf(path, sizeof(path), "%s/.ssh/%s.pub", home, files[i]) >= (int)sizeof(path) ||
		    !read_public_file(&s, path))
			continue;
		snprintf(s.path, sizeof(s.path), "%.*s", (int)(strlen(path) - 4), path);
		add_names(c, &s);
	}
}

/* The public half stands beside it, or it is the public half. Of one alone nothing is known before it has signed. */
static int add_named(struct candidates *c, const char *key, struct err *e)
{
	struct signing s = { .path = "" };
	char path[KEY_PATH + 8];

	if (snprintf(s.path, sizeof(s.path), "%s", key) >= (int)sizeof(s.path))
		return err_set(e, ERR_LIMIT, "--key: too long a path");
	if (access(key, R_OK) < 0)
		return err_sys(e, "key %.180s", key);
	snprintf(path, sizeof(path), "%s.pub", key);
	if ((read_public_file(&s, key) || read_public_file(&s, path)) && c->signers) {
		add_names(c, &s);
		if (c->count == 0)
			return err_set(e, ERR_INPUT, "%s does not let %.80s sign%s%.60s", c->path, key, c->name ? " as " : "",
				       c->name ? c->name : "");
		return 0;
	}
	if (!c->name)
		return err_set(e, ERR_INPUT, "whose key is %.120s? say so by --as NAME", key);
	snprintf(s.name, sizeof(s.name), "%s", c->name);
	c->at[c->count++] = s;
	return 0;
}

static int load_signers(struct candidates *c, struct err *e)
{
	char folder[LAUNCH_TEXT];
	scoped(mem) char *bytes = NULL;
	size_t size;

	if (paths_config(folder, e) < 0)
		return -1;
	snprintf(c->path, sizeof(c->path), "%s/allowed_signers", folder);
	if (access(c->path, F_OK) < 0)
		return 0;
	if (fd_read_file(&bytes, &size, c->path, SSH_SIGNERS_MOST, e) < 0 ||
	    ssh_signers_read(&c->signers, bytes, size, e) < 0)
		return err_in(e, "%s", c->path);
	return 0;
}

/* Of several those who are asked. */
static void keep_asked(struct candidates *c, const struct held *h)
{
	size_t i, kept = 0;

	for (i = 0; i < c->count; i++)
		kept += held_asks(h, c->at[i].name);
	if (c->count < 2 || kept == 0)
		return;
	for (i = kept = 0; i < c->count; i++)
		if (held_asks(h, c->at[i].name))
			c->at[kept++] = c->at[i];
	c->count = kept;
}

static int say_which(const struct candidates *c, struct err *e)
{
	char list[160] = "";
	size_t i;

	for (i = 0; i < c->count && strlen(list) < 100; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%.60s (%.60s)", i ? ", " : "", c->at[i].name,
			 c->at[i].path[0] ? c->at[i].path : "in ssh-agent");
	if (c->count == 0)
		return err_set(e, ERR_INPUT,
			       "neither ssh-agent nor ~/.ssh/id_ed25519 has a key that may sign here: give --key FILE and --as NAME");
	return err_set(e, ERR_INPUT, "several could sign: %s: say which by --as or --key", list);
}

int signing_find(struct signing *out, const char *key, const char *name, const struct held *h, struct err *e)
{
	struct candidates *c = calloc(1, sizeof(*c));
	int done;

	if (!c)
		return err_sys(e, "memory for keys");
	done = load_signers(c, e);
	if (done == 0) {
		c->name = name;
		if (key)
			done = add_named(c, key, e);
		else if (c->signers)
			add_agent(c), add_folder(c);
	}
	if (done == 0) {
		keep_asked(c, h);
		done = c->count == 1 ? 0 : say_which(c, e);
	}
	if (done == 0)
		*out = c->at[0];
	ssh_signers_free(c->signers);
	free(c);
	return done;
}

int signing_defaults(char key[KEY_PATH], char name[STATEMENT_REVIEWER + 1], struct err *e)
{
	char path[LAUNCH_TEXT + 32], folder[LAUNCH_TEXT];
	struct json_file file = { 0 };
	const json_t *review;

	key[0] = name[0] = '\0';
	if (paths_config(folder, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/config.json", folder);
	if (access(path, F_OK) < 0)
		return 0;
	if (json_file_load(&file, path, FILE_MOST, e) < 0)
		return -1;
	review = json_object_get(file.root, "review");
	snprintf(key, KEY_PATH, "%s", json_text(review, "key"));
	snprintf(name, STATEMENT_REVIEWER + 1, "%s", json_text(review, "name"));
	json_file_free(&file);
	return 0;
}

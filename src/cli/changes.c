#include "cli/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

enum { RUN_FILE_MOST = 1 << 20, LINE_MOST = 1 << 16 };

void print_visible(const char *text, size_t size)
{
	scoped(buf) struct buf out = BUF(8 * size + 1);

	text_visible(&out, text, size);
	fwrite(out.data, 1, out.size, stdout);
}

int named_add(void *into, const char *value, struct err *e)
{
	struct named *n = into;

	while (strncmp(value, "./", 2) == 0)
		value += 2;
	if (!value[0] || value[0] == '/' || value[strlen(value) - 1] == '/')
		return err_set(e, ERR_INPUT, "\"%.80s\": name a path as diff shows it, relative to the workspace",
			       value);
	if (n->count == CHANGES_PATHS)
		return err_set(e, ERR_LIMIT, "more than %d paths", CHANGES_PATHS);
	n->at[n->count++] = value;
	return 0;
}

bool named_holds(const struct named *n, const char *path)
{
	size_t i;

	for (i = 0; i < n->count; i++)
		if (path_is_within(path, n->at[i]))
			return true;
	return false;
}

void changes_free(struct changes *w)
{
	cow_effects_free(&w->effects);
	json_decref(w->run);
	w->run = NULL;
	fd_close(&w->workspace);
	fd_close(&w->upper);
	fd_close(&w->folder);
}

/* A file of ours in the run's folder, whole. */
static int read_own(char **out, size_t *size, int folder, const char *name, struct err *e)
{
	scoped(fd) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s is no file", name);
	return fd_read_all(out, size, fd, (size_t)st.st_size, e);
}

/* "NAME", or what "NAME_hex" spells; NULL: neither. Kept in the object. */
static const char *member_text(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name)), *hex;
	char key[32], bytes[COW_PATH];
	size_t size = 0;
	char pair[3] = "", *end;

	if (text)
		return text;
	snprintf(key, sizeof(key), "%s_hex", name);
	hex = json_string_value(json_object_get(object, key));
	if (!hex || strlen(hex) % 2 || strlen(hex) / 2 >= sizeof(bytes))
		return NULL;
	for (; *hex; hex += 2) {
		memcpy(pair, hex, 2);
		bytes[size++] = (char)strtoul(pair, &end, 16);
		if (*end || bytes[size - 1] == '\0')
			return NULL;
	}
	bytes[size] = '\0';
	snprintf(key, sizeof(key), "%s raw", name);
	if (json_object_set_new_nocheck(object, key, json_stringn_nocheck(bytes, size)) < 0)
		return NULL;
	return json_string_value(json_object_get(object, key));
}

static int read_run(struct changes *w, struct err *e)
{
	scoped(mem) char *bytes = NULL;
	size_t size = 0;

	if (read_own(&bytes, &size, w->folder, "run", e) < 0 || json_read(&w->run, bytes, size, NULL, e) < 0)
		return -1;
	w->where = member_text(w->run, "workspace");
	w->began = json_string_value(json_object_get(w->run, "began"));
	if (!w->where || w->where[0] != '/' || !w->began ||
	    !json_string_value(json_object_get(w->run, "began_ns")) ||
	    !json_string_value(json_object_get(w->run, "inode")) ||
	    !json_is_array(json_object_get(w->run, "protect")))
		return err_set(e, ERR_INPUT, "the file run is not what reeve writes");
	return 0;
}

static enum changes_state state_of(const struct changes *w)
{
	if (faccessat(w->folder, "committed", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return CHANGES_COMMITTED;
	return faccessat(w->folder, "manifest", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? CHANGES_OPEN :
										  CHANGES_NOT_CLOSED;
}

/* Who only lists them holds one for a moment; a run holds its own as long as it lasts. */
static int lock(int folder)
{
	int tries, done = -1;

	for (tries = 0; tries < 20 && done < 0; tries++) {
		done = flock(folder, LOCK_EX | LOCK_NB);
		if (done < 0)
			nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	return done;
}

int changes_open(struct changes *out, const struct paths *at, const char *number, struct err *e)
{
	scoped(changes) struct changes w = { .at = at, .folder = -1, .upper = -1, .workspace = -1 };
	char path[LAUNCH_TEXT + 64];

	if (!number[0] || strlen(number) >= sizeof(w.number) || number[strspn(number, "0123456789")])
		return err_set(e, ERR_INPUT, "\"%.40s\" is not the number of a run; reeve workspace list shows them",
			       number);
	snprintf(w.number, sizeof(w.number), "%s", number);
	snprintf(path, sizeof(path), "%s/%s", at->cow, number);
	w.folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w.folder < 0 && errno == ENOENT)
		return err_set(e, ERR_INPUT, "run %s left no copy of a workspace; reeve workspace list shows which did",
			       number);
	if (w.folder < 0)
		return err_sys(e, "%s", path);
	w.state = lock(w.folder) < 0 ? CHANGES_BUSY : state_of(&w);
	w.upper = openat(w.folder, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (read_run(&w, e) < 0)
		return err_in(e, "%s", path);
	*out = w;
	w = (struct changes){ .folder = -1, .upper = -1, .workspace = -1 };
	return 0;
}

int changes_workspace(struct changes *w, struct err *e)
{
	const char *inode = json_string_value(json_object_get(w->run, "inode"));
	struct stat st;

	w->workspace = open(w->where, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w->workspace < 0 || fstat(w->workspace, &st) < 0)
		return err_sys(e, "workspace %s", w->where);
	if (strtoull(inode, NULL, 10) != (uint64_t)st.st_ino)
		return err_set(e, ERR_LIMIT, "%s is not the folder that run %s worked on any more", w->where,
			       w->number);
	return 0;
}

/* --- the manifest --- */

static enum cow_type type_named(const char *word)
{
	int t;

	for (t = COW_FILE; t <= COW_OTHER; t++)
		if (word && strcmp(word, cow_type_word((enum cow_type)t)) == 0)
			return (enum cow_type)t;
	return COW_NONE;
}

static int read_state(struct cow_state *out, json_t *from, struct err *e)
{
	const char *mode = json_string_value(json_object_get(from, "mode")),
		   *digest = json_string_value(json_object_get(from, "digest"));

	*out = (struct cow_state){ .type = COW_NONE };
	if (!from)
		return 0;
	out->type = type_named(json_string_value(json_object_get(from, "type")));
	if (out->type == COW_NONE || !mode || (digest && strlen(digest) >= sizeof(out->digest)))
		return err_set(e, ERR_INPUT, "the manifest is not what reeve writes");
	out->mode = (unsigned)strtoul(mode, NULL, 8) & 07777;
	out->size = (uint64_t)json_integer_value(json_object_get(from, "size"));
	out->unread = json_object_get(from, "unread") != NULL;
	if (digest)
		memcpy(out->digest, digest, strlen(digest) + 1);
	return 0;
}

/* Only plain parts: whatever the file says, it can lead nowhere else. */
static bool is_plain(const char *path)
{
	size_t size;

	for (;; path += size + 1) {
		size = strcspn(path, "/");
		if (size == 0 || (size == 1 && path[0] == '.') || (size == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (path[size] == '\0')
			return true;
	}
}

static int read_line(struct cow_effects *into, const char *line, size_t size, struct err *e)
{
	scoped(json) json_t *root = NULL;
	struct cow_effect x = { .change = COW_ADDED };
	const char *word, *path;
	int c;

	if (json_read(&root, line, size, NULL, e) < 0)
		return -1;
	word = json_string_value(json_object_get(root, "change"));
	path = member_text(root, "path");
	for (c = COW_ADDED; c <= COW_MODE; c++)
		if (word && strcmp(word, cow_change_word((enum cow_change)c)) == 0)
			break;
	if (c > COW_MODE || !path || !is_plain(path))
		return err_set(e, ERR_INPUT, "the manifest is not what reeve writes");
	x.change = (enum cow_change)c;
	x.meanwhile = json_object_get(root, "meanwhile") != NULL;
	if (read_state(&x.before, json_object_get(root, "before"), e) < 0 ||
	    read_state(&x.after, json_object_get(root, "after"), e) < 0)
		return -1;
	return cow_effects_add(into, path, &x, e);
}

static int read_manifest(struct changes *w, struct err *e)
{
	scoped(mem) char *bytes = NULL;
	const char *at, *end, *newline;
	size_t size = 0;

	if (read_own(&bytes, &size, w->folder, "manifest", e) < 0)
		return -1;
	seal_digest(w->digest, bytes, size);
	for (at = bytes, end = bytes + size; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			return err_set(e, ERR_INPUT, "the manifest ends inside a line");
		if (read_line(&w->effects, at, (size_t)(newline - at), e) < 0)
			return err_in(e, "manifest");
	}
	return 0;
}

int changes_effects(struct changes *w, struct err *e)
{
	const char *began = json_string_value(json_object_get(w->run, "began_ns"));

	if (w->state != CHANGES_NOT_CLOSED)
		return read_manifest(w, e);
	if (w->upper < 0)
		return err_set(e, ERR_INPUT, "there is nothing in the folder of run %s", w->number);
	return cow_walk(&w->effects, w->upper, w->workspace, strtoull(began, NULL, 10), e);
}

size_t changes_count(const struct changes *w)
{
	scoped(mem) char *bytes = NULL;
	struct err ignored = { 0 };
	size_t size = 0, i, count = 0;

	if (read_own(&bytes, &size, w->folder, "manifest", &ignored) < 0)
		return 0;
	for (i = 0; i < size; i++)
		count += bytes[i] == '\n';
	return count;
}

/* --- the ledger's word for it --- */

/* The auditor's program reads the ledger, here as everywhere: this one links nothing that does. */
static FILE *ask_auditor(pid_t *pid, const struct changes *w, struct err *e)
{
	char path[LAUNCH_TEXT + 64], run[40];
	int fds[2];

	snprintf(path, sizeof(path), "%s/reeve-audit", w->at->programs);
	snprintf(run, sizeof(run), "--run=%s", w->number);
	fflush(stdout);
	if (pipe2(fds, O_CLOEXEC) < 0 || (*pid = fork()) < 0) {
		err_sys(e, "start %s", path);
		return NULL;
	}
	if (*pid == 0) {
		if (dup2(fds[1], 1) >= 0)
			execl(path, "reeve-audit", "show", w->at->ledger, "--json", run, (char *)NULL);
		_exit(EXIT_FAILURE);
	}
	close(fds[1]);
	return fdopen(fds[0], "r");
}

/* Is this the record that says what the run changed? Sets *good if it says this manifest. */
static bool is_files(const char *line, size_t size, const struct changes *w, bool *good)
{
	scoped(json) json_t *root = NULL;
	struct err ignored = { 0 };
	const char *kind, *digest;

	if (json_read(&root, line, size, NULL, &ignored) < 0)
		return false;
	kind = json_string_value(json_object_get(root, "kind"));
	digest = json_string_value(json_object_get(root, "digest"));
	if (!kind || strcmp(kind, "files") != 0)
		return false;
	*good = digest && strcmp(digest, w->digest) == 0 &&
		json_integer_value(json_object_get(root, "count")) == (json_int_t)w->effects.count;
	return true;
}

int changes_proven(const struct changes *w, struct err *e)
{
	char *line = NULL;
	size_t room = 0, found = 0;
	bool good = false;
	ssize_t size;
	int status = 0;
	pid_t pid;
	FILE *said = ask_auditor(&pid, w, e);

	if (!said)
		return -1;
	while ((size = getline(&line, &room, said)) > 0)
		found += is_files(line, (size_t)size - 1, w, &good);
	free(line);
	fclose(said);
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, ERR_SYSTEM, "the ledger %s could not be read, so nothing shows that these are the "
			       "run's changes", w->at->ledger);
	if (found != 1 || !good)
		err_set(e, ERR_INPUT, "the manifest of run %s is not the one the ledger has: it was changed after the run",
			w->number);
	return found == 1 && good;
}

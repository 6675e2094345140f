#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "witness/witness.h"

struct origin *origin_find(const struct witness *w, const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (strlen(w->origins[i].name) == size && memcmp(w->origins[i].name, name, size) == 0)
			return &w->origins[i];
	return NULL;
}

void witness_close(struct witness *w)
{
	free(w->origins);
	trust_free(w->logs);
	seal_key_free(w->key);
	fd_close(&w->folder);
}

/* A name may hold slashes; its hash does not. */
static void name_file(struct origin *o)
{
	uint8_t hash[SEAL_HASH];

	seal_hash(hash, o->name, strlen(o->name));
	text_hex(o->file, hash, sizeof(hash));
}

/* What cannot be served does not keep the others from being served. */
static int open_one(struct witness *w, struct origin *o, bool make, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	struct state first;
	int got = state_read(&o->state, w->folder, o, &why);

	o->served = got == STATE_READ;
	if (got == STATE_ABSENT && make) {
		state_begin(&first);
		if (state_write(o, w->folder, &first, e) < 0)
			return -1;
		log_say("%s: nothing was cosigned yet", o->name);
	} else if (got == STATE_ABSENT) {
		log_say("%s: not served: there is no state of it; if it is new here, run init", o->name);
	} else if (got < 0) {
		log_say("%s: not served: %s; restore it from a backup that holds all that was signed", o->name, why.text);
	}
	return 0;
}

static int read_logs(struct witness *w, const char *path, struct err *e)
{
	scoped(mem) char *text = NULL;
	size_t size;

	if (fd_read_file(&text, &size, path, TRUST_MOST, e) < 0)
		return err_in(e, "--logs");
	if (trust_read(&w->logs, text, size, e) < 0)
		return err_in(e, "--logs %s", path);
	return w->logs->log_count > 0 ? 0 : err_set(e, ERR_INPUT, "--logs %s: names no log; a line: log VERIFIER-KEY", path);
}

/* The key that cosigns lies elsewhere; here nobody else may write, or what was signed could be made forgotten. */
static int open_folder(struct witness *w, const char *path, bool make, struct err *e)
{
	struct stat st;

	if (make && fd_make_dirs(path, 0700, e) < 0)
		return -1;
	w->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->folder < 0 || fstat(w->folder, &st) < 0)
		return err_sys(e, "--state %s", path);
	if (st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return err_set(e, ERR_INPUT, "--state %s: must belong to us and be writable by nobody else; chown, chmod 700", path);
	return make && seal_sync_parent(path, e) < 0 ? -1 : 0;
}

int origins_open(struct witness *w, const char *logs, const char *folder, bool make, struct err *e)
{
	const char *name;
	size_t i;

	if (read_logs(w, logs, e) < 0 || open_folder(w, folder, make, e) < 0)
		return -1;
	w->origins = calloc(w->logs->log_count, sizeof(*w->origins));
	if (!w->origins)
		return err_sys(e, "memory for logs");
	for (i = 0; i < w->logs->log_count; i++) {
		name = w->logs->logs[i].name;
		if (origin_find(w, name, strlen(name)))
			continue;
		memcpy(w->origins[w->count].name, name, strlen(name) + 1);
		name_file(&w->origins[w->count]);
		if (open_one(w, &w->origins[w->count++], make, e) < 0)
			return -1;
	}
	return 0;
}

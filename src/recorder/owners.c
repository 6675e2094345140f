/*
 * Who answers for a run, where the launcher is another user's and may say what he likes: the kernel's uid, and what the
 * operator of this recorder has written down of it. reeve-recorder(8), OWNERS.
 */
#include "recorder/owners.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "recorder/recorder.h"

enum { OWNERS_MOST = 1 << 20, OWNERS_ROWS = 1 << 16 };

struct row {
	char agent[OWNERS_TEXT], owner[OWNERS_TEXT];	/* agent "*": any */
	uid_t uid;
	bool anybody;
};

struct owners {
	bool file;	/* whom no row names may open no run */
	struct row *rows;
	size_t count, room;
};

static int add(struct owners *o, const struct row *row, struct err *e)
{
	struct row *more;

	if (o->count == o->room) {
		o->room = o->room ? o->room * 2 : 64;
		more = o->room > OWNERS_ROWS ? NULL : reallocarray(o->rows, o->room, sizeof(*more));
		if (!more)
			return err_set(e, ERR_LIMIT, "more than %d owners", OWNERS_ROWS);
		o->rows = more;
	}
	must(o->rows);
	o->rows[o->count++] = *row;
	return 0;
}

static bool copy(char out[OWNERS_TEXT], const char *word)
{
	return snprintf(out, OWNERS_TEXT, "%s", word) < OWNERS_TEXT;
}

static bool read_uid(struct row *row, const char *word)
{
	unsigned long uid;
	char *end;

	row->anybody = strcmp(word, "*") == 0;
	if (row->anybody)
		return true;
	errno = 0;
	uid = strtoul(word, &end, 10);
	row->uid = (uid_t)uid;
	return *word >= '0' && *word <= '9' && !*end && !errno && uid < UINT32_MAX;
}

/* AGENT OWNER UID... */
static int read_line(struct owners *o, char *line, struct err *e)
{
	static const char blanks[] = " \t";
	char *save = NULL, *agent = strtok_r(line, blanks, &save), *owner = strtok_r(NULL, blanks, &save),
	     *uid = strtok_r(NULL, blanks, &save);
	struct row row;

	if (!agent)
		return 0;
	if (!owner || !uid)
		return err_set(e, ERR_INPUT, "expected an agent, its owner, and the uids that may run it");
	if (!copy(row.agent, agent) || !copy(row.owner, owner))
		return err_set(e, ERR_INPUT, "agent and owner are words of at most %d bytes", OWNERS_TEXT - 1);
	for (; uid; uid = strtok_r(NULL, blanks, &save)) {
		if (!read_uid(&row, uid))
			return err_set(e, ERR_INPUT, "\"%.40s\": expected the number of a user, see id -u, or *", uid);
		if (add(o, &row, e) < 0)
			return -1;
	}
	return 0;
}

static int read_file(struct owners *o, const char *path, struct err *e)
{
	scoped(mem) char *text = NULL;
	char *line, *end;
	size_t size, number = 1;

	if (fd_read_file(&text, &size, path, OWNERS_MOST, e) < 0)
		return -1;
	if (memchr(text, '\0', size))
		return err_set(e, ERR_INPUT, "%s holds a NUL", path);
	for (line = text; *line; line = end, number++) {
		end = strchrnul(line, '\n');
		if (*end)
			*end++ = '\0';
		line[strcspn(line, "#")] = '\0';
		if (read_line(o, line, e) < 0)
			return err_in(e, "%s:%zu", path, number);
	}
	return 0;
}

/* What this machine itself knows; users of a directory elsewhere are numbers then. */
static int read_users(struct owners *o, struct err *e)
{
	struct row row = { .agent = "*" };
	const struct passwd *user;
	FILE *all = fopen("/etc/passwd", "re");
	int done = 0;

	while (all && done == 0 && (user = fgetpwent(all))) {
		row.uid = user->pw_uid;
		if (copy(row.owner, user->pw_name))
			done = add(o, &row, e);
	}
	if (all)
		fclose(all);
	return done;
}

int owners_open(struct owners **out, const char *path, struct err *e)
{
	struct owners *o = calloc(1, sizeof(*o));

	if (!o)
		return err_sys(e, "memory for owners");
	*out = o;
	o->file = path != NULL;
	return path ? read_file(o, path, e) : read_users(o, e);
}

void owners_free(struct owners *o)
{
	if (o)
		free(o->rows);
	free(o);
}

static const struct row *find(const struct owners *o, uid_t uid, const char *agent)
{
	const struct row *row;

	for (row = o->rows; row < o->rows + o->count; row++)
		if ((row->anybody || row->uid == uid) && (strcmp(row->agent, "*") == 0 || strcmp(row->agent, agent) == 0))
			return row;
	return NULL;
}

int owners_find(struct owner *out, const struct owners *o, uid_t uid, const char *agent, struct err *e)
{
	const struct row *row = find(o, uid, agent);

	if (!row && o->file)
		return err_set(e, ERR_INPUT, "uid %u may not run agent \"%.64s\" here: the recorder's own list of owners does not say so",
			       (unsigned)uid, agent);
	out->by = row && strcmp(row->agent, "*") != 0 ? "agents" : "uid";
	if (row)
		memcpy(out->name, row->owner, sizeof(out->name));
	else
		snprintf(out->name, sizeof(out->name), "uid-%u", (unsigned)uid);
	return 0;
}

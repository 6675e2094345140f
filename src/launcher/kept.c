/*
 * What tool servers say on standard error, kept for people: runs/TENANT/N/SERVER.stderr, one file
 * for all processes of a server. When it is full it becomes SERVER.stderr.1, in place of the one
 * before. That it cannot be kept is no reason not to run.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/run.h"

static void name_of(char path[LAUNCH_TEXT + 128], const struct run *r, size_t server,
		    const char *more)
{
	snprintf(path, LAUNCH_TEXT + 128, "%s/%llu/%s.stderr%s", r->at.runs,
		 (unsigned long long)r->index, tools_server_name(r->ask->tools, server), more);
}

static int open_kept(const struct run *r, size_t server)
{
	char path[LAUNCH_TEXT + 128];
	struct err ignored = { 0 };

	snprintf(path, sizeof(path), "%s/%llu", r->at.runs, (unsigned long long)r->index);
	if (fd_make_dirs(path, 0700, &ignored) < 0)
		return -1;
	name_of(path, r, server, "");
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static void rotate(struct run *r, size_t server)
{
	char path[LAUNCH_TEXT + 128], before[LAUNCH_TEXT + 128];

	name_of(path, r, server, "");
	name_of(before, r, server, ".1");
	if (rename(path, before) == 0)
		fd_close(&r->kept[server]);
}

void kept_add(struct run *r, size_t server, const char *bytes, size_t size)
{
	struct err ignored = { 0 };
	struct stat st;

	if (r->kept[server] >= 0 && fstat(r->kept[server], &st) == 0 &&
	    (size_t)st.st_size + size > RUN_STDERR_MOST)
		rotate(r, server);
	if (r->kept[server] < 0)
		r->kept[server] = open_kept(r, server);
	if (r->kept[server] < 0 || fstat(r->kept[server], &st) < 0 ||
	    (size_t)st.st_size + size > RUN_STDERR_MOST)
		return;
	if (fd_write_all(r->kept[server], bytes, size, &ignored) < 0)
		fd_close(&r->kept[server]);
}

void kept_begin(struct run *r)
{
	size_t i;

	for (i = 0; i < TOOLS_SERVERS; i++)
		r->kept[i] = -1;
}

void kept_end(struct run *r)
{
	size_t i;

	for (i = 0; i < TOOLS_SERVERS; i++)
		fd_close(&r->kept[i]);
}

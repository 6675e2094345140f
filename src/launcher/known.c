/*
 * What is known before a run of those who have a part in it: whose signature counts, who is in which group, what the
 * agent is for, and what it did in earlier runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"
#include "base/text.h"
#include "launcher/run.h"
#include "seal/ssh.h"

enum { SCOPES_BODY = 1024, REVIEWERS_BODY = 131072, BOOT_ID = 36 };

/* 1: it is sent, or there is none; 0: who was to have it ended meanwhile; -1. */
int known_signers(struct run *r, struct err *e)
{
	scoped(mem) char *room = NULL;
	struct pack p = { .room = SSH_SIGNERS_MOST + 4 };

	if (!r->ask->signers)
		return 1;
	room = malloc(p.room);
	p.at = (uint8_t *)room;
	if (!room)
		return err_sys(e, "memory for the list of signers");
	pack_text(&p, r->ask->signers, r->ask->signers_size);
	if (p.over)
		return err_set(e, ERR_LIMIT, "the list of signers is larger than %d bytes", SSH_SIGNERS_MOST);
	return wire_send(&r->recorder, MSG_SIGNERS, 0, room, p.size, NULL, 0, e) < 0 ? 0 : 1;
}

static int tell_scopes(struct run *r, struct err *e)
{
	const char *at = r->ask->scopes, *end = at + r->ask->scopes_size;
	uint8_t body[SCOPES_BODY];
	struct pack p = { .at = body, .room = sizeof(body) };

	if (!at)
		return 0;
	for (; at < end; at += strlen(at) + 1)
		pack_text(&p, at, strlen(at));
	if (p.over)
		return err_set(e, ERR_LIMIT, "the agent's scopes take more than %d bytes", SCOPES_BODY);
	return wire_send(&r->broker, MSG_SCOPES, 0, body, p.size, NULL, 0, e);
}

static int tell_reviewers(struct run *r, struct err *e)
{
	scoped(mem) char *room = NULL;
	struct pack p = { .room = REVIEWERS_BODY };
	size_t i, j;

	if (r->ask->group_count == 0)
		return 0;
	room = malloc(p.room);
	p.at = (uint8_t *)room;
	if (!room)
		return err_sys(e, "memory for reviewers");
	for (i = 0; i < r->ask->group_count; i++) {
		const struct review_group *g = &r->ask->groups[i];

		pack_text(&p, g->name, strlen(g->name));
		pack_number(&p, g->count, 2);
		for (j = 0; j < g->count; j++)
			pack_text(&p, g->names[j], strlen(g->names[j]));
	}
	if (p.over)
		return err_set(e, ERR_LIMIT, "the groups of reviewers take more than %d bytes", REVIEWERS_BODY);
	return wire_send(&r->broker, MSG_REVIEWERS, 0, room, p.size, NULL, 0, e);
}

/* Which boot this is: times of the boot clock in the file are of one boot alone. */
static int boot_id(char out[BOOT_ID + 1], struct err *e)
{
	scoped(fd) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, out, BOOT_ID) != BOOT_ID)
		return err_sys(e, "/proc/sys/kernel/random/boot_id (is /proc mounted?)");
	out[BOOT_ID] = '\0';
	return 0;
}

/*
 * By a digest, since an id need be no name of a file. Room for all of it is made now: the broker maps it, and what
 * there is no room for would end it in the middle of a call.
 */
static int open_history(int *out, const struct run *r, struct err *e)
{
	char path[LAUNCH_TEXT + SEAL_DIGEST_TEXT + 8], digest[SEAL_DIGEST_TEXT];
	scoped(fd) int fd = -1;
	int failed;

	if (fd_make_dirs(r->at.history, 0700, e) < 0)
		return -1;
	seal_digest(digest, r->ask->agent, strlen(r->ask->agent));
	snprintf(path, sizeof(path), "%s/%.32s", r->at.history, digest + strlen("sha256:"));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, "%s", path);
	failed = posix_fallocate(fd, 0, HISTORY_SIZE);
	if (failed) {
		errno = failed;
		return err_sys(e, "%s: %d bytes to count an agent's calls in", path, HISTORY_SIZE);
	}
	*out = fd_take(&fd);
	return 0;
}

/* Not of a run that is only to show what tool servers offer. */
static int tell_history(struct run *r, struct err *e)
{
	char boot[BOOT_ID + 1];
	uint8_t body[64];
	struct pack p = { .at = body, .room = sizeof(body) };
	scoped(fd) int fd = -1;

	if (r->ask->show_fd > 0)
		return 0;
	if (boot_id(boot, e) < 0 || open_history(&fd, r, e) < 0)
		return -1;
	pack_text(&p, boot, strlen(boot));
	return wire_send(&r->broker, MSG_HISTORY, 0, body, p.size, &fd, 1, e);
}

int known_tell(struct run *r, struct err *e)
{
	return tell_scopes(r, e) < 0 || tell_reviewers(r, e) < 0 ? -1 : tell_history(r, e);
}

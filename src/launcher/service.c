/*
 * A recorder that is a service under a user of its own, reeve-recorder(8): where it is, who it must be, and what keeps
 * this user from it. It is never started from here, and never replaced by one of our own.
 */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "launcher/doctor.h"
#include "launcher/run.h"

static const char INSTANCE[] = "%i";

/* "%i" is the tenant, as in the names of systemd's units. */
static int expand(char *out, size_t room, const char *text, const char *tenant, struct err *e)
{
	size_t used = 0;
	const char *at;
	int size;

	out[0] = '\0';
	for (; *text; text = at) {
		at = strstr(text, INSTANCE);
		size = snprintf(out + used, room - used, "%.*s%s", at ? (int)(at - text) : (int)strlen(text), text, at ? tenant : "");
		if (size < 0 || (size_t)size >= room - used)
			return err_set(e, ERR_LIMIT, "%.80s...: too long, at most %zu bytes", text, room - 1);
		used += (size_t)size;
		at = at ? at + strlen(INSTANCE) : text + strlen(text);
	}
	return 0;
}

static int find_user(unsigned *uid, const char *name, struct err *e)
{
	const struct passwd *user = getpwnam(name);
	unsigned long number;
	char *end;

	if (user) {
		*uid = user->pw_uid;
		return 0;
	}
	number = strtoul(name, &end, 10);
	*uid = (unsigned)number;
	if (*name < '0' || *name > '9' || *end || number >= UINT32_MAX)
		return err_set(e, ERR_INPUT, "there is no user \"%.64s\", whose the recorder is to be: reeve-recorder(8) says how it is made", name);
	return 0;
}

int paths_service(struct paths *p, const char *tenant, const struct recorder_service *s, struct err *e)
{
	char user[128];

	if (expand(p->ledger, sizeof(p->ledger), s->folder, tenant, e) < 0 ||
	    expand(p->socket, 108, s->socket, tenant, e) < 0 || expand(user, sizeof(user), s->user, tenant, e) < 0 ||
	    find_user(&p->service_uid, user, e) < 0)
		return err_in(e, "config.json: ledger");
	p->service = true;
	return 0;
}

/* Who made the socket listens at it until its service does: systemd, as root. */
bool service_is_peer(const struct paths *at, unsigned uid)
{
	return uid == at->service_uid || uid == 0;
}

/* By errno of who could not connect. */
int service_missing(const struct paths *at, struct err *e)
{
	struct stat st;

	if (errno == EPERM)
		return err_set(e, ERR_PEER, "who listens at %s is neither uid %u nor root: not the recorder that config.json names",
			       at->socket, at->service_uid);
	if (errno == EACCES && stat(at->socket, &st) == 0)
		return err_set(e, ERR_SYSTEM, "uid %u may not connect to %s: who records there is of group %u; usermod -aG, and log in again",
			       (unsigned)geteuid(), at->socket, (unsigned)st.st_gid);
	return err_sys(e, "no recorder at %s (systemctl enable --now reeve-recorder@TENANT.socket)", at->socket);
}

/* The folder itself, or a file in it. */
static bool folder_of(struct stat *out, const char *path)
{
	char *real = realpath(path, NULL), *slash;
	bool done = real && stat(real, out) == 0;

	if (done && !S_ISDIR(out->st_mode)) {
		slash = strrchr(real, '/');
		*slash = '\0';
		done = stat(slash == real ? "/" : real, out) == 0;
	}
	free(real);
	return done;
}

static bool is_at(const struct recorder_service *s, const char *tenant, const struct stat *want)
{
	char folder[LAUNCH_TEXT];
	struct err ignored;
	struct stat st;

	return expand(folder, sizeof(folder), s->folder, tenant, &ignored) == 0 && stat(folder, &st) == 0 &&
	       st.st_dev == want->st_dev && st.st_ino == want->st_ino;
}

/* Under whatever name it is reached: each tenant's is looked at. */
bool service_tenant(char tenant[64], const struct recorder_service *s, const char *path)
{
	const char *at = strstr(s->folder, INSTANCE);
	char above[LAUNCH_TEXT];
	struct dirent *one;
	struct stat want;
	bool found = false;
	DIR *all;

	snprintf(tenant, 64, "default");
	if (!folder_of(&want, path) || !at)
		return at == NULL && folder_of(&want, path) && is_at(s, tenant, &want);
	snprintf(above, sizeof(above), "%.*s", (int)(at - s->folder), s->folder);
	all = opendir(above);
	while (all && !found && (one = readdir(all))) {
		found = text_is_name(one->d_name) && is_at(s, one->d_name, &want);
		if (found)
			snprintf(tenant, 64, "%.63s", one->d_name);
	}
	if (all)
		closedir(all);
	return found;
}

void doctor_look_service(struct doctor *d, const struct recorder_service *s)
{
	struct doctor_fact *f = &d->facts[d->fact_count++];
	struct paths at = { .service = false };
	struct err e = { .kind = ERR_NONE };
	int fd = -1;

	f->name = "recorder";
	if (paths_service(&at, "default", s, &e) == 0 && recorder_reach(&fd, &at, &e) == 0) {
		snprintf(f->value, sizeof(f->value), "a service of uid %u: %.150s", at.service_uid, at.socket);
	} else {
		f->state = DOCTOR_MISSING;
		snprintf(f->value, sizeof(f->value), "a service that does not answer");
		f->costs = "no run of tenant default begins";
		snprintf(f->fix, sizeof(f->fix), "%.190s", e.text);
	}
	fd_close(&fd);
}

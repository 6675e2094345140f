#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "launcher/launcher.h"
#include "launcher/sealed.h"
#include "seal/seal.h"

static int join(char out[LAUNCH_TEXT], struct err *e, const char *fmt, ...) printf_like(3, 4);

static int join(char out[LAUNCH_TEXT], struct err *e, const char *fmt, ...)
{
	va_list ap;
	int size;

	va_start(ap, fmt);
	size = vsnprintf(out, LAUNCH_TEXT, fmt, ap);
	va_end(ap);
	if (size < 0 || size >= LAUNCH_TEXT)
		return err_set(e, ERR_LIMIT, "a path of more than %d bytes", LAUNCH_TEXT);
	return 0;
}

/* Of the XDG Base Directory Specification: relative values must be ignored. */
static const char *absolute_env(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

/* "system" for root, unless a test or a user chose a place by the XDG variable. */
static int base_of(char out[LAUNCH_TEXT], const char *xdg, const char *system, const char *beneath,
		   struct err *e)
{
	const char *chosen = absolute_env(xdg), *home = absolute_env("HOME");

	if (chosen)
		return join(out, e, "%s/reeve", chosen);
	if (geteuid() == 0)
		return join(out, e, "%s", system);
	if (!home)
		return err_set(e, ERR_INPUT, "neither %s nor HOME is set: set one", xdg);
	return join(out, e, "%s/%s/reeve", home, beneath);
}

int paths_config(char out[LAUNCH_TEXT], struct err *e)
{
	return base_of(out, "XDG_CONFIG_HOME", "/etc/reeve", ".config", e);
}

int paths_programs(char out[LAUNCH_TEXT], struct err *e)
{
	char self[PATH_MAX];
	ssize_t size;
	char *slash;

	if (!sealed_origin(self, sizeof(self))) {
		size = readlink("/proc/self/exe", self, sizeof(self) - 1);
		if (size < 0)
			return err_sys(e, "/proc/self/exe (is /proc mounted?)");
		self[size] = '\0';
	}
	slash = strrchr(self, '/');
	*slash = '\0';
	if (join(out, e, "%s/reeve-broker", self) < 0)
		return -1;
	if (access(out, X_OK) == 0)
		return join(out, e, "%s", self);
	if (join(out, e, "%s/../libexec/reeve", self) < 0 || !realpath(out, self))
		return err_sys(e, "%s (is reeve installed whole?)", out);
	return join(out, e, "%s", self);
}

/* A folder of ours: nobody else may put a socket, a key or a ledger there. */
int paths_make_own(const char *dir, struct err *e)
{
	struct stat st;

	if (fd_make_dirs(dir, 0700, e) < 0)
		return -1;
	if (stat(dir, &st) < 0)
		return err_sys(e, "%s", dir);
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(e, ERR_INPUT,
			       "%s must belong to uid %u and be writable by nobody else: "
			       "chown and chmod it, or set another XDG directory",
			       dir, (unsigned)geteuid());
	return 0;
}

static int state_of(char out[LAUNCH_TEXT], struct err *e)
{
	return base_of(out, "XDG_STATE_HOME", "/var/lib/reeve", ".local/state", e);
}

/* Beside the ledgers where there is no better place. */
static int sockets_of(char out[LAUNCH_TEXT], const char *otherwise, struct err *e)
{
	const char *runtime = absolute_env("XDG_RUNTIME_DIR");

	if (runtime)
		return join(out, e, "%s/reeve", runtime);
	return join(out, e, "%s", geteuid() == 0 ? "/run/reeve" : otherwise);
}

int paths_hidden(char state[LAUNCH_TEXT], char sockets[LAUNCH_TEXT], struct err *e)
{
	if (state_of(state, e) < 0)
		return -1;
	return sockets_of(sockets, state, e);
}

/*
 * The name holds a hash of the ledger's place: two states of one user (a test's, another
 * XDG_STATE_HOME) must never meet in one recorder.
 */
static int socket_of(struct paths *p, const char *tenant, struct err *e)
{
	char digest[SEAL_DIGEST_TEXT], dir[LAUNCH_TEXT];

	seal_digest(digest, p->ledger, strlen(p->ledger));
	if (sockets_of(dir, p->ledger, e) < 0 || paths_make_own(dir, e) < 0)
		return -1;
	if (join(p->apart, e, "%s/jails", dir) < 0 ||
	    join(p->socket, e, "%s/%.12s-%.8s.sock", dir, tenant, digest + 7) < 0)
		return -1;
	if (strlen(p->socket) > 107)
		return err_set(e, ERR_LIMIT, "%s is too long for a socket: set XDG_RUNTIME_DIR",
			       p->socket);
	return 0;
}

/* One setting for all tenants, but each has a recorder of its own, and they must not take the place from one another. */
int paths_review(struct paths *p, const char *tenant, const char *socket, unsigned group, struct err *e)
{
	bool first = strcmp(tenant, "default") == 0;

	if (join(p->review, e, "%s%s%s", socket, first ? "" : ".", first ? "" : tenant) < 0)
		return -1;
	if (strlen(p->review) > 107)
		return err_set(e, ERR_LIMIT, "%s is too long for a socket: give \"review\" in config.json a shorter one", p->review);
	snprintf(p->review_group, sizeof(p->review_group), "%u", group);
	return 0;
}

int paths_find(struct paths *out, const char *tenant, struct err *e)
{
	char state[LAUNCH_TEXT - 256], base[LAUNCH_TEXT];

	if (!text_is_name(tenant))
		return err_set(e, ERR_INPUT, "tenant \"%s\": use a-z, 0-9, '.', '_', '-'", tenant);
	if (state_of(base, e) < 0)
		return -1;
	if (strlen(base) >= sizeof(state))
		return err_set(e, ERR_LIMIT, "%s: too long a path", base);
	memcpy(state, base, strlen(base) + 1);
	out->review[0] = out->review_group[0] = '\0';
	if (join(out->ledger, e, "%s/ledgers/%s", state, tenant) < 0 ||
	    join(out->key, e, "%s/keys/%s.key", state, tenant) < 0 ||
	    join(out->runs, e, "%s/runs/%s", state, tenant) < 0 ||
	    join(out->history, e, "%s/history/%s", state, tenant) < 0 ||
	    join(out->policies, e, "%s/policies", state) < 0 ||
	    join(out->cow, e, "%s/cow/%s", state, tenant) < 0 ||
	    paths_programs(out->programs, e) < 0)
		return -1;
	if (join(base, e, "%s/keys", state) < 0 || paths_make_own(base, e) < 0 ||
	    paths_make_own(out->runs, e) < 0)
		return -1;
	if (join(base, e, "%s/ledgers", state) < 0 || paths_make_own(base, e) < 0)
		return -1;
	return socket_of(out, tenant, e);
}

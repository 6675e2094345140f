/*
 * A ledger's beginning: a journal here and a key there, of which only both count. Both are made under
 * other names and whole on disk before either gets its own: the journal first, the key last, and
 * nothing serves a ledger without its key. So an interrupted beginning is begun again, or ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "ledger/place.h"
#include "recorder/recorder.h"

struct place {
	const char *dir, *key, *tenant, *credential, *agent;
	char key_new[PATH_MAX], epoch[PATH_MAX], epoch_new[PATH_MAX], journal[PATH_MAX], journal_new[PATH_MAX], head[PATH_MAX];
};

static int join(char out[PATH_MAX], const char *a, const char *b, struct err *e)
{
	if (snprintf(out, PATH_MAX, "%s%s", a, b) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", a);
	return 0;
}

static int place_of(struct place *p, char **args, const struct recorder_options *o, struct err *e)
{
	p->credential = o->credential;
	p->agent = o->agent;
	p->dir = args[0];
	p->key = args[1];
	p->tenant = args[2];
	if (join(p->key_new, p->key, ".new", e) < 0 || signing_beside(p->epoch, p->key, ".epoch", e) < 0 ||
	    signing_beside(p->epoch_new, p->key, ".epoch.new", e) < 0 || join(p->journal, p->dir, "/journal", e) < 0 ||
	    join(p->journal_new, p->dir, "/journal.new", e) < 0)
		return -1;
	return join(p->head, p->dir, "/head", e);
}

/* Only "no such file" is absence: what cannot be seen may well be there. */
static int look_for(bool *there, const char *path, struct err *e)
{
	struct stat st;

	*there = lstat(path, &st) == 0;
	return *there || errno == ENOENT ? 0 : err_sys(e, "%s", path);
}

static int forget(const char *path, struct err *e)
{
	return unlink(path) < 0 && errno != ENOENT ? err_sys(e, "%s", path) : 0;
}

static int write_public(const char *key_path, const struct seal_key *k, struct err *e)
{
	scoped(fd) int fd = -1;
	char path[PATH_MAX], verifier[SEAL_VERIFIER_TEXT];

	if (signing_beside(path, key_path, ".pub", e) < 0)
		return -1;
	seal_verifier_text(verifier, seal_key_verifier(k));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(e, "%s", path);
	if (fchmod(fd, 0644) < 0)	/* anybody's, whatever the umask says */
		return err_sys(e, "%s", path);
	if (fd_write_all(fd, verifier, strlen(verifier), e) < 0 || fd_write_all(fd, "\n", 1, e) < 0)
		return err_in(e, "%s", path);
	return fsync(fd) < 0 ? err_sys(e, "%s", path) : 0;	/* its entry: before the key's */
}

/* From here on it is a ledger. */
static int name_key(const struct place *p, const struct seal_key *k, struct err *e)
{
	if (place_forget(p->key, e) < 0 || write_public(p->key, k, e) < 0)
		return -1;
	if (rename(p->epoch_new, p->epoch) < 0 && errno != ENOENT)	/* it may have its name already, or be of before */
		return err_sys(e, "%s", p->epoch);
	return seal_sync_parent(p->key, e) < 0 ? -1 : seal_name_file(p->key_new, p->key, e);
}

static void name_of(char name[SEAL_NAME], const struct place *p)
{
	uint8_t random[8];
	char hex[17];

	seal_random(random, sizeof(random));
	text_hex(hex, random, sizeof(random));
	snprintf(name, SEAL_NAME, "reeve.local/%s/%s", p->tenant, hex);
}

static int make_both(const struct place *p, struct err *e)
{
	scoped(signing) struct signing *signing = NULL;
	scoped(seal_key) struct seal_key *k = NULL;
	scoped(fd) int places = -1;
	char name[SEAL_NAME];

	name_of(name, p);
	if (forget(p->key_new, e) < 0 || forget(p->epoch_new, e) < 0 ||
	    seal_places_make(&places, p->epoch_new, SIGNING_PLACES, e) < 0 ||
	    seal_key_make(p->key_new, name, e) < 0 ||	/* and their names are durable */
	    seal_key_load(&k, p->key_new, e) < 0 || signing_make(&signing, k, &places, e) < 0 ||
	    ledger_make_by(p->dir, signing, p->tenant, e) < 0)
		return -1;
	return name_key(p, k, e);
}

/* From here on it is a ledger whose root is elsewhere; the root's verifier key has been there from before its journal. */
static int name_places(const struct place *p, struct err *e)
{
	if (place_forget(p->key, e) < 0)
		return -1;
	return rename(p->epoch_new, p->epoch) < 0 ? err_sys(e, "%s", p->epoch) : seal_sync_parent(p->epoch, e);
}

static int root_of(struct seal_key **out, const struct place *p, struct err *e)
{
	char name[SEAL_NAME];

	if (p->credential)
		return seal_key_credential(out, p->credential, e);
	name_of(name, p);
	return seal_key_agent(out, name, STDIN_FILENO, p->agent, e);
}

/* Why the agent did not sign is not what the ledger, which did not ask it, says of that. */
static int make_by_root(const struct place *p, struct signing *signing, const struct seal_key *k, struct err *e)
{
	if (ledger_make_by(p->dir, signing, p->tenant, e) == 0)
		return 0;
	if (seal_key_why(k))
		*e = *seal_key_why(k);
	return -1;
}

static int make_rooted(const struct place *p, struct err *e)
{
	scoped(signing) struct signing *signing = NULL;
	scoped(seal_key) struct seal_key *k = NULL;
	scoped(fd) int places = -1;

	if (root_of(&k, p, e) < 0 || forget(p->epoch_new, e) < 0 ||
	    seal_places_make(&places, p->epoch_new, SIGNING_PLACES, e) < 0 || write_public(p->key, k, e) < 0 ||
	    seal_sync_parent(p->epoch_new, e) < 0 || signing_make(&signing, k, &places, e) < 0 ||
	    make_by_root(p, signing, k, e) < 0)
		return -1;
	return name_places(p, e);
}

/* The journal has its name, the epoch's keys not yet: if they lead there from the root that was written down. */
static int end_rooted(const struct place *p, struct err *e)
{
	scoped(signing) struct signing *signing = NULL;
	scoped(ledger) struct ledger *l = NULL;
	int opened = -1;

	if (place_forget(p->key, e) == 0 && signing_open(&signing, p->key, e) == 0)
		opened = ledger_open_by(&l, p->dir, signing, NULL, e);
	if (opened == LEDGER_BUSY)
		return err_set(e, ERR_LIMIT, "another recorder holds the ledger");
	return opened == LEDGER_OPENED && forget(p->journal_new, e) == 0 ? seal_sync_parent(p->epoch, e) : -1;
}

static int one_is_missing(const char *there, const char *missing, struct err *e)
{
	return err_set(e, ERR_INPUT, "%s is there but %s is not: restore what is missing from a backup", there,
		       missing);
}

/* Those of epochs under whichever name they have by now; a ledger of before, begun without, gets them here. */
static int begun_places(int *out, const struct place *p, struct err *e)
{
	bool named, new;

	if (look_for(&named, p->epoch, e) < 0 || look_for(&new, p->epoch_new, e) < 0)
		return -1;
	return named || new ? seal_places_open(out, new ? p->epoch_new : p->epoch, e)
			    : seal_places_make(out, p->epoch_new, SIGNING_PLACES, e);
}

/* The journal has its name, the key not yet: if opening proves that they belong together. */
static int end_begun(const struct place *p, struct err *e)
{
	scoped(signing) struct signing *signing = NULL;
	scoped(seal_key) struct seal_key *k = NULL;
	scoped(ledger) struct ledger *l = NULL;
	scoped(fd) int places = -1;
	int opened = -1;

	if (seal_key_load(&k, p->key_new, e) == 0 && begun_places(&places, p, e) == 0 && signing_make(&signing, k, &places, e) == 0)
		opened = ledger_open_by(&l, p->dir, signing, NULL, e);
	if (opened == LEDGER_BUSY)
		err_set(e, ERR_LIMIT, "another recorder holds the ledger");
	if (opened != LEDGER_OPENED)
		return err_in(e, "%s is there but %s is not", p->journal, p->key);
	return forget(p->journal_new, e) < 0 ? -1 : name_key(p, k, e);
}

static int begin(const struct place *p, struct err *e)
{
	bool head, begun;

	if (look_for(&head, p->head, e) < 0 || look_for(&begun, p->journal_new, e) < 0)
		return -1;
	return head && !begun ? one_is_missing(p->head, p->journal, e) : (p->credential || p->agent ? make_rooted : make_both)(p, e);
}

/* The root's key may have been carried away since; then the epoch's is there. */
static int settle(const struct place *p, struct err *e)
{
	bool key, epoch, journal, begun, places;

	if (look_for(&key, p->key, e) < 0 || look_for(&epoch, p->epoch, e) < 0 || look_for(&journal, p->journal, e) < 0 ||
	    look_for(&begun, p->key_new, e) < 0 || look_for(&places, p->epoch_new, e) < 0)
		return -1;
	if (key && p->agent)
		return err_set(e, ERR_INPUT, "%s is there: this ledger has its root in a file", p->key);
	if (!key && journal && begun)
		return end_begun(p, e);
	if (!key && !epoch && journal && places && (p->credential || p->agent))
		return end_rooted(p, e);
	if (!key && !epoch)
		return journal ? one_is_missing(p->journal, p->key, e) : begin(p, e);
	if (!journal)
		return one_is_missing(key ? p->key : p->epoch, p->journal, e);
	return forget(p->key_new, e) < 0 ? -1 : forget(p->journal_new, e);
}

/* Those above that we may not read (some machines' /home) were not made by us. */
static int make_dirs(const char *path, size_t size, mode_t mode, struct err *e)
{
	char part[PATH_MAX];
	bool made;
	size_t i;

	for (i = 1; i <= size; i++) {
		if (i < size && path[i] != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		made = mkdir(part, i < size ? 0700 : mode) == 0;
		if (!made && errno != EEXIST)
			return err_sys(e, "make directory %s", part);
		if (seal_sync_parent(part, e) < 0 && made)
			return -1;
	}
	return 0;
}

/* Two first runs at once: the second waits here, and finds both files made. */
static int lock_dir(int *out, const char *dir, struct err *e)
{
	*out = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*out < 0 || flock(*out, LOCK_EX) < 0)
		return err_sys(e, "%s", dir);
	return 0;
}

int recorder_init(char **args, const struct recorder_options *o, struct err *e)
{
	scoped(signing) struct signing *signing = NULL;
	scoped(vault) struct vault *v = NULL;
	scoped(fd) int locked = -1;
	char verifier[SEAL_VERIFIER_TEXT];
	const char *slash = strrchr(args[1], '/');
	struct place p;

	if (!text_is_name(args[2]))
		return err_set(e, ERR_INPUT, "tenant \"%s\": use a-z, 0-9, and then also . _ -", args[2]);
	if (place_of(&p, args, o, e) < 0 || make_dirs(p.dir, strlen(p.dir), 0750, e) < 0 ||
	    make_dirs(p.key, slash ? (size_t)(slash - p.key) : 0, 0700, e) < 0 || lock_dir(&locked, p.dir, e) < 0)
		return -1;
	if (settle(&p, e) < 0 || signing_open_at(&signing, p.key, o->credential, e) < 0 ||
	    vault_open_beside(&v, p.dir, p.key, signing_root(signing), e) < 0)
		return -1;
	seal_verifier_text(verifier, signing_root(signing));
	if (fd_write_all(STDOUT_FILENO, verifier, strlen(verifier), e) < 0)
		return -1;
	return fd_write_all(STDOUT_FILENO, "\n", 1, e);
}

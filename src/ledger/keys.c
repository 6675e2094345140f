/*
 * Two places in one file. The next key is durable in the free place before the ledger names it, and the former one is
 * written over only when the ledger has it: whenever that is interrupted, the ledger says which of the two is the key,
 * and the other is nothing. No name changes, so a recorder that can open no file any more can do it.
 */
#include "ledger/keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

enum { PLACES = 2 };

struct keys {
	struct seal_verifier root;
	char path[PATH_MAX];		/* of the root's file */
	const struct seal_key *lent;	/* the root's, borrowed; NULL: it is not here */
	struct seal_key *own_root;	/* the same, owned */
	int places;			/* owned; -1: there are no epochs */
	struct seal_key *epoch, *coming;	/* owned */
	unsigned at;			/* the place of `epoch`; the next one's is the other */
};

int keys_beside(char out[PATH_MAX], const char *key_path, const char *ending, struct err *e)
{
	size_t size = strlen(key_path);

	if (size > 4 && strcmp(key_path + size - 4, ".key") == 0)
		size -= 4;
	if (snprintf(out, PATH_MAX, "%.*s%s", (int)size, key_path, ending) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", key_path);
	return 0;
}

static int keys_new(struct keys **out, struct err *e)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return err_sys(e, "memory for keys");
	(*out)->places = -1;
	(*out)->at = 1;
	return 0;
}

void keys_free(struct keys *k)
{
	if (!k)
		return;
	seal_key_free(k->own_root);
	seal_key_free(k->epoch);
	seal_key_free(k->coming);
	fd_close(&k->places);
	free(k);
}

int keys_of_root(struct keys **out, const struct seal_key *root, struct err *e)
{
	if (keys_new(out, e) < 0)
		return -1;
	(*out)->lent = root;
	(*out)->root = *seal_key_verifier(root);
	return 0;
}

int keys_make(struct keys **out, const struct seal_key *root, const char *path, struct err *e)
{
	scoped(keys) struct keys *k = NULL;

	if (keys_of_root(&k, root, e) < 0 || seal_places_make(&k->places, path, PLACES, e) < 0)
		return -1;
	*out = take(&k);
	return 0;
}

static int load_root(struct keys *k, struct err *e)
{
	if (k->lent)
		return 0;
	if (seal_key_load(&k->own_root, k->path, e) < 0)
		return err_in(e, "the root key is needed");
	k->lent = k->own_root;
	return 0;
}

/* Its verifier key lies beside it; where that was lost, only the root itself can say it. */
static int know_root(struct keys *k, struct err *e)
{
	char pub[PATH_MAX];
	scoped(mem) char *text = NULL;
	size_t size;

	if (keys_beside(pub, k->path, ".pub", e) < 0)
		return -1;
	if (access(pub, F_OK) == 0) {
		if (fd_read_file(&text, &size, pub, SEAL_VERIFIER_TEXT, e) < 0)
			return -1;
		return seal_verifier_read(&k->root, text, size, e) < 0 ? err_in(e, "%s", pub) : 0;
	}
	if (load_root(k, e) < 0)
		return -1;
	k->root = *seal_key_verifier(k->lent);
	return 0;
}

/* A ledger of before has no such file yet; one that was cut short in its beginning has it under its first name. */
static int open_places(struct keys *k, struct err *e)
{
	char path[PATH_MAX], first[PATH_MAX];

	if (keys_beside(path, k->path, ".epoch", e) < 0 || keys_beside(first, k->path, ".epoch.new", e) < 0)
		return -1;
	if (access(path, F_OK) < 0 && errno == ENOENT && access(first, F_OK) == 0 &&
	    (rename(first, path) < 0 || seal_sync_parent(path, e) < 0))
		return err_sys(e, "%s", path);
	if (access(path, F_OK) == 0)
		return seal_places_open(&k->places, path, e);
	if (seal_places_make(&k->places, path, PLACES, e) < 0)
		return -1;
	return seal_sync_parent(path, e);
}

int keys_open(struct keys **out, const char *key_path, struct err *e)
{
	scoped(keys) struct keys *k = NULL;

	if (keys_new(&k, e) < 0)
		return -1;
	if (snprintf(k->path, sizeof(k->path), "%s", key_path) >= (int)sizeof(k->path))
		return err_set(e, ERR_INPUT, "%s: name too long", key_path);
	if (know_root(k, e) < 0 || open_places(k, e) < 0)
		return -1;
	*out = take(&k);
	return 0;
}

const struct seal_verifier *keys_root(const struct keys *k)
{
	return &k->root;
}

const struct seal_key *keys_signing(const struct keys *k)
{
	return k->epoch ? k->epoch : k->lent;
}

const struct seal_key *keys_coming(const struct keys *k)
{
	return k->coming;
}

bool keys_rotate(const struct keys *k)
{
	return k->places >= 0;
}

/* What is in a place, if it is a key at all: one that was being written when the power failed is none. */
static struct seal_key *key_at(const struct keys *k, unsigned place, bool *empty)
{
	struct err ignored = { .kind = ERR_NONE };
	struct seal_key *found = NULL;

	*empty = seal_key_get(&found, k->places, place, &ignored) == 0 && !found;
	return found;
}

/* The place of the ledger's last epoch's key; every other is emptied, if there is such a one. */
static int find_epoch(struct keys *k, const struct seal_verifier *wanted, struct err *e)
{
	bool empty[PLACES];
	struct seal_key *found;
	unsigned i;

	for (i = 0; i < PLACES; i++) {
		found = key_at(k, i, &empty[i]);
		if (found && !k->epoch && memcmp(seal_key_verifier(found), wanted, sizeof(*wanted)) == 0) {
			k->epoch = found;
			k->at = i;
		} else {
			seal_key_free(found);
		}
	}
	for (i = 0; k->epoch && i < PLACES; i++)
		if (i != k->at && !empty[i] && seal_key_wipe(k->places, i, e) < 0)
			return -1;
	return 0;
}

int keys_settle(struct keys *k, const struct epochs *s, struct err *e)
{
	if (s->count == 1)
		return load_root(k, e);
	if (k->places >= 0 && find_epoch(k, &epochs_now(s)->key, e) < 0)
		return -1;
	if (!k->epoch)
		return err_set(e, ERR_INPUT, "the key of epoch %zu is not there: restore %s.epoch from where it was, or begin another epoch by the root (reeve ledger rotate --revoke)",
			       s->count - 1, k->root.name);
	return 0;
}

int keys_next(struct keys *k, struct err *e)
{
	must(k->places >= 0 && !k->coming);
	if (seal_key_new(&k->coming, k->root.name, e) < 0)
		return -1;
	if (seal_key_put(k->coming, k->places, !k->at, e) == 0)
		return 0;
	seal_key_free(k->coming);
	k->coming = NULL;
	return -1;
}

int keys_advance(struct keys *k, struct err *e)
{
	bool had = k->epoch;

	must(k->coming);
	seal_key_free(k->epoch);
	k->epoch = k->coming;
	k->coming = NULL;
	k->at = !k->at;
	return had ? seal_key_wipe(k->places, !k->at, e) : 0;
}

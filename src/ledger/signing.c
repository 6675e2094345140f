/*
 * Two places in one file. The next key is durable in the free place before the ledger names it, and the former one is
 * written over only when the ledger has it: whenever that is interrupted, the ledger says which of the two is the key,
 * and the other is nothing. No name changes, so a recorder that can open no file any more can do it.
 */
#include "ledger/signing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

struct signing {
	struct seal_verifier root;
	char path[PATH_MAX];		/* of the root's file */
	const struct seal_key *lent;	/* the root's, borrowed; NULL: it is not here */
	const char *credential;		/* borrowed: where it is to be had instead; NULL: there */
	struct seal_key *own_root;	/* the same, owned */
	int places;			/* owned; -1: there are no epochs */
	struct seal_key *epoch, *coming;	/* owned */
	unsigned at;			/* the place of `epoch`; the next one's is the other */
	struct seal_key *held[SIGNING_PLACES];	/* owned; until it is settled which of them is `epoch` */
	bool empty[SIGNING_PLACES];
	bool broken;			/* nobody knows what the disk has of a place */
	bool revokes, lost;		/* the root was lent for that; and the epoch's key is not there */
};

int signing_beside(char out[PATH_MAX], const char *key_path, const char *ending, struct err *e)
{
	size_t size = strlen(key_path);

	if (size > 4 && strcmp(key_path + size - 4, ".key") == 0)
		size -= 4;
	if (snprintf(out, PATH_MAX, "%.*s%s", (int)size, key_path, ending) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", key_path);
	return 0;
}

static int signing_new(struct signing **out, struct err *e)
{
	*out = calloc(1, sizeof(**out));
	if (!*out) {
		err_sys(e, "memory for keys");
		return -1;
	}
	(*out)->places = -1;
	(*out)->at = 1;
	return 0;
}

void signing_free(struct signing *k)
{
	if (!k)
		return;
	seal_key_free(k->own_root);
	seal_key_free(k->epoch);
	seal_key_free(k->coming);
	seal_key_free(k->held[0]);
	seal_key_free(k->held[1]);
	fd_close(&k->places);
	free(k);
}

int signing_of_root(struct signing **out, const struct seal_key *root, struct err *e)
{
	if (signing_new(out, e) < 0)
		return -1;
	must(*out);
	(*out)->lent = root;
	(*out)->root = *seal_key_verifier(root);
	return 0;
}

/* What is in a place, if it is a key at all: one that was being written when the power failed is none. */
static int look_in(struct signing *k, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	unsigned i;

	for (i = 0; k->places >= 0 && i < SIGNING_PLACES; i++) {
		k->empty[i] = seal_key_get(&k->held[i], k->places, i, &why) == 0 && !k->held[i];
		if (why.kind == ERR_SYSTEM) {
			*e = why;
			return -1;
		}
	}
	return 0;
}

int signing_make(struct signing **out, const struct seal_key *root, int *places, struct err *e)
{
	if (signing_of_root(out, root, e) < 0)
		return -1;
	(*out)->places = fd_take(places);
	return look_in(*out, e);
}

static int load_root(struct signing *k, struct err *e)
{
	if (k->lent)
		return 0;
	if (k->credential ? seal_key_credential(&k->own_root, k->credential, e) < 0 : seal_key_load(&k->own_root, k->path, e) < 0)
		return err_in(e, "the root key is needed");
	if (k->root.name[0] && memcmp(seal_key_verifier(k->own_root), &k->root, sizeof(k->root)) != 0)
		return err_set(e, ERR_INPUT, "the root key is another ledger's: its verifier key is not that beside %s", k->path);
	k->lent = k->own_root;
	return 0;
}

/* Its verifier key lies beside it; where that was lost, only the root itself can say it. */
static int know_root(struct signing *k, struct err *e)
{
	char pub[PATH_MAX];
	scoped(mem) char *text = NULL;
	size_t size;

	if (signing_beside(pub, k->path, ".pub", e) < 0)
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

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* A ledger of before has none yet; one that was cut short in its beginning has it under its first name. */
static int open_places(struct signing *k, struct err *e)
{
	char path[PATH_MAX], first[PATH_MAX];

	if (signing_beside(path, k->path, ".epoch", e) < 0 || signing_beside(first, k->path, ".epoch.new", e) < 0)
		return -1;
	if (!is_there(path) && is_there(first) && rename(first, path) < 0)
		return err_sys(e, "%s", path);
	return is_there(path) ? seal_places_open(&k->places, path, e) : 0;
}

/* It is durable before a key in it is. */
static int make_places(struct signing *k, struct err *e)
{
	char path[PATH_MAX];

	if (signing_beside(path, k->path, ".epoch", e) < 0 || seal_places_make(&k->places, path, SIGNING_PLACES, e) < 0)
		return -1;
	return seal_sync_parent(path, e);
}

int signing_open(struct signing **out, const char *key_path, struct err *e)
{
	return signing_open_at(out, key_path, NULL, e);
}

int signing_open_at(struct signing **out, const char *key_path, const char *credential, struct err *e)
{
	scoped(signing) struct signing *k = NULL;

	if (signing_new(&k, e) < 0)
		return -1;
	if (snprintf(k->path, sizeof(k->path), "%s", key_path) >= (int)sizeof(k->path))
		return err_set(e, ERR_INPUT, "%s: name too long", key_path);
	k->credential = credential;
	if (know_root(k, e) < 0 || open_places(k, e) < 0 || look_in(k, e) < 0)
		return -1;
	*out = take(&k);
	return 0;
}

int signing_lend(struct signing *k, const struct seal_key *root, struct err *e)
{
	if (memcmp(seal_key_verifier(root), &k->root, sizeof(k->root)) != 0)
		return err_set(e, ERR_INPUT, "this is not the root key of %s", k->root.name);
	k->lent = root;
	k->revokes = true;
	return 0;
}

const struct seal_key *signing_lent(const struct signing *k)
{
	return k->lent;
}

bool signing_is_lost(const struct signing *k)
{
	return k->lost;
}

const struct seal_verifier *signing_root(const struct signing *k)
{
	return &k->root;
}

const struct seal_key *signing_now(const struct signing *k)
{
	return k->epoch ? k->epoch : k->lent;
}

const struct seal_key *signing_coming(const struct signing *k)
{
	return k->coming;
}

bool signing_is_broken(const struct signing *k)
{
	return k->broken;
}

bool signing_rotate(const struct signing *k)
{
	return k->places >= 0;
}

/*
 * Who holds the secret of a key may believe what it has signed: the keys in the file, or the root alone. But who revokes
 * may be doing so because somebody else holds it too.
 */
const struct seal_verifier *signing_holds(const struct signing *k, size_t i)
{
	const struct seal_key *all[SIGNING_PLACES + 1];
	size_t count = 0, at;

	for (at = 0; at < SIGNING_PLACES && !k->revokes; at++)
		if (k->held[at])
			all[count++] = k->held[at];
	if (k->lent)
		all[count++] = k->lent;
	return i < count ? seal_key_verifier(all[i]) : NULL;
}

/* The place of the ledger's last epoch's key; every other is emptied. */
static int find_epoch(struct signing *k, const struct seal_verifier *wanted, struct err *e)
{
	unsigned i;

	for (i = 0; i < SIGNING_PLACES; i++)
		if (k->held[i] && memcmp(seal_key_verifier(k->held[i]), wanted, sizeof(*wanted)) == 0)
			k->at = i;
	if (!k->held[k->at] || memcmp(seal_key_verifier(k->held[k->at]), wanted, sizeof(*wanted)) != 0)
		return 0;
	k->epoch = take(&k->held[k->at]);
	for (i = 0; i < SIGNING_PLACES; i++) {
		seal_key_free(take(&k->held[i]));
		if (i != k->at && !k->empty[i] && seal_key_wipe(k->places, i, e) < 0)
			return -1;
	}
	return 0;
}

int signing_settle(struct signing *k, const struct epochs *s, struct err *e)
{
	if (s->count == 1)
		return load_root(k, e) < 0 ? -1 : k->path[0] && k->places < 0 ? make_places(k, e) : 0;
	if (k->places >= 0 && find_epoch(k, &epochs_now(s)->key, e) < 0)
		return -1;
	k->lost = !k->epoch && k->revokes;
	if (k->lost)
		return k->places < 0 ? make_places(k, e) : 0;
	if (!k->epoch)
		return err_set(e, ERR_INPUT, "the key of epoch %zu is not there: restore %s.epoch from where it was, or begin another epoch by the root (reeve ledger rotate --revoke)",
			       s->count - 1, k->root.name);
	return 0;
}

int signing_next(struct signing *k, struct err *e)
{
	must(k->places >= 0 && !k->coming);
	if (seal_key_new(&k->coming, k->root.name, e) < 0)
		return -1;
	if (seal_key_put(k->coming, k->places, !k->at, e) == 0)
		return 0;
	k->broken = e->kind != ERR_LIMIT;
	seal_key_free(k->coming);
	k->coming = NULL;
	return -1;
}

int signing_advance(struct signing *k, struct err *e)
{
	bool had = k->epoch || k->lost;

	must(k->coming);
	seal_key_free(k->epoch);
	k->epoch = k->coming;
	k->coming = NULL;
	k->at = !k->at;
	k->lost = false;
	if (!had || seal_key_wipe(k->places, !k->at, e) == 0)
		return 0;
	k->broken = e->kind != ERR_LIMIT;
	return -1;
}

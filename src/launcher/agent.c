/*
 * Who the agent is, as a record of its own: the recorder writes it when it is the first or says something else than
 * the one before, so that a new owner and a new credential stand in the ledger by themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"
#include "base/text.h"
#include "launcher/run.h"

enum { VERSION_BYTES = 6, VERSION_TEXT = 2 * VERSION_BYTES + 1, CREDENTIALS = 512, LAST = 40, ITEM = 200 };

/* Random, of this ledger, and nobody else's: without it a version cannot be compared with a guess. */
static int make_key(const char *path, struct err *e)
{
	char fresh[LAUNCH_TEXT + 64];
	uint8_t key[SEAL_HASH];
	scoped(fd) int fd = -1;

	snprintf(fresh, sizeof(fresh), "%s.%d", path, (int)getpid());
	seal_random(key, sizeof(key));
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, "%s", fresh);
	if (fd_write_all(fd, key, sizeof(key), e) < 0 || fsync(fd) < 0 || (link(fresh, path) < 0 && errno != EEXIST)) {
		unlink(fresh);
		return err_sys(e, "%s", path);
	}
	unlink(fresh);
	return 0;
}

static int read_key(uint8_t key[SEAL_HASH], const struct run *r, struct err *e)
{
	char path[LAUNCH_TEXT + 32];
	scoped(fd) int fd = -1;

	snprintf(path, sizeof(path), "%.*s.versions", (int)(strlen(r->at.key) - strlen(".key")), r->at.key);
	if (access(path, F_OK) < 0 && (seal_ready(e) < 0 || make_key(path, e) < 0))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || read(fd, key, SEAL_HASH) != SEAL_HASH)
		return err_set(e, ERR_INPUT, "%s: not %d bytes; remove it, and versions of credentials begin anew", path, SEAL_HASH);
	return 0;
}

/* Twelve digits that are others when the secret is, and tell nothing of it to whom the key is not known. */
static void version_of(char out[VERSION_TEXT], const uint8_t key[SEAL_HASH], const char *name, const struct secret *s)
{
	uint8_t own[SEAL_HASH], hash[SEAL_HASH];

	seal_prefixed(own, 'n', key, SEAL_HASH, name, strlen(name));
	seal_prefixed(hash, 'v', own, SEAL_HASH, s->bytes, s->size);
	text_hex(out, hash, VERSION_BYTES);
	explicit_bzero(own, sizeof(own));
}

static void name_of(char out[ITEM], const struct run *r, const struct secret *s)
{
	if (s->server < SECRET_OF_CREDENTIAL)
		snprintf(out, ITEM, "%.63s/%.64s", tools_server_name(r->ask->tools, s->server), s->name);
	else
		snprintf(out, ITEM, "%.128s", s->name);
}

/* The operator's word for the version of this one; NULL: he has none. */
static const char *said_of(const struct run *r, const char *name)
{
	const char *at = r->ask->credentials, *end = at + r->ask->credentials_size;
	size_t size = strlen(name);

	for (; at < end; at += strlen(at) + 1)
		if (strncmp(at, name, size) == 0 && at[size] == ' ')
			return at + size + 1;
	return NULL;
}

/* What has no room any more is still told apart: by how many, and a hash of them all. */
struct held_list {
	struct buf items;
	size_t more;
	uint8_t hash[SEAL_HASH];
};

static void add_item(struct held_list *l, const char *name, const char *version)
{
	char item[2 * ITEM];
	size_t size = (size_t)snprintf(item, sizeof(item), "%s %s", name, version) + 1;

	if (l->more == 0 && l->items.size + size + LAST <= CREDENTIALS) {
		buf_add(&l->items, item, size);
		return;
	}
	l->more++;
	seal_prefixed(l->hash, 'm', l->hash, sizeof(l->hash), item, size);
}

/* Those that reeve keeps for the agent: versions by the key, unless the operator has a word for it. */
static int add_kept(struct held_list *l, const struct run *r, struct err *e)
{
	const struct secrets *all = r->ask->secrets;
	char name[ITEM], version[VERSION_TEXT];
	uint8_t key[SEAL_HASH];
	const char *said;
	size_t i;

	if (!all || all->count == 0)
		return 0;
	if (read_key(key, r, e) < 0)
		return -1;
	for (i = 0; i < all->count; i++) {
		name_of(name, r, &all->at[i]);
		version_of(version, key, name, &all->at[i]);
		said = said_of(r, name);
		add_item(l, name, said ? said : version);
	}
	explicit_bzero(key, sizeof(key));
	return 0;
}

static bool is_kept(const struct run *r, const char *item)
{
	const struct secrets *all = r->ask->secrets;
	char name[ITEM];
	size_t i;

	for (i = 0; all && i < all->count; i++) {
		name_of(name, r, &all->at[i]);
		if (strncmp(item, name, strlen(name)) == 0 && item[strlen(name)] == ' ')
			return true;
	}
	return false;
}

/* And those that only the operator knows of, such as the key with which it asks its model. */
static void add_said(struct held_list *l, const struct run *r)
{
	const char *at = r->ask->credentials, *end = at + r->ask->credentials_size, *blank;
	char name[ITEM];

	for (; at < end; at += strlen(at) + 1) {
		blank = strchr(at, ' ');
		if (!blank || is_kept(r, at))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(blank - at), at);
		add_item(l, name, blank + 1);
	}
}

static void add_more(struct held_list *l)
{
	char version[VERSION_TEXT];

	if (l->more == 0)
		return;
	text_hex(version, l->hash, VERSION_BYTES);
	buf_printf(&l->items, "+%zu %s", l->more, version);
	buf_add(&l->items, "", 1);
}

/* Not the digest of the file, which the record of the run has: another agent's new owner is no news of this one. */
static void fill(struct record *out, const struct run_request *ask, const struct buf *credentials)
{
	*out = (struct record){ .kind = RECORD_AGENT };
	record_text(out, FIELD_AGENT, ask->agent);
	record_text(out, FIELD_OWNER, ask->owner);
	record_text(out, FIELD_DEPARTMENT, ask->department);
	record_text(out, FIELD_TENANT, ask->tenant);
	record_text(out, FIELD_MODEL, ask->model);
	if (ask->scopes_size)
		record_list(out, FIELD_SCOPES, ask->scopes, ask->scopes_size);
	if (credentials->size)
		record_list(out, FIELD_CREDENTIALS, credentials->data, credentials->size);
}

/* Where nobody keeps a file of agents, an id is only what somebody said, and has no history to be told. */
int agent_tell(struct run *r, struct err *e)
{
	struct held_list list = { .items = BUF(CREDENTIALS) };
	struct record record;
	int done;

	if (!r->ask->agents)
		return 0;
	done = add_kept(&list, r, e);
	if (done == 0) {
		add_said(&list, r);
		add_more(&list);
		fill(&record, r->ask, &list.items);
		done = note_send(r, &record, e);
	}
	buf_free(&list.items);
	return done;
}

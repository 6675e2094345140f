/*
 * One witness, over HTTP. It is told of a checkpoint and shown that its tree begins with the one that it has seen last; which
 * that is it says itself where we do not know. What it answers is a few bytes, and is a signature or it is nothing.
 */
#include "anchor/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anchor/talk.h"
#include "base/clock.h"

int witness_read(struct duty *d, const char *value, struct err *e)
{
	const char *blank = strchr(value, ' ');

	if (!blank || strlen(blank + 1) > URL_MOST)
		return err_set(e, ERR_INPUT, "witness=: expected its verifier key, a blank, its URL");
	if (seal_cosigner_read(&d->key, value, (size_t)(blank - value), e) < 0)
		return -1;
	d->where = blank + 1;
	snprintf(d->name, sizeof(d->name), "%s", d->key.name);
	return 0;
}

/* The ledger, and what a name and a certificate are looked up in: what else is the owner's, who answers here never sees. */
static int confine(const char *ledger, struct err *e)
{
	const char *const paths[] = {
		ledger, "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",
		"/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/usr/lib/ssl", "/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
	};

	return jail_self_reads(paths, count_of(paths), e) < 0 ? -1 : 0;
}

int witness_begin(struct duty *d, struct err *e)
{
	if (talk_new(&d->talk, d->where, e) < 0 || hashes_new(&d->talk->hashes, d->of->ledger, e) < 0)
		return -1;
	return confine(d->of->ledger, e);
}

int talk_growth(struct buf *out, struct talk *t, uint64_t size, struct err *e)
{
	struct tree_part parts[TREE_PATH_MOST];
	size_t count = tree_growth(parts, t->known, size), i;

	buf_printf(out, "old %" PRIu64 "\n", t->known);
	for (i = 0; i < count; i++)
		if (hashes_line(out, t->hashes, parts[i].begin, parts[i].end, e) < 0)
			return -1;
	buf_puts(out, "\n");
	return 0;
}

static int ask_once(long *status, struct talk *t, const struct job *j, struct err *e)
{
	scoped(buf) struct buf body = BUF(SEAL_NOTE_MOST + TREE_PATH_MOST * SEAL_HASH_BASE64 + 64);

	if (talk_growth(&body, t, j->size, e) < 0)
		return -1;
	buf_add(&body, j->note, j->note_size);
	return talk_post(status, t, "add-checkpoint", &body, e);
}

int talk_size(struct talk *t, uint64_t most, struct err *e)
{
	const char *text = buf_text(&t->answer);
	uint64_t size;
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return err_set(e, ERR_INPUT, "it answers 409 without a size");
	size = strtoull(text, &end, 10);
	if (end[strspn(end, "\r\n")])
		return err_set(e, ERR_INPUT, "it answers 409 without a size");
	if (size > most)
		return err_set(e, ERR_INPUT, "it has seen %" PRIu64 " records of this ledger, which has %" PRIu64 ": it was rolled back", size, most);
	if (size == t->known)
		return err_set(e, ERR_INPUT, "it has seen another history of the first %" PRIu64 " records", size);
	t->known = size;
	return 0;
}

/* Of what it has signed before: is this that once more? */
static bool is_older(const struct duty *d, const struct talk *t, uint64_t size, const char *line, size_t line_size)
{
	struct err ignored = { .kind = ERR_NONE };
	scoped(buf) struct buf text = BUF(SEAL_NOTE_MOST);
	char root[SEAL_HASH_BASE64];
	uint8_t hash[SEAL_HASH];
	uint64_t time;

	if (size == 0 || hashes_to(t->hashes, size, &ignored) < 0 || hashes_of(hash, t->hashes, 0, size, &ignored) < 0)
		return false;
	seal_base64(root, hash);
	return buf_printf(&text, "%s\n%" PRIu64 "\n%s\n", t->origin, size, root) &&
	       seal_cosigned(&time, &d->key, line, line_size, text.data, text.size) == SEAL_SIGNED;
}

/* A line in its name that is not the one that was asked for. */
static void name_it(struct err *e, const struct duty *d, const struct talk *t, const struct job *j, const char *line, size_t size)
{
	static const char dash[] = "\xe2\x80\x94 ";
	size_t mark = sizeof(dash) - 1, name = strlen(d->key.name);
	uint64_t time, older = t->known ? t->known : j->had;

	if (size <= mark + name || memcmp(line, dash, mark) != 0 || memcmp(line + mark, d->key.name, name) != 0 || line[mark + name] != ' ')
		return;
	if (seal_cosigned(&time, &d->key, line, size, "", 0) == SEAL_UNSIGNED)
		err_set(e, ERR_INPUT, "what it answers is signed by another key than its own");
	else if (is_older(d, t, older, line, size))
		err_set(e, ERR_INPUT, "what it answers is its signature of %" PRIu64 " records once more, an older checkpoint", older);
	else
		err_set(e, ERR_INPUT, "what it answers is its signature of something else: another root, or another size");
}

static int take_lines(struct done *out, const struct duty *d, const struct talk *t, const struct job *j, struct err *e)
{
	const char *at = t->answer.data, *all_end = at + t->answer.size, *end;
	struct err why = { .kind = ERR_NONE };

	for (; at < all_end; at = end + 1) {
		end = memchr(at, '\n', (size_t)(all_end - at));
		if (!end)
			break;
		if ((size_t)(end - at) >= sizeof(out->line))
			continue;
		memcpy(out->line, at, (size_t)(end - at));
		out->line[end - at] = '\0';
		if (witness_check(d, j, out, &why) == 0)
			return 0;
		name_it(e, d, t, j, at, (size_t)(end - at));
	}
	out->line[0] = '\0';
	return e->kind ? -1 : err_set(e, ERR_INPUT, "what it answers is not its signature of this checkpoint");
}

static const struct {
	long status;
	const char *why;
} refusals[] = {
	{ 403, "it does not believe the key that signs this ledger (403)" },
	{ 404, "it does not know this ledger (404): its operator has to add it" },
	{ 422, "it does not believe that this ledger only grew (422)" },
};

static int refused(long status, struct err *e)
{
	size_t i;

	for (i = 0; i < count_of(refusals); i++)
		if (refusals[i].status == status)
			return err_set(e, ERR_INPUT, "%s", refusals[i].why);
	return err_set(e, ERR_INPUT, "it answers with status %ld", status);
}

/* Each time but the last what it answers is what is in the way, and that is put right. */
static int ask(struct talk *t, const struct job *j, struct err *e)
{
	bool sized = false, followed = false;
	long status = 0;

	for (;;) {
		if (ask_once(&status, t, j, e) < 0)
			return -1;
		if (status == 403 && !followed) {
			followed = true;
			if (talk_handovers(t, j, e) < 0)
				return -1;
		} else if (status == 409) {
			if (talk_size(t, j->size, e) < 0)
				return -1;
			if (sized)
				return err_set(e, ERR_INPUT, "it says another size each time it is asked");
			sized = true;
		} else {
			return status == 200 ? 0 : refused(status, e);
		}
	}
}

/* The files may have been changed under us: then no witness is asked to believe them. */
static int check_own(struct talk *t, const struct job *j, struct err *e)
{
	uint8_t root[SEAL_HASH];
	struct sighting s;

	if (!sighting_read(&s, j->note, j->note_size) || hashes_to(t->hashes, j->size, e) < 0 ||
	    hashes_of(root, t->hashes, 0, j->size, e) < 0)
		return e->kind ? -1 : err_set(e, ERR_PEER, "not a checkpoint");
	memcpy(t->origin, s.origin, sizeof(t->origin));
	return memcmp(root, s.at.root, sizeof(root)) == 0 ? 0 : err_set(e, ERR_INPUT, "the ledger's files are not what was signed");
}

int witness_bring(struct duty *d, const struct job *j, struct done *out, struct err *e)
{
	struct talk *t = d->talk;

	t->until_ns = clock_mono_ns() + (uint64_t)(DUTY_MS - 1000) * 1000000;
	if (check_own(t, j, e) < 0 || talk_look_up(t, e) < 0)
		return -1;
	t->known = t->known ? t->known : j->had;
	if (t->known > j->size)
		t->known = 0;
	if (ask(t, j, e) < 0 || take_lines(out, d, t, j, e) < 0)
		return -1;
	t->known = j->size;
	return 0;
}

int witness_check(const struct duty *d, const struct job *j, struct done *done, struct err *e)
{
	struct sighting s;
	uint64_t time;

	if (!sighting_read(&s, j->note, j->note_size) || s.signatures - j->note < 2 ||
	    seal_cosigned(&time, &d->key, done->line, strlen(done->line), j->note, (size_t)(s.signatures - j->note) - 1) != SEAL_SIGNED)
		return err_set(e, ERR_PEER, "its signature is no good");
	return 0;
}

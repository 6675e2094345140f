/*
 * Two walks: one proves the ledger whole, the other writes what it reads, as far as the first went; in both all
 * processors hash, and in the second files are written meanwhile. The second trusts nothing of the first: the checkpoint goes out only if it is signed and is of
 * the very hashes that went into the tiles.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/ahead.h"
#include "audit/handover.h"
#include "audit/writer.h"
#include "base/clock.h"
#include "json/json.h"

static const uint64_t LEAST_PAUSE_NS = 250000000;

struct rolling {
	uint64_t n;       /* of the tile that is being filled */
	struct tree tree; /* over its hashes */
	uint8_t hashes[TILE_WIDTH][SEAL_HASH];
};

struct publish {
	struct writer *writer;	/* owned */
	const struct handovers *handed;
	uint64_t records;
	struct rolling level[TILE_LEVELS];
	struct buf bundle;
	size_t note_size;
	char note[SEAL_NOTE_MOST]; /* the last checkpoint, as it stands in the journal */
};

static void publish_free(struct publish *p)
{
	writer_free(p->writer);
	buf_free(&p->bundle);
	free(p);
}

SCOPED(publish, struct publish *, publish_free)

static int put_level(struct publish *p, int level, struct err *e)
{
	struct rolling *r = &p->level[level];
	struct tile t = { .level = level, .n = r->n, .width = (unsigned)r->tree.size };

	return writer_put(p->writer, &t, (const char *)r->hashes, (size_t)r->tree.size * SEAL_HASH, e);
}

static int put_bundle(struct publish *p, struct err *e)
{
	struct tile t = { .level = TILE_ENTRIES,
			  .n = p->level[0].n,
			  .width = (unsigned)p->level[0].tree.size };

	return writer_put(p->writer, &t, p->bundle.data, p->bundle.size, e);
}

/* A full tile is one hash of the level above. */
static int add_hash(struct publish *p, int level, const uint8_t hash[SEAL_HASH], struct err *e)
{
	struct rolling *r = &p->level[level];
	uint8_t root[SEAL_HASH];

	memcpy(r->hashes[r->tree.size], hash, SEAL_HASH);
	tree_add_hash(&r->tree, hash);
	if (r->tree.size < TILE_WIDTH)
		return 0;
	if (put_level(p, level, e) < 0 || (level == 0 && put_bundle(p, e) < 0))
		return -1;
	buf_drop(&p->bundle, level == 0 ? p->bundle.size : 0);
	tree_root(root, &r->tree);
	r->tree.size = 0;
	r->n++;
	must(level + 1 < TILE_LEVELS);
	return add_hash(p, level + 1, root, e);
}

static int one(struct publish *p, const struct frame *f, const uint8_t leaf[SEAL_HASH], struct err *e)
{
	const uint8_t size[2] = { (uint8_t)(f->size >> 8), (uint8_t)f->size };

	if (f->kind == FRAME_COMMIT) {
		p->note_size = f->size;
		memcpy(p->note, f->body, f->size);
		return 0;
	}
	if (!buf_add(&p->bundle, size, sizeof(size)) || !buf_add(&p->bundle, f->body, f->size))
		return err_set(e, ERR_SYSTEM, "no memory for a bundle of records");
	p->records++;
	return add_hash(p, 0, leaf, e);
}

/* A tree of the whole is those of the tiles that are not full, eight levels of it each. */
static bool is_signed(const struct publish *p, struct err *e)
{
	struct tree all = { .size = p->records, .hash = sum_prefixed };
	uint8_t root[SEAL_HASH];
	struct checkpoint c;
	int level;

	for (level = 0; level < TILE_LEVELS; level++)
		memcpy(all.node[8 * (size_t)level], p->level[level].tree.node[0], 8 * sizeof(all.node[0]));
	tree_root(root, &all);
	return epochs_open(&c, &p->handed->epochs, p->note, p->note_size, e) == 0 && c.size == p->records &&
	       memcmp(c.root, root, SEAL_HASH) == 0;
}

static int walk(struct publish *p, struct journal *j, uint64_t end, struct err *e)
{
	scoped(ahead) struct ahead *a = NULL;
	const struct ahead_frame *f;
	size_t count = 1, i;

	if (ahead_begin(&a, j, end, NULL, NULL, e) < 0)
		return -1;
	while (count > 0) {
		if (ahead_next(&f, &count, a, e) < 0)
			return -1;
		for (i = 0; i < count; i++)
			if (one(p, &f[i].frame, f[i].hash, e) < 0)
				return -1;
	}
	return 0;
}

static int put_rest(struct publish *p, struct err *e)
{
	int level;

	if (p->bundle.size > 0 && put_bundle(p, e) < 0)
		return -1;
	for (level = 0; level < TILE_LEVELS; level++)
		if (p->level[level].tree.size > 0 && put_level(p, level, e) < 0)
			return -1;
	if (writer_end(p->writer, e) < 0)
		return -1;
	return is_signed(p, e) ? 0 : err_set(e, ERR_INPUT, "the journal changed while it was read; try again");
}

static int seal(struct view *view, const struct publish *p, struct err *e)
{
	size_t i;

	for (i = 0; i < p->handed->count; i++)
		if (view_put_epoch(view, i + 1, p->handed->proofs[i].data, p->handed->proofs[i].size, e) < 0)
			return -1;
	return view_seal(view, p->note, p->note_size, e);
}

static int publish_all(struct view *view, const char *ledger, const struct handovers *handed,
		       const struct findings *f, struct err *e)
{
	scoped(publish) struct publish *p = calloc(1, sizeof(*p));
	scoped(journal) struct journal *j = NULL;
	int level;

	if (!p)
		return err_sys(e, "memory for tiles");
	p->handed = handed;
	view->epochs = handed->count;
	p->bundle = BUF(TILE_MOST);
	for (level = 0; level < TILE_LEVELS; level++)
		p->level[level].tree.hash = sum_prefixed;
	if (view_scan(view, f->records, e) < 0 || journal_open(&j, ledger, e) < 0 || writer_begin(&p->writer, view, e) < 0 ||
	    walk(p, j, f->end, e) < 0 || put_rest(p, e) < 0)
		return -1;
	return seal(view, p, e);
}

/* What was published last must be a beginning of this ledger. Not signed by this key or its epochs there: *code. */
static int read_published(struct known_head *out, struct view *view, const struct seal_verifier *v,
			  int *code, struct err *e)
{
	scoped(epochs) struct epochs s = { .count = 0 };
	scoped(mem) char *note = NULL;
	struct checkpoint c;
	bool there;
	size_t size;

	if (view_read(&there, &note, &size, view, "checkpoint", SEAL_NOTE_MOST, e) < 0)
		return -1;
	if (!there)
		return 0;
	*code = EXIT_SIGNATURE;
	if (known_checkpoint(out, v, note, size, e) < 0)
		return err_in(e, "%s/checkpoint", view->path);
	if (epochs_begin(&s, v, e) < 0 || handover_walk(&s, view, e) < 0) {
		*code = EXIT_WHOLE;
		return -1;
	}
	if (epochs_open(&c, &s, note, size, e) < 0)
		return err_in(e, "%s/checkpoint", view->path);
	*code = EXIT_WHOLE;
	view->published = out->size;
	return 0;
}

static void tell(const struct view *view, const struct findings *f, bool json_wanted)
{
	scoped(json) json_t *all = json_object();
	scoped(buf) struct buf out = BUF(4096);
	char records[32];

	if (!json_wanted) {
		count_text(records, f->records);
		printf("%s records of %s: %" PRIu64 " files made, %" PRIu64 " kept\n", records,
		       f->origin, view->made, view->kept);
		return;
	}
	json_object_set_new(all, "ledger", json_string(f->origin));
	json_object_set_new(all, "records", json_integer((json_int_t)f->records));
	json_object_set_new(all, "made", json_integer((json_int_t)view->made));
	json_object_set_new(all, "kept", json_integer((json_int_t)view->kept));
	json_write(&out, all);
	buf_puts(&out, "\n");
	fwrite(out.data, 1, out.size, stdout);
}

/* An intent that stands open, as one does while agents work, takes nothing from what is signed. */
static bool may_publish(const struct findings *f, const struct options *o)
{
	int exit = verify_exit(f);

	return exit == EXIT_WHOLE || exit == EXIT_PAYLOADS || exit == EXIT_KEYS || (o->follow && (exit == EXIT_OPEN || exit == EXIT_TAIL));
}

/* Once. What stood there before is held against the ledger first. */
static int round_of(const char *ledger, const struct options *o, const struct seal_verifier *v, struct findings *f,
		    struct err *e)
{
	scoped(handovers) struct handovers handed = { .count = 0 };
	scoped(view) struct view view = { .dir = -1 };
	struct known_head known = { .given = false };
	int code = EXIT_WHOLE;

	if (view_open(&view, o->second, true, e) < 0)
		return -1;
	if (read_published(&known, &view, v, &code, e) < 0)
		return code ? code : e->kind == ERR_INPUT ? EXIT_INTEGRITY : -1;
	if (verify_epochs(f, &handed, ledger, v, &known, e) < 0)
		return e->kind == ERR_PEER ? EXIT_SIGNATURE : -1;
	if (!may_publish(f, o)) {
		verify_tell(f, o);
		err_set(e, ERR_INPUT, "nothing is published of a ledger that is not whole");
		return verify_exit(f);
	}
	if (publish_all(&view, ledger, &handed, f, e) < 0)
		return e->kind == ERR_INPUT ? EXIT_INTEGRITY : -1;
	tell(&view, f, o->json);
	return EXIT_WHOLE;
}

/* Until something is wrong, or somebody ends us: after each round the pause is as long as that took, at least. */
static int follow(const char *ledger, const struct options *o, const struct seal_verifier *v, struct findings *f,
		  struct err *e)
{
	uint64_t began = clock_mono_ns(), took = 0, head;
	bool there;
	int status = round_of(ledger, o, v, f, e);

	while (status == EXIT_WHOLE && fflush(stdout) == 0) {
		took = clock_mono_ns() - began;
		took = took > LEAST_PAUSE_NS ? took : LEAST_PAUSE_NS;
		do {
			nanosleep(&(struct timespec){ (time_t)(took / 1000000000), (long)(took % 1000000000) }, NULL);
			if (head_read(&head, &there, ledger, e) < 0)
				return -1;
		} while (there && head == f->records);
		began = clock_mono_ns();
		*f = (struct findings){ .records = 0 };
		status = round_of(ledger, o, v, f, e);
	}
	return status;
}

int cmd_publish(const char *ledger, const struct options *o, struct err *e)
{
	struct seal_verifier v;
	struct findings f;

	if (!o->key || o->head || o->checkpoint) {
		err_set(e, ERR_INPUT,
			o->key ? "publish holds the ledger against what was published last; "
				 "--head and --checkpoint are for verify"
			       : "publish needs --key: it publishes only what that key has signed");
		return EXIT_USAGE;
	}
	if (key_read(&v, o->key, e) < 0)
		return -1;
	return (o->follow ? follow : round_of)(ledger, o, &v, &f, e);
}

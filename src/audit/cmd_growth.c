/*
 * What a witness asks for: that the ledger of now begins with the one of `old` records. One walk for the size that it is
 * asked for, one that hashes each record into the one part of the tree that it belongs to.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/proof.h"
#include "ledger/epochs.h"

enum { BODY_MOST = 32 << 10 };

struct growth {
	struct epochs epochs;
	uint64_t old, size;	/* of the tree that is proved: by default the last */
	uint64_t epoch;		/* that it hands over to; 0: none asked for */
	uint64_t next;		/* record */
	struct tree_part grown[TREE_PATH_MOST];
	struct tree trees[TREE_PATH_MOST], path_trees[TREE_PATH_MOST];
	size_t count;
	struct proof_of proof;	/* of its last record */
};

static void growth_free(struct growth *c)
{
	epochs_free(&c->epochs);
	free(c);
}

SCOPED(growth, struct growth *, growth_free)

static int take_epoch(void *of, const struct frame *f, struct err *e)
{
	struct growth *c = of;
	struct checkpoint ignored;

	if (f->kind != FRAME_COMMIT)
		return epochs_take(&c->epochs, f, e);
	return epochs_note(&ignored, &c->epochs, f->index, f->body, f->size, e);
}

static void add_to(struct tree *trees, const struct tree_part *parts, size_t count, uint64_t index, const uint8_t leaf[SEAL_HASH])
{
	size_t i;

	for (i = 0; i < count; i++)
		if (index >= parts[i].begin && index < parts[i].end)
			tree_add_hash(&trees[i], leaf);
}

static int take_record(void *of, const struct frame *f, struct err *e)
{
	struct growth *c = of;
	struct proof_of *p = &c->proof;
	uint8_t leaf[SEAL_HASH];

	(void)e;
	if (f->kind == FRAME_COMMIT) {
		p->head.size = f->index;
		p->note_size = f->size;
		memcpy(p->note, f->body, f->size);
		return 0;
	}
	p->record_size = f->size;
	memcpy(p->record, f->body, f->size);
	sum_prefixed(leaf, TREE_LEAF, f->body, f->size, "", 0);
	add_to(c->trees, c->grown, c->count, c->next, leaf);
	add_to(c->path_trees, p->path, p->count, c->next++, leaf);
	return 0;
}

/* Where the epoch begins, if one is asked for; and is there a tree to grow? */
static int settle_size(struct growth *c, uint64_t records, struct err *e)
{
	if (c->epoch > 0 && c->epoch >= c->epochs.count)
		return err_set(e, ERR_LIMIT, "there is no epoch %" PRIu64 ": the last is %zu", c->epoch, c->epochs.count - 1);
	if (c->epoch > 0)
		c->size = c->epochs.all[c->epoch].size;
	else if (c->size == 0)
		c->size = records;
	if (c->size > records || c->old > c->size)
		return err_set(e, ERR_LIMIT, "the ledger has %" PRIu64 " records; from %" PRIu64 " to %" PRIu64 " it did not grow", records,
			       c->old, c->size);
	c->count = tree_growth(c->grown, c->old, c->size);
	if (c->epoch > 0) {
		c->proof.index = c->size - 1;
		c->proof.count = tree_path(c->proof.path, c->proof.index, c->size);
	}
	return 0;
}

static int walk(struct growth *c, const char *ledger, const struct seal_verifier *v, struct err *e)
{
	scoped(journal) struct journal *j = NULL;
	struct journal_extent x;
	struct checkpoint signed_one;
	size_t i;

	if (journal_open(&j, ledger, e) < 0 || journal_extent(&x, j, v, e) < 0 || epochs_begin(&c->epochs, v, e) < 0)
		return -1;
	if (x.damaged || x.records == 0)
		return err_set(e, ERR_INPUT, "the ledger is damaged; run verify");
	if (each_frame(j, x.records, take_epoch, c, e) < 0 || settle_size(c, x.records, e) < 0 ||
	    each_frame(j, c->size, take_record, c, e) < 0)
		return -1;
	if (c->proof.head.size != c->size)
		return err_set(e, ERR_LIMIT, "no checkpoint was signed at %" PRIu64 " records; the next is at %" PRIu64, c->size,
			       c->proof.head.size);
	for (i = 0; i < c->proof.count; i++)
		tree_root(c->proof.beside[i], &c->path_trees[i]);
	return epochs_open(&signed_one, &c->epochs, c->proof.note, c->proof.note_size, e);
}

static int print_body(const struct growth *c, struct err *e)
{
	scoped(buf) struct buf out = BUF(BODY_MOST + PROOF_MOST);
	char text[SEAL_HASH_BASE64];
	uint8_t hash[SEAL_HASH];
	size_t i;

	buf_printf(&out, "old %" PRIu64 "\n", c->old);
	for (i = 0; i < c->count; i++) {
		tree_root(hash, &c->trees[i]);
		seal_base64(text, hash);
		buf_printf(&out, "%s\n", text);
	}
	buf_puts(&out, "\n");
	if (c->epoch > 0 ? !proof_write(&out, &c->proof) : !buf_add(&out, c->proof.note, c->proof.note_size))
		return err_set(e, ERR_SYSTEM, "no memory");
	return fwrite(out.data, 1, out.size, stdout) == out.size ? EXIT_WHOLE : EXIT_COULD_NOT;
}

static bool read_number(uint64_t *out, const char *text)
{
	char *end;

	*out = strtoull(text, &end, 10);
	return !*end && text[0] >= '0' && text[0] <= '9';
}

int cmd_growth(const char *ledger, const struct options *o, struct err *e)
{
	scoped(growth) struct growth *c = calloc(1, sizeof(*c));
	struct seal_verifier v;

	if (!c)
		return err_sys(e, "memory for a proof");
	if (!o->key || !read_number(&c->old, o->second) || (o->head && !read_number(&c->size, o->head)) ||
	    (o->epoch && (!read_number(&c->epoch, o->epoch) || c->epoch == 0 || o->head))) {
		err_set(e, ERR_INPUT, o->key ? "growth takes the size that the witness knows, and --head SIZE or --epoch N"
					     : "growth needs --key: the ledger's own word on its key proves nothing");
		return EXIT_USAGE;
	}
	if (key_read(&v, o->key, e) < 0)
		return -1;
	if (walk(c, ledger, &v, e) == 0)
		return print_body(c, e);
	return e->kind == ERR_LIMIT ? EXIT_USAGE : e->kind == ERR_INPUT ? EXIT_INTEGRITY : EXIT_COULD_NOT;
}

/*
 * A record is the last of the tree that hands over, so what stands beside its way to the root are the whole subtrees
 * of the records before it: a walk has them in its hands when it meets the record.
 */
#include "audit/handover.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int handovers_begin(struct handovers *h, const struct seal_verifier *root, struct err *e)
{
	*h = (struct handovers){ .count = 0 };
	return epochs_begin(&h->epochs, root, e);
}

void handovers_end(struct handovers *h)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		buf_free(&h->proofs[i]);
	free(h->proofs);
	free(h->next);
	epochs_free(&h->epochs);
	*h = (struct handovers){ .count = 0 };
}

static unsigned level_of(const struct tree_part *part)
{
	unsigned level = 0;

	while (UINT64_C(1) << level < part->end - part->begin)
		level++;
	return level;
}

int handovers_take(struct handovers *h, const struct frame *f, const struct tree *before, struct err *e)
{
	struct proof_of *p = h->next;
	size_t i;

	if (epochs_take(&h->epochs, f, e) < 0)
		return -1;
	if (!h->epochs.handing)
		return 0;
	if (!p)
		p = h->next = malloc(sizeof(*p));
	if (!p)
		return err_sys(e, "memory for a handover");
	p->index = f->index;
	p->count = tree_path(p->path, f->index, f->index + 1);
	for (i = 0; i < p->count; i++)
		memcpy(p->beside[i], before->node[level_of(&p->path[i])], SEAL_HASH);
	p->record_size = f->size;
	memcpy(p->record, f->body, f->size);
	return 0;
}

static int keep(struct handovers *h, const struct frame *f, struct err *e)
{
	size_t wanted = h->room ? h->room * 2 : 16;
	struct buf *more;

	if (h->count == h->room) {
		more = realloc(h->proofs, wanted * sizeof(*more));
		if (!more)
			return err_sys(e, "memory for handovers");
		h->proofs = more;
		h->room = wanted;
	}
	h->next->note_size = f->size;
	memcpy(h->next->note, f->body, f->size);
	h->proofs[h->count] = BUF(PROOF_MOST);
	if (!proof_write(&h->proofs[h->count++], h->next))
		return err_set(e, ERR_SYSTEM, "no memory for handovers");
	return 0;
}

int handovers_pass(struct epochs_due *due, struct handovers *h, const struct frame *f, struct err *e)
{
	bool hands = h->epochs.handing;

	epochs_pass(due, &h->epochs, f->index);
	return hands ? keep(h, f, e) : 0;
}

/* Only where the key changes: whose the last checkpoint is is asked at the end. */
int handovers_check(struct handovers *h, const struct frame *f, const struct tree *t, struct err *e)
{
	bool hands = h->epochs.handing;
	uint8_t root[SEAL_HASH];
	struct epochs_due due;
	struct checkpoint c;

	if (handovers_pass(&due, h, f, e) < 0)
		return -1;
	if (!hands)
		return 0;
	tree_root(root, t);
	if (epochs_open_due(&c, &due, f->body, f->size, e) == 0 && c.size == t->size && memcmp(c.root, root, SEAL_HASH) == 0)
		return 0;
	return err_set(e, ERR_INPUT, "the checkpoint at size %" PRIu64 " does not hand over to epoch %zu; run verify", t->size,
		       h->epochs.count - 1);
}

/* The record by the rules of epochs, then both signatures, then that it is of that tree. */
static int step(struct epochs *s, struct proof_of *p, const char *text, size_t size, struct err *e)
{
	struct frame f = { .kind = RECORD_EPOCH };

	if (proof_parse(p, text, size, e) < 0)
		return -1;
	f.index = p->index;
	f.body = p->record;
	f.size = p->record_size;
	if (epochs_take(s, &f, e) < 0 || epochs_note(&p->head, s, p->index + 1, p->note, p->note_size, e) < 0)
		return -1;
	return proof_place(p, e);
}

int handover_step(struct epochs *s, const char *text, size_t size, struct err *e)
{
	struct proof_of *p = malloc(sizeof(*p));
	int done = p ? step(s, p, text, size, e) : err_sys(e, "memory for a handover");

	free(p);
	return done < 0 ? err_in(e, "a handover") : 0;
}

int handover_walk(struct epochs *s, const struct view *view, struct err *e)
{
	char name[VIEW_PATH];
	bool there = true;

	while (there) {
		scoped(mem) char *text = NULL;
		size_t size;

		epoch_name(name, s->count);
		if (view_read(&there, &text, &size, view, name, PROOF_MOST, e) < 0)
			return -1;
		if (there && handover_step(s, text, size, e) < 0)
			return err_in(e, "%s/%s", view->path, name);
	}
	return 0;
}

int handover_walk_at(struct epochs *s, const char *dir, struct err *e)
{
	scoped(view) struct view view = { .dir = -1 };

	return view_open(&view, dir, false, e) < 0 ? -1 : handover_walk(s, &view, e);
}

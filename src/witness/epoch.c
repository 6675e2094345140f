/*
 * add-epoch: add-checkpoint of a handover, and with it the proof of the record that says to whom. A witness was given the
 * root key alone; by these it follows the keys that sign for a day, in order, each vouched for by the one before it. A
 * revocation the root itself vouches for: reeve-ledger(5), Epochs.
 */
#include <inttypes.h>
#include <string.h>

#include "witness/witness.h"

/* What the record says, held against the epoch in force. */
struct next {
	struct state state;
	bool by_root;
};

static bool is_number(const struct record *r, enum field f, uint64_t expected)
{
	return r->value[f].set && r->value[f].number == expected;
}

/* The next epoch of this log and no other, beginning behind the one before. */
static const char *read_record(struct next *n, const struct origin *o, const struct handover *h)
{
	const struct state *s = &o->state;
	const struct field_value *key, *ledger;
	char room[RECORD_MOST];
	struct record r;
	struct err e;

	if (entry_read(&r, room, h->record, h->record_size, &e) < 0 || r.kind != RECORD_EPOCH || !is_number(&r, FIELD_N, h->index))
		return "not the record of an epoch";
	key = &r.value[FIELD_KEY];
	ledger = &r.value[FIELD_LEDGER];
	if (!ledger->set || ledger->size != strlen(o->name) || memcmp(ledger->text, o->name, ledger->size) != 0)
		return "the record of another ledger";
	if (!is_number(&r, FIELD_EPOCH, s->epoch + 1))
		return "not the epoch that comes next";
	if (s->epoch > 0 ? !is_number(&r, FIELD_FORMER, s->former) || h->index <= s->former : r.value[FIELD_FORMER].set)
		return "it does not follow on the record of the epoch before";
	if (!key->set || seal_verifier_read(&n->state.key, key->text, key->size, &e) < 0 || strcmp(n->state.key.name, o->name) != 0)
		return "its key is no key of this ledger";
	n->by_root = r.value[FIELD_REVOKED].set;
	n->state.epoch = s->epoch + 1;
	n->state.former = h->index;
	return NULL;
}

/* The epoch's record is the last of the tree. */
static bool is_last(const struct handover *h, const struct request *r)
{
	uint8_t hash[SEAL_HASH], beside[TREE_PATH_MOST][SEAL_HASH];
	struct tree_part path[TREE_PATH_MOST];

	if (r->size == 0 || h->index != r->size - 1 || h->count != tree_path(path, h->index, r->size))
		return false;
	memcpy(beside, h->beside, sizeof(beside));
	seal_prefixed(hash, TREE_LEAF, h->record, h->record_size, "", 0);
	tree_climb(hash, h->index, path, h->count, beside);
	return memcmp(hash, r->root, SEAL_HASH) == 0;
}

/* Who hands over first, so that nobody else learns anything; then what they sign. */
static bool judge_handover(struct witness *w, struct answer *a, const struct origin *o, const struct request *r,
			   const struct handover *h, struct next *n)
{
	const char *wrong = read_record(n, o, h);
	bool vouched = wrong || !n->by_root ? signed_in_force(w, o, &r->note) == SEAL_SIGNED
					    : signed_by_root(w, o, &r->note) == SEAL_SIGNED;

	if (!vouched || (!wrong && seal_note_signed(&r->note, &n->state.key) != SEAL_SIGNED))
		answer_say(a, 403, "a handover is signed by the key in force, that of epoch %" PRIu64 ", or for a revocation by the root; "
			   "and by the key that begins", o->state.epoch);
	else if (!judge_growth(a, o, r))
		return false;
	else if (wrong)
		answer_say(a, 422, "%s", wrong);
	else if (!is_last(h, r))
		answer_say(a, 422, "the hashes do not show that the record of the epoch is the last of these %" PRIu64, r->size);
	else
		return true;
	return false;
}

void judge_epoch(struct witness *w, struct answer *a, const char *body, size_t size)
{
	struct request r = { .old = 0 };
	struct handover h = { .index = 0 };
	struct next n = { .by_root = false };
	const char *proof = NULL;
	struct origin *o;
	struct err e;

	if (request_head(&r, &proof, body, size, &e) < 0 ||
	    request_handover(&r, &h, proof, (size_t)(body + size - proof), &e) < 0) {
		answer_say(a, 400, "%s", e.text);
		return;
	}
	o = judge_origin(w, a, &r);
	if (!o || !judge_handover(w, a, o, &r, &h, &n))
		return;
	n.state.size = r.size;
	memcpy(n.state.root, r.root, SEAL_HASH);
	judge_cosign(w, a, o, &r, &n.state);
}

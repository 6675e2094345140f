/*
 * The second record: somebody else is told how far the ledger has come, and what comes of that is recorded here. No
 * commit waits for it. Who tells the others (reeve-anchor) parses what they answer, so it is believed little: how often it
 * may speak is bounded, what it says is of a size that we told it, and the root is ours.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/sighting.h"
#include "recorder/recorder.h"

static const char SELF[] = "reeve-anchor";

static uint64_t size_now(const struct recorder *r)
{
	return ledger_order(r->ledger)->next;
}

/*
 * Without room it is left out: a full disk ends runs, and this is not what they are ended by. What stands behind what was
 * told and comes of it asks for no telling.
 */
static int append(uint64_t *index, struct recorder *r, const struct record *record, struct err *e)
{
	struct err full = { .kind = ERR_NONE };
	bool calm = size_now(r) == r->anchor.calm;

	*index = 0;
	if (r->halted[0] || ledger_room(r->ledger, &full) < 0)
		return 0;
	if (ledger_append(index, r->ledger, record, 0, e) < 0)
		return -1;
	r->anchor.calm += calm;
	return 0;
}

static int gap(uint64_t *index, struct recorder *r, const char *witness, uint64_t since, uint64_t count, const char *why,
	       struct err *e)
{
	struct record record = { .kind = RECORD_GAP };

	record_text(&record, FIELD_WITNESS, witness);
	record_number(&record, FIELD_SINCE, since);
	record_number(&record, FIELD_COUNT, count);
	record_text(&record, FIELD_WHY, why);
	return append(index, r, &record, e);
}

int anchor_begin(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	bool watches = unpack_number(&u, 1) == 1;

	if (!unpack_done(&u))
		return err_set(e, ERR_PEER, "malformed ANCHOR");
	if (watches && !c->custodian)
		return err_set(e, ERR_PEER, "uid %u says ANCHOR, where only the ledger's own user keeps a second record", c->who.uid);
	c->wire.peer = ROLE_ANCHOR;
	c->wire.now = PHASE_RUNNING;
	if (!watches)
		return 0;
	if (r->anchor.is) {
		c->gone = true;	/* there is one: it hears that by being hung up on */
		return 0;
	}
	r->anchor.is = c;
	r->anchor.said = 0;
	r->anchor.calm = 0;
	return 0;
}

static const struct anchor_told *told(const struct anchor *a, uint64_t size)
{
	size_t i;

	for (i = 0; i < a->count && i < ANCHOR_TOLD; i++)
		if (a->told[i].size == size)
			return &a->told[i];
	return NULL;
}

static int on_anchored(uint64_t *index, struct recorder *r, struct unpack *u, struct err *e)
{
	uint64_t size = unpack_number(u, 8), former = unpack_number(u, 8);
	const struct anchor_told *of = told(&r->anchor, size);
	struct record record = { .kind = RECORD_ANCHOR };
	char witness[SEAL_NAME], line[512];

	if (!unpack_copy(u, witness, sizeof(witness)) || !unpack_copy(u, line, sizeof(line)) || !unpack_done(u) ||
	    !seal_name_fits(witness) || !of || former >= size_now(r))
		return err_set(e, ERR_PEER, "malformed ANCHORED, or of a checkpoint that it was not told");
	record_text(&record, FIELD_WITNESS, witness);
	record_number(&record, FIELD_UPTO, size);
	record_text(&record, FIELD_ROOT, of->root);
	record_text(&record, FIELD_COSIGNATURE, line[0] ? line : NULL);
	if (former)
		record_number(&record, FIELD_FORMER, former);
	return append(index, r, &record, e);
}

static int on_missed(uint64_t *index, struct recorder *r, struct unpack *u, struct err *e)
{
	uint64_t since = unpack_number(u, 8), count = unpack_number(u, 8);
	char witness[SEAL_NAME], why[256];

	if (!unpack_copy(u, witness, sizeof(witness)) || !unpack_copy(u, why, sizeof(why)) || !unpack_done(u) ||
	    !seal_name_fits(witness) || since > size_now(r) || count > UINT32_MAX)
		return err_set(e, ERR_PEER, "malformed MISSED");
	return gap(index, r, witness, since, count, why, e);
}

/*
 * Of its form alone: an epoch's key signs it, and what leads there from the root is in that ledger. So any member of our
 * group can enter what is not so of a ledger of another's, and raise an alarm; nobody can take back what was entered.
 */
static int on_enter(uint64_t *index, struct recorder *r, struct unpack *u, struct err *e)
{
	struct record record = { .kind = RECORD_ANCHOR };
	char verifier[SEAL_VERIFIER_TEXT];
	struct seal_verifier key;
	struct sighting of;
	const char *note;
	size_t size = 0;

	if (!unpack_copy(u, verifier, sizeof(verifier)))
		return err_set(e, ERR_PEER, "malformed ENTER");
	note = unpack_text(u, &size);
	if (!note || !unpack_done(u) || seal_verifier_read(&key, verifier, strlen(verifier), e) < 0 || !sighting_read(&of, note, size) ||
	    strcmp(of.origin, key.name) != 0)
		return err_set(e, ERR_PEER, "malformed ENTER, or its key is not that of the checkpoint's ledger");
	record_text(&record, FIELD_OF, of.origin);
	record_text(&record, FIELD_KEY, verifier);
	record_number(&record, FIELD_UPTO, of.at.size);
	record_text(&record, FIELD_ROOT, of.root);
	return append(index, r, &record, e);
}

static int on_settled(struct recorder *r, const struct client *c, struct unpack *u, struct err *e)
{
	uint64_t size = unpack_number(u, 8);

	if (!unpack_done(u) || c != r->anchor.is || r->anchor.count == 0)
		return err_set(e, ERR_PEER, "malformed SETTLED");
	r->anchor.settled = size == r->anchor.told[(r->anchor.count - 1) % ANCHOR_TOLD].size;
	return 0;
}

int anchor_message(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	uint64_t index = 0;
	int done;

	if (m->type == MSG_SETTLED)
		return on_settled(r, c, &u, e);
	if (c == r->anchor.is ? r->anchor.said++ >= ANCHOR_SAYS : m->type != MSG_ENTER)
		return err_set(e, ERR_PEER, "an anchor says more than it was asked");
	done = m->type == MSG_ENTER ? on_enter(&index, r, &u, e)
	       : m->type == MSG_MISSED ? on_missed(&index, r, &u, e) : on_anchored(&index, r, &u, e);
	if (done == 0)
		client_owe(r, c, MSG_ENTERED, m->tag, index);
	return done;
}

/* It is told by what it reads when it reads it; until then it is not told of more, and the newest wins. */
static void tell(struct recorder *r, bool last)
{
	const struct buf *note = ledger_note(r->ledger);
	struct anchor_told *next = &r->anchor.told[r->anchor.count % ANCHOR_TOLD];
	struct err ignored = { .kind = ERR_NONE };
	uint8_t body[SEAL_NOTE_MOST + 16];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct sighting of;

	if (note->size == 0 || !sighting_read(&of, note->data, note->size) || !client_writable(r->anchor.is))
		return;
	pack_number(&p, last, 1);
	pack_number(&p, epochs_now(ledger_epochs(r->ledger))->size, 8);
	pack_text(&p, note->data, note->size);
	if (wire_send(&r->anchor.is->wire, MSG_SIGNED, 0, body, p.size, NULL, 0, &ignored) < 0) {
		r->anchor.is->gone = true;
		return;
	}
	next->size = of.at.size;
	memcpy(next->root, of.root, sizeof(next->root));
	r->anchor.count++;
	r->anchor.calm = of.at.size;
	r->anchor.said = 0;
	r->anchor.told_ns = clock_mono_ns();
	r->anchor.settled = false;
}

static bool is_due(const struct recorder *r)
{
	return r->anchor.is && !r->anchor.is->gone && r->anchor.ending_ns == 0 && r->anchor.calm != size_now(r);
}

static uint64_t due_ns(const struct recorder *r)
{
	return r->anchor.told_ns + ANCHOR_MS * UINT64_C(1000000);
}

void anchor_tell(struct recorder *r)
{
	if (is_due(r) && clock_left_ms(due_ns(r)) == 0)
		tell(r, false);
}

int anchor_ms(const struct recorder *r)
{
	if (r->anchor.ending_ns)
		return clock_left_ms(r->anchor.ending_ns);
	return is_due(r) && ledger_note(r->ledger)->size > 0 ? clock_left_ms(due_ns(r)) + 1 : -1;
}

int anchor_gone(struct recorder *r, const struct client *c, struct err *e)
{
	uint64_t index;

	if (c != r->anchor.is)
		return 0;
	r->anchor.is = NULL;
	return r->anchor.settled ? 0 : gap(&index, r, SELF, r->anchor.calm, 1, "it ended, and nobody else is told", e);
}

int anchor_over(struct recorder *r, struct err *e)
{
	struct anchor *a = &r->anchor;
	uint64_t index;

	if (!a->is || a->is->gone || ledger_note(r->ledger)->size == 0)
		return 1;
	if (a->ending_ns == 0) {
		tell(r, true);
		a->ending_ns = clock_mono_ns() + ANCHOR_LAST_MS * UINT64_C(1000000);
		return 0;
	}
	if (a->settled)
		return 1;
	if (clock_left_ms(a->ending_ns) > 0)
		return 0;
	if (gap(&index, r, SELF, a->calm, 1, "it did not say in 3 s what came of the last checkpoint", e) < 0)
		return -1;
	return 1;
}

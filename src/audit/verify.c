/*
 * The proof. Every record is hashed from the bytes on disk; every checkpoint is held against the
 * auditor's own key and against the tree over those bytes. What the ledger says of itself (its
 * genesis key, its head file) is never trusted, only compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/handover.h"
#include "audit/payloads.h"
#include "audit/sightings.h"
#include "audit/verify.h"
#include "audit/witnesses.h"
#include "base/fd.h"

static void leave_proof(struct proof *p)
{
	order_free(&p->order);
	review_end(&p->review);
	notary_free(p->notary);
	payloads_free(p->payloads);
	witnesses_free(p->witnesses);
}

static void say_damage(struct finding *f, const struct journal_extent *x)
{
	if (x->damaged_to > x->damaged_at)
		finding_say(f, "records %" PRIu64 " to %" PRIu64 " are missing, though later ones are signed: %s", x->damaged_at,
		    x->damaged_to - 1, x->why);
	else
		finding_say(f, "record %" PRIu64 ": damaged on disk, though later records are signed%s%s", x->damaged_at,
		    x->why[0] ? ": " : "", x->why);
}

/* -1: could not read. What is wrong with the ledger goes into the findings. */
static int walk(struct proof *p, struct journal *j, const struct journal_extent *x, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	int done = (p->quick ? verify_ahead : verify_along)(p, j, x->end, &why, e);

	if (done != 0)
		return done;
	if (why.kind != ERR_NONE)
		finding_say(&p->f->integrity, "%s", why.text);
	else if (x->damaged)
		say_damage(&p->f->integrity, x);
	p->f->integrity.bad = why.kind != ERR_NONE || x->damaged;
	return 0;
}

/* What the notary found: a checkpoint that differs is earlier than whatever stopped the walk. */
static void judge_checkpoints(struct proof *p)
{
	struct notes_checked c;

	notary_end(&c, p->notary);
	p->f->checkpoints = c.count;
	p->f->signatures.bad = c.unsigned_seen;
	if (c.unsigned_seen)
		finding_say(&p->f->signatures, "checkpoint at size %" PRIu64 ": %.160s", c.first_unsigned, c.why);
	if (!c.differs_seen)
		return;
	p->f->integrity.bad = true;
	finding_say(&p->f->integrity, "record %" PRIu64 " or one since the checkpoint before it: not what was signed",
	    c.first_differs - 1);
}

static void judge_integrity(const struct proof *p)
{
	char records[32], checkpoints[32];

	count_text(records, p->f->records);
	count_text(checkpoints, p->f->checkpoints);
	if (!p->f->integrity.bad)
		finding_say(&p->f->integrity, "%s records, each hashed and in its place", records);
	if (p->f->records == 0 && !p->f->integrity.bad) {
		p->f->integrity.bad = true;
		finding_say(&p->f->integrity, "record 0: the journal has no committed records");
	}
	if (p->f->checkpoints == 0 && !p->f->signatures.bad) {
		p->f->signatures.bad = true;
		finding_say(&p->f->signatures, "no checkpoint to check");
	}
	if (!p->f->signatures.bad)
		finding_say(&p->f->signatures, "%s checkpoints by %s", checkpoints, p->v->name);
}

static void judge_completeness(const struct proof *p)
{
	struct finding *f = &p->f->completeness;
	uint64_t have = p->tree.size;

	p->f->completeness_known = p->known->given;
	f->bad = true;
	if (p->known->given && have < p->known->size)
		finding_say(f, "rolled back from %" PRIu64 " to %" PRIu64 " records, by the head that was given", p->known->size, have);
	else if (p->own_head_there && have < p->own_head)
		finding_say(f, "rolled back from %" PRIu64 " to %" PRIu64 " records, by the ledger's own head",
		    p->own_head, have);
	else
		f->bad = false;
	if (f->bad)
		p->f->completeness_known = true;
	else if (p->known->given)
		finding_say(f, "nothing is missing up to the given head %" PRIu64 ", of %" PRIu64 "%s", p->known->size, have,
		    p->known->has_root ? "" : "; of its size alone: a fork would not show (--checkpoint)");
	else
		finding_say(f, "nothing from elsewhere to hold it against: a rollback together with its own head, or another history by its key's holder, would not show; --head or --checkpoint (your own, the spine's, a witness's) or --second (a log) would");
}

/* Another history of the same length or more: as bad as a changed record. */
static void judge_fork(const struct proof *p)
{
	if (p->known->has_root && p->known->size > 0 && p->known->size <= p->tree.size &&
	    memcmp(p->known->root, p->known_root, SEAL_HASH) != 0 && !p->f->integrity.bad) {
		p->f->integrity.bad = true;
		finding_say(&p->f->integrity, "another history: the first %" PRIu64 " records are not those of the given head",
		    p->known->size);
	}
}

/* Only behind whole history is it a tail; elsewhere the next run refuses and cuts nothing. */
static void judge_tail(const struct proof *p, const struct journal_extent *x)
{
	const char *next = p->own_head_there ? "; the next run cuts and records them" : "";
	struct finding *f = &p->f->tail;

	p->f->tail_known = !p->f->integrity.bad && !p->f->signatures.bad && !p->f->completeness.bad;
	f->bad = p->f->tail_known && x->tail > 0 && !p->live;
	if (x->damaged)
		finding_say(f, "not judged: what follows the damage is no tail");
	else if (!p->f->tail_known)
		finding_say(f, "not judged: what stands before it is not whole");
	else if (x->tail > 0)
		finding_say(f, "%" PRIu64 " bytes behind the last checkpoint%s", x->tail,
		    p->live ? "; a recorder is at work" : next);
	else
		finding_say(f, "nothing behind the last checkpoint");
}

static void judge_open(const struct proof *p)
{
	const char *live = p->live ? "; a recorder is at work" : "";

	p->f->open.bad = p->order.intent_count > 0 && !p->live;
	if (p->order.intent_count > 0)
		finding_say(&p->f->open, "%zu without outcome, first is record %" PRIu64 "%s", p->order.intent_count,
		    p->order.intents[0].index, live);
	else if (p->order.run_count > 0)
		finding_say(&p->f->open, "none (%zu runs not closed%s)", p->order.run_count, live);
	else
		finding_say(&p->f->open, "none");
}

/* Does a recorder hold the journal's lock? A copy is never held. */
static bool is_held(const char *path)
{
	struct flock asked = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	scoped(fd) int fd = -1;
	char name[4096];
	struct stat st;

	if (stat(path, &st) < 0 ||
	    snprintf(name, sizeof(name), S_ISDIR(st.st_mode) ? "%s/journal" : "%s", path) >= (int)sizeof(name))
		return false;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &asked) == 0 && asked.l_type != F_UNLCK;
}

/*
 * A last commit that a power failure tore is a tail, here as when the recorder opens the ledger. In a hurry, only the last
 * segment is looked through for where it ends: whether those before it are whole the walk sees.
 */
static int extent_of(struct journal_extent *x, const struct proof *p, struct journal *j, struct err *e)
{
	uint64_t at = p->quick ? journal_last(j) : 0;
	enum frame_got got;
	struct frame f = { .index = 0 };

	if (at && journal_frame(j, &f, &got, at, e) < 0)
		return -1;
	if (at && (got != FRAME_WHOLE || !journal_is_joined(j)))
		return AGAIN;
	if (journal_extent_from(x, j, p->v, at ? at : JOURNAL_MAGIC, f.index, e) < 0)
		return -1;
	if (p->quick && x->damaged)
		return AGAIN;
	if (journal_is_torn(x, p->own_head_there, p->own_head))
		x->damaged = false;
	return 0;
}

/*
 * One that was given says which records it is of. By whom it has to be signed only a ledger that has them can say; of
 * one that is shorter the key may be of an epoch that was rolled back with the rest.
 */
static int check_known(const struct proof *p, struct err *e)
{
	const struct known_head *k = p->known;
	struct checkpoint c;

	if (!k->note_size || !p->f->keys_known)
		return 0;
	if (k->size <= p->tree.size ? epochs_open(&c, &p->handed->epochs, k->note, k->note_size, e) == 0
				    : !handover_forged(&p->handed->epochs, k->note, k->note_size))
		return 0;
	if (k->size > p->tree.size)
		err_set(e, ERR_INPUT, "no good signature by %s", p->v->name);
	e->kind = ERR_PEER;
	return err_in(e, "the given checkpoint");
}

static void judge_second(const struct proof *p)
{
	size_t i;

	for (i = 0; i < p->seconds.count; i++)
		p->f->second_gap = p->f->second_gap || p->seconds.at[i].gap;
	p->f->second_there = p->seconds.count > 0;
	seconds_judge(&p->f->second, &p->seconds);
}

static int judge(struct proof *p, const struct journal_extent *x, struct err *e)
{
	judge_checkpoints(p);
	judge_integrity(p);
	judge_completeness(p);
	judge_fork(p);
	p->f->keys_known = !p->f->integrity.bad && !p->f->signatures.bad;
	keys_judge(&p->f->keys, &p->handed->epochs, p->f->keys_known);
	if (p->known->sightings)
		sightings_judge(p->f, p->known->sightings, &p->handed->epochs);
	judge_open(p);
	judge_second(p);
	review_judge(&p->f->decisions, &p->review);
	p->f->decisions_there = p->review.held > 0;
	judge_tail(p, x);
	p->f->end = x->end;
	p->f->witnesses_asked = p->witnesses != NULL;
	if (p->witnesses)
		witnesses_judge(&p->f->witnesses, p->witnesses, p->f->records, p->known_root);
	payloads_judge(&p->f->payloads, &p->f->payloads_known, p->payloads, p->live);
	return check_known(p, e);
}

/* Its head is read before the journal: a live ledger only grows. AGAIN: in a hurry it cannot be told. */
static int prove(struct findings *out, struct handovers *handed, const char *path, const struct seal_verifier *v,
		 const struct known_head *known, bool quick, struct err *e)
{
	struct findings f = { .records = 0 };
	scoped(proof) struct proof p = { .f = &f, .v = v, .known = known, .handed = handed, .quick = quick,
				  .tree = { .hash = sum_prefixed } };
	scoped(journal) struct journal *j = NULL;
	struct journal_extent x;
	int done;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return err_set(e, ERR_INPUT, "%s: there is no ledger; that there was one can say who kept a head of it, a spine or a witness", path);
	p.live = is_held(path);
	if (handovers_begin(handed, v, e) < 0 || review_begin(&p.review, path, known->signers, e) < 0)
		return -1;
	if (head_read(&p.own_head, &p.own_head_there, path, e) < 0 || journal_open(&j, path, e) < 0 ||
	    notary_begin(&p.notary, e) < 0 || payloads_begin(&p.payloads, path, e) < 0 ||
	    witnesses_begin(&p.witnesses, known, v->name, e) < 0)
		return -1;
	done = extent_of(&x, &p, j, e);
	done = done == 0 ? walk(&p, j, &x, e) : done;
	if (done != 0 || judge(&p, &x, e) < 0)
		return done != 0 ? done : -1;
	*out = f;
	return 0;
}

int verify_epochs(struct findings *out, struct handovers *handed, const char *path, const struct seal_verifier *v,
		  const struct known_head *known, struct err *e)
{
	int done = prove(out, handed, path, v, known, true, e);

	if (done != AGAIN)
		return done;
	handovers_end(handed);
	if (known->sightings)
		known->sightings->next = 0;
	return prove(out, handed, path, v, known, false, e);
}

int verify_ledger(struct findings *out, const char *path, const struct seal_verifier *v, const struct known_head *known,
		  struct err *e)
{
	scoped(handovers) struct handovers handed = { .count = 0 };

	return verify_epochs(out, &handed, path, v, known, e);
}

int verify_exit(const struct findings *f)
{
	const struct {
		bool bad;
		int code;
	} order[] = {
		{ f->integrity.bad, EXIT_INTEGRITY },	    { f->signatures.bad, EXIT_SIGNATURE },
		{ f->decisions.bad, EXIT_SIGNATURE },
		{ f->completeness.bad, EXIT_INCOMPLETE },   { f->keys.bad, EXIT_KEYS },
		{ f->open.bad, EXIT_OPEN },		    { f->tail.bad, EXIT_TAIL },
		{ f->payloads.bad, EXIT_PAYLOADS },
		{ f->witnesses.bad, EXIT_WITNESSES },
	};
	size_t i;

	for (i = 0; i < count_of(order); i++)
		if (order[i].bad)
			return order[i].code;
	return EXIT_WHOLE;
}

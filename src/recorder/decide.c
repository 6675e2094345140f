/*
 * A decision. Its signature is over the statement that we write ourselves from the held record, so that what was signed
 * is what stands in the ledger; the key is one that the list of the run that held the call gives to the reviewer named.
 * Whether that reviewer is asked, and not for the second time, the ledger's own rule says when it is appended.
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/statement.h"
#include "recorder/recorder.h"

struct word {
	uint64_t index;
	char reviewer[STATEMENT_REVIEWER + 1], reason[STATEMENT_REASON + 1], decision[16], base64[1025];
	enum decision means;
	uint8_t signature[SSH_SIGNATURE];
	size_t signature_size;
	struct ssh_signature by;
};

/* What does not fit is no crime of the program that sent it, but of who typed it: a sentence, not the end. */
static int read_word(struct word *out, const struct msg *m, struct err *e)
{
	struct unpack u = { .at = m->body, .left = m->size };
	int d;

	out->index = unpack_number(&u, 8);
	if (!unpack_copy(&u, out->reviewer, sizeof(out->reviewer)) || !unpack_copy(&u, out->decision, sizeof(out->decision)) ||
	    !unpack_copy(&u, out->reason, sizeof(out->reason)) || !unpack_copy(&u, out->base64, sizeof(out->base64)) ||
	    !unpack_done(&u))
		return err_set(e, ERR_INPUT, "reviewer, reason or signature is too long, or not whole");
	for (d = 0; d < DECISIONS && strcmp(out->decision, decision_word((enum decision)d)) != 0; d++)
		;
	out->means = (enum decision)d;
	if (d == DECISIONS || !statement_fits(out->reviewer, out->reason))
		return err_set(e, ERR_INPUT, "a decision is to approve or to deny, by a name, for a reason of at most %d bytes on one line",
			       STATEMENT_REASON);
	if (!seal_base64_read(out->signature, &out->signature_size, sizeof(out->signature), out->base64, strlen(out->base64)))
		return err_set(e, ERR_INPUT, "the signature is not in base64");
	return 0;
}

static int verify(struct word *w, const struct recorder *r, const struct hold *h, struct err *e)
{
	scoped(buf) struct buf statement = BUF(STATEMENT_MOST);
	scoped(ssh_signers) struct ssh_signers *list = NULL;

	if (!statement_write(&statement, &h->record, h->index, w->reviewer, w->means, w->reason))
		return err_set(e, ERR_INPUT, "there is no statement of %" PRIu64 " to sign", h->index);
	if (ssh_verify(&w->by, w->signature, w->signature_size, STATEMENT_NAMESPACE, statement.data, statement.size, e) < 0)
		return -1;
	if (signers_load(&list, r->signers, &h->record.value[FIELD_SIGNERS], e) < 0)
		return -1;
	return ssh_signers_allow(list, &w->by, w->reviewer, STATEMENT_NAMESPACE, clock_wall_us(), e);
}

static int append(uint64_t *index, struct recorder *r, const struct word *w, const struct hold *h, struct err *e)
{
	struct record record = { .kind = RECORD_DECISION, .ref = h->index };

	record_text(&record, FIELD_DECISION, w->decision);
	record_text(&record, FIELD_REVIEWER, w->reviewer);
	record_text(&record, FIELD_SIGNER, w->by.fingerprint);
	record_text(&record, FIELD_SIGNATURE, w->base64);
	record_text(&record, FIELD_WHY, w->reason[0] ? w->reason : NULL);
	return ledger_append(index, r->ledger, &record, h->run, e);
}

/* A denial is taken as long as anything is; an approval leads to more records, which must find room. */
static int decide(uint64_t *index, struct recorder *r, struct word *w, struct err *e)
{
	const struct hold *h = holds_open(ledger_holds(r->ledger), w->index);

	if (!h)
		return err_set(e, ERR_INPUT, "%" PRIu64 " is no call that stands held: it was decided, done, or its time is over", w->index);
	if (verify(w, r, h, e) < 0)
		return -1;
	if (w->means == DECISION_APPROVE && (r->halted[0] || ledger_room(r->ledger, e) < 0))
		return err_set(e, ERR_LIMIT, "no room in the ledger for what is approved; make room on its disk");
	return append(index, r, w, h, e);
}

int review_decide(struct recorder *r, struct client *c, const struct msg *m, struct err *e)
{
	struct err why = { .kind = ERR_NONE };
	struct word w = { .index = 0 };
	const struct hold *h;
	uint64_t index = 0;

	if (ledger_expire(r->ledger, e) < 0)
		return -1;
	if (read_word(&w, m, &why) < 0 || decide(&index, r, &w, &why) < 0) {
		if (why.kind == ERR_SYSTEM) {
			*e = why;
			return -1;
		}
		review_refuse(r, c, m->tag, &why);
		return 0;
	}
	h = holds_find(ledger_holds(r->ledger), w.index);
	client_owe(r, c, MSG_DECIDED, m->tag, index);
	r->answers[r->answer_count - 1].state = h ? h->state : HOLD_WITHDRAWN;
	return 0;
}

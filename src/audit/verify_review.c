/*
 * Held calls and what was decided about them. The rules are the recorder's own file; every signature is checked again,
 * over a statement that is written anew from the held record. Whether its key was the reviewer's own stands in a list:
 * the one that the auditor brings, or the one whose digest the held record names, where it still lies beside the ledger.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audit/verify.h"
#include "ledger/statement.h"

int review_begin(struct review_proof *p, const char *path, const struct ssh_signers *given, struct err *e)
{
	p->given = given;
	return given ? 0 : signers_open(&p->lists, path, false, e);
}

void review_end(struct review_proof *p)
{
	holds_free(&p->holds);
	agents_free(&p->agents);
	signers_free(p->lists);
}

static void bad(struct review_proof *p, uint64_t index, const struct err *why)
{
	if (p->bad++ == 0)
		snprintf(p->why, sizeof(p->why), "record %" PRIu64 ": %.180s", index, why->text);
}

static int allowed(struct review_proof *p, const struct hold *h, const struct ssh_signature *by, const char *reviewer,
		   uint64_t wall_us, struct err *e)
{
	scoped(ssh_signers) struct ssh_signers *own = NULL;
	struct err none = { .kind = ERR_NONE };

	if (!p->given && (!p->lists || signers_load(&own, p->lists, &h->record.value[FIELD_SIGNERS], &none) < 0)) {
		p->unlisted++;
		return 0;
	}
	return ssh_signers_allow(p->given ? p->given : own, by, reviewer, STATEMENT_NAMESPACE, wall_us, e);
}

static bool is_text(const struct record *r, enum field f, const char *text)
{
	return r->value[f].set && r->value[f].size == strlen(text) && memcmp(r->value[f].text, text, r->value[f].size) == 0;
}

static void text_of(char *out, size_t room, const struct record *r, enum field f)
{
	snprintf(out, room, "%.*s", r->value[f].set ? (int)r->value[f].size : 0, r->value[f].set ? r->value[f].text : "");
}

static int check_signature(struct review_proof *p, const struct hold *h, const struct record *r, struct err *e)
{
	scoped(buf) struct buf statement = BUF(STATEMENT_MOST);
	enum decision means = is_text(r, FIELD_DECISION, "approve") ? DECISION_APPROVE : DECISION_DENY;
	const struct field_value *base = &r->value[FIELD_SIGNATURE];
	char reviewer[HOLD_NAME + 1], reason[HOLD_WHY + 1];
	uint8_t bytes[SSH_SIGNATURE];
	struct ssh_signature by;
	struct hold_moment made;
	size_t size;

	text_of(reviewer, sizeof(reviewer), r, FIELD_REVIEWER);
	text_of(reason, sizeof(reason), r, FIELD_WHY);
	if (!base->set || !seal_base64_read(bytes, &size, sizeof(bytes), base->text, base->size) ||
	    !statement_write(&statement, &h->record, h->index, reviewer, means, reason))
		return err_set(e, ERR_INPUT, "a decision without a signature that can be read");
	if (ssh_verify(&by, bytes, size, STATEMENT_NAMESPACE, statement.data, statement.size, e) < 0)
		return -1;
	if (!is_text(r, FIELD_SIGNER, by.fingerprint))
		return err_set(e, ERR_INPUT, "it names another key than the one that signed it");
	if (hold_moment_of(&made, r, e) < 0)
		return -1;
	return allowed(p, h, &by, reviewer, made.wall_us, e);
}

int review_take(struct review_proof *p, const struct record *r, const char *line, size_t size, struct err *e)
{
	const struct hold *h = r->kind == RECORD_DECISION ? holds_open(&p->holds, r->ref) : NULL;
	struct err why = { .kind = ERR_NONE };

	if (holds_check(&p->holds, r, e) < 0)
		return -1;
	p->held += r->kind == RECORD_HELD;
	p->used += r->kind == RECORD_INTENT && r->ref != 0;
	if (h && r->value[FIELD_REVIEWER].set) {
		p->signatures++;
		if (check_signature(p, h, r, &why) < 0)
			bad(p, r->value[FIELD_N].number, &why);
	}
	if (r->kind == RECORD_AGENT)
		return agents_take(&p->agents, r, e);
	return holds_want(r->kind, r->ref) ? holds_take(&p->holds, r, line, size, e) : 0;
}

void review_judge(struct finding *out, const struct review_proof *p)
{
	char held[32], used[32], signatures[32];

	out->bad = p->bad > 0;
	count_text(held, p->held);
	count_text(used, p->used);
	count_text(signatures, p->signatures);
	if (out->bad)
		finding_say(out, "%s", p->why);
	else if (p->unlisted)
		finding_say(out, "%s held, %s done; %s signed, of which %zu by keys that no list was there for (--signers)",
			 held, used, signatures, p->unlisted);
	else
		finding_say(out, "%s held, %s done; %s signed, each by a key of who is named", held, used, signatures);
}

/*
 * One text for everybody: the reviewer's client shows and signs it, the recorder and the auditor write it again from
 * the record and verify. Whatever decides what is done stands in it, so that no approval fits another call.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "ledger/statement.h"

const char *decision_word(enum decision d)
{
	return d == DECISION_APPROVE ? "approve" : "deny";
}

/* Members of the held record that must be there, in the order in which they are said. */
static const enum field said[] = { FIELD_LEDGER, FIELD_RUN,    FIELD_ACTION,  FIELD_SERVER,
				   FIELD_TOOL,	 FIELD_DIGEST, FIELD_POLICY, FIELD_ASKED_OF, FIELD_EXPIRES, FIELD_NONCE };

bool statement_has(enum field f)
{
	size_t i;

	for (i = 0; i < count_of(said); i++)
		if (said[i] == f)
			return true;
	return false;
}

static bool one_line(const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return text_is_utf8(text, size);
}

bool statement_fits(const char *reviewer, const char *reason)
{
	size_t name = strlen(reviewer), said_size = strlen(reason);

	return name > 0 && name <= STATEMENT_REVIEWER && said_size <= STATEMENT_REASON && one_line(reviewer, name) &&
	       one_line(reason, said_size);
}

/* A list is one line: its items, each in its turn. */
static bool add_member(struct buf *out, const struct record *held, enum field f)
{
	const struct field_info *info = field_info(f);
	const struct field_value *v = &held->value[f];
	size_t at;

	if (!v->set)
		return false;
	if (info->type == FIELD_TYPE_NUMBER)
		return buf_printf(out, "%s: %" PRIu64 "\n", info->name, v->number);
	if (info->type == FIELD_TYPE_TEXT)
		return one_line(v->text, v->size) && buf_printf(out, "%s: %.*s\n", info->name, (int)v->size, v->text);
	for (at = 0; at < v->size; at += strlen(v->text + at) + 1)
		if (!one_line(v->text + at, strlen(v->text + at)) || !buf_printf(out, "%s: %s\n", info->name, v->text + at))
			return false;
	return true;
}

bool statement_write(struct buf *out, const struct record *held, uint64_t index, const char *reviewer,
		     enum decision decision, const char *reason)
{
	size_t i;

	if (held->kind != RECORD_HELD || !statement_fits(reviewer, reason) ||
	    !buf_printf(out, "reeve review/1\nheld: %" PRIu64 "\n", index))
		return false;
	for (i = 0; i < count_of(said); i++)
		if (!add_member(out, held, said[i]))
			return false;
	return buf_printf(out, "reviewer: %s\ndecision: %s\nreason: %s\n", reviewer, decision_word(decision), reason);
}

/* The question an auditor asks first: was it a person or an AI, which one, who answers for it, and how is that known. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/ask.h"

struct sentence {
	const char *label;
	enum field field;
};

static const struct sentence sentences[] = {
	{ "call", FIELD_ACTION },	   { "server", FIELD_SERVER },	 { "tool", FIELD_TOOL },
	{ "resource", FIELD_RESOURCE },	   { "agent", FIELD_AGENT },	 { "command", FIELD_COMMAND },
	{ "started by", FIELD_INITIATOR }, { "task", FIELD_TASK },	 { "accountable", FIELD_OWNER },
	{ "known by", FIELD_OWNER_BY },	   { "uid", FIELD_UID },	 { "tenant", FIELD_TENANT },
	{ "department", FIELD_DEPARTMENT },{ "environment", FIELD_ENVIRONMENT }, { "model", FIELD_MODEL },
	{ "scopes", FIELD_SCOPES },	   { "rule", FIELD_RULE },
	{ "about", FIELD_HELD },	   { "decision", FIELD_DECISION }, { "reviewer", FIELD_REVIEWER },
	{ "by key", FIELD_SIGNER },	   { "it claims", FIELD_CLAIMS },  { "risk", FIELD_RISK },
	{ "guard", FIELD_GUARD },	   { "reason", FIELD_REASON },	 { "layers", FIELD_LAYERS_SAID },
	{ "controls", FIELD_CONTROLS },	   { "policy", FIELD_POLICY },	 { "profile", FIELD_PROFILE },
	{ "way", FIELD_WAY },		   { "address", FIELD_ADDRESS },	 { "method", FIELD_METHOD },
	{ "path", FIELD_PATH },		   { "bytes sent", FIELD_SENT }, { "received", FIELD_RECEIVED },
	{ "bytes judged", FIELD_DIGEST },  { "executed", FIELD_EXECUTED }, { "status", FIELD_STATUS },
	{ "answer", FIELD_ANSWER },	   { "why", FIELD_WHY },	 { "reeve", FIELD_VERSION },
};

/* An action of an agent is always an AI's: people act by their signed word, which is a kind of record of its own. */
static const char *whose(const struct joined *j)
{
	static const enum record_kind agents[] = { RECORD_INTENT,  RECORD_REFUSAL, RECORD_OUTCOME, RECORD_HELD,
						   RECORD_DROPPED, RECORD_SYSCALL, RECORD_FILE };
	size_t i;

	if (j->own->kind == RECORD_DECISION && j->own->value[FIELD_REVIEWER].set)
		return "a person, who signed it";

	for (i = 0; i < count_of(agents); i++)
		if (j->own->kind == agents[i])
			return "an AI agent, in its jail";
	return "reeve itself, for whoever started it";
}

static void tell(const struct joined *j, const char *how)
{
	scoped(buf) struct buf out = BUF(1 << 20);
	const struct field_value *v;
	size_t i;

	buf_printf(&out, "record %" PRIu64 ", %.*s, %s%s%s\n", j->frame->index, ASK_TIME - 1, time_seen(j->own),
		   record_word(j->own->kind), joined_verdict(j)[0] ? ": " : "", joined_verdict(j));
	buf_printf(&out, "  %-13s %s\n", "by", whose(j));
	for (i = 0; i < count_of(sentences); i++) {
		v = joined_value(j, sentences[i].field);
		if (!v->set)
			continue;
		buf_printf(&out, "  %-13s ", sentences[i].label);
		joined_put(&out, sentences[i].field, v, " | ");
		buf_puts(&out, "\n");
	}
	if (j->own->kind == RECORD_INTENT && !j->other)
		buf_printf(&out, "  %-13s %s\n", "status", "open: no outcome is recorded yet");
	fwrite(out.data, 1, out.size, stdout);
	asked_tell("  this          ", how);
}

int cmd_who(const char *ledger, const struct options *o, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	struct rows r = { .form = FORM_JSON };
	struct joined j = { 0 };
	bool there = false;
	char how[512], *end;
	uint64_t n = strtoull(o->second, &end, 10);
	int status;

	if (o->second[0] < '0' || o->second[0] > '9' || *end) {
		err_set(e, ERR_INPUT, "who %s: expected the number of a record", o->second);
		return EXIT_USAGE;
	}
	status = asked_begin(&a, how, ledger, o, e);
	if (status == 0 && asked_one(&j, &there, a, n, e) < 0)
		return -1;
	if (status != 0)
		return status;
	if (!there)
		return err_set(e, ERR_INPUT, "there is no record %" PRIu64 ": the ledger has %" PRIu64, n, asked_records(a));
	if (!o->json) {
		tell(&j, how);
		return 0;
	}
	rows_head(&r);
	status = rows_one(&r, &j, e);
	rows_end(&r);
	asked_say(a, how, "%s", "");
	return status;
}

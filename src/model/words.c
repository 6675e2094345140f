#include "model/model.h"

static const struct {
	const char *word;
	enum verdict_kind verdict;
} reasons[REASONS] = {
#define REASON(name, word, verdict) [REASON_##name] = { word, VERDICT_##verdict },
#include "model/reasons.def"
#undef REASON
};

static const struct {
	const char *word;
	enum role asker;
} kinds[RECORD_KINDS] = {
#define KIND(name, word, asker) [RECORD_##name] = { word, ROLE_##asker },
#include "model/kinds.def"
#undef KIND
};

static const struct field_info fields[FIELDS] = {
#define FIELD(id, name, type, setter, largest) \
	[FIELD_##id] = { name, FIELD_TYPE_##type, FIELD_BY_##setter, largest },
#include "model/fields.def"
#undef FIELD
};

const char *reason_word(enum reason r)
{
	must(r < REASONS);
	return reasons[r].word;
}

enum verdict_kind reason_verdict(enum reason r)
{
	must(r < REASONS);
	return reasons[r].verdict;
}

const char *action_word(enum action_kind k)
{
	static const char *const words[] = {
		[ACTION_MESSAGE] = "message",
		[ACTION_TOOL_CALL] = "tool.call",
		[ACTION_SERVER_START] = "server.start",
		[ACTION_RESOURCE_READ] = "resource.read",
		[ACTION_PROMPT_GET] = "prompt.get",
		[ACTION_COMPLETION] = "completion.complete",
		[ACTION_SAMPLING] = "sampling.create",
		[ACTION_ELICITATION] = "elicitation.create",
		[ACTION_ROOTS] = "roots.list",
		[ACTION_NET_CONNECT] = "net.connect",
		[ACTION_NET_RESOLVE] = "net.resolve",
	};

	must(k < ACTION_KINDS);
	return words[k];
}

const char *flow_word(unsigned bit)
{
	return bit == FLOW_READS_PRIVATE     ? "reads-private"
	       : bit == FLOW_READS_UNTRUSTED ? "reads-untrusted"
	       : bit == FLOW_SENDS_OUTSIDE   ? "sends-outside"
					     : NULL;
}

const char *taint_word(unsigned bit)
{
	return bit == FLOW_READS_PRIVATE ? "private" : bit == FLOW_READS_UNTRUSTED ? "untrusted" : NULL;
}

const char *layer_word(enum policy_layer l)
{
	static const char *const words[] = {
		[POLICY_GLOBAL] = "global",   [POLICY_TENANT] = "tenant",
		[POLICY_TARGET] = "target",   [POLICY_DEPARTMENT] = "department",
		[POLICY_ACTION] = "action",   [POLICY_RUNTIME] = "runtime",
	};

	must(l < POLICY_LAYERS);
	return words[l];
}

const char *said_word(enum said s)
{
	static const char *const words[] = {
		[SAID_NOTHING] = "nothing",	[SAID_PASS] = "pass",
		[SAID_ALLOW] = "allow",		[SAID_REVIEW] = "review", [SAID_UNMATCHED] = "unmatched",
		[SAID_UNDECIDABLE] = "undecidable", [SAID_REFUSE] = "refuse",
	};

	must(s < count_of(words));
	return words[s];
}

const char *party_word(enum party p)
{
	static const char *const words[] = {
		[PARTY_AGENT] = "agent",	     [PARTY_OWNER] = "owner",
		[PARTY_TENANT] = "tenant",	     [PARTY_DEPARTMENT] = "department",
		[PARTY_ENVIRONMENT] = "environment", [PARTY_INITIATOR] = "initiator",
		[PARTY_WORKSPACE] = "workspace",
		[PARTY_MODEL] = "model",
	};

	must(p < PARTIES);
	return words[p];
}

const char *record_word(enum record_kind k)
{
	must(k < RECORD_KINDS);
	return kinds[k].word;
}

enum role record_asker(enum record_kind k)
{
	must(k < RECORD_KINDS);
	return kinds[k].asker;
}

const struct field_info *field_info(enum field f)
{
	must(f < FIELDS);
	return &fields[f];
}

const char *quota_word(enum quota_kind k)
{
	static const char *const words[QUOTAS] = {
		[QUOTA_IN_FLIGHT] = "in_flight",
		[QUOTA_HELD] = "held",
		[QUOTA_CALLS] = "calls_per_minute",
		[QUOTA_BYTES_OUT] = "bytes_out_per_minute",
		[QUOTA_BYTES_IN] = "bytes_in_per_minute",
	};

	return words[k];
}

const char *hold_word(enum hold_state s)
{
	static const char *const words[HOLD_STATES] = {
		[HOLD_WAITING] = "waiting", [HOLD_APPROVED] = "approved",   [HOLD_DENIED] = "denied",
		[HOLD_EXPIRED] = "expired", [HOLD_WITHDRAWN] = "withdrawn", [HOLD_USED] = "used",
	};

	must(s < HOLD_STATES);
	return words[s];
}

const char *claim_word(enum claim c)
{
	static const char *const words[CLAIMS] = {
		[CLAIM_TRIGGER] = "trigger", [CLAIM_REASON] = "reason", [CLAIM_ALTERNATIVES] = "alternatives",
	};

	must(c < CLAIMS);
	return words[c];
}

const char *risk_word(enum risk_part p)
{
	static const char *const words[RISK_PARTS] = {
		[RISK_CLASS] = "class", [RISK_TAINT] = "taint", [RISK_NOVELTY] = "novelty", [RISK_REPEAT] = "repeat",
	};

	must(p < RISK_PARTS);
	return words[p];
}

#include "cli/policy_facts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/policy.h"

/* RFC 3339 in UTC, with or without seconds. */
static int read_time(uint64_t *out, const char *text, struct err *e)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ" };
	const char *end = NULL;
	struct tm when;
	size_t i;

	for (i = 0; i < count_of(forms) && (!end || *end); i++) {
		when = (struct tm){ 0 };
		end = strptime(text, forms[i], &when);
	}
	if (!end || *end || when.tm_year < 71)
		return err_set(e, ERR_INPUT,
			       "the time \"%.40s\": expected one such as 2026-11-21T09:30Z", text);
	*out = (uint64_t)timegm(&when) * 1000000;
	return 0;
}

static int read_action(enum action_kind *out, const char *value, struct err *e)
{
	int i;

	for (i = 0; i < ACTION_KINDS; i++)
		if (action_is_judged((enum action_kind)i) &&
		    strcmp(value, action_word((enum action_kind)i)) == 0) {
			*out = (enum action_kind)i;
			return 0;
		}
	return err_set(e, ERR_INPUT,
		       "the action \"%.40s\": expected tool.call, resource.read, prompt.get, "
		       "completion.complete, sampling.create, elicitation.create, roots.list or net.connect",
		       value);
}

/* "none", or labels with commas between them. */
static int read_flow(struct policy_facts *f, const char *value, struct err *e)
{
	const char *at = value, *end;
	unsigned bit;

	f->flow = 0;
	f->flow_known = true;
	for (; strcmp(value, "none") != 0; at = end + 1) {
		end = strchrnul(at, ',');
		for (bit = 1; flow_word(bit); bit <<= 1)
			if (strlen(flow_word(bit)) == (size_t)(end - at) &&
			    memcmp(flow_word(bit), at, (size_t)(end - at)) == 0)
				break;
		if (!flow_word(bit))
			return err_set(e, ERR_INPUT,
				       "the flow \"%.40s\": expected none, or reads-private, reads-untrusted "
				       "and sends-outside with commas between them",
				       value);
		f->flow |= bit;
		if (!*end)
			break;
	}
	return 0;
}

/* "none", or what has been read with commas between. */
static int read_taint(struct policy_facts *f, const char *value, struct err *e)
{
	const char *at = value, *end = value;
	unsigned bit;

	f->runtime.taint = 0;
	f->runtime.taint_known = true;
	for (; *end && strcmp(value, "none") != 0; at = end + 1) {
		end = strchrnul(at, ',');
		for (bit = 1; taint_word(bit); bit <<= 1)
			if (strlen(taint_word(bit)) == (size_t)(end - at) &&
			    memcmp(taint_word(bit), at, (size_t)(end - at)) == 0)
				break;
		if (!taint_word(bit))
			return err_set(e, ERR_INPUT, "the taint \"%.40s\": expected none, private, untrusted or "
						     "private,untrusted", value);
		f->runtime.taint |= bit;
	}
	return 0;
}

static const char *const meters[METER_KINDS] = {
	[METER_CALLS] = "calls", [METER_REPEATED] = "repeated", [METER_REFUSALS] = "refusals", [METER_SPENT] = "spent",
};

/* How many, or how much, the call itself among them; of refusals the share before it. */
static int read_number(struct policy_facts *f, enum meter_kind k, const char *value, struct err *e)
{
	char *end;
	double number = strtod(value, &end);
	bool fits = k == METER_REFUSALS ? number <= 1 : k == METER_SPENT ? number <= 9e9 : number >= 1 && number <= 1e15;
	static const char *const takes[] = {
		[METER_CALLS] = "expected how many, this one counted", [METER_REPEATED] = "expected how many, this one counted",
		[METER_REFUSALS] = "expected a share from 0 to 1", [METER_SPENT] = "expected how much, with this one",
	};

	if (*end || value[strspn(value, "0123456789.")] || !(number >= 0) || !fits)
		return err_set(e, ERR_INPUT, "the %s \"%.40s\": %s", meters[k], value, takes[k]);
	if (k == METER_SPENT)
		number = (double)(uint64_t)(number * SPENT_PARTS + 0.5);
	f->runtime.kinds[k] = (struct reading_of){ true, number, number };
	return 0;
}

static int read_risk(struct policy_facts *f, const char *value, struct err *e)
{
	char *end;
	unsigned long total = strtoul(value, &end, 10);

	if (!*value || *end || value[strspn(value, "0123456789")] || total > 12)
		return err_set(e, ERR_INPUT, "the risk \"%.40s\": expected its sum, 0 to 12", value);
	f->risk.total = (unsigned)total;
	f->risk_known = true;
	return 0;
}

/* *done stays false: it is no fact of what the run has done. */
static int set_runtime(bool *done, struct policy_facts *f, const char *key, const char *value, struct err *e)
{
	int k;

	*done = true;
	if (strcmp(key, "taint") == 0)
		return read_taint(f, value, e);
	if (strcmp(key, "risk") == 0)
		return read_risk(f, value, e);
	for (k = 0; k < METER_KINDS; k++)
		if (strcmp(key, meters[k]) == 0)
			return read_number(f, (enum meter_kind)k, value, e);
	*done = false;
	return 0;
}

/* "none", or words with commas between them, into an array. */
static int read_scopes(struct policy_facts *f, const char *value, struct err *e)
{
	const char *at = value, *end = value;

	json_decref(f->scopes);
	f->run.scopes = f->scopes = json_array();
	for (; *end && strcmp(value, "none") != 0; at = end + 1) {
		end = strchrnul(at, ',');
		if (end == at || json_array_append_new(f->scopes, json_stringn(at, (size_t)(end - at))) < 0)
			return err_set(e, ERR_INPUT, "the scopes \"%.40s\": expected none, or words with commas between them",
				       value);
	}
	return 0;
}

/* Which of them the agent makes. */
static int read_claims(struct policy_facts *f, const char *value, struct err *e)
{
	const char *at = value, *end = value, *word;
	int i;

	memset(f->claims, 0, sizeof(f->claims));
	for (; *end && strcmp(value, "none") != 0; at = end + 1) {
		end = strchrnul(at, ',');
		for (i = 0; i < CLAIMS; i++) {
			word = claim_word((enum claim)i);
			if (strlen(word) == (size_t)(end - at) && memcmp(word, at, (size_t)(end - at)) == 0)
				break;
		}
		if (i == CLAIMS)
			return err_set(e, ERR_INPUT, "the claims \"%.40s\": expected none, or trigger, reason and "
						     "alternatives with commas between them", value);
		f->claims[i] = "as it says";
	}
	return 0;
}

int policy_facts_set(struct policy_facts *f, const char *key, const char *value, struct err *e)
{
	bool done;
	int i;

	if (set_runtime(&done, f, key, value, e) < 0)
		return -1;
	if (done)
		return 0;
	for (i = 0; i < PARTIES; i++)
		if (strcmp(key, party_word((enum party)i)) == 0) {
			f->run.party[i] = value;
			return 0;
		}
	if (strcmp(key, "action") == 0)
		return read_action(&f->action, value, e);
	if (strcmp(key, "category") == 0)
		f->category = value;
	else if (strcmp(key, "class") == 0)
		f->class = value;
	else if (strcmp(key, "flow") == 0)
		return read_flow(f, value, e);
	else if (strcmp(key, "scopes") == 0)
		return read_scopes(f, value, e);
	else if (strcmp(key, "claims") == 0)
		return read_claims(f, value, e);
	else if (strcmp(key, "time") == 0)
		return read_time(&f->wall_us, value, e);
	else if (strcmp(key, "resource") != 0)
		return err_set(
			e, ERR_INPUT,
			"there is no fact \"%.40s\"; expected action, agent, owner, tenant, "
			"department, environment, initiator, workspace, model, category, class, flow, scopes, claims, "
			"resource, time, taint, risk, calls, repeated, refusals or spent",
			key);
	if (strcmp(key, "resource") != 0)
		return 0;
	json_decref(f->resource);
	f->resource = json_string(value);
	return f->resource ? 0 : err_set(e, ERR_INPUT, "the resource: expected UTF-8");
}

void policy_facts_free(struct policy_facts *f)
{
	json_decref(f->resource);
	json_decref(f->scopes);
	*f = (struct policy_facts){ 0 };
}

void policy_facts_apply(struct action *a, const struct policy_facts *f)
{
	a->run = &f->run;
	a->runtime = &f->runtime;
	a->risk = f->risk_known ? &f->risk : NULL;
	if (f->action && a->kind == ACTION_TOOL_CALL)
		a->kind = f->action;
	a->category = f->category;
	a->class = f->class;
	a->flow = f->flow;
	a->flow_known = f->flow_known;
	a->wall_us = f->wall_us;
	a->resource = f->resource;
	memcpy(a->claims, f->claims, sizeof(a->claims));
	if (a->kind == ACTION_NET_CONNECT && !f->flow_known) {
		a->flow = FLOW_READS_UNTRUSTED | FLOW_SENDS_OUTSIDE;
		a->flow_known = true;
	}
}

bool policy_facts_connect(const struct policy_facts *f, const char *server)
{
	return f->action == ACTION_NET_CONNECT || (!f->action && strcmp(server, "net") == 0);
}

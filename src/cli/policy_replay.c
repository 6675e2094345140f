/*
 * First the records, then in one look all payloads that are kept of them, then each call judged again, in order. What
 * the records hold of a call is what it was judged by, but for its arguments; those are the payload's. What was read
 * before in a run is known by the records too; how often something was asked is not counted again.
 */
#include "cli/policy_replay.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "cli/ledger_lines.h"
#include "cli/policy_cases.h"
#include "cli/policy_facts.h"
#include "launcher/custodian.h"
#include "ledger/vault.h"

struct past {
	const struct replay *ask;
	json_t *calls, *runs, *args, *tainted;	/* owned; all but `calls` by number */
	uint64_t first, last;
	struct replayed sum;
};

enum { NUMBER = 24 };

static const char *key_of(char out[NUMBER], json_int_t n)
{
	snprintf(out, NUMBER, "%" PRId64, (int64_t)n);
	return out;
}

static json_int_t number_of(const json_t *record, const char *member)
{
	return json_integer_value(json_object_get(record, member));
}

static bool is_kind(const json_t *record, const char *kind)
{
	return strcmp(json_text(record, "kind"), kind) == 0;
}

/* What the policy decided, and not something before or after it. */
static bool is_policys(const json_t *record)
{
	static const char *const reasons[] = { "rule-allows", "rule-refuses", "no-rule",  "undecidable", "approved",
					       "denied",      "expired",      "no-reviewer", "no-claim" };
	const char *reason = json_text(record, "reason");
	size_t i;

	for (i = 0; i < count_of(reasons) && strcmp(reasons[i], reason) != 0; i++)
		;
	return i < count_of(reasons);
}

static void take_record(void *to, json_t *record)
{
	struct past *p = to;
	char key[NUMBER];
	bool call = is_kind(record, "intent") || is_kind(record, "refusal");

	if (is_kind(record, "run"))
		json_object_set(p->runs, key_of(key, number_of(record, "n")), record);
	if (!call && !is_kind(record, "held"))
		return;
	if (call)
		json_array_append(p->calls, record);
	if (!json_object_get(record, "commitment"))
		return;
	p->first = p->first ? p->first : (uint64_t)number_of(record, "n");
	p->last = (uint64_t)number_of(record, "n");
	json_object_set(p->args, key_of(key, number_of(record, "n")), json_object_get(record, "commitment"));
}

/* From the request as it was sent, if it is the one that the record committed to. */
static int take_payload(void *to, const struct revealed *one, struct err *e)
{
	struct past *p = to;
	struct err unread = { .kind = ERR_NONE };
	char key[NUMBER], found[BOX_COMMITMENT_TEXT] = "";
	scoped(json) json_t *doc = NULL;
	json_t *args;

	(void)e;
	key_of(key, (json_int_t)one->index);
	if (one->how == REVEALED_HERE)
		box_commitment(found, one->salt, one->bytes, one->size);
	if (one->how != REVEALED_HERE || strcmp(found, json_text(p->args, key)) != 0 ||
	    json_read_message(&doc, one->bytes, one->size, &unread) < 0)
		return 0;
	args = json_object_get(json_object_get(doc, "params"), "arguments");
	json_object_set_new(p->args, key, args ? json_incref(args) : json_object());
	return 0;
}

/* --- judging --- */

static int read_facts(struct policy_facts *f, const json_t *record, const json_t *run, struct err *e)
{
	static const char *const members[] = { "category", "class", "resource" };
	char when[20];
	size_t i;

	for (i = 0; i < PARTIES; i++)
		if (*json_text(run, party_word((enum party)i)))
			f->run.party[i] = json_text(run, party_word((enum party)i));
	f->run.scopes = json_object_get(run, "scopes");
	for (i = 0; i < count_of(members); i++)
		if (*json_text(record, members[i]) && policy_facts_set(f, members[i], json_text(record, members[i]), e) < 0)
			return -1;
	snprintf(when, sizeof(when), "%.16sZ", json_text(record, "time"));
	return policy_facts_set(f, "time", when, e);
}

static unsigned flow_of(const json_t *record, bool *known)
{
	const json_t *list = json_object_get(record, "flow");
	unsigned bit, flow = 0;
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		for (bit = 1; flow_word(bit); bit <<= 1)
			if (strcmp(flow_word(bit), json_string_value(json_array_get(list, i))) == 0)
				flow |= bit;
	*known = list || *json_text(record, "category");
	return flow;
}

/* "trigger what the agent said" */
static void read_claims(struct action *a, const json_t *record)
{
	const json_t *list = json_object_get(record, "claims");
	const char *text;
	size_t i, size;
	int c;

	for (i = 0; i < json_array_size(list); i++)
		for (c = 0; c < CLAIMS; c++) {
			text = json_string_value(json_array_get(list, i));
			size = strlen(claim_word((enum claim)c));
			if (strncmp(text, claim_word((enum claim)c), size) == 0 && text[size] == ' ')
				a->claims[c] = text + size + 1;
		}
}

static const char *word_of(enum verdict_kind k)
{
	return k == VERDICT_ALLOW ? "allow" : k == VERDICT_REVIEW ? "review" : "refuse";
}

static enum verdict_kind was(const json_t *record)
{
	static const char *const reviewed[] = { "approved", "denied", "expired" };
	size_t i;

	for (i = 0; i < count_of(reviewed); i++)
		if (strcmp(json_text(record, "reason"), reviewed[i]) == 0)
			return VERDICT_REVIEW;
	return is_kind(record, "intent") ? VERDICT_ALLOW : VERDICT_REFUSE;
}

static int tell(struct past *p, const json_t *record, const struct verdict *v, struct err *e)
{
	const char *before = word_of(was(record)), *now = word_of(v->kind), *rule = v->rule ? v->rule : reason_word(v->reason);
	scoped(buf) struct buf line = BUF(8192);
	scoped(json) json_t *one = NULL;

	if (!p->ask->json) {
		printf("%" PRId64 " %s/%s: was %s, now %s: %s\n", (int64_t)number_of(record, "n"), json_text(record, "server"),
		       json_text(record, "tool"), before, now, rule);
		return 0;
	}
	one = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s}", "record", number_of(record, "n"), "server",
			json_text(record, "server"), "tool", json_text(record, "tool"), "was", before, "now", now, "rule", rule);
	if (!one || !json_write(&line, one))
		return err_set(e, ERR_SYSTEM, "no memory");
	printf("%.*s\n", (int)line.size, line.data);
	return 0;
}

/* Arguments of its own, or of the held call that it was approved as; NULL: they are not known. */
static json_t *args_of(const struct past *p, const json_t *record)
{
	char key[NUMBER];
	json_t *own = json_object_get(p->args, key_of(key, number_of(record, "n")));

	if (!json_is_object(own))
		own = json_object_get(p->args, key_of(key, number_of(record, "held")));
	return json_is_object(own) ? own : NULL;
}

/* Asked of the kernel as it is today, where the run was; a folder that is gone says nothing of what was in it. */
static bool can_ask(const struct policy *p, struct action *a, int workspace)
{
	return policy_questions(p, a) && (a->fact_count == 0 || workspace >= 0);
}

static int judge(struct past *p, const json_t *record, const json_t *run, struct policy_facts *f, struct err *e)
{
	scoped(fd) int workspace = open(json_text(run, "workspace"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct action a = { .kind = ACTION_TOOL_CALL, .server = json_text(record, "server"), .tool = json_text(record, "tool"),
			    .args = args_of(p, record) };
	struct verdict v;

	f->flow = flow_of(record, &f->flow_known);
	policy_facts_apply(&a, f);
	read_claims(&a, record);
	if (!a.args || !can_ask(p->ask->policy, &a, workspace)) {
		p->sum.unknown++;
		return 0;
	}
	v = policy_judge(p->ask->policy, &a, workspace);
	if (v.reason == REASON_UNDECIDABLE && strcmp(json_text(record, "reason"), "undecidable") != 0)
		p->sum.unknown++;
	else if (v.kind == was(record))
		p->sum.same++;
	else {
		p->sum.changed++;
		return tell(p, record, &v, e);
	}
	return 0;
}

static unsigned tainted(const struct past *p, const json_t *record)
{
	char key[NUMBER];

	return (unsigned)json_integer_value(json_object_get(p->tainted, key_of(key, number_of(record, "run"))));
}

/* What a call may have brought, it may have brought before the next one. */
static void taint(struct past *p, const json_t *record)
{
	unsigned all = FLOW_READS_PRIVATE | FLOW_READS_UNTRUSTED, flow;
	char key[NUMBER];
	bool known;

	if (!is_kind(record, "intent"))
		return;
	flow = flow_of(record, &known);
	flow = tainted(p, record) | ((known ? flow : all) & all);
	json_object_set_new(p->tainted, key_of(key, number_of(record, "run")), json_integer(flow));
}

static int judge_all(struct past *p, struct err *e)
{
	char key[NUMBER];
	json_t *record, *run;
	size_t i;

	json_array_foreach(p->calls, i, record) {
		scoped(policy_facts) struct policy_facts f = { .runtime = { .taint_known = true } };

		f.runtime.taint = tainted(p, record);
		run = json_object_get(p->runs, key_of(key, number_of(record, "run")));
		if (strcmp(json_text(record, "action"), "tool.call") == 0 && is_policys(record) &&
		    (read_facts(&f, record, run, e) < 0 || judge(p, record, run, &f, e) < 0))
			return -1;
		taint(p, record);
	}
	return 0;
}

static int reveal(struct past *p, struct err *e)
{
	scoped(reviewer) struct reviewer *r = NULL;
	uint64_t access;

	if (!p->first)
		return 0;
	if (reviewer_join(&r, &p->ask->at, e) < 0)
		return -1;
	return custodian_reveal(&access, r, p->first, p->last, p->ask->why, take_payload, p, e);
}

int replay_ledger(struct replayed *out, const struct replay *r, struct err *e)
{
	struct past p = { .ask = r, .calls = json_array(), .runs = json_object(), .args = json_object(), .tainted = json_object() };
	int done = ledger_lines(r->at.ledger, r->run, take_record, &p, e);

	if (done == 0)
		done = reveal(&p, e) < 0 ? -1 : judge_all(&p, e);
	json_decref(p.calls);
	json_decref(p.runs);
	json_decref(p.args);
	json_decref(p.tainted);
	*out = p.sum;
	return done;
}

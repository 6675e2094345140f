/* The members of "when" that only a file of the layer runtime has: reeve-policy(5), RUNTIME. */
#include <stdlib.h>
#include <string.h>

#include "policy/read.h"

enum { DIGITS = 6 };

static const uint64_t SECOND = 1000000000, WEEK = UINT64_C(7) * 24 * 3600 * 1000000000;

static const struct json_member calls_members[] = {
	{ "of", JSON_STRING, JSON_MUST }, { "within", JSON_STRING, JSON_MAY },
	{ "above", JSON_INTEGER, JSON_MUST }, { "across", JSON_STRING, JSON_MAY }, { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member spent_members[] = {
	{ "of", JSON_STRING, JSON_MUST }, { "within", JSON_STRING, JSON_MAY }, { "above", JSON_REAL, JSON_MUST },
	{ "arg", JSON_STRING, JSON_MUST }, { "across", JSON_STRING, JSON_MAY }, { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member repeated_members[] = {
	{ "within", JSON_STRING, JSON_MAY }, { "above", JSON_INTEGER, JSON_MUST }, { "across", JSON_STRING, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member refusals_members[] = {
	{ "last", JSON_INTEGER, JSON_MUST }, { "above", JSON_REAL, JSON_MUST }, { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member *const members[METER_KINDS] = {
	[METER_CALLS] = calls_members, [METER_REPEATED] = repeated_members, [METER_REFUSALS] = refusals_members,
	[METER_SPENT] = spent_members,
};

bool read_span(uint64_t *ns, const char *text)
{
	static const struct {
		char unit;
		unsigned seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 24 * 3600 } };
	size_t digits = strspn(text, "0123456789"), i;

	*ns = 0;
	if (digits == 0 || digits > DIGITS || strlen(text) != digits + 1)
		return false;
	for (i = 0; i < count_of(units); i++)
		if (units[i].unit == text[digits])
			*ns = strtoul(text, NULL, 10) * units[i].seconds * SECOND;
	return *ns > 0 && *ns <= WEEK;
}

static int read_within(struct gauge *g, struct reading *r, struct err *e)
{
	const char *within = text_of(g->said, "within");

	if (within && !read_span(&g->meter.within_ns, within))
		return json_wrong(r->f, below(r, "within"), false, e,
				  "\"within\": expected a time such as \"60s\", \"5m\" or \"2h\", at most 7d");
	return 0;
}

static int read_across(struct gauge *g, struct reading *r, struct err *e)
{
	const char *across = text_of(g->said, "across");

	g->meter.across = across != NULL;
	if (across && strcmp(across, "runs") != 0)
		return json_wrong(r->f, below(r, "across"), false, e, "\"across\": expected runs, found \"%.40s\"", across);
	return 0;
}

/* Of everything: in one run "run", over all that an agent has "agent". */
static int read_of(struct gauge *g, struct reading *r, struct err *e)
{
	const char *const words[] = {
		[OF_RUN] = g->meter.across ? "agent" : "run", [OF_SERVER] = "server", [OF_CATEGORY] = "category",
		[OF_TOOL] = "tool",
	};
	const char *of = text_of(g->said, "of");
	size_t i;

	g->meter.of = OF_CALL;
	if (!of)
		return 0;
	for (i = 0; i < count_of(words) && strcmp(words[i], of) != 0; i++)
		;
	if (i == count_of(words))
		return json_wrong(r->f, below(r, "of"), false, e,
				  "\"of\": expected tool, category, server or %s%s, found \"%.40s\"", words[OF_RUN],
				  g->meter.across ? " (across runs)" : "", of);
	g->meter.of = (enum meter_of)i;
	return 0;
}

/* What has come within a time is kept one by one in a run, so how many can be told apart has an end. */
static int read_count(struct gauge *g, struct reading *r, struct err *e)
{
	json_int_t above = json_integer_value(json_object_get(g->said, "above"));

	if (above < 0 || (g->meter.within_ns && !g->meter.across && above >= METER_STAMPS))
		return json_wrong(r->f, below(r, "above"), false, e,
				  "\"above\": expected a whole number of 0 or more; within a time of one run below %d",
				  METER_STAMPS);
	g->above = (double)above;
	g->meter.most = g->meter.within_ns && !g->meter.across ? (unsigned)above : 0;
	return 0;
}

static int read_share(struct gauge *g, struct reading *r, struct err *e)
{
	json_int_t last = json_integer_value(json_object_get(g->said, "last"));

	g->above = json_number_value(json_object_get(g->said, "above"));
	if (last < 1 || last > METER_STAMPS)
		return json_wrong(r->f, below(r, "last"), false, e,
				  "\"last\": expected how many calls to look back, 1 to %d", METER_STAMPS);
	if (g->above < 0 || g->above >= 1)
		return json_wrong(r->f, below(r, "above"), false, e,
				  "\"above\": expected a share such as 0.5: from 0 and below 1");
	g->meter.last = (unsigned)last;
	g->meter.of = OF_RUN;
	return 0;
}

static int read_members(struct gauge *g, struct reading *r, enum meter_kind k, struct err *e)
{
	if (k == METER_REFUSALS)
		return read_share(g, r, e);
	if (read_across(g, r, e) < 0 || read_of(g, r, e) < 0 || read_within(g, r, e) < 0)
		return -1;
	return k == METER_SPENT ? read_spent(g, r, e) : read_count(g, r, e);
}

static int read_gauge(struct so_far *s, struct reading *r, const json_t *when, enum meter_kind k, struct err *e)
{
	struct gauge *g = &s->gauges[k];
	size_t start = r->at.size;

	g->said = json_object_get(when, gauge_word(k));
	g->meter.kind = k;
	if (!g->said)
		return 0;
	if (json_members(r->f, below(r, gauge_word(k)), members[k], e) < 0 || read_members(g, r, k, e) < 0)
		return -1;
	back(r, start);
	return 0;
}

static unsigned taint_bit(const char *word)
{
	unsigned bit;

	for (bit = 1; taint_word(bit); bit <<= 1)
		if (word && strcmp(taint_word(bit), word) == 0)
			return bit;
	return 0;
}

/* All of them, not one of them: unlike names. */
static int read_taint(struct so_far *s, struct reading *r, struct err *e)
{
	bool good = json_is_string(s->taint) || json_array_size(s->taint) > 0;
	unsigned bit;
	size_t i;

	for (i = 0; good && i < names_count(s->taint); i++) {
		bit = taint_bit(names_at(s->taint, i));
		good = bit && !(s->taints & bit);
		s->taints |= bit;
	}
	return good ? 0 : json_wrong(r->f, below(r, "taint"), false, e,
				     "\"taint\": expected private, untrusted, or an array of both: all of them have been read");
}

int read_so_far(struct rule *rule, struct reading *r, const json_t *when, struct err *e)
{
	static const char *const words[] = { "calls", "repeated", "refusals", "spent", "taint" };
	const char *asks = NULL;
	struct so_far *s;
	size_t i;
	int k;

	for (i = 0; i < count_of(words) && !asks; i++)
		asks = json_object_get(when, words[i]) ? words[i] : NULL;
	if (!asks && !json_object_get(when, "risk"))
		return 0;
	if (asks && rule->file->layer != POLICY_RUNTIME)
		return json_wrong(r->f, below(r, asks), true, e,
				  "\"%s\" is for files of the layer \"runtime\"; write the rule into one of those", asks);
	s = rule->so_far = calloc(1, sizeof(*s));
	if (!s)
		return err_sys(e, "memory for a rule");
	for (k = 0; k < METER_KINDS; k++)
		if (read_gauge(s, r, when, (enum meter_kind)k, e) < 0)
			return -1;
	s->taint = json_object_get(when, "taint");
	return s->taint && read_taint(s, r, e) < 0 ? -1 : read_risk(s, r, when, e);
}

/* Whose word a rule asks for: reeve-policy(5), "Members of review". */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/read.h"

enum { DIGITS = 6, NAME_MOST = 127, NAMES_MOST = 32, PEOPLE_MOST = 16, WAIT = 45 };

static const struct json_member review_members[] = {
	{ "by", JSON_NULL, JSON_MUST },      { "count", JSON_INTEGER, JSON_MAY },
	{ "within", JSON_STRING, JSON_MUST }, { "wait", JSON_STRING, JSON_MAY },
	{ "then", JSON_ARRAY, JSON_MAY },    { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member step_members[] = {
	{ "by", JSON_ARRAY, JSON_MUST }, { "after", JSON_STRING, JSON_MUST }, { NULL, JSON_NULL, JSON_MAY },
};

/* "45s", "15m", "1h", "7d", and no more than a call may be held at all. */
static bool read_seconds(unsigned *out, const char *text)
{
	static const struct {
		char unit;
		unsigned seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t digits = strspn(text, "0123456789"), i;
	unsigned long seconds = 0;

	if (digits == 0 || digits > DIGITS || strlen(text) != digits + 1)
		return false;
	for (i = 0; i < count_of(units); i++)
		if (units[i].unit == text[digits])
			seconds = strtoul(text, NULL, 10) * units[i].seconds;
	*out = (unsigned)seconds;
	return seconds > 0 && seconds <= REVIEW_WITHIN;
}

static int read_time(unsigned *out, struct reading *r, const json_t *object, const char *key, struct err *e)
{
	if (read_seconds(out, text_of(object, key)))
		return 0;
	return json_wrong(r->f, below(r, key), false, e,
			  "\"%s\": expected a time such as \"45s\", \"15m\", \"1h\" or \"7d\", at most 7d", key);
}

/* As it stands in lists whose items are divided by blanks, and in what reviewers sign. */
static bool name_fits(const json_t *value)
{
	const char *text = json_string_value(value), *at;

	for (at = text; at && *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f || *at == '"' || *at == ',')
			return false;
	return text && *text && strlen(text) <= NAME_MOST && text_is_plain(text, strlen(text));
}

static bool among(const json_t *names, size_t count, const json_t *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(json_string_value(json_array_get(names, i)), json_string_value(name)) == 0)
			return true;
	return false;
}

static int read_people(const json_t **out, struct reading *r, const json_t *by, struct err *e)
{
	size_t start = r->at.size, size, i;

	below(r, "by");
	if (json_array_size(by) == 0 || json_array_size(by) > NAMES_MOST)
		return json_wrong(r->f, here(r), false, e,
				  "\"by\": expected who may approve: an array of 1 to %d reviewers and groups",
				  NAMES_MOST);
	size = r->at.size;
	for (i = 0; i < json_array_size(by); i++) {
		below_item(r, i);
		if (!name_fits(json_array_get(by, i)))
			return json_wrong(r->f, here(r), false, e,
					  "expected a reviewer or group: at most %d bytes without blanks, \",\" or "
					  "anything that is not seen",
					  NAME_MOST);
		if (among(by, i, json_array_get(by, i)))
			return json_wrong(r->f, here(r), false, e, "expected each reviewer once, found \"%s\" again",
					  json_string_value(json_array_get(by, i)));
		back(r, size);
	}
	back(r, start);
	*out = by;
	return 0;
}

static bool is_count(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= 1 && json_integer_value(value) <= PEOPLE_MOST;
}

/* Whom to ask first: a list of whom so many must approve, or how many of anyone. */
static int read_by(struct review_need *n, struct reading *r, const json_t *review, struct err *e)
{
	const json_t *by = json_object_get(review, "by"), *count = json_object_get(review, "count");

	n->step_count = 1;
	n->count = 1;
	if (count && !is_count(count))
		return json_wrong(r->f, below(r, "count"), false, e,
				  "\"count\": expected how many people, 1 to %d", PEOPLE_MOST);
	if (json_is_array(by)) {
		n->count = count ? (unsigned)json_integer_value(count) : 1;
		return read_people(&n->steps[0].by, r, by, e);
	}
	if (!is_count(by))
		return json_wrong(r->f, below(r, "by"), false, e,
				  "\"by\": expected an array of reviewers and groups, or how many of all reviewers "
				  "(1 to %d)",
				  PEOPLE_MOST);
	n->count = (unsigned)json_integer_value(by);
	return !count ? 0 : json_wrong(r->f, below(r, "count"), true, e,
				       "\"count\": \"by\" is how many already; leave one of them out");
}

static int read_times(struct review_need *n, struct reading *r, const json_t *review, struct err *e)
{
	if (read_time(&n->within_s, r, review, "within", e) < 0)
		return -1;
	n->wait_s = n->within_s < WAIT ? n->within_s : WAIT;
	if (!json_object_get(review, "wait"))
		return 0;
	if (read_time(&n->wait_s, r, review, "wait", e) < 0)
		return -1;
	return n->wait_s <= n->within_s ? 0 : json_wrong(r->f, below(r, "wait"), false, e,
							 "\"wait\": expected no more than \"within\"");
}

static int read_step(struct review_need *n, struct reading *r, const json_t *object, struct err *e)
{
	struct review_step *s = &n->steps[n->step_count];

	if (json_members(r->f, here(r), step_members, e) < 0 ||
	    read_people(&s->by, r, json_object_get(object, "by"), e) < 0 ||
	    read_time(&s->after_s, r, object, "after", e) < 0)
		return -1;
	if (s->after_s <= s[-1].after_s)
		return json_wrong(r->f, below(r, "after"), false, e,
				  "\"after\": expected more than in the step before: they come one after the other");
	if (s->after_s >= n->within_s)
		return json_wrong(r->f, below(r, "after"), false, e,
				  "\"after\": expected less than \"within\": then it is refused already");
	n->step_count++;
	return 0;
}

static int read_steps(struct review_need *n, struct reading *r, const json_t *then, struct err *e)
{
	size_t start = r->at.size, size, i;

	if (!then)
		return 0;
	below(r, "then");
	if (!n->steps[0].by)
		return json_wrong(r->f, here(r), true, e,
				  "\"then\": \"by\" is a number, so all reviewers are asked from the start; name who "
				  "is asked first");
	if (json_array_size(then) == 0 || json_array_size(then) >= REVIEW_STEPS)
		return json_wrong(r->f, here(r), false, e,
				  "\"then\": expected 1 to %d steps such as { \"by\": [\"cfo\"], \"after\": \"10m\" }",
				  REVIEW_STEPS - 1);
	size = r->at.size;
	for (i = 0; i < json_array_size(then); i++) {
		below_item(r, i);
		if (read_step(n, r, json_array_get(then, i), e) < 0)
			return -1;
		back(r, size);
	}
	back(r, start);
	return 0;
}

/* What has an @ is a person and no group. */
static bool all_people(const struct review_need *n, size_t *people)
{
	size_t s, i, before;
	const json_t *name;
	bool again;

	*people = 0;
	for (s = 0; s < n->step_count; s++)
		for (i = 0; i < json_array_size(n->steps[s].by); i++) {
			name = json_array_get(n->steps[s].by, i);
			if (!strchr(json_string_value(name), '@'))
				return false;
			for (before = 0, again = false; before < s; before++)
				again = again || among(n->steps[before].by, json_array_size(n->steps[before].by), name);
			*people += !again;
		}
	return n->steps[0].by != NULL;
}

static int check_count(const struct review_need *n, struct reading *r, struct err *e)
{
	size_t people;

	if (!all_people(n, &people) || n->count <= people)
		return 0;
	return json_wrong(r->f, below(r, "count"), false, e,
			  "\"count\": %u different people must approve, and no more than %zu are named", n->count,
			  people);
}

/* Only what can be held still may wait for a person: the agent's own calls, not what is under way. */
static int check_actions(const struct rule *rule, struct reading *r, struct err *e)
{
	size_t start = r->at.size;

	if (rule_speaks(rule, ACTION_NET_CONNECT))
		return json_wrong(r->f, below(r, "when"), false, e,
				  "a connection cannot wait for a person: only tool.call, resource.read and prompt.get "
				  "can; refuse it, or say in \"action\" which of those");
	below(r, "when");
	if (rule->actions & ~(unsigned)ACTIONS_ASKED)
		return json_wrong(r->f, below(r, "action"), false, e,
				  "\"action\": only tool.call, resource.read and prompt.get can wait for a person; "
				  "name those");
	back(r, start);
	return 0;
}

int read_review(struct rule *rule, struct reading *r, const json_t *object, struct err *e)
{
	const json_t *review = json_object_get(object, "review");
	struct review_need *n = rule->review;
	size_t start = r->at.size;

	if (!n)
		return !review ? 0 : json_wrong(r->f, below(r, "review"), true, e,
						"\"review\" goes with \"then\": \"review\" alone");
	if (!review)
		return json_wrong(r->f, below(r, "then"), false, e,
				  "\"review\": expected beside it who is asked, such as "
				  "\"review\": { \"by\": [\"alice@example.com\"], \"within\": \"15m\" }");
	if (check_actions(rule, r, e) < 0)
		return -1;
	below(r, "review");
	if (json_members(r->f, here(r), review_members, e) < 0 || read_by(n, r, review, e) < 0 ||
	    read_times(n, r, review, e) < 0 || read_steps(n, r, json_object_get(review, "then"), e) < 0 ||
	    check_count(n, r, e) < 0)
		return -1;
	back(r, start);
	return 0;
}

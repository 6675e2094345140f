/* What a rule wants the agent to say of its reasons. That it is said is checked, not that it is true. */
#include <string.h>

#include "base/text.h"
#include "policy/read.h"

static unsigned claim_bit(const char *word)
{
	unsigned i;

	for (i = 0; word && i < CLAIMS; i++)
		if (strcmp(claim_word((enum claim)i), word) == 0)
			return 1U << i;
	return 0;
}

static bool read_bits(unsigned *out, const json_t *list)
{
	bool good = json_is_array(list) && json_array_size(list) > 0;
	unsigned bit;
	size_t i;

	for (i = 0; good && i < json_array_size(list); i++) {
		bit = claim_bit(json_string_value(json_array_get(list, i)));
		good = bit && !(*out & bit);
		*out |= bit;
	}
	return good;
}

/* What a tool server asks, and a connection, come with no _meta of the agent: it would be refused always. */
int read_requires(struct rule *rule, struct reading *r, const json_t *object, struct err *e)
{
	const json_t *list = json_object_get(object, "requires");

	if (!list)
		return 0;
	if (rule->refuse)
		return json_wrong(r->f, below(r, "requires"), true, e,
				  "\"requires\": what is refused needs no reasons; leave it out");
	if (!read_bits(&rule->requires, list))
		return json_wrong(r->f, below(r, "requires"), false, e,
				  "\"requires\": expected an array of trigger, reason, alternatives, each at most once");
	if (rule->actions & ~(unsigned)ACTIONS_ASKED)
		return json_wrong(r->f, below(r, "requires"), true, e,
				  "\"requires\": only of tool.call, resource.read and prompt.get does the agent give "
				  "reasons; name those in \"action\"");
	return 0;
}

static bool is_said(const char *text)
{
	return text && text[strspn(text, " \t\r\n")] != '\0';
}

unsigned claims_missing(const struct rule *r, const struct action *a)
{
	unsigned missing = 0, i;

	for (i = 0; r->requires >> i; i++)
		if ((r->requires >> i & 1) && !is_said(a->claims[i]))
			missing |= 1U << i;
	return missing;
}

#define SEND(members) "say why, and ask again: send " members " in _meta of the request"
#define TRIGGER "\"reeve/trigger\" (what set it off)"
#define REASON "\"reeve/reason\" (why it is needed)"
#define ALTERNATIVES "\"reeve/alternatives\" (what else was considered)"

/* Written out, because a verdict borrows its sentence and nothing is allocated for it. */
const char *claims_wanted(unsigned missing)
{
	static const char *const sentences[1 << CLAIMS] = {
		"",
		SEND(TRIGGER),
		SEND(REASON),
		SEND(TRIGGER " and " REASON),
		SEND(ALTERNATIVES),
		SEND(TRIGGER " and " ALTERNATIVES),
		SEND(REASON " and " ALTERNATIVES),
		SEND(TRIGGER ", " REASON " and " ALTERNATIVES),
	};

	must(missing < count_of(sentences));
	return sentences[missing];
}

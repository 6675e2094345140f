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
	};

	must(k < count_of(words));
	return words[k];
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

/* Alerts of a file of the layer runtime: reeve-policy(5), ALERTS. "of" is read as the "when" of a rule that refuses. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/read.h"

enum { MOST = 1000000 };

static const struct json_member alert_members[] = {
	{ "id", JSON_STRING, JSON_MUST },  { "when", JSON_OBJECT, JSON_MUST }, { "of", JSON_OBJECT, JSON_MAY },
	{ "quiet", JSON_STRING, JSON_MAY }, { "why", JSON_STRING, JSON_MAY },  { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member rate_members[] = {
	{ "within", JSON_STRING, JSON_MUST }, { "above", JSON_INTEGER, JSON_MUST },
	{ "across", JSON_STRING, JSON_MAY },  { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member refused_members[] = {
	{ "within", JSON_STRING, JSON_MUST }, { "above", JSON_INTEGER, JSON_MAY }, { "share", JSON_REAL, JSON_MAY },
	{ "least", JSON_INTEGER, JSON_MAY },  { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member duplicates_members[] = {
	{ "within", JSON_STRING, JSON_MUST }, { "above", JSON_INTEGER, JSON_MUST }, { NULL, JSON_NULL, JSON_MAY },
};

static int read_time(uint64_t *ns, struct reading *r, const json_t *object, const char *member, struct err *e)
{
	const char *text = text_of(object, member);

	if (text && !read_span(ns, text))
		return json_wrong(r->f, below(r, member), false, e,
				  "\"%s\": expected a time such as \"60s\", \"5m\" or \"2h\", at most 7d", member);
	return 0;
}

static int read_number(unsigned *out, struct reading *r, const json_t *object, const char *member, json_int_t from,
		       json_int_t to, struct err *e)
{
	json_int_t number = json_integer_value(json_object_get(object, member));

	if (number < from || number > to)
		return json_wrong(r->f, below(r, member), false, e, "\"%s\": expected a whole number from %d to %d", member,
				  (int)from, (int)to);
	*out = (unsigned)number;
	return 0;
}

static int read_rate(struct alert *a, struct reading *r, const json_t *when, struct err *e)
{
	const json_t *value = json_object_get(when, "rate");
	const char *across = text_of(value, "across");

	if (json_members(r->f, below(r, "rate"), rate_members, e) < 0)
		return -1;
	if (across && strcmp(across, "runs") != 0)
		return json_wrong(r->f, below(r, "across"), false, e, "\"across\": expected runs, found \"%.40s\"", across);
	a->across = across != NULL;
	return read_time(&a->within_ns, r, value, "within", e) < 0 ? -1
	       : read_number(&a->above, r, value, "above", 0, MOST, e);
}

/* So many, or such a share of so many at least: a few refusals among few calls are no news. */
static int read_refused(struct alert *a, struct reading *r, const json_t *when, struct err *e)
{
	const json_t *value = json_object_get(when, "refused"), *share = json_object_get(value, "share"),
		     *least = json_object_get(value, "least");

	if (json_members(r->f, below(r, "refused"), refused_members, e) < 0)
		return -1;
	if (!share != !least || !share == !json_object_get(value, "above"))
		return json_wrong(r->f, here(r), false, e, "\"refused\": expected \"above\", or \"share\" and \"least\"");
	if (read_time(&a->within_ns, r, value, "within", e) < 0)
		return -1;
	if (!share)
		return read_number(&a->above, r, value, "above", 0, MOST, e);
	a->share = json_number_value(share);
	a->has_share = true;
	if (a->share < 0 || a->share >= 1)
		return json_wrong(r->f, below(r, "share"), false, e,
				  "\"share\": expected a share such as 0.5: from 0 and below 1");
	return read_number(&a->least, r, value, "least", 1, MOST, e);
}

/* They are held against each other one by one, so how many can be told has an end. */
static int read_duplicates(struct alert *a, struct reading *r, const json_t *when, struct err *e)
{
	const json_t *value = json_object_get(when, "duplicates");

	if (json_members(r->f, below(r, "duplicates"), duplicates_members, e) < 0 ||
	    read_time(&a->within_ns, r, value, "within", e) < 0)
		return -1;
	return read_number(&a->above, r, value, "above", 1, ALERT_CALLS / 4, e);
}

static int read_in_hours(struct alert *a, struct reading *r, const json_t *when, struct err *e)
{
	return read_hours(&a->hours, r, json_object_get(when, "hours"), "hours", e);
}

static int read_first(struct alert *a, struct reading *r, const json_t *when, struct err *e)
{
	const char *first = text_of(when, "first");

	(void)a;
	if (!first || strcmp(first, "tool") != 0)
		return json_wrong(r->f, below(r, "first"), false, e, "\"first\": expected \"tool\"");
	return 0;
}

static int read_guard(struct alert *a, struct reading *r, const json_t *when, struct err *e)
{
	return read_names(&a->guards, r, when, "guard", NAMES_WORDS, e);
}

static const struct {
	const char *word;
	json_type type;
	int (*read)(struct alert *a, struct reading *r, const json_t *when, struct err *e);
} kinds[ALERT_KINDS] = {
	[ALERT_RATE] = { "rate", JSON_OBJECT, read_rate },
	[ALERT_REFUSED] = { "refused", JSON_OBJECT, read_refused },
	[ALERT_DUPLICATES] = { "duplicates", JSON_OBJECT, read_duplicates },
	[ALERT_HOURS] = { "hours", JSON_OBJECT, read_in_hours },
	[ALERT_FIRST] = { "first", JSON_NULL, read_first },
	[ALERT_GUARD] = { "guard", JSON_NULL, read_guard },
};

static int read_condition(struct alert *a, struct reading *r, const json_t *when, struct err *e)
{
	struct json_member table[ALERT_KINDS + 1] = { 0 };
	size_t start = r->at.size;
	int k;

	for (k = 0; k < ALERT_KINDS; k++) {
		table[k] = (struct json_member){ kinds[k].word, kinds[k].type, JSON_MAY };
		if (json_object_get(when, kinds[k].word))
			a->kind = (enum alert_kind)k;
	}
	if (json_members(r->f, below(r, "when"), table, e) < 0)
		return -1;
	if (json_object_size(when) != 1)
		return json_wrong(r->f, here(r), false, e,
				  "\"when\": expected one of rate, refused, duplicates, hours, first and guard");
	if (kinds[a->kind].read(a, r, when, e) < 0)
		return -1;
	back(r, start);
	return 0;
}

/* Which calls: all that a rule may say, but what would have to be counted or asked of the kernel for its sake. */
static int read_of(struct alert *a, struct reading *r, const json_t *object, struct err *e)
{
	size_t start = r->at.size;
	int k;

	a->of = calloc(1, sizeof(*a->of));
	if (!a->of)
		return err_sys(e, "memory for an alert");
	a->of->file = r->to;
	a->of->refuse = true;
	if (read_when(a->of, r, object, "of", e) < 0)
		return -1;
	if (a->of->asks_kernel)
		return json_wrong(r->f, below(r, "of"), true, e, "\"of\": an alert cannot ask where a path lies (\"under\")");
	for (k = 0; a->of->so_far && k < METER_KINDS; k++)
		if (a->of->so_far->gauges[k].said)
			return json_wrong(r->f, below(r, "of"), true, e,
					  "\"of\": \"%s\" is for rules; what an alert counts stands in its \"when\"",
					  gauge_word((enum meter_kind)k));
	back(r, start);
	return 0;
}

static int name_alert(struct alert *a, const char *file, const char *id, struct err *e)
{
	size_t size = strlen(file) + strlen(id) + 2;
	struct buf name = BUF(size);

	if (!buf_printf(&name, "%s:%s", file, id) || !buf_text(&name)) {
		buf_free(&name);
		return err_sys(e, "memory for an alert");
	}
	must(name.data);
	a->name = name.data;
	return 0;
}

static bool is_twice(const struct alert *alerts, size_t count)
{
	size_t i;

	must(alerts[count].name);	/* it was read a moment ago */
	for (i = 0; i < count; i++)
		if (strcmp(alerts[i].name, alerts[count].name) == 0)
			return true;
	return false;
}

static int read_alert(struct alert *a, struct reading *r, const json_t *object, struct err *e)
{
	const char *id = text_of(object, "id"), *why = text_of(object, "why");

	if (json_members(r->f, here(r), alert_members, e) < 0)
		return -1;
	if (!text_is_name(id))
		return json_wrong(r->f, below(r, "id"), false, e,
				  "\"id\": expected a-z, 0-9, \"_\", \".\", \"-\", at most 63 and beginning with a letter or digit");
	if (why && !*why)
		return json_wrong(r->f, below(r, "why"), false, e, "\"why\": expected a sentence, found none");
	a->why = why;
	a->quiet_ns = UINT64_C(600) * 1000000000;
	if (read_time(&a->quiet_ns, r, object, "quiet", e) < 0 || read_of(a, r, object, e) < 0 ||
	    read_condition(a, r, json_object_get(object, "when"), e) < 0)
		return -1;
	return name_alert(a, r->to->name, id, e);
}

int alerts_read(struct alert **to, size_t *count, struct reading *r, struct err *e)
{
	const json_t *array = json_object_get(r->f->root, "alerts");
	size_t i, all = json_array_size(array);

	back(r, 0);
	if (array && r->to->layer != POLICY_RUNTIME)
		return json_wrong(r->f, below(r, "alerts"), true, e,
				  "\"alerts\" are for files of the layer \"runtime\"; write them into one of those");
	if (all > ALERTS)
		return json_wrong(r->f, below(r, "alerts"), true, e, "\"alerts\": at most %d", ALERTS);
	*to = calloc(all + 1, sizeof(**to));
	if (!*to)
		return err_sys(e, "memory for alerts");
	for (i = 0; i < all; i++) {
		back(r, 0);
		below(r, "alerts");
		below_item(r, i);
		*count = i + 1;
		if (read_alert(&(*to)[i], r, json_array_get(array, i), e) < 0)
			return -1;
		if (is_twice(*to, i))
			return json_wrong(r->f, below(r, "id"), false, e, "expected an id of its own, found \"%s\" again",
					  text_of(json_array_get(array, i), "id"));
	}
	return 0;
}

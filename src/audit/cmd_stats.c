/* What a ledger adds up to: how much was asked and refused, by what, how often the same, and which controls worked. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/tally.h"

enum tallies { BY_AGENT, BY_OWNER, BY_TOOL, BY_REFUSAL, BY_RULE, BY_GUARD, BY_CONTROL, BY_STATUS, BY_ALERT, REPEATED, TALLIES };

struct stats {
	struct tally of[TALLIES];
	struct stats_review review;
	uint64_t calls, refused, runs, records, us;
	char first[ASK_TIME], last[ASK_TIME];
};

/* "SERVER/TOOL", or what else was asked. */
static size_t what_of(char out[TALLY_KEY], const struct joined *j)
{
	const struct field_value *server = joined_value(j, FIELD_SERVER), *tool = joined_value(j, FIELD_TOOL),
				 *action = joined_value(j, FIELD_ACTION);
	int size;

	if (server->set && tool->set)
		size = snprintf(out, TALLY_KEY, "%.*s/%.*s", (int)server->size, server->text, (int)tool->size, tool->text);
	else
		size = snprintf(out, TALLY_KEY, "%.*s", action->set ? (int)action->size : 0, action->set ? action->text : "");
	return size < 0 ? 0 : size < TALLY_KEY ? (size_t)size : TALLY_KEY - 1;
}

static int add_refusal(struct stats *s, const struct joined *j, const char *what, struct err *e)
{
	const struct field_value *resource = joined_value(j, FIELD_RESOURCE), *agent = joined_value(j, FIELD_AGENT);
	char key[TALLY_KEY];
	int size;

	s->refused++;
	size = snprintf(key, sizeof(key), "%.*s: %s %.*s", agent->set ? (int)agent->size : 0, agent->set ? agent->text : "",
			what, resource->set ? (int)resource->size : 0, resource->set ? resource->text : "");
	if (tally_add(&s->of[REPEATED], key, size < TALLY_KEY ? (size_t)size : TALLY_KEY - 1, e) < 0)
		return -1;
	return tally_field(&s->of[BY_REFUSAL], j, FIELD_REASON, e) < 0 || tally_field(&s->of[BY_GUARD], j, FIELD_GUARD, e) < 0 ? -1 : 0;
}

static int take_record(void *of, const struct joined *j, struct err *e)
{
	struct stats *s = of;
	char what[TALLY_KEY];
	size_t size;

	s->records++;
	memcpy(s->last, time_seen(j->own), ASK_TIME - 1);
	if (!s->first[0])
		memcpy(s->first, s->last, ASK_TIME - 1);
	s->runs += j->own->kind == RECORD_RUN;
	if (stats_review_take(&s->review, j, e) < 0)
		return -1;
	if (tally_field(&s->of[BY_ALERT], j, FIELD_ALERT, e) < 0)
		return -1;
	if (!joined_verdict(j)[0] || j->own->kind == RECORD_HELD) /* that is a call once it has been decided */
		return 0;
	s->calls++;
	size = what_of(what, j);
	if (tally_field(&s->of[BY_AGENT], j, FIELD_AGENT, e) < 0 || tally_field(&s->of[BY_OWNER], j, FIELD_OWNER, e) < 0 ||
	    tally_add(&s->of[BY_TOOL], what, size, e) < 0 || tally_field(&s->of[BY_RULE], j, FIELD_RULE, e) < 0 ||
	    tally_field(&s->of[BY_CONTROL], j, FIELD_CONTROLS, e) < 0 || tally_field(&s->of[BY_STATUS], j, FIELD_STATUS, e) < 0)
		return -1;
	return j->own->kind == RECORD_REFUSAL ? add_refusal(s, j, what, e) : 0;
}

static void tell(const struct stats *s)
{
	scoped(buf) struct buf out = BUF(1 << 20);
	size_t i;

	buf_printf(&out, "calls %" PRIu64 ", refused %" PRIu64 ", runs %" PRIu64 "\nfrom  %s\nto    %s\n", s->calls,
		   s->refused, s->runs, s->first[0] ? s->first : "-", s->last[0] ? s->last : "-");
	for (i = 0; i < TALLIES; i++)
		tally_tell(&out, &s->of[i], i == REPEATED ? 2 : 1);
	for (i = 0; i < REVIEW_TALLIES; i++)
		tally_tell(&out, &s->review.of[i], 1);
	fwrite(out.data, 1, out.size, stdout);
	fflush(stdout);
}

static int tell_json(const struct stats *s, struct err *e)
{
	scoped(json) json_t *all = json_pack("{s:I, s:I, s:I, s:s, s:s}", "calls", (json_int_t)s->calls, "refused",
					     (json_int_t)s->refused, "runs", (json_int_t)s->runs, "from", s->first, "to", s->last);
	scoped(buf) struct buf out = BUF(64 << 20);
	size_t i;

	for (i = 0; i < TALLIES; i++)
		json_object_set_new(all, s->of[i].title, tally_json(&s->of[i]));
	for (i = 0; i < REVIEW_TALLIES; i++)
		json_object_set_new(all, s->review.of[i].title, tally_json(&s->review.of[i]));
	if (!json_write(&out, all))
		return err_set(e, ERR_LIMIT, "too much to count: narrow it by --where, --from and --to");
	printf("%.*s\n", (int)out.size, out.data);
	fflush(stdout);
	return 0;
}

static int begin(struct stats *s, struct err *e)
{
	static const char *const titles[TALLIES] = {
		[BY_AGENT] = "agent",	[BY_OWNER] = "accountable", [BY_TOOL] = "tool",	      [BY_REFUSAL] = "refused because",
		[BY_RULE] = "rule",	[BY_GUARD] = "guard",	    [BY_CONTROL] = "control", [BY_STATUS] = "status",
		[BY_ALERT] = "alert",	[REPEATED] = "refused again and again",
	};
	size_t i;

	for (i = 0; i < TALLIES; i++)
		if (tally_begin(&s->of[i], titles[i], e) < 0)
			return -1;
	return stats_review_begin(&s->review, e);
}

static void end(struct stats *s)
{
	size_t i;

	for (i = 0; i < TALLIES; i++)
		tally_free(&s->of[i]);
	stats_review_free(&s->review);
}

static int count(struct stats *s, const char *ledger, const struct options *o, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	struct question q;
	char how[512];
	int status;
	size_t i;

	if (question_read(&q, o, e) < 0)
		return EXIT_USAGE;
	status = asked_begin(&a, how, ledger, o, e);
	if (status != 0)
		return status;
	if (begin(s, e) < 0 || asked_each(a, &q, take_record, s, e) < 0 || stats_review_end(&s->review, e) < 0)
		return -1;
	for (i = 0; i < TALLIES; i++)
		tally_sort(&s->of[i]);
	if (o->json && tell_json(s, e) < 0)
		return -1;
	if (!o->json)
		tell(s);
	asked_say(a, how, "%s", "");
	return 0;
}

int cmd_stats(const char *ledger, const struct options *o, struct err *e)
{
	struct stats s = { .calls = 0 };
	int status = count(&s, ledger, o, e);

	end(&s);
	return status;
}

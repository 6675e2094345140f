/* query, did, absent: the same question, told in three ways. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/ask.h"
#include "base/text.h"

static enum form form_of(const struct options *o)
{
	return o->json ? FORM_JSON : o->csv ? FORM_CSV : FORM_TABLE;
}

/* On stderr, so that what is piped on stays data. */
static void say_how(const char *how, uint64_t told)
{
	char count[32];

	count_text(count, told);
	fprintf(stderr, "reeve-audit: %s %s; %s\n", count, told == 1 ? "record" : "records", how);
}

static int tell(uint64_t *told, const char *ledger, const struct options *o, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	struct rows r = { .form = form_of(o) };
	struct options its = *o;
	struct question q;
	char how[512];
	int status;

	if (question_read(&q, o, e) < 0)
		return EXIT_USAGE;
	its.no_index = o->no_index || o->follow;	/* it is of what was there when it began */
	status = asked_begin(&a, how, ledger, &its, e);
	if (status != 0)
		return status;
	rows_head(&r);
	status = asked_each(a, &q, rows_one, &r, e);
	q.kinds = q.kinds || o->follow;	/* an outcome that comes later comes by itself */
	if (status == 0 && o->follow)
		status = rows_follow(&r, &q, a, e);
	rows_end(&r);
	*told = r.told;
	asked_passed(how, a);
	if (status == 0)
		say_how(how, r.told);
	return status;
}

int cmd_query(const char *ledger, const struct options *o, struct err *e)
{
	uint64_t told;

	return tell(&told, ledger, o, e);
}

int cmd_did(const char *ledger, const struct options *o, struct err *e)
{
	struct options its = *o;
	char agent[128];
	uint64_t told;

	if (its.where_count == count_of(its.where) || snprintf(agent, sizeof(agent), "agent=%s", o->second) >= (int)sizeof(agent)) {
		err_set(e, ERR_INPUT, "did: too long a name, or too many --where");
		return EXIT_USAGE;
	}
	its.where[its.where_count++] = agent;
	return tell(&told, ledger, &its, e);
}

/* Found: exit 1. A negative is worth nothing unless what it is about is proved. */
int cmd_absent(const char *ledger, const struct options *o, struct err *e)
{
	struct options its = *o;
	uint64_t told = 0;
	int status;

	if (!o->key || o->limit || o->after || o->follow || (o->where_count == 0 && !o->text)) {
		err_set(e, ERR_INPUT, !o->key ? "absent needs --key: what is not proved whole proves no absence"
				      : o->limit || o->after || o->follow ? "absent looks at all there is: no --limit, --after or --follow"
							     : "absent: say what is not there, by --where or --text");
		return EXIT_USAGE;
	}
	its.limit = "10";
	status = tell(&told, ledger, &its, e);
	if (status == 0 && told > 0)
		return EXIT_INTEGRITY;
	if (status == 0 && !o->json && !o->csv)
		puts("absent: no record matches");
	return status;
}

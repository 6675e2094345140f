/* Every record, for a log collector: in order, once, and from where it left off by --after. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/ask.h"
#include "audit/cursor.h"

static bool form_of(enum form *out, const struct options *o, struct err *e)
{
	static const struct {
		const char *word;
		enum form form;
	} forms[] = { { "jsonl", FORM_LINE }, { "csv", FORM_CSV }, { "cef", FORM_CEF }, { "syslog", FORM_SYSLOG },
		    { "ocsf", FORM_OCSF } };
	size_t i;

	for (i = 0; o->as && i < count_of(forms); i++)
		if (strcmp(o->as, forms[i].word) == 0) {
			*out = forms[i].form;
			return true;
		}
	err_set(e, ERR_INPUT, "export: --as jsonl, csv, cef, syslog or ocsf%s%.20s", o->as ? ", not " : "", o->as ? o->as : "");
	return false;
}

static int go_on(struct cursor *c, struct question *q, struct rows *r, struct asked_ledger *a, const struct options *o,
		 struct err *e)
{
	const struct field_value *ledger;
	char origin[ORIGIN_ROOM];
	struct joined first;
	bool there;

	if (asked_one(&first, &there, a, 0, e) < 0)
		return -1;
	ledger = there ? &first.own->value[FIELD_LEDGER] : NULL;
	if (!ledger || !ledger->set || ledger->size >= sizeof(origin))
		return err_set(e, ERR_INPUT, "the ledger has no beginning, so nobody could go on with it");
	snprintf(origin, sizeof(origin), "%.*s", (int)ledger->size, ledger->text);
	if (cursor_open(c, o->cursor, origin, e) < 0)
		return -1;
	if (c->next > asked_records(a))
		return err_set(e, ERR_INPUT, "%.200s: it stands behind record %" PRIu64 ", and the ledger has %" PRIu64
			       ": records are missing at its end, or it is another's", o->cursor, c->next, asked_records(a));
	r->cursor = c;
	r->goes_on = c->next > 0;
	q->after = c->next;
	return 0;
}

int cmd_export(const char *ledger, const struct options *o, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	struct rows r = { .told = 0 };
	struct cursor cursor;
	struct question q;
	char how[512];
	int status;

	if (!form_of(&r.form, o, e) || question_read(&q, o, e) < 0)
		return EXIT_USAGE;
	if (o->cursor && o->after) {
		err_set(e, ERR_INPUT, "export: --cursor says where to go on, and so does --after; give one of them");
		return EXIT_USAGE;
	}
	q.kinds = true;
	status = asked_begin(&a, how, ledger, o, e);
	if (status != 0)
		return status;
	if (o->cursor && go_on(&cursor, &q, &r, a, o, e) < 0)
		return -1;
	rows_head(&r);
	status = asked_each(a, &q, rows_one, &r, e);
	if (status == 0)
		status = rows_move_on(&r, &q, a, e);
	if (status == 0 && o->follow)
		status = rows_follow(&r, &q, a, e);
	rows_end(&r);
	asked_passed(how, a);
	if (status == 0)
		fprintf(stderr, "reeve-audit: %" PRIu64 " records; %s\n", r.told, how);
	return status;
}

/* Every record, for a log collector: in order, once, and from where it left off by --after. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/ask.h"

enum { PAUSE_MS = 250 };

static bool form_of(enum form *out, const struct options *o, struct err *e)
{
	static const struct {
		const char *word;
		enum form form;
	} forms[] = { { "jsonl", FORM_LINE }, { "csv", FORM_CSV }, { "cef", FORM_CEF }, { "syslog", FORM_SYSLOG } };
	size_t i;

	for (i = 0; o->as && i < count_of(forms); i++)
		if (strcmp(o->as, forms[i].word) == 0) {
			*out = forms[i].form;
			return true;
		}
	err_set(e, ERR_INPUT, "export: --as jsonl, csv, cef or syslog%s%.20s", o->as ? ", not " : "", o->as ? o->as : "");
	return false;
}

/* Until whoever reads has gone, or somebody ends us. What cannot be read now ends it, too: nothing is left out. */
static int follow(struct asked_ledger *a, struct question *q, struct rows *r, struct err *e)
{
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };

	while (fflush(stdout) == 0 && !ferror(stdout)) {
		q->after = asked_records(a);
		nanosleep(&pause, NULL);
		if (asked_more(a, e) < 0 || asked_each(a, q, rows_one, r, e) < 0)
			return -1;
	}
	return err_set(e, ERR_SYSTEM, "whoever read this has gone");
}

int cmd_export(const char *ledger, const struct options *o, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	struct rows r = { .told = 0 };
	struct question q;
	char how[512];
	int status;

	if (!form_of(&r.form, o, e) || question_read(&q, o, e) < 0)
		return EXIT_USAGE;
	q.kinds = true;
	status = asked_begin(&a, how, ledger, o, e);
	if (status != 0)
		return status;
	rows_head(&r);
	status = asked_each(a, &q, rows_one, &r, e);
	if (status == 0 && o->follow)
		status = follow(a, &q, &r, e);
	rows_end(&r);
	if (status == 0)
		fprintf(stderr, "reeve-audit: %" PRIu64 " records; %s\n", r.told, how);
	return status;
}

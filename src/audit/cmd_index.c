/* index: made or brought up to date, and then every row of it made again from the ledger and compared. */
#include <stdio.h>

#include "audit/ask.h"

static int make_and_check(bool *good, uint64_t *indexed, uint64_t *all, const char *ledger, const struct options *o, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	const char *note;

	if (asked_open(&a, ledger, ASKED_INDEX_ONLY, o->index, e) < 0)
		return -1;
	*indexed = asked_indexed(a, &note);
	*all = asked_records(a);
	*good = !note;
	return note ? err_set(e, ERR_INPUT, "%s", note), 0 : asked_check(good, a, e);
}

/* One that did not hold is made anew at once; if that is not to be had either, the second reason is the one to tell. */
int cmd_index(const char *ledger, const struct options *o, struct err *e)
{
	struct err again = { .kind = ERR_NONE };
	uint64_t indexed, all;
	char text[2][32];
	bool good, made;

	if (o->no_index || o->key) {
		err_set(e, ERR_INPUT, "index takes no --%s", o->key ? "key: what is compared with the ledger itself needs none" : "no-index");
		return EXIT_USAGE;
	}
	if (make_and_check(&good, &indexed, &all, ledger, o, e) < 0)
		return -1;
	if (!good && (make_and_check(&made, &indexed, &all, ledger, o, &again) < 0 || !made))
		return err_set(e, again.kind, "%s", again.text);
	count_text(text[0], indexed);
	count_text(text[1], all);
	printf("index %s: %s of %s records, the rest is read\n", good ? "holds" : "made anew", text[0], text[1]);
	return good ? 0 : EXIT_INTEGRITY;
}

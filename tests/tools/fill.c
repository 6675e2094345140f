/*
 * fill LEDGERDIR KEYFILE RECORDS BATCH [SEGMENTBYTES] - a ledger of so many records, BATCH of them to a commit, as a
 * recorder writes them but for the flush, so that a large one is there in minutes. RECORDS 0: only open it. Says how
 * many milliseconds opening took, and how many records there are.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ledger/signing.h"

static int no_sync(int fd)
{
	(void)fd;
	return 0;
}

static int no_space_ahead(int fd, int mode, off_t at, off_t size)
{
	(void)fd, (void)mode, (void)at, (void)size;
	return 0;
}

static const struct ledger_disk quick = {
	.write_at = pwrite, .sync = no_sync, .allocate = no_space_ahead, .truncate = ftruncate,
};

static void append(uint64_t *index, struct ledger *l, struct record *r, uint64_t run)
{
	struct err e = { .kind = ERR_NONE };

	if (ledger_append(index, l, r, run, &e) == 0)
		return;
	fprintf(stderr, "fill: %s\n", e.text);
	exit(1);
}

/* An intent and its outcome, of the size that calls have. */
static void call(struct ledger *l, uint64_t run, uint64_t n)
{
	struct record intent = { .kind = RECORD_INTENT }, outcome = { .kind = RECORD_OUTCOME };
	char resource[64];

	snprintf(resource, sizeof(resource), "/srv/data/customers/%" PRIu64 ".json", n);
	record_text(&intent, FIELD_ACTION, "tool.call");
	record_text(&intent, FIELD_DIGEST, "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
	record_text(&intent, FIELD_SERVER, "files");
	record_text(&intent, FIELD_TOOL, "read");
	record_text(&intent, FIELD_RESOURCE, resource);
	record_text(&intent, FIELD_REASON, "rule-allows");
	record_text(&intent, FIELD_RULE, "action:read-files");
	append(&outcome.ref, l, &intent, run);
	record_text(&outcome, FIELD_STATUS, "ok");
	record_text(&outcome, FIELD_ANSWER, "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
	record_number(&outcome, FIELD_DURATION, n % 9000);
	append(&n, l, &outcome, run);
}

static int fill(struct ledger *l, uint64_t records, uint64_t batch, struct err *e)
{
	struct record run = { .kind = RECORD_RUN }, end = { .kind = RECORD_CLOSE };
	uint64_t n, index;

	record_text(&run, FIELD_AGENT, "filler");
	append(&index, l, &run, 0);
	for (n = 3; n < records; n += 2) {
		call(l, index, n);
		if (n % batch < 2 && ledger_commit(l, e) < 0)
			return -1;
	}
	record_text(&end, FIELD_STATUS, "ok");
	append(&n, l, &end, index);
	return ledger_commit(l, e);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int run(char **args, uint64_t segment, struct err *e)
{
	scoped(signing) struct signing *signing = NULL;
	scoped(ledger) struct ledger *l = NULL;
	uint64_t records = strtoull(args[2], NULL, 10), batch = strtoull(args[3], NULL, 10);
	double began;

	if (seal_ready(e) < 0 || signing_open(&signing, args[1], e) < 0)
		return -1;
	began = now_ms();
	if (ledger_open_by(&l, args[0], signing, &quick, e) != LEDGER_OPENED)
		return -1;
	printf("%.1f ms", now_ms() - began);
	if (segment)
		ledger_segments(l, segment);
	if (records && fill(l, records, batch ? batch : 1, e) < 0)
		return -1;
	printf(" %" PRIu64 " records\n", ledger_order(l)->next);
	return ledger_finish(l, e);
}

int main(int argc, char **argv)
{
	struct err e = { .kind = ERR_NONE };

	if (argc != 5 && argc != 6) {
		fprintf(stderr, "usage: fill LEDGERDIR KEYFILE RECORDS BATCH [SEGMENTBYTES]\n");
		return 2;
	}
	if (run(argv + 1, argc == 6 ? strtoull(argv[5], NULL, 10) : 0, &e) == 0)
		return 0;
	fprintf(stderr, "fill: %s\n", e.text);
	return 1;
}

/*
 * One walk. What stands before the range goes into a tree whose few whole subtrees are told; what stands in it is told as
 * it is stored; and it ends at the first checkpoint behind it. So a reader can come from these bytes to the root
 * that was signed, and a range of a large ledger makes a small report.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/handover.h"
#include "audit/report.h"
#include "json/json.h"

enum { CHUNK = 2000, RUNS_OPEN = 4096 };

/* A run that began before the range and whose calls may stand in it. */
struct before {
	uint64_t index;
	json_t *record;		/* owned */
};

struct report {
	struct question q;
	struct tree tree;	/* of what stands before the range */
	bool begun, over;
	bool is_signed;		/* the last frame was a checkpoint */
	uint64_t first, told;
	struct before runs[RUNS_OPEN];
	size_t run_count;
	size_t note_size;
	char note[SEAL_NOTE_MOST];
	bool json;
};

static void report_free(struct report *r)
{
	while (r->run_count > 0)
		json_decref(r->runs[--r->run_count].record);
	free(r);
}

SCOPED(report, struct report *, report_free)

static void forget_run(struct report *r, uint64_t index)
{
	size_t i;

	for (i = 0; i < r->run_count; i++)
		if (r->runs[i].index == index) {
			json_decref(r->runs[i].record);
			r->runs[i] = r->runs[--r->run_count];
			return;
		}
}

static int keep_run(struct report *r, const struct frame *f, struct err *e)
{
	json_t *record = json_loadb(f->body, f->size, JSON_REJECT_DUPLICATES, NULL);

	if (!record || r->run_count == RUNS_OPEN) {
		json_decref(record);
		return err_set(e, ERR_LIMIT, "more than %d runs stand open at the report's beginning: begin it later", RUNS_OPEN);
	}
	r->runs[r->run_count++] = (struct before){ f->index, record };
	return 0;
}

static int pass_over(struct report *r, const struct frame *f, struct err *e)
{
	r->is_signed = false;
	tree_add(&r->tree, f->body, f->size);
	if (f->kind == RECORD_CLOSE)
		forget_run(r, f->run);
	return f->kind == RECORD_RUN ? keep_run(r, f, e) : 0;
}

static void tell_record(struct report *r, const struct frame *f)
{
	if (r->json) {
		fputs(r->told ? ",\n" : "", stdout);
		fwrite(f->body, 1, f->size, stdout);
	} else {
		if (r->told % CHUNK == 0)
			printf("%s<script type=\"text/plain\" class=\"records\">\n", r->told ? "</script>\n" : "");
		report_data(stdout, f->body, f->size);
		putchar('\n');
	}
	r->told++;
}

/* Records of a batch go together: what is told ends where somebody signed. */
static int one(void *of, const struct frame *f, struct err *e)
{
	struct report *r = of;
	char room[RECORD_MOST];
	struct record record;
	const char *time;

	if (r->over && r->is_signed)
		return 0;
	if (f->kind == FRAME_COMMIT) {
		r->is_signed = true;
		r->note_size = f->size;
		memcpy(r->note, f->body, f->size);
		return 0;
	}
	if (entry_read(&record, room, f->body, f->size, e) < 0)
		return -1;
	time = time_seen(&record);
	if (!r->begun && r->q.from[0] && strncmp(time, r->q.from, ASK_TIME - 1) < 0)
		return pass_over(r, f, e);
	r->over = r->over || (r->q.to[0] && strncmp(time, r->q.to, ASK_TIME - 1) >= 0);
	if (r->over && r->is_signed)
		return 0;
	if (!r->begun)
		r->first = f->index;
	r->begun = true;
	r->is_signed = false;
	tell_record(r, f);
	return 0;
}

/* The whole subtrees before the first record, the largest first: RFC 6962, section 2.1. */
static json_t *subtrees(const struct tree *t)
{
	json_t *list = json_array();
	char text[SEAL_HASH_BASE64];
	int level;

	for (level = 63; level >= 0; level--)
		if (t->size >> level & 1) {
			seal_base64(text, t->node[level]);
			json_array_append_new(list, json_string(text));
		}
	return list;
}

static json_t *about(const struct report *r, const struct handovers *handed)
{
	char key[SEAL_VERIFIER_TEXT], made[32];
	json_t *runs = json_array(), *epochs = json_array();
	time_t now = time(NULL);
	struct tm tm;
	size_t i;

	seal_verifier_text(key, &handed->epochs.all[0].key);
	strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	for (i = 0; i < r->run_count; i++)
		json_array_append(runs, r->runs[i].record);
	for (i = 0; i < handed->count; i++)
		json_array_append_new(epochs, json_stringn(handed->proofs[i].data, handed->proofs[i].size));
	return json_pack("{s:s,s:s,s:I,s:o,s:o,s:o,s:s%,s:s,s:s,s:s}", "version", REEVE_VERSION, "made", made, "first",
			 (json_int_t)r->first, "before", subtrees(&r->tree), "runs", runs, "epochs", epochs, "checkpoint", r->note,
			 r->note_size, "key", key, "from", r->q.from, "to", r->q.to);
}

static int end(struct report *r, const struct handovers *handed, struct err *e)
{
	scoped(json) json_t *said = about(r, handed);
	char *text = said ? json_dumps(said, JSON_COMPACT) : NULL;

	if (!text)
		return err_set(e, ERR_SYSTEM, "memory for a report");
	if (r->json) {
		printf("],\"about\":%s}\n", text);
	} else {
		fputs(r->told ? "</script>\n" : "", stdout);
		fputs("<script type=\"application/json\" id=\"about\">", stdout);
		report_data(stdout, text, strlen(text));
		fputs("</script>\n", stdout);
		report_page_end(stdout);
	}
	free(text);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : err_sys(e, "the report cannot be written whole");
}

static int tell(struct report *r, const char *ledger, const struct handovers *handed, uint64_t records, struct err *e)
{
	scoped(journal) struct journal *j = NULL;

	if (journal_open(&j, ledger, e) < 0)
		return -1;
	if (r->json)
		fputs("{\"records\":[", stdout);
	else
		report_page_begin(stdout);
	if (each_frame(j, records, one, r, e) < 0)
		return -1;
	if (!r->begun)
		r->first = r->tree.size;
	return end(r, handed, e);
}

int cmd_report(const char *ledger, const struct options *o, struct err *e)
{
	scoped(report) struct report *r = calloc(1, sizeof(*r));
	scoped(handovers) struct handovers handed = { .count = 0 };
	struct findings f = { .records = 0 };
	int status;

	if (!r)
		return err_sys(e, "memory for a report");
	if (!o->key || o->where_count || o->text) {
		err_set(e, ERR_INPUT, o->key ? "report: all records of a time, --from and --to; the page itself has filters"
					     : "report: --key KEY is needed: a report carries the key by which it is checked");
		return EXIT_USAGE;
	}
	if (question_read(&r->q, o, e) < 0 || (isatty(STDOUT_FILENO) && err_set(e, ERR_INPUT, "report: send it to a file: > report.html")))
		return EXIT_USAGE;
	r->tree.hash = sum_prefixed;
	r->json = o->json;
	status = asked_prove(&f, &handed, ledger, o, e);
	return status != 0 ? status : tell(r, ledger, &handed, f.records, e);
}

/*
 * A run as its agent lived it: what it asked, what it was told, in order. Payloads come from whoever may open the vault,
 * with their salts, so each is held against what its record committed to, here, without believing who brought it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/ask.h"
#include "audit/show.h"
#include "base/fd.h"
#include "base/text.h"
#include "json/json.h"
#include "seal/box.h"

enum { PAYLOADS_MOST = 1 << 30 };

struct replay {
	struct show show;
	json_t *payloads;	/* owned: by number, as it came */
	size_t kept, missing, wrong;
	bool json;
};

static int take_line(struct replay *r, const char *line, size_t size, size_t number, struct err *e)
{
	json_t *one = NULL;
	char key[24];

	if (size == 0)
		return 0;
	if (json_read(&one, line, size, NULL, e) < 0 || !json_is_integer(json_object_get(one, "record"))) {
		json_decref(one);
		return err_set(e, ERR_INPUT, "--payloads, line %zu: expected what reeve ledger reveal --json prints", number);
	}
	snprintf(key, sizeof(key), "%lld", (long long)json_integer_value(json_object_get(one, "record")));
	return json_object_set_new(r->payloads, key, one) < 0 ? err_set(e, ERR_SYSTEM, "no memory") : 0;
}

static int read_payloads(struct replay *r, const char *path, struct err *e)
{
	scoped(mem) char *text = NULL;
	const char *line, *end;
	size_t size, number = 0;

	if (!path)
		return 0;
	if (fd_read_file(&text, &size, path, PAYLOADS_MOST, e) < 0)
		return err_in(e, "--payloads");
	for (line = text; line < text + size; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text + size - line));
		end = end ? end : text + size;
		if (take_line(r, line, (size_t)(end - line), ++number, e) < 0)
			return -1;
	}
	return 0;
}

/* The bytes, from text or base64. */
static bool bytes_of(struct buf *out, const json_t *one)
{
	const json_t *text = json_object_get(one, "payload");
	const char *base = json_text(one, "base64");
	scoped(mem) char *room = NULL;
	size_t size;

	if (json_is_string(text))
		return buf_add(out, json_string_value(text), json_string_length(text));
	room = malloc(strlen(base) + 1);
	return room && *base && seal_base64_read(room, &size, strlen(base), base, strlen(base)) && buf_add(out, room, size);
}

/* NULL: it is what the record committed to. */
static const char *why_not(struct buf *bytes, const struct record *r, const json_t *one)
{
	const struct field_value *committed = &r->value[FIELD_COMMITMENT];
	char found[BOX_COMMITMENT_TEXT];
	uint8_t salt[BOX_SALT];

	if (!one)
		return "not given: see reeve ledger reveal";
	if (*json_text(one, "missing"))
		return json_text(one, "missing");
	if (!bytes_of(bytes, one) || !seal_hash_read(salt, json_text(one, "salt"), strlen(json_text(one, "salt"))))
		return "cannot be read";
	box_commitment(found, salt, bytes->data ? bytes->data : "", bytes->size);
	return strlen(found) == committed->size && memcmp(found, committed->text, committed->size) == 0
		       ? NULL
		       : "NOT what the record committed to";
}

static void put_payload(struct replay *r, const struct record *own, const struct buf *bytes, const char *why)
{
	put_indent(&r->show);
	buf_puts(&r->show.line, own->kind == RECORD_OUTCOME ? "got " : "asked ");
	if (why)
		buf_puts(&r->show.line, "(its bytes: ");
	text_visible(&r->show.line, why ? why : bytes->data ? bytes->data : "", why ? strlen(why) : bytes->size);
	buf_puts(&r->show.line, why ? ")\n" : "\n");
}

static int put_json(struct replay *r, const struct frame *f, const json_t *one, const char *why, bool kept, struct err *e)
{
	static const char *const from[] = { "payload", "base64" };
	scoped(json) json_t *all = json_object();
	json_t *record = NULL;
	size_t i;

	if (json_read(&record, f->body, f->size, NULL, e) < 0)
		return -1;
	json_object_set_new(all, "record", record);
	if (kept && why)
		json_object_set_new(all, "missing", json_string(why));
	for (i = 0; kept && !why && i < count_of(from); i++)
		if (json_object_get(one, from[i]))
			json_object_set(all, from[i], json_object_get(one, from[i]));
	return json_write(&r->show.line, all) && buf_puts(&r->show.line, "\n") ? 0 : err_set(e, ERR_SYSTEM, "no memory");
}

static int one(void *to, const struct joined *j, struct err *e)
{
	struct replay *r = to;
	scoped(buf) struct buf bytes = BUF(PAYLOADS_MOST);
	bool kept = j->own->value[FIELD_COMMITMENT].set;
	const json_t *payload;
	const char *why = NULL;
	char key[24];

	snprintf(key, sizeof(key), "%" PRIu64, j->frame->index);
	payload = json_object_get(r->payloads, key);
	if (kept)
		why = why_not(&bytes, j->own, payload);
	r->kept += kept && !why;
	r->missing += kept && why;
	r->wrong += kept && why && strncmp(why, "NOT", 3) == 0;
	if (r->json && put_json(r, j->frame, payload, why, kept, e) < 0)
		return -1;
	if (!r->json) {
		show_kind(&r->show, j->own);
		if (j->own->kind != RECORD_INTENT)	/* what comes next is right under no call */
			r->show.last_intent = 0;
		if (kept)
			put_payload(r, j->own, &bytes, why);
	}
	fwrite(r->show.line.data, 1, r->show.line.size, stdout);
	buf_drop(&r->show.line, r->show.line.size);
	return 0;
}

static int tell(struct replay *r, struct asked_ledger *a, const char *run, const char *how, struct err *e)
{
	struct options all = { .where = { "kind=*" }, .where_count = 1 };
	struct question q;
	char only[64];

	if (strspn(run, "0123456789") != strlen(run) || !*run || strlen(run) > 18)
		return err_set(e, ERR_INPUT, "replay %.40s: expected the number of a run", run);
	snprintf(only, sizeof(only), "run=%s", run);
	all.where[all.where_count++] = only;
	if (question_read(&q, &all, e) < 0 || asked_each(a, &q, one, r, e) < 0)
		return -1;
	asked_say(a, how, "run %s: %zu payloads shown, %zu not", run, r->kept, r->missing);
	return r->wrong ? EXIT_INTEGRITY : EXIT_WHOLE;
}

int cmd_replay(const char *ledger, const struct options *o, struct err *e)
{
	struct replay r = { .show = { .line = BUF(PAYLOADS_MOST), .color = o->color && strcmp(o->color, "always") == 0 },
			    .payloads = json_object(), .json = o->json };
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	char how[512];
	int status = read_payloads(&r, o->payloads, e) < 0 ? -1 : asked_begin(&a, how, ledger, o, e);

	if (status == 0)
		status = tell(&r, a, o->second, how, e);
	buf_free(&r.show.line);
	json_decref(r.payloads);
	return status;
}

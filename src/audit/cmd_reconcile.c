/*
 * What agents did by their ledger, and what they did by somebody else's log. A call that only one of them knows is
 * what this is for; "cannot verify" is a word of its own, because it is neither.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/reconcile.h"
#include "base/text.h"

struct reading {
	const struct map *map;
	struct tells tells;
};

static bool is_listed(const json_t *statuses, const struct field_value *v)
{
	const char *word;
	size_t i;

	if (!statuses)
		return v->set && v->size == 2 && memcmp(v->text, "ok", 2) == 0;
	for (i = 0; i < json_array_size(statuses); i++) {
		word = json_string_value(json_array_get(statuses, i));
		if (word && v->set && strlen(word) == v->size && memcmp(word, v->text, v->size) == 0)
			return true;
	}
	return false;
}

static bool is_unknown(const struct joined *j, const struct field_value *status)
{
	return !j->other || (status->set && status->size == 7 && memcmp(status->text, "unknown", 7) == 0);
}

static char *key_of(const struct joined *j, const struct map_pair *pairs, size_t count)
{
	scoped(buf) struct buf key = BUF(8 * (size_t)RECORD_MOST);
	const struct field_value *v;
	char number[24];
	size_t i;

	for (i = 0; i < count; i++) {
		v = joined_value(j, pairs[i].field);
		snprintf(number, sizeof(number), "%" PRIu64, v->number);
		if (field_info(pairs[i].field)->type == FIELD_TYPE_NUMBER)
			key_add(&key, number, v->set ? strlen(number) : 0);
		else
			key_add(&key, v->set ? v->text : "", v->set ? v->size : 0);
	}
	return strndup(key.data ? key.data : "", key.size);
}

/* The time of the outcome, if there is one, is nearest to when the other side wrote its line. */
static bool time_of(int64_t *out, const struct joined *j)
{
	const struct field_value *v = &(j->other ? j->other : j->own)->value[FIELD_TIME];
	char text[40];

	snprintf(text, sizeof(text), "%.*s", (int)(v->set ? v->size : 0), v->set ? v->text : "");
	return stamp_read(out, text, "%Y-%m-%dT%H:%M:%S.%fZ");
}

static int take_call(void *of, const struct joined *j, struct err *e)
{
	const struct field_value *status = j->other ? &j->other->value[FIELD_STATUS] : &j->own->value[FIELD_STATUS];
	struct reading *r = of;
	struct told one = { .n = j->frame->index };

	if (j->own->kind != RECORD_INTENT)
		return 0;
	if (!time_of(&one.time_us, j))
		return err_set(e, ERR_INPUT, "record %" PRIu64 " has no time", one.n);
	one.unsure = is_unknown(j, status);
	one.must = is_listed(r->map->statuses, status);
	one.key = key_of(j, r->map->match, r->map->match_count);
	one.rest = key_of(j, r->map->compare, r->map->compare_count);
	return tells_add(&r->tells, &one, e);
}

static const char *const words[FOUNDS] = {
	[FOUND_MATCHED] = "matched",		[FOUND_MISSING_THERE] = "missing-there",
	[FOUND_MISSING_HERE] = "missing-here",	[FOUND_DIFFERS] = "differs",
	[FOUND_UNSURE] = "cannot-verify",
};

/* "3:GET8:/v1/user" as people read it. */
static void put_key(struct buf *line, const char *key)
{
	size_t size, shown = 0;
	char *at;

	while (*key) {
		size = strtoull(key, &at, 10);
		buf_puts(line, shown++ ? " " : "");
		text_visible(line, at + 1, size);
		key = at + 1 + size;
	}
}

static void tell_json(const struct pairing *p, const struct buf *key, const struct buf *here, const struct buf *there)
{
	scoped(json) json_t *said = json_pack("{s:s,s:s%,s:s%,s:s%}", "found", words[p->found], "call", key->data ? key->data : "",
					      key->size, "here", here->data ? here->data : "", here->size, "there",
					      there->data ? there->data : "", there->size);

	if (p->here)
		json_object_set_new(said, "record", json_integer((json_int_t)p->here->n));
	if (p->there)
		json_object_set_new(said, "line", json_integer((json_int_t)p->there->n));
	json_dumpf(said, stdout, JSON_COMPACT);
	putchar('\n');
}

static void put(const struct buf *text)
{
	fwrite(text->data ? text->data : "", 1, text->size, stdout);
}

static void tell_line(const struct pairing *p, const struct buf *key, const struct buf *here, const struct buf *there)
{
	printf("%-13s ", words[p->found]);
	if (p->here)
		printf("record %-7" PRIu64 " ", p->here->n);
	if (p->there)
		printf("line %-7" PRIu64 " ", p->there->n);
	put(key);
	if (p->found == FOUND_DIFFERS) {
		fputs(": here ", stdout);
		put(here);
		fputs(", there ", stdout);
		put(there);
	}
	putchar('\n');
}

static void tell_one(const struct pairing *p, bool json)
{
	scoped(buf) struct buf key = BUF(1 << 20);
	scoped(buf) struct buf here = BUF(1 << 20);
	scoped(buf) struct buf there = BUF(1 << 20);

	put_key(&key, (p->here ? p->here : p->there)->key);
	if (p->here)
		put_key(&here, p->here->rest);
	if (p->there)
		put_key(&there, p->there->rest);
	(json ? tell_json : tell_line)(p, &key, &here, &there);
}

static int tell(const struct pairing *pairs, size_t count, const struct tells *there, const struct asked_ledger *a, const char *how,
		const struct options *o)
{
	size_t sums[FOUNDS] = { 0 }, i;
	char unread[160] = "";

	for (i = 0; i < count; i++) {
		sums[pairs[i].found]++;
		if (o->json || pairs[i].found != FOUND_MATCHED)
			tell_one(&pairs[i], o->json);
	}
	fflush(stdout);
	if (there->unread)
		snprintf(unread, sizeof(unread), "; %" PRIu64 " lines, the first of them line %" PRIu64 ", are not what the map says"
			 "; cannot verify whether they are calls", there->unread, there->first_unread);
	asked_say(a, how, "%zu matched, %zu missing there, %zu missing here, %zu differ; %zu cannot verify%s", sums[FOUND_MATCHED],
		  sums[FOUND_MISSING_THERE], sums[FOUND_MISSING_HERE], sums[FOUND_DIFFERS], sums[FOUND_UNSURE], unread);
	if (sums[FOUND_MISSING_THERE] || sums[FOUND_MISSING_HERE] || sums[FOUND_DIFFERS])
		return EXIT_INTEGRITY;
	return sums[FOUND_UNSURE] || there->unread ? EXIT_OPEN : EXIT_WHOLE;
}

static int reconcile(struct reading *r, struct tells *there, struct asked_ledger *a, const struct options *o, const char *how, struct err *e)
{
	struct question q = r->map->calls;
	struct pairing *pairs = NULL;
	size_t count;
	int status;

	if (log_read(there, r->map, o->with, e) < 0 || asked_each(a, &q, take_call, r, e) < 0 ||
	    pair_up(&pairs, &count, &r->tells, there, r->map->within_us, e) < 0)
		return -1;
	status = tell(pairs, count, there, a, how, o);
	free(pairs);
	return status;
}

int cmd_reconcile(const char *ledger, const struct options *o, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	struct reading r = { .tells = { .count = 0 } };
	struct tells there = { .count = 0 };
	struct question times;
	struct map map = { .json = false };
	char how[512];
	int status;

	if (!o->with || !o->map || o->where_count || o->text) {
		err_set(e, ERR_INPUT, "reconcile: --with FILE, a log, and --map FILE, which says how to read it and which calls stand in it");
		return EXIT_USAGE;
	}
	r.map = &map;
	status = question_read(&times, o, e) < 0 || map_read(&map, o->map, e) < 0 ? EXIT_USAGE : asked_begin(&a, how, ledger, o, e);
	memcpy(map.calls.from, times.from, sizeof(times.from));
	memcpy(map.calls.to, times.to, sizeof(times.to));
	if (status == 0)
		status = reconcile(&r, &there, a, o, how, e);
	tells_free(&r.tells);
	tells_free(&there);
	map_free(&map);
	return status;
}

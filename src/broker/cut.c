/*
 * A result that is larger than a message may be: what fits of it is passed on, and a note says that
 * the rest is missing. What cannot be cut in two, an image or a blob, is left out whole.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "broker/broker.h"

enum { ROOM = MCP_LINE - (64 << 10) };

struct cutting {
	json_t *out;        /* the items that fit */
	struct buf scratch; /* to measure by */
	size_t left;
	bool cut;
};

static size_t measure(struct cutting *k, const json_t *value)
{
	k->scratch.size = 0;
	k->scratch.over = false;
	return json_write(&k->scratch, value) ? k->scratch.size + 1 : SIZE_MAX;
}

/* The longest beginning of its text that fits once it is written out. */
static json_t *shorten(struct cutting *k, const json_t *item)
{
	const char *text = json_string_value(json_object_get(item, "text"));
	size_t size = json_string_length(json_object_get(item, "text")), most;
	json_t *copy = json_copy((json_t *)(uintptr_t)item);

	for (most = size < k->left ? size : k->left; copy && text && most > 0;
	     most -= most / 8 + 1) {
		json_object_set_new(copy, "text", json_stringn(text, text_cut(text, size, most)));
		if (measure(k, copy) <= k->left)
			return copy;
	}
	json_decref(copy);
	return NULL;
}

static void keep_items(struct cutting *k, const json_t *items)
{
	json_t *item, *part;
	size_t i, size;

	json_array_foreach((json_t *)(uintptr_t)items, i, item) {
		size = measure(k, item);
		if (size <= k->left) {
			json_array_append(k->out, item);
			k->left -= size;
			continue;
		}
		part = k->cut ? NULL : shorten(k, item);
		k->cut = true;
		if (!part)
			continue;
		k->left -= measure(k, part);
		json_array_append_new(k->out, part);
	}
}

static json_t *note_of(const json_t *items, const char *text)
{
	const char *uri = json_string_value(json_object_get(json_array_get(items, 0), "uri"));

	return uri ? json_pack("{s:s, s:s}", "uri", uri, "text", text)
		   : json_pack("{s:s, s:s}", "type", "text", "text", text);
}

/* Of the members beside the items only what marks an error is kept: what else there is may be as
 * large. */
static json_t *cut_result(const json_t *result, size_t size)
{
	const char *member = json_object_get(result, "contents") ? "contents" : "content";
	const json_t *items = json_object_get(result, member);
	struct cutting k = { .out = json_array(), .scratch = BUF(FORWARD_MOST), .left = ROOM };
	json_t *out;
	char text[160];

	snprintf(
		text, sizeof(text),
		"[reeve: the result is cut here: it had %zu bytes, and a message may have 4194304]",
		size);
	keep_items(&k, items);
	json_array_append_new(k.out, note_of(items, text));
	buf_free(&k.scratch);
	out = json_pack("{s:o}", member, k.out);
	if (out && json_is_true(json_object_get(result, "isError")))
		json_object_set_new(out, "isError", json_true());
	return out;
}

static json_t *error_of(const char *text)
{
	return json_pack("{s:i, s:s}", "code", MCP_INTERNAL, "message", text);
}

/* What was checked before may have made it small enough. */
static bool fits(const struct answer *a)
{
	struct cutting k = { .scratch = BUF(FORWARD_MOST) };
	size_t size = measure(&k, a->result ? a->result : a->error);

	buf_free(&k.scratch);
	return size <= ROOM;
}

/* One of the checks of an answer: stages.c. */
void cut_answer(struct call *c, struct answer *a)
{
	bool items = json_is_array(json_object_get(a->result, "content")) ||
		     json_is_array(json_object_get(a->result, "contents"));
	json_t *whole = a->result;

	if (c->up || a->outcome.size <= MCP_LINE || fits(a))
		return;
	a->outcome.status = "cut";
	a->outcome.why = "the answer is larger than 4 MiB";
	if (a->error) {
		json_decref(a->error);
		a->error = error_of("[reeve: the error's own text is larger than 4 MiB]");
		return;
	}
	a->result = items ? cut_result(whole, a->outcome.size) : NULL;
	if (!a->result)
		a->error = error_of(
			"reeve: the answer is larger than 4 MiB, and no text that could be cut");
	json_decref(whole);
}

/* It was not even read: too large to keep, or too many values to take apart. */
int cut_unread(struct call *c, size_t size, const char *why, const char *digest, struct err *e)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "[reeve: nothing of the result is shown: it had %zu bytes, %s]", size, why);
	answer_text(c, MCP_INTERNAL, text);
	return call_close(
		c,
		(struct outcome){
			.status = "cut", .why = why, .answer = digest, .size = size, .exit = -1 },
		e);
}

/*
 * A server's answer within its bounds. Texts are cut between characters, with a note where; what
 * cannot be cut (an image, a structure) gives way to a note. A link is a text too, but one that
 * programs follow.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "inspect/inspect.h"
#include "json/json.h"

enum { SHOWN_URI = 200, SHOWN_MOST = 10 * SHOWN_URI };

struct bounding {
	const struct inspect_bounds *bounds;
	size_t left; /* bytes of text that may still come */
	unsigned altered;
};

static json_t *note(const char *text)
{
	return json_pack("{s:s, s:s}", "type", "text", "text", text);
}

/* What a program of the agent's would open itself: it is not the server's to say. */
static bool is_loose(const char *uri)
{
	static const char *const schemes[] = { "file:", "data:",  "javascript:",  "vbscript:",
					       "blob:", "about:", "view-source:", "chrome:",
					       "smb:",  "ftp:",   "ssh:",         "vscode:" };
	size_t i;

	while ((unsigned char)*uri <= ' ' && *uri)
		uri++;
	for (i = 0; i < count_of(schemes); i++)
		if (strncasecmp(uri, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return !*uri || uri[0] == '/' || uri[0] == '\\' || !strchr(uri, ':');
}

static json_t *unlinked(struct bounding *b, const json_t *item)
{
	const char *uri = json_text(item, "uri");
	scoped(buf) struct buf shown = BUF(SHOWN_MOST);
	char text[sizeof("[reeve: a link to  was taken out]") + SHOWN_MOST];

	if (!is_loose(uri))
		return NULL;
	text_visible(&shown, uri, text_cut(uri, strlen(uri), SHOWN_URI));
	snprintf(text, sizeof(text), "[reeve: a link to %.*s was taken out]", (int)shown.size,
		 shown.data ? shown.data : "");
	b->altered |= ALTERED_LINK;
	return note(text);
}

/* False: nothing of it may stay. */
static bool cut_text(struct bounding *b, json_t *item)
{
	json_t *text = json_object_get(item, "text");
	size_t size = json_string_length(text),
	       keep = text_cut(json_string_value(text), size, b->left);

	if (size <= b->left) {
		b->left -= size;
		return true;
	}
	b->altered |= ALTERED_CUT;
	json_object_set_new(item, "text",
			    json_sprintf("%.*s\n[reeve: cut here, %zu bytes were left out]",
					 (int)keep, json_string_value(text), size - keep));
	keep = b->left;
	b->left = 0;
	return keep > 0;
}

/* Base64 of an image or a sound, or of a resource. What stands in its place, or NULL. */
static json_t *bounded_data(struct bounding *b, json_t *item, const char *key)
{
	size_t size = json_string_length(json_object_get(item, key));
	char text[96];

	if (size <= b->bounds->data)
		return NULL;
	b->altered |= ALTERED_CUT;
	snprintf(text, sizeof(text), "[reeve: data of %zu bytes was left out, %zu are allowed]",
		 size, b->bounds->data);
	return note(text);
}

/* Content as it stands in tools' results, prompts and samples. What stands in its place, or NULL.
 */
static json_t *bound_item(struct bounding *b, json_t *item, bool *drop)
{
	json_t *inner = json_object_get(item, "resource");
	json_t *made = NULL;

	*drop = false;
	if (strcmp(json_text(item, "type"), "resource_link") == 0)
		return unlinked(b, item);
	if (json_is_string(json_object_get(item, "text")))
		*drop = !cut_text(b, item);
	if (json_is_string(json_object_get(item, "data")))
		made = bounded_data(b, item, "data");
	if (!made && json_is_string(json_object_get(inner, "blob")))
		made = bounded_data(b, inner, "blob");
	if (!made && json_is_string(json_object_get(inner, "text")))
		*drop = !cut_text(b, inner);
	return made;
}

static void bound_items(struct bounding *b, json_t *items)
{
	json_t *made;
	size_t i = 0;
	bool drop;

	while (i < json_array_size(items)) {
		made = bound_item(b, json_array_get(items, i), &drop);
		if (made)
			json_array_set_new(items, i, made);
		if (drop)
			json_array_remove(items, i);
		else
			i++;
	}
}

/* What resources/read gives: the same, without the wrapping, and a note is the resource's text. */
static void bound_contents(struct bounding *b, json_t *contents)
{
	json_t *item, *made;
	size_t i;

	json_array_foreach(contents, i, item) {
		if (json_is_string(json_object_get(item, "text")))
			cut_text(b, item);
		made = bounded_data(b, item, "blob");
		if (made) {
			json_object_del(item, "blob");
			json_object_set(item, "text", json_object_get(made, "text"));
			json_object_set_new(item, "mimeType", json_string("text/plain"));
		}
		json_decref(made);
	}
}

static void bound_messages(struct bounding *b, json_t *messages)
{
	json_t *message, *content, *made;
	size_t i;
	bool drop;

	json_array_foreach(messages, i, message) {
		content = json_object_get(message, "content");
		if (json_is_array(content))
			bound_items(b, content);
		made = json_is_object(content) ? bound_item(b, content, &drop) : NULL;
		if (made)
			json_object_set_new(message, "content", made);
	}
}

/* A structure has no end to cut: it goes, and the result says that it is not whole. */
static void bound_structure(struct bounding *b, json_t *result)
{
	json_t *structure = json_object_get(result, "structuredContent"), *content;
	scoped(buf) struct buf written = BUF(b->bounds->text);

	if (!structure || json_write(&written, structure))
		return;
	b->altered |= ALTERED_CUT;
	json_object_del(result, "structuredContent");
	json_object_set_new(result, "isError", json_true());
	content = json_object_get(result, "content");
	if (json_is_array(content))
		json_array_append_new(
			content,
			note("[reeve: the structured content was too long and was left out]"));
}

unsigned inspect_bound(json_t *result, const struct inspect_bounds *bounds)
{
	struct bounding b = { .bounds = bounds, .left = bounds->text };

	b.altered = inspect_tidy(result, bounds->show);
	bound_items(&b, json_object_get(result, "content"));
	bound_contents(&b, json_object_get(result, "contents"));
	bound_messages(&b, json_object_get(result, "messages"));
	bound_structure(&b, result);
	return b.altered;
}

/* A catalogue file is an operator's: whatever is wrong with it is said with line and column. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/file.h"

enum { POINT = 1024, CONTROLS_MOST = 16, CONTROL_MOST = 96 };

static const struct json_member file_members[] = {
	{ "reeve", JSON_STRING, JSON_MUST },  { "server", JSON_STRING, JSON_MUST },
	{ "about", JSON_STRING, JSON_MAY },   { "tools", JSON_OBJECT, JSON_MAY },
	{ "prompts", JSON_OBJECT, JSON_MAY }, { "resources", JSON_OBJECT, JSON_MAY },
	{ "pin", JSON_OBJECT, JSON_MAY },     { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member words_members[] = {
	{ "category", JSON_STRING, JSON_MAY }, { "class", JSON_STRING, JSON_MAY },
	{ "resource", JSON_STRING, JSON_MAY }, { "flow", JSON_ARRAY, JSON_MAY },
	{ "controls", JSON_ARRAY, JSON_MAY },  { "retention", JSON_STRING, JSON_MAY },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member pin_members[] = {
	{ "program", JSON_OBJECT, JSON_MAY },   { "instructions", JSON_STRING, JSON_MAY },
	{ "tools", JSON_OBJECT, JSON_MAY },     { "prompts", JSON_OBJECT, JSON_MAY },
	{ "resources", JSON_OBJECT, JSON_MAY }, { NULL, JSON_NULL, JSON_MAY },
};

static const struct json_member pinned_members[] = {
	{ "digest", JSON_STRING, JSON_MUST },
	{ "definition", JSON_OBJECT, JSON_MUST },
	{ NULL, JSON_NULL, JSON_MAY },
};

static const char *point(char out[POINT], const char *pointer, const char *key)
{
	size_t at = (size_t)snprintf(out, POINT, "%s/", pointer);

	for (; *key && at + 3 < POINT; key++) {
		if (*key == '~' || *key == '/') {
			out[at++] = '~';
			out[at++] = *key == '~' ? '0' : '1';
		} else {
			out[at++] = *key;
		}
	}
	out[at < POINT ? at : POINT - 1] = '\0';
	return out;
}

static bool is_category(const char *text)
{
	size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return size > 0 && size <= 64 && text[size] == '\0';
}

static bool is_class(const char *text)
{
	return strcmp(text, "critical") == 0 || strcmp(text, "high") == 0 ||
	       strcmp(text, "medium") == 0 || strcmp(text, "low") == 0;
}

static bool is_retention(const char *text)
{
	return strcmp(text, "operational") == 0 || strcmp(text, "pii") == 0 ||
	       strcmp(text, "compliance") == 0 || strcmp(text, "none") == 0;
}

static bool is_pointer(const char *text)
{
	return text[0] == '/' && strlen(text) < 256;
}

static const struct {
	const char *key;
	bool (*is)(const char *text);
	const char *takes;
} texts[] = {
	{ "category", is_category, "1 to 64 of a-z, 0-9, '.', '_' and '-'" },
	{ "class", is_class, "critical, high, medium or low" },
	{ "resource", is_pointer, "a JSON pointer that starts with \"/\"" },
	{ "retention", is_retention, "operational, pii, compliance or none" },
};

static bool is_flow(const char *text)
{
	unsigned bit;

	for (bit = 1; flow_word(bit); bit <<= 1)
		if (strcmp(flow_word(bit), text) == 0)
			return true;
	return false;
}

static bool is_control(const char *text)
{
	return *text && strlen(text) <= CONTROL_MOST;
}

static int check_list(const struct json_file *f, const char *pointer, const char *key,
		      bool (*is)(const char *text), const char *takes, struct err *e)
{
	json_t *list = json_object_get(json_at(f->root, pointer), key);
	const char *text;
	char at[POINT];
	size_t i;

	if (json_array_size(list) > CONTROLS_MOST)
		return json_wrong(f, point(at, pointer, key), false, e, "\"%s\": more than %d", key,
				  CONTROLS_MOST);
	for (i = 0; i < json_array_size(list); i++) {
		text = json_string_value(json_array_get(list, i));
		if (!text || !is(text))
			return json_wrong(f, point(at, pointer, key), false, e,
					  "\"%s\": expected %s", key, takes);
	}
	return 0;
}

static int check_words(const struct json_file *f, const char *pointer, struct err *e)
{
	const char *text;
	char at[POINT];
	size_t i;

	if (json_members(f, pointer, words_members, e) < 0)
		return -1;
	for (i = 0; i < count_of(texts); i++) {
		text = json_string_value(json_object_get(json_at(f->root, pointer), texts[i].key));
		if (text && !texts[i].is(text))
			return json_wrong(f, point(at, pointer, texts[i].key), false, e,
					  "\"%s\": expected %s, found \"%.40s\"", texts[i].key,
					  texts[i].takes, text);
	}
	if (check_list(f, pointer, "flow", is_flow,
		       "reads-private, reads-untrusted or sends-outside", e) < 0)
		return -1;
	return check_list(f, pointer, "controls", is_control, "texts of 1 to 96 bytes", e);
}

/* What was pinned is held against its digest: who edits a pin by hand makes it again. */
static int check_pinned(const struct json_file *f, const char *pointer, struct err *e)
{
	const json_t *pin = json_object_get(f->root, "pin"), *one;
	char digest[SEAL_DIGEST_TEXT];

	if (json_members(f, pointer, pinned_members, e) < 0)
		return -1;
	one = json_at(f->root, pointer);
	if (!pin_digest(digest, json_object_get(one, "definition"),
			json_object_get(pin, "instructions"), json_object_get(pin, "program")))
		return err_set(e, ERR_SYSTEM, "out of memory");
	if (strcmp(digest, json_text(one, "digest")) != 0)
		return json_wrong(
			f, pointer, false, e,
			"the digest is not of what is pinned here: do reeve tools pin again");
	return 0;
}

static int check_each(const struct json_file *f, const char *pointer, const char *key,
		      int (*check)(const struct json_file *f, const char *pointer, struct err *e),
		      struct err *e)
{
	json_t *object = json_object_get(json_at(f->root, pointer), key), *value;
	char list[POINT], at[POINT];
	const char *name;

	point(list, pointer, key);
	json_object_foreach(object, name, value) {
		if (strlen(name) > 256)
			return json_wrong(f, list, false, e, "a name of more than 256 bytes");
		if (check(f, point(at, list, name), e) < 0)
			return -1;
	}
	return 0;
}

static int check_pin(const struct json_file *f, struct err *e)
{
	struct err why = { 0 };
	int kind;

	if (!json_object_get(f->root, "pin"))
		return 0;
	if (json_members(f, "/pin", pin_members, e) < 0)
		return -1;
	for (kind = 0; kind < LISTED_KINDS; kind++)
		if (check_each(f, "/pin", listed_word((enum listed)kind), check_pinned, e) < 0)
			return -1;
	if (pin_usable(json_object_get(f->root, "pin"), &why) < 0)
		return json_wrong(f, "/pin", false, e, "%s", why.text);
	return 0;
}

int file_check(const struct json_file *f, struct err *e)
{
	const char *server;
	int kind;

	if (json_members(f, "", file_members, e) < 0)
		return -1;
	if (strcmp(json_text(f->root, "reeve"), "catalogue/1") != 0)
		return json_wrong(f, "/reeve", false, e,
				  "expected \"catalogue/1\", found \"%.40s\"",
				  json_text(f->root, "reeve"));
	server = json_text(f->root, "server");
	if (!text_is_name(server))
		return json_wrong(f, "/server", false, e,
				  "expected a server's name of [a-z0-9_.-], found \"%.40s\"",
				  server);
	for (kind = 0; kind < LISTED_KINDS; kind++)
		if (check_each(f, "", listed_word((enum listed)kind), check_words, e) < 0)
			return -1;
	return check_pin(f, e);
}

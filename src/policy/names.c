/* Lists of names in a policy file: tools, servers, and who has a part in a run. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/read.h"

const char *below_item(struct reading *r, size_t i)
{
	char digits[24], *at = digits + sizeof(digits) - 1;

	for (*at = '\0'; i > 9; i /= 10)
		*--at = (char)('0' + i % 10);
	*--at = (char)('0' + i);
	return below(r, at);
}

/* The pointer to what stands below; valid until the next below() or back(). */
const char *below(struct reading *r, const char *key)
{
	size_t size;

	buf_add(&r->at, "/", 1);
	for (; *key; key += size) {
		size = strcspn(key, "~/");
		buf_add(&r->at, key, size);
		if (!key[size])
			break;
		buf_add(&r->at, key[size++] == '~' ? "~0" : "~1", 2);
	}
	return here(r);
}

const char *here(struct reading *r)
{
	const char *text = buf_text(&r->at);

	return text ? text : "";
}

void back(struct reading *r, size_t size)
{
	r->at.size = size;
	r->at.over = false;
}

static bool is_class(const char *text)
{
	static const char *const classes[] = { "critical", "high", "medium", "low" };
	size_t i;

	for (i = 0; i < count_of(classes); i++)
		if (strcmp(classes[i], text) == 0)
			return true;
	return false;
}

static bool is_flow(const char *text)
{
	unsigned bit;

	for (bit = 1; flow_word(bit); bit <<= 1)
		if (strcmp(flow_word(bit), text) == 0)
			return true;
	return false;
}

/* One that matches nothing that is asked would be a rule that nobody notices is not there. */
static bool is_action(const char *text)
{
	const char *word;
	int i;

	for (i = 0; i < ACTION_KINDS; i++) {
		word = action_word((enum action_kind)i);
		if (action_is_judged((enum action_kind)i) &&
		    glob_matches(text, word, strlen(word), false))
			return true;
	}
	return false;
}

static bool is_usable(const char *text, enum names_kind kind)
{
	const char *slash = text ? strchr(text, '/') : NULL;

	if (!text || !*text || strlen(text) > POINTER_MOST || !text_is_plain(text, strlen(text)))
		return false;
	switch (kind) {
	case NAMES_TOOLS:
		return slash && slash > text && slash[1];
	case NAMES_SERVERS:
		return !slash;
	case NAMES_CLASSES:
		return is_class(text);
	case NAMES_FLOWS:
		return is_flow(text);
	case NAMES_ACTIONS:
		return is_action(text);
	case NAMES_WORDS:
		return true;
	}
	return false;
}

static int read_name(struct reading *r, const json_t *value, enum names_kind kind, struct err *e)
{
	static const char actions[] =
		"tool.call, resource.read, prompt.get, completion.complete, "
		"sampling.create, elicitation.create, roots.list or net.connect "
		"(* stands for any run),";
	static const char *const wanted[] = {
		[NAMES_TOOLS] = "\"SERVER/TOOL\" (* stands for any run within one of them)",
		[NAMES_SERVERS] = "a server's name (* stands for any run)",
		[NAMES_WORDS] = "a name (* stands for any run)",
		[NAMES_CLASSES] = "critical, high, medium or low",
		[NAMES_FLOWS] = "reads-private, reads-untrusted or sends-outside",
		[NAMES_ACTIONS] = actions,
	};

	if (is_usable(json_string_value(value), kind))
		return 0;
	return json_wrong(r->f, here(r), false, e,
			  "expected %s of at most %d bytes, with nothing invisible in it",
			  wanted[kind], POINTER_MOST);
}

int read_names(const json_t **out, struct reading *r, const json_t *object, const char *key,
	       enum names_kind kind, struct err *e)
{
	const json_t *value = json_object_get(object, key);
	size_t start = r->at.size, size, i;

	if (!value)
		return 0;
	below(r, key);
	size = r->at.size;
	if ((!json_is_array(value) || json_array_size(value) == 0) &&
	    read_name(r, value, kind, e) < 0)
		return -1;
	for (i = 0; i < json_array_size(value); i++) {
		below_item(r, i);
		if (read_name(r, json_array_get(value, i), kind, e) < 0)
			return -1;
		back(r, size);
	}
	back(r, start);
	*out = value;
	return 0;
}

int read_parties(struct names *out, struct reading *r, const json_t *object, struct err *e)
{
	int i;

	for (i = 0; i < PARTIES; i++)
		if (read_names(&out->party[i], r, object, party_word((enum party)i), NAMES_WORDS,
			       e) < 0)
			return -1;
	return read_names(&out->server, r, object, "server", NAMES_SERVERS, e);
}

/*
 * What the headers of a request repeat of its body. Others on the way may have acted on them, so they must say the same;
 * a value that no header can hold comes in base64, between =?base64? and ?=.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "porter/porter.h"

static const char OPENS[] = "=?base64?", CLOSES[] = "?=";

/* What Mcp-Name repeats, by the method. */
static const struct {
	const char *method, *member;
} named[] = {
	{ "tools/call", "name" },     { "prompts/get", "name" },     { "resources/read", "uri" },
	{ "tasks/get", "taskId" },    { "tasks/update", "taskId" },  { "tasks/cancel", "taskId" },
};

static int digit_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* RFC 4648, section 4, in its one canonical form. */
static bool decode(struct buf *out, struct span s)
{
	size_t pad = s.size > 0 && s.at[s.size - 1] == '=' ? (s.size > 1 && s.at[s.size - 2] == '=' ? 2 : 1) : 0, i;
	uint32_t bits = 0;
	int digit;

	if (s.size % 4)
		return false;
	for (i = 0; i < s.size; i++) {
		digit = i < s.size - pad ? digit_of(s.at[i]) : 0;
		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 == 3) {
			const char three[] = { (char)(bits >> 16), (char)(bits >> 8), (char)bits };
			size_t some = i + 1 == s.size ? 3 - pad : 3;

			if ((bits & ((UINT32_C(1) << (8 * (3 - some))) - 1)) || !buf_add(out, three, some))
				return false;
			bits = 0;
		}
	}
	return true;
}

bool mirror_decode(struct buf *out, struct span value)
{
	size_t before = sizeof(OPENS) - 1, behind = sizeof(CLOSES) - 1;

	if (value.size < before + behind || memcmp(value.at, OPENS, before) != 0 ||
	    memcmp(value.at + value.size - behind, CLOSES, behind) != 0)
		return buf_add(out, value.at, value.size);
	if (!decode(out, (struct span){ value.at + before, value.size - before - behind }))
		return false;
	return text_is_utf8(out->data ? out->data : "", out->size);
}

static bool is_number(const char *text)
{
	size_t digits;

	text += *text == '-';
	digits = strspn(text, "0123456789");
	text += digits;
	if (digits && *text == '.') {
		digits = strspn(text + 1, "0123456789");
		text += 1 + digits;
	}
	return digits > 0 && *text == '\0';
}

/* Is the header's value this one of the body's? */
static bool says(struct buf *said, const json_t *value, bool number)
{
	const char *text = buf_text(said);
	struct buf written = BUF(64);
	bool same;

	if (json_is_string(value))
		return json_string_length(value) == said->size &&
		       memcmp(json_string_value(value), said->data ? said->data : "", said->size) == 0;
	if (!text)
		return false;
	if (number && json_is_number(value) && is_number(text))
		return strtod(text, NULL) == json_number_value(value);
	same = json_write(&written, value) && strcmp(text, buf_text(&written) ? buf_text(&written) : "") == 0;
	buf_free(&written);
	return same;
}

static const char *check_name(const struct head *h, const struct mcp_message *m)
{
	struct buf said = BUF(HEAD_MOST);
	const json_t *value = NULL;
	const char *why = NULL;
	size_t i;

	for (i = 0; i < count_of(named); i++)
		if (strcmp(named[i].method, m->method) == 0)
			value = json_object_get(m->params, named[i].member);
	if (!json_is_string(value))
		return NULL; /* nothing to repeat: if something is amiss, the broker says what */
	if (!h->line[HEAD_MCP_NAME].at)
		return "Mcp-Name is missing";
	if (!mirror_decode(&said, h->line[HEAD_MCP_NAME]))
		why = "Mcp-Name is not canonical base64 of UTF-8";
	else if (!says(&said, value, false))
		why = "Mcp-Name is not what the body says";
	buf_free(&said);
	return why;
}

static const char *check_param(const struct head *h, const struct declared *d, json_t *arguments)
{
	const json_t *value = json_at(arguments, d->pointer);
	struct buf said = BUF(HEAD_MOST);
	const struct head_param *p;
	const char *why = NULL;

	if (!value || json_is_null(value) || json_is_object(value) || json_is_array(value))
		return NULL;
	for (p = h->params; p < h->params + h->param_count; p++)
		if (span_is_word(p->name, d->header))
			break;
	if (p == h->params + h->param_count)
		return "an Mcp-Param header that the tool asks for is missing";
	if (!mirror_decode(&said, p->value))
		why = "an Mcp-Param header is not canonical base64 of UTF-8";
	else if (!says(&said, value, d->number))
		why = "an Mcp-Param header is not what the body says";
	buf_free(&said);
	return why;
}

const char *mirror_check(const struct head *h, const struct mcp_message *m, const struct declared *all, size_t count,
			 uint16_t server)
{
	const char *tool = json_text(m->params, "name"), *why;
	size_t i;

	if (!h->line[HEAD_MCP_METHOD].at)
		return "Mcp-Method is missing";
	if (!span_is(h->line[HEAD_MCP_METHOD], m->method))
		return "Mcp-Method is not what the body says";
	why = check_name(h, m);
	for (i = 0; !why && i < count && strcmp(m->method, "tools/call") == 0; i++)
		if (all[i].server == server && strcmp(all[i].tool, tool) == 0)
			why = check_param(h, &all[i], json_object_get(m->params, "arguments"));
	return why;
}

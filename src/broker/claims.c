/*
 * What an agent says of its reasons, in _meta of what it asks. Nobody can check that it is true: it is shown to
 * who decides, marked as a claim, and goes into the record; no tool server ever gets it.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

#define PREFIX "reeve/"

enum { CLAIM_MOST = 2048, CLAIM_TEXTS = 16 };

static bool is_said(const json_t *text)
{
	const char *said = json_string_value(text);

	return said && said[strspn(said, " \t\r\n")];
}

/* A text, or some of them. */
static const char *check(const json_t *value)
{
	size_t i, size = json_string_length(value);
	bool list = json_is_array(value);

	if (list && (json_array_size(value) == 0 || json_array_size(value) > CLAIM_TEXTS))
		return "a claim has 1 to 16 texts";
	for (i = 0; list && i < json_array_size(value); i++) {
		if (!is_said(json_array_get(value, i)))
			return "each text of a claim must be a string that says something";
		size += json_string_length(json_array_get(value, i)) + 2;
	}
	if (!list && !is_said(value))
		return "a claim must be a string that says something, or an array of such";
	return size > CLAIM_MOST ? "a claim has at most 2048 bytes" : NULL;
}

static bool find(enum claim *out, const char *key)
{
	int i;

	for (i = 0; i < CLAIMS; i++)
		if (strcmp(key + strlen(PREFIX), claim_word((enum claim)i)) == 0)
			break;
	*out = (enum claim)i;
	return i < CLAIMS;
}

/* What is not known is misspelt: a rule that requires it would refuse without end. */
bool claims_check(json_t *params, struct mcp_fault *fault)
{
	json_t *meta = json_object_get(params, "_meta"), *value;
	const char *key, *wrong = NULL;
	enum claim which;

	json_object_foreach(meta, key, value) {
		if (wrong || strncmp(key, PREFIX, strlen(PREFIX)) != 0)
			continue;
		wrong = find(&which, key) ? check(value)
					  : "_meta may have of reeve/ only trigger, reason and alternatives";
	}
	if (wrong)
		*fault = (struct mcp_fault){ MCP_BAD_PARAMS, REASON_BAD_PARAMS, wrong };
	return !wrong;
}

static char *joined(const json_t *value)
{
	struct buf out = BUF(CLAIM_MOST + 16);
	size_t i;

	if (json_is_string(value))
		return strdup(json_string_value(value));
	for (i = 0; i < json_array_size(value); i++) {
		buf_puts(&out, i ? "; " : "");
		buf_puts(&out, json_string_value(json_array_get(value, i)));
	}
	if (buf_text(&out))
		return out.data;
	buf_free(&out);
	return NULL;
}

/* Checked before. */
int claims_keep(struct call *c, json_t *params, struct err *e)
{
	json_t *meta = json_object_get(params, "_meta"), *value;
	const char *key;
	enum claim which;

	json_object_foreach(meta, key, value) {
		if (strncmp(key, PREFIX, strlen(PREFIX)) != 0 || !find(&which, key) || c->claims[which])
			continue;
		c->claims[which] = joined(value);
		if (!c->claims[which])
			return err_sys(e, "memory for claims");
		c->action.claims[which] = c->claims[which];
	}
	return 0;
}

void claims_free(struct call *c)
{
	int i;

	for (i = 0; i < CLAIMS; i++)
		free(take(&c->claims[i]));
}

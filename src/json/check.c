/* The grammar of RFC 8259, so that every error says what was expected, what was found, and where. */
#include <string.h>

#include "base/text.h"
#include "json/scan.h"

static int unexpected(const struct scan *s, const char *expected, struct err *e)
{
	scoped(buf) struct buf found = BUF(160);
	size_t size = s->size - s->from;

	if (s->token == TOKEN_BAD && s->wrong)
		return err_set(e, ERR_INPUT, "%s", s->wrong);
	if (s->token == TOKEN_END)
		return err_set(e, ERR_INPUT, "expected %s, found the end of the text", expected);
	if (size >= 3 && memcmp(s->bytes + s->from, "\xef\xbb\xbf", 3) == 0)
		return err_set(e, ERR_INPUT, "expected %s, found a byte order mark; save it without one",
			       expected);
	if (s->token != TOKEN_BAD)
		size = s->at - s->from;
	text_visible(&found, s->bytes + s->from, text_cut(s->bytes + s->from, size, 16));
	return err_set(e, ERR_INPUT, "expected %s, found %s", expected, buf_text(&found));
}

static int check_value(struct scan *s, int depth, struct err *e);

static int check_member(struct scan *s, int depth, struct err *e)
{
	if (s->token != TOKEN_STRING)
		return unexpected(s, "a member name in double quotes", e);
	scan_next(s);
	if (s->token != ':')
		return unexpected(s, "\":\"", e);
	scan_next(s);
	return check_value(s, depth, e);
}

/* s is on the opening bracket; afterwards behind the closing one. */
static int check_items(struct scan *s, int depth, struct err *e)
{
	bool object = s->token == '{';
	int close = object ? '}' : ']';

	if (depth == JSON_DEPTH)
		return err_set(e, ERR_INPUT, "nested deeper than %d", JSON_DEPTH);
	scan_next(s);
	if (s->token == close)
		return 0;
	for (;;) {
		if ((object ? check_member : check_value)(s, depth + 1, e) < 0)
			return -1;
		scan_next(s);
		if (s->token == close)
			return 0;
		if (s->token != ',')
			return unexpected(s, object ? "\",\" or \"}\"" : "\",\" or \"]\"", e);
		scan_next(s);
	}
}

/* s is on the value's first token; afterwards on its last. */
static int check_value(struct scan *s, int depth, struct err *e)
{
	if (++s->values > s->most && s->most)
		return err_set(e, ERR_LIMIT, "more than %zu values", s->most);
	if (s->token == '{' || s->token == '[')
		return check_items(s, depth, e);
	if (s->token == TOKEN_STRING || s->token == TOKEN_INTEGER || s->token == TOKEN_REAL ||
	    s->token == TOKEN_WORD)
		return 0;
	return unexpected(s, "a value", e);
}

int scan_check(struct scan *s, struct err *e)
{
	scan_next(s);
	if (check_value(s, 0, e) < 0)
		return -1;
	scan_next(s);
	return s->token == TOKEN_END ? 0 : unexpected(s, "nothing after the value", e);
}

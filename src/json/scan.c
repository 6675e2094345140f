#include "json/scan.h"

#include <string.h>

int scan_bad(struct scan *s, size_t at, const char *wrong)
{
	s->from = at;
	s->wrong = wrong;
	return TOKEN_BAD;
}

static int scan_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i, size;

	for (i = 0; i < count_of(words); i++) {
		size = strlen(words[i]);
		if (s->size - s->at < size || memcmp(s->bytes + s->at, words[i], size) != 0)
			continue;
		s->at += size;
		return TOKEN_WORD;
	}
	return scan_bad(s, s->from, NULL);
}

static int token_at(struct scan *s)
{
	char c = s->bytes[s->at];

	if (c == '"')
		return scan_string(s);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(s);
	if (c != '\0' && strchr("{}[]:,", c)) {
		s->at++;
		return c;
	}
	return scan_word(s);
}

void scan_next(struct scan *s)
{
	if (s->token == TOKEN_BAD)
		return;
	while (s->at < s->size && s->bytes[s->at] != '\0' && strchr(" \t\r\n", s->bytes[s->at]))
		s->at++;
	s->from = s->at;
	s->token = s->at == s->size ? TOKEN_END : token_at(s);
}

struct json_place scan_place(const char *bytes, size_t size, size_t at)
{
	struct json_place place = { 1, 1 };
	size_t i;

	for (i = 0; i < at && i < size; i++) {
		place.column++;
		if (bytes[i] == '\n')
			place = (struct json_place){ place.line + 1, 1 };
	}
	return place;
}

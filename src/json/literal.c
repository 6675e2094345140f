/*
 * Strings and numbers, where JSON texts differ in what their readers make of them. What two readers
 * could understand differently is refused here, before anybody has understood it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "json/scan.h"

static const uint64_t INTEGER_MOST = (UINT64_C(1) << 53) - 1;

/* Four hexadecimal digits at `at`, or -1. */
static long hex4(const struct scan *s, size_t at)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found;
	long value = 0;
	size_t i;

	if (s->size - at < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		found = memchr(digits, s->bytes[at + i], sizeof(digits) - 1);
		if (!found)
			return -1;
		value = value * 16 + (found - digits) % 16;
	}
	return value;
}

/* s->at is behind the "\u". */
static const char *unicode_escape(struct scan *s)
{
	long unit = hex4(s, s->at), low;

	if (unit < 0)
		return "expected four hexadecimal digits after \\u";
	if (unit == 0)
		return "a string may not hold \\u0000";
	s->at += 4;
	if (unit < 0xd800 || unit > 0xdfff)
		return NULL;
	if (unit > 0xdbff || s->size - s->at < 6 || memcmp(s->bytes + s->at, "\\u", 2) != 0)
		return "a \\u surrogate stands alone";
	low = hex4(s, s->at + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return "a \\u surrogate stands alone";
	s->at += 6;
	return NULL;
}

/* s->at is on the backslash. */
static const char *escape(struct scan *s)
{
	char c;

	if (s->size - s->at < 2)
		return "expected the end of the string, found the end of the text";
	c = s->bytes[s->at + 1];
	if (c == '\0' || !strchr("\"\\/bfnrtu", c))
		return "expected one of \" \\ / b f n r t u after a backslash";
	s->at += 2;
	return c == 'u' ? unicode_escape(s) : NULL;
}

static const char *plain(struct scan *s)
{
	unsigned char c = (unsigned char)s->bytes[s->at];
	uint32_t point;
	size_t step = 1;

	if (c < 0x20)
		return "a control character in a string; write it as an escape";
	if (c >= 0x80)
		step = text_point(s->bytes + s->at, s->size - s->at, &point);
	s->at += step;
	return step ? NULL : "bytes that are not UTF-8";
}

int scan_string(struct scan *s)
{
	const char *wrong = NULL;
	size_t start = s->at;

	for (s->at++; s->at < s->size && s->bytes[s->at] != '"' && !wrong;) {
		start = s->at;
		wrong = s->bytes[s->at] == '\\' ? escape(s) : plain(s);
	}
	if (wrong)
		return scan_bad(s, start, wrong);
	if (s->at == s->size)
		return scan_bad(s, s->at, "expected the end of the string, found the end of the text");
	s->at++;
	return TOKEN_STRING;
}

/* Digits from s->at on; how many. */
static size_t digits(struct scan *s)
{
	size_t from = s->at;

	while (s->at < s->size && s->bytes[s->at] >= '0' && s->bytes[s->at] <= '9')
		s->at++;
	return s->at - from;
}

static bool accept(struct scan *s, const char *any)
{
	if (s->at == s->size || s->bytes[s->at] == '\0' || !strchr(any, s->bytes[s->at]))
		return false;
	s->at++;
	return true;
}

static bool integer_fits(const char *digit, size_t count)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < count && count <= 16; i++)
		value = value * 10 + (uint64_t)(digit[i] - '0');
	return count <= 16 && value <= INTEGER_MOST;
}

int scan_number(struct scan *s)
{
	size_t first, count;
	bool real = false;

	accept(s, "-");
	first = s->at;
	count = digits(s);
	if (count == 0)
		return scan_bad(s, s->at, "expected a digit");
	if (count > 1 && s->bytes[first] == '0')
		return scan_bad(s, first, "a number may not begin with 0");
	if (accept(s, ".")) {
		real = true;
		if (digits(s) == 0)
			return scan_bad(s, s->at, "expected a digit after the point");
	}
	if (accept(s, "eE")) {
		real = true;
		accept(s, "+-");
		if (digits(s) == 0)
			return scan_bad(s, s->at, "expected a digit in the exponent");
	}
	if (!real && !integer_fits(s->bytes + first, count))
		return scan_bad(s, s->from, "expected an integer within +-9007199254740991 (2^53 - 1), "
					    "found a larger one; write it as a string");
	return real ? TOKEN_REAL : TOKEN_INTEGER;
}

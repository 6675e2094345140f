/*
 * Which names may not be made inside: by the text of a true path, without a look at any file. Some
 * file systems take two spellings for one name, so letters compare as the most forgiving of them
 * would: without case, without code points that show nothing, without dots and spaces at the end.
 */
#include "jail/names.h"

#include <stddef.h>
#include <string.h>

static const char *const protected_names[] = {
#define NAME(name, who) name,
#include "jail/names.def"
#undef NAME
	NULL,
};

const char *const *jail_protected(void)
{
	return protected_names;
}

/* Code points that case folding drops, and the two that it turns into ASCII. */
static bool is_nothing(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{ 0xad, 0xad },     { 0x34f, 0x34f },   { 0x61c, 0x61c },     { 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f },   { 0x202a, 0x202e },
		{ 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfff8 }, { 0xe0000, 0xe0fff },
	};
	size_t i;

	for (i = 0; i < count_of(ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

/* One code point; a byte that begins none stands for itself, far away from all of them. */
static uint32_t decode(const char **at, const char *end)
{
	const unsigned char *s = (const unsigned char *)*at;
	size_t more = s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : s[0] >= 0xc0 ? 1 : 0, i;
	uint32_t c;

	if (more > 0 && (size_t)(end - *at) > more) {
		c = s[0] & (0x3fu >> more);
		for (i = 1; i <= more && (s[i] & 0xc0) == 0x80; i++)
			c = c << 6 | (s[i] & 0x3fu);
		if (i > more) {
			*at += more + 1;
			return c;
		}
	}
	(*at)++;
	return s[0] < 0x80 ? s[0] : 0x110000u + s[0];
}

/* The next letter that counts; 0: there is none. */
static uint32_t next(const char **at, const char *end)
{
	uint32_t c;

	while (*at < end) {
		c = decode(at, end);
		if (c >= 'A' && c <= 'Z')
			return c + 'a' - 'A';
		if (c == 0x212a)
			return 'k';
		if (c == 0x17f)
			return 's';
		if (c < 0x80 || !is_nothing(c))
			return c;
	}
	return 0;
}

static const char *trimmed(const char *part, size_t size)
{
	while (size > 1 && (part[size - 1] == '.' || part[size - 1] == ' '))
		size--;
	return part + size;
}

bool names_same(const char *part, size_t size, const char *other, size_t other_size)
{
	const char *end = trimmed(part, size), *other_end = trimmed(other, other_size);
	uint32_t c;

	do {
		c = next(&part, end);
		if (c != next(&other, other_end))
			return false;
	} while (c != 0);
	return true;
}

static size_t part_size(const char *at)
{
	return strcspn(at, "/");
}

static const char *past(const char *at)
{
	at += part_size(at);
	return at + strspn(at, "/");
}

/* How much of the pattern the path holds from here on. */
static enum name_kind match(const char *path, const char *from, size_t given, const char *pattern)
{
	const char *end = from;

	while (*pattern && *from &&
	       names_same(from, part_size(from), pattern, part_size(pattern))) {
		end = from + part_size(from);
		from = past(from);
		pattern = past(pattern);
	}
	if ((size_t)(end - path) <= given)
		return NAME_FREE;
	if (!*pattern)
		return NAME_PROTECTED;
	return *from || end == path ? NAME_FREE : NAME_LEADS;
}

/* Most parts begin otherwise than most patterns: no need to look further. */
static bool may_match(const char *from, const char *pattern)
{
	unsigned char a = (unsigned char)*from, b = (unsigned char)*pattern;

	return a >= 0x80 || b >= 0x80 || a == b || (a ^ b) == ('a' ^ 'A');
}

static enum name_kind judge_from(const char *path, const char *from, size_t given,
				 const char *pattern, enum name_kind worst)
{
	enum name_kind now =
		may_match(from, pattern) ? match(path, from, given, pattern) : NAME_FREE;

	return now > worst ? now : worst;
}

enum name_kind names_judge(const char *path, size_t given, const char *const *protect)
{
	enum name_kind worst = NAME_FREE;
	const char *from;
	size_t i;

	for (from = path + strspn(path, "/"); *from; from = past(from)) {
		worst = judge_from(path, from, given, NAMES_PROBE, worst);
		for (i = 0; protect[i] && worst != NAME_PROTECTED; i++)
			worst = judge_from(path, from, given, protect[i], worst);
	}
	return worst;
}

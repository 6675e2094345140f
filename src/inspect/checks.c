/* What holds of a credential beyond its prefix and length, and not of what merely looks like one.
 */
#include <string.h>

#include "inspect/held.h"
#include "inspect/shapes.h"

enum { DIFFERENT = 8, VERY_DIFFERENT = 16, SIGNED = 32, CHECKED = 6, NEAR = 400, KEY_RUN = 24, URL_MOST = 512 };

bool in_alphabet(enum alphabet a, char c)
{
	static const char *const beside[] = {
		[ALPHABET_ALNUM] = "",     [ALPHABET_UPPER] = "",   [ALPHABET_WORD] = "_-",
		[ALPHABET_DOTTED] = "_-.", [ALPHABET_PATH] = "_-/", [ALPHABET_BASE64] = "+/",
	};

	if (a == ALPHABET_UPPER)
		return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
	return is_alnum(c) || (c && strchr(beside[a], c));
}

static size_t different(const char *text, size_t size)
{
	bool seen[256] = { false };
	size_t i, count = 0;

	for (i = 0; i < size; i++) {
		count += !seen[(uint8_t)text[i]];
		seen[(uint8_t)text[i]] = true;
	}
	return count;
}

/* No "xxxx", no "your-token-goes-here": digits among letters, or letters of both cases. */
bool check_varied(const struct text *t, size_t from, size_t end)
{
	bool digit = false, upper = false, lower = false;
	size_t count = different(t->at + from, end - from), i;

	for (i = from; i < end; i++) {
		digit = digit || (t->at[i] >= '0' && t->at[i] <= '9');
		upper = upper || (t->at[i] >= 'A' && t->at[i] <= 'Z');
		lower = lower || (t->at[i] >= 'a' && t->at[i] <= 'z');
	}
	return (digit && (upper || lower) && count >= DIFFERENT) ||
	       (upper && lower && count >= DIFFERENT * 3 / 2);
}

bool check_letters(const struct text *t, size_t from, size_t end)
{
	return different(t->at + from, end - from) >= VERY_DIFFERENT;
}

/* Amazon's own documents use keys that end so. */
bool check_no_example(const struct text *t, size_t from, size_t end)
{
	return !memmem(t->at + from, end - from, "EXAMPLE", 7) &&
	       different(t->at + from, end - from) >= DIFFERENT;
}

static uint32_t crc32_of(const char *text, size_t size)
{
	uint32_t crc = UINT32_MAX;
	size_t i;
	int bit;

	for (i = 0; i < size; i++)
		for (crc ^= (uint8_t)text[i], bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	return ~crc;
}

/* The last six digits, of base 62, are the checksum of those before. */
bool check_crc(const struct text *t, size_t from, size_t end)
{
	static const char digits[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint64_t said = 0;
	size_t i;

	for (i = end - CHECKED; i < end; i++)
		said = said * 62 + (uint64_t)(strchr(digits, t->at[i]) - digits);
	return said == crc32_of(t->at + from, end - from - CHECKED);
}

/* A name, then what stands between a name and its value, then exactly forty digits of base64. */
bool check_named_40(const struct text *t, size_t from, size_t end)
{
	size_t i = from, digits = 0;

	(void)end;
	while (i < t->size && i - from < 8 && t->at[i] && strchr("\\\"': =\t>", t->at[i]))
		i++;
	while (i + digits < t->size && digits < 41 &&
	       in_alphabet(ALPHABET_BASE64, t->at[i + digits]))
		digits++;
	return i > from && digits == 40 &&
	       check_varied(&(struct text){ .at = t->at, .size = t->size }, i, i + digits);
}

static size_t word_run(const struct text *t, size_t from, size_t most)
{
	size_t i;

	for (i = from; i < t->size && i - from < most && in_alphabet(ALPHABET_WORD, t->at[i]); i++)
		;
	return i - from;
}

/* Three parts; the first says by which algorithm it is signed. */
bool check_jwt(const struct text *t, size_t from, size_t end)
{
	char room[1024];
	struct buf head = { .data = room, .room = sizeof(room), .most = sizeof(room) };
	size_t start = from - 3, body, most = 8192;

	if (end - start > sizeof(room) - 8 || end + 4 >= t->size ||
	    memcmp(t->at + end, ".eyJ", 4) != 0)
		return false;
	view_base64(&head, t->at + start, end - start, 0);
	body = word_run(t, end + 1, most);
	end += 1 + body;
	return memmem(head.data, head.size, "\"alg\"", 5) && end < t->size && t->at[end] == '.' &&
	       word_run(t, end + 1, SIGNED) >= 20;
}

/* The line that begins a private key, and some of the key. */
bool check_pem(const struct text *t, size_t from, size_t end)
{
	static const char *const kinds[] = { "PRIVATE KEY-----", "PRIVATE KEY BLOCK-----" };
	size_t near = t->size - from < NEAR ? t->size - from : NEAR, i, at, run = 0;
	const char *kind = NULL;

	(void)end;
	for (i = 0; i < count_of(kinds) && !kind; i++)
		kind = memmem(t->at + from, near < 40 ? near : 40, kinds[i], strlen(kinds[i]));
	if (!kind)
		return false;
	for (at = (size_t)(kind - t->at) + strlen("PRIVATE KEY"); at < from + near && run < KEY_RUN;
	     at++)
		run = in_alphabet(ALPHABET_BASE64, t->at[at]) ? run + 1 : 0;
	return run == KEY_RUN;
}

bool check_putty(const struct text *t, size_t from, size_t end)
{
	size_t near = t->size - from < NEAR ? t->size - from : NEAR;

	(void)end;
	return memmem(t->at + from, near, "Encryption:", 11);
}

/* What people write where a password would stand. */
static bool is_placeholder(const char *text, size_t size)
{
	static const char *const words[] = { "password", "passwd",   "pass",    "pwd",      "pw",
					     "secret",   "token",    "user",    "PASSWORD", "PASS",
					     "example",  "changeme", "hunter2", "xxx" };
	size_t i;

	if (size < 3 || strchr("$<{[", text[0]) || different(text, size) < 3 ||
	    (text[0] == '%' && text[1] == '('))
		return true;
	for (i = 0; i < count_of(words); i++)
		if (strlen(words[i]) == size && memcmp(words[i], text, size) == 0)
			return true;
	return false;
}

/* "://NAME:PASSWORD@": the name may be empty. */
bool check_url(const struct text *t, size_t from, size_t end)
{
	size_t i, colon = 0, most = t->size - from < URL_MOST ? t->size : from + URL_MOST;

	(void)end;
	for (i = from; i < most && t->at[i] != '@'; i++) {
		if ((uint8_t)t->at[i] <= ' ' || strchr("/\\\"'`<>()|", t->at[i]))
			return false;
		if (t->at[i] == ':' && !colon)
			colon = i + 1;
	}
	return i < most && colon && !is_placeholder(t->at + colon, i - colon);
}

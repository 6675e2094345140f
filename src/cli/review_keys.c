#include <string.h>

#include "cli/review_screen.h"

static const struct {
	const char *typed;
	enum screen_key key;
} table[] = {
	{ "\033[A", KEY_UP }, { "\033OA", KEY_UP }, { "k", KEY_UP },
	{ "\033[B", KEY_DOWN }, { "\033OB", KEY_DOWN }, { "j", KEY_DOWN },
	{ "\033[5~", KEY_PAGE_UP }, { "b", KEY_PAGE_UP },
	{ "\033[6~", KEY_PAGE_DOWN }, { " ", KEY_PAGE_DOWN },
	{ "\r", KEY_ENTER }, { "\n", KEY_ENTER },
	{ "a", KEY_APPROVE }, { "d", KEY_DENY }, { "f", KEY_FOLD },
	{ "?", KEY_HELP }, { "h", KEY_HELP },
	{ "\014", KEY_REDRAW }, { "q", KEY_QUIT }, { "\003", KEY_QUIT }, { "\004", KEY_QUIT },
};

/* What an unknown key sends is passed over whole, so that no letter in it is taken for a word of ours. */
static size_t unknown(const char *at, size_t left)
{
	size_t size = 1;

	if (at[0] != '\033' || left < 2 || (at[1] != '[' && at[1] != 'O'))
		return at[0] == '\033' && left > 1 ? 2 : 1;
	for (size = 2; size < left && (at[size] < 0x40 || at[size] > 0x7e); size++)
		;
	return size < left ? size + 1 : left;
}

enum screen_key screen_key(const char **at, size_t *left)
{
	enum screen_key key = KEY_NONE;
	size_t i, size = unknown(*at, *left);

	for (i = 0; i < count_of(table); i++) {
		if (strlen(table[i].typed) > *left || memcmp(*at, table[i].typed, strlen(table[i].typed)) != 0)
			continue;
		size = strlen(table[i].typed);
		key = table[i].key;
		break;
	}
	*at += size;
	*left -= size;
	return key;
}

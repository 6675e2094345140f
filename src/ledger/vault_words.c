#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/vault.h"

static const char *const words[VAULT_CLASSES] = {
	[VAULT_OPERATIONAL] = "operational",
	[VAULT_PII] = "pii",
	[VAULT_COMPLIANCE] = "compliance",
};

const char *vault_class_word(enum vault_class c)
{
	return c < VAULT_CLASSES ? words[c] : "every";
}

bool vault_class_read(enum vault_class *out, const char *word, size_t size)
{
	int c;

	for (c = 0; c < VAULT_CLASSES; c++)
		if (strlen(words[c]) == size && memcmp(words[c], word, size) == 0) {
			*out = (enum vault_class)c;
			return true;
		}
	return false;
}

void vault_day_text(char out[VAULT_DAY_TEXT], unsigned day)
{
	char stamp[32];

	clock_stamp(stamp, day * UINT64_C(86400000000));
	memcpy(out, stamp, VAULT_DAY_TEXT - 1);
	out[VAULT_DAY_TEXT - 1] = '\0';
}

static bool number(unsigned *out, const char *text, size_t size)
{
	size_t i;

	*out = 0;
	for (i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(text[i] - '0');
	}
	return true;
}

/* Years begin in March, as in base/clock.c; whether there is such a day, writing it again tells. */
bool vault_day_read(unsigned *out, const char *text, size_t size)
{
	char again[VAULT_DAY_TEXT];
	unsigned year, month, day, from_march;

	if (size != VAULT_DAY_TEXT - 1 || text[4] != '-' || text[7] != '-' || !number(&year, text, 4) ||
	    !number(&month, text + 5, 2) || !number(&day, text + 8, 2) || year < 1970 || month < 1 || month > 12)
		return false;
	from_march = (month + 9) % 12;
	year -= month < 3;
	day += year * 365 + year / 4 - year / 100 + year / 400 + (153 * from_march + 2) / 5;
	if (day < 719469)
		return false;
	*out = day - 719469;
	vault_day_text(again, *out);
	return memcmp(again, text, size) == 0;
}

static bool offset_read(uint64_t *out, const char *text, size_t size)
{
	size_t i;

	*out = 0;
	for (i = 0; i < size && i < 16 && text[i] >= '0' && text[i] <= '9'; i++)
		*out = *out * 10 + (uint64_t)(text[i] - '0');
	return size > 0 && i == size && (text[0] != '0' || size == 1);
}

bool vault_at_read(struct vault_at *out, const char *text, size_t size)
{
	const char *blank = memchr(text, ' ', size);
	size_t word = blank ? (size_t)(blank - text) : 0, rest = size - word;

	return blank && rest > VAULT_DAY_TEXT + 1 && blank[VAULT_DAY_TEXT] == ' ' &&
	       vault_class_read(&out->class, text, word) && vault_day_read(&out->day, blank + 1, VAULT_DAY_TEXT - 1) &&
	       offset_read(&out->offset, blank + VAULT_DAY_TEXT + 1, rest - VAULT_DAY_TEXT - 1);
}

#include <string.h>

#include "seal/ssh.h"

static const char BEGIN[] = "-----BEGIN SSH SIGNATURE-----\n";
static const char END[] = "-----END SSH SIGNATURE-----";

enum { LETTERS = 1536, LINE_MOST = 76 };

/* The letters of all lines up to END, without their newlines; where END begins. */
static const char *gather(char letters[LETTERS], size_t *count, const char *at, const char *end)
{
	const char *newline;
	size_t size;

	for (*count = 0; at < end && *at != '-'; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		size = newline ? (size_t)(newline - at) : 0;
		if (size == 0 || size > LINE_MOST || size > LETTERS - *count)
			return NULL;
		memcpy(letters + *count, at, size);
		*count += size;
	}
	return at;
}

int ssh_armor_read(uint8_t out[SSH_SIGNATURE], size_t *size, const char *text, size_t text_size, struct err *e)
{
	static const char wrong[] = "not an SSH signature: expected the whole file that ssh-keygen -Y sign wrote";
	const char *at, *end = text + text_size;
	char letters[LETTERS];
	size_t count;

	if (text_size < sizeof(BEGIN) - 1 || memcmp(text, BEGIN, sizeof(BEGIN) - 1) != 0)
		return err_set(e, ERR_INPUT, "%s", wrong);
	at = gather(letters, &count, text + sizeof(BEGIN) - 1, end);
	if (!at || (size_t)(end - at) < sizeof(END) - 1 || memcmp(at, END, sizeof(END) - 1) != 0)
		return err_set(e, ERR_INPUT, "%s", wrong);
	at += sizeof(END) - 1;
	if (at != end && (*at != '\n' || at + 1 != end))
		return err_set(e, ERR_INPUT, "%s", wrong);
	if (!seal_base64_read(out, size, SSH_SIGNATURE, letters, count))
		return err_set(e, ERR_INPUT, "%s", wrong);
	return 0;
}

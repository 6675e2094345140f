#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "ledger/ledger.h"

int head_read(uint64_t *size, bool *there, const char *dir, struct err *e)
{
	scoped(mem) char *text = NULL;
	char path[PATH_MAX];
	uint64_t number = 0;
	size_t got, i;

	*there = false;
	if (snprintf(path, sizeof(path), "%s/head", dir) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", dir);
	if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd_read_file(&text, &got, path, 64, e) < 0)
		return -1;
	for (i = 0; i < got && text[i] >= '0' && text[i] <= '9'; i++)
		number = number * 10 + (uint64_t)(text[i] - '0');
	if (got != 21 || i != 20 || text[20] != '\n')
		return err_set(e, ERR_INPUT, "%s: damaged: expected 20 digits; restore it from a backup", path);
	*size = number;
	*there = true;
	return 0;
}

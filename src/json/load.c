/* Apart from file.c: who is only ever given bytes does not link the calls that open a file. */
#include "base/fd.h"
#include "json/json.h"

int json_file_load(struct json_file *out, const char *path, size_t most, struct err *e)
{
	scoped(mem) char *bytes = NULL;
	size_t size;

	if (fd_read_file(&bytes, &size, path, most, e) < 0)
		return -1;
	if (json_file_parse(out, path, bytes, size, e) < 0)
		return -1;
	out->loaded = take(&bytes);
	return 0;
}

/*
 * tests/fuzz/replay.c - run a fuzz target over every file of its corpus, as TAP, where there is no
 * libFuzzer: every past finding. A property that does not hold traps, and the name stands above.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool replay(const char *dir, const char *name)
{
	scoped(mem) char *bytes = NULL;
	struct err e = { .kind = ERR_NONE };
	char path[4096];
	size_t size;

	printf("# %s\n", name);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (fd_read_file(&bytes, &size, path, 16 << 20, &e) < 0) {
		printf("# %s\n", e.text);
		return false;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)bytes, size);
	return true;
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : REPLAY_CORPUS;
	struct dirent **found;
	int count, bad = 0, i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	count = scandir(dir, &found, visible, alphasort);
	if (count <= 0) {
		fprintf(stderr, "replay: %s: no inputs\n", dir);
		return 2;
	}
	printf("1..%d\n", count);
	for (i = 0; i < count; i++) {
		bool held = replay(dir, found[i]->d_name);

		printf("%s %d - %s\n", held ? "ok" : "not ok", i + 1, found[i]->d_name);
		bad += !held;
		free(found[i]);
	}
	free(found);
	return bad > 0;
}

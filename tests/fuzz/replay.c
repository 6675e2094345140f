/* tests/fuzz/replay.c - run a fuzz target over files, where there is no libFuzzer: every past finding. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		scoped(mem) char *bytes = NULL;
		struct err e = { 0 };
		size_t size;

		if (fd_read_file(&bytes, &size, argv[i], 16 << 20, &e) < 0) {
			fprintf(stderr, "replay: %s\n", e.text);
			return 2;
		}
		LLVMFuzzerTestOneInput((const uint8_t *)bytes, size);
	}
	printf("%d inputs hold\n", argc - 1);
	return 0;
}

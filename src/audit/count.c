#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"

void count_text(char out[32], uint64_t number)
{
	char plain[24];
	int size = snprintf(plain, sizeof(plain), "%" PRIu64, number), i;
	char *at = out;

	for (i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			*at++ = ',';
		*at++ = plain[i];
	}
	*at = '\0';
}

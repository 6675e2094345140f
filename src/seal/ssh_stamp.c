/*
 * Not by libc's timegm(3): that looks for a time zone's file first, and the recorder, which asks here whose time on a
 * list is over, opens none.
 */
#include "seal/ssh_stamp.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum { DAY = 8, MINUTE = 12, SECOND = 14 };

bool ssh_stamp_read(uint64_t *seconds, const char *text, size_t size)
{
	char digits[SECOND + 1] = "00000000000000", stamp[32];
	uint64_t us;
	size_t i;

	if (size != DAY && size != MINUTE && size != SECOND)
		return false;
	for (i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		digits[i] = text[i];
	}
	snprintf(stamp, sizeof(stamp), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s.000000Z", digits, digits + 4, digits + 6, digits + 8,
		 digits + 10, digits + 12);
	if (!clock_stamp_read(&us, stamp, strlen(stamp)))
		return false;
	*seconds = us / 1000000;
	return true;
}

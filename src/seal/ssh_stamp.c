#include "seal/ssh_stamp.h"

#include <string.h>
#include <time.h>

enum { DAY = 8, MINUTE = 12, SECOND = 14 };

static bool digits(int *out, const char **at, size_t count)
{
	*out = 0;
	for (; count > 0; count--, ++*at) {
		if (**at < '0' || **at > '9')
			return false;
		*out = *out * 10 + (**at - '0');
	}
	return true;
}

bool ssh_stamp_read(uint64_t *seconds, const char *text, size_t size)
{
	struct tm t = { 0 }, same;
	time_t at;

	if ((size != DAY && size != MINUTE && size != SECOND) || !digits(&t.tm_year, &text, 4) ||
	    !digits(&t.tm_mon, &text, 2) || !digits(&t.tm_mday, &text, 2) ||
	    (size >= MINUTE && (!digits(&t.tm_hour, &text, 2) || !digits(&t.tm_min, &text, 2))) ||
	    (size == SECOND && !digits(&t.tm_sec, &text, 2)))
		return false;
	t.tm_year -= 1900;
	t.tm_mon--;
	same = t;
	at = timegm(&same);	/* sets right what no calendar has: then it differs */
	if (at < 0 || same.tm_year != t.tm_year || same.tm_mon != t.tm_mon || same.tm_mday != t.tm_mday ||
	    same.tm_hour != t.tm_hour || same.tm_min != t.tm_min || same.tm_sec != t.tm_sec)
		return false;
	*seconds = (uint64_t)at;
	return true;
}

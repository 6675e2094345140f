#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

uint64_t clock_mono_ns(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_wall_us(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

void clock_stamp(char out[32], uint64_t wall_us)
{
	time_t seconds = (time_t)(wall_us / 1000000u);
	struct tm t = { 0 };
	char date[24];

	gmtime_r(&seconds, &t);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &t);
	snprintf(out, 32, "%s.%06uZ", date, (unsigned)(wall_us % 1000000u));
}

/* Rounded up, so that poll() does not wake a moment early and spin. */
int clock_left_ms(uint64_t deadline_ns)
{
	uint64_t now = clock_mono_ns(), left;

	if (now >= deadline_ns)
		return 0;
	left = (deadline_ns - now + 999999u) / 1000000u;
	return left > INT_MAX ? INT_MAX : (int)left;
}

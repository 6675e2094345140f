#include "base/clock.h"

#include <limits.h>
#include <string.h>
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

uint64_t clock_boot_us(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static char *digits(char *at, uint64_t number, unsigned count)
{
	unsigned i;

	for (i = count; i > 0; i--, number /= 10)
		at[i - 1] = (char)('0' + number % 10);
	return at + count;
}

/*
 * The date by arithmetic: every record has its time, and libc's way to it is ten times as long. Years
 * begin in March here, so that the odd day comes last; 400 of them have 146097 days.
 */
void clock_stamp(char out[32], uint64_t wall_us)
{
	uint64_t seconds = wall_us / 1000000u, days = seconds / 86400u + 719468u;
	uint64_t era = days / 146097u, day = days % 146097u;
	uint64_t year = (day - day / 1460u + day / 36524u - day / 146096u) / 365u;
	uint64_t in_year = day - (365u * year + year / 4 - year / 100), month = (5 * in_year + 2) / 153;
	uint64_t of_day = seconds % 86400u;

	year += era * 400u + (month >= 10);
	out = digits(out, year, 4);
	*out++ = '-';
	out = digits(out, month < 10 ? month + 3 : month - 9, 2);
	*out++ = '-';
	out = digits(out, in_year - (153 * month + 2) / 5 + 1, 2);
	*out++ = 'T';
	out = digits(out, of_day / 3600, 2);
	*out++ = ':';
	out = digits(out, of_day / 60 % 60, 2);
	*out++ = ':';
	out = digits(out, of_day % 60, 2);
	*out++ = '.';
	out = digits(out, wall_us % 1000000u, 6);
	*out++ = 'Z';
	*out = '\0';
}

static uint64_t number_at(const char *text, size_t digits)
{
	uint64_t number = 0;

	for (; digits > 0; digits--, text++)
		number = number * 10 + (uint64_t)(unsigned char)(*text - '0');
	return number;
}

/* Read loosely, then demand that writing it again gives the same bytes: one form only, and no 31st of June. */
bool clock_stamp_read(uint64_t *wall_us, const char *text, size_t size)
{
	uint64_t year, month, era, of_era, day, at;
	char again[32];

	if (size != 27)
		return false;
	year = number_at(text, 4);
	month = number_at(text + 5, 2);
	if (year < 1970 || month < 1 || month > 12)
		return false;
	year -= month <= 2;
	era = year / 400;
	of_era = year % 400;
	day = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + number_at(text + 8, 2) - 1;
	day += of_era * 365 + of_era / 4 - of_era / 100 + era * 146097 - 719468;
	at = (((day * 24 + number_at(text + 11, 2)) * 60 + number_at(text + 14, 2)) * 60 + number_at(text + 17, 2)) * 1000000 +
	     number_at(text + 20, 6);
	clock_stamp(again, at);
	if (memcmp(again, text, size) != 0)
		return false;
	*wall_us = at;
	return true;
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

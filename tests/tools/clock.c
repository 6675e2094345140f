/* clock.so - LD_PRELOAD: the time of day is REEVE_CLOCK seconds from what it is; all other clocks are the kernel's. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long by;

__attribute__((constructor)) static void begin(void)
{
	const char *seconds = getenv("REEVE_CLOCK");

	by = seconds ? strtol(seconds, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
	int done = (int)syscall(SYS_clock_gettime, clock, out);

	if (done == 0 && clock == CLOCK_REALTIME)
		out->tv_sec += by;
	return done;
}

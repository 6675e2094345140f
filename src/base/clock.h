/* base/clock.h - what time it is, and how long is left. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t clock_mono_ns(void);	/* CLOCK_MONOTONIC, nanoseconds */
uint64_t clock_boot_us(void);	/* CLOCK_BOOTTIME, microseconds: it goes on while the machine sleeps */
uint64_t clock_wall_us(void);	/* CLOCK_REALTIME, microseconds since 1970 */

/* "2026-11-21T03:59:00.123456Z": RFC 3339, UTC, always six digits. `out` has room for 32. */
void clock_stamp(char out[32], uint64_t wall_us);
bool clock_stamp_read(uint64_t *wall_us, const char *text, size_t size);	/* that form and no other */

/* Milliseconds from now to a clock_mono_ns() deadline, for poll(2): 0 when past, never -1. */
int clock_left_ms(uint64_t deadline_ns);

#endif

/* profile/limits.h - the member "limits": checked, and put into a plan. Private to profile/. */
#ifndef PROFILE_LIMITS_H
#define PROFILE_LIMITS_H

#include "profile/plan.h"

/* As any number in a JSON file: below 2^53. */
#define LIMIT_MOST ((UINT64_C(1) << 53) - 1)

/* A size or a number, however it is written: 1048576 or "512M"; 0: neither. */
uint64_t limit_value(const json_t *value);
/* What this member of "limits" comes to, said or not; 0: no bound, or no limit at all. */
uint64_t limit_most(json_t *object, const char *word);
/* The member "limits" at this place, if it is there. */
int check_limits_at(const struct json_file *f, const char *pointer, struct err *e) must_use;
void plan_limits(struct plan *p, json_t *object);

#endif

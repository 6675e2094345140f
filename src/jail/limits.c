#include <sys/resource.h>

#include "jail/inside.h"

/* Hard and soft alike, and never above what we have: a limit that was lower outside stays lower. */
static int limit_one(int resource, uint64_t most, struct err *e)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
		return err_sys(e, "limit %d", resource);
	if (now.rlim_max > most)
		now.rlim_max = most;
	now.rlim_cur = now.rlim_max;
	if (setrlimit((__rlimit_resource_t)resource, &now) < 0)
		return err_sys(e, "limit %d to %llu", resource, (unsigned long long)most);
	return 0;
}

/* Core files first: whatever the profile says, memory is not written to the workspace. */
int limits_apply(struct inside *in, struct err *e)
{
	size_t i;

	if (limit_one(RLIMIT_CORE, 0, e) < 0)
		return -1;
	for (i = 0; i < in->spec->limit_count; i++)
		if (limit_one(in->spec->limits[i].resource, in->spec->limits[i].most, e) < 0)
			return -1;
	return 0;
}

/* Which names may not be made inside. */
#include <stddef.h>

#include "jail/inside.h"

static const char *const protected_names[] = {
#define NAME(name, who) name,
#include "jail/names.def"
#undef NAME
	NULL,
};

const char *const *jail_protected(void)
{
	return protected_names;
}

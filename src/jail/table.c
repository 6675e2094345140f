/* agent.def for people: what each call of the kernel is answered, and why. */
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

#include "jail/jail.h"

static const struct jail_call table[] = {
#define AGENT(name, because) { SCMP_SYS(name), #name, 0, because },
#define REFUSE(name, error, because) { SCMP_SYS(name), #name, error, because },
#include "jail/agent.def"
#undef AGENT
#undef REFUSE
};

const struct jail_call *jail_call_at(size_t n)
{
	return n < count_of(table) ? &table[n] : NULL;
}

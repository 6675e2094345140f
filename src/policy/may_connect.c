/* Whether a name may be given an address at all: could any rule allow a connection to it? */
#include "policy/policy.h"

bool policy_may_connect(const struct policy *p, const struct run_facts *run, const char *host, struct verdict *why_not)
{
	(void)host;
	*why_not = (struct verdict){ .reason = REASON_NO_RULE };
	return policy_may_allow(p, run, ACTION_NET_CONNECT, "net", NULL);
}

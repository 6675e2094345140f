/* What a profile says of the network: nothing yet. */
#include "profile/profile.h"

void profile_network(struct profile_network *out, const struct profile *p)
{
	(void)p;
	*out = (struct profile_network){ 0 };
}

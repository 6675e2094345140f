/*
 * reeve-porter: the agent's HTTP. It reads what agents write, as the broker does, and so it may do as little: from the
 * first line of main() seccomp kills it if it opens, connects or executes. It carries messages; it judges none.
 */
#include "base/log.h"
#include "jail/jail.h"
#include "porter/porter.h"

enum { CHANNEL = 3, COULD_NOT = 3, MEMORY = 512 << 20 };

int main(void)
{
	struct err e = { 0 };
	int jailed = jail_self_memory(MEMORY, &e);

	if (jailed == 0)
		jailed = jail_self(JAIL_PORTER, &e);
	log_name("reeve-porter");
	if (jailed == 0 && porter_run(CHANNEL, &e) == 0)
		return 0;
	log_say("%s", e.text);
	return COULD_NOT;
}

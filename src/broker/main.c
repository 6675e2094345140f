/*
 * reeve-broker: the only parser of what agents and tool servers write. It starts with one
 * descriptor, the launcher's channel, and can never get another but by being given it.
 */
#include "base/log.h"
#include "broker/broker.h"
#include "jail/jail.h"

enum { CHANNEL = 3, COULD_NOT = 3, MEMORY = 512 << 20 };

int main(void)
{
	struct err e = { 0 };
	int jailed = jail_self_memory(MEMORY, &e);

	if (jailed == 0)
		jailed = jail_self(JAIL_BROKER, &e);
	log_name("reeve-broker");
	if (jailed == 0 && broker_run(CHANNEL, &e) == 0)
		return 0;
	log_say("%s", e.text);
	return COULD_NOT;
}

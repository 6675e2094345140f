/*
 * reeve-dialer: whoever answers questions about names writes what this process reads, so it is one
 * of its own. Before it hears anything it gives up all it does not need: it executes nothing, makes
 * no process, listens nowhere, and writes to no file.
 */
#include <ares.h>
#include <signal.h>

#include "base/log.h"
#include "dialer/dialer.h"
#include "jail/jail.h"

enum { CHANNEL = 3, COULD_NOT = 3, MEMORY = 512 << 20, DESCRIPTORS = 16384 };

int main(void)
{
	struct err e = { 0 };
	int jailed;

	jail_self_descriptors(DESCRIPTORS); /* each connection on its way takes one, each lookup a few */
	ares_library_init(ARES_LIB_INIT_ALL);
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	jailed = jail_self_memory(MEMORY, &e);
	if (jailed == 0)
		jailed = jail_self(JAIL_DIALER, &e);
	log_name("reeve-dialer");
	if (jailed == 0 && dialer_run(CHANNEL, &e) == 0)
		return 0;
	log_say("%s", e.text);
	return COULD_NOT;
}

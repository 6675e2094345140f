/*
 * reeve-inspector: the end of TLS for the hosts that a profile names. Its libraries and the host's certificates
 * are loaded first; from then on seccomp kills it if it opens, connects or executes. Only then it is told, and
 * makes, what is secret.
 */
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "inspector/inspector.h"
#include "jail/jail.h"

enum { CHANNEL = 3, COULD_NOT = 3, MEMORY = 1 << 30 };

int main(void)
{
	struct inspector *in = calloc(1, sizeof(*in));
	struct err e = { 0 };

	log_name("reeve-inspector");
	if (!in)
		return COULD_NOT;
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	in->launcher = (struct wire){ CHANNEL, ROLE_PROXY, ROLE_LAUNCHER, PHASE_STARTING };
	in->broker = (struct wire){ -1, ROLE_PROXY, ROLE_BROKER, PHASE_RUNNING };
	in->hands = (struct wire){ -1, ROLE_PROXY, ROLE_PROXY, PHASE_RUNNING };
	if (jail_self_memory(MEMORY, &e) == 0 && inspector_begin(in, &e) == 0 && jail_self(JAIL_INSPECTOR, &e) == 0 &&
	    inspector_run(in, &e) == 0)
		return 0;
	log_say("%s", e.text);
	return COULD_NOT;
}

/* What the agent was refused, told to the launcher: each time, for as long as its socket takes it. */
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "jail/inside.h"

/* Never waits: a launcher that is slow to hear must not slow the agent. */
void fold_refused(struct inside *in, const struct seccomp_notif *n, int error, const char *name)
{
	struct jail_event event = { .what = JAIL_REFUSED, .error = error, .count = 1 };
	size_t i;

	event.arch = n->data.arch;
	event.call = n->data.nr;
	for (i = 0; i < 6; i++)
		event.args[i] = n->data.args[i];
	snprintf(event.name, sizeof(event.name), "%s", name ? name : "");
	(void)!send(in->control, &event, sizeof(event), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void fold_rest(struct inside *in)
{
	(void)in;
}

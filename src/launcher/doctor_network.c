/* Can programs in a jail be heard when they reach out? Asked by letting one stand in which they are. */
#include <stdio.h>
#include <unistd.h>

#include "launcher/doctor.h"
#include "launcher/launcher.h"

static int try_ears(struct err *e)
{
	static const struct jail_mount mounts[] = { { .kind = JAIL_PROC, .target = "/proc" },
						    { .kind = JAIL_DEV, .target = "/dev" } };
	static const struct jail_hearing ears[] = { { EAR_PROXY, 7339, NULL },
						    { EAR_DIRECT, 443, NULL },
						    { EAR_DNS, 53, NULL } };
	static const char *const argv[] = { "true", NULL };
	const struct jail_spec spec = { .name = "doctor",
					.mounts = mounts,
					.mount_count = sizeof(mounts) / sizeof(mounts[0]),
					.ears = ears,
					.ear_count = sizeof(ears) / sizeof(ears[0]),
					.argv = argv,
					.stdio = { -1, -1, -1 },
					.without = 1u << LAYER_TIME | 1u << LAYER_CGROUP };
	struct jail jail = JAIL_NONE;
	int rc = jail_start(&jail, &spec, e);

	jail_end(&jail);
	return rc;
}

/* After the layers: what is missing there is missing here. Only a run with --network needs it. */
void doctor_look_network(struct doctor_fact *f, uint32_t without)
{
	const uint32_t by_notify = 1u << LAYER_SECCOMP;
	struct err e = { 0 };

	f->name = "network";
	if (!(without & (1u << LAYER_NET | 1u << LAYER_USER)) && try_ears(&e) == 0) {
		snprintf(f->value, sizeof(f->value), "each connection can be judged (--network)");
		return;
	}
	f->state = DOCTOR_NOTE;
	f->costs = without & by_notify ? "a run with --network does not start"
				       : "each call of connect is stopped: slower, and fewer programs work";
	if (e.kind != ERR_NONE)
		snprintf(f->value, sizeof(f->value), "%.190s", e.text);
	else
		snprintf(f->value, sizeof(f->value), "there is no network for a jail alone");
	snprintf(f->fix, sizeof(f->fix), "what gives the layer net, above");
}

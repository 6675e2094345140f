/* Is all of reeve there? Each program is one that a run of some kind cannot do without. */
#include <stdio.h>
#include <unistd.h>

#include "launcher/doctor.h"
#include "launcher/launcher.h"

static const struct {
	const char *name, *costs;
} programs[] = {
	{ "reeve-broker", "no run" },
	{ "reeve-recorder", "no run" },
	{ "reeve-call", "no run" },
	{ "reeve-proxy", "a run with --network does not start" },
	{ "reeve-dialer", "a run with --network does not start" },
	{ "reeve-inspector", "a run whose profile has \"inspect\" does not start" },
	{ "reeve-porter", "a run with --http does not start" },
	{ "reeve-courier", "tool servers elsewhere (\"url\") do not start" },
	{ "reeve-audit", "reeve audit does nothing: no ledger can be read" },
};

void doctor_look_programs(struct doctor_fact *f)
{
	char folder[LAUNCH_TEXT], path[LAUNCH_TEXT + 32];
	struct err e = { 0 };
	size_t i = 0;

	f->state = DOCTOR_MISSING;
	snprintf(f->fix, sizeof(f->fix), "make install");
	if (paths_programs(folder, &e) < 0) {
		f->costs = programs[0].costs;
		snprintf(f->value, sizeof(f->value), "%.190s", e.text);
		return;
	}
	for (i = 0; i < count_of(programs); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, programs[i].name);
		if (access(path, X_OK) == 0)
			continue;
		f->costs = programs[i].costs;
		snprintf(f->value, sizeof(f->value), "%s cannot be executed", programs[i].name);
		return;
	}
	f->state = DOCTOR_FINE;
	snprintf(f->value, sizeof(f->value), "%.190s", folder);
}

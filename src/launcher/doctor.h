/* launcher/doctor.h - what this machine gives a jail, found by asking it. */
#ifndef LAUNCHER_DOCTOR_H
#define LAUNCHER_DOCTOR_H

#include "jail/jail.h"

enum doctor_state {
	DOCTOR_FINE,
	DOCTOR_NOTE,	/* worth knowing; a run does without */
	DOCTOR_MISSING, /* a run needs it, or --without */
};

struct doctor_fact {
	const char *name;	/* stable: --json gives it */
	enum doctor_state state;
	char value[200];
	const char *costs;	/* NULL where nothing is missing */
	char fix[200];		/* a command, or what to change */
};

struct doctor_layer {
	const char *name;
	struct jail_layer_state is;
	const char *costs;	/* of a missing one */
	char fix[200];
};

enum { DOCTOR_FACTS = 24 };

struct doctor {
	struct doctor_fact facts[DOCTOR_FACTS];
	size_t fact_count;
	struct doctor_layer layers[LAYERS];
	size_t layer_count;
	uint32_t without;	/* what a run here must give up */
	struct err jail;	/* why not even that jail stands; ERR_NONE: it does */
};

/* Starts nothing but a jail that is thrown away, writes nothing. */
void doctor_look(struct doctor *d);
void doctor_look_programs(struct doctor_fact *f);
struct recorder_service;
/* Of a recorder that is a service, for the tenant default; before doctor_look(), since it has to be somebody of a group. */
void doctor_look_service(struct doctor *d, const struct recorder_service *s);
void doctor_look_network(struct doctor_fact *f, uint32_t without);
bool doctor_is_fine(const struct doctor *d);

#endif

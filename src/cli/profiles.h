/* cli/profiles.h - where profiles are looked for by name: the user's own, the installed, those of a checkout. */
#ifndef CLI_PROFILES_H
#define CLI_PROFILES_H

#include "launcher/launcher.h"

enum { PROFILE_PLACES = 3 };

struct profile_dirs {
	char room[PROFILE_PLACES][LAUNCH_TEXT + 64];
	const char *at[PROFILE_PLACES + 1];	/* for profile_find() and profile_load() */
};

int profile_dirs(struct profile_dirs *out, struct err *e) must_use;

/* By path if there is a slash in it or .json at its end, otherwise by name. `path` becomes the file's. */
int profile_read(struct profile **out, char path[PATH_MAX], const char *name, struct err *e) must_use;

#endif

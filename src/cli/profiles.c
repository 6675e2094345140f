#include "cli/profiles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int profile_dirs(struct profile_dirs *out, struct err *e)
{
	static const char *const beneath[PROFILE_PLACES] = { "profiles",
							     "../../share/reeve/profiles",
							     "../../profiles" };
	char config[LAUNCH_TEXT], programs[LAUNCH_TEXT];
	size_t i;

	if (paths_config(config, e) < 0 || paths_programs(programs, e) < 0)
		return -1;
	for (i = 0; i < PROFILE_PLACES; i++) {
		snprintf(out->room[i], sizeof(out->room[i]), "%s/%s", i == 0 ? config : programs,
			 beneath[i]);
		out->at[i] = out->room[i];
	}
	out->at[PROFILE_PLACES] = NULL;
	return 0;
}

int profile_read(struct profile **out, char path[PATH_MAX], const char *name, struct err *e)
{
	size_t size = strlen(name);
	bool is_file = strchr(name, '/') || (size > 5 && strcmp(name + size - 5, ".json") == 0);
	char found[PATH_MAX];
	struct profile_dirs dirs;

	if (profile_dirs(&dirs, e) < 0)
		return -1;
	if (!is_file && profile_find(found, name, dirs.at, e) < 0)
		return -1;
	if (!is_file && !realpath(found, path))
		return err_sys(e, "%s", found);
	if (is_file && (size_t)snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%.80s...: too long a name", name);
	return profile_load(out, path, dirs.at, e);
}

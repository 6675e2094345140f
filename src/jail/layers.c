#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "jail/inside.h"

static const struct {
	const char *word;
	unsigned long flag;
	const char *space;
} layers[LAYERS] = {
	[LAYER_USER] = { "user", CLONE_NEWUSER, "user" },
	[LAYER_MOUNT] = { "mount", CLONE_NEWNS, "mnt" },
	[LAYER_PID] = { "pid", CLONE_NEWPID, "pid" },
	[LAYER_NET] = { "net", CLONE_NEWNET, "net" },
	[LAYER_IPC] = { "ipc", CLONE_NEWIPC, "ipc" },
	[LAYER_UTS] = { "uts", CLONE_NEWUTS, "uts" },
	[LAYER_CGROUP] = { "cgroup", CLONE_NEWCGROUP, "cgroup" },
	[LAYER_TIME] = { "time", 0, "time" }, /* spaces_enter_time() */
	[LAYER_LANDLOCK] = { "landlock", 0, NULL },
	[LAYER_CAPABILITIES] = { "capabilities", 0, NULL },
	[LAYER_NO_NEW_PRIVS] = { "no_new_privs", 0, NULL },
	[LAYER_SECCOMP] = { "seccomp", 0, NULL },
	[LAYER_LIMITS] = { "limits", 0, NULL },
	[LAYER_NAMES] = { "names", 0, NULL },
};

const char *jail_layer_word(enum jail_layer l)
{
	return l < LAYERS ? layers[l].word : "none";
}

unsigned long layer_flag(enum jail_layer l)
{
	return layers[l].flag;
}

uint64_t layer_space(enum jail_layer l, bool of_children)
{
	char path[64];
	struct stat st;

	if (!layers[l].space)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/ns/%s%s", layers[l].space,
		 of_children && l == LAYER_TIME ? "_for_children" : "");
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static bool dispensable(const struct inside *in, enum jail_layer l)
{
	return l < LAYERS && (in->spec->without & (1u << l)) != 0;
}

int steps_walk(struct inside *in, const struct step *steps, size_t count, struct err *e)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (steps[i].layer < LAYERS && !in->layers[steps[i].layer].obtained)
			continue;
		if (steps[i].run(in, e) == 0)
			continue;
		/* Half a namespace is worse than none: the launcher tries again without it. */
		if (dispensable(in, steps[i].layer) && layers[steps[i].layer].flag)
			in->failed = steps[i].layer;
		if (!dispensable(in, steps[i].layer) || layers[steps[i].layer].flag)
			return err_in(e, "%s", steps[i].name);
		in->layers[steps[i].layer].obtained = false;
	}
	return 0;
}

/* launcher/hooks.h - the operator's own command, told of what waits for a person. Nobody waits for it. */
#ifndef LAUNCHER_HOOKS_H
#define LAUNCHER_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Of what the operator can be told. */
enum hook_kind { HOOK_HELD, HOOK_ALERT, HOOK_KINDS };

enum { HOOKS_AT_ONCE = 4, HOOKS_WAITING = 64, HOOK_SECONDS = 30, HOOKS_LAST_SECONDS = 5 };

struct hook {
	pid_t pid;		/* leader of a session of its own; 0: this slot is free */
	int pidfd;
	uint64_t ends_ns;	/* when it is killed */
};

struct hooks {
	const char *const *argv;	/* borrowed; NULL: nobody wants to be told */
	enum hook_kind of;
	bool mute;			/* stderr is a terminal that is lent: what a hook says there is dropped */
	bool failed;			/* that it fails is said once */
	struct hook at[HOOKS_AT_ONCE];
	struct {
		char *text;
		size_t size;
	} waiting[HOOKS_WAITING];	/* a ring, from `first` */
	size_t first, count;
	uint64_t folded;		/* no room for these: told as a number, once there is */
};

/* Start it with this JSON text on its standard input; later, where as many as may run run already. */
void hooks_tell(struct hooks *h, const char *json, size_t size);
/* Whichever ended or is over its time is reaped, and the next begun. After a poll(), and whenever it is time. */
void hooks_attend(struct hooks *h);
uint64_t hooks_deadline(const struct hooks *h);	/* 0: none is at work */
/* The run is over: what is still to be told is told, if `patient` and within a moment; then all is ended. */
void hooks_end(struct hooks *h, bool patient);

#endif

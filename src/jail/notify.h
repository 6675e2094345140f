/* jail/notify.h - what seccomp asks init: one question at a time, each with one answer. Private to jail/. */
#ifndef JAIL_NOTIFY_H
#define JAIL_NOTIFY_H

#include <linux/seccomp.h>
#include <stdbool.h>

#include "jail/inside.h"

struct question {
	struct inside *in;
	struct seccomp_notif ask;	/* ask.pid: the asking thread, by its number in here */
};

/* What a handler answers: a result of 0 or more, a negative errno, or one of these. */
enum {
	NOTIFY_LET = -5000,		/* the kernel goes on with the call: safe only because Landlock judges it again */
	NOTIFY_GONE = -5001,		/* nobody is there any more to be answered */
	NOTIFY_LATER = -5002,		/* the handler keeps the question, and answers it itself */
};

/* The program's side: hand the listener to init; its own copy is closed. */
int notify_hand_over(struct inside *in, int listener, struct err *e) must_use;

/* Init's side: answer the question that waits at in->listener. */
void notify_serve(struct inside *in);

/* Still the thread that asked? Everything read from it before is its own then. */
bool notify_still(const struct question *q);

/* -error, and recorded; `name`: the protected name it asked for, or NULL. */
int notify_refuse(struct question *q, int error, const char *name);

/* Answer a kept question. */
void notify_answer(struct inside *in, const struct seccomp_notif *ask, int answer);

#endif

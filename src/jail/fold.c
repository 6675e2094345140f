/*
 * What the agent was refused, told to the launcher: the first of a kind at once, then when its count
 * reaches 10, 100, 1000 ..., the rest when the jail ends. A kind is an architecture, a call and an errno,
 * and for protected names the name. The table is small and fixed, so a million calls, or a million
 * different ones, cost their own jail time and the ledger next to nothing. Nothing here waits but at
 * the very end: an event that finds no room is told at the next occasion, with the count it has then.
 */
#include "jail/fold.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jail/inside.h"

static bool same_kind(const struct jail_event *a, const struct jail_event *b)
{
	return a->call == b->call && a->arch == b->arch && a->error == b->error &&
	       strcmp(a->name, b->name) == 0;
}

static struct fold_kind *find_kind(struct fold *f, const struct jail_event *one)
{
	struct fold_kind *k;

	for (k = f->kinds; k < f->kinds + f->count; k++)
		if (same_kind(&k->event, one))
			return k;
	return NULL;
}

static struct fold_kind *add_kind(struct fold *f, const struct jail_event *one)
{
	struct fold_kind *k = &f->kinds[f->count++];

	*k = (struct fold_kind){ .event = *one, .due = 1 };
	k->event.count = 0;
	f->names += one->name[0] != '\0';
	return k;
}

/* All that has no room is one kind: it says how often, and no more. */
static struct fold_kind *others(struct fold *f)
{
	struct fold_kind *k = &f->kinds[FOLD_KINDS];

	if (k->due == 0)
		*k = (struct fold_kind){ .event = { .what = JAIL_REFUSED, .call = FOLD_OTHER }, .due = 1 };
	return k;
}

/* A name too many is counted as its call alone. */
static struct fold_kind *kind_of(struct fold *f, const struct jail_event *one)
{
	struct fold_kind *k = find_kind(f, one);
	struct jail_event plain = *one;

	if (k)
		return k;
	if (one->name[0] && f->names == FOLD_NAMES) {
		plain.name[0] = '\0';
		k = find_kind(f, &plain);
	}
	if (k)
		return k;
	return f->count < FOLD_KINDS ? add_kind(f, &plain) : others(f);
}

static bool tell_kind(struct fold_kind *k, bool all, fold_teller *tell, void *to)
{
	if (k->due == 0 || (all ? k->told == k->event.count : k->event.count < k->due))
		return true;
	if (!tell(to, &k->event))
		return false;
	k->told = k->event.count;
	while (k->due <= k->event.count)
		k->due *= 10;
	return true;
}

void fold_tell(struct fold *f, bool all, fold_teller *tell, void *to)
{
	size_t i;

	f->waiting = false;
	for (i = 0; i <= FOLD_KINDS && !f->waiting; i++)
		f->waiting = !tell_kind(&f->kinds[i], all, tell, to);
}

void fold_count(struct fold *f, const struct jail_event *one, fold_teller *tell, void *to)
{
	struct fold_kind *k = kind_of(f, one);

	k->event.count++;
	if (f->waiting)
		fold_tell(f, false, tell, to);
	else
		f->waiting = !tell_kind(k, false, tell, to);
}

static bool tell_now(void *to, const struct jail_event *event)
{
	const struct inside *in = to;
	ssize_t sent;

	do
		sent = send(in->control, event, sizeof(*event), MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)sizeof(*event);
}

/* The launcher still listens, or it is gone and so is the jail. */
static bool tell_waiting(void *to, const struct jail_event *event)
{
	const struct inside *in = to;
	ssize_t sent;

	do
		sent = send(in->control, event, sizeof(*event), MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)sizeof(*event);
}

/* Without memory to count what was refused there would be no record of it: then there is no jail. */
static struct fold *fold_of(struct inside *in)
{
	if (!in->fold)
		in->fold = calloc(1, sizeof(*in->fold));
	if (!in->fold)
		_exit(128 + SIGKILL);
	return in->fold;
}

void fold_refused(struct inside *in, const struct seccomp_notif *n, int error, const char *name)
{
	struct jail_event one = { .what = JAIL_REFUSED, .error = error };
	size_t i;

	one.arch = n->data.arch;
	one.call = n->data.nr;
	for (i = 0; i < 6; i++)
		one.args[i] = n->data.args[i];
	snprintf(one.name, sizeof(one.name), "%s", name ? name : "");
	fold_count(fold_of(in), &one, tell_now, in);
}

bool fold_waits(const struct inside *in)
{
	return in->fold && in->fold->waiting;
}

void fold_again(struct inside *in)
{
	fold_tell(in->fold, false, tell_now, in);
}

void fold_rest(struct inside *in)
{
	if (in->fold)
		fold_tell(in->fold, true, tell_waiting, in);
}

/*
 * The second record. Who keeps it is told by a program of its own, which outlives this run as the recorder does; here it is
 * started and given its connections. The one thing that is waited for is local: a ledger that the spine has never heard of
 * could vanish without a trace, so its first run does not begin before the spine has it on disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "launcher/run.h"

enum {
	WORDS = 64,
	ENTER_MS = 12000,
	FRESH = 2,
	AGAIN_MOST_S = 600,	/* from the end of a reeve-anchor to the next, at most */
	AGAIN_OTHER_S = 60,	/* from finding another one at work to looking again */
};

static const uint64_t SECOND = 1000000000;

static const char SPINE[] = "spine";

static bool is_spine(const struct run *r)
{
	return strcmp(r->ask->tenant, SPINE) == 0;
}

/* The verifier key beside this key. */
static int pub_of(char out[LAUNCH_TEXT], const char *key, struct err *e)
{
	size_t size = strlen(key) - strlen(".key");

	return snprintf(out, LAUNCH_TEXT, "%.*s.pub", (int)size, key) < LAUNCH_TEXT ? 0 : err_set(e, ERR_LIMIT, "%s: too long a path", key);
}

/* No run was ever in it: genesis, and at most the first epoch's record. */
static bool is_fresh(const struct run *r)
{
	char path[LAUNCH_TEXT + 8];
	scoped(mem) char *text = NULL;
	struct err ignored = { 0 };
	size_t size;

	snprintf(path, sizeof(path), "%s/head", r->at.ledger);
	return fd_read_file(&text, &size, path, 64, &ignored) == 0 && strtoull(text, NULL, 10) <= FRESH;
}

static int await_entered(pid_t pid, struct err *e)
{
	scoped(fd) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	uint64_t deadline = clock_mono_ns() + ENTER_MS * UINT64_C(1000000);
	int status = 0, ready;

	do
		ready = poll(&end, 1, clock_left_ms(deadline));
	while (ready < 0 && errno == EINTR);
	if (pidfd < 0 || ready <= 0)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : err_set(e, ERR_SYSTEM, "reeve-anchor could not enter it");
}

static int enter(const struct run *r, struct err *e)
{
	char pub[LAUNCH_TEXT];
	const char *const argv[] = { "reeve-anchor", "enter", r->at.ledger, r->spine_at.socket, pub, NULL };
	scoped(fd) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	if (null < 0)
		return err_sys(e, "/dev/null");
	if (pub_of(pub, r->at.key, e) < 0 || spawn_own(&pid, r, argv, null, true, e) < 0)
		return -1;
	return await_entered(pid, e);
}

static int reach_spine(struct run *r, struct err *e)
{
	char verifier[256];

	if (paths_find(&r->spine_at, SPINE, e) < 0)
		return -1;
	if (access(r->spine_at.key, F_OK) < 0) {
		if (launch_init(verifier, &r->spine_at, SPINE, e) < 0)
			return -1;
		log_say("new ledger %s: the spine, which knows of all others", r->spine_at.ledger);
		log_say("its verifier key, to be kept elsewhere: %s", verifier);
	}
	return recorder_reach_other(&r->spine, &r->spine_pid, &r->spine_at, e);
}

int anchor_spine(struct run *r, struct err *e)
{
	bool fresh;

	if (!r->ask->spine || is_spine(r) || r->at.service)
		return 0;
	fresh = is_fresh(r);
	if (reach_spine(r, e) < 0 && fresh)
		return err_in(e, "new, and the spine cannot be told of it");
	if (r->spine < 0)
		log_say("the spine is not told of this run: %s", e->text);
	return fresh && enter(r, e) < 0 ? err_in(e, "new, and the spine cannot be told of it: see %s/recorder.stderr", r->at.runs) : 0;
}

/* What it is told on its command line. */
struct anchor_words {
	const char *argv[WORDS + 8];
	char pub[LAUNCH_TEXT], key[LAUNCH_TEXT + 8], state[LAUNCH_TEXT + 32], spine[LAUNCH_TEXT + 8];
};

static int words_of(struct anchor_words *w, const struct run *r, const char *recorder, struct err *e)
{
	const char *const *more = r->ask->second;
	size_t n = 0, i;

	if (pub_of(w->pub, r->at.key, e) < 0)
		return -1;
	snprintf(w->key, sizeof(w->key), "key=%s", w->pub);
	snprintf(w->state, sizeof(w->state), "state=%s/second.known", r->at.runs);
	snprintf(w->spine, sizeof(w->spine), "spine=%s", r->spine_at.socket);
	w->argv[n++] = "reeve-anchor";
	w->argv[n++] = "keep";
	w->argv[n++] = recorder;
	w->argv[n++] = r->at.ledger;
	w->argv[n++] = w->key;
	w->argv[n++] = w->state;
	if (r->ask->spine && !is_spine(r))
		w->argv[n++] = w->spine;
	for (i = 0; more && more[i] && i < WORDS; i++)
		w->argv[n++] = more[i];
	w->argv[n] = NULL;
	return 0;
}

static int charge(int to, const struct run *r, struct err *e)
{
	struct wire w = { .fd = to, .me = ROLE_LAUNCHER, .peer = ROLE_ANCHOR };
	const uint8_t spines[] = { 1, 0 };
	scoped(fd) int recorder = -1;

	if (recorder_dial(&recorder, r, e) < 0)
		return -1;
	if (r->spine >= 0 && wire_send(&w, MSG_CHARGE, 0, &spines[0], 1, &r->spine, 1, e) < 0)
		return -1;
	return wire_send(&w, MSG_CHARGE, 0, &spines[1], 1, &recorder, 1, e);
}

/* Without a descriptor of its end it is there once, and not again. */
static int begin(struct run *r, const struct anchor_words *w, int its, struct err *e)
{
	if (spawn_own(&r->anchor_pid, r, w->argv, its, false, e) < 0)
		return -1;
	r->anchor.began_ns = clock_mono_ns();
	r->anchor.end = (int)syscall(SYS_pidfd_open, r->anchor_pid, 0);
	return 0;
}

int anchor_start(struct run *r, struct err *e)
{
	scoped(fd) int mine = -1, its = -1;
	struct anchor_words w;
	int fds[2];

	if ((!r->ask->second && !r->ask->spine) || r->at.service)	/* whose service it is keeps its second record, too */
		return 0;
	if (words_of(&w, r, "-", e) < 0 || wire_pair(fds, e) < 0)
		return -1;
	mine = fds[0];
	its = fds[1];
	return begin(r, &w, its, e) < 0 ? -1 : charge(mine, r, e);
}

/* By the names of sockets: where they are gone, because the jail has no mounts, it ends again. */
static int start_again(struct run *r, struct err *e)
{
	scoped(fd) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct anchor_words w;

	if (null < 0)
		return err_sys(e, "/dev/null");
	return words_of(&w, r, r->at.socket, e) < 0 ? -1 : begin(r, &w, null, e);
}

unsigned anchor_pause_s(unsigned *tries, uint64_t lived_s)
{
	*tries = lived_s >= AGAIN_MOST_S ? 0 : *tries;
	return *tries < 10 && 1u << *tries < AGAIN_MOST_S ? 1u << (*tries)++ : AGAIN_MOST_S;
}

/* It ends well when the ledger has one of another run's: that one may go, too. */
static void wait_anew(struct run *r, bool well)
{
	uint64_t lived = (clock_mono_ns() - r->anchor.began_ns) / SECOND;
	unsigned pause = well ? AGAIN_OTHER_S : anchor_pause_s(&r->anchor.tries, lived);

	r->anchor.again_ns = clock_mono_ns() + pause * SECOND;
}

void anchor_attend(struct run *r)
{
	struct err e = { .kind = ERR_NONE };
	int status = 0;

	if (r->anchor.end >= 0 && waitpid(r->anchor_pid, &status, WNOHANG) == r->anchor_pid) {
		fd_close(&r->anchor.end);
		r->anchor_pid = -1;
		wait_anew(r, status == 0);
	}
	if (r->ending)
		r->anchor.again_ns = 0;	/* none comes any more, and nobody is to wake for it */
	if (!r->anchor.again_ns || clock_left_ms(r->anchor.again_ns) > 0)
		return;
	r->anchor.again_ns = 0;
	if (start_again(r, &e) == 0)
		return;
	log_say("the second record is not kept: %s", e.text);
	wait_anew(r, false);
}

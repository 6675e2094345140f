/*
 * The recorder outlives no ledger and serves every run of its tenant, so a run first tries to join
 * one. Between our connect and its answer it may end (its last run just did): then we try again.
 * The recorder's own lock decides who is the one writer; we only decide when to stop trying.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "launcher/run.h"

enum { JOIN_NS = 1000000000, JOIN_SECONDS = 10, SERVICE_TRIES = 5, RECORDER_BUSY = 75, RECORDER_WORDS = 16, CLOSING = 1 };

/* Who answers must be who we are, or the service: another user's recorder would acknowledge and write nothing. */
static bool is_ours(int fd, const struct paths *at)
{
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return false;
	if (at->service ? service_is_peer(at, who.uid) : who.uid == geteuid())
		return true;
	errno = EPERM;
	return false;
}

static int dial(int *out, const struct paths *at)
{
	const struct timeval most = { .tv_sec = JOIN_SECONDS };	/* of a queue that nobody empties */
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	scoped(fd) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	must(strlen(at->socket) < sizeof(to.sun_path));
	memcpy(to.sun_path, at->socket, strlen(at->socket) + 1);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || !is_ours(fd, at))
		return -1;
	*out = fd_take(&fd);
	return 0;
}

/* What the recorder said on the pipe before it was ready or ended, without the newline. */
void recorder_hear(char *out, size_t room, int fd, uint64_t deadline)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	size_t used = 0;
	ssize_t got;

	out[0] = '\0';
	while (used + 1 < room && poll(&in, 1, clock_left_ms(deadline)) > 0) {
		got = read(fd, out + used, room - 1 - used);
		if (got <= 0)
			break;
		used += (size_t)got;
		out[used] = '\0';
		if (out[used - 1] == '\n') {
			out[used - 1] = '\0';
			break;
		}
	}
}

/* What it is started with: its operands, and what is set of its options. */
struct recorder_words {
	const char *argv[RECORDER_WORDS + 1];
	size_t count, used;
	char text[RECORDER_WORDS * LAUNCH_TEXT];
};

static int add_word(struct recorder_words *w, const char *name, const char *value, struct err *e)
{
	size_t room = sizeof(w->text) - w->used;
	int size = snprintf(w->text + w->used, room, "%s%s", name, value);

	if (size < 0 || (size_t)size >= room || w->count == RECORDER_WORDS)
		return err_set(e, ERR_LIMIT, "too much is set for the recorder");
	w->argv[w->count++] = w->text + w->used;
	w->used += (size_t)size + 1;
	return 0;
}

static int words_of(struct recorder_words *w, const struct paths *at, struct err *e)
{
	char hours[16], records[16];
	const struct {
		const char *name, *value;
		bool set;
	} all[] = {
		{ "reeve-recorder", "", true },
		{ "serve", "", true },
		{ "", at->ledger, true },
		{ "", at->key, true },
		{ "", at->socket, true },
		{ "review=", at->review, at->review[0] },
		{ "group=", at->review_group, at->review[0] },
		{ "epoch-hours=", hours, at->epoch.hours },
		{ "epoch-records=", records, at->epoch.records },
	};
	size_t i;

	snprintf(hours, sizeof(hours), "%u", at->epoch.hours);
	snprintf(records, sizeof(records), "%u", at->epoch.records);
	for (i = 0; i < count_of(all); i++)
		if (all[i].set && add_word(w, all[i].name, all[i].value, e) < 0)
			return -1;
	return 0;
}

/* Begin one, and do not wait: it opens the ledger while the jail is being built. */
static int begin(struct run *r, struct err *e)
{
	struct recorder_words w = { .count = 0 };
	scoped(fd) int its = -1;
	int fds[2];

	if (words_of(&w, &r->at, e) < 0)
		return -1;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	r->starting_says = fds[0];
	its = fds[1];
	return spawn_own(&r->starting, r, w.argv, its, false, e);
}

/* The root's key may have been carried away; then the epoch's is there, and none that is just being made. */
bool recorder_has_ledger(const struct paths *at)
{
	char epoch[LAUNCH_TEXT + 8], new[LAUNCH_TEXT + 8];

	snprintf(epoch, sizeof(epoch), "%.*s.epoch", (int)(strlen(at->key) - strlen(".key")), at->key);
	snprintf(new, sizeof(new), "%s.new", at->key);
	return access(at->key, F_OK) == 0 || (access(epoch, F_OK) == 0 && access(new, F_OK) < 0);
}

int recorder_begin(struct run *r, struct err *e)
{
	/* A service begins by that. */
	if (r->at.service && dial(&r->recorder.fd, &r->at) < 0)
		return service_missing(&r->at, e);
	/* Without a key there is no ledger yet; recorder_open() makes both, in the open. */
	if (r->at.service || !recorder_has_ledger(&r->at) || dial(&r->recorder.fd, &r->at) == 0)
		return 0;
	return begin(r, e);
}

/* 0: it listens, or another one holds the ledger and will. */
static int start(struct run *r, uint64_t deadline, struct err *e)
{
	int status = 0;
	char said[256];

	if (r->starting_says < 0 && begin(r, e) < 0)
		return -1;
	recorder_hear(said, sizeof(said), r->starting_says, deadline);
	fd_close(&r->starting_says);
	if (strcmp(said, "ready") == 0)
		return 0;
	if (clock_left_ms(deadline) == 0)
		return err_set(e, ERR_PEER, "the recorder does not get ready");
	waitpid(r->starting, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == RECORDER_BUSY)
		return 0;
	return err_set(e, ERR_PEER, "%s",
		       said[0] ? said : "the recorder ended before it was ready");
}

static void breathe(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* A fresh connection to a living recorder of this ledger. */
static int join(int *out, struct run *r, uint64_t deadline, struct err *e)
{
	while (dial(out, &r->at) < 0) {
		if (r->at.service)
			return service_missing(&r->at, e);
		if (clock_left_ms(deadline) == 0)
			return err_set(e, ERR_PEER, "no recorder could be reached at %s",
				       r->at.socket);
		if (start(r, deadline, e) < 0)
			return -1;
		if (dial(out, &r->at) == 0)
			break;
		breathe();
	}
	return 0;
}

int recorder_reach(int *out, const struct paths *at, struct err *e)
{
	pid_t started;

	return recorder_reach_other(out, &started, at, e);
}

int recorder_reach_other(int *out, pid_t *started, const struct paths *at, struct err *e)
{
	struct run *r = calloc(1, sizeof(*r));
	int done;

	*started = -1;
	if (!r)
		return err_sys(e, "memory to reach the recorder");
	r->at = *at;
	r->starting_says = -1;
	done = join(out, r, clock_mono_ns() + (uint64_t)JOIN_SECONDS * JOIN_NS, e);
	fd_close(&r->starting_says);
	*started = r->starting > 0 ? r->starting : -1;
	free(r);
	return done;
}

/* The one message we now expect. *index untouched and 0 returned: it hung up. */
static int noted(struct run *r, struct wire *w, uint64_t *index, struct err *e)
{
	struct pollfd in = { .fd = w->fd, .events = POLLIN };
	struct unpack u;
	int got;

	if (poll(&in, 1, JOIN_SECONDS * 1000) == 0)
		return err_set(e, ERR_PEER, "the recorder does not answer");
	got = wire_receive(w, &r->msg, true, e);
	if (got <= 0)
		return got;
	u = (struct unpack){ .at = r->msg.body, .left = r->msg.size };
	if (r->msg.type == MSG_HALT)
		return err_set(e, ERR_SYSTEM, "%.*s", (int)(r->msg.size - 4),
			       (const char *)r->msg.body + 4);
	*index = unpack_number(&u, 8);
	return 1;
}

/* First run of a tenant: say what was made, because only now can the key be carried away. */
static int ensure_ledger(struct run *r, struct err *e)
{
	char verifier[256];

	if (r->at.service || recorder_has_ledger(&r->at))
		return 0;
	if (launch_init(verifier, &r->at, r->ask->tenant, e) < 0)
		return -1;
	log_say("new ledger %s", r->at.ledger);
	log_say("its verifier key, to be kept elsewhere: %s", verifier);
	return 0;
}

/* One try: 1, it is open; 0, the recorder ended meanwhile, because its last run just did; -1. */
static int try_open(struct run *r, const struct record *record, uint64_t deadline, struct err *e)
{
	int got;

	if (r->recorder.fd < 0 && join(&r->recorder.fd, r, deadline, e) < 0)
		return -1;
	got = known_signers(r, e);
	if (got > 0)
		got = wire_send_record(&r->recorder, MSG_OPEN, 0, record, e) < 0 ? 0 : noted(r, &r->recorder, &r->index, e);
	if (got <= 0)
		fd_close(&r->recorder.fd);
	return got;
}

int recorder_open(struct run *r, struct err *e)
{
	uint64_t deadline = clock_mono_ns() + (uint64_t)JOIN_SECONDS * JOIN_NS;
	struct buf room = BUF(16384);
	struct record record;
	int got = 0, tries = 0;

	if (ensure_ledger(r, e) < 0 || anchor_spine(r, e) < 0)
		return err_in(e, "ledger");
	record_run(&record, r, &room);
	/* A service that ends while it is connected to is found again at the next try: who always hangs up does not want us. */
	while (got == 0 && clock_left_ms(deadline) > 0 && !(r->at.service && tries++ >= SERVICE_TRIES))
		got = try_open(r, &record, deadline, e);
	buf_free(&room);
	if (got == 0 && r->at.service)
		return err_set(e, ERR_PEER, "the recorder hung up: see journalctl -u 'reeve-recorder@*', or try again");
	if (got == 0)
		return err_set(e, ERR_PEER,
			       "the recorder hung up: see %s/recorder.stderr, or try again",
			       r->at.runs);
	if (got < 0)
		return err_in(e, "ledger");
	r->recorder.now = PHASE_RUNNING;
	r->unheard = !recorder_hears_others(&r->at);
	return 0;
}

/* A file that a killed one left is nobody. Those others may have filled the queue, for which no run waits. */
static bool is_heard(const struct paths *at)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	scoped(fd) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(strlen(at->review) < sizeof(to.sun_path));
	memcpy(to.sun_path, at->review, strlen(at->review) + 1);
	return fd >= 0 && (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ? is_ours(fd, at) : errno == EAGAIN);
}

/* It may have been there before, begun by who knew of no other reviewers. */
bool recorder_hears_others(const struct paths *at)
{
	if (!at->review[0] || is_heard(at))
		return true;
	log_say("other users cannot review at %s: the recorder of this ledger was there before that was set, and goes on without; "
		"it is made anew, with it, when all runs and reviews of this ledger have ended and the next begins",
		at->review);
	return false;
}

int recorder_dial(int *out, const struct run *r, struct err *e)
{
	return dial(out, &r->at) < 0 ? err_sys(e, "connect to the recorder again") : 0;
}

int recorder_attach(int *out, struct run *r, struct err *e)
{
	struct wire w = { .fd = -1, .me = ROLE_LAUNCHER, .peer = ROLE_RECORDER };
	scoped(fd) int fd = -1;
	uint64_t index = 0;

	if (dial(&fd, &r->at) < 0)
		return err_sys(e, "connect to the recorder again");
	w.fd = fd;
	if (wire_send_u64(&w, MSG_ATTACH, 0, r->index, e) < 0 || noted(r, &w, &index, e) < 0)
		return -1;
	if (index != r->index)
		return err_set(e, ERR_PEER, "the recorder did not attach the broker");
	*out = fd_take(&fd);
	return 0;
}

int recorder_close(struct run *r, const char *status, struct err *e)
{
	struct record record = { .kind = RECORD_CLOSE };
	uint64_t index = 0;
	int got;

	record_text(&record, FIELD_STATUS, status);
	record_number(&record, FIELD_EXIT, (uint64_t)r->status);
	record_number(&record, FIELD_DURATION, (clock_mono_ns() - r->began_ns) / 1000);
	if (wire_send_record(&r->recorder, MSG_CLOSE, CLOSING, &record, e) < 0)
		return err_in(e, "ledger");
	do { /* answers to our last notes may come first, and that there is no room for them */
		got = noted(r, &r->recorder, &index, e);
		r->notes -= got > 0 && r->msg.tag != CLOSING && r->notes > 0;
	} while ((got > 0 && r->msg.tag != CLOSING) ||
		 (got < 0 && e->kind == ERR_SYSTEM && r->msg.type == MSG_HALT));
	if (got <= 0)
		return got < 0 ? err_in(e, "ledger")
			       : err_set(e, ERR_PEER,
					 "ledger: the recorder ended before the close");
	/* Answered in order: what is not answered by now was not written; a failed run has said so already. */
	if (r->notes > 0 && strcmp(status, "failed") != 0)
		return err_set(e, ERR_SYSTEM,
			       "no space for the last %u records of what the jail refused: make room for %s",
			       r->notes, r->at.ledger);
	return 0;
}

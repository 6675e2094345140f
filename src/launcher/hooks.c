/*
 * A hook is the operator's program, with his environment and his rights, but for privileges that the launcher has
 * given up. It is in no jail and hears nothing that was not written out by the broker: a JSON text, whole and sealed.
 */
#include "launcher/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/scope.h"

enum { NOT_EXECUTED = 126, NOT_FOUND = 127 };

static const uint64_t SECOND = 1000000000;

static const struct {
	const char *else_where, *that;
} kinds[HOOK_KINDS] = {
	[HOOK_HELD] = { "reeve review list says what is held", "a call is held" },
	[HOOK_ALERT] = { "the ledger has every alert", "an alert was raised" },
};

static void say_once(struct hooks *h, const char *what)
{
	if (!h->failed)
		log_say("the hook %s %s. This is said once; %s", h->argv[0], what, kinds[h->of].else_where);
	h->failed = true;
}

/*
 * Between fork and exec: no descriptor of ours, no terminal, and none of the signals that we block or ignore. Nor is it
 * where the operator is: there the agent writes, and many a program does what files around it say (git, make, python).
 */
static void become(const struct hooks *h, int in, pid_t parent)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	int null = open("/dev/null", O_RDWR), number;
	sigset_t none;

	for (number = 1; number < NSIG; number++)
		sigaction(number, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0 || chdir("/") < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(NOT_EXECUTED);
	if (null < 0 || dup2(in, 0) < 0 || dup2(null, 1) < 0 || (h->mute && dup2(null, 2) < 0))
		_exit(NOT_EXECUTED);
	close_range(3, ~0u, 0);
	execvp(h->argv[0], (char *const *)(uintptr_t)h->argv);
	_exit(NOT_FOUND);
}

static struct hook *free_slot(struct hooks *h)
{
	size_t i;

	for (i = 0; i < HOOKS_AT_ONCE; i++)
		if (h->at[i].pid == 0)
			return &h->at[i];
	return NULL;
}

static int begin(struct hooks *h, struct hook *one, const char *json, size_t size, struct err *e)
{
	pid_t parent = getpid(), pid;
	scoped(fd) int in = -1;

	if (fd_of_bytes(&in, "hook", json, size, e) < 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork");
	if (pid == 0)
		become(h, in, parent);
	one->pid = pid;
	one->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	one->ends_ns = clock_mono_ns() + HOOK_SECONDS * SECOND;
	return 0;
}

static void start(struct hooks *h, struct hook *one, const char *json, size_t size)
{
	struct err why = { 0 };

	if (begin(h, one, json, size, &why) < 0)
		say_once(h, why.text);
}

/* In the order in which they came; that some had no room comes last, when there is. */
static void start_waiting(struct hooks *h)
{
	struct hook *one;
	char text[64];

	while (h->count > 0 && (one = free_slot(h))) {
		start(h, one, h->waiting[h->first].text, h->waiting[h->first].size);
		free(h->waiting[h->first].text);
		h->waiting[h->first].text = NULL;
		h->first = (h->first + 1) % HOOKS_WAITING;
		h->count--;
	}
	if (h->folded == 0 || h->count > 0 || !(one = free_slot(h)))
		return;
	snprintf(text, sizeof(text), "{\"event\":\"folded\",\"count\":%llu}\n", (unsigned long long)h->folded);
	h->folded = 0;
	start(h, one, text, strlen(text));
}

void hooks_tell(struct hooks *h, const char *json, size_t size)
{
	size_t last = (h->first + h->count) % HOOKS_WAITING;
	char *kept;

	if (!h->argv)
		return;
	kept = h->count < HOOKS_WAITING && h->folded == 0 ? malloc(size ? size : 1) : NULL;
	if (!kept) {
		h->folded++;
		return;
	}
	memcpy(kept, json, size);
	h->waiting[last].text = kept;
	h->waiting[last].size = size;
	h->count++;
	start_waiting(h);
}

/* Not only itself: a shell's command as well, which is in its session. */
static void stop(const struct hook *one)
{
	kill(-one->pid, SIGKILL);
	kill(one->pid, SIGKILL);
}

static void judge(struct hooks *h, int status, bool late)
{
	char text[96];

	if (late)
		snprintf(text, sizeof(text), "did not end within %d seconds, and was killed", HOOK_SECONDS);
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "was ended by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == NOT_FOUND)
		snprintf(text, sizeof(text), "could not be executed: is it in PATH?");
	else
		snprintf(text, sizeof(text), "ended with status %d", WEXITSTATUS(status));
	if (late || status)
		say_once(h, text);
}

static void attend_one(struct hooks *h, struct hook *one)
{
	bool late = clock_mono_ns() >= one->ends_ns;
	int status = 0;
	pid_t ended;

	if (late)
		stop(one);
	ended = waitpid(one->pid, &status, late ? 0 : WNOHANG);
	if (ended == 0)
		return;
	judge(h, status, late);
	fd_close(&one->pidfd);
	*one = (struct hook){ 0 };
}

void hooks_attend(struct hooks *h)
{
	size_t i;

	if (!h->argv)
		return;
	for (i = 0; i < HOOKS_AT_ONCE; i++)
		if (h->at[i].pid > 0)
			attend_one(h, &h->at[i]);
	start_waiting(h);
}

uint64_t hooks_deadline(const struct hooks *h)
{
	uint64_t soonest = 0;
	size_t i;

	for (i = 0; i < HOOKS_AT_ONCE; i++)
		if (h->at[i].pid > 0 && (!soonest || h->at[i].ends_ns < soonest))
			soonest = h->at[i].ends_ns;
	return soonest;
}

static nfds_t gather(const struct hooks *h, struct pollfd at[HOOKS_AT_ONCE])
{
	nfds_t n = 0;
	size_t i;

	for (i = 0; i < HOOKS_AT_ONCE; i++)
		if (h->at[i].pid > 0)
			at[n++] = (struct pollfd){ .fd = h->at[i].pidfd, .events = POLLIN };
	return n;
}

static void forget(struct hooks *h)
{
	size_t i;

	if (h->count + h->folded > 0)
		log_say("%llu times nobody was told by the hook %s that %s: the run is over",
			(unsigned long long)h->count + h->folded, h->argv[0], kinds[h->of].that);
	for (i = 0; i < HOOKS_WAITING; i++)
		free(h->waiting[i].text);
	*h = (struct hooks){ .failed = true };
}

void hooks_end(struct hooks *h, bool patient)
{
	uint64_t deadline = clock_mono_ns() + (patient ? HOOKS_LAST_SECONDS * SECOND : 0);
	struct pollfd at[HOOKS_AT_ONCE];
	nfds_t n;
	size_t i;

	while (h->argv && (n = gather(h, at)) > 0 && clock_left_ms(deadline) > 0) {
		(void)poll(at, n, clock_left_ms(deadline));
		hooks_attend(h);
	}
	for (i = 0; i < HOOKS_AT_ONCE; i++) {
		if (h->at[i].pid <= 0)
			continue;
		stop(&h->at[i]);
		waitpid(h->at[i].pid, NULL, 0);
		fd_close(&h->at[i].pidfd);
	}
	forget(h);
}

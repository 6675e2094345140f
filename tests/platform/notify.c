/* seccomp's user notification: what a supervisor may rely on. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "platform.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1ul << 5)
#endif
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1ul << 1)
#endif
#define SET_FLAGS SECCOMP_IOW(4, uint64_t)
#define LISTENER SECCOMP_FILTER_FLAG_NEW_LISTENER

/* One call answers `action`, all others are allowed. */
static int filter(long call, uint32_t action, unsigned long flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { count_of(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/*
 * A child whose `call` asks, and its listener, taken over by pidfd: what it then does is `body`. Its memory is
 * `shared` with ours.
 */
struct asker {
	pid_t pid;
	int listener;
	struct seccomp_notif ask;
};

static bool begin(struct asker *a, long call, unsigned long flags, void (*body)(void))
{
	int pair[2], theirs = -1, pidfd;

	if (pipe(pair) < 0)
		return false;
	a->pid = fork();
	if (a->pid == 0) {
		theirs = filter(call, SECCOMP_RET_USER_NOTIF, LISTENER | flags);
		if (write(pair[1], &theirs, sizeof(theirs)) != sizeof(theirs) || theirs < 0)
			_exit(1);
		body();
		_exit(0);
	}
	if (read(pair[0], &theirs, sizeof(theirs)) != sizeof(theirs) || theirs < 0)
		return false;
	pidfd = (int)syscall(SYS_pidfd_open, a->pid, 0);
	a->listener = (int)syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
	memset(&a->ask, 0, sizeof(a->ask));
	return a->listener >= 0;
}

static bool hear(struct asker *a)
{
	struct pollfd in = { a->listener, POLLIN, 0 };

	return poll(&in, 1, 5000) == 1 && ioctl(a->listener, SECCOMP_IOCTL_NOTIF_RECV, &a->ask) == 0;
}

static int answer(struct asker *a, int error, int64_t value, uint32_t flags)
{
	struct seccomp_notif_resp r = { .id = a->ask.id, .error = -error, .val = value, .flags = flags };

	return ioctl(a->listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

static int ended(struct asker *a)
{
	int status;

	return waitpid(a->pid, &status, 0) == a->pid && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static char *shared;

static int share(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED ? -1 : 0;
}

static int one_listener(void)
{
	expect(filter(SYS_getpgrp, SECCOMP_RET_USER_NOTIF, LISTENER) >= 0);
	expect(filter(SYS_getpgrp, SECCOMP_RET_USER_NOTIF, LISTENER) < 0 && errno == EBUSY);
	return HOLDS;
}

static int without_listener(void)
{
	expect(filter(SYS_getpgrp, SECCOMP_RET_USER_NOTIF, 0) == 0);
	expect(syscall(SYS_getpgrp) < 0 && errno == ENOSYS);
	return HOLDS;
}

static int closed_listener(void)
{
	int fd = filter(SYS_getpgrp, SECCOMP_RET_USER_NOTIF, LISTENER);

	expect(fd >= 0 && close(fd) == 0);
	expect(syscall(SYS_getpgrp) < 0 && errno == ENOSYS);
	return HOLDS;
}

static void asks_group(void)		{ _exit(syscall(SYS_getpgrp) < 0 ? errno : 0); }

static int closed_while_asking(void)
{
	struct asker a;

	expect(begin(&a, SYS_getpgrp, 0, asks_group) && hear(&a));
	close(a.listener);
	/* The asker still holds its own copy here: reeve's does not, it hands its listener over and closes it. */
	kill(a.pid, SIGKILL);
	expect(waitpid(a.pid, NULL, 0) == a.pid);
	return HOLDS;
}

static int refusal_wins(void)
{
	int fd = filter(SYS_getpgrp, SECCOMP_RET_USER_NOTIF, LISTENER);

	expect(fd >= 0 && filter(SYS_getpgrp, SECCOMP_RET_ERRNO | EDOM, 0) == 0);
	expect(syscall(SYS_getpgrp) < 0 && errno == EDOM);
	return HOLDS;
}

static void opens_shared(void)
{
	_exit(open(shared, O_RDONLY) < 0 ? errno : 0);
}

/* What was judged is not what is done: the reason why nothing is ever decided so. */
static int goes_on_rereads(void)
{
	struct asker a;

	expect(share() == 0);
	strcpy(shared, "/proc/self/status");
	expect(begin(&a, SYS_openat, 0, opens_shared) && hear(&a));
	strcpy(shared, "/nowhere");
	expect(answer(&a, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE) == 0);
	expect(ended(&a) == ENOENT);
	return HOLDS;
}

static void opens_and_reads(void)
{
	char text[8] = { 0 };
	int fd = open("/nowhere", O_RDONLY);

	_exit(fd == 17 && read(fd, text, 4) == 4 && strcmp(text, "done") == 0 ? 0 : 1);
}

static int gives_descriptor(void)
{
	struct seccomp_notif_addfd give = { .newfd = 17, .flags = SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND };
	struct asker a;
	int pipes[2];

	expect(pipe(pipes) == 0 && write(pipes[1], "done", 4) == 4);
	expect(begin(&a, SYS_openat, 0, opens_and_reads) && hear(&a));
	give.id = a.ask.id;
	give.srcfd = (uint32_t)pipes[0];
	if (ioctl(a.listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give) != 17)
		return LACKS;
	expect(answer(&a, 0, 0, 0) < 0 && errno == ENOENT);
	expect(ended(&a) == 0);
	return HOLDS;
}

static int dead_is_not_valid(void)
{
	struct asker a;

	expect(begin(&a, SYS_getpgrp, 0, asks_group) && hear(&a));
	expect(ioctl(a.listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &a.ask.id) == 0);
	kill(a.pid, SIGKILL);
	waitpid(a.pid, NULL, 0);
	expect(ioctl(a.listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &a.ask.id) < 0 && errno == ENOENT);
	expect(answer(&a, EPERM, 0, 0) < 0 && errno == ENOENT);
	return HOLDS;
}

static void nothing(int sig)
{
	(void)sig;
}

static void asks_between_signals(void)
{
	const struct sigaction plain = { .sa_handler = nothing };

	sigaction(SIGUSR1, &plain, NULL);
	_exit(syscall(SYS_getppid) < 0 ? errno : 0);
}

/* Without the flag the question of who is signalled becomes nobody's, and what was done for it is done in vain. */
static int signals_interrupt(void)
{
	struct asker a;
	int i, valid = 0;

	expect(begin(&a, SYS_getppid, 0, asks_between_signals) && hear(&a));
	kill(a.pid, SIGUSR1);
	for (i = 0; i < 5000 && valid == 0; i++) {
		valid = ioctl(a.listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &a.ask.id);
		usleep(1000);
	}
	expect(valid < 0 && errno == ENOENT);
	kill(a.pid, SIGKILL);
	waitpid(a.pid, NULL, 0);
	return HOLDS;
}

static int signals_wait(void)
{
	struct asker a;
	int i;

	if (!begin(&a, SYS_getppid, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, asks_between_signals))
		return LACKS;
	expect(hear(&a));
	for (i = 0; i < 100; i++)
		kill(a.pid, SIGUSR1);
	sched_yield();
	expect(ioctl(a.listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &a.ask.id) == 0);
	expect(answer(&a, EDOM, 0, 0) == 0);
	expect(ended(&a) == EDOM);
	return HOLDS;
}

static int sync_wake_up(void)
{
	struct asker a;

	expect(begin(&a, SYS_getpgrp, 0, asks_group));
	if (ioctl(a.listener, SET_FLAGS, 1ull) < 0)
		return LACKS;
	expect(hear(&a) && answer(&a, EXDEV, 0, 0) == 0 && ended(&a) == EXDEV);
	return HOLDS;
}

static void asks_with_words(void)
{
	syscall(SYS_getpgrp, 0x1111222233334444ul, 2ul, 3ul, 4ul, 5ul, 6ul);
}

static int registers_whole(void)
{
	struct asker a;

	expect(begin(&a, SYS_getpgrp, 0, asks_with_words) && hear(&a));
	expect(a.ask.data.args[0] == 0x1111222233334444ull && a.ask.data.args[5] == 6);
	expect(a.ask.pid == (uint32_t)a.pid && a.ask.data.nr == SYS_getpgrp);
	expect(answer(&a, 0, 0, 0) == 0 && ended(&a) == 0);
	return HOLDS;
}

/* A buffer that is not all zero is refused: it must be cleared before each question. */
static int buffer_must_be_zero(void)
{
	struct asker a;

	expect(begin(&a, SYS_getpgrp, 0, asks_group));
	a.ask.id = 1;
	expect(ioctl(a.listener, SECCOMP_IOCTL_NOTIF_RECV, &a.ask) < 0 && errno == EINVAL);
	a.ask.id = 0;
	expect(hear(&a) && answer(&a, EDOM, 0, 0) == 0 && ended(&a) == EDOM);
	return HOLDS;
}

static void forks_and_asks(void)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		asks_group();
	waitpid(child, &status, 0);
	_exit(WEXITSTATUS(status));
}

static int children_ask_too(void)
{
	struct asker a;

	expect(begin(&a, SYS_getpgrp, 0, forks_and_asks) && hear(&a));
	expect(a.ask.pid != (uint32_t)a.pid && answer(&a, EDOM, 0, 0) == 0 && ended(&a) == EDOM);
	return HOLDS;
}

static int hang_up_at_end(void)
{
	struct asker a;
	struct pollfd in;

	expect(begin(&a, SYS_getpgrp, 0, asks_group) && hear(&a) && answer(&a, 0, 0, 0) == 0);
	expect(ended(&a) == 0);
	in = (struct pollfd){ a.listener, POLLIN, 0 };
	expect(poll(&in, 1, 5000) == 1 && (in.revents & POLLHUP));
	return HOLDS;
}

static const struct fact facts[] = {
	{ "one listener a tree of filters: the second is EBUSY", one_listener, NULL },
	{ "no listener: the call does not exist", without_listener, NULL },
	{ "the listener closed: the call does not exist", closed_listener, NULL },
	{ "closed while somebody asks: who asks can still be killed", closed_while_asking, NULL },
	{ "a later filter's refusal goes before a question", refusal_wins, NULL },
	{ "a call that may go on reads its pointers again", goes_on_rereads, NULL },
	{ "ADDFD with SEND gives a descriptor and the answer in one", gives_descriptor, "Linux 5.14" },
	{ "a question of a dead process is not valid", dead_is_not_valid, NULL },
	{ "a signal takes a question back", signals_interrupt, NULL },
	{ "but not with WAIT_KILLABLE_RECV, once it was heard", signals_wait, "Linux 5.19" },
	{ "who answers can be woken on the same processor", sync_wake_up, "Linux 6.6" },
	{ "registers arrive whole", registers_whole, NULL },
	{ "the buffer of a question must be zero", buffer_must_be_zero, NULL },
	{ "children ask the same listener", children_ask_too, NULL },
	{ "the listener hangs up after the last of them", hang_up_at_end, NULL },
};

int main(void)
{
	return facts_main(facts, count_of(facts));
}
